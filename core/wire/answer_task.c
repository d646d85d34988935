/* answer_task.c: the grammar of createTask and its kin: errorId, status, taskId, solution, and three shapes of errors.
 */
#include "base/decimal.h"
#include "base/text.h"
#include "wire/answer_parts.h"

enum { MICRO_PER_MS = 1000 };

/* Services write 0, "", "0", null or false, or nothing, where they mean none. */
static bool is_given(kp_json value) {
    int64_t number;
    switch (value.type) {
    case KP_JSON_NONE:
    case KP_JSON_NULL:
    case KP_JSON_FALSE: return false;
    case KP_JSON_NUMBER: return !kp_json_i64(value, &number) || number != 0;
    case KP_JSON_STRING: return !kp_json_is(value, "") && !kp_json_is(value, "0");
    case KP_JSON_TRUE:
    case KP_JSON_ARRAY:
    case KP_JSON_OBJECT: return true;
    }
    return false;
}

/* A time that is negative or no number counts as not sent. */
static uint64_t read_retry_after(kp_json value) {
    const char *text = value.raw;
    size_t len = value.len;
    int64_t micro;
    if (value.type == KP_JSON_STRING) {
        text++;
        len -= 2;
    } else if (value.type != KP_JSON_NUMBER)
        return 0;
    return kp_parse_micro_json(text, len, &micro) && micro > 0 ? (uint64_t)micro / MICRO_PER_MS : 0;
}

/* {"error":"..."}: a word is a code, anything else a text for people. */
static int read_error_text(kp_answer *a, const kp_provider *provider, kp_json root) {
    static const char *const texts[] = {"error", NULL};
    kp_json value = kp_json_get(root, "error");
    if (value.type == KP_JSON_STRING && !kp_answer_is_word(value.raw + 1, value.len - 2))
        return kp_answer_take_words(a, provider, root, texts);
    return kp_answer_take_code(a, provider, value);
}

/* The code that the body gives in any of the shapes; 0 if it gives none. */
static int read_code(kp_answer *a, const kp_provider *provider, kp_json root) {
    static const char *const names[] = {"errorCode", "code"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        kp_json value = kp_json_get(root, names[i]);
        if (is_given(value))
            return kp_answer_take_code(a, provider, value);
    }
    return is_given(kp_json_get(root, "error")) ? read_error_text(a, provider, root) : 0;
}

/* 0 if the body says of no error. */
static int read_error(kp_answer *a, const kp_provider *provider, kp_call_kind call, kp_json root) {
    static const char *const texts[] = {"errorDescription", "msg", "message", NULL};
    static const char *const none[] = {NULL};
    kp_json id = kp_json_get(root, "errorId");
    kp_json status = kp_json_get(root, "status");
    bool failed = kp_json_is(status, "failed");
    bool error = failed || kp_json_is(status, "error") || is_given(id);
    int code = read_code(a, provider, root);
    if (code == 0 && !error)
        return 0;
    bool told = a->provider_text.len > 0;
    int word = kp_answer_take_words(a, provider, root, told ? none : texts);
    if (code == KP_E_MEMORY || word == KP_E_MEMORY)
        return KP_E_MEMORY;
    /* "No error" with a code contradicts itself, and what contradicts itself proves nothing about a charge. */
    bool denied = id.type != KP_JSON_NONE && id.type != KP_JSON_NULL && !is_given(id);
    if (code == KP_E_ANSWER || (denied && !error))
        return KP_E_ANSWER;
    if (code == 0 || code == KP_E_UNKNOWN_CODE)
        code = word;
    bool task = failed && call != KP_CALL_BALANCE;
    return task && code == KP_E_UNKNOWN_CODE ? KP_E_N_TASK_FAILED : code;
}

static bool is_done(kp_json status) {
    return kp_json_is(status, "ready") || kp_json_is(status, "solved");
}

static bool is_waiting(kp_json status) {
    return kp_json_is(status, "processing") || kp_json_is(status, "idle");
}

