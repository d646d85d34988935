/* chore.c: hands out what is to be done in the background: the proof of a new value of a key. */
#include "engine/op.h"

/* One at a time; one that nobody drives, or that failed, is handed out again after this. */
enum { AGAIN_MS = 60000 };

static uint64_t later(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* The first member with a value to be proven now, or members.count and when there may be one. Under the client's lock.
 */
static size_t due_member(const kp_client *client, uint64_t mono_ms, uint64_t *next_ms) {
    for (size_t i = 0; i < client->ring.members.count; i++) {
        const kp_slot *slot = &client->ring.slots[i];
        const kp_key *next = &slot->key[KP_NEXT];
        if (!next->cell || next->proven)
            continue;
        uint64_t when = later(later(next->cooling_until, client->banned_until), slot->prove_ms);
        if (when <= mono_ms)
            return i;
        if (when < *next_ms)
            *next_ms = when;
    }
    return client->ring.members.count;
}

bool kp_client_is_chore_due(kp_client *client, uint64_t mono_ms) {
    uint64_t unused = UINT64_MAX;
    if (!client || client->error)
        return false;
    pthread_mutex_lock(&client->lock);
    bool due = due_member(client, mono_ms, &unused) < client->ring.members.count;
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
    size_t member = due_member(client, mono_ms, next_ms);
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
    }
    return op;
}
