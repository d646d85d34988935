/* admit_budget.h: budgets: what was spent by day, or in the last 24 hours.
 *
 * A day begins at midnight of an offset from UTC. It never goes back: if the clock does, the sum of the later day goes
 * on, and it becomes 0 only when a later day begins. A clock that was more than a day ahead is no day to wait for: the
 * sum then counts for today.
 * 24 hours are counted by half hours: what was spent counts for 24 h to 24 h 30 min. */
#ifndef KP_POLICY_ADMIT_BUDGET_H
#define KP_POLICY_ADMIT_BUDGET_H

#include "policy/admit_sum.h"

typedef struct kp_budget {
    int64_t add, limit; /* micro-dollars, or calls */
    int64_t zone_s;     /* what the day's clock is ahead of UTC; of no meaning if rolling */
    bool rolling;       /* 24 hours */
} kp_budget;

/* Reads add, limit and "24h" or zone_s. NULL, or what is wrong. */
const char *kp_budget_parse(const kp_arg *args, kp_budget *);
/* What is stored of it, as it counts at this moment; the same results as kp_sum_read. */
int kp_budget_read(kp_verb *, kp_arg name, kp_budget, kp_sum *);
/* Whether there is room for what it adds. */
bool kp_budget_fits(kp_budget, const kp_sum *);
/* When there will be: the next day, or when enough is older than 24 hours; unix ms. What is more than the whole limit
   gets the moment when the most of it is free. */
int64_t kp_budget_retry(kp_budget, const kp_sum *, int64_t now_ms);
/* Adds; the key under which it is now. */
int64_t kp_budget_take(kp_budget, kp_sum *, int64_t now_ms);
/* Stores it. 0, or -1 when it failed. */
int kp_budget_write(kp_verb *, kp_arg name, const kp_sum *);
/* Takes back what was added under key, if that still counts. 0, or -1 when it failed. */
int kp_budget_give_back(kp_verb *, kp_arg name, int64_t key, int64_t add);

#endif
