/* op_events.c: makes the events of an operation: one for its end, and one for each thing on its way that people should
 * know. */
#include <string.h>

#include "base/decimal.h"
#include "base/when.h"
#include "engine/happening.h"
#include "engine/moves.h"
#include "engine/op.h"
#include "safe/known.h"

/* What all events of an operation have in common. */
static kp_happening begin(const kp_op *op, const char *name, const char *level, int code) {
    return (kp_happening){
        .name = name,
        .level = level,
        .provider = op->client->provider->name,
        .class_name = code ? kp_error_class(code) : NULL,
        .operation = op->id,
        .method = kp_op_method(op),
        .key_name = op->key_name,
        .fingerprint = op->fingerprint,
        .unix_ms = op->unix_ms,
    };
}

/* ---- The end ---- */

static const char *end_name(int kind) {
    switch (kind) {
    case KP_BALANCE: return "keyplate.balance";
    case KP_VERIFY: return "keyplate.verify";
    case KP_SUBMIT: return "keyplate.submit";
    case KP_RESULT: return "keyplate.result";
    case KP_WAIT: return "keyplate.wait";
    case KP_SOLVE: return "keyplate.solve";
    case KP_REPORT: return "keyplate.report";
    case KP_REFRESH: return "keyplate.refresh";
    case KP_USE: return "keyplate.use";
    case KP_REVOKE: return "keyplate.revoke";
    case KP_PAUSE: return "keyplate.pause";
    default: return NULL;
    }
}

static const char *end_level(int code) {
    switch (kp_error_find(code)->cls) {
    case KP_CLASS_PENDING: return "debug";
    case KP_CLASS_TASK:
    case KP_CLASS_BUSY:
    case KP_CLASS_LIMIT:
    case KP_CLASS_TIMEOUT:
    case KP_CLASS_NETWORK:
    case KP_CLASS_CANCELLED: return "warning";
    default: return code ? "error" : "info";
    }
}

static const char *success_text(int kind) {
    switch (kind) {
    case KP_BALANCE: return "the balance is ";
    case KP_VERIFY: return "the service accepts the key";
    case KP_SUBMIT: return "the service accepted the task";
    case KP_REPORT: return "the service recorded the report";
    case KP_REFRESH: return "the places of the key were read again";
    case KP_USE: return "which key is preferred was told to all that share the store";
    case KP_PAUSE: return "whether paid calls are paused was told to all that share the store";
    case KP_REVOKE: return "whether the key is revoked was told to all that share the store";
    default: return "the answer is there";
    }
}

/* Copies a fact of an error, masked. The lent text of a fact is the operation's one buffer for facts. */
static const char *copy_fact(kp_buf *into, const kp_op *op, const char *name) {
    kp_buf_str(into, kp_op_get(op, name, NULL));
    into->failed = into->failed || op->fact.failed;
    return kp_buf_text(into);
}

/* Puts an event into the queue as facts; not made: it is lost and counted. */
static void keep(const kp_op *op, const kp_happening *h, bool made) {
    kp_client *client = op->client;
    pthread_mutex_lock(&client->lock);
    if (made)
        kp_event_queue_keep(&client->events, h);
    else
        kp_event_queue_add(&client->events, NULL, 0, h->unix_ms);
    pthread_mutex_unlock(&client->lock);
}

/* All texts are masked already, or our own. */
void kp_op_note_end(kp_op *op) {
    const char *name = end_name(op->kind);
    if (!name || op->dry_run || op->client->events.most == 0)
        return;
    kp_happening h = begin(op, name, end_level(op->error), op->error);
    kp_buf message, status, task;
    kp_buf_init(&message, NULL);
    kp_buf_init(&status, NULL);
    kp_buf_init(&task, NULL);
    h.is_end = true;
    h.attempts = op->attempts;
    h.polls = op->polls;
    h.duration_ms = op->elapsed_ms;
    h.unknown = op->unknown;
    h.tells_balance = op->kind == KP_BALANCE && !op->error;
    h.balance_micro = op->balance_micro;
    h.message = op->error ? copy_fact(&message, op, "text") : success_text(op->kind);
    h.status = op->error ? copy_fact(&status, op, "code") : "ok";
    kp_known_mask(&task, kp_buf_text(&op->task_ref), op->task_ref.len);
    h.task = kp_buf_text(&task);
    keep(op, &h, !message.failed && !status.failed && !task.failed);
    kp_buf_free(&message);
    kp_buf_free(&status);
    kp_buf_free(&task);
}

/* ---- On the way ---- */

/* An event that cannot be made is lost and counted; the operation goes on. Half a sentence would say something else. */
static void note(const kp_op *op, kp_happening h, const kp_buf *message) {
    kp_client *client = op->client;
    if (client->events.most == 0)
        return;
    kp_buf json;
    kp_buf_init(&json, NULL);
    h.message = kp_buf_text(message);
    kp_happening_add(&json, &h);
    bool made = !message->failed && !json.failed;
    pthread_mutex_lock(&client->lock);
    kp_event_queue_add(&client->events, made ? json.data : NULL, json.len, op->unix_ms);
    pthread_mutex_unlock(&client->lock);
    kp_buf_free(&json);
}

