/* answer_okpipe.c: the grammar of in.php and res.php: OK|..., bare codes, a bare balance, and the same as JSON. */
#include <string.h>

#include "base/text.h"
#include "wire/answer_parts.h"

static const char ok_mark[] = "OK|";

static bool is_submit(kp_call_kind call) {
    return call == KP_CALL_SUBMIT || call == KP_CALL_SUBMIT_FILE;
}

static bool is_report(kp_call_kind call) {
    return call == KP_CALL_REPORT_GOOD || call == KP_CALL_REPORT_BAD;
}

static size_t without_line_end(const char *text, size_t len) {
    if (len > 0 && text[len - 1] == '\n')
        len--;
    if (len > 0 && text[len - 1] == '\r')
        len--;
    return len;
}

/* Where a success should be, these two words say that there is none yet; no task id and no solution reads so. */
static bool is_not_ready(const char *text, size_t len) {
    return kp_same_n(text, len, "CAPCHA_NOT_READY") || kp_same_n(text, len, "CAPTCHA_NOT_READY");
}

static int read_plain_success(kp_answer *a, kp_call_kind call, const char *text, size_t len) {
    size_t line = without_line_end(text, len);
    if (is_not_ready(text, line)) {
        kp_answer_show(&a->provider_code, text, line);
        return KP_E_C_CAPCHA_NOT_READY;
    }
    if (is_submit(call))
        return kp_answer_take_plain_id(a, text, line);
    if (call != KP_CALL_RESULT || line == 0)
        return KP_E_ANSWER;
    kp_buf_add(&a->text, text, len);
    a->has_text = true;
    return 0;
}

static int read_word(kp_answer *a, const kp_provider *provider, kp_call_kind call, const char *text, size_t len) {
    if (is_report(call) && kp_same_n(text, len, "OK_REPORT_RECORDED"))
        return 0;
    bool ok = len >= 2 && memcmp(text, "OK", 2) == 0 && (len == 2 || text[2] == '_');
    if (ok || !kp_answer_is_word(text, len))
        return KP_E_ANSWER;
    kp_answer_show(&a->provider_code, text, len);
    return kp_error_of_word(provider->origin, text, len);
}

static int read_plain(kp_answer *a, const kp_provider *provider, kp_call_kind call, const char *text, size_t len) {
    size_t mark = sizeof ok_mark - 1;
    if (len == 0 || !kp_utf8_valid(text, len) || memchr(text, '\0', len))
        return KP_E_ANSWER;
    if (len >= mark && memcmp(text, ok_mark, mark) == 0)
        return read_plain_success(a, call, text + mark, len - mark);
    size_t line = without_line_end(text, len);
    if (call == KP_CALL_BALANCE && !kp_is_alpha(text[0]))
        return kp_answer_take_plain_balance(a, text, line, provider->unit);
    return read_word(a, provider, call, text, line);
}

/* -1: neither success nor error. */
static int read_status(kp_json status) {
    int64_t number;
    if (kp_json_i64(status, &number))
        return number == 1 ? 1 : number == 0 ? 0 : -1;
    if (status.type == KP_JSON_TRUE || kp_json_is(status, "1"))
        return 1;
    return status.type == KP_JSON_FALSE || kp_json_is(status, "0") ? 0 : -1;
}

static int read_json_success(kp_answer *a, const kp_provider *provider, kp_call_kind call, kp_json payload) {
    if (kp_json_is(payload, "CAPCHA_NOT_READY") || kp_json_is(payload, "CAPTCHA_NOT_READY"))
        return kp_answer_take_code(a, provider, payload);
    if (is_submit(call))
        return kp_answer_take_id(a, payload);
    if (call == KP_CALL_RESULT)
        return kp_answer_take_text(a, payload);
    if (call == KP_CALL_BALANCE)
        return kp_answer_take_balance(a, payload, provider->unit);
    return 0;
}

static int read_json(kp_answer *a, const kp_provider *provider, kp_call_kind call, const char *text, size_t len) {
    static const char *const texts[] = {"error_text", NULL};
    kp_json root = kp_json_parse(text, len, NULL);
    kp_json payload = kp_json_get(root, "request");
    switch (read_status(kp_json_get(root, "status"))) {
    case 1: return read_json_success(a, provider, call, payload);
    case 0:
        if (kp_answer_take_words(a, provider, root, texts) == KP_E_MEMORY)
            return KP_E_MEMORY;
        return kp_answer_take_code(a, provider, payload);
    default: return KP_E_ANSWER;
    }
}

int kp_answer_read_ok_pipe(kp_answer *a, const kp_provider *provider, kp_call_kind call, const char *body, size_t len) {
    if (!is_submit(call) && !is_report(call) && call != KP_CALL_RESULT && call != KP_CALL_BALANCE)
        return KP_E_MISUSE;
    return len > 0 && *body == '{' ? read_json(a, provider, call, body, len) : read_plain(a, provider, call, body, len);
}
