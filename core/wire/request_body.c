/* request_body.c: writes the fields of a call as query, form, multipart or JSON. */
#include "wire/request_body.h"

#include <string.h>

#include "base/text.h"
#include "safe/crypto.h"
#include "wire/request.h"

bool kp_has_control(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return true;
    return false;
}

static bool is_id(const char *id) {
    return id && *id && !kp_has_control(id, strlen(id)) && kp_utf8_valid(id, strlen(id));
}

static bool fits(const kp_provider *provider, kp_call_kind kind, const kp_params *params) {
    if (!params || params->provider != provider || params->call != kind || !params->method_name)
        return false;
    return kind != KP_CALL_SUBMIT_FILE || (params->file && params->file_len > 0);
}

bool kp_fields_take(kp_fields *f, const kp_provider *provider, kp_call_kind kind, const kp_params *params,
                    const char *id) {
    if (!provider || (unsigned)kind >= KP_CALLS)
        return false;
    const kp_call *call = &provider->calls[kind];
    if (!call->http_method || (call->id_name && !is_id(id)) || (call->method_name && !fits(provider, kind, params)))
        return false;
    f->call = call;
    f->id = call->id_name ? id : NULL;
    f->params = call->method_name ? params : NULL;
    return true;
}

static const char *key_of(const kp_fields *f, size_t *len) {
    *len = f->key ? f->key_len : strlen(KP_REQUEST_SHOWN);
    return f->key ? f->key : KP_REQUEST_SHOWN;
}

/* ---- Query and form ---- */

/* What is only shown keeps its marks readable. */
static void add_encoded(kp_buf *out, const kp_fields *f, const char *value, size_t len) {
    const size_t mark_len = strlen(KP_REQUEST_SHOWN);
    const char *mark;
    while (!f->key && len > 0 && (mark = memmem(value, len, KP_REQUEST_SHOWN, mark_len)) != NULL) {
        size_t before = (size_t)(mark - value);
        kp_add_percent(out, value, before);
        kp_buf_str(out, KP_REQUEST_SHOWN);
        value = mark + mark_len;
        len -= before + mark_len;
    }
    kp_add_percent(out, value, len);
}

static void add_name(kp_buf *out, char *lead, const char *name, size_t len) {
    if (*lead)
        kp_buf_char(out, *lead);
    *lead = '&';
    kp_add_percent(out, name, len);
    kp_buf_char(out, '=');
}

static void add_field(kp_buf *out, char *lead, const char *name, const char *value, size_t len) {
    add_name(out, lead, name, strlen(name));
    kp_add_percent(out, value, len);
}

/* The decoded text of a name or value; lent until the next call. */
static const char *text_of(const kp_fields *f, kp_json value, size_t *len) {
    kp_buf_clear(f->scratch);
    kp_params_text(value, f->scratch);
    *len = f->scratch->len;
    return kp_buf_text(f->scratch);
}

static void add_form_params(kp_buf *out, char *lead, const kp_fields *f) {
    kp_json name;
    kp_json value;
    for (size_t at = 0; kp_json_next(f->params->object, &at, &name, &value) && !f->scratch->failed;) {
        if (value.type == KP_JSON_NULL) /* a form has no null: not given */
            continue;
        size_t len;
        const char *text = text_of(f, name, &len);
        add_name(out, lead, text, len);
        if (f->scratch->failed)
            return;
        text = text_of(f, value, &len);
        add_encoded(out, f, text, len);
    }
}

void kp_add_form(kp_buf *out, char lead, const kp_fields *f) {
    const kp_call *call = f->call;
    if (call->key_in == KP_IN_QUERY || call->key_in == KP_IN_FORM) {
        add_name(out, &lead, call->key_name, strlen(call->key_name));
        size_t len;
        const char *key = key_of(f, &len);
        add_encoded(out, f, key, len);
    }
    if (call->fixed) {
        if (lead)
            kp_buf_char(out, lead);
        lead = '&';
        kp_buf_str(out, call->fixed);
    }
    if (call->method_name && f->params)
        add_field(out, &lead, call->method_name, f->params->method_name, strlen(f->params->method_name));
    if (call->id_name && f->id)
        add_field(out, &lead, call->id_name, f->id, strlen(f->id));
    if (f->params)
        add_form_params(out, &lead, f);
}

/* ---- Multipart (RFC 7578) ---- */

void kp_make_boundary(const char *file, size_t file_len, char out[KP_BOUNDARY_SIZE]) {
    static const char start[] = "keyplate-";
    do {
        unsigned char random[(KP_BOUNDARY_SIZE - sizeof start) / 2];
        kp_random(random, sizeof random);
        memcpy(out, start, sizeof start - 1);
        for (size_t i = 0; i < sizeof random; i++) {
            out[sizeof start - 1 + 2 * i] = "0123456789abcdef"[random[i] >> 4];
            out[sizeof start + 2 * i] = "0123456789abcdef"[random[i] & 15];
        }
        out[KP_BOUNDARY_SIZE - 1] = '\0';
    } while (file && memmem(file, file_len, out, KP_BOUNDARY_SIZE - 1));
}

