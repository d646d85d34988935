/* op_admit.c: asks the store to admit a paid call under all limits that concern it, and reads what it says. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/moves.h"
#include "engine/names.h"
#include "engine/op.h"
#include "engine/share.h"
#include "policy/admit.h"

/* The gates that stand before the limits. */
enum { ITEM_BAN, ITEM_COOL, ITEM_PAUSE, ITEMS_BEFORE };

/* A task that nobody waits for here holds its slot as long as one usually takes; one that is waited for, a little
   longer than the wait. */
enum { SLOT_GRACE_MS = 5000 };

/* A method that the table does not know may be a key in the wrong place: only a limit that names it counts for it. */
static const char *method_of(const kp_op *op) {
    const kp_limits *limits = op->client->limits;
    const char *method = kp_op_method(op);
    for (size_t i = 0; !method && limits && i < limits->scopes; i++)
        if (limits->scope[i].by == KP_BY_METHOD && kp_same(limits->scope[i].name, kp_buf_text(&op->method)))
            method = limits->scope[i].name;
    return method;
}

static kp_limit_call call_of(const kp_op *op) {
    return (kp_limit_call){op->key_name, method_of(op), kp_buf_text(&op->client_id), op->cost_micro};
}

static uint64_t slot_ms(const kp_op *op) {
    const kp_method *method = op->checked.method;
    if (op->kind == KP_SOLVE)
        return (op->deadline_ms > op->mono_ms ? op->deadline_ms - op->mono_ms : 0) + SLOT_GRACE_MS;
    return method && method->deadline_ms ? method->deadline_ms : op->client->provider->deadline_ms;
}

/* How long a rate may let the call wait: if all limits that concern it say so, until there is just time for it. */
static uint64_t wait_ms(const kp_op *op) {
    kp_limit_call call = call_of(op);
    kp_limit_item item;
    bool waits = false;
    for (size_t i = 0; kp_limits_item(op->client->limits, &call, i, &item); i++) {
        if (kp_limit_letter(item.kind) == 'R' && !item.scope->wait && !item.scope->shadow)
            return 0;
        waits = waits || item.scope->wait;
    }
    uint64_t needs = op->mono_ms + op->first_poll_ms + op->every_ms;
    return waits && needs < op->deadline_ms ? op->deadline_ms - needs : 0;
}

/* The items of all limits, each divided by its share if those are asked for that have one. */
static void add_items(kp_op *op, bool shares) {
    kp_limit_call call = call_of(op);
    kp_limit_item item;
    int64_t share = 1;
    op->slots = 0;
    pthread_mutex_lock(&op->client->lock); /* zones are given under it */
    for (size_t i = 0; kp_limits_item(op->client->limits, &call, i, &item); i++) {
        if (shares && kp_limit_outage(&item, &share) != KP_OUTAGE_SHARE)
            continue;
        op->slots += kp_limit_letter(item.kind) == 'S';
        kp_limit_add_args(&item, op->client->realm, op->cost_micro, shares ? share : 1, slot_ms(op), op->unix_ms,
                          &op->args);
    }
    pthread_mutex_unlock(&op->client->lock);
}

void kp_do_ask_admit(kp_op *op) {
    kp_gate_names n;
    char id[64], wait[24], pause[KP_NAME_SIZE];
    kp_name_gates(op->client, op->fingerprint, &n);
    kp_name_pause(op->client, pause);
    kp_op_name_turn(op, ".", ++op->admissions, id);
    op->tries = 0;
    kp_buf_clear(&op->limit); /* of the last time: this one may go well */
    op->limit_letter = '\0';
    snprintf(wait, sizeof wait, "%llu", (unsigned long long)wait_ms(op));
    kp_op_ask(op, "ADMIT", id, wait, "gate", n.ban, "gate", n.cool, "gate", pause, NULL);
    add_items(op, false);
}

