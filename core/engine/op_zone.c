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

bool kp_is_zone_left(const kp_op *op) {
    kp_windows *windows;
    size_t index;
    pthread_mutex_lock(&op->client->lock);
    bool read = op->client->zones_read;
    pthread_mutex_unlock(&op->client->lock);
    return !read && zone_at(op, op->zone, &windows, &index) != NULL;
}

/* The names of zones are checked where windows are parsed. */
void kp_do_next_zone(kp_op *op) {
    kp_windows *windows;
    size_t index;
    const char *name = zone_at(op, op->zone, &windows, &index);
    if (!op->room)
        op->room = kp_safe_alloc(KP_ROOM_SIZE);
    kp_buf_clear(&op->zone_path);
    kp_buf_str(&op->zone_path, "file:");
    kp_zone_add_path(&op->zone_path, name, name ? strlen(name) : 0);
}

void kp_do_end_zones(kp_op *op) {
    op->when_ms = op->mono_ms;
    pthread_mutex_lock(&op->client->lock);
    op->client->zones_read = true;
    pthread_mutex_unlock(&op->client->lock);
}

/* A zone that cannot be read leaves its window shut; whoever comes upon that is told. */
kp_event kp_op_take_zone(kp_op *op, int how, size_t len) {
    kp_windows *windows;
    size_t index;
    bool there = (how == KP_FOUND || how == KP_FOUND_OPEN) && op->room && len <= KP_ROOM_SIZE;
    if (zone_at(op, op->zone, &windows, &index) && there) {
        kp_buf problem;
        kp_buf_init(&problem, NULL);
        pthread_mutex_lock(&op->client->lock);
        there = kp_windows_give(windows, index, op->room, len, &problem) == 0;
        pthread_mutex_unlock(&op->client->lock);
        kp_buf_free(&problem);
    }
    op->zone++;
    return there ? KP_EV_FOUND : KP_EV_ABSENT;
}