static void begin_part(kp_buf *out, const char *boundary, const char *name, size_t len) {
    kp_buf_str(out, "--");
    kp_buf_str(out, boundary);
    kp_buf_str(out, "\r\nContent-Disposition: form-data; name=\"");
    kp_buf_add(out, name, len);
    kp_buf_char(out, '"');
}

static void add_part(kp_buf *out, const char *boundary, const char *name, size_t name_len, const char *value,
                     size_t len) {
    begin_part(out, boundary, name, name_len);
    kp_buf_str(out, "\r\n\r\n");
    kp_buf_add(out, value, len);
    kp_buf_str(out, "\r\n");
}

static void add_fixed_parts(kp_buf *out, const char *boundary, const char *fixed) {
    while (fixed && *fixed) {
        size_t name_len = strcspn(fixed, "=");
        const char *value = fixed + name_len + (fixed[name_len] == '=');
        size_t len = strcspn(value, "&");
        add_part(out, boundary, fixed, name_len, value, len);
        fixed = value + len + (value[len] == '&');
    }
}

/* The value is decoded into the scratch and the name straight into the body. */
static void add_param_parts(kp_buf *out, const char *boundary, const kp_fields *f) {
    kp_json name;
    kp_json value;
    for (size_t at = 0; kp_json_next(f->params->object, &at, &name, &value) && !f->scratch->failed;) {
        if (value.type == KP_JSON_NULL)
            continue;
        size_t len;
        const char *text = text_of(f, name, &len);
        begin_part(out, boundary, text, len);
        kp_buf_str(out, "\r\n\r\n");
        kp_params_text(value, out);
        kp_buf_str(out, "\r\n");
    }
}

/* The service looks at the file's name, and callers have bytes only. */
static void add_file_part(kp_buf *out, const char *boundary, const char *file, size_t len) {
    static const struct {
        const char *magic;
        size_t magic_len;
        const char *extension, *type;
    } kinds[] = {
        {"\x89PNG", 4, "png", "image/png"},
        {"GIF8", 4, "gif", "image/gif"},
        {"BM", 2, "bmp", "image/bmp"},
        {"", 0, "jpg", "image/jpeg"}, /* the most usual one stands for the rest */
    };
    size_t i = 0;
    while (len < kinds[i].magic_len || memcmp(file, kinds[i].magic, kinds[i].magic_len) != 0)
        i++;
    begin_part(out, boundary, "file", 4);
    kp_buf_str(out, "; filename=\"image.");
    kp_buf_str(out, kinds[i].extension);
    kp_buf_str(out, "\"\r\nContent-Type: ");
    kp_buf_str(out, kinds[i].type);
    kp_buf_str(out, "\r\n\r\n");
    kp_buf_add(out, file, len);
    kp_buf_str(out, "\r\n");
}

void kp_add_multipart(kp_buf *out, const char *boundary, const kp_fields *f) {
    const kp_call *call = f->call;
    const kp_params *params = f->params;
    size_t key_len;
    const char *key = key_of(f, &key_len);
    add_part(out, boundary, call->key_name, strlen(call->key_name), key, key_len);
    add_fixed_parts(out, boundary, call->fixed);
    if (params) {
        add_part(out, boundary, call->method_name, strlen(call->method_name), params->method_name,
                 strlen(params->method_name));
        add_param_parts(out, boundary, f);
        add_file_part(out, boundary, params->file, params->file_len);
    }
    kp_buf_str(out, "--");
    kp_buf_str(out, boundary);
    kp_buf_str(out, "--\r\n");
}

/* ---- JSON ---- */

static void add_member(kp_buf *out, char *lead, const char *name) {
    if (*lead)
        kp_buf_char(out, *lead);
    *lead = ',';
    kp_add_json(out, name, strlen(name));
    kp_buf_char(out, ':');
}

static void add_task(kp_buf *out, char *lead, const kp_fields *f) {
    add_member(out, lead, f->call->method_name);
    kp_add_json(out, f->params->method_name, strlen(f->params->method_name));
    kp_json name;
    kp_json value;
    for (size_t at = 0; kp_json_next(f->params->object, &at, &name, &value);) {
        kp_buf_char(out, ',');
        kp_buf_add(out, name.raw, name.len);
        kp_buf_char(out, ':');
        kp_buf_add(out, value.raw, value.len);
    }
}

void kp_add_json_body(kp_buf *out, const kp_fields *f) {
    const kp_call *call = f->call;
    char lead = 0;
    kp_buf_char(out, '{');
    if (call->key_in == KP_IN_JSON) {
        add_member(out, &lead, call->key_name);
        size_t len;
        const char *key = key_of(f, &len);
        kp_add_json(out, key, len);
    }
    if (call->id_name && f->id) {
        add_member(out, &lead, call->id_name);
        kp_add_json(out, f->id, strlen(f->id));
    }
    if (f->params && call->wrap) {
        char inner = 0;
        add_member(out, &lead, call->wrap);
        kp_buf_char(out, '{');
        add_task(out, &inner, f);
        kp_buf_char(out, '}');
    } else if (f->params)
        add_task(out, &lead, f);
    kp_buf_char(out, '}');
}
