/* sandbox_options.h: the options of `keyplate sandbox`. */
#ifndef KP_APP_SANDBOX_OPTIONS_H
#define KP_APP_SANDBOX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/sandbox_address.h"

#define SANDBOX_LIST_MAX 64 /* how often an option that may be repeated can be given */
#define SANDBOX_PRICE_MAX 1000000000LL

typedef struct sandbox_price {
    const char *method;
    size_t method_len;
    int64_t micro;
} sandbox_price;

typedef struct sandbox_options {
    const char *listen, *script, *ledger, *record, *tls_cert, *tls_key; /* NULL: not given; lent from argv */
    const char *key_files[SANDBOX_LIST_MAX];
    size_t key_file_count;
    sandbox_address allowed[SANDBOX_LIST_MAX];
    size_t allowed_count; /* 0: every address is allowed */
    sandbox_price prices[SANDBOX_LIST_MAX];
    size_t price_count;
    int64_t price_other; /* of what prices does not list */
    int64_t balance;
    uint64_t solve_ms, ban_ms;
    bool help;
} sandbox_options;

/* Reads argv[1] and on; says on stderr what is wrong. false: wrong use. */
bool sandbox_options_read(sandbox_options *, int argc, char **argv);
/* The help text, on stdout. */
void sandbox_options_help(void);
/* What a task of this method costs. */
int64_t sandbox_options_price(const sandbox_options *, const char *method, size_t len);

#endif
