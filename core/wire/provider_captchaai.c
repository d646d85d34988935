/* provider_captchaai.c: CaptchaAI as data: in.php and res.php, methods, parameters, timings. */
#include "wire/provider.h"

/* action is not among them: in.php knows it as a parameter of userrecaptcha and turnstile. */
static const char *const submit_reserved[] = {"key", "json", "method", NULL};
static const char *const upload_reserved[] = {"key", "json", "method", "file", NULL};
static const char *const result_reserved[] = {"key", "json", "action", "id", NULL};
static const char *const balance_reserved[] = {"key", "json", "action", NULL};

#define SITEKEY .name = "sitekey", .text = "site key of the page"
#define PAGEURL .name = "pageurl", .type = KP_VALUE_URL, .text = "address of the page"
#define IMAGE_PARAMS                                                                                                   \
    {.name = "numeric", .type = KP_VALUE_INT, .low = 0, .high = 4, .text = "which characters the image has"},          \
        {.name = "regsense", .type = KP_VALUE_FLAG, .text = "1: upper and lower case differ"},                         \
        {.name = "phrase", .type = KP_VALUE_FLAG, .text = "1: two words or more"},                                     \
        {.name = "calc", .type = KP_VALUE_FLAG, .text = "1: a sum to work out"},                                       \
        {.name = "min_len", .type = KP_VALUE_INT, .low = 1, .high = 20, .text = "fewest characters"},                  \
        {.name = "max_len", .type = KP_VALUE_INT, .low = 1, .high = 20, .text = "most characters"}, {                  \
        .name = "textinstructions", .text = "what to do, in words"                                                     \
    }

static const kp_param userrecaptcha[] = {
    {.name = "googlekey", .required = true, .text = "site key of the page"},
    {PAGEURL, .required = true},
    {.name = "invisible", .type = KP_VALUE_FLAG, .text = "1: the invisible form"},
    {.name = "version", .type = KP_VALUE_WORD, .words = "v2|v3", .text = "v3, or v2 when left out"},
    {.name = "action", .text = "action of the page"},
    {.name = "min_score", .type = KP_VALUE_DECIMAL, .low = 0, .high = 1, .text = "score wanted (v3)"},
    {.name = "enterprise", .type = KP_VALUE_FLAG, .text = "1: the enterprise form"},
    {.name = NULL},
};

static const kp_param turnstile[] = {
    {SITEKEY, .required = true},
    {PAGEURL, .required = true},
    {.name = "action", .text = "action of the page"},
    {.name = NULL},
};

static const kp_param geetest[] = {
    {.name = "gt", .required = true, .text = "gt (or captcha id) of the page"},
    {PAGEURL, .required = true},
    {.name = "challenge", .required = true, .unless = "version=4", .text = "challenge, fresh; not with version 4"},
    {.name = "version", .type = KP_VALUE_INT, .low = 3, .high = 4, .text = "3 or 4"},
    {.name = "api_server", .text = "API host of the page"},
    {.name = NULL},
};

static const kp_param base64[] = {
    {.name = "body", .required = true, .type = KP_VALUE_IMAGE, .text = "the image in base64"},
    IMAGE_PARAMS,
    {.name = NULL},
};

static const kp_param post[] = {
    {.name = "file", .required = true, .type = KP_VALUE_FILE, .text = "the image as a file"},
    IMAGE_PARAMS,
    {.name = NULL},
};

/* The service's pages disagree on what is required here, so nothing is. */
static const kp_param bls[] = {
    {SITEKEY},
    {PAGEURL},
    {.name = "body", .type = KP_VALUE_IMAGE, .text = "the image in base64"},
    {.name = "instructions", .text = "what to look for"},
    {.name = "code", .text = "code of the page"},
    {.name = NULL},
};

/* Here too: only what every page requires. */
static const kp_param cloudflare_challenge[] = {
    {PAGEURL, .required = true},
    {SITEKEY},
    {.name = "userAgent", .text = "browser name that goes with the answer"},
    {.name = NULL},
};