static void note_key(kp_op *op, const char *name, const char *level, int code, const kp_buf *message) {
    kp_happening h = begin(op, name, level, code);
    h.status = code ? kp_error_name(code) : NULL;
    note(op, h, message);
}

void kp_op_note_proven(kp_op *op) {
    kp_buf message;
    kp_buf_init(&message, NULL);
    kp_buf_fmt(&message, "the service accepts the key %s %s", op->key_name, op->mask);
    note_key(op, "keyplate.key_proven", "info", KP_OK, &message);
    kp_buf_free(&message);
}

void kp_op_note_refused(kp_op *op) {
    kp_buf message;
    kp_buf_init(&message, NULL);
    kp_buf_fmt(&message, "the service refused the key %s %s with %s; it is tried again in ", op->key_name, op->mask,
               kp_error_name(op->code));
    kp_add_duration(&message, op->come_back_ms);
    note_key(op, "keyplate.key_refused", "error", op->code, &message);
    kp_buf_free(&message);
}

void kp_op_note_banned(kp_op *op) {
    kp_buf message;
    kp_buf_init(&message, NULL);
    kp_buf_str(&message, "the service banned this address (calls go out ");
    kp_client_egress(op->client, &message);
    kp_buf_str(&message, "); nothing is sent there for ");
    kp_add_duration(&message, op->come_back_ms);
    note_key(op, "keyplate.address_banned", "error", op->code, &message);
    kp_buf_free(&message);
}

void kp_op_note_uncounted(kp_op *op) {
    kp_buf message;
    kp_buf_init(&message, NULL);
    kp_buf_str(&message, "the shared state could not be asked, so this paid call is not counted");
    note_key(op, "keyplate.uncounted", "warning", KP_OK, &message);
    kp_buf_free(&message);
}

static void add_count(kp_buf *out, const kp_limit_item *item, int64_t count) {
    if (kp_limit_letter(item->kind) == 'B') {
        kp_add_micro(out, count);
        kp_buf_str(out, " dollars");
    } else {
        kp_buf_i64(out, count);
    }
}

void kp_op_note_budget(kp_op *op, const kp_limit_item *item, int percent, int64_t spent) {
    kp_buf message;
    kp_buf_init(&message, NULL);
    kp_buf_fmt(&message, "%d %% of ", percent);
    kp_limit_title(item, &message);
    kp_buf_str(&message, " are spent: ");
    add_count(&message, item, spent);
    kp_buf_str(&message, " of ");
    add_count(&message, item, item->scope->most[item->kind]);
    note_key(op, "keyplate.budget", "warning", KP_OK, &message);
    kp_buf_free(&message);
}

void kp_op_note_would_refuse(kp_op *op, const kp_limit_item *item) {
    kp_buf message;
    kp_buf_init(&message, NULL);
    kp_buf_str(&message, "if it were not in shadow mode, this call would have been refused by ");
    kp_limit_title(item, &message);
    note_key(op, "keyplate.would_refuse", "warning", KP_OK, &message);
    kp_buf_free(&message);
}

/* About a value of a member that the operation need not have in use. */
static void note_value(kp_op *op, const char *name, const char *level, kp_when_used value, const kp_buf *message) {
    char fingerprint[KP_FINGERPRINT_SIZE];
    pthread_mutex_lock(&op->client->lock);
    memcpy(fingerprint, op->ring->slots[op->member].key[value].fingerprint, sizeof fingerprint);
    pthread_mutex_unlock(&op->client->lock);
    kp_happening h = begin(op, name, level, KP_OK);
    h.key_name = op->ring->members.list[op->member].name;
    h.fingerprint = fingerprint;
    note(op, h, message);
}

void kp_op_note_open(kp_op *op) {
    kp_buf message;
    kp_buf_init(&message, NULL);
    kp_buf_str(&message, "other users of this machine can read the key's place ");
    kp_buf_str(&message, kp_buf_text(&op->finder.note));
    note_value(op, "keyplate.key_file_open", "warning", op->value, &message);
    kp_buf_free(&message);
}

void kp_op_note_found(kp_op *op) {
    kp_buf message;
    kp_buf_init(&message, NULL);
    kp_buf_fmt(&message, "%s has a new value, which is used once the service has accepted it",
               op->ring->members.list[op->member].name);
    note_value(op, "keyplate.key_found", "info", KP_NEXT, &message);
    kp_buf_free(&message);
}

void kp_op_note_stale(kp_op *op) {
    kp_buf message;
    kp_buf_init(&message, NULL);
    kp_buf_fmt(&message, "the places of %s have no usable key now; the last one serves on. ",
               op->ring->members.list[op->member].name);
    kp_buf_str(&message, kp_buf_text(&op->finder.note));
    note_value(op, "keyplate.key_stale", "warning", KP_NOW, &message);
    kp_buf_free(&message);
}

void kp_op_note_current(kp_op *op) {
    kp_buf message;
    kp_buf_init(&message, NULL);
    kp_buf_fmt(&message, "the new value of %s is in use", op->key_name);
    note_key(op, "keyplate.key_current", "info", KP_OK, &message);
    kp_buf_free(&message);
}

void kp_op_note_age(kp_op *op, bool too_old, const kp_buf *message) {
    note_key(op, "keyplate.key_age", too_old ? "error" : "warning", too_old ? KP_E_KEY_OLD : KP_OK, message);
}
