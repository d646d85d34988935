/* store_redis_greet.h: what is said first on a new connection to a Redis server. */
#ifndef KP_NET_STORE_REDIS_GREET_H
#define KP_NET_STORE_REDIS_GREET_H

#include "net/store_redis_link.h"

typedef enum kp_eviction {
    KP_EVICTS_NOTHING,
    KP_EVICTS_UNKNOWN, /* this user may not ask */
    KP_EVICTS_KEYS     /* KP_LINK_FAILED */
} kp_eviction;

/* Gives user and password (empty: none), chooses the database, and asks what the server does when its memory is full: a
   server that drops keys forgets lockouts and counts, and is refused. */
kp_link_end kp_redis_greet(kp_link *, const kp_redis_address *, const kp_buf *password, kp_eviction *);
/* Adds what a server's error reply says, for people, and ends with it. */
kp_link_end kp_redis_refused(kp_link *, const kp_resp *error);

#endif
