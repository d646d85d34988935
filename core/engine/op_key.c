/* op_key.c: takes the key of a member into use, and names the task by it. */
#include <string.h>

#include "engine/moves.h"
#include "engine/op.h"

static void copy_text(kp_buf *out, const char *text) {
    kp_buf_clear(out);
    kp_buf_str(out, text);
}

/* A task's reference names the key that works on it; room for it was made before anything was paid. */
static void name_task(kp_op *op) {
    if (op->bare_id.len == 0)
        return;
    kp_buf_clear(&op->task_ref);
    kp_taskref_add(&op->task_ref, op->client->provider, kp_buf_text(&op->key_name), op->fingerprint,
                   kp_buf_text(&op->bare_id), op->bare_id.len);
}

void kp_op_use_key(kp_op *op) {
    if (op->error) {
        op->first_error = op->error;
        copy_text(&op->first_detail, kp_buf_text(&op->detail));
        kp_buf_clear(&op->detail);
        op->error = KP_OK;
    }
    pthread_mutex_lock(&op->client->lock);
    kp_key *key = &op->ring->keys[op->member];
    kp_cell *cell = kp_cell_keep(key->cell);
    kp_cell_drop(op->cell);
    op->cell = cell;
    memcpy(op->mask, key->mask, sizeof op->mask);
    memcpy(op->fingerprint, key->fingerprint, sizeof op->fingerprint);
    copy_text(&op->key_source, key->source);
    pthread_mutex_unlock(&op->client->lock);
    copy_text(&op->key_name, op->ring->members.list[op->member].name);
    op->tries = 0;
    op->refusals = 0;
    op->refused_with = 0;
    name_task(op);
}

void kp_do_accept(kp_op *op) {
    op->accepted = true;
    op->when_ms = op->mono_ms + op->first_poll_ms;
    if (op->read.has_task) {
        copy_text(&op->bare_id, kp_buf_text(&op->read.id));
        name_task(op);
    }
    if (op->read.has_text)
        kp_do_take_answer(op);
}

bool kp_is_after_submit(const kp_op *op) {
    return op->after == KP_AFTER_SUBMIT;
}

bool kp_is_after_poll(const kp_op *op) {
    return op->after == KP_AFTER_POLL;
}

bool kp_is_after_probe(const kp_op *op) {
    return op->after == KP_AFTER_PROBE;
}

bool kp_is_banned(const kp_op *op) {
    return op->banned;
}

bool kp_is_cooling(const kp_op *op) {
    return op->cooling;
}

bool kp_is_cooling_other(const kp_op *op) {
    return op->cooling && kp_op_has_other(op, true);
}

bool kp_is_cooling_unread(const kp_op *op) {
    return op->cooling && kp_op_has_other(op, false);
}

bool kp_is_unproven(const kp_op *op) {
    return op->unproven;
}

/* Only a key that the service refused, or an account without funds, is a reason for another key; an address is not. */
static bool another_may_help(const kp_op *op) {
    kp_class cls = kp_error_find(op->error)->cls;
    if (op->state == KP_S_ADMIT)
        return op->cooling;
    return (cls == KP_CLASS_KEY || cls == KP_CLASS_FUNDS) && !kp_is_stopping(op);
}

/* Funds are those of an account: a key of another account is not spent for want of funds on this one. */
static bool same_account(const kp_op *op) {
    if (kp_error_find(op->error)->cls != KP_CLASS_FUNDS)
        return true;
    const kp_members *members = &op->ring->members;
    if (op->turn + 1 >= members->count)
        return false;
    const char *mine = members->list[op->member].account, *other = members->list[op->turn + 1].account;
    return (!mine && !other) || (mine && other && strcmp(mine, other) == 0);
}

bool kp_is_other_key(const kp_op *op) {
    return another_may_help(op) && kp_op_has_other(op, true) && same_account(op);
}

bool kp_is_other_unread(const kp_op *op) {
    return another_may_help(op) && kp_op_has_other(op, false) && same_account(op);
}
