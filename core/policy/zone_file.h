/* zone_file.h: what a TZif file says, as far as the clock depends on it. */
#ifndef KP_POLICY_ZONE_FILE_H
#define KP_POLICY_ZONE_FILE_H

#include "policy/zone.h"
#include "policy/zone_rule.h"

#define KP_ZONE_OFFSET_MOST 93599 /* RFC 9636, 3.2: offsets from -25:59:59 to 25:59:59 */

typedef struct kp_zone_change {
    int64_t at;
    int32_t offset; /* from then on */
} kp_zone_change;

struct kp_zone {
    int32_t first; /* before all changes */
    bool has_rule; /* from the last change on; without one its offset stays */
    kp_zone_rule rule;
    size_t count;
    kp_zone_change changes[]; /* in the order of time */
};

#endif
