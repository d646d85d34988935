/* store_clock.h: the clock of a store: unix ms that wall clock jumps neither stretch nor cut short. */
#ifndef KP_LOCAL_STORE_CLOCK_H
#define KP_LOCAL_STORE_CLOCK_H

#include <stdbool.h>

#include "policy/admit.h"

#define KP_BOOT_ID_SIZE 64

/* Where times come from; tests put their own in its place. */
typedef struct kp_clock_source {
    int64_t (*wall_ms)(void);
    int64_t (*boot_ms)(void); /* since the machine started, sleep included */
    /* Names the boot that boot_ms counts from, a word; false if it is not known. */
    bool (*boot_id)(char id[KP_BOOT_ID_SIZE]);
} kp_clock_source;
extern const kp_clock_source *kp_clock_source_used;

/* What one handle of a store knows of the clock; zeroed at its start. */
typedef struct kp_store_clock {
    bool known;
    int64_t offset; /* store's time = boot_ms + offset */
    int64_t saved;  /* the latest time that is known to stand in the store */
} kp_store_clock;

/* The store's time, inside its transaction. The first one after a boot fixes offset = wall - boot for all, but never so
   that time goes back behind what was stored; the latest time is stored about once a minute. 0, or -1 when the map
   failed: then, and when the transaction is rolled back, the caller puts *clock back to what it was before. */
int kp_store_time(kp_store_clock *clock, const kp_kv *, int64_t *now_ms);

#endif
