/* op_terms.c: what a caller says of a call besides what is sent: who it is for, its tags; and what it will cost. */
#include <string.h>

#include "base/text.h"
#include "engine/op.h"
#include "policy/keycheck.h"
#include "safe/arena.h"
#include "safe/known.h"
#include "wire/json.h"

enum { TAG_MOST = 256, TAGS_MOST = 4096 };

static bool is_tag_name(const char *name) {
    size_t len = strlen(name);
    return len >= 1 && len <= 64 && kp_is_client_id(name, len) && !strchr(name, '/');
}

/* Of one name the last counts: a record with a name twice is none that can be read. */
static void drop_tag(kp_op *op, const char *name) {
    kp_buf rest;
    kp_buf_init(&rest, NULL);
    for (size_t at = 0; at < op->tags.len;) {
        const char *own = op->tags.data + at;
        size_t own_len = strlen(own) + 1, both = own_len + strlen(own + own_len) + 1;
        if (!kp_same(own, name))
            kp_buf_add(&rest, own, both);
        at += both;
    }
    rest.failed = rest.failed || op->tags.failed;
    kp_buf_free(&op->tags);
    op->tags = rest;
}

const char *kp_op_add_tag(kp_op *op, const char *name, const char *value, size_t len) {
    if (!is_tag_name(name))
        return "the name of a tag is 1 to 64 letters, digits and . _ - : @";
    if (len > TAG_MOST || memchr(value, '\0', len))
        return "a tag is a text of at most 256 bytes";
    if (op->tags.len + len > TAGS_MOST)
        return "the tags of a call are at most 4096 bytes together";
    drop_tag(op, name);
    kp_buf_add(&op->tags, name, strlen(name) + 1);
    kp_buf_add(&op->tags, value, len);
    kp_buf_char(&op->tags, '\0');
    return op->tags.failed ? "memory is short" : NULL;
}

const char *kp_tags_problem(const char *json) {
    kp_json name, value, root = kp_json_parse(json, strlen(json), NULL);
    size_t at = 0;
    bool sound = true;
    kp_buf plain, text;
    kp_buf_init(&plain, NULL);
    kp_buf_init(&text, NULL);
    while (sound && kp_json_next(root, &at, &name, &value)) {
        kp_buf_clear(&plain);
        kp_buf_clear(&text);
        sound = kp_json_string(name, &plain) && is_tag_name(kp_buf_text(&plain)) && kp_json_string(value, &text) &&
                text.len <= TAG_MOST;
    }
    kp_buf_free(&plain);
    kp_buf_free(&text);
    return sound ? NULL : "a tag has a name of letters, digits and . _ - : @, and a text of at most 256 bytes";
}

static bool is_key(const char *text, size_t len) {
    kp_buf masked;
    kp_buf_init(&masked, &kp_safe);
    kp_known_mask(&masked, text, len);
    bool known = !kp_same_n(text, len, kp_buf_text(&masked));
    kp_buf_free(&masked);
    return len > 0 && (known || kp_key_is_like(text, len));
}

static void check_client_id(kp_op *op) {
    const char *text = kp_buf_text(&op->client_id);
    if (op->client_id.len && !kp_is_client_id(text, op->client_id.len))
        kp_op_fail(op, KP_E_PARAMETER, "client_id is 1 to 64 letters, digits and . _ - : @ /");
    else if (kp_op_is_paid(op) && is_key(text, op->client_id.len)) /* it would stand in the store and in the record */
        kp_op_fail(op, KP_E_PARAMETER, "client_id looks like a key; it is the name of who makes the call");
}

/* A budget that cannot be counted is none. */
static void check_price(kp_op *op) {
    const kp_limits *limits = op->client->limits;
    const char *method = kp_buf_text(&op->method);
    kp_limit_call call = {NULL, method, kp_buf_text(&op->client_id), 0};
    kp_limit_item item;
    op->priced = kp_limits_price(limits, method, &op->cost_micro);
    for (size_t k = 0; !op->priced && k < op->client->ring.members.count; k++) {
        call.key_name = op->client->ring.members.list[k].name;
        for (size_t i = 0; kp_limits_item(limits, &call, i, &item); i++)
            if (kp_limit_letter(item.kind) == 'B') {
                kp_op_fail(op, KP_E_CONFIG,
                           "there is a budget in dollars, and the option prices does not say what this method costs; "
                           "add it, or \"*\" for the rest");
                return;
            }
    }
}

void kp_op_check_terms(kp_op *op) {
    check_client_id(op);
    if (!op->error && kp_op_is_paid(op))
        check_price(op);
}