void kp_do_ask_settle(kp_op *op) {
    char id[64];
    kp_op_name_turn(op, ".", op->admissions, id);
    op->slots = 0;
    kp_op_ask(op, "SETTLE", id, "0", NULL);
}

void kp_do_mark_admitted(kp_op *op) {
    op->uncounted = false;
}

void kp_do_mark_uncounted(kp_op *op) {
    op->uncounted = true;
    op->slots = 0;
    kp_op_note_uncounted(op);
}

void kp_do_hold(kp_op *op) {
    op->when_ms = kp_op_in(op, op->hold_ms);
}

/* ---- Refusals ---- */

/* The limit that the i-th item behind the gates stands for. false: there is none. */
static bool limit_at(const kp_op *op, int64_t i, kp_limit_item *item) {
    kp_limit_call call = call_of(op);
    return i >= 0 && kp_limits_item(op->client->limits, &call, (size_t)i, item);
}

static void keep_limit(kp_op *op, const kp_limit_item *item, int64_t left) {
    kp_buf_clear(&op->limit);
    kp_limit_title(item, &op->limit);
    op->limit_letter = kp_limit_letter(item->kind);
    op->left = left;
    op->limit_waits = item->scope->wait;
}

kp_event kp_op_take_refusal(kp_op *op, int64_t index, int64_t left, uint64_t retry_ms) {
    kp_limit_item item;
    op->banned = index == ITEM_BAN;
    op->cooling = index == ITEM_COOL;
    op->paused = index == ITEM_PAUSE;
    op->barred = KP_OK;
    op->gate_ms = retry_ms;
    kp_buf_clear(&op->limit);
    op->limit_letter = '\0';
    op->slots = 0; /* nothing was taken */
    if (limit_at(op, index - ITEMS_BEFORE, &item))
        keep_limit(op, &item, left);
    return KP_EV_NO;
}

/* A task that ends makes room at any moment: so it is asked again, as long as there is time. */
bool kp_is_queueing(const kp_op *op) {
    return op->limit_letter == 'S' && op->limit_waits && !kp_is_stopping(op) &&
           op->mono_ms + op->first_poll_ms + op->every_ms < op->deadline_ms;
}

void kp_do_queue(kp_op *op) {
    op->when_ms = kp_op_in(op, op->gate_ms);
}

void kp_do_say_queue_over(kp_op *op) {
    if (kp_op_cancelled(op))
        kp_do_say_stop(op);
    else
        kp_do_say_refused(op);
}

/* ---- Windows ---- */

/* The store's clock, if it was just asked; behind a wait the later of both. */
static int64_t now_of(const kp_op *op) {
    bool fresh = op->state == KP_S_GATE && op->store_ms > 0;
    return fresh || op->store_ms > op->unix_ms ? op->store_ms : op->unix_ms;
}

bool kp_is_shut(const kp_op *op) {
    if (kp_is_free_call(op))
        return false;
    kp_limit_call call = call_of(op);
    pthread_mutex_lock(&op->client->lock);
    bool shut = kp_limits_shut(op->client->limits, &call, now_of(op), false, NULL) != NULL;
    pthread_mutex_unlock(&op->client->lock);
    return shut;
}

void kp_do_say_shut(kp_op *op) {
    kp_limit_call call = call_of(op);
    int64_t opens = INT64_MAX, now = now_of(op);
    pthread_mutex_lock(&op->client->lock);
    const kp_limit_scope *scope = kp_limits_shut(op->client->limits, &call, now, false, &opens);
    pthread_mutex_unlock(&op->client->lock);
    kp_buf_clear(&op->limit);
    kp_buf_str(&op->limit, "window");
    if (scope && scope->by != KP_BY_ALL)
        kp_buf_fmt(&op->limit, " of %s",
                   scope->by == KP_BY_KEY      ? op->key_name
                   : scope->by == KP_BY_METHOD ? call.method
                                               : call.client_id);
    op->gate_ms = opens == INT64_MAX || opens <= now ? 0 : (uint64_t)(opens - now);
    kp_op_say_limit(op, KP_E_OUTSIDE_WINDOW);
}

