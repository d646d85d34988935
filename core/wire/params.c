/* params.c: resolves the method of a submit and checks its parameters as a whole. */
#include "wire/params.h"

#include <string.h>

#include "base/text.h"
#include "safe/arena.h"
#include "wire/param_check.h"

enum {
    METHOD_MAX = 64,
    SHOWN_MAX = 64,               /* bytes of a caller's name in a message */
    PARAMS_MAX = 4 * 1024 * 1024, /* twice the largest image in base64, and room for the rest */
    NEAR = 2                      /* edits that make a misspelling */
};

typedef struct check {
    kp_params *params;
    const kp_call *call;
    kp_buf name, value; /* decoded texts; safe memory, a proxy's password passes through */
    kp_buf *problem;
} check;

void kp_params_text(kp_json value, kp_buf *out) {
    switch (value.type) {
    case KP_JSON_NONE:
    case KP_JSON_NULL: break;
    case KP_JSON_FALSE: kp_buf_char(out, '0'); break;
    case KP_JSON_TRUE: kp_buf_char(out, '1'); break;
    case KP_JSON_STRING: kp_json_string(value, out); break;
    case KP_JSON_NUMBER:
    case KP_JSON_ARRAY:
    case KP_JSON_OBJECT: kp_buf_add(out, value.raw, value.len); break;
    }
}

/* The text of a value, without a copy where the raw text is it. false: memory is short. */
static bool text_of(kp_json value, kp_buf *scratch, const char **text, size_t *len) {
    bool string = value.type == KP_JSON_STRING;
    if (value.type == KP_JSON_NUMBER || (string && !memchr(value.raw, '\\', value.len))) {
        *text = string ? value.raw + 1 : value.raw;
        *len = string ? value.len - 2 : value.len;
        return true;
    }
    kp_buf_clear(scratch);
    kp_params_text(value, scratch);
    *text = kp_buf_text(scratch);
    *len = scratch->len;
    return !scratch->failed;
}

static void lower_copy(char *out, const char *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        out[i] = kp_lower(text[i]);
    out[len] = '\0';
}

/* Edit distance, ASCII case aside; longer texts are no misspelt names. */
static size_t distance(const char *a, const char *b) {
    char low_a[METHOD_MAX + 1];
    char low_b[METHOD_MAX + 1];
    size_t alen = strlen(a);
    size_t blen = strlen(b);
    if (alen > METHOD_MAX || blen > METHOD_MAX)
        return NEAR + 1;
    lower_copy(low_a, a, alen);
    lower_copy(low_b, b, blen);
    return kp_distance(low_a, low_b, NEAR);
}

static bool is_word(const char *text) {
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (!kp_is_alpha(text[i]) && !kp_is_digit(text[i]) && !strchr("_.-", text[i]))
            return false;
    return len >= 1 && len <= METHOD_MAX;
}

/* A method that the service has and the table lacks must get through, so a short name may differ by one edit only. */
static const kp_method *nearest_method(const kp_provider *provider, const char *name) {
    const kp_method *nearest = NULL;
    size_t best = NEAR + 1;
    for (const kp_method *method = provider->methods; method->name; method++) {
        size_t edits = distance(name, method->name);
        if (edits < best && edits <= (strlen(method->name) < 6 ? 1 : NEAR)) {
            nearest = method;
            best = edits;
        }
    }
    return nearest;
}

static int resolve_method(check *c, const char *name) {
    const kp_provider *provider = c->params->provider;
    if (!is_word(name)) {
        kp_buf_fmt(c->problem, "a method is 1 to %d letters, digits, '_', '.' or '-'", METHOD_MAX);
        return KP_E_METHOD;
    }
    c->params->method_name = name;
    c->params->method = kp_method_find(provider, name);
    if (c->params->method)
        return KP_OK;
    const kp_method *nearest = nearest_method(provider, name);
    if (!nearest && provider->open_methods)
        return KP_OK;
    kp_buf_fmt(c->problem, "%s has no method %s", provider->title, name);
    if (nearest)
        kp_buf_fmt(c->problem, "; did you mean %s?", nearest->name);
    return KP_E_METHOD;
}

