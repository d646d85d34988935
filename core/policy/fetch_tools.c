/* fetch_tools.c: what the sources need to ask for reads and calls, to judge what came, and to end a fetch. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/url.h"
#include "keyplate.h"
#include "policy/fetch_parts.h"
#include "policy/keycheck.h"
#include "safe/arena.h"
#include "safe/known.h"

enum { PLAIN_MAX = 16384 };

static void wipe(kp_buf *b) {
    kp_wipe(b->data, b->room);
    kp_buf_clear(b);
}

const char *kp_fetch_var(const kp_fetch *f, size_t i) {
    return kp_buf_text(&f->var[i]);
}

bool kp_fetch_is_plain(const kp_buf *text) {
    for (size_t i = 0; i < text->len; i++)
        if (text->data[i] < ' ' || text->data[i] > '~')
            return false;
    return text->len <= PLAIN_MAX;
}

void kp_fetch_secret(kp_fetch *f, kp_buf *to, const char *text, size_t len) {
    (void)f;
    wipe(to);
    kp_trim(&text, &len);
    kp_buf_add(to, text, len);
    if (to->len > 0 && !to->failed && !kp_known_add(to->data, to->len))
        to->failed = true;
}

bool kp_fetch_member(kp_fetch *f, kp_buf *to, kp_json object, const char *name) {
    kp_buf text;
    kp_buf_init(&text, &kp_safe);
    bool got = kp_json_string(kp_json_get(object, name), &text);
    if (got)
        kp_fetch_secret(f, to, kp_buf_text(&text), text.len);
    to->failed = to->failed || text.failed;
    kp_buf_free(&text);
    return got && to->len > 0 && kp_fetch_is_plain(to);
}

void kp_fetch_file(kp_fetch *f, int stage, const char *path) {
    f->step = KP_FETCH_READ;
    f->stage = stage;
    kp_buf_clear(&f->read);
    kp_buf_str(&f->read, "file:");
    kp_buf_str(&f->read, path);
}

void kp_fetch_call(kp_fetch *f, int stage, const char *method, const char *base, const char *path) {
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/')
        len--;
    f->stage = stage;
    f->step = KP_FETCH_HTTP;
    kp_request_clear(&f->request);
    f->request.http_method = method;
    kp_buf_add(&f->request.url, base, len);
    kp_buf_str(&f->request.url, path);
}

void kp_fetch_header(kp_fetch *f, const char *name, const char *value) {
    kp_request *r = &f->request;
    if (r->header_count == KP_REQUEST_HEADERS) {
        kp_fetch_fail(f, KP_E_INTERNAL, "a request has too many headers");
        return;
    }
    kp_buf *to = &r->header_value[r->header_count];
    r->header_name[r->header_count++] = name;
    kp_buf_str(to, value);
    if (!kp_fetch_is_plain(to))
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "what is to be sent as %s has characters that no header can have", name);
}

void kp_fetch_type(kp_fetch *f, const char *content_type) {
    f->request.has_body = true;
    kp_fetch_header(f, "Content-Type", content_type);
}

void kp_fetch_send(kp_fetch *f, const char *shown) {
    if (f->step != KP_FETCH_HTTP)
        return;
    kp_buf_str(&f->request.shown_url, shown ? shown : kp_buf_text(&f->request.url));
    kp_fetch_header(f, "User-Agent", "keyplate/" KP_VERSION);
}

void kp_fetch_fail(kp_fetch *f, int error, const char *format, ...) {
    kp_buf text;
    kp_buf_init(&text, &kp_safe);
    va_list args;
    va_start(args, format);
    kp_buf_vfmt(&text, format, args);
    va_end(args);
    kp_buf_clear(&f->note);
    kp_buf_fmt(&f->note, "%s: ", f->ref->text);
    kp_known_mask(&f->note, kp_buf_text(&text), text.len); /* a server's word for its error can be a secret */
    f->note.failed = f->note.failed || text.failed;
    kp_buf_free(&text);
    kp_fetch_settle(f, KP_FETCH_FAILED, error);
}

void kp_fetch_absent(kp_fetch *f, const char *reason) {
    kp_buf_clear(&f->note);
    kp_buf_fmt(&f->note, "%s: %s", f->ref->text, reason);
    kp_fetch_settle(f, KP_FETCH_ABSENT, 0);
}

