/* shared.c: clients that live as long as the process, so that the next request of a php-fpm worker finds them. */
#include "face.h"

/* Configurations are few; more of them means that something of the request is in the options. */
enum { MOST_SHARED = 64 };

static void release(zval *value) {
    kpp_core_release(Z_PTR_P(value));
}

kpp_core *kpp_shared_find(const unsigned char *name) {
    const kpp_globals *g = kpp_globals_here();
    return g->shared ? zend_hash_str_find_ptr(g->shared, (const char *)name, 32) : NULL;
}

bool kpp_shared_keep(const unsigned char *name, kpp_core *core) {
    kpp_globals *g = kpp_globals_here();
    if (!g->shared) {
        g->shared = pemalloc(sizeof *g->shared, 1);
        zend_hash_init(g->shared, 8, NULL, release, 1);
    }
    if (zend_hash_num_elements(g->shared) >= MOST_SHARED) {
        kpp_throw_own("misuse",
                      "this process has %d shared clients already; they are for configurations that do not change from "
                      "request to request",
                      MOST_SHARED);
        return false;
    }
    core->users++;
    zend_hash_str_add_ptr(g->shared, (const char *)name, 32, core);
    return true;
}
