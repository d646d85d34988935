/* sandbox_nocaptchaai.c: NoCaptchaAI's createTask, getTaskResult, solve and balance as the service answers them. */
#include <cjson/cJSON.h>
#include <string.h>

#include "app/sandbox_image.h"
#include "app/sandbox_service.h"
#include "base/decimal.h"
#include "base/text.h"

enum {
    KEY_DOES_NOT_EXIST = 1,
    NO_SLOT = 2,
    ZERO_BALANCE = 3,
    BAD_PARAMETERS = 10,
    UNSOLVABLE = 12,
    RATE_LIMITED = 16,
    UNAVAILABLE = 21
};

static const char *message(int code) {
    switch (code) {
    case KEY_DOES_NOT_EXIST: return "KEY_DOES_NOT_EXIST";
    case NO_SLOT: return "NO_SLOT_AVAILABLE";
    case ZERO_BALANCE: return "ZERO_BALANCE";
    case BAD_PARAMETERS: return "ERROR_BAD_PARAMETERS";
    case UNSOLVABLE: return "ERROR_CAPTCHA_UNSOLVABLE";
    case RATE_LIMITED: return "RATE_LIMITED";
    default: return "SERVICE_UNAVAILABLE";
    }
}

/* createTask and getTaskResult tell errors in one shape, solve and balance in the other. */
static void refuse(sandbox_request *req, int code) {
    sandbox_call call = sandbox_request_call(req);
    bool task_shape = call == SANDBOX_CREATE_TASK || call == SANDBOX_GET_TASK_RESULT;
    if (!task_shape && code == KEY_DOES_NOT_EXIST)
        req->status = 401;
    else if (call == SANDBOX_SOLVE && code == BAD_PARAMETERS)
        req->status = 400;
    kp_buf_fmt(&req->answer,
               task_shape ? "{\"errorId\":1,\"errorCode\":%d,\"errorDescription\":\"%s\"}"
                          : "{\"code\":%d,\"msg\":\"%s\"}",
               code, message(code));
}

static void refuse_verdict(const sandbox_service *service, sandbox_request *req, sandbox_verdict verdict) {
    switch (verdict) {
    case SANDBOX_BANNED:
        req->status = 429;
        kp_buf_fmt(&req->answer, "{\"code\":%d,\"msg\":\"%s\",\"retryAfterSec\":%lld}", RATE_LIMITED,
                   message(RATE_LIMITED), (long long)(service->options->ban_ms + 999) / 1000);
        return;
    case SANDBOX_ADDRESS_REFUSED:
        req->status = 403;
        kp_buf_str(&req->answer, "{\"error\":\"IP address not allowed\"}");
        return;
    case SANDBOX_MALFORMED_KEY:
    case SANDBOX_UNKNOWN_KEY: refuse(req, KEY_DOES_NOT_EXIST); return;
    case SANDBOX_NO_FUNDS: refuse(req, ZERO_BALANCE); return;
    case SANDBOX_NO_ROOM: refuse(req, NO_SLOT); return;
    case SANDBOX_FINE:
    case SANDBOX_TROUBLE: break;
    }
    refuse(req, UNAVAILABLE);
}

static const char *text_of(const cJSON *object, const char *name) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* Takes the task; false: refused. */
static bool take(sandbox_service *service, sandbox_request *req, sandbox_account *account, const cJSON *task,
                 sandbox_order *order, char *id) {
    const char *type = text_of(task, "type"), *body = text_of(task, "body");
    bool image = kp_same(type, "ImageToTextTask");
    if (!type || !*type || (image && (!body || sandbox_image_check_base64(body, strlen(body)) != SANDBOX_IMAGE_FINE))) {
        refuse(req, BAD_PARAMETERS);
        return false;
    }
    static const char *const marked[] = {"sitekey", "googlekey", "gt", "websiteKey", "comment"};
    sandbox_kind kind = kp_same(type, "SandboxIdleTask") ? SANDBOX_IDLE : SANDBOX_TEXT;
    for (size_t i = 0; i < sizeof marked / sizeof *marked; i++)
        if (kp_same(text_of(task, marked[i]), "unsolvable"))
            kind = SANDBOX_UNSOLVABLE;
    const char *chosen = text_of(task, "sandbox_answer");
    *order = (sandbox_order){.provider = SANDBOX_NOCAPTCHAAI,
                             .account = account,
                             .key = req->key,
                             .method = type,
                             .method_len = strlen(type),
                             .kind = kind,
                             .at_once = image,
                             .answer = chosen,
                             .answer_len = chosen ? strlen(chosen) : 0};
    sandbox_verdict verdict = sandbox_take(service, order, id);
    if (verdict != SANDBOX_FINE)
        refuse_verdict(service, req, verdict);
    return verdict == SANDBOX_FINE;
}

