/* limits.h: what paid calls may cost and how many there may be: read from the options, picked for one call, and written
 * as items of the store's verbs.
 *
 * There are limits for all calls, and those of "limits.by": of one key, one method or one client_id, or with the name *
 * of each of them that is not named. A call has to fit all that concern it. */
#ifndef KP_POLICY_LIMITS_H
#define KP_POLICY_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "policy/window.h"

#define KP_CLIENT_ID_MOST 64
#define KP_LIMIT_SCOPES_MOST 256

/* X(symbol, name, kind: B budget of dollars, C budget of calls, R rate, S slots, milliseconds) */
#define KP_LIMIT_LIST(X)                                                                                               \
    X(USD_PER_DAY, "usd_per_day", 'B', 0)                                                                              \
    X(USD_PER_24H, "usd_per_24h", 'B', 86400000)                                                                       \
    X(PER_DAY, "per_day", 'C', 0)                                                                                      \
    X(PER_24H, "per_24h", 'C', 86400000)                                                                               \
    X(PER_SECOND, "per_second", 'R', 1000)                                                                             \
    X(PER_MINUTE, "per_minute", 'R', 60000)                                                                            \
    X(PER_HOUR, "per_hour", 'R', 3600000)                                                                              \
    X(CONCURRENT, "concurrent", 'S', 0)

typedef enum kp_limit_kind {
#define X(symbol, name, kind, ms) KP_LIMIT_##symbol,
    KP_LIMIT_LIST(X)
#undef X
        KP_LIMIT_KINDS
} kp_limit_kind;

typedef enum kp_limit_by { KP_BY_ALL, KP_BY_KEY, KP_BY_METHOD, KP_BY_CLIENT_ID } kp_limit_by;

typedef enum kp_outage { KP_OUTAGE_USUAL, KP_OUTAGE_DENY, KP_OUTAGE_ALLOW, KP_OUTAGE_SHARE } kp_outage;

/* The limits of one group of calls. */
typedef struct kp_limit_scope {
    kp_limit_by by;
    char name[KP_CLIENT_ID_MOST + 1]; /* of the key, the method, the client_id; "*": each */
    int64_t most[KP_LIMIT_KINDS];     /* micro-dollars or calls; 0: no such limit */
    kp_windows *windows;              /* NULL: at any time */
    char zone_name[KP_ZONE_NAME_MOST + 1];
    kp_zone *zone; /* of its days; NULL: UTC, or its file was not given */
    bool wait, shadow;
    kp_outage outage;
    int64_t share; /* one part in so many */
} kp_limit_scope;

typedef struct kp_price {
    char method[KP_CLIENT_ID_MOST + 1]; /* "*": the rest */
    int64_t micro;
} kp_price;

typedef struct kp_limits {
    kp_limit_scope *scope; /* the first is that of all */
    size_t scopes;
    kp_price *price;
    size_t prices;
} kp_limits;

/* Where the texts of options come from; "" for one that is not set. */
typedef const char *kp_option_text(const void *self, const char *name);

/* Reads limits.*, limits.by and prices. 0, or KP_E_CONFIG with a sentence in *problem that names the option, or
   KP_E_MEMORY. A budget in dollars without any price is refused. */
int kp_limits_make(kp_option_text *, const void *self, kp_limits **out, kp_buf *problem);
void kp_limits_free(kp_limits *);

/* The zones whose files the caller reads and gives (kp_zone_add_path). NULL past the last. Lent. */
const char *kp_limits_zone(const kp_limits *, size_t i);
/* Whether the file of zone i was given. */
bool kp_limits_has(const kp_limits *, size_t i);
/* As kp_windows_give. */
int kp_limits_give(kp_limits *, size_t i, const void *data, size_t len, kp_buf *problem);

/* Letters, digits and . _ - : @ /, 1 to KP_CLIENT_ID_MOST of them. */
bool kp_is_client_id(const char *text, size_t len);
/* What a call of this method costs. false: no price says it. */
bool kp_limits_price(const kp_limits *, const char *method, int64_t *micro);

/* One call, as limits see it. Texts may be NULL. */
typedef struct kp_limit_call {
    const char *key_name, *method, *client_id;
    int64_t micro;
} kp_limit_call;

/* One limit that concerns a call. */
typedef struct kp_limit_item {
    const kp_limit_scope *scope;
    kp_limit_kind kind;
    const char *who; /* the name for which it counts; "" for all */
} kp_limit_item;

const char *kp_limit_name(kp_limit_kind);
char kp_limit_letter(kp_limit_kind);
/* The i-th limit that concerns the call. false past the last. */
bool kp_limits_item(const kp_limits *, const kp_limit_call *, size_t i, kp_limit_item *out);
/* The first scope that concerns the call and whose windows are shut, with the moment when they open (INT64_MAX: never);
   NULL: all are open. A scope in shadow mode is passed, unless shadowed is asked for. */
const kp_limit_scope *kp_limits_shut(const kp_limits *, const kp_limit_call *, int64_t unix_ms, bool shadowed,
                                     int64_t *opens_ms);
/* Adds what people call it: "usd_per_day", "per_minute of client_id:team-a". */
void kp_limit_title(const kp_limit_item *, kp_buf *);
/* Adds the item as arguments of a verb, each ended by a NUL: what the call adds, the limit divided by share (1: whole),
   slots that end after ttl_ms. realm: what the names in the store are under. */
void kp_limit_add_args(const kp_limit_item *, const char *realm, int64_t micro, int64_t share, uint64_t ttl_ms,
                       int64_t unix_ms, kp_buf *args);
/* What holds for it while the store cannot be asked; *share gets the divisor. */
kp_outage kp_limit_outage(const kp_limit_item *, int64_t *share);

#endif
