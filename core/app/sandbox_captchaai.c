/* sandbox_captchaai.c: CaptchaAI's in.php and res.php as the service answers them. */
#include <string.h>

#include "app/sandbox_image.h"
#include "app/sandbox_service.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/text.h"

static bool wants_json(const sandbox_request *req) {
    return sandbox_request_is(req, "json", "1");
}

/* {"status":N,"request":REQUEST}, where REQUEST is JSON already or text. */
static void say_json(sandbox_request *req, bool good, const char *text, size_t len, bool raw, const char *error_text) {
    kp_buf *b = &req->answer;
    req->type = "application/json";
    kp_buf_str(b, good ? "{\"status\":1,\"request\":" : "{\"status\":0,\"request\":");
    if (raw)
        kp_buf_add(b, text, len);
    else
        kp_add_json(b, text, len);
    if (error_text) {
        kp_buf_str(b, ",\"error_text\":");
        kp_add_json(b, error_text, strlen(error_text));
    }
    kp_buf_char(b, '}');
}

static void refuse(sandbox_request *req, const char *code) {
    if (!wants_json(req)) {
        kp_buf_str(&req->answer, code);
        return;
    }
    bool pending = kp_same(code, "CAPCHA_NOT_READY");
    const kp_error_row *row = kp_error_find(kp_error_of_word(KP_CAPTCHAAI, code, strlen(code)));
    say_json(req, false, code, strlen(code), false, pending ? NULL : row->text);
}

/* mark: "OK|" where the plain form has it. */
static void grant(sandbox_request *req, const char *mark, const char *text, size_t len, bool raw) {
    if (wants_json(req)) {
        say_json(req, true, text, len, raw, NULL);
        return;
    }
    kp_buf_str(&req->answer, mark);
    kp_buf_add(&req->answer, text, len);
}

static const char *code_of(sandbox_verdict verdict) {
    switch (verdict) {
    case SANDBOX_BANNED: return "IP_BANNED";
    case SANDBOX_MALFORMED_KEY: return "ERROR_WRONG_USER_KEY";
    case SANDBOX_UNKNOWN_KEY: return "ERROR_KEY_DOES_NOT_EXIST";
    case SANDBOX_ADDRESS_REFUSED: return "ERROR_IP_NOT_ALLOWED";
    case SANDBOX_NO_FUNDS: return "ERROR_ZERO_BALANCE";
    case SANDBOX_NO_ROOM: return "ERROR_NO_SLOT_AVAILABLE";
    case SANDBOX_FINE:
    case SANDBOX_TROUBLE: break;
    }
    return "ERROR_INTERNAL_SERVER_ERROR";
}

static bool given(const sandbox_request *req, const char *name) {
    size_t len = 0;
    return sandbox_request_value(req, name, &len) && len;
}

static const char *image_problem(sandbox_image image) {
    switch (image) {
    case SANDBOX_IMAGE_FINE: return NULL;
    case SANDBOX_IMAGE_EMPTY: return "ERROR_ZERO_CAPTCHA_FILESIZE";
    case SANDBOX_IMAGE_TOO_BIG: return "ERROR_TOO_BIG_CAPTCHA_FILESIZE";
    case SANDBOX_IMAGE_UNREADABLE: return "ERROR_UPLOAD";
    case SANDBOX_IMAGE_UNKNOWN: break;
    }
    return "ERROR_IMAGE_TYPE_NOT_SUPPORTED";
}

static const char *pageurl_problem(const sandbox_request *req) {
    size_t len = 0;
    const char *url = sandbox_request_value(req, "pageurl", &len);
    size_t start = !url ? 0 : kp_starts(url, "http://") ? 7 : kp_starts(url, "https://") ? 8 : 0;
    bool fine = start && len > start;
    for (size_t i = start; fine && i < len; i++)
        fine = (unsigned char)url[i] > ' ';
    return fine ? NULL : "ERROR_PAGEURL";
}

static const char *googlekey_problem(const sandbox_request *req) {
    size_t len = 0;
    const char *key = sandbox_request_value(req, "googlekey", &len);
    if (!len)
        return "ERROR_GOOGLEKEY";
    for (size_t i = 0; i < len; i++)
        if (!kp_is_alpha(key[i]) && !kp_is_digit(key[i]) && key[i] != '-' && key[i] != '_')
            return "ERROR_WRONG_GOOGLEKEY";
    return NULL;
}

