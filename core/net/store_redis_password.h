/* store_redis_password.h: finds the password of a Redis server where a reference says it is. */
#ifndef KP_NET_STORE_REDIS_PASSWORD_H
#define KP_NET_STORE_REDIS_PASSWORD_H

#include "base/buf.h"
#include "engine/client.h"
#include "local/patience.h"

/* Adds the password to out, which is of safe memory; nothing if the option redis.password is empty. Only what can be
   read again at each new connection: env:, dotenv:, file:, cred:, json:, and held: of the client. false with a sentence
   in *problem. */
bool kp_redis_password(const kp_client *, const kp_patience *, kp_buf *out, kp_buf *problem);

#endif
