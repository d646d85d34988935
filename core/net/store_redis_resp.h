/* store_redis_resp.h: the protocol of Redis (RESP 2): writes commands, reads replies part by part. */
#ifndef KP_NET_STORE_REDIS_RESP_H
#define KP_NET_STORE_REDIS_RESP_H

#include <stdint.h>

#include "base/buf.h"

/* A command is its head and then so many words. */
void kp_resp_head(kp_buf *, size_t words);
void kp_resp_word(kp_buf *, const char *text, size_t len);
void kp_resp_number(kp_buf *, int64_t);
/* One word of three parts. */
void kp_resp_joined(kp_buf *, const char *first, const char *second, const char *text, size_t len);

typedef enum kp_resp_kind {
    KP_RESP_TEXT,  /* a status or a string */
    KP_RESP_ERROR, /* text without the '-' */
    KP_RESP_NUMBER,
    KP_RESP_LIST, /* number: so many parts follow */
    KP_RESP_NOTHING
} kp_resp_kind;

typedef struct kp_resp {
    kp_resp_kind kind;
    const char *text; /* a span of what was given */
    size_t len;
    int64_t number;
} kp_resp;

/* Reads the part that data begins with. 1 and its length in *used; 0: not all of it is there; -1: this is not the
   protocol, or longer than any reply to us. */
int kp_resp_read(const char *data, size_t len, kp_resp *, size_t *used);

#endif
