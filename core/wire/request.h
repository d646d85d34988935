/* request.h: puts an HTTP request together. What it builds can hold the key, so its buffers are safe memory. */
#ifndef KP_WIRE_REQUEST_H
#define KP_WIRE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "wire/params.h"
#include "wire/provider.h"

#define KP_REQUEST_HEADERS 6

typedef struct kp_request {
    const char *http_method;
    kp_buf url, body; /* safe memory, all of them */
    kp_buf shown_url; /* the key is KP_REQUEST_SHOWN */
    size_t header_count;
    const char *header_name[KP_REQUEST_HEADERS];
    kp_buf header_value[KP_REQUEST_HEADERS];
    bool has_body;
    kp_buf scratch; /* for the build alone */
} kp_request;

#define KP_REQUEST_SHOWN "***"

void kp_request_init(kp_request *);
/* Wipes and gives back the memory that can hold the key. */
void kp_request_free(kp_request *);
/* Empty again, memory kept and wiped: a steady loop allocates nothing. */
void kp_request_clear(kp_request *);
/* Builds the call. base_url without a trailing slash is as good as with one. key is ended by a NUL; params for the
   submit calls (NULL else), id for RESULT and REPORT (NULL else). 0, KP_E_MISUSE, KP_E_MEMORY or KP_E_BAD_KEY (a key
   with CR, LF, NUL or another control character). */
int kp_request_build(kp_request *, const kp_provider *, kp_call_kind, const char *base_url, const char *key,
                     size_t key_len, const kp_params *, const char *id);
/* Adds the body of the call as it would be sent, for people, nothing where it has none: KP_REQUEST_SHOWN stands for the
   key and for each parameter, however deep and of whatever type, that the table marks secret or whose name (with those
   it stands within) speaks of a proxy and of a password, login or user; a text with '@' within such a proxy as well. An
   upload is "(multipart body of N bytes)", counted so masked. out is a heap buffer. 0, KP_E_MISUSE or KP_E_MEMORY. */
int kp_request_shown_body(kp_buf *out, const kp_provider *, kp_call_kind, const kp_params *, const char *id);

#endif