static int resolve_call(check *c, bool sync) {
    kp_params *p = c->params;
    if (sync)
        p->call = KP_CALL_SYNC;
    else if (p->method)
        p->call = p->method->call;
    else
        p->call = p->file ? KP_CALL_SUBMIT_FILE : KP_CALL_SUBMIT;
    c->call = &p->provider->calls[p->call];
    if (c->call->http_method)
        return KP_OK;
    kp_buf_fmt(c->problem, "%s has no %s", p->provider->title, sync ? "synchronous call" : "upload of files");
    return KP_E_MISUSE;
}

static int check_file(check *c) {
    const kp_params *p = c->params;
    if (p->call != KP_CALL_SUBMIT_FILE) {
        if (!p->file)
            return KP_OK;
        kp_buf_fmt(c->problem, "the method %s takes no file", p->method ? p->method->name : "given");
        return KP_E_PARAMETER;
    }
    if (!p->file || p->file_len == 0) {
        kp_buf_fmt(c->problem, "the method %s needs a file, and %s", p->method_name,
                   p->file ? "this one is empty" : "there is none");
        return KP_E_MISSING;
    }
    if (p->file_len > KP_IMAGE_MAX) {
        kp_buf_str(c->problem, "the file is larger than 1 MiB");
        return KP_E_TOO_BIG;
    }
    return KP_OK;
}

static int parse_object(check *c, const char *text, size_t len) {
    if (!text || len == 0)
        return KP_OK;
    if (len > PARAMS_MAX) {
        kp_buf_fmt(c->problem, "the parameters are larger than %d MiB", PARAMS_MAX / (1024 * 1024));
        return KP_E_TOO_BIG;
    }
    const char *why = NULL;
    kp_json object = kp_json_parse(text, len, &why);
    if (object.type == KP_JSON_OBJECT) {
        c->params->object = object;
        return KP_OK;
    }
    kp_buf_str(c->problem, "the parameters must be one JSON object");
    if (object.type == KP_JSON_NONE && why)
        kp_buf_fmt(c->problem, ": %s", why);
    return KP_E_PARAMETER;
}

/* Not every server tells case apart, and form readers of the PHP kind take " key" and "key[x]" for key. */
static bool is_reserved(const kp_call *call, const char *name) {
    size_t len = strlen(name);
    if (call->params_in != KP_IN_JSON) {
        size_t blanks = strspn(name, " ");
        name += blanks;
        len = strcspn(name, "[");
    }
    for (const char *const *reserved = call->reserved; reserved && *reserved; reserved++)
        if (kp_same_nocase(name, len, *reserved))
            return true;
    return false;
}

static int refuse_name(const check *c, const char *name, int code, const char *why) {
    kp_buf_str(c->problem, "the parameter ");
    kp_add_shown(c->problem, name, strlen(name), SHOWN_MAX);
    kp_buf_fmt(c->problem, " %s", why);
    return code;
}

static int check_name(const check *c, const char *name) {
    if (!*name || strpbrk(name, "\r\n"))
        return refuse_name(c, name, KP_E_PARAMETER, "has a name that is empty or holds a line end");
    if (is_reserved(c->call, name)) {
        bool upload = c->params->call == KP_CALL_SUBMIT_FILE && kp_same(name, "file");
        return refuse_name(c, name, KP_E_RESERVED,
                           upload ? "is the upload; give its bytes as the file of the task"
                                  : "is set by keyplate itself; leave it out");
    }
    if (c->call->params_in == KP_IN_MULTIPART && strpbrk(name, "\"\\"))
        return refuse_name(c, name, KP_E_PARAMETER, "has a quote or backslash in its name, which no upload can carry");
    return KP_OK;
}

