/* admit_budget.c: counts what was spent by day or in the last 24 hours. */
#include "policy/admit_budget.h"

#include "base/decimal.h"

enum { DAY_S = 86400, HALF_HOURS = 48, DAYS_AHEAD = 1 };

static const char kind[] = "budget";
static const int64_t half_hour_ms = 1800000, day_ms = 86400000;
/* Longer than a day that the clock was ahead, so that its sum is there when the clock is right again. */
static const int64_t keep_ms = 3 * 86400000LL;

const char *kp_budget_parse(const kp_arg *args, kp_budget *budget) {
    if (!kp_arg_number(args[0], 0, KP_MICRO_MAX, &budget->add))
        return "what a budget adds is no number from 0 to 10^15";
    if (!kp_arg_number(args[1], 0, KP_MICRO_MAX, &budget->limit))
        return "the limit of a budget is no number from 0 to 10^15";
    budget->rolling = kp_arg_is(args[2], "24h");
    if (!budget->rolling && !kp_arg_number(args[2], -DAY_S, DAY_S, &budget->zone_s))
        return "a budget is neither of 24h nor of a day with an offset of at most a day";
    return NULL;
}

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static int64_t today(kp_budget budget, int64_t now_ms) {
    return floor_div(floor_div(now_ms, 1000) + budget.zone_s, DAY_S);
}

/* Whether it is to be stored now. */
static bool tidy(kp_budget budget, kp_sum *sum, int64_t now_ms) {
    if (budget.rolling) {
        int64_t now = now_ms / half_hour_ms;
        kp_sum_drop_below(sum, (now_ms - day_ms) / half_hour_ms);
        return kp_sum_pull_above(sum, now + HALF_HOURS, now);
    }
    int64_t day = today(budget, now_ms);
    kp_sum_drop_below(sum, day);
    bool pulled = kp_sum_pull_above(sum, day + DAYS_AHEAD, day);
    if (sum->count > 1) /* a day that is over and one ahead of the clock cannot both count */
        kp_sum_drop_below(sum, sum->part[sum->count - 1].key);
    return pulled;
}

int kp_budget_write(kp_verb *v, kp_arg name, const kp_sum *sum) {
    return kp_sum_write(v, kind, name, sum, v->now_ms + keep_ms);
}

int kp_budget_read(kp_verb *v, kp_arg name, kp_budget budget, kp_sum *sum) {
    int there = kp_sum_read(v, kind, name, sum);
    return there == 1 && tidy(budget, sum, v->now_ms) && kp_budget_write(v, name, sum) ? -1 : there;
}

bool kp_budget_fits(kp_budget budget, const kp_sum *sum) {
    int64_t spent = kp_sum_total(sum);
    return spent <= budget.limit && budget.add <= budget.limit - spent;
}

/* The end of a half hour, a day later. */
static int64_t forgotten_ms(int64_t key) {
    return (key + 1) * half_hour_ms + day_ms;
}

int64_t kp_budget_retry(kp_budget budget, const kp_sum *sum, int64_t now_ms) {
    if (!budget.rolling) {
        int64_t day = sum->count ? sum->part[sum->count - 1].key : today(budget, now_ms);
        return ((day + 1) * DAY_S - budget.zone_s) * 1000;
    }
    int64_t left = kp_sum_total(sum), retry = now_ms;
    for (size_t i = 0; i < sum->count && (left > budget.limit || budget.add > budget.limit - left); i++) {
        left -= sum->part[i].value;
        retry = forgotten_ms(sum->part[i].key);
    }
    return retry;
}

int64_t kp_budget_take(kp_budget budget, kp_sum *sum, int64_t now_ms) {
    int64_t key = budget.rolling ? now_ms / half_hour_ms : today(budget, now_ms);
    if (!budget.rolling && sum->count)
        key = sum->part[sum->count - 1].key;
    kp_sum_add(sum, key, budget.add);
    return key;
}

int kp_budget_give_back(kp_verb *v, kp_arg name, int64_t key, int64_t add) {
    kp_sum sum;
    int there = kp_sum_read(v, kind, name, &sum);
    if (there < 0)
        return there == -1 ? -1 : 0;
    kp_sum_take(&sum, key, add);
    return kp_budget_write(v, name, &sum);
}
