/* record.c: the lines of the audit record: one for each paid intent, one for the outcome of its operation. */
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "engine/op.h"
#include "safe/arena.h"
#include "safe/known.h"

bool kp_op_records(const kp_op *op) {
    return kp_op_is_paid(op) && kp_config_value(op->client->config, KP_OPT_AUDIT_FILE)[0];
}

static void add_text(kp_buf *out, const char *name, const char *text) {
    if (!text || !text[0])
        return;
    kp_buf_fmt(out, ",\"%s\":", name);
    kp_add_json(out, text, strlen(text));
}

/* Of the operation; before it in the list are those of the configuration, which it may say otherwise. */
static bool has_own(const kp_op *op, const char *name) {
    for (size_t at = 0; at < op->tags.len;) {
        const char *own = op->tags.data + at;
        at += strlen(own) + 1;
        at += strlen(op->tags.data + at) + 1;
        if (kp_same(own, name))
            return true;
    }
    return false;
}

static void add_tag(kp_buf *out, bool *first, const char *name, const char *value, size_t len) {
    kp_buf_str(out, *first ? ",\"tags\":{" : ",");
    kp_add_json(out, name, strlen(name));
    kp_buf_char(out, ':');
    kp_add_json(out, value, len);
    *first = false;
}

/* Their form was checked when they were set. */
static void add_tags(kp_buf *out, const kp_op *op) {
    const char *json = kp_config_value(op->client->config, KP_OPT_TAGS);
    kp_json name, value, root = kp_json_parse(json, strlen(json), NULL);
    size_t at = 0;
    bool first = true;
    kp_buf plain, text;
    kp_buf_init(&plain, NULL);
    kp_buf_init(&text, NULL);
    while (json[0] && kp_json_next(root, &at, &name, &value)) {
        kp_buf_clear(&plain);
        kp_buf_clear(&text);
        kp_json_string(name, &plain);
        kp_json_string(value, &text);
        if (!has_own(op, kp_buf_text(&plain)))
            add_tag(out, &first, kp_buf_text(&plain), kp_buf_text(&text), text.len);
    }
    for (at = 0; at < op->tags.len;) {
        const char *own = op->tags.data + at, *what = own + strlen(own) + 1;
        at += strlen(own) + strlen(what) + 2;
        add_tag(out, &first, own, what, strlen(what));
    }
    kp_buf_str(out, first ? "" : "}");
    out->failed = out->failed || plain.failed || text.failed;
    kp_buf_free(&plain);
    kp_buf_free(&text);
}

/* What is on the books: a charge that is given back is none. */
static void add_cost(kp_buf *out, const kp_op *op, bool intent) {
    if (op->priced)
        kp_buf_fmt(out, ",\"cost_micro\":%lld",
                   intent || op->accepted || op->unknown ? (long long)op->cost_micro : 0LL);
}

bool kp_op_is_refused(const kp_op *op) {
    return kp_op_is_paid(op) && !op->intended && op->error && kp_error_find(op->error)->cls == KP_CLASS_LIMIT;
}

bool kp_op_record(kp_op *op) {
    bool intent = op->state == KP_S_INTENT;
    kp_buf line;
    kp_buf_init(&line, &kp_safe);
    kp_buf_str(&line, "{\"@timestamp\":\"");
    kp_add_rfc3339(&line, op->unix_ms);
    kp_buf_fmt(&line, "\",\"event\":\"%s\",\"operation\":\"%s\",\"attempt\":%u", intent ? "intent" : "outcome", op->id,
               op->admissions);
    add_text(&line, "provider", op->client->provider->name);
    add_text(&line, "action", op->kind == KP_SOLVE ? "solve" : "submit");
    add_text(&line, "method", kp_op_method(op));
    add_text(&line, "key", op->fingerprint);
    add_text(&line, "client_id", kp_buf_text(&op->client_id));
    add_tags(&line, op);
    add_cost(&line, op, intent);
    if (!intent) {
        add_text(&line, "task", kp_buf_text(&op->task_ref));
        add_text(&line, "code", op->error ? kp_error_name(op->error) : "ok");
        add_text(&line, "class", op->error ? kp_error_class(op->error) : NULL);
        add_text(&line, "limit", op->error ? kp_buf_text(&op->limit) : NULL);
        kp_buf_fmt(&line, ",\"outcome_unknown\":%s,\"attempts\":%u,\"duration_ms\":%llu",
                   op->unknown ? "true" : "false", op->attempts, (unsigned long long)op->elapsed_ms);
    }
    kp_buf_str(&line, "}\n");
    kp_buf_clear(&op->line);
    kp_known_mask(&op->line, kp_buf_text(&line), line.len);
    op->line.failed = op->line.failed || line.failed;
    kp_buf_free(&line);
    return !op->line.failed;
}
