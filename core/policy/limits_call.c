/* limits_call.c: picks the limits that concern a call, and writes them as items of the store's verbs. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "policy/limits_read.h"

enum { MICROS_IN_MS = 1000 };

static const struct {
    const char *name;
    char letter;
    int64_t ms;
} kinds[] = {
#define X(symbol, name, letter, ms) {name, letter, ms},
    KP_LIMIT_LIST(X)
#undef X
};

const char *kp_limit_name(kp_limit_kind kind) {
    return kind < KP_LIMIT_KINDS ? kinds[kind].name : "";
}

char kp_limit_letter(kp_limit_kind kind) {
    return kind < KP_LIMIT_KINDS ? kinds[kind].letter : '\0';
}

bool kp_limits_price(const kp_limits *limits, const char *method, int64_t *micro) {
    const kp_price *rest = NULL;
    for (size_t i = 0; limits && micro && i < limits->prices; i++) {
        const kp_price *price = &limits->price[i];
        if (method && kp_same(price->method, method)) {
            *micro = price->micro;
            return true;
        }
        if (kp_same(price->method, "*"))
            rest = price;
    }
    if (rest)
        *micro = rest->micro;
    return rest != NULL;
}

/* ---- Zones ---- */

static bool has_day_zone(const kp_limit_scope *scope) {
    return scope->zone_name[0] != '\0';
}

/* The scope of the i-th zone; *window its place among those of the windows, or SIZE_MAX: it is that of the days. */
static kp_limit_scope *zone_at(const kp_limits *limits, size_t i, size_t *window) {
    for (size_t k = 0; limits && k < limits->scopes; k++) {
        kp_limit_scope *scope = &limits->scope[k];
        *window = SIZE_MAX;
        if (has_day_zone(scope) && i-- == 0)
            return scope;
        for (*window = 0; kp_windows_zone(scope->windows, *window); ++*window)
            if (i-- == 0)
                return scope;
    }
    return NULL;
}

const char *kp_limits_zone(const kp_limits *limits, size_t i) {
    size_t window;
    const kp_limit_scope *scope = zone_at(limits, i, &window);
    if (!scope)
        return NULL;
    return window == SIZE_MAX ? scope->zone_name : kp_windows_zone(scope->windows, window);
}

bool kp_limits_has(const kp_limits *limits, size_t i) {
    size_t window;
    const kp_limit_scope *scope = zone_at(limits, i, &window);
    return scope && (window == SIZE_MAX ? scope->zone != NULL : kp_windows_has(scope->windows, window));
}

int kp_limits_give(kp_limits *limits, size_t i, const void *data, size_t len, kp_buf *problem) {
    size_t window;
    kp_limit_scope *scope = zone_at(limits, i, &window);
    if (!scope)
        return KP_E_MISUSE;
    if (window != SIZE_MAX)
        return kp_windows_give(scope->windows, window, data, len, problem);
    const char *wrong = NULL;
    kp_zone *zone = kp_zone_new(data, len, &wrong);
    if (!zone && !wrong)
        return KP_E_MEMORY;
    if (!zone) {
        kp_buf_fmt(problem, "the time zone %s cannot be used: %s", scope->zone_name, wrong);
        return KP_E_CONFIG;
    }
    kp_zone_free(scope->zone);
    scope->zone = zone;
    return KP_OK;
}

/* ---- Which concern a call ---- */

static bool has_scope(const kp_limits *limits, kp_limit_by by, const char *name) {
    for (size_t i = 0; i < limits->scopes; i++)
        if (limits->scope[i].by == by && kp_same(limits->scope[i].name, name))
            return true;
    return false;
}

/* The name of the call that the scope goes by; NULL: the scope does not concern it. */
static const char *who_of(const kp_limits *limits, const kp_limit_scope *scope, const kp_limit_call *call) {
    const char *name = NULL;
    switch (scope->by) {
    case KP_BY_ALL: return "";
    case KP_BY_KEY: name = call->key_name; break;
    case KP_BY_METHOD: name = call->method; break;
    case KP_BY_CLIENT_ID: name = call->client_id; break;
    }
    if (!name || !name[0])
        return NULL;
    bool named = kp_same(scope->name, name);
    return named || (kp_same(scope->name, "*") && !has_scope(limits, scope->by, name)) ? name : NULL;
}

bool kp_limits_item(const kp_limits *limits, const kp_limit_call *call, size_t i, kp_limit_item *out) {
    for (size_t k = 0; limits && call && out && k < limits->scopes; k++) {
        const char *who = who_of(limits, &limits->scope[k], call);
        for (size_t kind = 0; who && kind < KP_LIMIT_KINDS; kind++)
            if (limits->scope[k].most[kind] > 0 && i-- == 0) {
                *out = (kp_limit_item){&limits->scope[k], (kp_limit_kind)kind, who};
                return true;
            }
    }
    return false;
}

