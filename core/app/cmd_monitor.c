/* cmd_monitor.c: the command monitor: reads the balance round after round, tells what is wrong, shows metrics. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "app/cmd_alert.h"
#include "app/cmd_env.h"
#include "app/cmd_listen.h"
#include "app/cmd_metrics.h"
#include "app/cmd_run.h"
#include "app/cmd_say.h"
#include "app/cmd_textfile.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/client.h"

enum { EVERY_MS = 60000, EVERY_LEAST = 1000, EVERY_MOST = 3600000, STALE_MS = 600000 };

typedef struct monitor {
    cmd_app *app;
    cmd_watch watch;
    cmd_tally tally;
    cmd_listen *listen;
    int said; /* the error of the last round: each is told once */
} monitor;

/* ---- Signals: the first one ends the wait and the call, and then the command ---- */

static atomic_int stopped;
static _Atomic(kp_op *) running;
static int wake[2] = {-1, -1};

static void on_signal(int number) {
    int before = errno;
    ssize_t n = write(wake[1], "", 1);
    (void)number;
    (void)n;
    atomic_store(&stopped, 1);
    kp_op *op = atomic_load(&running);
    if (op)
        kp_run_cancel(op);
    errno = before;
}

static bool catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    return pipe2(wake, O_CLOEXEC | O_NONBLOCK) == 0 && sigaction(SIGINT, &action, NULL) == 0 &&
           sigaction(SIGTERM, &action, NULL) == 0;
}

static int drive(cmd_app *app, kp_op *op) {
    atomic_store(&running, op);
    if (atomic_load(&stopped))
        kp_op_cancel(op);
    kp_run(app->runner, op);
    atomic_store(&running, NULL);
    return kp_op_error(op);
}

/* Until that moment; false: it is to end. */
static bool wait_until(uint64_t moment) {
    while (!atomic_load(&stopped)) {
        uint64_t now = kp_local_mono_ms();
        if (now >= moment)
            return true;
        poll(&(struct pollfd){.fd = wake[0], .events = POLLIN}, 1, (int)(moment - now));
    }
    return false;
}

/* ---- What is shown ---- */

static void add_reading(const monitor *m, kp_buf *out) {
    const kp_watch *state = &m->watch.state;
    kp_buf text;
    kp_buf_init(&text, NULL);
    if (state->success_ms > 0)
        kp_add_micro(&text, state->balance);
    kp_buf_char(out, '{');
    cmd_add_member(out, "balance", text.len ? kp_buf_text(&text) : NULL);
    cmd_add_member(out, "unit", m->app->client->provider->unit);
    cmd_add_member(out, "provider", m->app->client->provider->name);
    cmd_add_fact(out, "key", m->watch.op, "key");
    kp_buf_clear(&text);
    if (state->success_ms > 0)
        kp_add_rfc3339(&text, state->success_ms);
    cmd_add_member(out, "read_at", text.len ? kp_buf_text(&text) : NULL);
    kp_buf_fmt(out, ",\"stale\":%s,\"alerts\":[", state->open[KP_WATCH_STALE] ? "true" : "false");
    for (size_t i = 0; i < m->watch.alert_count; i++) {
        kp_buf_str(out, i ? "," : "");
        cmd_alert_add(&m->watch, &m->watch.alerts[i], out);
    }
    kp_buf_str(out, "]}\n");
    kp_buf_free(&text);
}

/* Of a reading that was just made; or, with --once, of the one that another monitor made. */
static int show_reading(const monitor *m, int status) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    if (cmd_on(m->app, CMD_JSON))
        add_reading(m, &out);
    else if (cmd_on(m->app, CMD_ONCE)) {
        kp_add_micro(&out, m->watch.state.balance);
        kp_buf_char(&out, '\n');
    }
    if (out.len)
        status = cmd_print_masked(&out, status);
    kp_buf_free(&out);
    return status;
}

static int show_metrics(monitor *m, int status) {
    const char *path = m->app->value[CMD_TEXTFILE];
    if (!path && !m->listen)
        return status;
    kp_buf plain, out;
    kp_buf_init(&plain, NULL);
    kp_buf_init(&out, NULL);
    cmd_metrics_add(&m->watch, &m->tally, drive, &plain);
    cmd_mask(&out, kp_buf_text(&plain), plain.len);
    out.failed = out.failed || plain.failed;
    cmd_listen_show(m->listen, &out);
    int error = path && !atomic_load(&stopped) ? cmd_textfile_write(path, &out) : 0;
    if (error)
        cmd_note("the metrics could not be written to the file of --textfile: %s", strerror(error));
    kp_buf_free(&plain);
    kp_buf_free(&out);
    return error && status == CMD_DONE ? CMD_TROUBLE : status;
}

