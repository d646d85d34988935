/* turn.h: in which order an operation tries the members of its ring and the values of their keys. */
#ifndef KP_ENGINE_TURN_H
#define KP_ENGINE_TURN_H

#include "engine/op.h"

typedef struct kp_seat {
    size_t member;
    kp_when_used value;
    bool unread; /* its places have to be read first */
} kp_seat;

/* All but the last two under the client's lock. Turns are numbers below kp_turns. */
size_t kp_turns(const kp_op *);
/* What this turn would try; false: nothing that would do. */
bool kp_seat_at(const kp_op *, size_t turn, kp_seat *out);
/* The first turn from this one on that has something to try, or kp_turns. */
size_t kp_next_turn(const kp_op *, size_t from, kp_seat *out);
/* A key that will do without a look: the first in order, or for a task whichever has its fingerprint. */
bool kp_ready_turn(const kp_op *, size_t *turn, kp_seat *out);
/* Whether its places were last read so long ago that they are read again. */
bool kp_is_look_due(const kp_op *, const kp_seat *);
/* A key of the same account as the one that submitted the task, and that is gone. */
bool kp_substitute(const kp_op *, kp_seat *out);

/* op_look.c: takes the key of a turn that needs no look, and asks for its gates; called under the client's lock, which
   it gives back. If another operation has just moved that key, the present one stays. */
void kp_op_use_seat(kp_op *, size_t turn, const kp_seat *);

/* The turn that reads the places of a member. */
size_t kp_reading_turn(size_t member);
/* Whether this operation is done with the key: refused, cooling, without funds. */
bool kp_op_tried(const kp_op *, const char *fingerprint);

#endif