/* The answer within a solution: the member that holds it, or else all of it. */
static int read_solution(kp_answer *a, kp_json solution) {
    static const char *const names[] = {"gRecaptchaResponse", "token"};
    kp_json text = kp_json_get(solution, "text");
    if (text.type != KP_JSON_NONE && text.type != KP_JSON_NULL)
        return kp_answer_take_text(a, text);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        kp_json token = kp_json_get(solution, names[i]);
        if (token.type == KP_JSON_STRING && !kp_json_is(token, ""))
            return kp_answer_take_text(a, token);
    }
    size_t at = 0;
    kp_json member;
    if (solution.type == KP_JSON_OBJECT && !kp_json_next(solution, &at, NULL, &member))
        return KP_E_ANSWER;
    return kp_answer_take_text(a, solution);
}

static bool is_absent(kp_json value) {
    return value.type == KP_JSON_NONE || value.type == KP_JSON_NULL;
}

static int read_submit(kp_answer *a, kp_json root) {
    kp_json status = kp_json_get(root, "status");
    kp_json id = kp_json_get(root, "taskId");
    kp_json solution = kp_json_get(root, "solution");
    bool done = is_done(status);
    if (!done && !is_waiting(status) && !is_absent(status))
        return KP_E_ANSWER;
    bool has_id = !is_absent(id) && !kp_json_is(id, "");
    bool has_solution = done && !is_absent(solution);
    if (!has_id && !has_solution)
        return KP_E_ANSWER;
    int code = has_id ? kp_answer_take_id(a, id) : 0;
    return code == 0 && has_solution ? read_solution(a, solution) : code;
}

static int read_result(kp_answer *a, kp_json root) {
    kp_json status = kp_json_get(root, "status");
    if (is_waiting(status))
        return KP_E_PENDING;
    return is_done(status) ? read_solution(a, kp_json_get(root, "solution")) : KP_E_ANSWER;
}

static int read_balance(kp_answer *a, const kp_provider *provider, kp_json root) {
    if (root.type != KP_JSON_OBJECT)
        return kp_answer_take_balance(a, root, provider->unit);
    kp_json balance = kp_json_get(root, "balance");
    kp_json capital = kp_json_get(root, "Balance");
    if (is_absent(balance) && is_absent(capital))
        return kp_answer_take_balance(a, kp_json_pointer(root, "/Subscription/remaining"), "credits");
    if (is_absent(balance) || is_absent(capital))
        return kp_answer_take_balance(a, is_absent(balance) ? capital : balance, provider->unit);
    int code = kp_answer_take_balance(a, capital, provider->unit);
    int64_t other = a->balance_micro;
    kp_buf_clear(&a->text);
    if (code == 0)
        code = kp_answer_take_balance(a, balance, provider->unit);
    return code == 0 && a->balance_micro != other ? KP_E_ANSWER : code;
}

int kp_answer_read_task(kp_answer *a, const kp_provider *provider, kp_call_kind call, const char *body, size_t len) {
    bool submit = call == KP_CALL_SUBMIT || call == KP_CALL_SUBMIT_FILE || call == KP_CALL_SYNC;
    if (!submit && call != KP_CALL_RESULT && call != KP_CALL_BALANCE)
        return KP_E_MISUSE;
    /* The services write no blanks in front; what does is something between us and them. */
    if (len == 0 || kp_is_space(*body))
        return KP_E_ANSWER;
    kp_json root = kp_json_parse(body, len, NULL);
    if (root.type == KP_JSON_NONE || (root.type != KP_JSON_OBJECT && call != KP_CALL_BALANCE))
        return KP_E_ANSWER;
    a->retry_after_ms = read_retry_after(kp_json_get(root, "retryAfterSec"));
    int code = read_error(a, provider, call, root);
    if (code != 0)
        return code;
    if (submit)
        return read_submit(a, root);
    return call == KP_CALL_RESULT ? read_result(a, root) : read_balance(a, provider, root);
}
