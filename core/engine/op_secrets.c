/* op_secrets.c: the secrets of one task, such as its proxy's credentials: no text about the operation shows them, and
 * they are forgotten with it. */
#include <string.h>

#include "base/text.h"
#include "engine/op.h"
#include "safe/arena.h"
#include "safe/known.h"
#include "safe/known_forms.h"

/* Shorter ones are found in too much that is none. */
enum { SHORTEST = 4 };

static void add_secret(kp_op *op, const char *text, size_t len) {
    if (len >= SHORTEST && !memchr(text, 0, len)) {
        kp_buf_add(&op->secrets, text, len);
        kp_buf_char(&op->secrets, '\0');
    }
}

/* A login is told as "user:password@host", and a service may repeat any part of it. */
static void add_login(kp_op *op, const char *text, size_t len) {
    const char *at = text ? memchr(text, '@', len) : NULL;
    for (const char *next = at; next; next = memchr(next + 1, '@', len - (size_t)(next + 1 - text)))
        at = next;
    if (!at)
        return;
    const char *start = text;
    for (const char *p = text; p + 3 <= at; p++)
        if (memcmp(p, "://", 3) == 0)
            start = p + 3;
    const char *colon = memchr(start, ':', (size_t)(at - start));
    add_secret(op, start, (size_t)(at - start));
    if (colon)
        add_secret(op, colon + 1, (size_t)(at - colon - 1));
}

/* A value that stands by itself: the text of a string, the raw text of a number. */
static void collect_leaf(kp_op *op, kp_json value) {
    kp_buf text;
    kp_buf_init(&text, &kp_safe);
    kp_params_text(value, &text);
    add_secret(op, kp_buf_text(&text), text.len);
    add_login(op, text.data, text.len);
    if (text.failed || op->secrets.failed)
        kp_op_fail(op, KP_E_MEMORY, "%s", "");
    kp_buf_free(&text);
}

/* All leaves below a value, in the order of the text: a bracket is stepped into, a leaf is stepped over. */
static void collect(kp_op *op, kp_json value) {
    struct {
        kp_json container;
        size_t at;
    } stack[KP_JSON_DEPTH];
    size_t depth = 0;
    kp_json name, next = value;
    for (;;) {
        bool container = next.type == KP_JSON_OBJECT || next.type == KP_JSON_ARRAY;
        if (container && depth < KP_JSON_DEPTH) {
            stack[depth].container = next;
            stack[depth++].at = 0;
        } else if (next.type == KP_JSON_STRING || next.type == KP_JSON_NUMBER) {
            collect_leaf(op, next);
        }
        while (depth && !kp_json_next(stack[depth - 1].container, &stack[depth - 1].at, &name, &next))
            depth--;
        if (!depth)
            return;
    }
}

/* text: room for the name, decoded. */
static bool is_secret(kp_op *op, kp_json name, kp_buf *text) {
    kp_buf_clear(text);
    kp_json_string(name, text);
    const kp_param *param = kp_param_find(op->client->provider, op->checked.method, kp_buf_text(text));
    if (text->failed)
        kp_op_fail(op, KP_E_MEMORY, "%s", "");
    return param && param->secret;
}

void kp_op_collect_secrets(kp_op *op) {
    kp_json name, value;
    kp_buf text;
    kp_buf_init(&text, NULL);
    size_t at = 0;
    while (kp_json_next(op->checked.object, &at, &name, &value))
        if (is_secret(op, name, &text))
            collect(op, value);
    kp_buf_free(&text);
}

static void mask_one(kp_buf *out, const char *text, size_t len, const kp_forms *forms) {
    for (size_t i = 0; i < len;) {
        size_t n = kp_forms_match(forms, text + i, len - i);
        if (n)
            kp_buf_str(out, KP_MASK_TEXT);
        else
            kp_buf_add(out, text + i, 1);
        i += n ? n : 1;
    }
}

/* A failure leaves nothing rather than the secret. */
static void hide(kp_buf *text, const char *secret, size_t len) {
    kp_forms forms;
    kp_buf room, masked;
    kp_buf_init(&room, &kp_safe);
    kp_buf_init(&masked, NULL);
    if (kp_buf_reserve(&room, kp_forms_room(len))) {
        kp_forms_make(&forms, room.data, secret, len);
        mask_one(&masked, kp_buf_text(text), text->len, &forms);
    }
    bool whole = !room.failed && !masked.failed;
    kp_buf_clear(text);
    if (whole)
        kp_buf_add(text, kp_buf_text(&masked), masked.len);
    kp_buf_free(&masked);
    kp_buf_free(&room);
}

void kp_op_hide(const kp_op *op, kp_buf *text) {
    for (size_t at = 0; at < op->secrets.len && text->len;) {
        const char *secret = op->secrets.data + at;
        size_t n = strlen(secret);
        hide(text, secret, n);
        at += n + 1;
    }
}
