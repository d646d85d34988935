/* window_parts.h: what a text of windows says. */
#ifndef KP_POLICY_WINDOW_PARTS_H
#define KP_POLICY_WINDOW_PARTS_H

#include "policy/window.h"

enum { KP_ZONE_OF_UTC = -1, KP_WEEK_DAYS = 7, KP_DAY_SECONDS = 86400 };

typedef struct kp_window {
    unsigned days;      /* bit 0 is Monday: the days on which it starts */
    int32_t start, end; /* seconds of the day; an end that is not after the start is of the next day */
    int zone;           /* place among the zones, or KP_ZONE_OF_UTC */
} kp_window;

typedef struct kp_window_zone {
    char name[KP_ZONE_NAME_MOST + 1];
    kp_zone *zone;   /* NULL: its file was not given */
    const char *why; /* it was not; NULL: there is none */
} kp_window_zone;

struct kp_windows {
    size_t count, zone_count;
    kp_window window[KP_WINDOWS_MOST];
    kp_window_zone zone[KP_WINDOWS_MOST];
};

#endif
