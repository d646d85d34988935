/* age.c: counts the days of a key, and reads and compares its last moment. */
#include "policy/age.h"

#include "base/when.h"

static const int64_t day_ms = 86400000;

int64_t kp_age_days(int64_t first_seen_ms, int64_t now_ms) {
    return first_seen_ms > 0 && now_ms > first_seen_ms ? (now_ms - first_seen_ms) / day_ms : 0;
}

kp_age kp_age_of(int64_t first_seen_ms, int64_t now_ms) {
    int64_t days = kp_age_days(first_seen_ms, now_ms);
    return days >= KP_AGE_OLD_DAYS ? KP_AGE_OLD : days >= KP_AGE_WARN_DAYS ? KP_AGE_WARN : KP_AGE_FRESH;
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
