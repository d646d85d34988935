/* rsa.c: the one signature that libcrypto makes for keyplate. */
/* The decoders that libcrypto offers since version 3 leave copies of the key in memory that nobody wipes: the text and
   its bytes pass a BIO that buffers. The functions from before read from where the key is. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "safe/rsa.h"

#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/mem.h"
#include "base/text.h"
#include "safe/arena.h"

enum { BITS_LEAST = 2048, BITS_MOST = 16384 };

/* What stands between the lines of a PEM block (RFC 7468), without blanks and line ends. false: there is no such block.
   A block with headers (encrypted by a password) has characters that are not base64. */
static bool find_block(const char *pem, size_t len, const char *begin, const char *end, kp_buf *text) {
    const char *from = memmem(pem, len, begin, strlen(begin));
    if (!from)
        return false;
    from += strlen(begin);
    const char *to = memmem(from, len - (size_t)(from - pem), end, strlen(end));
    for (; to && from < to; from++)
        if (*from != '\n' && *from != '\r' && *from != ' ')
            kp_buf_char(text, *from);
    return to != NULL;
}

/* PKCS #1 (RFC 8017, A.1.2). */
static RSA *read_plain(const unsigned char *der, size_t len) {
    return len <= LONG_MAX ? d2i_RSAPrivateKey(NULL, &der, (long)len) : NULL;
}

/* PKCS #8 (RFC 5958): the same with the name of the algorithm around it. It is wiped when it is freed. */
static RSA *read_wrapped(const unsigned char *der, size_t len) {
    PKCS8_PRIV_KEY_INFO *info = len <= LONG_MAX ? d2i_PKCS8_PRIV_KEY_INFO(NULL, &der, (long)len) : NULL;
    const ASN1_OBJECT *algorithm = NULL;
    const unsigned char *inner = NULL;
    int inner_len = 0;
    RSA *rsa = NULL;
    if (info && PKCS8_pkey_get0(&algorithm, &inner, &inner_len, NULL, info) == 1 && inner_len > 0 &&
        OBJ_obj2nid(algorithm) == NID_rsaEncryption)
        rsa = read_plain(inner, (size_t)inner_len);
    PKCS8_PRIV_KEY_INFO_free(info);
    return rsa;
}

static RSA *read_pem(const char *pem, size_t len, bool *memory_short) {
    RSA *rsa = NULL;
    kp_buf text, der;
    kp_buf_init(&text, &kp_safe);
    kp_buf_init(&der, &kp_safe);
    bool plain = find_block(pem, len, "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", &text);
    bool wrapped = !plain && find_block(pem, len, "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", &text);
    bool sound = (plain || wrapped) && !text.failed && kp_decode_base64(&der, kp_buf_text(&text), text.len);
    if (sound && !der.failed && der.len > 0) {
        const unsigned char *bytes = (const unsigned char *)der.data;
        rsa = plain ? read_plain(bytes, der.len) : read_wrapped(bytes, der.len);
    }
    *memory_short = text.failed || der.failed;
    kp_buf_free(&text);
    kp_buf_free(&der);
    return rsa;
}

static EVP_PKEY *read_key(const char *pem, size_t len, bool *memory_short) {
    RSA *rsa = read_pem(pem, len, memory_short);
    EVP_PKEY *key = rsa ? EVP_PKEY_new() : NULL;
    if (!key || EVP_PKEY_assign_RSA(key, rsa) != 1)
        RSA_free(rsa);
    else if (EVP_PKEY_bits(key) >= BITS_LEAST && EVP_PKEY_bits(key) <= BITS_MOST)
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
    bool memory_short = false;
    EVP_PKEY *key = read_key(pem, pem_len, &memory_short);
    kp_rsa result = key ? sign(key, data, len, out) : memory_short ? KP_RSA_MEMORY : KP_RSA_NO_KEY;
    EVP_PKEY_free(key);
    ERR_pop_to_mark(); /* the queue of errors is the host's */
    return result;
}
