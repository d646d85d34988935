/* op_refresh.c: KP_REFRESH: reads the places of one member again, and proves what is new there. */
#include <string.h>

#include "base/text.h"
#include "engine/moves.h"
#include "engine/turn.h"

bool kp_is_refreshing(const kp_op *op) {
    return op->kind == KP_REFRESH;
}

/* Whether the value that is to follow waits for its proof; of one that somebody asked for, whatever is known of it. */
static bool to_be_proven(const kp_op *op) {
    size_t member = op->is_chore ? op->refresh_member : op->member;
    pthread_mutex_lock(&op->client->lock);
    const kp_key *next = &op->ring->slots[member].key[KP_NEXT];
    bool is = next->cell && !(op->is_chore && next->proven);
    pthread_mutex_unlock(&op->client->lock);
    return is;
}

bool kp_is_chore_over(const kp_op *op) {
    return op->is_chore && !op->chore_looks && !to_be_proven(op);
}

bool kp_is_chore(const kp_op *op) {
    return op->is_chore && !op->chore_looks;
}

/* Whoever asks for it wants to know that the key is good: one that was never proven is. */
static bool is_to_be_seen(const kp_op *op) {
    pthread_mutex_lock(&op->client->lock);
    bool proven = op->ring->slots[op->member].key[KP_NOW].proven;
    pthread_mutex_unlock(&op->client->lock);
    return !op->is_chore && !proven;
}

bool kp_is_nothing_new(const kp_op *op) {
    return op->kind == KP_REFRESH && kp_is_refreshed(op) &&
           (op->finder.state != KP_THERE || (!to_be_proven(op) && !is_to_be_seen(op)));
}

/* Whoever asked for it is told what its places had. */
void kp_do_say_look(kp_op *op) {
    op->has_answer = true;
    if (op->finder.state == KP_NOT_USABLE)
        kp_do_say_unusable(op);
    else if (op->finder.state == KP_NOT_THERE)
        kp_op_fail(op, KP_E_NO_KEY, "the one in use serves on. Looked at: %s", kp_buf_text(&op->looked_at));
}

static void add_member(kp_buf *out, const char *name, const char *text) {
    kp_buf_fmt(out, "%s\"%s\":", out->len > 1 ? "," : "", name);
    kp_add_json(out, text, strlen(text));
}

/* Which key is in use now, as JSON. */
void kp_op_tell_refreshed(kp_op *op) {
    kp_buf *out = &op->answer;
    op->has_answer = true;
    kp_buf_clear(out);
    kp_buf_char(out, '{');
    pthread_mutex_lock(&op->client->lock);
    const kp_key *used = kp_ring_find(op->ring, op->member, op->fingerprint);
    const kp_key *key = used ? used : &op->ring->slots[op->member].key[KP_NOW];
    if (key->cell) {
        add_member(out, "name", op->ring->members.list[op->member].name);
        add_member(out, "masked", key->mask);
        add_member(out, "fingerprint", key->fingerprint);
        add_member(out, "source", key->source);
    }
    pthread_mutex_unlock(&op->client->lock);
    kp_buf_char(out, '}');
    kp_op_mask_answer(op);
    if (out->failed)
        kp_op_fail(op, KP_E_MEMORY, "%s", "");
}
