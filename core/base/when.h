/* when.h: dates, durations and the HTTP values made of them; a pure calculation, no clock is read. */
#ifndef KP_BASE_WHEN_H
#define KP_BASE_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

typedef struct kp_date {
    int64_t year;
    int month, day; /* from 1 */
} kp_date;
/* Days since 1970-01-01 and the date, either way; years 1 to 9999. */
kp_date kp_date_of_day(int64_t days);
int64_t kp_day_of_date(kp_date);

/* RFC 3339 in UTC with milliseconds: 2026-11-20T14:00:00.123Z. Years 1970 to 9999, else clamped. */
void kp_add_rfc3339(kp_buf *, int64_t unix_ms);
/* The date 2026-11-20 as days since 1970-01-01. false: it is none, or does not exist. */
bool kp_parse_date(const char *text, size_t len, int64_t *days);
/* RFC 3339 with Z or an offset: 2026-11-20T14:00:00+01:00; of a fraction the milliseconds count. A leap second is the
   second after it. false: it is none, or does not exist. */
bool kp_parse_rfc3339(const char *text, size_t len, int64_t *unix_ms);
/* A duration: "120" and "120s" are seconds, also "500ms", "2m", "1h", "1.5s"; no sign, no blanks. false: it is none,
   or longer than 366 days. */
bool kp_parse_duration(const char *text, size_t len, uint64_t *ms);
/* A duration for people, rounded up: "800 ms", "12 s", "5 min", "3 h". */
void kp_add_duration(kp_buf *, uint64_t ms);
/* The three HTTP dates of RFC 9110, 5.6.7, to unix milliseconds. */
bool kp_parse_http_date(const char *text, size_t len, int64_t *unix_ms);
/* Retry-After (RFC 9110, 10.2.3): seconds or a date. Milliseconds from now, never negative, at most most_ms. false:
   garbage or a negative number, to be treated as not sent. */
bool kp_parse_retry_after(const char *text, size_t len, int64_t unix_now_ms, uint64_t most_ms, uint64_t *ms);

#endif
