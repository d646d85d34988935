/* op_answer.c: takes the HTTP answer of a call as it arrives, and tells whether it came whole. */
#include "base/text.h"
#include "base/when.h"
#include "engine/op.h"

void kp_on_status(kp_op *op, int status) {
    if (kp_op_step(op) != KP_HTTP)
        return;
    op->http_status = status;
    op->framing = (kp_framing){.length = -1};
    op->retry_after_ms = 0;
}

/* RFC 9112, 6.3: lengths that differ, or one that is no number, say nothing about where the answer ends. */
static void take_length(kp_framing *framing, const char *value, size_t len) {
    int64_t length = -1;
    if (!kp_parse_i64(value, len, &length) || length < 0 || (framing->length >= 0 && framing->length != length))
        framing->contradicts = true;
    framing->length = length;
}

void kp_on_header(kp_op *op, const char *name, size_t nlen, const char *value, size_t vlen) {
    if (kp_op_step(op) != KP_HTTP || !name || !value)
        return;
    if (nlen > SIZE_MAX / 4 || vlen > SIZE_MAX / 4 || op->head_bytes > kp_op_limit(op))
        return;
    op->head_bytes += nlen + vlen + 4;
    kp_trim(&value, &vlen);
    if (kp_same_nocase(name, nlen, "content-length"))
        take_length(&op->framing, value, vlen);
    if (kp_same_nocase(name, nlen, "transfer-encoding")) {
        op->framing.chunked = !op->framing.coded && kp_same_nocase(value, vlen, "chunked");
        op->framing.coded = true;
    }
    uint64_t most = kp_op_in(op, UINT64_MAX) - op->mono_ms;
    if (kp_same_nocase(name, nlen, "retry-after") &&
        !kp_parse_retry_after(value, vlen, op->unix_ms, most, &op->retry_after_ms))
        op->retry_after_ms = 0;
}

int kp_on_body(kp_op *op, const char *data, size_t len) {
    if (kp_op_step(op) != KP_HTTP || (!data && len))
        return 1;
    size_t limit = kp_op_limit(op), used = op->head_bytes + op->body.len;
    if (used > limit || len > limit - used)
        op->too_big = true;
    else
        kp_buf_add(&op->body, data, len);
    return op->too_big || op->body.failed;
}

/* JSON with a bracket shows by itself where it ends. */
static bool shows_its_end(const kp_op *op) {
    return op->body.len > 0 && (op->body.data[0] == '{' || op->body.data[0] == '[');
}

bool kp_op_answer_is_whole(const kp_op *op) {
    const kp_framing *framing = &op->framing;
    if (framing->contradicts)
        return false;
    if (framing->coded)
        return framing->chunked || shows_its_end(op);
    if (framing->length >= 0)
        return (uint64_t)framing->length == op->body.len;
    return op->body.len == 0 || shows_its_end(op);
}
