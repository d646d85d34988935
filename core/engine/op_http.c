/* op_http.c: lends drivers the parts of the HTTP request that an operation wants to be sent. */
#include "engine/op.h"
#include "safe/arena.h"
#include "safe/known.h"

/* Where there is no metadata service, nothing answers. */
enum { LOCAL_CONNECT_MS = 1000 };

static bool built(const kp_op *op) {
    return kp_op_step(op) == KP_HTTP && op->built;
}

static const kp_request *request_of(const kp_op *op) {
    if (!built(op))
        return NULL;
    return op->state == KP_S_FETCH ? kp_fetch_request(op->fetch) : &op->request;
}

/* A call within this machine's cloud has no way round. */
static bool is_local(const kp_op *op) {
    return op && op->state == KP_S_FETCH && kp_fetch_is_local(op->fetch);
}

int kp_http_flags(const kp_op *op) {
    return op && op->state == KP_S_SUBMIT ? KP_ONCE : 0;
}

const char *kp_http_method(const kp_op *op) {
    const kp_request *request = request_of(op);
    return request ? request->http_method : NULL;
}

const char *kp_http_url(const kp_op *op) {
    const kp_request *request = request_of(op);
    return request ? kp_buf_text(&request->url) : NULL;
}

/* The URL for people has a mark where the key stands; a task id of the caller's can repeat the key. */
static bool mask_url(kp_op *op) {
    kp_buf masked;
    kp_buf_init(&masked, &kp_safe);
    kp_known_mask(&masked, kp_buf_text(&op->request.shown_url), op->request.shown_url.len);
    op->url_masked = !masked.failed;
    if (op->url_masked) {
        kp_buf_free(&op->request.shown_url);
        op->request.shown_url = masked;
    } else
        kp_buf_free(&masked);
    return op->url_masked;
}

/* Mostly nobody asks, so it is masked only then; that is not part of the operation's state. */
const char *kp_http_shown_url(const kp_op *op) {
    if (built(op) && op->state == KP_S_FETCH)
        return kp_buf_text(&kp_fetch_request(op->fetch)->shown_url);
    if (!built(op) || (!op->url_masked && !mask_url((kp_op *)(uintptr_t)op)))
        return NULL;
    return kp_buf_text(&op->request.shown_url);
}

const char *kp_http_header(const kp_op *op, size_t i, const char **value) {
    const kp_request *request = request_of(op);
    if (!request || i >= request->header_count)
        return NULL;
    if (value)
        *value = kp_buf_text(&request->header_value[i]);
    return request->header_name[i];
}

const char *kp_http_body(const kp_op *op, size_t *len) {
    const kp_request *request = request_of(op);
    if (!request || !request->has_body)
        return NULL;
    if (len)
        *len = request->body.len;
    return kp_buf_text(&request->body);
}

static const char *option_or_null(const kp_op *op, kp_option option) {
    const char *value = op && op->client ? kp_config_value(op->client->config, option) : "";
    return value[0] ? value : NULL;
}

const char *kp_http_proxy(const kp_op *op) {
    return is_local(op) ? NULL : option_or_null(op, KP_OPT_PROXY);
}

const char *kp_http_source(const kp_op *op) {
    return is_local(op) ? NULL : option_or_null(op, KP_OPT_SOURCE_ADDRESS);
}

const char *kp_http_ca_file(const kp_op *op) {
    return option_or_null(op, KP_OPT_CA_FILE);
}

uint32_t kp_http_connect_ms(const kp_op *op) {
    uint32_t ms = op && op->client ? (uint32_t)kp_config_number(op->client->config, KP_OPT_CONNECT_TIMEOUT, 10000) : 0;
    return is_local(op) && ms > LOCAL_CONNECT_MS ? LOCAL_CONNECT_MS : ms;
}
