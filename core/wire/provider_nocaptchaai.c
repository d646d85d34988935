/* provider_nocaptchaai.c: NoCaptchaAI as data: createTask and its sisters, task types, parameters, timings. */
#include "wire/provider.h"

/* One list for both submits, because the same parameters serve both: what is refused must not depend on the option
   sync. taskId is of the result call; in a new task it can only be a mistake. */
static const char *const submit_reserved[] = {"clientKey", "apikey", "type", "taskId", NULL};
static const char *const result_reserved[] = {"clientKey", "taskId", NULL};
static const char *const balance_reserved[] = {"apiKey", NULL};

/* The service's pages give no bounds for the numbers, so these only keep nonsense out. */
static const kp_param image_to_text[] = {
    {.name = "body", .required = true, .type = KP_VALUE_IMAGE, .text = "the image in base64"},
    {.name = "module", .text = "recognition module"},
    {.name = "websiteURL", .type = KP_VALUE_URL, .text = "address of the page"},
    {.name = "phrase", .type = KP_VALUE_FLAG, .text = "true: two words or more"},
    {.name = "case", .type = KP_VALUE_FLAG, .text = "true: upper and lower case differ"},
    {.name = "numeric", .type = KP_VALUE_INT, .low = 0, .high = 4, .text = "which characters the image has"},
    {.name = "math", .type = KP_VALUE_FLAG, .text = "true: a sum to work out"},
    {.name = "minLength", .type = KP_VALUE_INT, .low = 0, .high = 1000, .text = "fewest characters"},
    {.name = "maxLength", .type = KP_VALUE_INT, .low = 0, .high = 1000, .text = "most characters"},
    {.name = "score", .type = KP_VALUE_DECIMAL, .low = 0, .high = 100, .text = "confidence wanted"},
    {.name = "comment", .text = "what to do, in words"},
    {.name = NULL},
};

static const kp_param common[] = {
    {.name = "proxy", .secret = true, .text = "proxy for the task"},
    {.name = "proxyLogin", .secret = true, .text = "user of the proxy"},
    {.name = "proxyPassword", .secret = true, .text = "password of the proxy"},
    {.name = NULL},
};

static const kp_method methods[] = {
    {"ImageToTextTask", KP_CALL_SUBMIT, 2000, 120000, image_to_text, "image, in base64"},
    {.name = NULL},
};

const kp_provider kp_provider_nocaptchaai = {
    .name = "nocaptchaai",
    .title = "NoCaptchaAI",
    .origin = KP_NOCAPTCHAAI,
    .base_url = "https://api.nocaptchaai.com",
    .url_env = "NOCAPTCHAAI_URL",
    .key_env = "NOCAPTCHAAI_API_KEY",
    .key_cred = "nocaptchaai_key",
    .home = ".nocaptchaai",
    .unit = "credits",
    .grammar = KP_GRAMMAR_TASK,
    .calls =
        {
            [KP_CALL_SUBMIT] = {.http_method = "POST",
                                .path = "/createTask",
                                .key_in = KP_IN_JSON,
                                .key_name = "clientKey",
                                .params_in = KP_IN_JSON,
                                .method_name = "type",
                                .wrap = "task",
                                .reserved = submit_reserved},
            [KP_CALL_SYNC] = {.http_method = "POST",
                              .path = "/solve",
                              .key_in = KP_IN_HEADER,
                              .key_name = "apikey",
                              .params_in = KP_IN_JSON,
                              .method_name = "type",
                              .reserved = submit_reserved},
            [KP_CALL_RESULT] = {.http_method = "POST",
                                .path = "/getTaskResult",
                                .key_in = KP_IN_JSON,
                                .key_name = "clientKey",
                                .params_in = KP_IN_JSON,
                                .id_name = "taskId",
                                .reserved = result_reserved},
            [KP_CALL_BALANCE] = {.http_method = "GET",
                                 .path = "/balance",
                                 .key_in = KP_IN_QUERY,
                                 .key_name = "apiKey",
                                 .params_in = KP_IN_QUERY,
                                 .reserved = balance_reserved},
        },
    .methods = methods,
    .common = common,
    .open_methods = true,
    .first_poll_ms = 2000,
    .every_poll_ms = 2000,
    .deadline_ms = 120000,
};
