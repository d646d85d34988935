/* op_zone.c: reads the files of the time zones that windows and limits name, before the first key is chosen. */
#include <string.h>

#include "engine/moves.h"
#include "engine/op.h"
#include "safe/arena.h"

/* One of the zones of a client: of the windows of a member, or of its limits. */
typedef struct zone_place {
    const char *name; /* NULL: there is none */
    kp_windows *windows;
    size_t index;
} zone_place;

/* The zone with this number, counted over all members, then over the limits. */
static zone_place zone_at(const kp_op *op, size_t number) {
    const kp_members *members = &op->client->ring.members;
    for (size_t i = 0; i < members->count; i++)
        for (size_t k = 0; kp_windows_zone(members->list[i].windows, k); k++)
            if (number-- == 0)
                return (zone_place){kp_windows_zone(members->list[i].windows, k), members->list[i].windows, k};
    return (zone_place){kp_limits_zone(op->client->limits, number), NULL, number};
}

/* Under the client's lock. */
static bool is_given(const kp_op *op, zone_place zone) {
    return zone.windows ? kp_windows_has(zone.windows, zone.index) : kp_limits_has(op->client->limits, zone.index);
}

/* The number of the first zone that this operation has not come to yet, and whose file nobody has given; past the last
   if there is none. So a zone that cannot be read for a moment, or is installed later, is read by a later operation. */
static size_t left_zone(const kp_op *op) {
    size_t number = op->zone;
    zone_place zone;
    pthread_mutex_lock(&op->client->lock);
    while ((zone = zone_at(op, number)).name && is_given(op, zone))
        number++;
    pthread_mutex_unlock(&op->client->lock);
    return number;
}

bool kp_is_zone_left(const kp_op *op) {
    return zone_at(op, left_zone(op)).name != NULL;
}

/* The names of zones are checked where windows are parsed. Where another thread has given the last one in between, one
   is read again. */
void kp_do_next_zone(kp_op *op) {
    size_t number = left_zone(op);
    if (zone_at(op, number).name)
        op->zone = number;
    const char *name = zone_at(op, op->zone).name;
    if (!op->room)
        op->room = kp_safe_alloc(KP_ROOM_SIZE);
    kp_buf_clear(&op->zone_path);
    kp_buf_str(&op->zone_path, "file:");
    kp_zone_add_path(&op->zone_path, name, name ? strlen(name) : 0);
}

void kp_do_end_zones(kp_op *op) {
    op->when_ms = op->mono_ms;
}

static bool give(kp_op *op, zone_place zone, size_t len) {
    return zone.windows ? kp_windows_give(zone.windows, zone.index, op->room, len, NULL) == 0
                        : kp_limits_give(op->client->limits, zone.index, op->room, len, NULL) == 0;
}

/* A zone that cannot be read leaves its window shut, and its limits refuse; whoever comes upon that is told. */
kp_event kp_op_take_zone(kp_op *op, int how, size_t len) {
    bool there = (how == KP_FOUND || how == KP_FOUND_OPEN) && op->room && len <= KP_ROOM_SIZE;
    pthread_mutex_lock(&op->client->lock);
    zone_place zone = zone_at(op, op->zone);
    if (zone.name && there)
        there = give(op, zone, len);
    else if (zone.windows && !kp_windows_has(zone.windows, zone.index))
        kp_windows_miss(zone.windows, zone.index, how == KP_FAILED ? "its file cannot be read" : NULL);
    pthread_mutex_unlock(&op->client->lock);
    op->zone++;
    return there ? KP_EV_FOUND : KP_EV_ABSENT;
}

/* Under the client's lock. */
const char *kp_op_missing_zone(const kp_op *op) {
    const char *name = NULL;
    for (size_t i = 0; (name = kp_limits_zone(op->client->limits, i)); i++)
        if (!kp_limits_has(op->client->limits, i))
            return name;
    return NULL;
}
