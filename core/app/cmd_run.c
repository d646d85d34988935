/* cmd_run.c: one call from the command line, from its configuration to DONE. */
#include "app/cmd_run.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cmd_env.h"
#include "app/cmd_progress.h"
#include "app/cmd_say.h"
#include "base/error.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/client.h"
#include "local/hygiene.h"
#include "local/paths.h"

enum { DRAW_MS = 250 };

/* ---- Signals: the first one cancels, the second one ends the process ---- */

static _Atomic(kp_op *) running;
static atomic_int line_drawn;

static void on_signal(int number) {
    (void)number;
    kp_op *op = atomic_load(&running);
    if (op && !kp_op_cancelled(op)) {
        kp_run_cancel(op);
        return;
    }
    if (atomic_load(&line_drawn)) {
        ssize_t n = write(STDERR_FILENO, "\n", 1);
        (void)n;
    }
    _exit(CMD_INTERRUPTED);
}

typedef struct signals {
    struct sigaction interrupt, terminate;
} signals;

static void catch_signals(signals *before, kp_op *op) {
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    atomic_store(&running, op);
    sigaction(SIGINT, &action, &before->interrupt);
    sigaction(SIGTERM, &action, &before->terminate);
}

static void release_signals(const signals *before) {
    sigaction(SIGINT, &before->interrupt, NULL);
    sigaction(SIGTERM, &before->terminate, NULL);
    atomic_store(&running, NULL);
}

/* ---- Configuration ---- */

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

/* As kp_local_configure chooses it. */
static void tell_config_file(const cmd_app *app) {
    kp_buf path;
    kp_buf_init(&path, NULL);
    const char *named = app->value[CMD_CONFIG] ? app->value[CMD_CONFIG] : variable("KEYPLATE_CONFIG");
    const char *folder = variable("XDG_CONFIG_HOME");
    if (named)
        kp_buf_str(&path, named);
    else {
        if (folder && folder[0] == '/')
            kp_buf_str(&path, folder);
        else if (kp_home_dir(&path))
            kp_buf_str(&path, "/.config");
        kp_buf_str(&path, "/keyplate/config.json");
    }
    bool there = access(kp_buf_text(&path), F_OK) == 0;
    cmd_detail(app, there ? "configuration file: %s" : "configuration file: none (%s does not exist)",
               kp_buf_text(&path));
    kp_buf_free(&path);
}

static void set_option(cmd_app *app, const char *name, const char *value) {
    if (value)
        kp_config_set(app->config, name, value);
}

static void set_pairs(cmd_app *app) {
    for (size_t i = 0; i < app->set_count; i++) {
        size_t len = strcspn(app->set[i], "=");
        char *name = kp_strndup(app->set[i], len);
        if (name)
            kp_config_set(app->config, name, app->set[i] + len + 1);
        kp_free(name);
    }
}

static void set_url(cmd_app *app) {
    kp_buf name;
    kp_buf_init(&name, NULL);
    kp_buf_fmt(&name, "url.%s", kp_config_get(app->config, "provider"));
    set_option(app, kp_buf_text(&name), app->value[CMD_URL]);
    kp_buf_free(&name);
}

