/* op_zone.c: reads the files of the time zones that the windows of the members name, before the first key is chosen. */
#include <string.h>

#include "engine/moves.h"
#include "engine/op.h"
#include "safe/arena.h"

/* The zone with this number, counted over all members; NULL past the last. */
static const char *zone_at(const kp_op *op, size_t number, kp_windows **windows, size_t *index) {
    const kp_members *members = &op->client->ring.members;
    for (size_t i = 0; i < members->count; i++)
        for (size_t k = 0; kp_windows_zone(members->list[i].windows, k); k++)
            if (number-- == 0) {
                *windows = members->list[i].windows;
                *index = k;
                return kp_windows_zone(*windows, k);
            }
    return NULL;
}

/* The number of the first zone that this operation has not come to yet, and whose file nobody has given; past the last
   if there is none. So a zone that cannot be read for a moment, or is installed later, is read by a later operation. */
static size_t left_zone(const kp_op *op) {
    size_t number = op->zone, index = 0;
    kp_windows *windows = NULL;
    pthread_mutex_lock(&op->client->lock);
    while (zone_at(op, number, &windows, &index) && kp_windows_has(windows, index))
        number++;
    pthread_mutex_unlock(&op->client->lock);
    return number;
}

bool kp_is_zone_left(const kp_op *op) {
    kp_windows *windows;
    size_t index;
    return zone_at(op, left_zone(op), &windows, &index) != NULL;
}

/* The names of zones are checked where windows are parsed. Where another thread has given the last one in between, one
   is read again. */
void kp_do_next_zone(kp_op *op) {
    kp_windows *windows;
    size_t index, number = left_zone(op);
    if (zone_at(op, number, &windows, &index))
        op->zone = number;
    const char *name = zone_at(op, op->zone, &windows, &index);
    if (!op->room)
        op->room = kp_safe_alloc(KP_ROOM_SIZE);
    kp_buf_clear(&op->zone_path);
    kp_buf_str(&op->zone_path, "file:");
    kp_zone_add_path(&op->zone_path, name, name ? strlen(name) : 0);
}

void kp_do_end_zones(kp_op *op) {
    op->when_ms = op->mono_ms;
}

/* A zone that cannot be read leaves its window shut; whoever comes upon that is told. */
kp_event kp_op_take_zone(kp_op *op, int how, size_t len) {
    kp_windows *windows;
    size_t index;
    bool there = (how == KP_FOUND || how == KP_FOUND_OPEN) && op->room && len <= KP_ROOM_SIZE;
    pthread_mutex_lock(&op->client->lock);
    if (zone_at(op, op->zone, &windows, &index)) {
        if (there)
            there = kp_windows_give(windows, index, op->room, len, NULL) == 0;
        else if (!kp_windows_has(windows, index))
            kp_windows_miss(windows, index, how == KP_FAILED ? "its file cannot be read" : NULL);
    }
    pthread_mutex_unlock(&op->client->lock);
    op->zone++;
    return there ? KP_EV_FOUND : KP_EV_ABSENT;
}
