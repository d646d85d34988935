/* known.h: the process-wide set of secrets that must not be shown, and the masking of text by it. */
#ifndef KP_SAFE_KNOWN_H
#define KP_SAFE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define KP_MASK_TEXT "[REDACTED]"

/* Adds a secret (copied into safe memory; once, however often it is added). It stays known for the life of the process.
   false when memory is short. Safe from any thread. */
bool kp_known_add(const char *secret, size_t len);
/* Adds text to out with every known secret replaced by [REDACTED]: as it is, in upper or lower case, percent-encoded
   (each character either way), base64 and base64url at each of the three shifts, hex in either case, JSON-escaped.
   Longest match first. Secrets shorter than 12 characters are masked only after "key=", "key:" and the like. */
void kp_known_mask(kp_buf *out, const char *text, size_t len);
/* The same for answers of a service: only the exact secret is replaced; nothing else is touched. */
void kp_known_mask_exact(kp_buf *out, const char *text, size_t len);
/* How many are known, for tests. */
size_t kp_known_count(void);

#endif
