/* happening.c: writes what happened as JSON. */
#include "engine/happening.h"

#include <string.h>

#include "base/decimal.h"
#include "base/text.h"
#include "base/when.h"
#include "safe/known.h"

static void add_text(kp_buf *out, const char *name, const char *text) {
    if (!text || !text[0])
        return;
    kp_buf_fmt(out, ",\"%s\":", name);
    kp_add_json(out, text, strlen(text));
}

static void add_message(kp_buf *out, const kp_happening *h) {
    kp_buf message;
    kp_buf_init(&message, NULL);
    kp_buf_str(&message, h->message);
    if (h->tells_balance)
        kp_add_micro(&message, h->balance_micro);
    add_text(out, "message", kp_buf_text(&message));
    out->failed = out->failed || message.failed;
    kp_buf_free(&message);
}

static void add_end(kp_buf *out, const kp_happening *h) {
    kp_buf_fmt(out, ",\"attempts\":%u", h->attempts);
    if (h->polls)
        kp_buf_fmt(out, ",\"polls\":%u", h->polls);
    kp_buf_fmt(out, ",\"duration_ms\":%llu", (unsigned long long)h->duration_ms);
    if (h->unknown)
        kp_buf_str(out, ",\"outcome_unknown\":true");
}

static void add_plain(kp_buf *out, const kp_happening *h) {
    kp_buf_str(out, "{\"time\":\"");
    kp_add_rfc3339(out, h->unix_ms);
    kp_buf_char(out, '"');
    add_text(out, "event", h->name);
    add_text(out, "level", h->level);
    add_message(out, h);
    add_text(out, "operation", h->operation);
    add_text(out, "provider", h->provider);
    add_text(out, "method", h->method);
    add_text(out, "key", h->key_name);
    add_text(out, "fingerprint", h->fingerprint);
    add_text(out, "task", h->task);
    add_text(out, "status", h->status);
    if (h->is_end)
        add_end(out, h);
    add_text(out, "class", h->class_name);
    kp_buf_char(out, '}');
}

void kp_happening_add(kp_buf *out, const kp_happening *h) {
    kp_buf plain;
    kp_buf_init(&plain, NULL);
    add_plain(&plain, h);
    kp_known_mask(out, kp_buf_text(&plain), plain.len);
    out->failed = out->failed || plain.failed;
    kp_buf_free(&plain);
}
