/* admit.h: what the store verbs mean. One pure function over a map of names to texts, called by every store inside its
 * transaction, so that all stores grant the same.
 *
 *   GET name...                              -> ok NOW VALUE...        a value that is absent is "-"
 *   PUT {name value ttl_ms}...               -> ok NOW                 ttl 0 removes the name; the last one wins
 *   MARK {name field value ttl_ms}...        -> ok NOW                 ttl from 1
 *   ADMIT id wait_ms ITEM...                 -> ok NOW START COUNT... | no NOW KIND INDEX LEFT RETRY
 *   LOOK ITEM...                             -> ok NOW {USED:RETRY}...
 *   SETTLE id 0|-                            -> ok NOW
 *   anything else, wrong numbers             -> bad REASON
 *
 * ITEM is one of
 *
 *   gate name
 *   rate name period_us burst soft
 *   budget name add limit zone_s|24h soft
 *   slot name limit ttl_ms soft
 *
 * Replies are words with one blank between. NOW is the store's clock in unix ms, START when to begin (0: now), KIND the
 * refusing item's kind, INDEX its place among the items (0 first), LEFT what is left (gates and rates: 0), COUNT for
 * each budget, and for each soft rate or slot, in their order: what is spent, booked or taken now, of a soft rate that
 * has no room "full", RETRY the unix ms of the store's clock when to come back; of several that
 * refuse, the one that comes last is told. Values are words without blanks. A PUT value "+N" is stored as the store's
 * now + N, so that gates do not depend on the caller's clock.
 *
 * MARK keeps value under field of name: GET name then gives the marks as one word, "field=value,field=value", the one
 * marked last at the end. Marking a field again replaces its value. Of more than 32 fields those marked longest ago go.
 * All marks of a name expire together, ttl_ms after its last MARK, whatever the ones before said. field and value are 1
 * to 64 letters, digits and . _ - : / ~ each; a value "+N" is kept as the store's now + N. What a name holds counts as
 * marks if the whole of it has that form, whoever put it there; anything else is replaced.
 *
 * ADMIT is all or nothing. It refuses if a gate's value (unix ms) is ahead of now, a rate (GCRA: one stored time) has
 * no room before now + wait_ms, a budget (micro-dollars or calls) has spent more than limit - add, or as many slots as
 * limit are taken. What is soft never refuses: a soft rate without room takes nothing, soft budgets and slots count on.
 * Else it takes all of them and keeps id for 48 h, an id that took nothing (gates only) for 1 h: the same id again gets
 * the same START, without counts, and takes nothing.
 *
 * A budget counts a day that begins at midnight zone_s seconds ahead of UTC, or the last 24 h. Its day never goes back,
 * and its sum becomes 0 only when a later day begins (admit_budget.h). A slot ends ttl_ms after it was taken, if nobody
 * settles its id before (admit_slot.h).
 *
 * LOOK takes nothing: of each item what is booked, spent or taken (a gate: 1 if it is shut), and RETRY: when a gate
 * opens, when a rate has room, when a budget has room for what it adds (of a day: when the day ends), when to ask again
 * for a slot.
 *
 * SETTLE id 0 gives back what id took; "-" keeps it, but for its slots; once, the first wins; an unknown id has no
 * effect.
 */
#ifndef KP_POLICY_ADMIT_H
#define KP_POLICY_ADMIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

typedef struct kp_arg {
    const char *text; /* ended by a NUL */
    size_t len;
} kp_arg;

/* The map of one store, inside its transaction. */
typedef struct kp_kv {
    void *self;
    /* Adds the value of name to *value: 1; absent or expired: 0; failed: -1. */
    int (*get)(void *self, kp_arg name, int64_t now_ms, kp_buf *value);
    /* Sets name until expires_ms; value.text NULL removes it. 0, or -1 when it failed. */
    int (*put)(void *self, kp_arg name, kp_arg value, int64_t expires_ms);
} kp_kv;

/* Does the verb: 0 and the reply in *reply, or -1 when the map failed or memory is short: the store must then roll
   back. A "bad" reply is a 0. now_ms is the store's own clock. */
int kp_admit(const kp_kv *, int64_t now_ms, const kp_arg *args, size_t count, kp_buf *reply);

#endif
