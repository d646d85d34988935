/* cmd_watch.c: reads the balance when it is this monitor's turn, and judges it with what the store remembers.
 *
 * Monitors that share a store take turns: a rate grants one reading in each round, whoever asks first. What is
 * remembered is taken from the store right before it is judged, and put back at once; and each alert is claimed, for a
 * reading that took longer than a round. Without the store a monitor goes on with what it remembers itself. */
#include "app/cmd_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/cmd_amount.h"
#include "app/cmd_pause.h"
#include "app/cmd_run.h"
#include "app/cmd_say.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/text.h"
#include "engine/client.h"
#include "engine/names.h"
#include "local/clock.h"
#include "local/local.h"
#include "safe/crypto.h"
#include "wire/json.h"

enum { STORE_MS = 5000, ARGS = 8, ONCE_MS = 10000 };
#define KEPT_MS "2592000000" /* 30 days */

/* ---- The store ---- */

static bool ask(cmd_watch *w, const char *const words[], size_t count, kp_buf *reply) {
    kp_arg args[ARGS];
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    for (size_t i = 0; i < count; i++)
        args[i] = (kp_arg){words[i], strlen(words[i])};
    kp_buf_clear(reply);
    bool ok = kp_local_verb(kp_runner_local(w->app->runner), args, count, STORE_MS, reply, &problem) == 0;
    w->store_up = ok;
    kp_buf_free(&problem);
    return ok && !kp_starts(kp_buf_text(reply), "bad");
}

