/* client_fork.h: clients that are usable in a child after fork. */
#ifndef KP_ENGINE_CLIENT_FORK_H
#define KP_ENGINE_CLIENT_FORK_H

#include "engine/client.h"

/* From then on fork finds the client's lock free, and the child nobody who looks for its keys. */
void kp_clients_add(kp_client *);
void kp_clients_remove(kp_client *);

#endif
