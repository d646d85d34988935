/* tally.h: counts calls by method and code, refusals by limit, and how long calls took; a bounded number of each. */
#ifndef KP_POLICY_TALLY_H
#define KP_POLICY_TALLY_H

#include <stddef.h>
#include <stdint.h>

enum {
    KP_TALLY_CALLS = 256,  /* pairs of method and code; what comes after is counted under "other" */
    KP_TALLY_LIMITS = 64,  /* limits; the same */
    KP_TALLY_NAME = 48,    /* room for a name; a longer one is "other" too */
    KP_TALLY_BUCKETS = 12, /* of durations, and one for all that took longer */
};

typedef struct kp_tally_row {
    char method[KP_TALLY_NAME]; /* or the limit */
    char code[KP_TALLY_NAME];   /* "" of a limit */
    uint64_t count;
} kp_tally_row;

typedef struct kp_tally_list {
    kp_tally_row *rows; /* in the order of their first call */
    size_t count, room;
    uint64_t other;
} kp_tally_list;

/* All zero: nothing was counted. */
typedef struct kp_tally {
    kp_tally_list calls, refused;
    uint64_t took[KP_TALLY_BUCKETS + 1]; /* each for itself */
    uint64_t took_count, took_ms;
} kp_tally;

/* The upper bound of a bucket in ms, INT64_MAX of the last. */
int64_t kp_tally_bound(size_t bucket);
/* A call that ended. What memory is short for is counted under "other". */
void kp_tally_call(kp_tally *, const char *method, const char *code, uint64_t took_ms);
/* One that a limit refused. */
void kp_tally_refused(kp_tally *, const char *limit);
/* Begins at nothing again with the memory that it has: neither takes nor gives any. */
void kp_tally_restart(kp_tally *);
/* Forgets all; it can be used again. */
void kp_tally_clear(kp_tally *);

#endif
