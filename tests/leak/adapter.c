/* adapter.c: does in C what the leak oracle asks for on stdin, and shows all that the library lets a host see.
 *
 * One verb a line, its words parted by tabs; "ok" on stdout when it is done. README.md has the verbs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keyplate_run.h"

enum { WORDS = 32, LINE_MAX_BYTES = 1 << 16, KEY_ROOM = 4096, PARAMS_ROOM = 1 << 18, SLICE_MS = 200 };

static kp_config *config;
static kp_client *client;
static kp_runner *runner;
static kp_secret *secret;
static char callable[LINE_MAX_BYTES]; /* the file that a host's function would have the key from */
static kp_op *volatile running;

static void on_interrupt(int number) {
    (void)number;
    kp_run_cancel(running);
}

static void fail(const char *text) {
    fprintf(stderr, "adapter: %s\n", text);
    exit(70);
}

/* ---- Keys. This program is a good host: it wipes its own copy, and no stream buffers it. ---- */

static size_t read_key(const char *path, char *room) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, room, KEY_ROOM);
    if (n < 0)
        fail("the key file cannot be read");
    close(fd);
    while (n > 0 && room[n - 1] == '\n')
        n--;
    return (size_t)n;
}

static void use_reference(const char *form, const char *place) {
    static char list[LINE_MAX_BYTES + KEY_ROOM];
    snprintf(list, sizeof list, "[\"%s%s\"]", form, place);
    kp_config_set(config, "keys", list);
}

static void take_key(const char *how, const char *place) {
    char room[KEY_ROOM];
    if (strcmp(how, "file") == 0)
        use_reference("file:", place);
    else if (strcmp(how, "env") == 0)
        use_reference("env:", place);
    else if (strcmp(how, "callable") == 0) {
        snprintf(callable, sizeof callable, "%s", place);
        use_reference("host:", "key");
    } else if (strcmp(how, "value") == 0) {
        secret = kp_secret_new(room, read_key(place, room));
        explicit_bzero(room, sizeof room);
        printf("mask=%s\n", kp_secret_mask(secret));
        if (kp_config_hold(config, "key", secret) != 0)
            fail("the key cannot be held");
        use_reference("held:", "key");
    } else
        fail("no such way to give a key");
}

/* ---- Calls ---- */

static char params[PARAMS_ROOM];
static size_t params_len;

static void add(char c) {
    if (params_len + 1 == sizeof params)
        fail("the parameters are too long");
    params[params_len++] = c;
}

static void add_json(const char *text) {
    add('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            add('\\');
        add(*text);
    }
    add('"');
}

static int kind_of(const char *name) {
    static const struct {
        const char *name;
        int kind;
    } kinds[] = {{"balance", KP_BALANCE}, {"verify", KP_VERIFY}, {"submit", KP_SUBMIT}, {"result", KP_RESULT},
                 {"wait", KP_WAIT},       {"solve", KP_SOLVE},   {"report", KP_REPORT}, {"tell", KP_TELL}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(name, kinds[i].name) == 0)
            return kinds[i].kind;
    return 0;
}

static void show(kp_op *op) {
    static const char *const facts[] = {"answer",      "task",     "key",      "key_name",      "fingerprint",
                                        "source",      "provider", "balance",  "unit",          "balance_micro",
                                        "cost_micro",  "polls",    "attempts", "elapsed_ms",    "text",
                                        "code",        "class",    "advice",   "flags",         "provider_code",
                                        "http_status", "unknown",  "state",    "retry_after_ms"};
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        size_t len = 0;
        const char *value = kp_op_get(op, facts[i], &len);
        if (value)
            printf("%s=%.*s\n", facts[i], (int)len, value);
    }
}

static void answer_read(kp_op *op) {
    char room[KEY_ROOM];
    size_t len = read_key(callable, room);
    kp_local_time(op);
    kp_read_give(op, room, len);
    explicit_bzero(room, sizeof room);
}