bool kp_fetch_common(kp_fetch *f, const kp_fetch_answer *a, const char *who) {
    if (!a->away && a->status != 0 && a->status != 429 && a->status < 500 && !(a->status >= 300 && a->status < 400))
        return false;
    f->retry_after_ms = a->retry_after_ms;
    if (a->away)
        kp_fetch_fail(f, KP_E_SOURCE_AWAY, "%s cannot be reached: %s", who, a->away);
    else if (a->status == 0)
        kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "what came from %s is no HTTP", who);
    else if (a->status == 429)
        kp_fetch_fail(f, KP_E_SOURCE_THROTTLED, "%s says that requests come too fast (HTTP 429)", who);
    else if (a->status >= 500)
        kp_fetch_fail(f, KP_E_SOURCE_AWAY, "%s has trouble of its own (HTTP %d)", who, a->status);
    else
        kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "%s answered with a redirect (HTTP %d), which is never followed", who,
                      a->status);
    return true;
}

/* A server can call the version by what is secret: by the value itself too. */
static void mask_version(kp_fetch *f) {
    kp_buf masked;
    kp_buf_init(&masked, &kp_safe);
    kp_known_mask(&masked, kp_buf_text(&f->version), f->version.len);
    wipe(&f->version);
    kp_buf_add(&f->version, kp_buf_text(&masked), masked.len);
    f->version.failed = f->version.failed || masked.failed;
    kp_buf_free(&masked);
}

static void add_place(kp_fetch *f) {
    kp_buf_clear(&f->note);
    kp_buf_str(&f->note, f->ref->text);
    if (f->version.len > 0) {
        kp_buf_str(&f->note, ", ");
        kp_buf_str(&f->note, kp_buf_text(&f->version));
    }
}

void kp_fetch_found(kp_fetch *f, const char *text, size_t len) {
    const char *why = NULL;
    int error = kp_key_check(&text, &len, &why);
    bool known = error || kp_known_add(text, len);
    mask_version(f);
    add_place(f);
    if (error) {
        kp_buf_fmt(&f->note, ": %s", why);
        kp_fetch_settle(f, KP_FETCH_FAILED, error);
        return;
    }
    wipe(&f->value);
    kp_buf_add(&f->value, text, len);
    f->value.failed = f->value.failed || !known;
    kp_fetch_settle(f, KP_FETCH_GOT, 0);
}

void kp_fetch_found_field(kp_fetch *f, kp_json object, const char *field) {
    kp_json value = kp_json_get(object, field);
    if (object.type != KP_JSON_OBJECT)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP,
                      "the secret is no JSON object, so it has no field; leave out '#' and the field");
    else if (value.type == KP_JSON_NONE || value.type == KP_JSON_NULL)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "the secret has no such field");
    else if (value.type != KP_JSON_STRING)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "the field is not a string");
    else {
        kp_buf text;
        kp_buf_init(&text, &kp_safe);
        kp_json_string(value, &text);
        if (text.failed)
            f->value.failed = true;
        else
            kp_fetch_found(f, kp_buf_text(&text), text.len);
        kp_buf_free(&text);
    }
}

const char *kp_fetch_file_reason(int how, int why) {
    if (how == KP_ABSENT)
        return "it does not exist";
    switch (why) {
    case KP_WHY_NOT_REGULAR: return "it is not a regular file";
    case KP_WHY_LINK_LOOP: return "its symbolic links go in a circle";
    case KP_WHY_TOO_BIG: return "it is larger than 64 KiB";
    case KP_WHY_FORBIDDEN: return "this user has no permission to read it";
    case KP_WHY_NUL: return "it has a NUL byte in it";
    default: return "the system could not read it";
    }
}

const char *kp_fetch_base_problem(const kp_fetch *f, const char *url) {
    return kp_url_base_problem(url, strlen(url), f->allow_http_hosts);
}

/* Link-local: what is sent there does not leave the machine's cloud. */
static const char metadata_hosts[] = "169.254.169.254,169.254.170.2,169.254.170.23,fd00:ec2::23,fd00:ec2::254,"
                                     "metadata.google.internal";

const char *kp_fetch_metadata_problem(const kp_fetch *f, const char *url, bool with_path) {
    kp_url parts;
    if (!kp_url_parse(url, strlen(url), &parts) || parts.has_userinfo || parts.has_fragment ||
        (!with_path && parts.has_query))
        return "it is no URL such as http://host/path";
    if (!parts.https && !kp_url_is_loopback(&parts) && !kp_url_http_allowed(&parts, metadata_hosts) &&
        !kp_url_http_allowed(&parts, f->allow_http_hosts))
        return "plain http is for this machine and for the metadata services of clouds only";
    return NULL;
}
