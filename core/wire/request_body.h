/* request_body.h: the fields of a call, written as query, form, multipart or JSON. */
#ifndef KP_WIRE_REQUEST_BODY_H
#define KP_WIRE_REQUEST_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "wire/params.h"
#include "wire/provider.h"

#define KP_BOUNDARY_SIZE 34 /* "keyplate-", 24 hex digits and a NUL */

/* What a call is made of. All lent; scratch is safe memory and kept from one build to the next. */
typedef struct kp_fields {
    const kp_call *call;
    const char *key; /* NULL: shown as KP_REQUEST_SHOWN */
    size_t key_len;
    const char *id;          /* NULL: none */
    const kp_params *params; /* NULL: none */
    kp_buf *scratch;
} kp_fields;

/* All fields as name=value with '&' between; lead stands before the first ('?', or 0 for nothing). Failures stick in
   out and in scratch. */
void kp_add_form(kp_buf *out, char lead, const kp_fields *);
/* A boundary that does not occur in the file. */
void kp_make_boundary(const char *file, size_t file_len, char out[KP_BOUNDARY_SIZE]);
void kp_add_multipart(kp_buf *out, const char *boundary, const kp_fields *);
/* Values of the caller's object are taken over as raw text: numbers of any size stay what they are. */
void kp_add_json_body(kp_buf *out, const kp_fields *);

#endif
