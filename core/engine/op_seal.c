/* op_seal.c: gets the key that seals the audit record before the first paid call, and seals the lines. */
#include <string.h>

#include "base/text.h"
#include "engine/moves.h"
#include "engine/op.h"
#include "safe/arena.h"

static const char state_key[] = "state:audit.key";

static const kp_chain_key *key_of(const kp_op *op) {
    pthread_mutex_lock(&op->client->lock);
    const kp_chain_key *key = op->client->sealer.key;
    pthread_mutex_unlock(&op->client->lock);
    return key;
}

bool kp_is_seal_left(const kp_op *op) {
    return kp_op_records(op) && !key_of(op);
}

void kp_do_ask_seal(kp_op *op) {
    if (!op->room)
        op->room = kp_safe_alloc(KP_ROOM_SIZE);
    if (op->client->sealer.has_ref)
        kp_finder_start(&op->finder, &op->client->sealer.ref);
}

const char *kp_op_seal_place(const kp_op *op) {
    return op->client->sealer.has_ref ? kp_finder_read(&op->finder) : state_key;
}

/* The reason comes behind the name of the place. */
static kp_event refuse(kp_op *op, const char *place, const char *reason) {
    kp_op_fail(op, KP_E_RECORD, "the key that seals %s cannot be had: %s%s%s",
               kp_config_value(op->client->config, KP_OPT_AUDIT_FILE), place, reason[0] ? ": " : "", reason);
    return KP_EV_UNUSABLE;
}

static kp_event keep(kp_op *op, const char *place, const char *secret, size_t len) {
    if (len < KP_CHAIN_SECRET_LEAST)
        return refuse(op, place, "it has less than 16 characters; 'openssl rand -hex 32' makes a good one");
    pthread_mutex_lock(&op->client->lock);
    bool kept = kp_sealer_take(&op->client->sealer, secret, len);
    pthread_mutex_unlock(&op->client->lock);
    return kept ? KP_EV_FOUND : refuse(op, place, "memory is short");
}

static kp_event take_referenced(kp_op *op, int how, int why, size_t len) {
    kp_finder *finder = &op->finder;
    kp_finder_on_read(finder, how, why, op->room, len);
    const char *place = kp_buf_text(&finder->note);
    if (finder->state == KP_LOOKING)
        return kp_finder_read(finder) ? KP_EV_MORE : refuse(op, "memory is short", "");
    if (finder->state != KP_THERE)
        return refuse(op, place, "");
    if (finder->open && kp_config_flag(op->client->config, KP_OPT_STRICT))
        return refuse(op, place, "other users can read it");
    return keep(op, place, op->room + finder->key_at, finder->key_len);
}

static kp_event take_own(kp_op *op, int how, int why, size_t len) {
    static const char place[] = "audit.key in the state folder";
    const char *secret = op->room;
    if (how == KP_FOUND_OPEN && kp_config_flag(op->client->config, KP_OPT_STRICT))
        return refuse(op, place, "other users can read it");
    if (how != KP_FOUND && how != KP_FOUND_OPEN)
        return refuse(op, place,
                      why == KP_WHY_FORBIDDEN
                          ? "this user may not read or make it (see KEYPLATE_STATE_DIR and audit.key)"
                          : "it cannot be read or made (see KEYPLATE_STATE_DIR and audit.key)");
    kp_trim(&secret, &len);
    return keep(op, place, secret, len);
}

kp_event kp_op_take_seal(kp_op *op, int how, int why, size_t len) {
    if (!op->room)
        return refuse(op, "memory is short", "");
    if (len > KP_ROOM_SIZE) {
        len = 0;
        how = KP_UNFIT;
        why = KP_WHY_TOO_BIG;
    }
    kp_event event = op->client->sealer.has_ref ? take_referenced(op, how, why, len) : take_own(op, how, why, len);
    kp_wipe(op->room, len);
    return event;
}

void kp_do_end_seal(kp_op *op) {
    op->when_ms = op->mono_ms;
}

const char *kp_append_seal(kp_op *op, const char *last, size_t llen, size_t *len) {
    if (kp_op_step(op) != KP_APPEND)
        return NULL;
    kp_chain_end end = {0};
    bool first = true;
    const kp_chain_key *key = key_of(op);
    kp_buf_clear(&op->sealed);
    op->sealed_len = 0;
    if (!key)
        return NULL;
    kp_chain_find_end(key, last, last ? llen : 0, &end, &first);
    bool sealed = kp_chain_seal(key, kp_buf_text(&op->line), op->line.len, first, &end, &op->sealed);
    op->sealed_len = op->sealed.len;
    kp_buf_char(&op->sealed, '\0');
    kp_checkpoint_add(key, &end, &op->sealed);
    if (!sealed || op->sealed.failed) {
        op->sealed_len = 0;
        return NULL;
    }
    if (len)
        *len = op->sealed_len;
    return op->sealed.data;
}

const char *kp_append_checkpoint(const kp_op *op, size_t *len) {
    if (kp_op_step(op) != KP_APPEND || op->sealed_len == 0)
        return NULL;
    if (len)
        *len = op->sealed.len - op->sealed_len - 1;
    return op->sealed.data + op->sealed_len + 1;
}
