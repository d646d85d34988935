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

static void collect_one(kp_op *op, kp_json name, kp_json value) {
    kp_buf text;
    kp_buf_init(&text, &kp_safe);
    kp_json_string(name, &text);
    const kp_param *param = kp_param_find(op->client->provider, op->checked.method, kp_buf_text(&text));
    bool failed = text.failed;
    kp_buf_clear(&text);
    if (param && param->secret) {
        kp_params_text(value, &text);
        if (text.len >= SHORTEST)
            kp_buf_add(&op->secrets, kp_buf_text(&text), text.len + 1);
    }
    if (failed || text.failed || op->secrets.failed)
        kp_op_fail(op, KP_E_MEMORY, "%s", "");
    kp_buf_free(&text);
}

void kp_op_collect_secrets(kp_op *op) {
    kp_json name, value;
    size_t at = 0;
    while (kp_json_next(op->checked.object, &at, &name, &value))
        collect_one(op, name, value);
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

/* Replaces in *text; a failure leaves nothing rather than the secret. */
static void hide(kp_buf *text, const char *secret, size_t len) {
    kp_forms forms;
    kp_buf room, masked;
    kp_buf_init(&room, &kp_safe);
    kp_buf_init(&masked, NULL);
    if (kp_buf_reserve(&room, kp_forms_room(len))) {
        kp_forms_make(&forms, room.data, secret, len);
        mask_one(&masked, kp_buf_text(text), text->len, &forms);
    } else {
        masked.failed = true;
    }
    kp_buf_clear(text);
    if (masked.failed)
        text->failed = true;
    else
        kp_buf_add(text, kp_buf_text(&masked), masked.len);
    kp_buf_free(&masked);
    kp_buf_free(&room);
}

void kp_op_mask(const kp_op *op, kp_buf *out, const char *text, size_t len) {
    if (op->secrets.len == 0) {
        kp_known_mask(out, text, len);
        return;
    }
    kp_buf masked;
    kp_buf_init(&masked, NULL);
    kp_known_mask(&masked, text, len);
    for (size_t at = 0; at < op->secrets.len && !masked.failed;) {
        const char *secret = op->secrets.data + at;
        size_t n = strlen(secret);
        hide(&masked, secret, n);
        at += n + 1;
    }
    if (masked.failed)
        out->failed = true;
    else
        kp_buf_add(out, kp_buf_text(&masked), masked.len);
    kp_buf_free(&masked);
}
