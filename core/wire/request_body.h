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
    const char *key; /* NULL: not sent but shown, with KP_REQUEST_SHOWN for the key */
    size_t key_len;
    const char *id;          /* NULL: none */
    const kp_params *params; /* NULL: none */
    kp_buf *scratch;
} kp_fields;

/* Fills in all but key and scratch, and takes of id and params what the call has. false: the service has no such call,
   or what the call needs is missing. */
bool kp_fields_take(kp_fields *, const kp_provider *, kp_call_kind, const kp_params *, const char *id);
/* true for CR, LF, NUL and the other control characters of ASCII. */
bool kp_has_control(const char *text, size_t len);
/* All fields as name=value with '&' between; lead stands before the first ('?', or 0 for nothing). Failures stick in
   out and in scratch. */
void kp_add_form(kp_buf *out, char lead, const kp_fields *);
/* A boundary that does not occur in the file. */
void kp_make_boundary(const char *file, size_t file_len, char out[KP_BOUNDARY_SIZE]);
void kp_add_multipart(kp_buf *out, const char *boundary, const kp_fields *);
/* Values of the caller's object are taken over as raw text: numbers of any size stay what they are. */
void kp_add_json_body(kp_buf *out, const kp_fields *);

#endif
