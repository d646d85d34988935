/* chore.c: hands out what is to be done in the background: the proof of a new value of a key, a look
 * at a store over HTTP. */
#include "engine/op.h"

/* One at a time; one that nobody drives, or that failed, is handed out again after this. */
enum { AGAIN_MS = 60000 };

static uint64_t later(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* When something is due for a member: the proof of a new value, or a look at its store. UINT64_MAX: nothing. */
static uint64_t due_ms(const kp_client *client, size_t member, bool *looks) {
    const kp_slot *slot = &client->ring.slots[member];
    const kp_key *next = &slot->key[KP_NEXT];
    *looks = !next->cell || next->proven;
    if (!*looks)
        return later(later(next->cooling_until, client->banned_until), slot->prove_ms);
    bool remote = slot->key[KP_NOW].cell && kp_has_slow(&client->ring.members.list[member]);
    return remote ? later(slot->due_ms, slot->prove_ms) : UINT64_MAX;
}

/* The first member with something that is due now, or members.count and when there may be. Under the client's lock. */
static size_t due_member(const kp_client *client, uint64_t mono_ms, uint64_t *next_ms, bool *looks) {
    for (size_t i = 0; i < client->ring.members.count; i++) {
        uint64_t when = due_ms(client, i, looks);
        if (when <= mono_ms)
            return i;
        if (when < *next_ms)
            *next_ms = when;
    }
    return client->ring.members.count;
}

bool kp_client_is_chore_due(kp_client *client, uint64_t mono_ms) {
    uint64_t unused = UINT64_MAX;
    bool looks;
    if (!client || client->error)
        return false;
    pthread_mutex_lock(&client->lock);
    bool due = due_member(client, mono_ms, &unused, &looks) < client->ring.members.count;
    pthread_mutex_unlock(&client->lock);
    return due;
}

kp_op *kp_client_chore(kp_client *client, uint64_t mono_ms, uint64_t *next_ms) {
    uint64_t unused;
    if (!next_ms)
        next_ms = &unused;
    *next_ms = UINT64_MAX;
    if (!client || client->error)
        return NULL;
    pthread_mutex_lock(&client->lock);
    bool looks = false;
    size_t member = due_member(client, mono_ms, next_ms, &looks);
    bool due = member < client->ring.members.count;
    if (due)
        client->ring.slots[member].prove_ms = mono_ms + AGAIN_MS;
    pthread_mutex_unlock(&client->lock);
    if (!due)
        return NULL;
    *next_ms = mono_ms + AGAIN_MS;
    kp_op *op = kp_op_new(client, KP_REFRESH);
    if (op) {
        op->refresh_member = member;
        op->is_chore = true;
        op->chore_looks = looks;
    }
    return op;
}
