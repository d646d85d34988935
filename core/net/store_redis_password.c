/* store_redis_password.c: finds the password of a Redis server. */
#include "net/store_redis_password.h"

#include "local/option_secret.h"

bool kp_redis_password(const kp_client *client, const kp_patience *patience, kp_buf *out, kp_buf *problem) {
    return kp_option_secret(client, "redis.password", "its password", patience, out, problem);
}
