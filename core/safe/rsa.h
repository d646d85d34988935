/* rsa.h: signatures with the private key of a service account. */
#ifndef KP_SAFE_RSA_H
#define KP_SAFE_RSA_H

#include <stddef.h>

#include "base/buf.h"

typedef enum kp_rsa { KP_RSA_OK = 0, KP_RSA_NO_KEY, KP_RSA_MEMORY } kp_rsa;

/* Adds the RSASSA-PKCS1-v1_5 signature with SHA-256 (RS256 of RFC 7518) over the data. pem: a private key of RSA, 2048
   to 16384 bits, not encrypted. NO_KEY: it is none. MEMORY: memory is short. libcrypto holds the key on its own heap
   meanwhile and wipes it there when it is done. */
kp_rsa kp_rsa_sha256(const char *pem, size_t pem_len, const void *data, size_t len, kp_buf *out);

#endif
