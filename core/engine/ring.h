/* ring.h: the members of a key ring and the values that their keys have had: one in use, one that was found and is to
 * follow it, one that went before. */
#ifndef KP_ENGINE_RING_H
#define KP_ENGINE_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "policy/members.h"
#include "safe/cell.h"
#include "safe/crypto.h"
#include "safe/known.h"
#include "wire/provider.h"

/* One value of a key. */
typedef struct kp_key {
    kp_cell *cell; /* NULL: there is none */
    kp_known *known;
    char fingerprint[KP_FINGERPRINT_SIZE];
    char mask[KP_MASK_SIZE];
    char *source;           /* the place where it was found */
    char *version;          /* that the store gives it; NULL: none */
    bool open;              /* that place is readable by other users */
    bool proven;            /* the service accepted it, as far as this client knows */
    bool revoked;           /* somebody revoked it */
    uint64_t cooling_until; /* monotonic; kept here too, for when the store is away */
    uint64_t mark_ms;       /* monotonic: when its use is told to the store again */
    int64_t first_seen_ms;  /* unix, by the store's clock; 0: not known */
    int64_t warned_ms;      /* unix: when its age or its end was last told */
} kp_key;

/* NOW is in use. NEXT was found in its place later; a paid call tries it once it is proven, and puts it in use when the
   service accepts that call. BEFORE was in use until then, and serves on for the overlap. */
typedef enum kp_when_used { KP_NOW, KP_NEXT, KP_BEFORE, KP_VALUES } kp_when_used;

/* What the last look at a slow place failed with. */
typedef struct kp_trouble {
    int code;          /* 0: it did not fail */
    char *note;        /* the place and why */
    size_t place;      /* in the member's list */
    unsigned count;    /* refusals in a row */
    uint64_t at_ms;    /* monotonic: when */
    uint64_t until_ms; /* monotonic: until then no call asks again */
} kp_trouble;

typedef struct kp_slot {
    kp_key key[KP_VALUES];
    kp_trouble trouble;
    uint64_t looked_ms;     /* monotonic: when its places were last read */
    uint64_t due_ms;        /* monotonic: when they are to be read again */
    bool refused;           /* the last look was refused: then no value serves on */
    uint64_t overlap_until; /* monotonic: of BEFORE */
    uint64_t prove_ms;      /* monotonic: NEXT is not proven in the background before that */
    uint64_t stale_ms;      /* monotonic: since when looks have found nothing usable; 0: the last one did */
} kp_slot;

/* Members and their keys: the client's, or the one of an operation that was given a reference. */
typedef struct kp_ring {
    kp_members members;
    kp_slot *slots; /* as many as members.count */
} kp_ring;

/* host: the option; whoever wrote a key where a reference belongs is told how that program hands one in. */
int kp_ring_make(kp_ring *, const kp_provider *, const char *keys_json, const char *host, kp_buf *problem);
void kp_ring_free(kp_ring *);
/* Whether a member has this name. */
bool kp_ring_has(const kp_ring *, const char *name);

/* Gives back what a value holds. Not under the client's lock. */
void kp_key_free(kp_key *);
void kp_trouble_clear(kp_trouble *);

/* All below under the client's lock. What they put out of its place is moved to *out, which the caller frees outside of
   it. */

/* Takes a value in that was found for a member: which of its values it is now. It stays what it is if it is one
   already; the first one is NOW, any other NEXT. *fresh is the caller's still, to free: taken, or empty. */
kp_when_used kp_ring_take(kp_ring *, size_t member, kp_key *fresh, kp_key *out);
/* The same for a value that was there before. */
kp_when_used kp_ring_take_past(kp_ring *, size_t member, kp_key *fresh, uint64_t overlap_until, kp_key *out);
/* The value with this fingerprint is in use from now on, and the one before it for overlap_ms more. false if it is in
   use already, or is no value of this member. */
bool kp_ring_promote(kp_ring *, size_t member, const char *fingerprint, uint64_t now_ms, uint64_t overlap_ms,
                     kp_key *out);
/* BEFORE goes when its overlap is over. */
void kp_ring_expire(kp_ring *, size_t member, uint64_t now_ms, kp_key *out);
/* The value with this fingerprint, NULL if the member has none. */
kp_key *kp_ring_find(kp_ring *, size_t member, const char *fingerprint);

#endif
