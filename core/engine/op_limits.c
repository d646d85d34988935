/* op_limits.c: KP_TELL what=limits: asks the store what of each limit is used, and tells it as JSON. */
#include <string.h>

#include "base/decimal.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/moves.h"
#include "engine/names.h"
#include "engine/op.h"
#include "policy/admit.h"
#include "safe/known.h"

bool kp_is_telling_limits(const kp_op *op) {
    return op->kind == KP_TELL && kp_same(kp_buf_text(&op->what), "limits");
}

bool kp_is_limits_zone_left(const kp_op *op) {
    return kp_is_telling_limits(op) && kp_is_zone_left(op);
}

bool kp_is_look_left(const kp_op *op) {
    return op->looks == 0 && !op->away;
}

void kp_do_ask_pause(kp_op *op) {
    char gate[KP_NAME_SIZE], why[KP_NAME_SIZE];
    kp_name_pause(op->client, gate);
    kp_name_pause_reason(op->client, why);
    kp_op_ask(op, "GET", gate, why, NULL);
}

/* Who is named has limits of his own. */
static bool is_named(const kp_limits *limits, kp_limit_by by, const char *who) {
    for (size_t k = 0; k < limits->scopes; k++)
        if (limits->scope[k].by == by && kp_same(limits->scope[k].name, who))
            return true;
    return false;
}

/* The limit that stands at place i, counted over all scopes: of a scope for each one, that of the one who was named.
   false past the last. */
static bool limit_at(const kp_op *op, size_t i, kp_limit_item *out) {
    const kp_limits *limits = op->client->limits;
    for (size_t k = 0; limits && k < limits->scopes; k++) {
        const kp_limit_scope *scope = &limits->scope[k];
        const char *who = scope->by == KP_BY_ALL ? "" : scope->name;
        bool each = kp_same(who, "*");
        if (each)
            who = scope->by == KP_BY_CLIENT_ID ? kp_buf_text(&op->client_id)
                  : scope->by == KP_BY_METHOD  ? kp_buf_text(&op->method)
                                               : "";
        if (each && is_named(limits, scope->by, who))
            continue;
        for (size_t kind = 0; (scope->by == KP_BY_ALL || who[0]) && kind < KP_LIMIT_KINDS; kind++)
            if (scope->most[kind] > 0 && i-- == 0) {
                *out = (kp_limit_item){scope, (kp_limit_kind)kind, who};
                return true;
            }
    }
    return false;
}

void kp_do_ask_look(kp_op *op) {
    kp_limit_item item;
    op->looks++;
    kp_op_ask(op, "LOOK", NULL);
    pthread_mutex_lock(&op->client->lock);
    for (size_t i = 0; limit_at(op, i, &item); i++)
        kp_limit_add_args(&item, op->client->realm, 0, 1, 1, op->unix_ms, &op->args);
    pthread_mutex_unlock(&op->client->lock);
}

/* ---- The answer ---- */

static kp_arg word_at(const kp_buf *text, size_t number) {
    const char *at = kp_buf_text(text);
    for (; number > 0 && *at; number--) {
        at += strcspn(at, " ");
        at += *at == ' ';
    }
    return (kp_arg){at, strcspn(at, " ")};
}

static void add_time(kp_buf *out, const char *name, int64_t unix_ms) {
    kp_buf_fmt(out, ",\"%s\":", name);
    if (unix_ms <= 0 || unix_ms == INT64_MAX) {
        kp_buf_str(out, "null");
        return;
    }
    kp_buf_char(out, '"');
    kp_add_rfc3339(out, unix_ms);
    kp_buf_char(out, '"');
}

static void add_amount(kp_buf *out, const char *name, char letter, int64_t amount) {
    kp_buf_fmt(out, ",\"%s\":", name);
    if (letter == 'B')
        kp_buf_char(out, '"');
    if (letter == 'B')
        kp_add_micro(out, amount);
    else
        kp_buf_i64(out, amount);
    if (letter == 'B')
        kp_buf_char(out, '"');
}

static void add_scope(kp_buf *out, const kp_limit_scope *scope, const char *who) {
    static const char *const groups[] = {"all", "key:", "method:", "client_id:"};
    kp_buf_fmt(out, "{\"scope\":\"%s", groups[scope->by]);
    kp_buf_str(out, who);
    kp_buf_char(out, '"');
}

