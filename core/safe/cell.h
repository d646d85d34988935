/* cell.h: one secret in a page of its own between guard pages, without access except while it is open. */
#ifndef KP_SAFE_CELL_H
#define KP_SAFE_CELL_H

#include <stddef.h>

typedef struct kp_cell kp_cell;

/* A copy of the secret, closed, counted once. NULL when memory is short. */
kp_cell *kp_cell_new(const char *secret, size_t len);
kp_cell *kp_cell_keep(kp_cell *); /* one more owner; returns it */
void kp_cell_drop(kp_cell *);     /* the last owner wipes it */
/* The secret, ended by a NUL, readable until kp_cell_close. Not safe for two threads at a time: call it under the
   client's lock. Every open needs its close. */
const char *kp_cell_open(kp_cell *, size_t *len);
void kp_cell_close(kp_cell *);

#endif
