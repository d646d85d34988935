/* globals.c: what lives as long as the process, once for each thread of PHP. */
#include "face.h"

#include <ext/hash/php_hash.h>
#include <ext/hash/php_hash_sha.h>
#if PHP_VERSION_ID >= 80200
#include <ext/random/php_random.h>
#else
#include <ext/standard/php_random.h>
#endif

#include <string.h>

static void end(kpp_globals *g) {
    if (g->shared) {
        zend_hash_destroy(g->shared);
        pefree(g->shared, 1);
    }
    kp_redactor_free(g->redactor);
    kp_client_free(g->local);
    memset(g, 0, sizeof *g);
}

#ifdef ZTS
static ts_rsrc_id globals_id;

/* In each thread, when it starts, and in the one that loads the extension. */
static void construct(void *g) {
    /* Where EG() and the like look in this extension. */
    ZEND_TSRMLS_CACHE_UPDATE();
    memset(g, 0, sizeof(kpp_globals));
}

static void destruct(void *g) {
    end(g);
}

kpp_globals *kpp_globals_here(void) {
    return TSRMG_BULK(globals_id, kpp_globals *);
}

void kpp_globals_minit(void) {
    ts_allocate_id(&globals_id, sizeof(kpp_globals), construct, destruct);
}

void kpp_globals_mshutdown(void) {
    ts_free_id(globals_id);
}
#else
static kpp_globals globals;

kpp_globals *kpp_globals_here(void) {
    return &globals;
}

void kpp_globals_minit(void) {
    memset(&globals, 0, sizeof globals);
}

void kpp_globals_mshutdown(void) {
    end(&globals);
}
#endif

void kpp_digest(const kpp_part *parts, size_t count, unsigned char out[32]) {
    kpp_globals *g = kpp_globals_here();
    PHP_SHA256_CTX context;
    if (!g->salted)
        g->salted = php_random_bytes_silent(g->salt, sizeof g->salt) == SUCCESS;
    PHP_SHA256Init(&context);
    PHP_SHA256Update(&context, g->salt, sizeof g->salt);
    for (size_t i = 0; i < count; i++) {
        PHP_SHA256Update(&context, (const unsigned char *)&parts[i].len, sizeof parts[i].len);
        PHP_SHA256Update(&context, parts[i].data, parts[i].len);
    }
    PHP_SHA256Final(out, &context);
    ZEND_SECURE_ZERO(&context, sizeof context);
}
