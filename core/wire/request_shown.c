/* request_shown.c: writes the body of a request for people, with marks in place of the key and of what is secret. */
#include <string.h>

#include "base/text.h"
#include "safe/arena.h"
#include "wire/request.h"
#include "wire/request_body.h"

typedef struct masking {
    const kp_params *params;
    kp_buf *out;
    const char *done; /* the text before it is in out */
    kp_buf text;      /* a decoded name or value; safe memory */
} masking;

static bool speaks_of(const char *name, size_t len, const char *word) {
    size_t word_len = strlen(word);
    for (size_t i = 0; i + word_len <= len; i++)
        if (kp_same_nocase(name + i, word_len, word))
            return true;
    return false;
}

static bool is_listed_secret(const kp_param *params, const char *name, size_t len) {
    for (; params && params->name; params++)
        if (params->secret && kp_same_nocase(name, len, params->name))
            return true;
    return false;
}

/* Case aside, and past what form readers of the PHP kind drop: blanks in front, and "[x]" behind. */
static bool is_secret(const kp_params *params, const char *name, size_t len) {
    size_t blanks = strspn(name, " ");
    size_t end = strcspn(name, "[");
    if (blanks >= end || end > len)
        return false;
    const kp_param *own = params->method ? params->method->params : NULL;
    return is_listed_secret(own, name + blanks, end - blanks) ||
           is_listed_secret(params->provider->common, name + blanks, end - blanks);
}

static bool is_credential(const char *name, size_t len) {
    return speaks_of(name, len, "pass") || speaks_of(name, len, "login") || speaks_of(name, len, "user");
}

static const kp_buf *decode(masking *m, kp_json string) {
    kp_buf_clear(&m->text);
    kp_json_string(string, &m->text);
    return &m->text;
}

static void hide(masking *m, kp_json value) {
    kp_buf_add(m->out, m->done, (size_t)(value.raw - m->done));
    kp_buf_str(m->out, "\"" KP_REQUEST_SHOWN "\"");
    m->done = value.raw + value.len;
}

/* Goes as deep as the scanner lets values nest. of_proxy: a name further out speaks of a proxy. */
static void mask(masking *m, kp_json container, bool of_proxy) {
    kp_json name;
    kp_json value;
    for (size_t at = 0; kp_json_next(container, &at, &name, &value) && !m->text.failed;) {
        const kp_buf *text = decode(m, name);
        const char *word = kp_buf_text(text);
        bool proxy = of_proxy || speaks_of(word, text->len, "prox");
        bool secret = is_secret(m->params, word, text->len) || (proxy && is_credential(word, text->len));
        if (value.type == KP_JSON_STRING && proxy && !secret) {
            text = decode(m, value);
            secret = speaks_of(kp_buf_text(text), text->len, "@");
        }
        if (secret && value.type != KP_JSON_NULL)
            hide(m, value);
        else
            mask(m, value, proxy);
    }
}

/* Adds the parameters, secrets masked, as JSON text. */
static int add_masked(kp_buf *out, const kp_params *params) {
    kp_json object = params->object;
    masking m = {.params = params, .out = out, .done = object.raw};
    kp_buf_init(&m.text, &kp_safe);
    mask(&m, object, false);
    kp_buf_add(out, m.done, (size_t)(object.raw + object.len - m.done));
    bool failed = m.text.failed || out->failed;
    kp_buf_free(&m.text);
    return failed ? KP_E_MEMORY : KP_OK;
}

static int add_body(kp_buf *out, const kp_fields *f) {
    if (f->call->params_in == KP_IN_JSON)
        kp_add_json_body(out, f);
    else if (f->call->params_in == KP_IN_FORM)
        kp_add_form(out, 0, f);
    else if (f->call->params_in == KP_IN_MULTIPART) {
        char boundary[KP_BOUNDARY_SIZE];
        kp_buf body;
        kp_buf_init(&body, NULL);
        kp_make_boundary(NULL, 0, boundary);
        kp_add_multipart(&body, boundary, f);
        kp_buf_fmt(out, "(multipart body of %zu bytes)", body.len);
        out->failed = out->failed || body.failed;
        kp_buf_free(&body);
    }
    return out->failed || f->scratch->failed ? KP_E_MEMORY : KP_OK;
}

int kp_request_shown_body(kp_buf *out, const kp_provider *provider, kp_call_kind kind, const kp_params *params,
                          const char *id) {
    kp_fields fields = {.key = NULL};
    if (!out || !kp_fields_take(&fields, provider, kind, params, id))
        return KP_E_MISUSE;
    kp_buf masked;
    kp_buf scratch;
    kp_buf_init(&masked, NULL);
    kp_buf_init(&scratch, NULL); /* sees masked values only */
    fields.scratch = &scratch;
    kp_params shown;
    int code = KP_OK;
    if (fields.params && fields.params->object.type == KP_JSON_OBJECT) {
        shown = *fields.params;
        code = add_masked(&masked, &shown);
        if (!code)
            shown.object = kp_json_parse(masked.data, masked.len, NULL);
        if (!code && shown.object.type != KP_JSON_OBJECT)
            code = KP_E_MEMORY;
        fields.params = &shown;
    }
    if (!code)
        code = add_body(out, &fields);
    kp_buf_free(&masked);
    kp_buf_free(&scratch);
    return code;
}
