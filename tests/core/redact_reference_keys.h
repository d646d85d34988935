/* redact_reference_keys.h: the part of the reference that looks for known keys. */
#ifndef REDACT_REFERENCE_KEYS_H
#define REDACT_REFERENCE_KEYS_H

#include "redact_reference.h"

/* The end of the longest match of any form of any key at this place; at if there is none. The same keys at every call,
   12 of 12 characters or more at most. */
size_t reference_known_end(const char *text, size_t len, size_t at, const reference_key *keys, size_t count);

#endif
