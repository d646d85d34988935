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
    if (!intent) {
        add_text(&line, "task", kp_buf_text(&op->task_ref));
        add_text(&line, "code", op->error ? kp_error_name(op->error) : "ok");
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
