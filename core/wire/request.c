/* request.c: builds a request: address, headers, and the body by request_body. */
#include "wire/request.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "keyplate.h"
#include "safe/arena.h"
#include "wire/request_body.h"

static void wipe(kp_buf *b) {
    kp_wipe(b->data, b->room);
    kp_buf_clear(b);
}

void kp_request_init(kp_request *r) {
    if (!r)
        return;
    *r = (kp_request){.http_method = NULL};
    kp_buf_init(&r->url, &kp_safe);
    kp_buf_init(&r->body, &kp_safe);
    kp_buf_init(&r->shown_url, &kp_safe); /* a task id of the caller's can repeat the key */
    kp_buf_init(&r->scratch, &kp_safe);
    for (size_t i = 0; i < KP_REQUEST_HEADERS; i++)
        kp_buf_init(&r->header_value[i], &kp_safe);
}

void kp_request_free(kp_request *r) {
    if (!r)
        return;
    kp_buf_free(&r->url);
    kp_buf_free(&r->body);
    kp_buf_free(&r->shown_url);
    kp_buf_free(&r->scratch);
    for (size_t i = 0; i < KP_REQUEST_HEADERS; i++)
        kp_buf_free(&r->header_value[i]);
    kp_request_init(r);
}

void kp_request_clear(kp_request *r) {
    if (!r)
        return;
    wipe(&r->url);
    wipe(&r->body);
    wipe(&r->shown_url);
    wipe(&r->scratch);
    for (size_t i = 0; i < KP_REQUEST_HEADERS; i++) {
        wipe(&r->header_value[i]);
        r->header_name[i] = NULL;
    }
    r->http_method = NULL;
    r->header_count = 0;
    r->has_body = false;
}

/* JSON carries UTF-8 only: any other key would arrive as another one. */
static bool is_key(const kp_call *call, const char *key, size_t len) {
    if (!key || len == 0 || kp_has_control(key, len))
        return false;
    return call->key_in != KP_IN_JSON || kp_utf8_valid(key, len);
}

static bool is_base(const char *text) {
    kp_url url;
    return text && kp_url_parse(text, strlen(text), &url) && !url.has_userinfo && !url.has_query && !url.has_fragment;
}

static kp_buf *add_header(kp_request *r, const char *name) {
    r->header_name[r->header_count] = name;
    return &r->header_value[r->header_count++];
}

static void add_address(kp_buf *out, const char *base_url, const char *path) {
    size_t len = strlen(base_url);
    while (len > 0 && base_url[len - 1] == '/')
        len--;
    kp_buf_add(out, base_url, len);
    kp_buf_str(out, path);
}

static void build_body(kp_request *r, const kp_fields *f) {
    kp_buf *content_type = add_header(r, "Content-Type");
    r->has_body = true;
    if (f->call->params_in == KP_IN_JSON) {
        kp_buf_str(content_type, "application/json");
        kp_add_json_body(&r->body, f);
    } else if (f->call->params_in == KP_IN_MULTIPART) {
        char boundary[KP_BOUNDARY_SIZE];
        kp_make_boundary(f->params ? f->params->file : NULL, f->params ? f->params->file_len : 0, boundary);
        kp_buf_str(content_type, "multipart/form-data; boundary=");
        kp_buf_str(content_type, boundary);
        kp_add_multipart(&r->body, boundary, f);
    } else {
        kp_buf_str(content_type, "application/x-www-form-urlencoded");
        kp_add_form(&r->body, 0, f);
    }
}

static void build(kp_request *r, const char *base_url, const kp_fields *f) {
    const kp_call *call = f->call;
    r->http_method = call->http_method;
    add_address(&r->url, base_url, call->path);
    add_address(&r->shown_url, base_url, call->path);
    kp_buf_str(add_header(r, "User-Agent"), "keyplate/" KP_VERSION);
    if (call->key_in == KP_IN_HEADER)
        kp_buf_add(add_header(r, call->key_name), f->key, f->key_len);
    if (call->params_in == KP_IN_QUERY) {
        kp_fields shown = *f;
        shown.key = NULL;
        kp_add_form(&r->url, '?', f);
        kp_add_form(&r->shown_url, '?', &shown);
    } else
        build_body(r, f);
}

static bool failed(const kp_request *r) {
    bool any = r->url.failed || r->body.failed || r->shown_url.failed || r->scratch.failed;
    for (size_t i = 0; i < r->header_count; i++)
        any = any || r->header_value[i].failed;
    return any;
}

int kp_request_build(kp_request *r, const kp_provider *provider, kp_call_kind kind, const char *base_url,
                     const char *key, size_t key_len, const kp_params *params, const char *id) {
    if (!r)
        return KP_E_MISUSE;
    kp_request_clear(r);
    kp_fields fields = {.key = key, .key_len = key_len, .scratch = &r->scratch};
    if (!is_base(base_url) || !kp_fields_take(&fields, provider, kind, params, id))
        return KP_E_MISUSE;
    if (!is_key(fields.call, key, key_len))
        return KP_E_BAD_KEY;
    build(r, base_url, &fields);
    /* the scratch has held decoded values, a proxy's password among them */
    bool short_of_memory = failed(r);
    wipe(&r->scratch);
    if (!short_of_memory)
        return KP_OK;
    kp_request_clear(r);
    return KP_E_MEMORY;
}
