/* tls.c: hardens the TLS contexts that libcurl makes with OpenSSL. */
#include "net/tls.h"

#include <openssl/ssl.h>
#include <string.h>

#include "base/text.h"
#include "safe/arena.h"

static CURLcode harden(CURL *easy, void *context, void *arg) {
    (void)easy;
    (void)arg;
    SSL_CTX_set_keylog_callback(context, NULL);
#ifdef SSL_OP_CLEANSE_PLAINTEXT
    SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
#endif
    return CURLE_OK;
}

void kp_tls_harden(CURL *easy) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    if (info && info->ssl_version && kp_starts(info->ssl_version, "OpenSSL/"))
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, harden);
}

void kp_tls_wipe(void *data, size_t len) {
    kp_wipe(data, len);
}

void kp_tls_wipe_headers(struct curl_slist *list) {
    for (; list; list = list->next)
        kp_wipe(list->data, strlen(list->data));
}