static int check_member(check *c, kp_json raw_name, kp_json value) {
    const char *text;
    size_t len;
    kp_buf_clear(&c->name);
    kp_json_string(raw_name, &c->name);
    if (c->name.failed || !text_of(value, &c->value, &text, &len))
        return KP_E_MEMORY;
    const char *name = kp_buf_text(&c->name);
    int code = check_name(c, name);
    if (code)
        return code;
    if (value.type == KP_JSON_STRING && (memchr(text, '\r', len) || memchr(text, '\n', len) || memchr(text, '\0', len)))
        return refuse_name(c, name, KP_E_PARAMETER, "holds a line end or a NUL");
    const kp_params *p = c->params;
    const kp_param *param = kp_param_find(p->provider, p->method, name);
    if (!param || value.type == KP_JSON_NULL)
        return KP_OK;
    return kp_param_check(param, value.type, text, len, c->call->params_in == KP_IN_JSON, c->problem);
}

static int check_members(check *c) {
    kp_json name;
    kp_json value;
    for (size_t at = 0; kp_json_next(c->params->object, &at, &name, &value);) {
        int code = check_member(c, name, value);
        if (code)
            return code;
    }
    return KP_OK;
}

/* "version=4" holds for the number and for the text. */
static bool holds(check *c, const char *condition, bool *out) {
    const char *equals = condition ? strchr(condition, '=') : NULL;
    *out = false;
    if (!equals)
        return true;
    const char *text;
    size_t len;
    kp_buf_clear(&c->name);
    kp_buf_add(&c->name, condition, (size_t)(equals - condition));
    if (c->name.failed || !text_of(kp_json_get(c->params->object, kp_buf_text(&c->name)), &c->value, &text, &len))
        return false;
    *out = kp_same_n(text, len, equals + 1);
    return true;
}

static int refuse_missing(check *c, const kp_param *param) {
    const kp_params *p = c->params;
    kp_json name;
    kp_json value;
    kp_buf_fmt(c->problem, "the method %s needs the parameter %s", p->method_name, param->name);
    for (size_t at = 0; kp_json_next(p->object, &at, &name, &value);) {
        kp_buf_clear(&c->name);
        kp_json_string(name, &c->name);
        if (c->name.failed)
            return KP_E_MEMORY;
        const char *given = kp_buf_text(&c->name);
        size_t edits = distance(given, param->name);
        if (edits > NEAR || edits >= strlen(param->name) || kp_param_find(p->provider, p->method, given))
            continue;
        kp_buf_str(c->problem, "; ");
        kp_add_shown(c->problem, given, strlen(given), SHOWN_MAX);
        kp_buf_fmt(c->problem, " was given: did you mean %s?", param->name);
        break;
    }
    return KP_E_MISSING;
}

static int check_required(check *c) {
    const kp_params *p = c->params;
    for (const kp_param *param = p->method ? p->method->params : NULL; param && param->name; param++) {
        if (!param->required || param->type == KP_VALUE_FILE)
            continue;
        kp_json value = kp_json_get(p->object, param->name);
        if (value.type != KP_JSON_NONE && value.type != KP_JSON_NULL && !kp_json_is(value, ""))
            continue;
        bool spared;
        if (!holds(c, param->unless, &spared))
            return KP_E_MEMORY;
        if (!spared)
            return refuse_missing(c, param);
    }
    return KP_OK;
}

static int check_all(check *c, const char *method, const char *json, size_t json_len, bool sync) {
    int code = resolve_method(c, method);
    if (!code)
        code = resolve_call(c, sync);
    if (!code)
        code = check_file(c);
    if (!code)
        code = parse_object(c, json, json_len);
    if (!code)
        code = check_members(c);
    if (!code)
        code = check_required(c);
    return code;
}

int kp_params_check(const kp_provider *provider, const char *method, const char *params_json, size_t json_len,
                    const char *file, size_t file_len, bool sync, kp_params *out, kp_buf *problem) {
    if (!provider || !out)
        return KP_E_MISUSE;
    *out = (kp_params){.provider = provider, .file = file, .file_len = file_len};
    if (!method) {
        kp_buf_str(problem, "a submit needs a method");
        return KP_E_METHOD;
    }
    check c = {.params = out, .problem = problem};
    kp_buf_init(&c.name, &kp_safe);
    kp_buf_init(&c.value, &kp_safe);
    int code = check_all(&c, method, params_json, json_len, sync);
    kp_buf_free(&c.name);
    kp_buf_free(&c.value);
    if (problem && problem->failed)
        return KP_E_MEMORY;
    return code;
}