static void add_solution(sandbox_request *req, const char *id, const char *chosen, size_t chosen_len) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    sandbox_add_answer(&text, id, chosen, chosen_len);
    kp_buf_str(&req->answer, "\"solution\":{\"text\":");
    kp_add_json(&req->answer, kp_buf_text(&text), text.len);
    kp_buf_char(&req->answer, '}');
    req->short_of_memory |= text.failed;
    kp_buf_free(&text);
}

static void create_task(sandbox_service *service, sandbox_request *req, sandbox_account *account) {
    char id[SANDBOX_ID_SIZE];
    sandbox_order order;
    if (!take(service, req, account, cJSON_GetObjectItemCaseSensitive(req->json, "task"), &order, id))
        return;
    if (!order.at_once) {
        kp_buf_fmt(&req->answer, "{\"errorId\":0,\"status\":\"idle\",\"taskId\":\"%s\"}", id);
        return;
    }
    if (order.kind == SANDBOX_UNSOLVABLE) {
        refuse(req, UNSOLVABLE);
        return;
    }
    kp_buf_str(&req->answer, "{\"errorId\":0,\"status\":\"ready\",\"taskId\":\"\",");
    add_solution(req, id, order.answer, order.answer_len);
    kp_buf_char(&req->answer, '}');
}

static void get_task_result(sandbox_service *service, sandbox_request *req, const sandbox_account *account) {
    const char *id = text_of(req->json, "taskId");
    uint64_t number = id ? sandbox_id_number(SANDBOX_NOCAPTCHAAI, id, strlen(id)) : 0;
    sandbox_task task;
    char chosen[SANDBOX_CHOSEN_MAX];
    size_t chosen_len = 0;
    if (!sandbox_tasks_find(service->tasks, number, SANDBOX_NOCAPTCHAAI, sandbox_account_number(account), &task, chosen,
                            &chosen_len)) {
        refuse(req, BAD_PARAMETERS);
        return;
    }
    if (task.kind == SANDBOX_IDLE) {
        kp_buf_str(&req->answer, "{\"errorId\":0,\"status\":\"idle\"}");
        return;
    }
    if (sandbox_now() < task.ready_at) {
        kp_buf_str(&req->answer, "{\"errorId\":0,\"status\":\"processing\"}");
        return;
    }
    if (task.kind == SANDBOX_UNSOLVABLE) {
        refuse(req, UNSOLVABLE);
        return;
    }
    kp_buf_str(&req->answer, "{\"errorId\":0,\"status\":\"ready\",");
    add_solution(req, id, chosen, chosen_len);
    kp_buf_char(&req->answer, '}');
}

static void solve(sandbox_service *service, sandbox_request *req, sandbox_account *account) {
    char id[SANDBOX_ID_SIZE];
    sandbox_order order;
    if (!take(service, req, account, req->json, &order, id))
        return;
    if (!order.at_once)
        req->wait_ms = service->options->solve_ms;
    if (order.kind == SANDBOX_UNSOLVABLE) {
        refuse(req, UNSOLVABLE);
        return;
    }
    kp_buf_char(&req->answer, '{');
    add_solution(req, id, order.answer, order.answer_len);
    kp_buf_str(&req->answer, ",\"status\":\"solved\"}");
}

static void balance(sandbox_request *req, sandbox_account *account) {
    kp_buf_str(&req->answer, "{\"balance\":");
    kp_add_micro(&req->answer, sandbox_account_balance(account, SANDBOX_NOCAPTCHAAI));
    kp_buf_char(&req->answer, '}');
}

void sandbox_nocaptchaai(sandbox_service *service, sandbox_request *req) {
    sandbox_call call = sandbox_request_call(req);
    req->type = "application/json";
    const char *key = NULL;
    size_t len = 0;
    if (call == SANDBOX_GET_BALANCE)
        key = sandbox_request_value(req, "apiKey", &len);
    else if (call == SANDBOX_SOLVE)
        key = MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND, "apikey");
    else
        key = text_of(req->json, "clientKey");
    if (key && !len)
        len = strlen(key);
    if (call != SANDBOX_GET_BALANCE && !cJSON_IsObject(req->json)) {
        refuse(req, BAD_PARAMETERS);
        return;
    }
    sandbox_account *account = NULL;
    sandbox_verdict verdict = sandbox_admit(service, req, SANDBOX_NOCAPTCHAAI, key, len, &account);
    if (verdict != SANDBOX_FINE)
        refuse_verdict(service, req, verdict);
    else if (call == SANDBOX_CREATE_TASK)
        create_task(service, req, account);
    else if (call == SANDBOX_GET_TASK_RESULT)
        get_task_result(service, req, account);
    else if (call == SANDBOX_SOLVE)
        solve(service, req, account);
    else
        balance(req, account);
}
