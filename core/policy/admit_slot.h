/* admit_slot.h: slots: how many tasks are under way. A slot ends when it is given back, or with its time to live: that
 * of a process that was killed. */
#ifndef KP_POLICY_ADMIT_SLOT_H
#define KP_POLICY_ADMIT_SLOT_H

#include "policy/admit_sum.h"

typedef struct kp_slot {
    int64_t limit, ttl_ms;
} kp_slot;

/* Reads limit and ttl_ms. NULL, or what is wrong. */
const char *kp_slot_parse(const kp_arg *args, kp_slot *);
/* Those that are taken at this moment, by the second in which they end; the same results as kp_sum_read. */
int kp_slot_read(kp_verb *, kp_arg name, kp_sum *);
bool kp_slot_fits(kp_slot, const kp_sum *);
/* A second from now, or when the first one ends, if that is sooner: nobody knows when a task will be done. */
int64_t kp_slot_retry(const kp_sum *, int64_t now_ms);
/* Takes one; the key under which it is now. It ends up to an eighth of its time later than it has to. */
int64_t kp_slot_take(kp_slot, kp_sum *, int64_t now_ms);
/* Stores it. 0, or -1 when it failed. */
int kp_slot_write(kp_verb *, kp_arg name, const kp_sum *);
/* Gives one back. 0, or -1 when it failed. */
int kp_slot_give_back(kp_verb *, kp_arg name, int64_t key);

#endif
