/* store_redis_away.h: the memory of a server that could not be reached: for a short time nobody asks it again. */
#ifndef KP_NET_STORE_REDIS_AWAY_H
#define KP_NET_STORE_REDIS_AWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum {
    KP_AWAY_FIRST_MS = 100, /* doubled with each failure in a row, and never shorter than the failure itself took */
    KP_AWAY_MOST_MS = 5000,
    KP_AWAY_LATE_MS = 1000, /* who gave up earlier than this learned nothing of the server */
    KP_AWAY_TRY_MS = 6000   /* one who tries and is not heard of again, as after a fork, keeps the others off so long */
};

/* Zeroed at its start; under its owner's lock. */
typedef struct kp_away {
    unsigned failures; /* in a row; 0: nothing is known against it */
    uint64_t until_ms; /* kp_local_mono_ms: until then nobody asks */
    uint64_t tried_ms; /* until then one tries for all; 0: nobody does */
    char why[256];     /* ended by a NUL */
} kp_away;

/* Whether to ask it now; if it was away, one at a time may. Else adds why not. */
bool kp_away_may_ask(kp_away *, uint64_t now_ms, kp_buf *problem);
/* How it went: it was reached; it was not, after took_ms; nothing was learned. */
void kp_away_reached(kp_away *);
void kp_away_failed(kp_away *, uint64_t now_ms, uint64_t took_ms, const char *why);
void kp_away_unknown(kp_away *);

#endif
