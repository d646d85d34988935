/* admit_sum.h: sums by key, such as money by day or tasks by the moment when they are given up: what budgets and slots
 * keep, as "KEY:SUM,KEY:SUM" with rising keys. */
#ifndef KP_POLICY_ADMIT_SUM_H
#define KP_POLICY_ADMIT_SUM_H

#include "policy/admit_map.h"

/* A sum never goes beyond what a double of another system still holds exactly. */
#define KP_SUM_MOST 9007199254740991LL

enum { KP_SUM_PARTS = 256 };

typedef struct kp_sum {
    struct {
        int64_t key, value;
    } part[KP_SUM_PARTS]; /* keys rise; no value is 0 */
    size_t count;
} kp_sum;

/* Reads the sums under kind and name: 1, also if there are none; failed: -1; damaged: -2. */
int kp_sum_read(kp_verb *, const char *kind, kp_arg name, kp_sum *);
/* Stores them until expires_ms; none: removes the name. 0, or -1 when it failed. */
int kp_sum_write(kp_verb *, const char *kind, kp_arg name, const kp_sum *, int64_t expires_ms);

int64_t kp_sum_total(const kp_sum *);
/* Adds value from 0 on at key. Is there no room for another key, then it goes to the next one. */
void kp_sum_add(kp_sum *, int64_t key, int64_t value);
/* Takes away at most value at key, if there is such a key. */
void kp_sum_take(kp_sum *, int64_t key, int64_t value);
/* Removes all with keys below. */
void kp_sum_drop_below(kp_sum *, int64_t key);
/* Moves all with keys above to the key itself: of a clock that was far ahead. Whether there were any: then that is to
   be stored in any case, or it would be so at each later moment too. */
bool kp_sum_pull_above(kp_sum *, int64_t above, int64_t key);

#endif