static void add_limit(kp_buf *out, const kp_limit_item *item, kp_arg word, int64_t now) {
    const char *colon = word.len ? memchr(word.text, ':', word.len) : NULL;
    int64_t used = 0, resets = 0, most = item->scope->most[item->kind];
    bool known = colon && kp_parse_i64(word.text, (size_t)(colon - word.text), &used) &&
                 kp_parse_i64(colon + 1, word.len - (size_t)(colon - word.text) - 1, &resets) && used >= 0;
    char letter = kp_limit_letter(item->kind);
    add_scope(out, item->scope, item->who);
    kp_buf_fmt(out, ",\"name\":\"%s\"", kp_limit_name(item->kind));
    add_amount(out, "limit", letter, most);
    if (known) {
        add_amount(out, "used", letter, used);
        add_amount(out, "left", letter, used < most ? most - used : 0);
        add_time(out, "resets_at", letter == 'S' || used == 0 || resets <= now ? 0 : resets);
    } else {
        kp_buf_str(out, ",\"used\":null,\"left\":null,\"resets_at\":null");
    }
    kp_buf_fmt(out, ",\"policy\":\"%s\",\"shadow\":%s}", item->scope->wait ? "wait" : "refuse",
               item->scope->shadow ? "true" : "false");
}

static void add_windows(const kp_op *op, kp_buf *out) {
    const kp_limits *limits = op->client->limits;
    int64_t now = op->store_ms > 0 ? op->store_ms : op->unix_ms;
    bool first = true;
    kp_buf_str(out, ",\"windows\":[");
    pthread_mutex_lock(&op->client->lock);
    for (size_t k = 0; limits && k < limits->scopes; k++) {
        const kp_limit_scope *scope = &limits->scope[k];
        if (!scope->windows)
            continue;
        bool open = kp_windows_open(scope->windows, now);
        kp_buf_str(out, first ? "" : ",");
        add_scope(out, scope, scope->name);
        kp_buf_fmt(out, ",\"open\":%s", open ? "true" : "false");
        add_time(out, "opens_at", open ? 0 : kp_windows_next(scope->windows, now));
        kp_buf_char(out, '}');
        first = false;
    }
    pthread_mutex_unlock(&op->client->lock);
    kp_buf_char(out, ']');
}

/* Somebody else may have written it: what is no text of two hex digits stays as it is. */
static void decode(kp_arg word, kp_buf *out) {
    for (size_t i = 0; i < word.len; i++) {
        int high = i + 2 < word.len + 0 && word.text[i] == '%' ? kp_hex_value(word.text[i + 1]) : -1;
        int low = high >= 0 ? kp_hex_value(word.text[i + 2]) : -1;
        kp_buf_char(out, low >= 0 ? (char)(high * 16 + low) : word.text[i]);
        i += low >= 0 ? 2 : 0;
    }
}

static void add_reason(kp_buf *out, kp_arg word) {
    kp_buf plain, masked;
    kp_buf_init(&plain, NULL);
    kp_buf_init(&masked, NULL);
    if (!kp_same_n(word.text, word.len, "-"))
        decode(word, &plain);
    kp_known_mask(&masked, kp_buf_text(&plain), plain.len);
    kp_buf_str(out, ",\"reason\":");
    out->failed = out->failed || plain.failed;
    kp_add_json(out, kp_buf_text(&masked), masked.len);
    out->failed = out->failed || masked.failed;
    kp_buf_free(&plain);
    kp_buf_free(&masked);
}

/* The reply to GET: "ok NOW UNTIL REASON". */
static void add_pause(const kp_buf *reply, kp_buf *out) {
    kp_arg now_word = word_at(reply, 1), until_word = word_at(reply, 2);
    int64_t now = 0, until = 0;
    bool paused = kp_parse_i64(now_word.text, now_word.len, &now) &&
                  kp_parse_i64(until_word.text, until_word.len, &until) && until > now;
    kp_buf_str(out, ",\"paused\":");
    if (!paused) {
        kp_buf_str(out, "null");
        return;
    }
    kp_buf_str(out, "{\"left_ms\":");
    kp_buf_i64(out, until - now);
    add_time(out, "until", until);
    add_reason(out, word_at(reply, 3));
    kp_buf_char(out, '}');
}

void kp_do_tell_limits(kp_op *op) {
    kp_limit_item item;
    const kp_buf *pause = op->looks ? &op->former : &op->text;
    kp_buf_clear(&op->answer);
    kp_buf_str(&op->answer, "{\"limits\":[");
    for (size_t i = 0; limit_at(op, i, &item); i++) {
        kp_buf_str(&op->answer, i ? "," : "");
        add_limit(&op->answer, &item, op->looks ? word_at(&op->text, i + 2) : (kp_arg){"", 0}, op->store_ms);
    }
    kp_buf_char(&op->answer, ']');
    add_windows(op, &op->answer);
    add_pause(pause, &op->answer);
    kp_buf_fmt(&op->answer, ",\"store\":\"%s\"}", op->away ? "away" : "ok");
    op->has_answer = true;
    kp_op_mask_answer(op); /* who was named may be a key in the wrong place */
    if (op->answer.failed)
        kp_op_fail(op, KP_E_MEMORY, "%s", "");
}
