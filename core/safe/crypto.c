/* crypto.c: the primitives of libsodium in the forms that keyplate uses. */
#include "safe/crypto.h"

#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

#include "safe/arena.h"

enum { MASK_SHOWN = 4, MASK_LEAST = 16 };

_Static_assert(crypto_auth_hmacsha256_BYTES == 32, "the size that the header promises");

/* sodium_init takes a lock each time, and a child forked while another thread has it would wait for ever: so it is
   called until it has worked, and no more. */
bool kp_crypto_start(void) {
    static atomic_bool started;
    if (!atomic_load(&started))
        atomic_store(&started, sodium_init() >= 0);
    return atomic_load(&started);
}

static void update(crypto_auth_hmacsha256_state *state, const void *data, size_t len) {
    if (data && len > 0)
        crypto_auth_hmacsha256_update(state, data, len);
}

/* HMAC of two parts one after the other. */
static void hmac(const void *key, size_t key_len, const void *a, size_t a_len, const void *b, size_t b_len,
                 unsigned char out[32]) {
    static const unsigned char empty[1];
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key ? key : empty, key ? key_len : 0);
    update(&state, a, a_len);
    update(&state, b, b_len);
    crypto_auth_hmacsha256_final(&state, out);
    kp_wipe(&state, sizeof state);
}

void kp_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len, unsigned char out[32]) {
    if (out)
        hmac(key, key_len, data, len, NULL, 0, out);
}

void kp_sha256(const void *data, size_t len, unsigned char out[32]) {
    static const unsigned char empty[1];
    if (out)
        crypto_hash_sha256(out, data ? data : empty, data ? len : 0);
}

void kp_fingerprint(const char *key, size_t len, const char *provider, char out[KP_FINGERPRINT_SIZE]) {
    static const char purpose[] = "keyplate/fp/1/";
    unsigned char digest[32];
    if (!out)
        return;
    hmac(key, len, purpose, sizeof purpose - 1, provider, provider ? strlen(provider) : 0, digest);
    sodium_bin2hex(out, KP_FINGERPRINT_SIZE, digest, (KP_FINGERPRINT_SIZE - 1) / 2);
    kp_wipe(digest, sizeof digest);
}

void kp_mask(const char *key, size_t len, char out[KP_MASK_SIZE]) {
    if (!out)
        return;
    size_t at = 3;
    memcpy(out, "***", at);
    if (key && len >= MASK_LEAST)
        for (const char *c = key + len - MASK_SHOWN; c < key + len; c++)
            out[at++] = *c >= ' ' && *c <= '~' ? *c : '?';
    out[at] = '\0';
}

void kp_random(void *out, size_t len) {
    if (out && len > 0)
        randombytes_buf(out, len);
}

bool kp_equal(const void *a, const void *b, size_t len) {
    if (len == 0)
        return true;
    return a && b && sodium_memcmp(a, b, len) == 0;
}
