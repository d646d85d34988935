/* store_redis_address.h: takes the text that names a Redis server apart. */
#ifndef KP_NET_STORE_REDIS_ADDRESS_H
#define KP_NET_STORE_REDIS_ADDRESS_H

#include <stdbool.h>

#include "base/buf.h"

typedef struct kp_redis_address {
    char *url;    /* as libcurl connects: "http://host:6379/", https for TLS */
    char *socket; /* NULL, or the path of a socket of this machine */
    char *user;   /* NULL: Redis calls it default */
    char *base;   /* NULL: number 0 */
    bool tls;
} kp_redis_address;

/* redis://[USER@]HOST[:PORT][/DB], rediss:// (TLS), redis+unix://[USER@]/PATH. false with a sentence in *problem, which
   never repeats the text: a password that stands there by mistake is made known to redaction. To be freed in any case.
 */
bool kp_redis_address_read(const char *text, kp_redis_address *, kp_buf *problem);
void kp_redis_address_free(kp_redis_address *);

#endif
