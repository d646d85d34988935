/* admit_slot.c: counts the tasks that are under way. */
#include "policy/admit_slot.h"

enum { LIMIT_MOST = 1000000, DAY_S = 86400, STEPS = 16 };

static const char kind[] = "slot";

const char *kp_slot_parse(const kp_arg *args, kp_slot *slot) {
    if (!kp_arg_number(args[0], 0, LIMIT_MOST, &slot->limit))
        return "the limit of a slot is no number from 0 to 10^6";
    if (!kp_arg_number(args[1], 1, DAY_S * 1000LL, &slot->ttl_ms))
        return "the ttl of a slot is no number of ms from 1 to a day";
    return NULL;
}

int kp_slot_write(kp_verb *v, kp_arg name, const kp_sum *sum) {
    return kp_sum_write(v, kind, name, sum, sum->count ? sum->part[sum->count - 1].key * 1000 : 0);
}

/* None ends later than two days from now, unless the clock was ahead when it was taken. */
int kp_slot_read(kp_verb *v, kp_arg name, kp_sum *sum) {
    int there = kp_sum_read(v, kind, name, sum);
    int64_t now_s = v->now_ms / 1000;
    if (there != 1)
        return there;
    kp_sum_drop_below(sum, now_s + 1);
    return kp_sum_pull_above(sum, now_s + 2LL * DAY_S, now_s + DAY_S) && kp_slot_write(v, name, sum) ? -1 : 1;
}

bool kp_slot_fits(kp_slot slot, const kp_sum *sum) {
    return kp_sum_total(sum) < slot.limit;
}

int64_t kp_slot_retry(const kp_sum *sum, int64_t now_ms) {
    int64_t soon = now_ms + 1000, first = sum->count ? sum->part[0].key * 1000 : soon;
    return first < soon ? first : soon;
}

int64_t kp_slot_take(kp_slot slot, kp_sum *sum, int64_t now_ms) {
    int64_t step = 1, ends = (now_ms + slot.ttl_ms) / 1000 + 1;
    while (step * STEPS * 1000 < slot.ttl_ms)
        step *= 2;
    int64_t key = (ends + step - 1) / step * step;
    kp_sum_add(sum, key, 1);
    return key;
}

int kp_slot_give_back(kp_verb *v, kp_arg name, int64_t key) {
    kp_sum sum;
    int there = kp_slot_read(v, name, &sum);
    if (there < 0)
        return there == -1 ? -1 : 0;
    kp_sum_take(&sum, key, 1);
    return kp_slot_write(v, name, &sum);
}
