/* events.h: the queue of a client for what happened, until the host takes it into its own log. */
#ifndef KP_ENGINE_EVENTS_H
#define KP_ENGINE_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/happening.h"

typedef struct kp_queued kp_queued;

/* Guarded by the client's lock, but for what was taken out. */
typedef struct kp_event_queue {
    kp_queued *first, *last; /* the oldest comes first */
    size_t count, most;
    uint64_t lost;   /* that came since events were told, and are gone: too many, or memory was short */
    int64_t lost_ms; /* when the first of them happened */
    bool inherited;  /* by a child from its parent, who tells these events itself */
} kp_event_queue;

/* most: how many are kept; 0: none, and none is counted as lost. */
void kp_event_queue_init(kp_event_queue *, size_t most);
void kp_event_queue_free(kp_event_queue *);
/* Adds one event, a JSON object, that happened then; NULL: one that could not be made. The oldest goes if there are too
   many. */
void kp_event_queue_add(kp_event_queue *, const char *json, size_t len, int64_t unix_ms);
/* The same for an event that becomes JSON only when it is told: mostly nobody asks. No key may be in its texts. */
void kp_event_queue_keep(kp_event_queue *, const kp_happening *);
/* How many wait, at most as many as are kept; 1 if there is only to tell that some were lost. */
size_t kp_event_queue_count(kp_event_queue *);
/* Adds all of them as a JSON array, keyplate.events_lost in front if there is reason to, and empties the queue. false
   when memory is short: nothing was taken. */
bool kp_event_queue_tell(kp_event_queue *, kp_buf *out);
/* Takes all out, so that they can be told without the lock; and puts back, in front, what could not be told. */
kp_event_queue kp_event_queue_take(kp_event_queue *);
void kp_event_queue_put_back(kp_event_queue *, kp_event_queue *taken);

#endif
