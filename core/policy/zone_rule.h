/* zone_rule.h: the rule that a zone follows from its last transition on: a TZ string of POSIX with the wider times of
 * RFC 9636, 3.3.2 (hours from -167 to 167), such as CET-1CEST,M3.5.0,M10.5.0/3. */
#ifndef KP_POLICY_ZONE_RULE_H
#define KP_POLICY_ZONE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum kp_zone_day { KP_DAY_MONTH, KP_DAY_JULIAN, KP_DAY_COUNT } kp_zone_day;

/* A moment of every year, in local time. */
typedef struct kp_zone_turn {
    kp_zone_day kind;
    int month, week, weekday; /* KP_DAY_MONTH: week 5 is the last, weekday 0 Sunday */
    int day;                  /* KP_DAY_JULIAN: 1 to 365, no leap day; KP_DAY_COUNT: 0 to 365 */
    int32_t seconds;          /* of that day, may be before or after it */
} kp_zone_turn;

typedef struct kp_zone_rule {
    int32_t standard; /* seconds east of UTC */
    int32_t summer;
    bool has_summer;
    kp_zone_turn start, end; /* of summer */
} kp_zone_rule;

/* false: it is no such string; a second name needs its two turns. */
bool kp_zone_rule_parse(const char *text, size_t len, kp_zone_rule *);
/* Both for unix times of the years 1000 to 9999, and for a rule that was parsed. */
int32_t kp_zone_rule_offset(const kp_zone_rule *, int64_t unix_s);
/* The first turn after unix_s. false: there is none. */
bool kp_zone_rule_next(const kp_zone_rule *, int64_t unix_s, int64_t *turn_s);

#endif