static const char *body_problem(const sandbox_request *req) {
    size_t len = 0;
    const char *body = sandbox_request_value(req, "body", &len);
    return image_problem(body ? sandbox_image_check_base64(body, len) : SANDBOX_IMAGE_EMPTY);
}

static const char *file_problem(const sandbox_request *req) {
    size_t len = 0;
    const char *file = sandbox_request_value(req, "file", &len);
    return req->multipart && file ? image_problem(sandbox_image_check(file, len)) : "ERROR_UPLOAD";
}

/* Parameters that mean the same wherever they are given. */
static const char *common_problem(const sandbox_request *req) {
    static const struct {
        const char *name;
        int low, high;
    } numbers[] = {{"invisible", 0, 1}, {"enterprise", 0, 1}, {"numeric", 0, 4},  {"regsense", 0, 1},
                   {"phrase", 0, 1},    {"calc", 0, 1},       {"min_len", 1, 20}, {"max_len", 1, 20}};
    size_t len = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const char *text = sandbox_request_value(req, numbers[i].name, &len);
        int64_t value = 0;
        if (text && len && (!kp_parse_i64(text, len, &value) || value < numbers[i].low || value > numbers[i].high))
            return "ERROR_BAD_PARAMETERS";
    }
    const char *score = sandbox_request_value(req, "min_score", &len);
    int64_t micro = 0;
    if (score && len && (!kp_parse_micro(score, len, &micro) || micro < 0 || micro > 1000000))
        return "ERROR_BAD_PARAMETERS";
    const char *type = sandbox_request_value(req, "proxytype", &len);
    if (type && len && !kp_same_nocase(type, len, "HTTP") && !kp_same_nocase(type, len, "HTTPS") &&
        !kp_same_nocase(type, len, "SOCKS4") && !kp_same_nocase(type, len, "SOCKS5"))
        return "ERROR_BAD_PROXY";
    return NULL;
}

static const char *method_problem(const sandbox_request *req, sandbox_kind *kind) {
    *kind = SANDBOX_TEXT;
    if (sandbox_request_is(req, "method", "base64"))
        return body_problem(req);
    if (sandbox_request_is(req, "method", "post"))
        return file_problem(req);
    if (sandbox_request_is(req, "method", "bls")) {
        if (given(req, "body"))
            return body_problem(req);
        return given(req, "sitekey") ? pageurl_problem(req) : "ERROR_BAD_PARAMETERS";
    }
    if (sandbox_request_is(req, "method", "userrecaptcha")) {
        const char *problem = googlekey_problem(req);
        return problem ? problem : pageurl_problem(req);
    }
    if (sandbox_request_is(req, "method", "turnstile"))
        return given(req, "sitekey") ? pageurl_problem(req) : "ERROR_BAD_PARAMETERS";
    if (sandbox_request_is(req, "method", "geetest")) {
        *kind = SANDBOX_OBJECT;
        bool complete = given(req, "gt") && (given(req, "challenge") || sandbox_request_is(req, "version", "4"));
        return complete ? pageurl_problem(req) : "ERROR_BAD_PARAMETERS";
    }
    if (sandbox_request_is(req, "method", "cloudflare_challenge")) {
        *kind = SANDBOX_OBJECT;
        return pageurl_problem(req);
    }
    return "ERROR_BAD_PARAMETERS";
}

static void submit(sandbox_service *service, sandbox_request *req, sandbox_account *account) {
    sandbox_order order = {.provider = SANDBOX_CAPTCHAAI, .account = account, .key = req->key};
    const char *problem = req->too_big ? "ERROR_TOO_BIG_CAPTCHA_FILESIZE" : method_problem(req, &order.kind);
    if (!problem)
        problem = common_problem(req);
    if (problem) {
        refuse(req, problem);
        return;
    }
    static const char *const marked[] = {"sitekey", "googlekey", "gt", "textinstructions"};
    for (size_t i = 0; i < sizeof marked / sizeof *marked; i++)
        if (sandbox_request_is(req, marked[i], "unsolvable"))
            order.kind = SANDBOX_UNSOLVABLE;
    order.method = sandbox_request_value(req, "method", &order.method_len);
    order.answer = sandbox_request_value(req, "sandbox_answer", &order.answer_len);
    char id[SANDBOX_ID_SIZE];
    sandbox_verdict verdict = sandbox_take(service, &order, id);
    if (verdict != SANDBOX_FINE)
        refuse(req, code_of(verdict));
    else
        grant(req, "OK|", id, strlen(id), false);
}

