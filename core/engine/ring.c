/* ring.c: makes a key ring, and moves the values of its keys from found to in use to past. */
#include "engine/ring.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"

/* The function by which a language hands in a key by value; NULL: none that its users see. */
static const char *by_value(const char *host) {
    static const char *const functions[][2] = {{"lua", "keyplate.key_from_value"},
                                               {"nginx", "keyplate.key_from_value"},
                                               {"python", "keyplate.Key.from_value"},
                                               {"php-fpm", "Keyplate\\Key::fromValue"},
                                               {"php-cli", "Keyplate\\Key::fromValue"}};
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (kp_same(functions[i][0], host))
            return functions[i][1];
    return NULL;
}

int kp_ring_make(kp_ring *ring, const kp_provider *provider, const char *keys_json, const char *host, kp_buf *problem) {
    int code = kp_members_make(provider, keys_json, &ring->members, problem);
    const char *function = code == KP_E_REFERENCE ? by_value(host) : NULL;
    if (function)
        kp_buf_fmt(problem, "; a key that the program already holds is handed in on purpose, with %s", function);
    if (code)
        return code;
    ring->slots = kp_zalloc(ring->members.count, sizeof *ring->slots);
    if (ring->slots)
        return KP_OK;
    kp_members_free(&ring->members);
    return KP_E_MEMORY;
}

bool kp_ring_has(const kp_ring *ring, const char *name) {
    for (size_t i = 0; i < ring->members.count; i++)
        if (kp_same(ring->members.list[i].name, name))
            return true;
    return false;
}

void kp_key_free(kp_key *key) {
    if (!key)
        return;
    kp_cell_drop(key->cell);
    kp_known_release(key->known);
    kp_free(key->source);
    kp_free(key->version);
    *key = (kp_key){0};
}

void kp_trouble_clear(kp_trouble *trouble) {
    if (!trouble)
        return;
    kp_free(trouble->note);
    *trouble = (kp_trouble){0};
}

void kp_ring_free(kp_ring *ring) {
    if (!ring)
        return;
    for (size_t i = 0; ring->slots && i < ring->members.count; i++) {
        for (size_t value = 0; value < KP_VALUES; value++)
            kp_key_free(&ring->slots[i].key[value]);
        kp_trouble_clear(&ring->slots[i].trouble);
    }
    kp_free(ring->slots);
    kp_members_free(&ring->members);
    *ring = (kp_ring){0};
}

static kp_key *find(kp_slot *slot, const char *fingerprint) {
    for (size_t value = 0; value < KP_VALUES; value++)
        if (slot->key[value].cell && kp_same(slot->key[value].fingerprint, fingerprint))
            return &slot->key[value];
    return NULL;
}

kp_key *kp_ring_find(kp_ring *ring, size_t member, const char *fingerprint) {
    return ring && member < ring->members.count ? find(&ring->slots[member], fingerprint) : NULL;
}

/* What is known of a value outlives its being found again. */
static void inherit(kp_key *fresh, const kp_key *old) {
    fresh->proven = old->proven;
    fresh->cooling_until = old->cooling_until;
    fresh->revoked = old->revoked;
    fresh->mark_ms = old->mark_ms;
    fresh->first_seen_ms = old->first_seen_ms;
    fresh->warned_ms = old->warned_ms;
}

kp_when_used kp_ring_take(kp_ring *ring, size_t member, kp_key *fresh, kp_key *out) {
    kp_slot *slot = &ring->slots[member];
    kp_key *same = find(slot, fresh->fingerprint);
    kp_when_used value = !slot->key[KP_NOW].cell ? KP_NOW : KP_NEXT;
    if (same && same != &slot->key[KP_BEFORE])
        value = (kp_when_used)(same - slot->key);
    if (same)
        inherit(fresh, same);
    /* The place has gone back to the value in use: what was to follow it is not wanted any more. */
    if (value == KP_NOW && slot->key[KP_NEXT].cell && same) {
        *out = slot->key[KP_NEXT];
        slot->key[KP_NEXT] = (kp_key){0};
        return value;
    }
    *out = slot->key[value];
    slot->key[value] = *fresh;
    *fresh = (kp_key){0};
    if (value == KP_NEXT && !same)
        slot->prove_ms = 0; /* the minute is that of each value, not of its place */
    return value;
}

kp_when_used kp_ring_take_past(kp_ring *ring, size_t member, kp_key *fresh, uint64_t overlap_until, kp_key *out) {
    kp_slot *slot = &ring->slots[member];
    const kp_key *same = find(slot, fresh->fingerprint);
    *out = (kp_key){0};
    if (same)
        return (kp_when_used)(same - slot->key);
    *out = slot->key[KP_BEFORE];
    slot->key[KP_BEFORE] = *fresh;
    slot->overlap_until = overlap_until;
    *fresh = (kp_key){0};
    return KP_BEFORE;
}

bool kp_ring_promote(kp_ring *ring, size_t member, const char *fingerprint, uint64_t now_ms, uint64_t overlap_ms,
                     kp_key *out) {
    kp_slot *slot = &ring->slots[member];
    kp_key *key = find(slot, fingerprint);
    *out = (kp_key){0};
    if (!key || key != &slot->key[KP_NEXT])
        return false;
    *out = slot->key[KP_BEFORE];
    slot->key[KP_BEFORE] = slot->key[KP_NOW];
    slot->key[KP_NOW] = *key;
    *key = (kp_key){0};
    slot->overlap_until = now_ms + overlap_ms;
    return true;
}

void kp_ring_expire(kp_ring *ring, size_t member, uint64_t now_ms, kp_key *out) {
    kp_slot *slot = &ring->slots[member];
    *out = (kp_key){0};
    if (!slot->key[KP_BEFORE].cell || slot->overlap_until > now_ms)
        return;
    *out = slot->key[KP_BEFORE];
    slot->key[KP_BEFORE] = (kp_key){0};
}
