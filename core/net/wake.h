/* wake.h: wakes a driver that sleeps, from any thread and from a signal handler. */
#ifndef KP_NET_WAKE_H
#define KP_NET_WAKE_H

#include "keyplate.h"

typedef struct kp_wake kp_wake;

/* Takes a place in the process-wide list for the time that op is driven; NULL when memory or descriptors are short: the
   driver then has to look at the operation often. */
kp_wake *kp_wake_take(kp_op *);
void kp_wake_give(kp_wake *);
/* The descriptor that becomes readable, -1 for NULL. */
int kp_wake_fd(const kp_wake *);
/* Empties it. */
void kp_wake_clear(kp_wake *);
/* The longest sleep, in milliseconds, that can be afforded with this wake; NULL too. */
int kp_wake_most_ms(const kp_wake *);

#endif