/* The task that the parameter id names; false: refused. */
static bool find_task(sandbox_service *service, sandbox_request *req, const sandbox_account *account,
                      sandbox_task *task, char *answer, size_t *answer_len) {
    size_t len = 0;
    const char *id = sandbox_request_value(req, "id", &len);
    bool digits = len > 0;
    for (size_t i = 0; i < len; i++)
        digits &= kp_is_digit(id[i]);
    if (!digits) {
        refuse(req, "ERROR_WRONG_ID_FORMAT");
        return false;
    }
    uint64_t number = sandbox_id_number(SANDBOX_CAPTCHAAI, id, len);
    bool found = sandbox_tasks_find(service->tasks, number, SANDBOX_CAPTCHAAI, sandbox_account_number(account), task,
                                    answer, answer_len);
    if (!found)
        refuse(req, "ERROR_WRONG_CAPTCHA_ID");
    return found;
}

static void result(sandbox_service *service, sandbox_request *req, const sandbox_account *account) {
    sandbox_task task;
    char chosen[SANDBOX_CHOSEN_MAX];
    size_t chosen_len = 0, id_len = 0;
    if (!find_task(service, req, account, &task, chosen, &chosen_len))
        return;
    if (sandbox_now() < task.ready_at) {
        refuse(req, "CAPCHA_NOT_READY");
        return;
    }
    if (task.kind == SANDBOX_UNSOLVABLE) {
        refuse(req, "ERROR_CAPTCHA_UNSOLVABLE");
        return;
    }
    kp_buf text, object;
    kp_buf_init(&text, NULL);
    kp_buf_init(&object, NULL);
    sandbox_add_answer(&text, sandbox_request_value(req, "id", &id_len), chosen, chosen_len);
    if (task.kind == SANDBOX_OBJECT) {
        kp_buf_str(&object, "{\"validate\":");
        kp_add_json(&object, kp_buf_text(&text), text.len);
        kp_buf_char(&object, '}');
    }
    const kp_buf *payload = task.kind == SANDBOX_OBJECT ? &object : &text;
    req->short_of_memory |= payload->failed;
    grant(req, "OK|", kp_buf_text(payload), payload->len, task.kind == SANDBOX_OBJECT);
    kp_buf_free(&text);
    kp_buf_free(&object);
}

static void report(sandbox_service *service, sandbox_request *req, const sandbox_account *account) {
    static const char done[] = "OK_REPORT_RECORDED";
    sandbox_task task;
    char chosen[SANDBOX_CHOSEN_MAX];
    size_t chosen_len = 0;
    if (find_task(service, req, account, &task, chosen, &chosen_len))
        grant(req, "", done, sizeof done - 1, false);
}

static void balance(sandbox_request *req, sandbox_account *account) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_add_micro(&text, sandbox_account_balance(account, SANDBOX_CAPTCHAAI));
    req->short_of_memory |= text.failed;
    grant(req, "", kp_buf_text(&text), text.len, false);
    kp_buf_free(&text);
}

void sandbox_captchaai(sandbox_service *service, sandbox_request *req) {
    size_t len = 0;
    const char *key = sandbox_request_value(req, "key", &len);
    sandbox_account *account = NULL;
    sandbox_verdict verdict = sandbox_admit(service, req, SANDBOX_CAPTCHAAI, key, len, &account);
    if (verdict != SANDBOX_FINE) {
        refuse(req, code_of(verdict));
        return;
    }
    switch (sandbox_request_call(req)) {
    case SANDBOX_SUBMIT: submit(service, req, account); return;
    case SANDBOX_RESULT: result(service, req, account); return;
    case SANDBOX_REPORT: report(service, req, account); return;
    case SANDBOX_GET_BALANCE: balance(req, account); return;
    case SANDBOX_NO_CALL:
    case SANDBOX_CREATE_TASK:
    case SANDBOX_GET_TASK_RESULT:
    case SANDBOX_SOLVE:
    case SANDBOX_CALLS: break;
    }
    refuse(req, "ERROR_BAD_PARAMETERS");
}
