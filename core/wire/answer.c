/* answer.c: decides what an HTTP answer means from its status and from what its grammar made of the body. */
#include "wire/answer.h"

#include <limits.h>
#include <string.h>

#include "base/decimal.h"
#include "base/text.h"
#include "safe/arena.h"
#include "safe/known.h"
#include "wire/answer_parts.h"
#include "wire/redact.h"

enum { SHOWN_MAX = 200 };

void kp_answer_init(kp_answer *a) {
    if (!a)
        return;
    *a = (kp_answer){0};
    kp_buf_init(&a->id, &kp_safe); /* a service may send the key back in these */
    kp_buf_init(&a->text, &kp_safe);
    kp_buf_init(&a->provider_code, NULL);
    kp_buf_init(&a->provider_text, NULL);
}

void kp_answer_free(kp_answer *a) {
    if (!a)
        return;
    kp_buf_free(&a->id);
    kp_buf_free(&a->text);
    kp_buf_free(&a->provider_code);
    kp_buf_free(&a->provider_text);
    kp_answer_init(a);
}

static void drop_success(kp_answer *a) {
    a->has_task = a->has_text = false;
    kp_buf_clear(&a->id);
    kp_buf_clear(&a->text);
    a->balance_micro = 0;
    a->unit = NULL;
}

void kp_answer_clear(kp_answer *a) {
    if (!a)
        return;
    drop_success(a);
    kp_buf_clear(&a->provider_code);
    kp_buf_clear(&a->provider_text);
    a->error = 0;
    a->retry_after_ms = 0;
}

/* Masked before it is cut, because half a key is not known any more. What a service says may repeat more of a request
   than the keys, so all rules of redaction hold; those of masking know more names of short secrets. */
void kp_answer_show(kp_buf *out, const char *text, size_t len) {
    kp_buf redacted, masked;
    kp_buf_init(&redacted, &kp_safe);
    kp_buf_init(&masked, NULL);
    kp_redact_text(&redacted, KP_BARE_ALWAYS, text, len);
    kp_known_mask(&masked, kp_buf_text(&redacted), redacted.len);
    kp_add_shown(out, kp_buf_text(&masked), masked.len, SHOWN_MAX);
    out->failed = out->failed || redacted.failed || masked.failed;
    kp_buf_free(&redacted);
    kp_buf_free(&masked);
}

bool kp_answer_is_word(const char *text, size_t len) {
    if (len == 0 || text[0] < 'A' || text[0] > 'Z')
        return false;
    for (size_t i = 1; i < len; i++)
        if ((text[i] < 'A' || text[i] > 'Z') && !kp_is_digit(text[i]) && text[i] != '_')
            return false;
    return true;
}

/* What an id must be to serve in URLs, references and logs; the bytes above ASCII were checked as UTF-8 before. */
static bool is_id(const kp_buf *id) {
    if (id->len == 0 || id->len > KP_ID_MAX)
        return false;
    for (size_t i = 0; i < id->len; i++)
        if ((unsigned char)id->data[i] <= ' ' || id->data[i] == 0x7f)
            return false;
    return true;
}

static int finish_id(kp_answer *a) {
    if (a->id.failed)
        return KP_E_MEMORY;
    a->has_task = is_id(&a->id);
    return a->has_task ? 0 : KP_E_ANSWER;
}

int kp_answer_take_id(kp_answer *a, kp_json value) {
    int64_t number;
    if (value.type == KP_JSON_NUMBER && kp_json_i64(value, &number) && number > 0)
        kp_buf_add(&a->id, value.raw, value.len);
    else if (!kp_json_string(value, &a->id))
        return KP_E_ANSWER;
    return finish_id(a);
}

int kp_answer_take_plain_id(kp_answer *a, const char *text, size_t len) {
    size_t digits = len > 0 && text[0] == '-' ? 1 : 0;
    bool integer = digits < len;
    for (size_t i = digits; i < len && integer; i++)
        integer = kp_is_digit(text[i]);
    int64_t number;
    /* Plain text has no types: what reads as a number must be an id as a number must be one. */
    if (integer && (!kp_parse_i64(text, len, &number) || number <= 0))
        return KP_E_ANSWER;
    kp_buf_add(&a->id, text, len);
    return finish_id(a);
}

int kp_answer_take_text(kp_answer *a, kp_json value) {
    switch (value.type) {
    case KP_JSON_STRING: kp_json_string(value, &a->text); break;
    case KP_JSON_NUMBER:
    case KP_JSON_ARRAY:
    case KP_JSON_OBJECT: kp_buf_add(&a->text, value.raw, value.len); break;
    case KP_JSON_NONE:
    case KP_JSON_NULL:
    case KP_JSON_FALSE:
    case KP_JSON_TRUE: return KP_E_ANSWER;
    }
    a->has_text = a->text.len > 0;
    return a->text.failed ? KP_E_MEMORY : a->has_text ? 0 : KP_E_ANSWER;
}

static int finish_balance(kp_answer *a, const char *unit) {
    kp_buf_clear(&a->text);
    kp_add_micro(&a->text, a->balance_micro);
    a->unit = unit;
    a->has_text = true;
    return a->text.failed ? KP_E_MEMORY : 0;
}

