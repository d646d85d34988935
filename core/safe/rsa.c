/* rsa.c: the one signature that libcrypto makes for keyplate. */
#include "safe/rsa.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/mem.h"
#include "safe/arena.h"

enum { BITS_LEAST = 2048, BITS_MOST = 16384 };

/* Without it libcrypto asks the terminal for the password of an encrypted key. */
static int no_password(char *room, int size, int writing, void *context) {
    (void)room, (void)size, (void)writing, (void)context;
    return -1;
}

static EVP_PKEY *read_key(const char *pem, size_t len) {
    BIO *source = BIO_new_mem_buf(pem, (int)len);
    EVP_PKEY *key = source ? PEM_read_bio_PrivateKey(source, NULL, no_password, NULL) : NULL;
    BIO_free(source);
    if (key && EVP_PKEY_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_bits(key) >= BITS_LEAST &&
        EVP_PKEY_bits(key) <= BITS_MOST)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

static kp_rsa sign(EVP_PKEY *key, const void *data, size_t len, kp_buf *out) {
    size_t size = (size_t)EVP_PKEY_size(key);
    unsigned char *signature = kp_safe_alloc(size);
    EVP_MD_CTX *context = kp_mem_must_fail() ? NULL : EVP_MD_CTX_new();
    bool ok = signature && context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSign(context, signature, &size, data, len) == 1;
    if (ok)
        kp_buf_add(out, signature, size);
    EVP_MD_CTX_free(context);
    kp_safe_free(signature);
    return ok && !out->failed ? KP_RSA_OK : KP_RSA_MEMORY;
}

kp_rsa kp_rsa_sha256(const char *pem, size_t pem_len, const void *data, size_t len, kp_buf *out) {
    if (!pem || pem_len == 0 || pem_len > INT_MAX || !data || !out)
        return KP_RSA_NO_KEY;
    ERR_set_mark();
    EVP_PKEY *key = read_key(pem, pem_len);
    kp_rsa result = key ? sign(key, data, len, out) : KP_RSA_NO_KEY;
    EVP_PKEY_free(key);
    ERR_pop_to_mark(); /* the queue of errors is the host's */
    return result;
}
