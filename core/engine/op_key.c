/* op_key.c: takes the key of a member into use, and names the task by it. */
#include <string.h>

#include "engine/moves.h"
#include "engine/turn.h"

enum { OVERLAP_MS = 48 * 3600 * 1000 };

static void copy_text(kp_buf *out, const char *text) {
    kp_buf_clear(out);
    kp_buf_str(out, text);
}

/* A task's reference names the key that works on it; one that the caller gave stays as it is. */
void kp_op_name_task(kp_op *op) {
    if (op->bare_id.len == 0 || op->ref.provider || op->substituted)
        return;
    kp_buf_clear(&op->task_ref);
    kp_taskref_add(&op->task_ref, op->client->provider, op->key_name, op->fingerprint, kp_buf_text(&op->bare_id),
                   op->bare_id.len);
}

/* This operation does not come back to the key in use. */
static void note_tried(kp_op *op) {
    if (op->fingerprint[0] && !kp_op_tried(op, op->fingerprint) && op->tried_count < KP_TRIED_MOST)
        memcpy(op->tried[op->tried_count++], op->fingerprint, sizeof op->fingerprint);
}

void kp_op_set_aside(kp_op *op) {
    if (op->state == KP_S_GATE || op->state == KP_S_ADMIT || op->state == KP_S_RECHECK)
        kp_do_say_cooling(op);
    note_tried(op);
    if (!op->error)
        return;
    if (kp_error_find(op->error)->cls == KP_CLASS_FUNDS && !op->out_of_funds) {
        op->out_of_funds = true;
        op->payer = op->member;
    }
    if (!op->first_error) {
        op->first_error = op->error;
        op->first_member = op->member;
        op->first_come_back_ms = op->come_back_ms;
        memcpy(op->first_mask, op->mask, sizeof op->mask);
        memcpy(op->first_fingerprint, op->fingerprint, sizeof op->fingerprint);
        copy_text(&op->first_source, kp_buf_text(&op->key_source));
        copy_text(&op->first_detail, kp_buf_text(&op->detail));
    }
    op->error = KP_OK;
    kp_buf_clear(&op->detail);
}

void kp_op_use_key(kp_op *op) {
    const kp_key *key = &op->ring->slots[op->member].key[op->value];
    if (key->cell) {
        kp_cell *cell = kp_cell_keep(key->cell);
        kp_cell_drop(op->cell);
        op->cell = cell;
        memcpy(op->mask, key->mask, sizeof op->mask);
        memcpy(op->fingerprint, key->fingerprint, sizeof op->fingerprint);
        copy_text(&op->key_source, key->source);
    }
    op->key_name = op->ring->members.list[op->member].name;
    op->code = KP_OK;
    op->tries = 0;
    op->refusals = 0;
    op->claimed = false;
    op->refused_with = 0;
    op->proven = false;
}

/* The error names the key that it is about, which is not the last one that was tried. */
void kp_do_say_first(kp_op *op) {
    memcpy(op->mask, op->first_mask, sizeof op->mask);
    memcpy(op->fingerprint, op->first_fingerprint, sizeof op->fingerprint);
    copy_text(&op->key_source, kp_buf_text(&op->first_source));
    op->key_name = op->ring->members.list[op->first_member].name;
    op->come_back_ms = op->first_come_back_ms;
    kp_op_fail(op, op->first_error, "%s", kp_buf_text(&op->first_detail));
}

/* A paid call that the service accepts puts the key in use that was to follow. */
static void promote(kp_op *op) {
    kp_key gone;
    uint64_t overlap = kp_config_number(op->client->config, KP_OPT_RING_OVERLAP, OVERLAP_MS);
    pthread_mutex_lock(&op->client->lock);
    bool is = kp_ring_promote(op->ring, op->member, op->fingerprint, op->mono_ms, overlap, &gone);
    if (is)
        op->value = KP_NOW;
    pthread_mutex_unlock(&op->client->lock);
    kp_key_free(&gone);
    if (is)
        kp_op_note_current(op);
}

/* The service accepts the key in use. What another one was refused for, it is in use from now on. */
void kp_op_note_good(kp_op *op) {
    pthread_mutex_lock(&op->client->lock);
    kp_key *key = kp_ring_find(op->ring, op->member, op->fingerprint);
    const kp_key *now = &op->ring->slots[op->member].key[KP_NOW];
    if (key)
        key->proven = true;
    bool follows = now->cell && kp_op_tried(op, now->fingerprint);
    pthread_mutex_unlock(&op->client->lock);
    if (follows || (op->kind == KP_REFRESH && !op->is_chore))
        promote(op);
}

void kp_do_accept(kp_op *op) {
    op->accepted = true;
    promote(op);
    op->when_ms = kp_op_in(op, op->first_poll_ms);
    if (op->read.has_task) {
        copy_text(&op->bare_id, kp_buf_text(&op->read.id));
        kp_op_name_task(op);
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

bool kp_is_after_task(const kp_op *op) {
    return op->after == KP_AFTER_TASK;
}

bool kp_is_after_accept(const kp_op *op) {
    return op->after == KP_AFTER_ACCEPT;
}

bool kp_is_banned(const kp_op *op) {
    return op->banned;
}

bool kp_is_cooling(const kp_op *op) {
    return op->cooling;
}

/* A list of wrong keys must not earn the address a ban. */
enum { REFUSED_MOST = 3 };

/* Only a key that the service refused, or an account without funds, is a reason for another key; an address is not. */
static bool another_may_help(const kp_op *op) {
    if (op->refused_keys >= REFUSED_MOST)
        return false;
    kp_class cls = kp_error_find(op->error)->cls, refused = kp_error_find(op->refused_with)->cls;
    if (op->state == KP_S_ADMIT || op->state == KP_S_GATE || op->state == KP_S_RECHECK)
        return op->cooling && refused != KP_CLASS_ADDRESS && kp_error_find(op->code)->cls != KP_CLASS_ADDRESS;
    return (cls == KP_CLASS_KEY || cls == KP_CLASS_FUNDS) && !kp_is_stopping(op);
}

bool kp_is_other_key(const kp_op *op) {
    return another_may_help(op) && kp_op_has_other(op, true);
}

bool kp_is_other_unread(const kp_op *op) {
    return another_may_help(op) && kp_op_has_other(op, false);
}

bool kp_is_unproven(const kp_op *op) {
    return op->unproven && !op->proven;
}
