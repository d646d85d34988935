/* crypto.h: the few primitives of libsodium that keyplate needs. */
#ifndef KP_SAFE_CRYPTO_H
#define KP_SAFE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KP_FINGERPRINT_SIZE 9 /* 8 hex digits and a NUL */
#define KP_MASK_SIZE 8        /* "***ab12" and a NUL */

/* Once before anything else of this floor; may be called again. false: libsodium cannot start. */
bool kp_crypto_start(void);
void kp_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len, unsigned char out[32]);
void kp_sha256(const void *data, size_t len, unsigned char out[32]);
/* The name of a key that is the same on every machine: the first 8 hex digits of
   HMAC-SHA-256(key, "keyplate/fp/1/" + provider). */
void kp_fingerprint(const char *key, size_t len, const char *provider, char out[KP_FINGERPRINT_SIZE]);
/* "***" and the last four characters of a key of at least 16 characters, else "***". Characters that are not
   printable ASCII are shown as '?'. */
void kp_mask(const char *key, size_t len, char out[KP_MASK_SIZE]);
void kp_random(void *out, size_t len);
/* Constant-time comparison. */
bool kp_equal(const void *a, const void *b, size_t len);

#endif
