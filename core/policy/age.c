/* age.c: counts the days of a key, and reads and compares its last moment. */
#include "policy/age.h"

#include <stdbool.h>

#include "base/when.h"

static const int64_t day_ms = 86400000;

int64_t kp_age_days(int64_t first_seen_ms, int64_t now_ms) {
    return first_seen_ms > 0 && now_ms > first_seen_ms ? (now_ms - first_seen_ms) / day_ms : 0;
}

static bool is_from(uint64_t age_ms, uint64_t least_ms) {
    return least_ms > 0 && age_ms >= least_ms;
}

kp_age kp_age_of(int64_t first_seen_ms, int64_t now_ms, uint64_t warn_ms, uint64_t old_ms) {
    if (first_seen_ms <= 0 || now_ms < first_seen_ms)
        return KP_AGE_FRESH;
    uint64_t age = (uint64_t)(now_ms - first_seen_ms);
    return is_from(age, old_ms) ? KP_AGE_OLD : is_from(age, warn_ms) ? KP_AGE_WARN : KP_AGE_FRESH;
}

const char *kp_not_after_parse(const char *text, size_t len, int64_t *last_ms) {
    int64_t days = 0, last = 0;
    if (!text || !last_ms)
        return "a date is missing";
    if (kp_parse_date(text, len, &days))
        last = (days + 1) * day_ms - 1;
    else if (!kp_parse_rfc3339(text, len, &last))
        return "it is no date such as 2027-02-01 and no time such as 2027-02-01T12:00:00Z";
    if (last < 0)
        return "the date is before 1970";
    *last_ms = last;
    return NULL;
}

kp_expiry kp_expiry_of(int64_t last_ms, int64_t now_ms) {
    if (last_ms == KP_NO_EXPIRY)
        return KP_EXPIRY_NONE;
    return now_ms > last_ms ? KP_EXPIRY_PAST : KP_EXPIRY_AHEAD;
}
