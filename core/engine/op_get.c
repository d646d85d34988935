/* op_get.c: what an operation tells about itself. */
#include <string.h>

#include "base/decimal.h"
#include "base/text.h"
#include "engine/op.h"
#include "safe/known.h"

bool kp_client_has(const kp_client *client, const kp_op *op) {
    return op && (!op->client || op->client == client);
}

int kp_op_error(const kp_op *op) {
    return op && op->state == KP_S_DONE ? op->error : KP_OK;
}

/* The error as a sentence: what it means, what this case adds, and which key it is about. */
static void add_text(const kp_op *op, kp_buf *out) {
    const kp_error_row *row = kp_error_find(op->error);
    kp_buf_str(out, row->text);
    if (op->detail.len) {
        kp_buf_str(out, ": ");
        kp_buf_str(out, kp_buf_text(&op->detail));
    }
    bool about_key = row->cls == KP_CLASS_KEY || row->cls == KP_CLASS_FUNDS || row->cls == KP_CLASS_ADDRESS;
    if (about_key && op->fingerprint[0]) {
        kp_buf_fmt(out, " (key %s %s from ", op->key_name, op->mask);
        kp_known_mask(out, kp_buf_text(&op->key_source), op->key_source.len);
        kp_buf_char(out, ')');
    }
}

static void add_flags(const kp_op *op, kp_buf *out) {
    if (op->uncounted)
        kp_buf_str(out, "uncounted ");
    if (op->accepted)
        kp_buf_str(out, "accepted ");
    if (op->client && op->fingerprint[0]) {
        pthread_mutex_lock(&op->client->lock);
        const kp_key *key = kp_ring_find(op->ring, op->member, op->fingerprint);
        if (key && key->open)
            kp_buf_str(out, "open_file ");
        pthread_mutex_unlock(&op->client->lock);
    }
}

static bool tells_balance(const kp_op *op) {
    return (op->kind == KP_BALANCE || op->kind == KP_VERIFY) && !op->dry_run && op->has_answer && !op->error;
}

static bool add_number(const kp_op *op, const char *name, kp_buf *out) {
    struct {
        const char *name;
        bool there;
        int64_t value;
    } numbers[] = {
        {"balance_micro", tells_balance(op), op->balance_micro},
        {"polls", op->polls > 0, op->polls},
        {"attempts", true, op->attempts},
        {"elapsed_ms", true, (int64_t)op->elapsed_ms},
        {"http_status", op->http_status > 0, op->http_status},
        {"retry_after_ms", op->error && op->come_back_ms > 0, (int64_t)op->come_back_ms},
        {"unknown", op->unknown, 1},
        {"cost_micro", op->priced && (op->accepted || op->unknown), op->cost_micro},
        {"left", op->error && op->limit_letter, op->left},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (numbers[i].there && kp_same(name, numbers[i].name)) {
            kp_buf_i64(out, numbers[i].value);
            return true;
        }
    return false;
}

static const char *plain_text(const kp_op *op, const char *name) {
    struct {
        const char *name, *value;
    } texts[] = {
        {"answer", op->has_answer && !op->error && !tells_balance(op) ? kp_buf_text(&op->answer) : NULL},
        {"task", op->task_ref.len ? kp_buf_text(&op->task_ref) : NULL},
        {"key", op->fingerprint[0] ? op->mask : NULL},
        {"key_name", op->fingerprint[0] ? op->key_name : NULL},
        {"fingerprint", op->fingerprint[0] ? op->fingerprint : NULL},
        {"source", op->fingerprint[0] ? kp_buf_text(&op->key_source) : NULL},
        {"provider", op->client && op->client->provider ? op->client->provider->name : NULL},
        {"unit", tells_balance(op) ? op->read.unit : NULL},
        {"code", op->error == KP_E_UNKNOWN_CODE && op->read.provider_code.len ? kp_buf_text(&op->read.provider_code)
                                                                              : kp_error_name(op->error)},
        {"class", kp_error_class(op->error)},
        {"advice", kp_error_advice(op->error)},
        {"provider_code", op->read.provider_code.len ? kp_buf_text(&op->read.provider_code) : NULL},
        {"limit", op->error && op->limit.len ? kp_buf_text(&op->limit) : NULL},
        {"client_id", op->client_id.len ? kp_buf_text(&op->client_id) : NULL},
        {"state", kp_state_name(op->state)},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (kp_same(name, texts[i].name))
            return texts[i].value;
    return NULL;
}

/* Our own words, and the answer that was masked when it came, are lent as they are; the rest is masked once more. */
static bool is_masked_here(const char *name) {
    static const char *const names[] = {"task", "key_name", "source", "code", "provider_code", "limit", "client_id"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (kp_same(name, names[i]))
            return true;
    return false;
}

const char *kp_op_get(const kp_op *op, const char *name, size_t *len) {
    if (len)
        *len = 0;
    if (!op || !name)
        return NULL;
    /* Facts are made when they are asked for; the buffer that holds them is not part of the operation's state. */
    kp_buf *out = &((kp_op *)(uintptr_t)op)->fact;
    kp_buf_clear(out);
    const char *text = plain_text(op, name);
    if (text && !is_masked_here(name)) {
        if (len)
            *len = kp_same(name, "answer") ? op->answer.len : strlen(text);
        return text;
    }
    if (kp_same(name, "text") && op->error)
        add_text(op, out);
    else if (kp_same(name, "flags"))
        add_flags(op, out);
    else if (kp_same(name, "balance") && tells_balance(op))
        kp_add_micro(out, op->balance_micro);
    else if (text)
        kp_known_mask(out, text, strlen(text));
    else if (!add_number(op, name, out))
        return NULL;
    if (len)
        *len = out->len;
    return kp_buf_text(out);
}
