/* admit_rate.h: rates by GCRA (generic cell rate algorithm): one stored time a rate, in microseconds, as text. */
#ifndef KP_POLICY_ADMIT_RATE_H
#define KP_POLICY_ADMIT_RATE_H

#include "policy/admit_map.h"

typedef struct kp_rate {
    int64_t period_us; /* one grant a period */
    int64_t burst;     /* grants at once after a rest */
} kp_rate;

/* Reads period and burst, burst * period at most 100 years. NULL, or what is wrong. */
const char *kp_rate_parse(kp_arg period, kp_arg burst, kp_rate *);
/* The stored time of a rate, 0 if it rests: 1; failed: -1; a value that is no time: -2. */
int kp_rate_read(kp_verb *, kp_arg name, int64_t *time_us);
/* Stores it. 0, or -1 when it failed. */
int kp_rate_write(kp_verb *, kp_arg name, int64_t time_us);
/* When the next grant has room, in unix ms, never before now. */
int64_t kp_rate_start(kp_rate, int64_t time_us, int64_t now_ms);
/* The time after one more grant. */
int64_t kp_rate_take(kp_rate, int64_t time_us, int64_t now_ms);

#endif
