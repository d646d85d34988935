/* tls.h: what keyplate asks of the TLS library under libcurl, and the wiping of what libcurl was handed. */
#ifndef KP_NET_TLS_H
#define KP_NET_TLS_H

#include <curl/curl.h>
#include <stddef.h>

/* No log of session keys (SSLKEYLOGFILE), plaintext wiped after use. Acts with OpenSSL; other libraries have neither. */
void kp_tls_harden(CURL *);
void kp_tls_wipe(void *data, size_t len);
void kp_tls_wipe_headers(struct curl_slist *);

#endif