static const kp_param common[] = {
    {.name = "soft_id", .text = "id of the calling software"},
    {.name = "pingback", .type = KP_VALUE_URL, .text = "address that the service calls when done"},
    {.name = "proxy", .secret = true, .text = "proxy for the task, user:password@host:port"},
    {.name = "proxytype", .type = KP_VALUE_WORD, .words = "HTTP|HTTPS|SOCKS4|SOCKS5", .text = "type of proxy"},
    {.name = NULL},
};

/* Clients look after 15 s, after 5 s at images. They give slow methods 240 s without naming them; here that is
   cloudflare_challenge, whose tasks take longest. The enterprise form of userrecaptcha is slow too, but it is a
   parameter and not a method: who uses it sets timeout. */
static const kp_method methods[] = {
    {"userrecaptcha", KP_CALL_SUBMIT, 15000, 120000, userrecaptcha, "reCAPTCHA v2, v3, enterprise"},
    {"turnstile", KP_CALL_SUBMIT, 15000, 120000, turnstile, "Cloudflare Turnstile"},
    {"geetest", KP_CALL_SUBMIT, 15000, 120000, geetest, "GeeTest v3 and v4"},
    {"base64", KP_CALL_SUBMIT, 5000, 120000, base64, "image, in base64"},
    {"post", KP_CALL_SUBMIT_FILE, 5000, 120000, post, "image, as a file"},
    {"bls", KP_CALL_SUBMIT, 15000, 120000, bls, "BLS"},
    {"cloudflare_challenge", KP_CALL_SUBMIT, 15000, 240000, cloudflare_challenge, "Cloudflare challenge page"},
    {.name = NULL},
};

#define RES_PHP                                                                                                        \
    .http_method = "GET", .path = "/res.php", .key_in = KP_IN_QUERY, .key_name = "key", .params_in = KP_IN_QUERY

const kp_provider kp_provider_captchaai = {
    .name = "captchaai",
    .title = "CaptchaAI",
    .origin = KP_CAPTCHAAI,
    .base_url = "https://ocr.captchaai.com",
    .url_env = "CAPTCHAAI_URL",
    .key_env = "CAPTCHAAI_API_KEY",
    .key_cred = "captchaai_key",
    .home = ".captchaai",
    .unit = "USD",
    .grammar = KP_GRAMMAR_OK_PIPE,
    .calls =
        {
            [KP_CALL_SUBMIT] = {.http_method = "POST",
                                .path = "/in.php",
                                .key_in = KP_IN_FORM,
                                .key_name = "key",
                                .params_in = KP_IN_FORM,
                                .fixed = "json=1",
                                .method_name = "method",
                                .reserved = submit_reserved},
            [KP_CALL_SUBMIT_FILE] = {.http_method = "POST",
                                     .path = "/in.php",
                                     .key_in = KP_IN_MULTIPART,
                                     .key_name = "key",
                                     .params_in = KP_IN_MULTIPART,
                                     .fixed = "json=1",
                                     .method_name = "method",
                                     .reserved = upload_reserved},
            [KP_CALL_RESULT] = {RES_PHP, .fixed = "action=get&json=1", .id_name = "id", .reserved = result_reserved},
            [KP_CALL_BALANCE] = {RES_PHP, .fixed = "action=getbalance&json=1", .reserved = balance_reserved},
            [KP_CALL_REPORT_GOOD] = {RES_PHP, .fixed = "action=reportgood&json=1", .id_name = "id",
                                     .reserved = result_reserved},
            [KP_CALL_REPORT_BAD] = {RES_PHP, .fixed = "action=reportbad&json=1", .id_name = "id",
                                    .reserved = result_reserved},
        },
    .methods = methods,
    .common = common,
    .open_methods = true,
    .first_poll_ms = 15000,
    .every_poll_ms = 5000,
    .deadline_ms = 120000,
};