/* ---- Rounds ---- */

static bool is_hopeless(int error) {
    kp_class cls = kp_error_find(error)->cls;
    return cls == KP_CLASS_USAGE || cls == KP_CLASS_INPUT;
}

/* An error that lasts is told once, not each minute. */
static int tell_failure(monitor *m) {
    int error = m->watch.error;
    bool again = error == m->said;
    m->said = error;
    if (error == KP_E_CANCELLED)
        return CMD_INTERRUPTED;
    if (again && !cmd_on(m->app, CMD_ONCE))
        return cmd_status(error);
    return m->watch.op ? cmd_fail_op(m->app, m->watch.op) : cmd_fail(m->app, error, NULL);
}

static void tell_details(const monitor *m, cmd_round round) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_add_micro(&text, m->watch.state.balance);
    if (round == CMD_ROUND_READ)
        cmd_detail(m->app, "the balance is %s", kp_buf_text(&text));
    else if (round == CMD_ROUND_OTHER)
        cmd_detail(m->app, "another monitor that shares the state has this turn");
    if (m->watch.away)
        cmd_detail(m->app, "store: %s", kp_local_store_text(kp_runner_local(m->app->runner)));
    kp_buf_free(&text);
}

static int round_of(monitor *m) {
    int status = CMD_DONE;
    cmd_round round = cmd_watch_round(&m->watch, drive);
    if (round == CMD_ROUND_FAILED)
        status = tell_failure(m);
    else if (round == CMD_ROUND_READ || (cmd_on(m->app, CMD_ONCE) && m->watch.state.success_ms > 0)) {
        if (m->said)
            cmd_note("the balance can be read again");
        m->said = 0;
        status = show_reading(m, status);
    }
    tell_details(m, round);
    cmd_alert_all(&m->watch);
    return atomic_load(&stopped) ? status : show_metrics(m, status);
}

static int run(monitor *m) {
    for (;;) {
        uint64_t next = kp_local_mono_ms() + m->watch.every_ms;
        int status = round_of(m);
        if (cmd_on(m->app, CMD_ONCE) || is_hopeless(m->watch.error))
            return status;
        if (!wait_until(next))
            return CMD_DONE;
    }
}

/* ---- The command ---- */

static bool take_time(const cmd_app *app, cmd_option_id id, uint64_t fallback, uint64_t least, uint64_t most,
                      uint64_t *ms) {
    const char *text = app->value[id];
    *ms = fallback;
    return !text || (kp_parse_duration(text, strlen(text), ms) && *ms >= least && *ms <= most);
}

static int start(monitor *m, uint64_t every_ms, uint64_t stale_ms) {
    cmd_app *app = m->app;
    int status = cmd_open(app, NULL);
    if (status == CMD_DONE)
        cmd_env_hide_reference(kp_client_option(app->client, "balance.webhook"));
    if (status == CMD_DONE && app->client->error)
        status = cmd_fail(app, app->client->error, kp_buf_text(&app->client->problem));
    if (status == CMD_DONE)
        status = cmd_watch_open(&m->watch, app, every_ms, stale_ms);
    if (status == CMD_DONE && app->value[CMD_LISTEN])
        status = cmd_listen_start(app, app->value[CMD_LISTEN], &m->listen);
    if (status == CMD_DONE && !catch_signals())
        status = cmd_fail(app, KP_E_INTERNAL, "signals cannot be caught");
    return status;
}

int cmd_monitor(cmd_app *app) {
    uint64_t every_ms = 0, stale_ms = 0;
    monitor m = {.app = app, .watch = {.store_up = -1}};
    if (!take_time(app, CMD_EVERY, EVERY_MS, EVERY_LEAST, EVERY_MOST, &every_ms))
        return cmd_misuse(app, "--every is from 1s to 1h, such as 60s");
    uint64_t fallback = every_ms * 3 > STALE_MS ? every_ms * 3 : STALE_MS;
    if (!take_time(app, CMD_STALE, fallback, 1, 86400000, &stale_ms))
        return cmd_misuse(app, "--stale is a time up to 24h, such as 10m");
    if (cmd_on(app, CMD_ONCE) && app->value[CMD_LISTEN])
        return cmd_misuse(app, "--listen is for a monitor that goes on; --once does not");
    int status = start(&m, every_ms, stale_ms);
    if (status == CMD_DONE)
        status = run(&m);
    cmd_listen_stop(m.listen);
    cmd_watch_close(&m.watch);
    cmd_tally_free(&m.tally);
    cmd_close(app);
    return status;
}