int kp_answer_take_plain_balance(kp_answer *a, const char *text, size_t len, const char *unit) {
    return kp_parse_micro(text, len, &a->balance_micro) ? finish_balance(a, unit) : KP_E_ANSWER;
}

int kp_answer_take_balance(kp_answer *a, kp_json value, const char *unit) {
    if (value.type == KP_JSON_NUMBER)
        return kp_parse_micro_json(value.raw, value.len, &a->balance_micro) ? finish_balance(a, unit) : KP_E_ANSWER;
    if (!kp_json_string(value, &a->text))
        return KP_E_ANSWER;
    if (a->text.failed)
        return KP_E_MEMORY;
    return kp_answer_take_plain_balance(a, kp_buf_text(&a->text), a->text.len, unit);
}

static int code_of(const kp_provider *provider, const char *text, size_t len) {
    int64_t number;
    if (!kp_parse_i64(text, len, &number))
        return kp_error_of_word(provider->origin, text, len);
    return number > 0 && number <= INT_MAX ? kp_error_of_number(provider->origin, (int)number) : KP_E_UNKNOWN_CODE;
}

int kp_answer_take_code(kp_answer *a, const kp_provider *provider, kp_json value) {
    kp_buf text;
    kp_buf_init(&text, &kp_safe); /* not masked yet */
    if (value.type == KP_JSON_NUMBER)
        kp_buf_add(&text, value.raw, value.len);
    else
        kp_json_string(value, &text);
    int code = KP_E_ANSWER;
    if (text.failed)
        code = KP_E_MEMORY;
    else if (text.len > 0) {
        kp_answer_show(&a->provider_code, text.data, text.len);
        code = code_of(provider, text.data, text.len);
    }
    kp_buf_free(&text);
    return code;
}

int kp_answer_take_words(kp_answer *a, const kp_provider *provider, kp_json object, const char *const *names) {
    kp_buf text;
    kp_buf_init(&text, &kp_safe); /* not masked yet */
    for (; *names && text.len == 0 && !text.failed; names++)
        kp_json_string(kp_json_get(object, *names), &text);
    int code = KP_E_UNKNOWN_CODE;
    if (text.failed)
        code = KP_E_MEMORY;
    else if (text.len > 0) {
        kp_answer_show(&a->provider_text, text.data, text.len);
        code = kp_error_of_word(provider->origin, text.data, text.len);
    }
    kp_buf_free(&text);
    return code;
}

/* What a status outside 2xx makes of a body that says nothing certain. */
/* What begins like a success and cannot be read may be one that was cut. */
static bool may_be_a_cut_success(const char *body, size_t len) {
    if (len >= 2 && memcmp(body, "OK", 2) == 0)
        return true;
    return len > 0 && (body[0] == '{' || body[0] == '[') && kp_json_parse(body, len, NULL).type == KP_JSON_NONE;
}

static int code_of_status(int http_status, int code, bool cut) {
    if (http_status >= 300 && http_status <= 399)
        return KP_E_REDIRECT;
    /* A success under "too many requests" contradicts itself: taken or not, nobody knows. */
    if (http_status == 429)
        return code == 0 || cut ? KP_E_ANSWER : KP_E_BUSY;
    if (http_status >= 500 && http_status <= 599)
        return KP_E_SERVER;
    return code == KP_E_UNKNOWN_CODE ? code : KP_E_HTTP;
}

/* true if the body proves something by itself: a code of the service's own list, or a failure of ours. */
static bool is_certain(int code) {
    return code != 0 && code != KP_E_PENDING && code != KP_E_UNKNOWN_CODE && code != KP_E_ANSWER;
}

/* true for a code of the list that says nothing of this call: only a poll is answered by "not ready", and no submit by
   what became of some other task. */
static bool is_beside_the_point(int code, kp_call_kind call) {
    switch (code) {
    case KP_E_C_CAPCHA_NOT_READY: return call != KP_CALL_RESULT;
    case KP_E_C_WRONG_ID_FORMAT:
    case KP_E_C_WRONG_CAPTCHA_ID:
    case KP_E_C_BAD_DUPLICATES: return call == KP_CALL_SUBMIT || call == KP_CALL_SUBMIT_FILE || call == KP_CALL_SYNC;
    default: return false;
    }
}

void kp_answer_read(kp_answer *a, const kp_provider *provider, kp_call_kind call, int http_status, const char *body,
                    size_t len) {
    if (!a)
        return;
    kp_answer_clear(a);
    if (!provider || (!body && len > 0)) {
        a->error = KP_E_MISUSE;
        return;
    }
    int code = provider->grammar == KP_GRAMMAR_TASK ? kp_answer_read_task(a, provider, call, body, len)
                                                    : kp_answer_read_ok_pipe(a, provider, call, body, len);
    if ((http_status < 200 || http_status > 299) && !is_certain(code))
        code = code_of_status(http_status, code, may_be_a_cut_success(body, len));
    if (code == KP_E_C_CAPCHA_NOT_READY && call == KP_CALL_RESULT)
        code = KP_E_PENDING;
    else if (is_beside_the_point(code, call))
        code = KP_E_ANSWER;
    if (a->id.failed || a->text.failed || a->provider_code.failed || a->provider_text.failed)
        code = KP_E_MEMORY;
    if (code != 0)
        drop_success(a);
    a->error = code;
}
