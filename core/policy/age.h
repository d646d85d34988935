/* age.h: how old a key is, and until when it is valid; pure figures, in unix ms. */
#ifndef KP_POLICY_AGE_H
#define KP_POLICY_AGE_H

#include <stddef.h>
#include <stdint.h>

typedef enum kp_age { KP_AGE_FRESH, KP_AGE_WARN, KP_AGE_OLD } kp_age;

/* The age of a key by the time at which it was first seen: to warn from warn_ms on, old from old_ms on; 0: never. A
   time that is not positive is not known, one after now is a clock's fault: fresh. */
kp_age kp_age_of(int64_t first_seen_ms, int64_t now_ms, uint64_t warn_ms, uint64_t old_ms);
/* The whole days since then; 0 where kp_age_of cannot tell. */
int64_t kp_age_days(int64_t first_seen_ms, int64_t now_ms);

#define KP_NO_EXPIRY INT64_MAX

typedef enum kp_expiry { KP_EXPIRY_NONE, KP_EXPIRY_AHEAD, KP_EXPIRY_PAST } kp_expiry;

/* The last ms of not_after: "2027-02-01" is valid to the end of that day in UTC, "2027-02-01T12:00:00+01:00" (RFC 3339)
   to that moment. NULL, or what is wrong, as a sentence that does not repeat the text. */
const char *kp_not_after_parse(const char *text, size_t len, int64_t *last_ms);
/* last_ms may be KP_NO_EXPIRY. */
kp_expiry kp_expiry_of(int64_t last_ms, int64_t now_ms);

#endif