static int configure(cmd_app *app, const kp_provider *provider) {
    const char *named = app->value[CMD_PROVIDER];
    if (named && !kp_provider_find(named)) {
        const char *nearest = NULL;
        size_t best = 4;
        for (size_t i = 0; kp_provider_at(i); i++)
            cmd_nearer(named, kp_provider_at(i)->name, &nearest, &best);
        return cmd_misuse(app, "the option --provider is captchaai or nocaptchaai%s%s%s",
                          nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
    }
    app->config = kp_config_new();
    if (!app->config)
        return cmd_fail(app, KP_E_MEMORY, NULL);
    set_option(app, "host", "command");
    kp_local_configure(app->config, app->value[CMD_CONFIG]);
    set_option(app, "provider", named ? named : provider ? provider->name : NULL);
    set_option(app, "profile", app->value[CMD_PROFILE]);
    set_option(app, "timeout", app->value[CMD_TIMEOUT]);
    set_option(app, "redact.bare_hex", app->value[CMD_BARE_HEX]);
    set_url(app);
    set_pairs(app);
    return CMD_DONE;
}

/* ---- What protects less than it should ---- */

typedef void line_taker(cmd_app *app, const char *line);

static void each_line(cmd_app *app, kp_buf *text, line_taker *take) {
    for (char *line = text->data, *end; line && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        take(app, line);
    }
}

static void weaken(cmd_app *app, const char *line) {
    kp_client_weaken(app->client, line);
}

static void warn(cmd_app *app, const char *line) {
    cmd_detail(app, "warning: %s", line);
}

int cmd_open(cmd_app *app, const kp_provider *provider) {
    int status = configure(app, provider);
    if (status != CMD_DONE)
        return status;
    tell_config_file(app);
    app->client = kp_client_new(app->config);
    app->runner = kp_runner_new(app->client);
    if (!app->runner)
        return cmd_fail(app, KP_E_MEMORY, NULL);
    kp_buf gaps;
    kp_buf_init(&gaps, NULL);
    kp_hygiene_gaps(&gaps);
    each_line(app, &gaps, weaken);
    kp_buf_free(&gaps);
    cmd_env_hide_members(&app->client->ring.members);
    cmd_env_hide_reference(app->value[CMD_KEY]);
    cmd_env_hide_reference(kp_client_option(app->client, "redis.password"));
    cmd_env_hide_reference(kp_client_option(app->client, "audit.key"));
    return CMD_DONE;
}

void cmd_close(cmd_app *app) {
    kp_runner_free(app->runner);
    kp_client_free(app->client);
    kp_config_free(app->config);
    app->runner = NULL;
    app->client = NULL;
    app->config = NULL;
}

const kp_provider *cmd_provider(const cmd_app *app) {
    return app->client->provider;
}

kp_op *cmd_op(cmd_app *app, int kind) {
    kp_op *op = kp_op_new(app->client, kind);
    const char *key = app->value[CMD_KEY];
    if (op && key)
        kp_op_set(op, "key", key, strlen(key));
    if (op && cmd_on(app, CMD_DRY_RUN))
        kp_op_set(op, "dry_run", "1", 1);
    if (op && cmd_on(app, CMD_NOW))
        kp_op_set(op, "now", "1", 1);
    if (op && cmd_on(app, CMD_UNDO))
        kp_op_set(op, "undo", "1", 1);
    if (op && cmd_on(app, CMD_SYNC))
        kp_op_set(op, "sync", "1", 1);
    return op;
}

/* ---- Driving ---- */

static uint64_t time_of(const cmd_app *app) {
    const char *text = kp_client_option(app->client, "timeout");
    uint64_t ms = 0;
    if (text && kp_parse_duration(text, strlen(text), &ms) && ms > 0)
        return ms;
    const cmd_row *row = app->row;
    if (row->run != cmd_solve && row->run != cmd_wait)
        return 0;
    const kp_provider *provider = cmd_provider(app);
    const kp_method *method = row->run == cmd_solve ? kp_method_find(provider, app->args[0]) : NULL;
    return method && method->deadline_ms ? method->deadline_ms : provider->deadline_ms;
}

static void tell_flags(const cmd_app *app, const kp_op *op) {
    const char *flags = kp_op_get(op, "flags", NULL);
    bool open = flags && strstr(flags, "open_file");
    bool uncounted = flags && strstr(flags, "uncounted");
    if (open)
        cmd_detail(app, "warning: other users can read the place of the key; chmod 600 mends that");
    if (uncounted)
        cmd_detail(app, "warning: the shared state could not be used, so this call was not counted");
}

static void tell_end(cmd_app *app, const kp_op *op) {
    if (!cmd_on(app, CMD_VERBOSE))
        return;
    kp_buf line;
    kp_buf_init(&line, NULL);
    if (kp_op_get(op, "fingerprint", NULL)) {
        static const char *const facts[] = {"key_name",    " ",      "key",   " with fingerprint ",
                                            "fingerprint", " from ", "source"};
        kp_buf_str(&line, "key: ");
        for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
            kp_buf_str(&line, facts[i][0] == ' ' ? facts[i] : kp_op_get(op, facts[i], NULL));
        cmd_detail(app, "%s", kp_buf_text(&line));
    }
    cmd_detail(app, "store: %s", kp_local_store_text(kp_runner_local(app->runner)));
    tell_flags(app, op);
    kp_buf_clear(&line);
    kp_hygiene_all(&line);
    each_line(app, &line, warn);
    static const char *const counts[][2] = {
        {"requests: ", "attempts"}, {", polls: ", "polls"}, {", ms: ", "elapsed_ms"}};
    kp_buf_clear(&line);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const char *count = kp_op_get(op, counts[i][1], NULL);
        kp_buf_str(&line, counts[i][0]);
        kp_buf_str(&line, count ? count : "0");
    }
    cmd_detail(app, "%s", kp_buf_text(&line));
    kp_buf_free(&line);
}

/* A lockout that other processes do not see must not go unsaid. */
static void tell_store(const cmd_app *app) {
    if (cmd_on(app, CMD_QUIET))
        return;
    kp_local *local = kp_runner_local(app->runner);
    const char *trouble = kp_local_store_trouble(local), *note = kp_local_store_note(local);
    if (trouble)
        cmd_note("note: lockouts are not shared with other processes: %s", trouble);
    if (note)
        cmd_note("note: %s", note);
}

int cmd_drive(cmd_app *app, kp_op *op, const char *what) {
    cmd_progress progress;
    signals before;
    cmd_progress_start(&progress, app, what, time_of(app));
    catch_signals(&before, op);
    if (progress.on)
        while (kp_run_for(app->runner, op, DRAW_MS)) {
            kp_read_give(op, NULL, 0); /* "host:" is for programs that have a key; this one has none */
            cmd_progress_draw(&progress, op);
            atomic_store(&line_drawn, progress.drawn);
        }
    else
        kp_run(app->runner, op);
    release_signals(&before);
    cmd_progress_erase(&progress);
    tell_store(app);
    tell_end(app, op);
    return kp_op_error(op);
}
