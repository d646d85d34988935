/* cmd_alert.c: sends alerts where people look. */
#include "app/cmd_alert.h"

#include <string.h>
#include <unistd.h>

#include "app/cmd_say.h"
#include "base/decimal.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/client.h"
#include "local/option_secret.h"
#include "local/read_exec.h"
#include "net/post.h"
#include "safe/arena.h"
#include "safe/known.h"

enum { HOOK_MS = 10000, NAME_SIZE = 65 };

/* ---- The text ---- */

static void say(const cmd_alert *alert, kp_buf *out) {
    kp_watch_say(&alert->what, out);
    if (alert->note)
        kp_buf_fmt(out, "; %s", alert->note);
}

static void add_amount(kp_buf *out, const char *name, int64_t micro) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_add_micro(&text, micro);
    cmd_add_member(out, name, kp_buf_text(&text));
    kp_buf_free(&text);
}

static void add_time(kp_buf *out, const char *name, int64_t ms) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_add_rfc3339(&text, ms);
    cmd_add_member(out, name, kp_buf_text(&text));
    kp_buf_free(&text);
}

static void add_host(const cmd_watch *w, kp_buf *out) {
    char name[NAME_SIZE] = "";
    const char *node = kp_client_option(w->app->client, "node");
    if (!node[0] && gethostname(name, sizeof name - 1) == 0)
        node = name;
    cmd_add_member(out, "host", node);
}

/* What the sentence says in figures too, and only what this kind has. */
static void add_figures(const kp_watch_alert *what, kp_buf *out) {
    static const struct {
        const char *level, *amount;
    } names[KP_WATCH_KINDS] = {[KP_WATCH_BELOW] = {"threshold", NULL},
                               [KP_WATCH_FLOOR] = {"threshold", NULL},
                               [KP_WATCH_DROP] = {"usual", "spent"},
                               [KP_WATCH_UNEXPLAINED] = {"booked", "spent"},
                               [KP_WATCH_STALE] = {NULL, NULL}};
    bool unread = what->kind == KP_WATCH_STALE && !what->over && what->since_ms == 0;
    if (!unread)
        add_amount(out, "balance", what->balance);
    if (names[what->kind].level)
        add_amount(out, names[what->kind].level, what->level);
    if (names[what->kind].amount)
        add_amount(out, names[what->kind].amount, what->amount);
    if (!what->over && what->since_ms > 0)
        add_time(out, what->kind == KP_WATCH_STALE ? "last_success" : "since", what->since_ms);
}

void cmd_alert_add(const cmd_watch *w, const cmd_alert *alert, kp_buf *out) {
    kp_buf name, message;
    kp_buf_init(&name, NULL);
    kp_buf_init(&message, NULL);
    kp_buf_fmt(&name, "keyplate.%s", kp_watch_name(alert->what.kind));
    say(alert, &message);
    kp_buf_char(out, '{');
    add_time(out, "time", alert->what.now_ms);
    cmd_add_member(out, "event", kp_buf_text(&name));
    cmd_add_member(out, "level", kp_watch_level(&alert->what));
    cmd_add_member(out, "state", alert->what.over ? "over" : "begun");
    cmd_add_member(out, "provider", w->app->client->provider->name);
    add_host(w, out);
    add_figures(&alert->what, out);
    cmd_add_member(out, "message", kp_buf_text(&message));
    cmd_add_member(out, "advice", kp_watch_advice(&alert->what));
    kp_buf_clear(&name); /* what chat programs show */
    kp_buf_fmt(&name, "keyplate (%s): %s. %s", w->app->client->provider->name, kp_buf_text(&message),
               kp_watch_advice(&alert->what));
    cmd_add_member(out, "text", kp_buf_text(&name));
    kp_buf_char(out, '}');
    out->failed = out->failed || name.failed || message.failed;
    kp_buf_free(&name);
    kp_buf_free(&message);
}

/* ---- Where it goes ---- */

static void tell(const cmd_alert *alert) {
    kp_buf message;
    kp_buf_init(&message, NULL);
    say(alert, &message);
    cmd_note("%s: %s.%s%s", kp_watch_level(&alert->what), kp_buf_text(&message), alert->what.over ? "" : " ",
             alert->what.over ? "" : kp_watch_advice(&alert->what));
    kp_buf_free(&message);
}

static void run(const cmd_watch *w, const kp_buf *json) {
    const char *command = kp_client_option(w->app->client, "balance.exec");
    kp_patience patience = {.until_ms = kp_local_mono_ms() + HOOK_MS};
    int why = KP_WHY_NONE;
    if (!command || !command[0] ||
        kp_exec_with(w->app->client, command, kp_buf_text(json), json->len, &patience, &why) == KP_FOUND)
        return;
    cmd_note("the program of the option balance.exec did not take the alert: %s",
             why == KP_WHY_NO_PROGRAM      ? "there is no such program"
             : why == KP_WHY_EXIT          ? "it failed"
             : kp_patience_over(&patience) ? "it was still running after 10 s, and was ended"
                                           : "it could not be run to its end");
}

/* The URL mostly has a token in it: it is known as a secret from the moment that it is read. */
static void post(const cmd_watch *w, const kp_buf *json) {
    kp_buf url, problem;
    kp_buf_init(&url, &kp_safe);
    kp_buf_init(&problem, NULL);
    kp_patience patience = {.until_ms = kp_local_mono_ms() + HOOK_MS};
    bool there = kp_option_secret(w->app->client, "balance.webhook", "its URL", &patience, &url, &problem);
    if (there && url.len > 0)
        there = kp_known_add(url.data, url.len) &&
                kp_post(w->app->client, kp_buf_text(&url), kp_buf_text(json), json->len, HOOK_MS, &problem);
    if (!there)
        cmd_note("the webhook of the option balance.webhook did not take the alert: %s",
                 problem.len ? kp_buf_text(&problem) : "memory is short");
    kp_buf_free(&url);
    kp_buf_free(&problem);
}

void cmd_alert_all(const cmd_watch *w) {
    for (size_t i = 0; i < w->alert_count; i++) {
        kp_buf plain, json;
        kp_buf_init(&plain, NULL);
        kp_buf_init(&json, NULL);
        tell(&w->alerts[i]);
        cmd_alert_add(w, &w->alerts[i], &plain);
        cmd_mask(&json, kp_buf_text(&plain), plain.len);
        if (plain.failed || json.failed)
            cmd_note("an alert could not be sent on: memory is short");
        else {
            run(w, &json);
            post(w, &json);
        }
        kp_buf_free(&plain);
        kp_buf_free(&json);
    }
}