/* Words NAME=VALUE set the operation; those that begin with "p." are parameters of the method. */
static kp_op *prepare(char **words, int count) {
    kp_op *op = kp_op_new(client, kind_of(words[1]));
    params_len = 0;
    for (int i = 2; i < count; i++) {
        char *value = strchr(words[i], '=');
        if (!value)
            fail("a word without =");
        *value++ = '\0';
        if (strncmp(words[i], "p.", 2) == 0) {
            add(params_len > 0 ? ',' : '{');
            add_json(words[i] + 2);
            add(':');
            add_json(value);
        } else
            kp_op_set(op, words[i], value, strlen(value));
    }
    if (params_len > 0) {
        add('}');
        kp_op_set(op, "params", params, params_len);
    }
    explicit_bzero(params, sizeof params);
    return op;
}

static void drive(kp_op *op) {
    running = op;
    while (kp_run_for(runner, op, SLICE_MS))
        if (kp_op_step(op) == KP_READ && strncmp(kp_read_name(op), "host:", 5) == 0)
            answer_read(op);
    running = NULL;
    show(op);
    kp_op_free(op);
}

static void tell(const char *what) {
    kp_op *op = kp_op_new(client, KP_TELL);
    kp_op_set(op, "what", what, strlen(what));
    drive(op);
}

static void show_hygiene(void) {
    const char *name, *text, *advice;
    for (size_t i = 0; (name = kp_hygiene(client, i, &text, &advice)); i++)
        printf("gap %s: %s. %s\n", name, text, advice);
}

/* A part at a time, as a log would be written. */
static void redact_file(const char *path) {
    char part[7];
    const char *out;
    size_t n, len;
    kp_redactor *redactor = kp_redactor_new(client);
    FILE *in = fopen(path, "rb");
    if (!in || !redactor)
        fail("nothing to redact");
    do {
        n = fread(part, 1, sizeof part, in);
        if (kp_redactor_feed(redactor, part, n, n == 0, &out, &len) < 0)
            fail("memory is short");
        fwrite(out, 1, len, stdout);
    } while (n > 0);
    printf("\n");
    fclose(in);
    kp_redactor_free(redactor);
}

static void close_all(void) {
    kp_runner_free(runner);
    kp_client_free(client);
    kp_config_free(config);
    kp_secret_free(secret);
    runner = NULL, client = NULL, config = NULL, secret = NULL;
}

/* ---- Verbs ---- */

static void obey(char **words, int count) {
    const char *verb = words[0];
    if (strcmp(verb, "option") == 0 && count == 3) {
        if (kp_config_set(config, words[1], words[2]) != 0)
            printf("problem=%s\n", kp_config_problem(config));
    } else if (strcmp(verb, "key") == 0 && count == 3)
        take_key(words[1], words[2]);
    else if (strcmp(verb, "client") == 0) {
        client = kp_client_new(config);
        runner = kp_runner_new(client);
        printf("problem=%s\n", kp_config_problem(config));
    } else if (strcmp(verb, "learn") == 0)
        printf("learnt %zu\n", kp_local_learn(client));
    else if (strcmp(verb, "call") == 0 && count >= 2)
        drive(prepare(words, count));
    else if (strcmp(verb, "tell") == 0) {
        printf("events %zu\n", kp_client_events(client));
        tell("keys");
        tell("places");
        tell("events");
        show_hygiene();
        printf("store %s\n", kp_local_store_text(kp_runner_local(runner)));
    } else if (strcmp(verb, "redact") == 0 && count == 2)
        redact_file(words[1]);
    else if (strcmp(verb, "close") == 0)
        close_all();
    else
        fail("no such verb");
}

/* Streams keep what they read; a line with a key in the wrong place must be none of the oracle's findings. */
static char *read_line(char *line, size_t size) {
    size_t len = 0;
    while (len + 1 < size) {
        ssize_t n = read(STDIN_FILENO, line + len, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return NULL;
        if (line[len] == '\n')
            break;
        len++;
    }
    line[len] = '\0';
    return line;
}

int main(void) {
    static char line[LINE_MAX_BYTES];
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    config = kp_config_new();
    kp_local_configure(config, NULL);
    while (read_line(line, sizeof line)) {
        char *words[WORDS], *rest = line;
        int count = 0;
        while (count < WORDS && (words[count] = strsep(&rest, "\t")))
            count++;
        obey(words, count);
        explicit_bzero(line, sizeof line);
        printf("ok\n");
        fflush(stdout);
    }
    close_all();
    return 0;
}
