/* limits.c: reads limits and prices from the options. */
#include "policy/limits.h"

#include <string.h>

#include "base/decimal.h"
#include "base/error.h"
#include "base/text.h"
#include "policy/keycheck.h"
#include "policy/limits_read.h"

/* The options that stand beside the limits themselves, in a scope as among the options. */
static const char *const extras[] = {"window", "zone", "on_limit", "shadow", "outage"};
enum { WINDOW, ZONE, ON_LIMIT, SHADOW, OUTAGE, EXTRAS };

static int fail(kp_limit_reader *r, const char *name, const char *why) {
    if (r->code)
        return r->code;
    kp_buf_fmt(r->problem, "option %s", r->where[0] ? r->where : "limits.");
    if (r->where[0])
        kp_buf_str(r->problem, ": ");
    kp_buf_fmt(r->problem, "%s cannot have this value: ", name);
    kp_buf_str(r->problem, why);
    r->code = KP_E_CONFIG;
    return r->code;
}

/* What the store can hold: a rate is one grant in a whole number of microseconds. */
static void read_most(kp_limit_reader *r, kp_limit_scope *scope, kp_limit_kind kind, const char *text, size_t len) {
    int64_t *most = &scope->most[kind], bound = KP_MICRO_MAX;
    const char *why = "it is no amount of dollars from 0.000001 to 1000000000";
    char letter = kp_limit_letter(kind);
    if (letter == 'C') {
        bound = KP_LIMIT_CALLS_MOST;
        why = "it is no number from 1 to 1000000000";
    } else if (letter == 'R') {
        bound = KP_LIMIT_RATE_MOST;
        why = "it is no number from 1 to 1000000";
    } else if (letter == 'S') {
        bound = KP_LIMIT_SLOTS_MOST;
        why = "it is no number from 1 to 100000";
    }
    bool sound = letter == 'B' ? kp_parse_dollars(text, len, most) : kp_parse_i64(text, len, most);
    if (!sound || *most < 1 || *most > bound)
        fail(r, kp_limit_name(kind), why);
    r->needs_price = r->needs_price || letter == 'B';
}

static void read_window(kp_limit_reader *r, kp_limit_scope *scope, const char *text, size_t len) {
    kp_buf why;
    kp_buf_init(&why, NULL);
    int code = kp_windows_parse(text, len, &scope->windows, &why);
    if (code == KP_E_MEMORY)
        r->code = r->code ? r->code : code;
    else if (code)
        fail(r, "window", kp_buf_text(&why));
    kp_buf_free(&why);
}

static void read_zone(kp_limit_reader *r, kp_limit_scope *scope, const char *text, size_t len) {
    if (!kp_zone_is_name(text, len) || len > KP_ZONE_NAME_MOST || kp_key_is_like(text, len)) {
        fail(r, "zone", "it is no name of a time zone, such as Europe/Berlin");
        return;
    }
    memcpy(scope->zone_name, text, len);
    scope->zone_name[len] = '\0';
    if (kp_zone_is_utc(text, len))
        scope->zone_name[0] = '\0';
}

static void read_outage(kp_limit_reader *r, kp_limit_scope *scope, const char *text, size_t len) {
    static const char share[] = "share=1/";
    size_t head = sizeof share - 1;
    if (kp_same_n(text, len, "deny"))
        scope->outage = KP_OUTAGE_DENY;
    else if (kp_same_n(text, len, "allow"))
        scope->outage = KP_OUTAGE_ALLOW;
    else if (len > head && memcmp(text, share, head) == 0 && kp_parse_i64(text + head, len - head, &scope->share) &&
             scope->share >= 1 && scope->share <= KP_LIMIT_SHARES_MOST)
        scope->outage = KP_OUTAGE_SHARE;
    else
        fail(r, "outage", "it is neither deny nor allow nor share=1/N");
}

static void read_extra(kp_limit_reader *r, kp_limit_scope *scope, size_t extra, const char *text, size_t len) {
    bool yes = kp_same_n(text, len, "true") || kp_same_n(text, len, "1") || kp_same_n(text, len, "yes");
    bool no = kp_same_n(text, len, "false") || kp_same_n(text, len, "0") || kp_same_n(text, len, "no");
    switch (extra) {
    case WINDOW: read_window(r, scope, text, len); return;
    case ZONE: read_zone(r, scope, text, len); return;
    case OUTAGE: read_outage(r, scope, text, len); return;
    case ON_LIMIT:
        scope->wait = kp_same_n(text, len, "wait");
        if (!scope->wait && !kp_same_n(text, len, "refuse"))
            fail(r, "on_limit", "it is neither refuse nor wait");
        return;
    default:
        scope->shadow = yes;
        if (!yes && !no)
            fail(r, "shadow", "it is neither true nor false");
    }
}

bool kp_limit_read(kp_limit_reader *r, kp_limit_scope *scope, const char *name, const char *text, size_t len) {
    for (size_t i = 0; i < KP_LIMIT_KINDS; i++)
        if (kp_same(name, kp_limit_name((kp_limit_kind)i))) {
            read_most(r, scope, (kp_limit_kind)i, text, len);
            return true;
        }
    for (size_t i = 0; i < EXTRAS; i++)
        if (kp_same(name, extras[i])) {
            read_extra(r, scope, i, text, len);
            return true;
        }
    return false;
}

static void read_options(kp_limit_reader *r, kp_option_text *option, const void *self, kp_limit_scope *all) {
    for (size_t i = 0; i < KP_LIMIT_KINDS + EXTRAS && !r->code; i++) {
        const char *name = i < KP_LIMIT_KINDS ? kp_limit_name((kp_limit_kind)i) : extras[i - KP_LIMIT_KINDS];
        char dotted[40];
        size_t len = strlen(name);
        memcpy(dotted, "limits.", 7);
        memcpy(dotted + 7, name, len + 1);
        const char *text = option(self, dotted);
        if (text && text[0])
            kp_limit_read(r, all, name, text, strlen(text));
    }
}

int kp_limits_make(kp_option_text *option, const void *self, kp_limits **out, kp_buf *problem) {
    if (!option || !out || !problem)
        return KP_E_MISUSE;
    *out = NULL;
    kp_limits *limits = kp_zalloc(1, sizeof *limits);
    if (limits)
        limits->scope = kp_zalloc(1, sizeof *limits->scope);
    kp_limit_reader r = {.code = limits && limits->scope ? KP_OK : KP_E_MEMORY, .where = "", .problem = problem};
    if (!r.code) {
        limits->scopes = 1;
        read_options(&r, option, self, &limits->scope[0]);
    }
    if (!r.code)
        kp_limits_read_by(&r, option(self, "limits.by"), limits);
    if (!r.code)
        kp_limits_read_prices(&r, option(self, "prices"), limits);
    if (!r.code && r.needs_price && limits->prices == 0) {
        kp_buf_str(problem,
                   "a budget in dollars needs the option prices, such as {\"*\":\"0.001\"}: what a call costs");
        r.code = KP_E_CONFIG;
    }
    if (!r.code && problem->failed)
        r.code = KP_E_MEMORY;
    if (r.code)
        kp_limits_free(limits);
    else
        *out = limits;
    return r.code;
}

void kp_limits_free(kp_limits *limits) {
    if (!limits)
        return;
    for (size_t i = 0; limits->scope && i < limits->scopes; i++) {
        kp_windows_free(limits->scope[i].windows);
        kp_zone_free(limits->scope[i].zone);
    }
    kp_free(limits->scope);
    kp_free(limits->price);
    kp_free(limits);
}
