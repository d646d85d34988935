/* limits_by.c: reads the limits of single keys, methods and callers, and what calls cost. */
#include <string.h>

#include "base/decimal.h"
#include "base/error.h"
#include "base/text.h"
#include "policy/limits_read.h"
#include "wire/json.h"

enum { PRICES_MOST = 1024 };

static const struct {
    const char *prefix;
    kp_limit_by by;
} groups[] = {{"key:", KP_BY_KEY}, {"method:", KP_BY_METHOD}, {"client_id:", KP_BY_CLIENT_ID}};

static void fail(kp_limit_reader *r, const char *option, const char *why) {
    if (r->code)
        return;
    kp_buf_fmt(r->problem, "option %s cannot have this value: %s", option, why);
    r->code = KP_E_CONFIG;
}

bool kp_is_client_id(const char *text, size_t len) {
    if (!text || len == 0 || len > KP_CLIENT_ID_MOST)
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\0' || (!kp_is_alpha(text[i]) && !kp_is_digit(text[i]) && !strchr("._-:@/", text[i])))
            return false;
    return true;
}

static bool take_name(char out[KP_CLIENT_ID_MOST + 1], const char *text, size_t len) {
    if (!kp_same_n(text, len, "*") && !kp_is_client_id(text, len))
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

static bool take_group(kp_limit_scope *scope, const kp_buf *name) {
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        size_t head = strlen(groups[i].prefix);
        if (!kp_starts(kp_buf_text(name), groups[i].prefix))
            continue;
        scope->by = groups[i].by;
        return take_name(scope->name, kp_buf_text(name) + head, name->len - head);
    }
    return false;
}

/* The text of a string, or a number or a flag as it stands. */
static bool plain_text(kp_json value, kp_buf *out) {
    kp_buf_clear(out);
    if (value.type == KP_JSON_STRING)
        return kp_json_string(value, out);
    bool plain = value.type == KP_JSON_NUMBER || value.type == KP_JSON_TRUE || value.type == KP_JSON_FALSE;
    if (plain)
        kp_buf_add(out, value.raw, value.len);
    return plain;
}

static bool lacks_memory(kp_limit_reader *r, const kp_buf *a, const kp_buf *b) {
    if (!r->code && (a->failed || b->failed))
        r->code = KP_E_MEMORY;
    return a->failed || b->failed;
}

/* What it says itself goes before what all say: zone, on_limit, shadow, outage. */
static void inherit(kp_limit_scope *scope, const kp_limit_scope *all) {
    memcpy(scope->zone_name, all->zone_name, sizeof scope->zone_name);
    scope->wait = all->wait;
    scope->shadow = all->shadow;
    scope->outage = all->outage;
    scope->share = all->share;
}

static void read_scope(kp_limit_reader *r, kp_json object, kp_limit_scope *scope) {
    kp_json name, value;
    size_t at = 0;
    kp_buf plain, text;
    kp_buf_init(&plain, NULL);
    kp_buf_init(&text, NULL);
    if (object.type != KP_JSON_OBJECT)
        fail(r, "limits.by", "what stands behind a name is no object of limits");
    while (!r->code && kp_json_next(object, &at, &name, &value)) {
        kp_buf_clear(&plain);
        bool sound = kp_json_string(name, &plain) && plain_text(value, &text);
        if (lacks_memory(r, &plain, &text))
            break;
        if (!sound || text.len == 0)
            fail(r, "limits.by", "a limit is no text or number");
        else if (!kp_limit_read(r, scope, kp_buf_text(&plain), kp_buf_text(&text), text.len))
            fail(r, "limits.by",
                 "a name in it is none of the limits (usd_per_day, per_minute, concurrent, window, ...)");
    }
    kp_buf_free(&plain);
    kp_buf_free(&text);
}

/* Room for as many scopes as the object has names, behind the one that is there. */
static void make_room(kp_limit_reader *r, kp_json root, kp_limits *limits) {
    kp_json name, value;
    size_t at = 0, count = 1;
    while (kp_json_next(root, &at, &name, &value))
        count++;
    if (count > KP_LIMIT_SCOPES_MOST) {
        fail(r, "limits.by", "it has more than 255 names");
        return;
    }
    kp_limit_scope *scope = kp_zalloc(count, sizeof *scope);
    if (!scope) {
        r->code = KP_E_MEMORY;
        return;
    }
    scope[0] = limits->scope[0];
    kp_free(limits->scope);
    limits->scope = scope;
}

void kp_limits_read_by(kp_limit_reader *r, const char *json, kp_limits *limits) {
    if (!json || !json[0])
        return;
    kp_json name, value, root = kp_json_parse(json, strlen(json), NULL);
    size_t at = 0;
    kp_buf plain;
    kp_buf_init(&plain, NULL);
    r->where = "limits.by";
    if (root.type != KP_JSON_OBJECT)
        fail(r, "limits.by", "it is no JSON object");
    if (!r->code)
        make_room(r, root, limits);
    while (!r->code && kp_json_next(root, &at, &name, &value)) {
        kp_buf_clear(&plain);
        kp_limit_scope *scope = &limits->scope[limits->scopes];
        inherit(scope, &limits->scope[0]);
        limits->scopes++;
        bool sound = kp_json_string(name, &plain);
        if (lacks_memory(r, &plain, &plain))
            break;
        if (!sound || !take_group(scope, &plain))
            fail(r, "limits.by", "a name is not key:NAME, method:NAME or client_id:NAME");
        else
            read_scope(r, value, scope);
    }
    r->where = "";
    kp_buf_free(&plain);
}

void kp_limits_read_prices(kp_limit_reader *r, const char *json, kp_limits *limits) {
    if (!json || !json[0])
        return;
    kp_json name, value, root = kp_json_parse(json, strlen(json), NULL);
    size_t at = 0, count = 0;
    while (kp_json_next(root, &at, &name, &value))
        count++;
    if (root.type != KP_JSON_OBJECT || count > PRICES_MOST) {
        fail(r, "prices", "it is no JSON object of at most 1024 prices");
        return;
    }
    limits->price = kp_zalloc(count + 1, sizeof *limits->price);
    if (!limits->price)
        r->code = KP_E_MEMORY;
    kp_buf plain, text;
    kp_buf_init(&plain, NULL);
    kp_buf_init(&text, NULL);
    for (at = 0; !r->code && kp_json_next(root, &at, &name, &value); limits->prices++) {
        kp_price *price = &limits->price[limits->prices];
        kp_buf_clear(&plain);
        bool named = kp_json_string(name, &plain), sound = plain_text(value, &text);
        if (lacks_memory(r, &plain, &text))
            break;
        if (!named || !take_name(price->method, kp_buf_text(&plain), plain.len))
            fail(r, "prices", "a name is no method and not *");
        else if (!sound || !kp_parse_dollars(kp_buf_text(&text), text.len, &price->micro))
            fail(r, "prices", "a price is no amount of dollars with at most six decimals");
    }
    kp_buf_free(&plain);
    kp_buf_free(&text);
}
