/* sigv4.h: AWS Signature Version 4 for requests whose body is known as a whole (signing in the Authorization header).
 */
#ifndef KP_WIRE_SIGV4_H
#define KP_WIRE_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { KP_SIGV4_HEADERS = 16, KP_SIGV4_PAIRS = 64, KP_SIGV4_DATE_SIZE = 17 };

typedef struct kp_sigv4_header {
    const char *name, *value;
} kp_sigv4_header;

/* What is signed. All headers given are signed; Host and X-Amz-Date must be among them, and X-Amz-Security-Token where
   there is a token. */
typedef struct kp_sigv4 {
    const char *method;
    const char *path; /* as it is sent; "" is "/" */
    size_t path_len;
    bool keep_path;    /* do not take out "." and ".." and double slashes first */
    const char *query; /* as it is sent, without '?'; NULL: none */
    size_t query_len;
    kp_sigv4_header header[KP_SIGV4_HEADERS];
    size_t header_count;
    const char *body;
    size_t body_len;
    const char *region, *service;
    const char *access_id;
    const char *secret;
    size_t secret_len;
    int64_t unix_ms;
} kp_sigv4;

/* The value of X-Amz-Date: 20150830T123600Z. */
void kp_sigv4_date(int64_t unix_ms, char out[KP_SIGV4_DATE_SIZE]);
/* Adds the canonical request to the buffer, which ought to be safe memory: a token is in it. false: more headers or
   query parameters than there is room for, a NULL where a text must be, or memory is short. */
bool kp_sigv4_canonical(const kp_sigv4 *, kp_buf *out);
/* Adds the value of the Authorization header. false as above. */
bool kp_sigv4_authorization(const kp_sigv4 *, kp_buf *out);

#endif
