/* hmac.c: HMAC-SHA-256 (RFC 2104) out of two digests of libcrypto. */
#include "safe/hmac.h"

#include <pthread.h>
#include <stdbool.h>

#include <openssl/evp.h>

#include "safe/arena.h"
#include "safe/crypto.h"

enum { BLOCK = 64, DIGEST = 32, KEY = 32 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const EVP_MD *sha256;

/* Since version 3 EVP_sha256 is looked up anew at each use, which takes as long as the digest of a line. */
static void find_digest(void) {
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
#endif
    if (!sha256)
        sha256 = EVP_sha256();
}

static bool digest(EVP_MD_CTX *context, const unsigned char *pad, const void *data, size_t len, unsigned char *out) {
    return EVP_DigestInit_ex(context, sha256, NULL) == 1 && EVP_DigestUpdate(context, pad, BLOCK) == 1 &&
           EVP_DigestUpdate(context, data, len) == 1 && EVP_DigestFinal_ex(context, out, NULL) == 1;
}

void kp_hmac_sha256_fast(const unsigned char key[32], const void *data, size_t len, unsigned char out[32]) {
    unsigned char inner[BLOCK], outer[BLOCK], middle[DIGEST];
    if (!key || !out)
        return;
    pthread_once(&once, find_digest);
    for (size_t i = 0; i < BLOCK; i++) {
        unsigned char byte = i < KEY ? key[i] : 0;
        inner[i] = byte ^ 0x36;
        outer[i] = byte ^ 0x5c;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context && digest(context, inner, data ? data : inner, data ? len : 0, middle) &&
                digest(context, outer, middle, sizeof middle, out);
    EVP_MD_CTX_free(context);
    kp_wipe(inner, sizeof inner);
    kp_wipe(outer, sizeof outer);
    kp_wipe(middle, sizeof middle);
    if (!done)
        kp_hmac_sha256(key, KEY, data, len, out);
}
