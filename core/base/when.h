/* when.h: dates, durations and the HTTP values made of them; a pure calculation, no clock is read. */
#ifndef KP_BASE_WHEN_H
#define KP_BASE_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* RFC 3339 in UTC with milliseconds: 2026-11-20T14:00:00.123Z. Years 1970 to 9999, else clamped. */
void kp_add_rfc3339(kp_buf *, int64_t unix_ms);
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
