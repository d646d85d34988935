/* heap.c: hands the arena that is not dumped to libcurl and OpenSSL, and sees whether they took it. */
#include "net/heap.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <string.h>

#include "base/text.h"
#include "local/hygiene.h"
#include "safe/arena.h"

static atomic_bool openssl_guarded;

/* ---- libcurl ---- */

static char *copy(const char *text) {
    size_t size = strlen(text) + 1;
    char *block = kp_nodump_alloc(size);
    return block ? memcpy(block, text, size) : NULL;
}

/* A list is made without a handle and lies where libcurl's memory comes from. NULL: memory is short, so nobody knows.
 */
static bool curl_is_guarded(void) {
    struct curl_slist *list = curl_slist_append(NULL, "");
    bool guarded = list && kp_nodump_owns(list);
    curl_slist_free_all(list);
    return guarded;
}

/* Another TLS library than OpenSSL keeps its memory where it likes. */
static bool tls_is_guarded(void) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    bool openssl = info && info->ssl_version && kp_starts(info->ssl_version, "OpenSSL/");
    return openssl && atomic_load(&openssl_guarded);
}

bool kp_heap_start_curl(void) {
    CURLcode code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, kp_nodump_alloc, kp_nodump_free, kp_nodump_resize, copy,
                                         kp_nodump_zalloc);
    if (code != CURLE_OK)
        return false;
    kp_hygiene_tell(KP_LIBCURL, curl_is_guarded());
    kp_hygiene_tell(KP_TLS, tls_is_guarded());
    return true;
}

/* ---- OpenSSL: its own malloc and realloc give nothing for nothing, and it counts on that ---- */

static void *openssl_alloc(size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    return size ? kp_nodump_alloc(size) : NULL;
}

static void openssl_free(void *block, const char *file, int line) {
    (void)file;
    (void)line;
    kp_nodump_free(block);
}

static void *openssl_resize(void *block, size_t size, const char *file, int line) {
    if (size)
        return kp_nodump_resize(block, size);
    openssl_free(block, file, line);
    return NULL;
}

bool kp_heap_guard_openssl(void) {
    bool guarded = CRYPTO_set_mem_functions(openssl_alloc, openssl_resize, openssl_free) == 1;
    atomic_store(&openssl_guarded, guarded);
    return guarded;
}