const kp_limit_scope *kp_limits_shut(const kp_limits *limits, const kp_limit_call *call, int64_t unix_ms, bool shadowed,
                                     int64_t *opens_ms) {
    for (size_t k = 0; limits && call && k < limits->scopes; k++) {
        const kp_limit_scope *scope = &limits->scope[k];
        if (!scope->windows || scope->shadow != shadowed || !who_of(limits, scope, call) ||
            kp_windows_open(scope->windows, unix_ms))
            continue;
        if (opens_ms)
            *opens_ms = kp_windows_next(scope->windows, unix_ms);
        return scope;
    }
    return NULL;
}

/* ---- As people and stores name them ---- */

static const char *by_name(kp_limit_by by) {
    static const char *const names[] = {"all", "key", "method", "client_id"};
    return names[by];
}

void kp_limit_title(const kp_limit_item *item, kp_buf *out) {
    if (!item)
        return;
    kp_buf_str(out, kp_limit_name(item->kind));
    if (item->scope->by != KP_BY_ALL) {
        kp_buf_fmt(out, " of %s:", by_name(item->scope->by));
        kp_buf_str(out, item->who);
    }
}

kp_outage kp_limit_outage(const kp_limit_item *item, int64_t *share) {
    if (share)
        *share = 1;
    if (!item)
        return KP_OUTAGE_ALLOW;
    if (share && item->scope->outage == KP_OUTAGE_SHARE)
        *share = item->scope->share;
    if (item->scope->outage != KP_OUTAGE_USUAL)
        return item->scope->outage;
    char letter = kp_limit_letter(item->kind);
    return letter == 'B' || letter == 'C' ? KP_OUTAGE_DENY : KP_OUTAGE_ALLOW;
}

static void add_arg(kp_buf *args, const char *text) {
    kp_buf_str(args, text);
    kp_buf_char(args, '\0');
}

static void add_number(kp_buf *args, int64_t number) {
    kp_buf_i64(args, number);
    kp_buf_char(args, '\0');
}

/* Days of two zones are two sums. What counts for each name is another sum than what counts for that name alone: a call
   that both concern is counted once in each. */
static void add_name(const kp_limit_item *item, const char *realm, kp_buf *args) {
    const kp_limit_scope *scope = item->scope;
    kp_buf_str(args, kp_limit_name(item->kind));
    kp_buf_char(args, '/');
    kp_buf_str(args, realm);
    kp_buf_char(args, '/');
    kp_buf_str(args, by_name(scope->by));
    if (scope->by != KP_BY_ALL) {
        kp_buf_char(args, ':');
        kp_buf_str(args, item->who);
    }
    if (kinds[item->kind].ms == 0 && kp_limit_letter(item->kind) != 'S' && has_day_zone(scope)) {
        kp_buf_char(args, '~');
        kp_buf_str(args, scope->zone_name);
    }
    kp_buf_char(args, '\0');
}

static void add_budget(const kp_limit_item *item, int64_t add, int64_t most, int64_t unix_ms, kp_buf *args) {
    add_number(args, add);
    add_number(args, most);
    if (kinds[item->kind].ms > 0)
        add_arg(args, "24h");
    else
        add_number(args, kp_zone_offset(item->scope->zone, unix_ms / 1000));
}

/* As many as the limit may come at once, then one each time that a part of the period is over. All shares together get
   no more than the limit, though none stays without a grant. */
static void add_rate(const kp_limit_item *item, int64_t most, int64_t share, kp_buf *args) {
    const int64_t longest = 3155760000000000; /* that the store takes */
    int64_t period = (kinds[item->kind].ms * MICROS_IN_MS * share + most - 1) / most;
    add_number(args, period < longest ? period : longest);
    add_number(args, most / share > 0 ? most / share : 1);
}

static void add_slot(int64_t most, uint64_t ttl_ms, kp_buf *args) {
    const uint64_t longest = 86400000;
    add_number(args, most);
    add_number(args, (int64_t)(ttl_ms < 1 ? 1 : ttl_ms > longest ? longest : ttl_ms));
}

void kp_limit_add_args(const kp_limit_item *item, const char *realm, int64_t micro, int64_t share, uint64_t ttl_ms,
                       int64_t unix_ms, kp_buf *args) {
    if (!item || !realm || !args)
        return;
    int64_t most = item->scope->most[item->kind];
    if (most < 1)
        return;
    share = share < 1 ? 1 : share > KP_LIMIT_SHARES_MOST ? KP_LIMIT_SHARES_MOST : share;
    char letter = kp_limit_letter(item->kind);
    add_arg(args, letter == 'R' ? "rate" : letter == 'S' ? "slot" : "budget");
    add_name(item, realm, args);
    if (letter == 'R')
        add_rate(item, most, share, args);
    else if (letter == 'S')
        add_slot(most / share, ttl_ms, args);
    else
        add_budget(item, letter == 'B' ? micro : 1, most / share, unix_ms, args);
    add_arg(args, item->scope->shadow ? "1" : "0");
}