void kp_do_say_shut_settle(kp_op *op) {
    kp_do_say_shut(op);
    kp_do_ask_settle(op);
}

/* ---- While the store is away ---- */

void kp_op_admit_alone(kp_op *op) {
    kp_limit_call call = call_of(op);
    kp_limit_item item;
    int64_t share = 1;
    bool shares = false;
    op->denied = false;
    for (size_t i = 0; !op->denied && kp_limits_item(op->client->limits, &call, i, &item); i++) {
        kp_outage outage = item.scope->shadow ? KP_OUTAGE_ALLOW : kp_limit_outage(&item, &share);
        op->denied = outage == KP_OUTAGE_DENY;
        shares = shares || outage == KP_OUTAGE_SHARE;
        if (op->denied)
            keep_limit(op, &item, 0);
    }
    if (op->denied || !shares)
        return;
    char id[64];
    kp_op_name_turn(op, ".", op->admissions, id);
    kp_op_ask(op, "ADMIT", id, "0", NULL);
    add_items(op, true);
    op->denied = !kp_share_admit(op->client, &op->args, op->unix_ms);
    if (op->denied)
        kp_buf_str(&op->limit, "more than the share of this process");
}

bool kp_is_denied(const kp_op *op) {
    return op->denied;
}

void kp_do_say_denied(kp_op *op) {
    kp_op_fail(op, KP_E_STORE, "%s cannot be counted now, so that paid calls wait until the store is there again",
               kp_buf_text(&op->limit));
    op->come_back_ms = 5000;
}

/* ---- What is counted ---- */

/* Says it when this call reached 50, 80 or 100 percent of a budget: of all that share it, one does. */
static void look_at_budget(kp_op *op, const kp_limit_item *item, int64_t spent) {
    static const int steps[] = {100, 80, 50};
    int64_t most = item->scope->most[item->kind];
    int64_t add = kp_limit_letter(item->kind) == 'B' ? op->cost_micro : 1;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        int64_t mark = most / 100 * steps[i] + (most % 100 * steps[i] + 99) / 100;
        if (spent >= mark && spent - add < mark) {
            kp_op_note_budget(op, item, steps[i], spent);
            return;
        }
    }
}

static void look_at_count(kp_op *op, const kp_limit_item *item, kp_arg word) {
    int64_t count = 0;
    bool full = kp_same_n(word.text, word.len, "full");
    bool counted = kp_parse_i64(word.text, word.len, &count);
    if (counted && (kp_limit_letter(item->kind) == 'B' || kp_limit_letter(item->kind) == 'C'))
        look_at_budget(op, item, count);
    if (item->scope->shadow && (full || (counted && count > item->scope->most[item->kind])))
        kp_op_note_would_refuse(op, item);
}

void kp_op_take_counts(kp_op *op, const char *text, size_t len) {
    kp_limit_call call = call_of(op);
    kp_limit_item item;
    size_t at = 0;
    for (size_t i = 0; kp_limits_item(op->client->limits, &call, i, &item); i++) {
        char letter = kp_limit_letter(item.kind);
        if (letter != 'B' && letter != 'C' && !item.scope->shadow)
            continue;
        while (at < len && text[at] == ' ')
            at++;
        size_t from = at;
        while (at < len && text[at] != ' ')
            at++;
        if (at > from)
            look_at_count(op, &item, (kp_arg){text + from, at - from});
    }
}

/* ---- Slots ---- */

/* What goes on at the service keeps its slot until its time is over. */
bool kp_is_slot_over(const kp_op *op) {
    bool goes_on = op->unknown || (op->accepted && !op->has_answer && !kp_op_failed_there(op));
    return op->slots > 0 && !goes_on;
}

void kp_do_ask_free(kp_op *op) {
    char id[64];
    kp_op_name_turn(op, ".", op->admissions, id);
    kp_op_ask(op, "SETTLE", id, "-", NULL);
}
