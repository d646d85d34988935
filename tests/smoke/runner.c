/* runner.c: follows the plan of the smoke scenario in C: makes the calls, prints one line of facts for each. */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyplate_run.h"

enum { CLIENTS = 64 };

typedef struct box {
    const char *name;
    kp_client *client;
    kp_runner *runner;
    char *refused;
} box;

static box boxes[CLIENTS];
static kp_client *local_client; /* of this machine's own configuration: redactors know its keys */
static cJSON *plan, *tasks;

static void stop(const char *why) {
    fprintf(stderr, "runner: %s\n", why);
    exit(2);
}

/* The whole file, with a NUL behind it. */
static char *contents(const char *path, size_t *len) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        stop("a file cannot be opened");
    *len = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(*len + 1, 1);
    if (!text || fread(text, 1, *len, file) != *len)
        stop("a file cannot be read");
    fclose(file);
    return text;
}

static const char *text_of(const cJSON *object, const char *name) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* ---- Clients ---- */

static kp_op *told(kp_client *client, const char *what) {
    kp_op *op = kp_op_new(client, KP_TELL);
    kp_op_set(op, "what", what, strlen(what));
    return op;
}

static void hold(kp_config *config, const char *path) {
    size_t len = 0;
    char *key = contents(path, &len);
    kp_secret *secret = kp_secret_new(key, strcspn(key, "\n"));
    kp_config_hold(config, "smoke", secret);
    kp_config_set(config, "keys", "[\"held:smoke\"]");
    kp_secret_free(secret);
    free(key);
}

static void open_box(box *b, const cJSON *wanted) {
    char *options = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(wanted, "options"));
    kp_config *config = kp_config_new();
    kp_config_load(config, options, strlen(options));
    if (text_of(wanted, "value_of"))
        hold(config, text_of(wanted, "value_of"));
    b->name = text_of(wanted, "name");
    b->client = kp_client_new(config);
    b->runner = kp_runner_new(b->client);
    /* What is wrong with a client, each of its operations says at once. */
    kp_op *op = told(b->client, "keys");
    kp_local_time(op);
    if (kp_op_error(op))
        b->refused = strdup(kp_op_get(op, "text", NULL));
    kp_op_free(op);
    kp_config_free(config);
    cJSON_free(options);
}

static box *box_of(const char *name) {
    const cJSON *wanted;
    for (box *b = boxes; b < boxes + CLIENTS; b++) {
        if (b->name && strcmp(b->name, name) == 0)
            return b;
        if (b->name)
            continue;
        cJSON_ArrayForEach(wanted, cJSON_GetObjectItemCaseSensitive(plan, "clients")) {
            if (strcmp(text_of(wanted, "name"), name) != 0)
                continue;
            open_box(b, wanted);
            return b;
        }
    }
    stop("no such client");
    return NULL;
}

/* ---- Facts ---- */

static void add_text(cJSON *facts, const kp_op *op, const char *as, const char *name) {
    if (kp_op_get(op, name, NULL))
        cJSON_AddStringToObject(facts, as, kp_op_get(op, name, NULL));
}

static void add_number(cJSON *facts, const kp_op *op, const char *as, const char *name) {
    if (kp_op_get(op, name, NULL))
        cJSON_AddRawToObject(facts, as, kp_op_get(op, name, NULL));
}

static void add_seconds(cJSON *facts, const kp_op *op, const char *as, const char *name) {
    if (kp_op_get(op, name, NULL))
        cJSON_AddNumberToObject(facts, as, strtod(kp_op_get(op, name, NULL), NULL) / 1000);
}

/* Micro-dollars as dollars, as the other languages have them. */
static void add_dollars(cJSON *facts, const kp_op *op, const char *as, const char *name) {
    if (!kp_op_get(op, name, NULL))
        return;
    long long micro = strtoll(kp_op_get(op, name, NULL), NULL, 10);
    char text[48];
    int len = snprintf(text, sizeof text, "%lld.%06lld", micro / 1000000, micro % 1000000);
    while (text[len - 1] == '0')
        text[--len] = '\0';
    if (text[len - 1] == '.')
        text[--len] = '\0';
    cJSON_AddStringToObject(facts, as, text);
}

