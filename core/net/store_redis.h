/* store_redis.h: a store in a Redis server that a fleet of machines shares. */
#ifndef KP_NET_STORE_REDIS_H
#define KP_NET_STORE_REDIS_H

#include "engine/client.h"
#include "local/store.h"

/* text: store_redis_address.h; the rest comes from the client's options redis.password, redis.prefix and ca_file. The
   client must outlive the store. Connects at the first call, which tells why if it cannot. Each call has a connection
   of its own, so that threads do not wait for each other; those that are idle are kept. NULL with a sentence in
   *problem. For kp_local_new_with. */
kp_store *kp_store_redis(const kp_client *, const char *text, kp_buf *problem);

#endif
