/* tls.c: hardens the TLS contexts that libcurl makes with OpenSSL. */
#include "net/tls.h"

#include <openssl/ssl.h>
#include <unistd.h>

#include "base/text.h"

/* Found and taken as an empty value by getenv. The entry is swapped for it: setenv would move the block under the feet
   of other threads, and a caller's own string may not be writable. */
static char empty[] = "SSLKEYLOGFILE=";
static char *hidden;

void kp_tls_hide_key_log(void) {
    for (char **entry = environ; entry && *entry; entry++)
        if (kp_starts(*entry, empty)) {
            hidden = *entry;
            *entry = empty;
            return;
        }
}

void kp_tls_show_key_log(void) {
    for (char **entry = environ; hidden && entry && *entry; entry++)
        if (*entry == empty)
            *entry = hidden;
    hidden = NULL;
}

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