static void add_error(cJSON *facts, const kp_op *op) {
    cJSON *error = cJSON_AddObjectToObject(facts, "error");
    static const char *const texts[] = {"code", "class", "text", "advice", "task", "provider_code", "limit"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        add_text(error, op, texts[i], texts[i]);
    add_seconds(error, op, "retry_after", "retry_after_ms");
    add_number(error, op, "http_status", "http_status");
    if (kp_op_get(op, "limit", NULL) && strncmp(kp_op_get(op, "limit", NULL), "usd_", 4) == 0)
        add_dollars(error, op, "left", "left");
    else
        add_number(error, op, "left", "left");
    cJSON_AddBoolToObject(error, "unknown", kp_op_get(op, "unknown", NULL) != NULL);
}

static void add_answer(cJSON *facts, const kp_op *op) {
    static const char *const texts[] = {"answer", "task", "provider", "key"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        add_text(facts, op, texts[i], texts[i]);
    add_number(facts, op, "polls", "polls");
    add_seconds(facts, op, "elapsed", "elapsed_ms");
    add_dollars(facts, op, "cost", "cost_micro");
}

/* call: by it a fact is named that is a whole JSON text. */
static void add_facts(cJSON *facts, const kp_op *op, int kind, const char *call) {
    const char *code = kp_op_get(op, "code", NULL);
    if (kind == KP_RESULT && kp_op_error(op) && strcmp(code, "pending") == 0)
        cJSON_AddBoolToObject(facts, "pending", true);
    else if (kp_op_error(op))
        add_error(facts, op);
    else if (kind == KP_BALANCE || kind == KP_VERIFY) {
        add_text(facts, op, "balance", "balance");
        add_number(facts, op, "micro", "balance_micro");
    } else if (kind == KP_SUBMIT && kp_op_get(op, "task", NULL))
        add_text(facts, op, "task", "task");
    else if (kind == KP_REPORT)
        cJSON_AddBoolToObject(facts, "reported", true);
    else if (strcmp(call, "metrics") == 0)
        add_text(facts, op, "metrics", "answer");
    else if (kind == KP_TELL || kind == KP_REFRESH)
        cJSON_AddItemToObject(facts, kind == KP_TELL ? call : "rotated", cJSON_Parse(kp_op_get(op, "answer", NULL)));
    else if (kind == KP_PAUSE)
        cJSON_AddBoolToObject(facts, "done", true);
    else
        add_answer(facts, op);
}

/* ---- Calls ---- */

static void set_args(kp_op *op, const cJSON *args) {
    const cJSON *params = cJSON_GetObjectItemCaseSensitive(args, "params");
    const cJSON *timeout = cJSON_GetObjectItemCaseSensitive(args, "timeout");
    const char *method = text_of(args, "method"), *task = text_of(args, "task"), *file = text_of(args, "file");
    const char *name = text_of(args, "name"), *reason = text_of(args, "reason"), *id = text_of(args, "client_id");
    const cJSON *duration = cJSON_GetObjectItemCaseSensitive(args, "duration"), *tag;
    if (name || reason)
        kp_op_set(op, "what", name ? name : reason, strlen(name ? name : reason));
    if (id)
        kp_op_set(op, "client_id", id, strlen(id));
    cJSON_ArrayForEach(tag, cJSON_GetObjectItemCaseSensitive(args, "tags")) {
        char fact[80];
        snprintf(fact, sizeof fact, "tag.%s", tag->string);
        kp_op_set(op, fact, tag->valuestring, strlen(tag->valuestring));
    }
    if (method)
        kp_op_set(op, "method", method, strlen(method));
    if (task && task[0] == '@')
        task = text_of(tasks, task + 1);
    if (task)
        kp_op_set(op, "task", task, strlen(task));
    if (params) {
        char *json = cJSON_PrintUnformatted(params);
        kp_op_set(op, "params", json, strlen(json));
        cJSON_free(json);
    }
    if (file) {
        size_t len = 0;
        char *bytes = contents(file, &len);
        kp_op_set(op, "file", bytes, len);
        free(bytes);
    }
    if (timeout || duration) {
        char ms[32];
        snprintf(ms, sizeof ms, "%.0f", (timeout ? timeout : duration)->valuedouble * 1000);
        kp_op_set(op, timeout ? "timeout_ms" : "for_ms", ms, strlen(ms));
    }
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(args, "sync")))
        kp_op_set(op, "sync", "1", 1);
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(args, "now")))
        kp_op_set(op, "now", "1", 1);
    const cJSON *good = cJSON_GetObjectItemCaseSensitive(args, "good");
    if (good)
        kp_op_set(op, "good", cJSON_IsTrue(good) ? "1" : "0", 1);
}

