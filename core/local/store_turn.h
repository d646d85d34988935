/* store_turn.h: turns among those who wait for one file, so that busy processes leave room for one that has waited. It
 * is a courtesy that nothing depends on: whoever holds the turn too long is passed. */
#ifndef KP_LOCAL_STORE_TURN_H
#define KP_LOCAL_STORE_TURN_H

#include <stdbool.h>

/* Of one call; zeroed at its start. */
typedef struct kp_turn {
    bool mine;
    int yields;
    int tries;
} kp_turn;

/* Opens the file for turns; -1 if that fails: then there are none. To be closed alone (store_fork.h). */
int kp_turn_open(const char *path);
/* true if another one has the turn and should go first. */
bool kp_turn_must_yield(kp_turn *, int fd);
/* The file was locked: asks for the next turn. */
void kp_turn_want(kp_turn *, int fd);
void kp_turn_done(kp_turn *, int fd);
/* Waits before the next try. */
void kp_turn_pause(const kp_turn *);

#endif
