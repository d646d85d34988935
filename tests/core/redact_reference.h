/* redact_reference.h: the rules of core/wire/redact.h written a second time, by brute force over a whole text. */
#ifndef REDACT_REFERENCE_H
#define REDACT_REFERENCE_H

#include <stddef.h>

#include "base/buf.h"

typedef struct reference_key {
    const char *text;
    size_t len;
} reference_key;

enum { REFERENCE_ALWAYS = 0, REFERENCE_CONTEXT, REFERENCE_OFF };

/* Adds the text, redacted. The keys are those that the process knows. */
void redact_reference(kp_buf *out, const char *text, size_t len, const reference_key *keys, size_t count, int bare);

#endif