/* The word at that place of a reply. */
static const char *word_at(const kp_buf *reply, size_t place, size_t *len) {
    const char *at = kp_buf_text(reply);
    for (size_t i = 0; i < place; i++) {
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    *len = strcspn(at, " ");
    return at;
}

/* Whether a rate of one in this time grants it. A store that cannot be asked grants everything: better twice than
   never. */
static bool claim(cmd_watch *w, const char *what, uint64_t period_ms) {
    char name[KP_NAME_SIZE], id[33], period[24];
    uint64_t random[2];
    kp_buf reply;
    kp_random(random, sizeof random);
    snprintf(id, sizeof id, "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
    snprintf(period, sizeof period, "%" PRIu64, period_ms * 1000);
    kp_name_join(name, sizeof name, w->name, "/", what);
    kp_buf_init(&reply, NULL);
    const char *const words[] = {"ADMIT", id, "0", "rate", name, period, "1", "0"};
    bool granted = !ask(w, words, ARGS, &reply) || !kp_starts(kp_buf_text(&reply), "no");
    kp_buf_free(&reply);
    return granted;
}

/* A little less than a round, so that a round that comes early has its turn all the same. Nobody knows when the next
   one of --once comes. */
static uint64_t turn_ms(const cmd_watch *w) {
    uint64_t ms = cmd_on(w->app, CMD_ONCE) && w->every_ms > ONCE_MS ? ONCE_MS : w->every_ms;
    return ms - ms / 10;
}

/* The store's clock, or this machine's. While the store was away this process may have seen more than it. */
static int64_t take_state(cmd_watch *w) {
    kp_buf reply;
    kp_watch stored;
    size_t len = 0;
    int64_t now = 0;
    bool was_away = w->away;
    kp_buf_init(&reply, NULL);
    const char *const words[] = {"GET", w->name};
    w->away = !ask(w, words, 2, &reply);
    if (!w->away) {
        const char *time = word_at(&reply, 1, &len);
        if (!kp_parse_i64(time, len, &now))
            now = 0;
        const char *text = word_at(&reply, 2, &len);
        bool newer = kp_watch_read(&stored, text, len) &&
                     (was_away ? stored.success_ms > w->state.success_ms : stored.success_ms >= w->state.success_ms);
        if (newer)
            w->state = stored;
    }
    kp_buf_free(&reply);
    return now > 0 ? now : kp_unix_ms();
}

static void put_state(cmd_watch *w) {
    kp_buf text, reply;
    kp_buf_init(&text, NULL);
    kp_buf_init(&reply, NULL);
    kp_watch_write(&w->state, &text);
    const char *const words[] = {"PUT", w->name, kp_buf_text(&text), KEPT_MS};
    if (!text.failed && !ask(w, words, 4, &reply))
        w->away = true;
    kp_buf_free(&text);
    kp_buf_free(&reply);
}

/* ---- The call ---- */

static void call(cmd_watch *w, cmd_driver *drive) {
    kp_op_free(w->op);
    w->op = cmd_op(w->app, KP_BALANCE);
    w->error = w->op ? drive(w->app, w->op) : KP_E_MEMORY;
}

/* Members of one account are one; of the others each has its own. The name of the first one stands for it. */
static const char *account_of(const cmd_watch *w, const char *key_name) {
    const kp_members *members = &w->app->client->ring.members;
    const kp_member *used = NULL;
    for (size_t i = 0; i < members->count; i++)
        if (kp_same(members->list[i].name, key_name))
            used = &members->list[i];
    for (size_t i = 0; used && i < members->count; i++)
        if (kp_same(members->list[i].account, used->account))
            return members->list[i].name;
    return "";
}

/* What the first dollar budget over all calls has: -1 if there is none. */
static int64_t books_of(cmd_watch *w, cmd_driver *drive) {
    kp_op *op = w->sees_all ? cmd_op(w->app, KP_TELL) : NULL;
    kp_json limit;
    size_t at = 0, len = 0;
    int64_t used = -1;
    if (!op)
        return -1;
    kp_op_set(op, "what", "limits", 6);
    const char *text = drive(w->app, op) ? NULL : kp_op_get(op, "answer", &len);
    kp_json limits = text ? kp_json_get(kp_json_parse(text, len, NULL), "limits") : (kp_json){.len = 0};
    while (used < 0 && kp_json_next(limits, &at, NULL, &limit)) {
        kp_buf name;
        kp_buf_init(&name, NULL);
        kp_json_string(kp_json_get(limit, "name"), &name);
        if (kp_json_is(kp_json_get(limit, "scope"), "all") && kp_starts(kp_buf_text(&name), "usd_"))
            used = cmd_amount(kp_json_get(limit, "used"));
        kp_buf_free(&name);
    }
    kp_op_free(op);
    return used;
}

/* ---- Rounds ---- */

static void take_news(cmd_watch *w, const kp_watch_news *news, cmd_driver *drive) {
    for (size_t i = 0; i < news->count; i++) {
        const kp_watch_alert *alert = &news->list[i];
        char what[64];
        snprintf(what, sizeof what, "%s/%s", kp_watch_name(alert->kind), alert->over ? "over" : "begun");
        if (!claim(w, what, turn_ms(w)))
            continue;
        cmd_alert *told = &w->alerts[w->alert_count++];
        *told = (cmd_alert){.what = *alert};
        if (alert->kind == KP_WATCH_FLOOR)
            told->note = cmd_pause_for_floor(w->app, drive, alert->over, &w->pause_due);
    }
}

cmd_round cmd_watch_round(cmd_watch *w, cmd_driver *drive) {
    kp_watch_news news = {.count = 0};
    w->alert_count = 0;
    w->error = 0;
    if (!claim(w, "turn", turn_ms(w))) {
        take_state(w);
        return CMD_ROUND_OTHER;
    }
    call(w, drive);
    if (w->error == KP_E_CANCELLED)
        return CMD_ROUND_FAILED;
    int64_t books = w->error ? -1 : books_of(w, drive), now = take_state(w), balance = 0;
    const char *micro = w->error ? NULL : kp_op_get(w->op, "balance_micro", NULL);
    if (micro && kp_parse_i64(micro, strlen(micro), &balance))
        kp_watch_success(&w->state, &w->rules, account_of(w, kp_op_get(w->op, "key_name", NULL)), now, balance, books,
                         &news);
    else
        kp_watch_failure(&w->state, &w->rules, now, &news);
    /* Before the state is put back: what was not paused because this process died is news to the next one again. */
    take_news(w, &news, drive);
    if (w->state.open[KP_WATCH_FLOOR])
        w->pause_due = !cmd_pause_hold(w->app, drive, w->pause_due);
    put_state(w);
    return w->error ? CMD_ROUND_FAILED : CMD_ROUND_READ;
}

void cmd_watch_look(cmd_watch *w) {
    take_state(w);
}

/* ---- Options ---- */

static int take_thresholds(cmd_watch *w, const char *text) {
    kp_json value, list = kp_json_parse(text, strlen(text), NULL);
    size_t at = 0;
    while (kp_json_next(list, &at, NULL, &value)) {
        int64_t micro = cmd_amount(value);
        if (micro < 1 || w->rules.below_count == KP_WATCH_LEVELS)
            return cmd_fail(w->app, KP_E_CONFIG,
                            "option balance.alert_below is a list of up to 16 amounts from 0.000001 dollars");
        w->rules.below[w->rules.below_count++] = micro;
    }
    return CMD_DONE;
}

int cmd_watch_open(cmd_watch *w, cmd_app *app, uint64_t every_ms, uint64_t stale_ms) {
    *w = (cmd_watch){.app = app, .every_ms = every_ms, .store_up = -1, .sees_all = cmd_on(app, CMD_ALL_SPENDERS)};
    w->state.books = -1;
    w->rules.stale_ms = (int64_t)stale_ms;
    kp_name_join(w->name, sizeof w->name, "watch/", app->client->realm, "");
    const char *floor = kp_client_option(app->client, "balance.pause_below");
    if (floor && floor[0] && !kp_parse_dollars(floor, strlen(floor), &w->rules.floor))
        w->rules.floor = 0;
    const char *below = kp_client_option(app->client, "balance.alert_below");
    return below && below[0] ? take_thresholds(w, below) : CMD_DONE;
}

void cmd_watch_close(cmd_watch *w) {
    kp_op_free(w->op);
    w->op = NULL;
}
