/* op_substitute.c: a key of the same account in place of the one that submitted a task, when that is gone. */
#include <string.h>

#include "engine/moves.h"
#include "engine/turn.h"

bool kp_is_substitute_left(const kp_op *op) {
    kp_seat seat;
    if ((!op->wants_one && !op->accepted) || op->substituted)
        return false;
    pthread_mutex_lock(&op->client->lock);
    bool is = kp_substitute(op, &seat);
    pthread_mutex_unlock(&op->client->lock);
    return is;
}

bool kp_is_cooling_substitute(const kp_op *op) {
    return op->cooling && kp_is_substitute_left(op);
}

bool kp_is_after_poll_substitute(const kp_op *op) {
    return kp_is_after_poll(op) && kp_error_find(op->code)->cls == KP_CLASS_KEY && !kp_is_stopping(op) &&
           kp_is_substitute_left(op);
}

bool kp_is_balance_other_key(const kp_op *op) {
    return kp_is_after_poll(op) && op->kind == KP_BALANCE && kp_is_other_key(op);
}

bool kp_is_balance_other_unread(const kp_op *op) {
    return kp_is_after_poll(op) && op->kind == KP_BALANCE && kp_is_other_unread(op);
}

void kp_do_take_substitute(kp_op *op) {
    kp_seat seat;
    if (op->fingerprint[0])
        kp_op_set_aside(op);
    op->substituted = true;
    pthread_mutex_lock(&op->client->lock);
    bool is = kp_substitute(op, &seat);
    if (is)
        memcpy(op->wanted, op->ring->slots[seat.member].key[seat.value].fingerprint, sizeof op->wanted);
    kp_op_use_seat(op, is ? kp_reading_turn(seat.member) : kp_turns(op), &seat);
}
