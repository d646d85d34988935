/* chores.h: does what a client has to do in the background, in a thread that lives as long as there is something. */
#ifndef KP_NET_CHORES_H
#define KP_NET_CHORES_H

#include "keyplate_run.h"

typedef struct kp_chores kp_chores;

/* runner drives the operations, and must outlive this. NULL when memory is short. */
kp_chores *kp_chores_new(kp_runner *runner, kp_client *client);
/* Starts the thread if something is due; never waits for it. A child after fork starts anew. NULL does nothing. */
void kp_chores_begin(kp_chores *);
/* Ends what is under way, and waits for that. */
void kp_chores_free(kp_chores *);

#endif
