/* zone.c: says what a zone's clock shows at a time, and when it shows something. */
#include "policy/zone.h"

#include "base/text.h"
#include "policy/zone_file.h"

static const int64_t earliest = -30610224000, latest = 253402300799; /* the years 1000 to 9999 */
static const int64_t offset_most = KP_ZONE_OFFSET_MOST;

static const char folder[] = "/usr/share/zoneinfo/";

bool kp_zone_is_name(const char *name, size_t len) {
    if (!name || len == 0 || len > KP_ZONE_NAME_MOST)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool slash = name[i] == '/';
        if (slash && (i == 0 || i + 1 == len || name[i - 1] == '/'))
            return false;
        if (!slash && !kp_is_alpha(name[i]) && !kp_is_digit(name[i]) && name[i] != '_' && name[i] != '+' &&
            name[i] != '-')
            return false;
    }
    return true;
}

bool kp_zone_is_utc(const char *name, size_t len) {
    return name && kp_same_nocase(name, len, "UTC");
}

bool kp_zone_add_path(kp_buf *path, const char *name, size_t len) {
    if (!path || !kp_zone_is_name(name, len))
        return false;
    kp_buf_str(path, folder);
    kp_buf_add(path, name, len);
    return true;
}

bool kp_zone_is_path(const char *path) {
    return path && kp_starts(path, folder);
}

static int64_t within_years(int64_t s) {
    return s < earliest ? earliest : s > latest ? latest : s;
}

/* How many of the file's transitions are at or before that time. */
static size_t passed(const kp_zone *zone, int64_t unix_s) {
    size_t low = 0, high = zone->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->changes[middle].at <= unix_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t kp_zone_offset(const kp_zone *zone, int64_t unix_s) {
    if (!zone)
        return 0;
    unix_s = within_years(unix_s);
    size_t index = passed(zone, unix_s);
    if (index == zone->count && zone->has_rule)
        return kp_zone_rule_offset(&zone->rule, unix_s);
    return index == 0 ? zone->first : zone->changes[index - 1].offset;
}

bool kp_zone_boundary(const kp_zone *zone, int64_t unix_s, int64_t *next_s) {
    if (!zone || !next_s)
        return false;
    unix_s = within_years(unix_s);
    size_t index = passed(zone, unix_s);
    if (index < zone->count)
        *next_s = zone->changes[index].at;
    else if (!zone->has_rule || !kp_zone_rule_next(&zone->rule, unix_s, next_s))
        return false;
    return *next_s <= latest;
}

bool kp_zone_transition(const kp_zone *zone, int64_t unix_s, int64_t *next_s) {
    if (!next_s)
        return false;
    int32_t offset = kp_zone_offset(zone, unix_s);
    while (kp_zone_boundary(zone, unix_s, &unix_s))
        if (kp_zone_offset(zone, unix_s) != offset) {
            *next_s = unix_s;
            return true;
        }
    return false;
}

/* From one boundary to the next, beginning before any offset could have shown that local time. */
int64_t kp_zone_unix(const kp_zone *zone, int64_t local_s) {
    local_s = within_years(local_s);
    int64_t from = within_years(local_s - offset_most);
    for (;;) {
        int64_t then = local_s - kp_zone_offset(zone, from);
        int64_t next = latest;
        bool more = kp_zone_boundary(zone, from, &next);
        if (then <= from)
            return from;
        if (!more || then < next)
            return within_years(then);
        from = next;
    }
}
