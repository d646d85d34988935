/* patience.h: how long a step may wait for others: until its time is over or its operation is cancelled. */
#ifndef KP_LOCAL_PATIENCE_H
#define KP_LOCAL_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "keyplate.h"

/* Where nothing wakes a wait, it looks up at least this often. */
enum { KP_SLICE_MS = 50 };

/* A pointer to one that is NULL stands for no limit but those of the called function. */
typedef struct kp_patience {
    const kp_op *op;    /* NULL: cannot be cancelled */
    uint64_t until_ms;  /* kp_local_mono_ms */
    uint64_t cancel_ms; /* a cancel has no effect before: what settles a cancelled operation also needs its time */
} kp_patience;

/* That of the step which the operation wants now; settle_ms: what it may take though the operation was cancelled. */
kp_patience kp_patience_of(const kp_op *, uint64_t settle_ms);
bool kp_patience_over(const kp_patience *);
/* Sleeps ms, at most KP_SLICE_MS, but not past the end of the patience. */
void kp_patience_nap(const kp_patience *, uint64_t ms);

#endif
