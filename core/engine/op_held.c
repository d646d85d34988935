/* op_held.c: puts keys that a program hands in into the room: those that the configuration holds, and those that the
 * program gives when they are needed. */
#include <string.h>

#include "base/text.h"
#include "engine/moves.h"
#include "engine/op.h"

static const char held_scheme[] = "held:";

kp_event kp_op_take_held(kp_op *op) {
    const char *place = kp_op_place(op);
    if (!kp_starts(place, held_scheme))
        return KP_EV_NONE;
    size_t len = 0;
    bool failed = false;
    int how = KP_ABSENT, why = KP_WHY_NONE;
    if (kp_held_read(op->client->config->held, place + strlen(held_scheme), op->room, KP_ROOM_SIZE, &len, &failed)) {
        bool fits = len <= KP_ROOM_SIZE, has_nul = fits && memchr(op->room, 0, len);
        how = failed ? KP_FAILED : fits && !has_nul ? KP_FOUND : KP_UNFIT;
        why = failed ? KP_WHY_IO : !fits ? KP_WHY_TOO_BIG : has_nul ? KP_WHY_NUL : KP_WHY_NONE;
    }
    kp_event event = kp_op_take_read(op, how, why, len);
    return kp_is_stopping(op) ? KP_EV_STOP : event;
}

void kp_read_give(kp_op *op, const char *value, size_t len) {
    char *room = kp_read_room(op);
    if (!room)
        return;
    int how = KP_FOUND, why = KP_WHY_NONE;
    if (!value) {
        how = KP_ABSENT;
        len = 0;
    } else if (len > KP_ROOM_SIZE) {
        how = KP_UNFIT;
        why = KP_WHY_TOO_BIG;
        len = 0;
    } else if (len > 0 && memchr(value, 0, len)) {
        how = KP_UNFIT;
        why = KP_WHY_NUL;
        len = 0;
    }
    if (len > 0)
        memcpy(room, value, len);
    kp_on_read(op, how, why, len);
}
