/* admit_rate.c: reads, moves and stores the one time that a rate consists of. */
#include "policy/admit_rate.h"

static const char kind[] = "rate";
static const int64_t stored_most_us = INT64_MAX / 2; /* a period more is still no overflow */

const char *kp_rate_parse(kp_arg period, kp_arg burst, kp_rate *rate) {
    if (!kp_arg_number(period, 1, KP_SPAN_MOST_US, &rate->period_us))
        return "a period is no number of microseconds from 1 to 100 years";
    if (!kp_arg_number(burst, 1, KP_SPAN_MOST_US / rate->period_us, &rate->burst))
        return "a burst is below 1 or takes more than 100 years to refill";
    return NULL;
}

int kp_rate_read(kp_verb *v, kp_arg name, int64_t *time_us) {
    *time_us = 0;
    int there = kp_map_get(v, kp_map_name(v, kind, name));
    if (there < 0)
        return -1;
    return there == 0 || kp_arg_number(kp_arg_of(&v->value), 0, stored_most_us, time_us) ? 1 : -2;
}

static int64_t ceil_ms(int64_t us) {
    return us / 1000 + (us % 1000 > 0);
}

/* A time is kept until it passes: from then on it says no more than its absence. */
int kp_rate_write(kp_verb *v, kp_arg name, int64_t time_us) {
    kp_arg stored = kp_map_name(v, kind, name);
    if (time_us <= v->now_ms * 1000)
        return kp_map_drop(v, stored);
    kp_buf_clear(&v->value);
    kp_buf_i64(&v->value, time_us);
    return kp_map_put(v, stored, ceil_ms(time_us));
}

int64_t kp_rate_start(kp_rate rate, int64_t time_us, int64_t now_ms) {
    int64_t start = ceil_ms(time_us - (rate.burst - 1) * rate.period_us);
    return start > now_ms ? start : now_ms;
}

int64_t kp_rate_take(kp_rate rate, int64_t time_us, int64_t now_ms) {
    int64_t now_us = now_ms * 1000;
    return (time_us > now_us ? time_us : now_us) + rate.period_us;
}