static int kind_of(const char *call) {
    static const struct {
        const char *call;
        int kind;
    } kinds[] = {{"balance", KP_BALANCE}, {"verify", KP_VERIFY},  {"submit", KP_SUBMIT}, {"result", KP_RESULT},
                 {"wait", KP_WAIT},       {"solve", KP_SOLVE},    {"cancel", KP_SOLVE},  {"report", KP_REPORT},
                 {"keys", KP_TELL},       {"rotate", KP_REFRESH}, {"limits", KP_TELL},   {"metrics", KP_TELL},
                 {"pause", KP_PAUSE},     {"resume", KP_PAUSE}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(call, kinds[i].call) == 0)
            return kinds[i].kind;
    stop("no such call");
    return 0;
}

static void call(cJSON *facts, const box *b, const char *name, const cJSON *args) {
    int kind = kind_of(name);
    kp_op *op = kind == KP_TELL ? told(b->client, name) : kp_op_new(b->client, kind);
    set_args(op, args);
    if (strcmp(name, "resume") == 0)
        kp_op_set(op, "undo", "1", 1);
    if (strcmp(name, "cancel") == 0)
        kp_op_cancel(op);
    kp_run(b->runner, op);
    add_facts(facts, op, kind, name);
    kp_op_free(op);
}

static void feed(kp_redactor *redactor, const char *part, int final, FILE *whole) {
    const char *out = NULL;
    size_t len = 0;
    if (kp_redactor_feed(redactor, part, strlen(part), final, &out, &len) < 0)
        stop("a part is lost");
    fwrite(out, 1, len, whole);
}

static void redact(cJSON *facts, const cJSON *args) {
    if (!local_client) {
        kp_config *config = kp_config_new();
        kp_local_configure(config, NULL);
        local_client = kp_client_new(config);
        kp_local_learn(local_client);
        kp_config_free(config);
    }
    char *text = NULL;
    size_t size = 0;
    FILE *whole = open_memstream(&text, &size);
    kp_redactor *redactor = kp_redactor_new(local_client);
    const cJSON *part;
    cJSON_ArrayForEach(part, cJSON_GetObjectItemCaseSensitive(args, "parts"))
        feed(redactor, part->valuestring, 0, whole);
    feed(redactor, text_of(args, "text") ? text_of(args, "text") : "", 1, whole);
    fclose(whole);
    cJSON_AddStringToObject(facts, "text", text);
    free(text);
    kp_redactor_free(redactor);
}

static void follow(const cJSON *step) {
    const char *name = text_of(step, "name"), *wanted = text_of(step, "call");
    const cJSON *args = cJSON_GetObjectItemCaseSensitive(step, "args");
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddStringToObject(facts, "step", name);
    if (strcmp(wanted, "redact") == 0)
        redact(facts, args);
    else {
        const box *b = box_of(text_of(step, "client"));
        if (b->refused)
            cJSON_AddStringToObject(facts, "refused", b->refused);
        else if (strcmp(wanted, "new") != 0)
            call(facts, b, wanted, args);
    }
    if (text_of(facts, "task"))
        cJSON_AddStringToObject(tasks, name, text_of(facts, "task"));
    char *line = cJSON_PrintUnformatted(facts);
    puts(line);
    cJSON_free(line);
    cJSON_Delete(facts);
}

int main(int argc, char **argv) {
    size_t len = 0;
    if (argc != 2 || kp_abi() != KP_ABI)
        stop("usage: runner PLAN");
    char *text = contents(argv[1], &len);
    plan = cJSON_Parse(text);
    tasks = cJSON_CreateObject();
    const cJSON *step;
    cJSON_ArrayForEach(step, cJSON_GetObjectItemCaseSensitive(plan, "steps")) follow(step);
    for (box *b = boxes; b < boxes + CLIENTS; b++) {
        kp_runner_free(b->runner);
        kp_client_free(b->client);
        free(b->refused);
    }
    kp_client_free(local_client);
    cJSON_Delete(plan);
    cJSON_Delete(tasks);
    free(text);
    return 0;
}
