/* window.c: whether a window is open, and when the next one opens. */
#include "policy/window.h"

#include "base/error.h"
#include "policy/window_parts.h"

enum { EPOCH_WEEKDAY = 3 }; /* 1970-01-01 was a Thursday, and 0 is Monday */

static const int64_t ms = 1000;
static const int64_t latest = 253402300799; /* the end of the year 9999 */

const char *kp_windows_zone(const kp_windows *ws, size_t i) {
    return ws && i < ws->zone_count ? ws->zone[i].name : NULL;
}

int kp_windows_give(kp_windows *ws, size_t i, const void *data, size_t len, kp_buf *problem) {
    if (!ws || i >= ws->zone_count)
        return KP_E_MISUSE;
    const char *wrong = NULL;
    kp_zone *zone = kp_zone_new(data, len, &wrong);
    if (!zone)
        kp_windows_miss(ws, i, wrong ? wrong : "memory is short");
    if (!zone && !wrong)
        return KP_E_MEMORY;
    if (!zone) {
        kp_buf_fmt(problem, "the time zone %s cannot be used: %s", ws->zone[i].name, wrong);
        return KP_E_CONFIG;
    }
    kp_zone_free(ws->zone[i].zone);
    ws->zone[i].zone = zone;
    return 0;
}

bool kp_windows_has(const kp_windows *ws, size_t i) {
    return ws && i < ws->zone_count && ws->zone[i].zone;
}

void kp_windows_miss(kp_windows *ws, size_t i, const char *why) {
    if (ws && i < ws->zone_count)
        ws->zone[i].why = why;
}

const char *kp_windows_missing(const kp_windows *ws, const char **why) {
    size_t i = 0;
    while (kp_windows_has(ws, i))
        i++;
    const char *name = kp_windows_zone(ws, i);
    if (why)
        *why = name ? ws->zone[i].why : NULL;
    return name;
}

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

/* The zone is NULL for UTC. false: its file was not given. */
static bool find_zone(const kp_windows *ws, const kp_window *w, const kp_zone **zone) {
    *zone = w->zone == KP_ZONE_OF_UTC ? NULL : ws->zone[w->zone].zone;
    return w->zone == KP_ZONE_OF_UTC || *zone;
}

static bool starts_on(const kp_window *w, int64_t day) {
    int64_t weekday = ((day + EPOCH_WEEKDAY) % KP_WEEK_DAYS + KP_WEEK_DAYS) % KP_WEEK_DAYS;
    return w->days >> weekday & 1;
}

static bool is_over_midnight(const kp_window *w) {
    return w->end <= w->start;
}

/* Whether it is open while the local clock shows that. */
static bool is_open_at(const kp_window *w, int64_t local_s) {
    int64_t day = floor_div(local_s, KP_DAY_SECONDS);
    int64_t second = local_s - day * KP_DAY_SECONDS;
    if (!is_over_midnight(w))
        return starts_on(w, day) && second >= w->start && second < w->end;
    return (starts_on(w, day) && second >= w->start) || (starts_on(w, day - 1) && second < w->end);
}

/* The first local time from local_s on that it is open; each has a day of the week. */
static int64_t open_from(const kp_window *w, int64_t local_s) {
    if (is_open_at(w, local_s))
        return local_s;
    int64_t day = floor_div(local_s, KP_DAY_SECONDS);
    while (!starts_on(w, day) || day * KP_DAY_SECONDS + w->start < local_s)
        day++;
    return day * KP_DAY_SECONDS + w->start;
}

/* As long as the offset stays the local clock runs evenly; at each of its jumps it is looked at anew. */
static int64_t next_of(const kp_window *w, const kp_zone *zone, int64_t from) {
    for (;;) {
        int64_t offset = kp_zone_offset(zone, from);
        int64_t then = open_from(w, from + offset) - offset;
        int64_t next = 0;
        if (!kp_zone_boundary(zone, from, &next) || then < next)
            return then;
        from = next;
    }
}

bool kp_windows_open(const kp_windows *ws, int64_t unix_ms) {
    const kp_zone *zone = NULL;
    int64_t second = floor_div(unix_ms, ms);
    for (size_t i = 0; ws && i < ws->count; i++)
        if (find_zone(ws, &ws->window[i], &zone) && is_open_at(&ws->window[i], second + kp_zone_offset(zone, second)))
            return true;
    return false;
}

int64_t kp_windows_next(const kp_windows *ws, int64_t unix_ms) {
    int64_t best = INT64_MAX;
    int64_t second = floor_div(unix_ms, ms);
    for (size_t i = 0; ws && i < ws->count && second <= latest; i++) {
        const kp_zone *zone = NULL;
        if (!find_zone(ws, &ws->window[i], &zone))
            continue;
        int64_t then = next_of(&ws->window[i], zone, second);
        int64_t then_ms = then == second ? unix_ms : then * ms;
        best = then_ms < best ? then_ms : best;
    }
    return best;
}
