/* test_params.c: what a submit may consist of, and what is refused before anything is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "failing.h"
#include "safe/arena.h"
#include "wire/param_check.h"
#include "wire/params.h"

static kp_params params;
static kp_buf problem;

static int setup(void **state) {
    (void)state;
    kp_buf_init(&problem, NULL);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    kp_buf_free(&problem);
    return 0;
}

static int check_len(const char *provider, const char *method, const char *json, size_t len) {
    kp_buf_clear(&problem);
    return kp_params_check(kp_provider_find(provider), method, json, len, NULL, 0, false, &params, &problem);
}

static int check(const char *method, const char *json) {
    return check_len("captchaai", method, json, json ? strlen(json) : 0);
}

static int check_n(const char *method, const char *json) {
    return check_len("nocaptchaai", method, json, json ? strlen(json) : 0);
}

/* One parameter that the method does not require, beside those it does. */
static int check_one(const char *method, const char *name, const char *value) {
    char json[400];
    bool image = strcmp(method, "base64") == 0;
    snprintf(json, sizeof json, "{%s,\"%s\":%s}",
             image ? "\"body\":\"aGk=\"" : "\"googlekey\":\"g\",\"pageurl\":\"http://a\"", name, value);
    return check(method, json);
}

static int check_file(const char *provider, const char *method, const char *json, const char *file, size_t len) {
    kp_buf_clear(&problem);
    return kp_params_check(kp_provider_find(provider), method, json, json ? strlen(json) : 0, file, len, false, &params,
                           &problem);
}

static void says(const char *part) {
    if (!strstr(kp_buf_text(&problem), part))
        fail_msg("'%s' lacks '%s'", kp_buf_text(&problem), part);
}

static void resolves_a_listed_method(void **state) {
    (void)state;
    const char *json = " {\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\"}";
    assert_int_equal(check("turnstile", json), KP_OK);
    assert_ptr_equal(params.provider, kp_provider_find("captchaai"));
    assert_ptr_equal(params.method, kp_method_find(params.provider, "turnstile"));
    assert_string_equal(params.method_name, "turnstile");
    assert_int_equal(params.call, KP_CALL_SUBMIT);
    assert_int_equal(params.object.type, KP_JSON_OBJECT);
    assert_ptr_equal(params.object.raw, json + 1);
    assert_null(params.file);
    assert_string_equal(kp_buf_text(&problem), "");
}

static void passes_a_method_that_is_not_listed(void **state) {
    (void)state;
    assert_int_equal(check("some_new.Method-2", NULL), KP_OK);
    assert_null(params.method);
    assert_string_equal(params.method_name, "some_new.Method-2");
    assert_int_equal(params.object.type, KP_JSON_NONE);
    assert_int_equal(check_n("AntiTurnstileTaskProxyLess", "{\"websiteKey\":\"a\",\"deep\":{\"x\":[1,null]}}"), KP_OK);
    assert_null(params.method);
    assert_int_equal(params.call, KP_CALL_SUBMIT);
}

static void refuses_a_misspelt_method(void **state) {
    (void)state;
    static const char *const rows[][2] = {{"turnstyle", "turnstile"},
                                          {"userrecapcha", "userrecaptcha"},
                                          {"Turnstile", "turnstile"},
                                          {"base46", "base64"},
                                          {"pots", "post"},
                                          {"geetset", "geetest"},
                                          {"blss", "bls"},
                                          {"USERRECAPTCHA", "userrecaptcha"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(check(rows[i][0], NULL), KP_E_METHOD);
        says("did you mean");
        says(rows[i][1]);
    }
    assert_int_equal(check_n("ImageToTextTsk", NULL), KP_E_METHOD);
    says("ImageToTextTask");
    assert_int_equal(check("pest2", NULL), KP_OK);
    assert_int_equal(check("grid", NULL), KP_OK);
}

static void refuses_what_is_no_word(void **state) {
    (void)state;
    char longest[66];
    memset(longest, 'x', 65);
    longest[65] = '\0';
    const char *bad[] = {"", "a b", "a\nb", "a&b", "a/b", "\xc3\xa4", "a\"", longest};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(check(bad[i], NULL), KP_E_METHOD);
    longest[64] = '\0';
    assert_int_equal(check(longest, NULL), KP_OK);
    assert_int_equal(check(NULL, NULL), KP_E_METHOD);
    assert_int_equal(kp_params_check(NULL, "a", NULL, 0, NULL, 0, false, &params, NULL), KP_E_MISUSE);
    assert_int_equal(kp_params_check(kp_provider_at(0), "a", NULL, 0, NULL, 0, false, NULL, NULL), KP_E_MISUSE);
    assert_int_equal(kp_params_check(kp_provider_at(0), "post", NULL, 0, NULL, 0, false, &params, NULL), KP_E_MISSING);
}

static void refuses_a_method_of_a_closed_table(void **state) {
    (void)state;
    kp_provider closed = *kp_provider_find("captchaai");
    closed.open_methods = false;
    assert_int_equal(kp_params_check(&closed, "some_new", NULL, 0, NULL, 0, false, &params, &problem), KP_E_METHOD);
    says("some_new");
}

static void synchronous_call(void **state) {
    (void)state;
    static const char json[] = "{\"body\":\"aGk=\"}";
    const kp_provider *n = kp_provider_find("nocaptchaai");
    assert_int_equal(kp_params_check(n, "ImageToTextTask", json, strlen(json), NULL, 0, true, &params, &problem),
                     KP_OK);
    assert_int_equal(params.call, KP_CALL_SYNC);
    const kp_provider *c = kp_provider_find("captchaai");
    assert_int_equal(kp_params_check(c, "base64", json, strlen(json), NULL, 0, true, &params, &problem), KP_E_MISUSE);
    says("CaptchaAI has no synchronous call");
}

/* T10: the names that keyplate sets on the endpoint, and no others. */
static void t10_reserved_names(void **state) {
    (void)state;
    static const char *const c_names[] = {"key", "json", "method", "KEY", "k\\u0065y", " key", "key[]", "key[x]"};
    for (size_t i = 0; i < sizeof c_names / sizeof c_names[0]; i++) {
        assert_int_equal(check_one("userrecaptcha", c_names[i], "\"v4lue\""), KP_E_RESERVED);
        assert_null(strstr(kp_buf_text(&problem), "v4lue"));
    }
    says("key[x]");
    static const char *const n_names[] = {"clientKey", "apikey", "type", "taskId", "ClientKey", "apiKey"};
    for (size_t i = 0; i < sizeof n_names / sizeof n_names[0]; i++) {
        char json[80];
        snprintf(json, sizeof json, "{\"%s\":\"v4lue\"}", n_names[i]);
        assert_int_equal(check_n("SomeTask", json), KP_E_RESERVED);
        says(n_names[i]);
        kp_buf_clear(&problem);
        assert_int_equal(kp_params_check(kp_provider_find("nocaptchaai"), "SomeTask", json, strlen(json), NULL, 0, true,
                                         &params, &problem),
                         KP_E_RESERVED);
    }
    static const char *const free_names[] = {"action", "id", "clientKey", "taskId", "apikey", "type", "file", "keys"};
    for (size_t i = 0; i < sizeof free_names / sizeof free_names[0]; i++)
        assert_int_equal(check_one("userrecaptcha", free_names[i], "\"x\""), KP_OK);
    assert_int_equal(check_n("SomeTask", "{\"key\":1,\"json\":1,\"method\":1,\"id\":1,\"action\":1,\"type[]\":1}"),
                     KP_OK);
}

/* T10: line ends and NUL in names and values. */
static void t10_line_ends_and_nul(void **state) {
    (void)state;
    assert_int_equal(check_one("userrecaptcha", "action", "\"a\\r\\nb\""), KP_E_PARAMETER);
    says("action");
    assert_int_equal(check_one("userrecaptcha", "other", "\"a\\nb\""), KP_E_PARAMETER);
    assert_int_equal(check_one("userrecaptcha", "other", "\"a\\u000db\""), KP_E_PARAMETER);
    assert_int_equal(check_one("userrecaptcha", "other", "\"a\\u0000b\""), KP_E_PARAMETER);
    assert_int_equal(check_one("userrecaptcha", "ot\\nher", "\"a\""), KP_E_PARAMETER);
    assert_null(strchr(kp_buf_text(&problem), '\n'));
    assert_int_equal(check_one("userrecaptcha", "", "\"a\""), KP_E_PARAMETER);
    assert_int_equal(check_len("captchaai", "other", "{\"a\":\"x\0y\"}", 11), KP_E_PARAMETER);
    assert_int_equal(check_n("SomeTask", "{\"a\":\"x\\ny\"}"), KP_E_PARAMETER);
    assert_int_equal(check_one("userrecaptcha", "other", "\"tab\\t stays\""), KP_OK);
    assert_int_equal(check_one("userrecaptcha", "other", "{\"x\":\n1}"), KP_OK);
}

static void names_that_no_upload_can_carry(void **state) {
    (void)state;
    assert_int_equal(check_file("captchaai", "post", "{\"a\\\"b\":1}", "x", 1), KP_E_PARAMETER);
    assert_int_equal(check_file("captchaai", "post", "{\"a\\\\\":1}", "x", 1), KP_E_PARAMETER);
    assert_int_equal(check_one("userrecaptcha", "a\\\"b", "1"), KP_OK);
}

static void missing_parameters(void **state) {
    (void)state;
    assert_int_equal(check("turnstile", NULL), KP_E_MISSING);
    says("sitekey");
    assert_int_equal(check("turnstile", "{\"sitekey\":\"a\"}"), KP_E_MISSING);
    says("pageurl");
    assert_null(strstr(kp_buf_text(&problem), "did you mean"));
    assert_int_equal(check("turnstile", "{\"sitekey\":\"\",\"pageurl\":\"http://a\"}"), KP_E_MISSING);
    assert_int_equal(check("turnstile", "{\"sitekey\":null,\"pageurl\":\"http://a\"}"), KP_E_MISSING);
    assert_int_equal(check("turnstile", "{\"sitekey\":7,\"pageurl\":\"http://a\"}"), KP_OK);
    assert_int_equal(check("cloudflare_challenge", "{}"), KP_E_MISSING);
    assert_int_equal(check("bls", "{}"), KP_OK);
    assert_int_equal(check_n("ImageToTextTask", "{}"), KP_E_MISSING);
}

static void misspelt_parameters(void **state) {
    (void)state;
    assert_int_equal(check("turnstile", "{\"siteKey\":\"s3cret\",\"pageurl\":\"http://a\"}"), KP_E_MISSING);
    says("siteKey was given: did you mean sitekey?");
    assert_null(strstr(kp_buf_text(&problem), "s3cret"));
    assert_int_equal(check("turnstile", "{\"stiekey\":\"a\",\"pageurl\":\"http://a\"}"), KP_E_MISSING);
    says("did you mean sitekey?");
    assert_int_equal(check("userrecaptcha", "{\"google_key\":\"a\",\"page_url\":\"http://a\"}"), KP_E_MISSING);
    says("did you mean googlekey?");
    assert_int_equal(check("geetest", "{\"pageurl\":\"http://a\",\"x\":1,\"yz\":1}"), KP_E_MISSING);
    assert_null(strstr(kp_buf_text(&problem), "did you mean"));
    assert_int_equal(check("turnstile", "{\"sitekey\":\"a\",\"pageurl\":\"http://a\",\"actoin\":\"x\"}"), KP_OK);
}

static void geetest_needs_a_challenge_but_for_version_4(void **state) {
    (void)state;
    assert_int_equal(check("geetest", "{\"gt\":\"a\",\"pageurl\":\"http://a\"}"), KP_E_MISSING);
    says("challenge");
    assert_int_equal(check("geetest", "{\"gt\":\"a\",\"pageurl\":\"http://a\",\"version\":3}"), KP_E_MISSING);
    assert_int_equal(check("geetest", "{\"gt\":\"a\",\"pageurl\":\"http://a\",\"version\":4}"), KP_OK);
    assert_int_equal(check("geetest", "{\"gt\":\"a\",\"pageurl\":\"http://a\",\"version\":\"4\"}"), KP_OK);
    assert_int_equal(check("geetest", "{\"gt\":\"a\",\"pageurl\":\"http://a\",\"challenge\":\"c\"}"), KP_OK);
}

static void files(void **state) {
    (void)state;
    char *file = test_calloc(1, KP_IMAGE_MAX + 1);
    assert_int_equal(check_file("captchaai", "post", NULL, file, KP_IMAGE_MAX), KP_OK);
    assert_int_equal(params.call, KP_CALL_SUBMIT_FILE);
    assert_ptr_equal(params.file, file);
    assert_int_equal(params.file_len, KP_IMAGE_MAX);
    assert_int_equal(check_file("captchaai", "post", NULL, file, KP_IMAGE_MAX + 1), KP_E_TOO_BIG);
    assert_int_equal(check_file("captchaai", "post", NULL, file, 1), KP_OK);
    assert_int_equal(check_file("captchaai", "post", NULL, file, 0), KP_E_MISSING);
    says("empty");
    assert_int_equal(check_file("captchaai", "post", NULL, NULL, 0), KP_E_MISSING);
    assert_int_equal(check_file("captchaai", "turnstile", NULL, file, 1), KP_E_PARAMETER);
    says("takes no file");
    assert_int_equal(check_file("captchaai", "some_new", NULL, file, 1), KP_OK);
    assert_int_equal(params.call, KP_CALL_SUBMIT_FILE);
    assert_int_equal(check_file("nocaptchaai", "SomeTask", NULL, file, 1), KP_E_MISUSE);
    assert_int_equal(check_file("captchaai", "post", "{\"file\":\"x\"}", file, 1), KP_E_RESERVED);
    says("upload");
    test_free(file);
}

static void parameters_must_be_an_object(void **state) {
    (void)state;
    static const char *const bad[] = {
        "[]", "1", "\"x\"", "null", "{", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{} x", "\xef\xbb\xbf{}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(check("other", bad[i]), KP_E_PARAMETER);
        assert_int_equal(params.object.type, KP_JSON_NONE);
    }
    assert_int_equal(check("other", ""), KP_OK);
    assert_int_equal(check("other", "{}"), KP_OK);
    size_t len = 4 * 1024 * 1024 + 1;
    char *huge = test_malloc(len);
    memset(huge, ' ', len);
    memcpy(huge, "{}", 2);
    assert_int_equal(check_len("captchaai", "other", huge, len), KP_E_TOO_BIG);
    assert_int_equal(check_len("captchaai", "other", huge, len - 1), KP_OK);
    test_free(huge);
}

static void text_of_values(void **state) {
    (void)state;
    static const char json[] = "{\"a\":\"x\\u00e4\\n\",\"b\":1.50,\"c\":true,\"d\":false,\"e\":[1, {}],\"f\":null,"
                               "\"g\":12345678901234567890}";
    static const char *const want[][2] = {
        {"a", "x\xc3\xa4\n"}, {"b", "1.50"}, {"c", "1"}, {"d", "0"},
        {"e", "[1, {}]"},     {"f", ""},     {"z", ""},  {"g", "12345678901234567890"}};
    kp_json object = kp_json_parse(json, strlen(json), NULL);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        kp_buf text;
        kp_buf_init(&text, NULL);
        kp_params_text(kp_json_get(object, want[i][0]), &text);
        assert_string_equal(kp_buf_text(&text), want[i][1]);
        kp_buf_free(&text);
    }
    kp_params_text(kp_json_get(object, "a"), NULL);
}

/* Every allocation fails once, and all from there on. */
static void short_memory(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"geetest", "{\"g\\u0074\":\"a\\/b\",\"pageurl\":\"http:\\/\\/a\",\"version\":\"\\u0034\"}"},
        {"base64", "{\"body\":\"aGk\\u003d\"}"},
        {"turnstile", "{\"siteKey\":\"a\"}"},
        {"turnstyle", NULL},
    };
    const int codes[] = {KP_OK, KP_OK, KP_E_MISSING, KP_E_METHOD};
    for (size_t i = 0; i < 4; i++)
        for (int on = 0; on < 2; on++) {
            bool failed_once = true;
            for (size_t n = 0; failed_once; n++) {
                kp_buf_free(&problem);
                failing_start(n, on != 0);
                int code = check(cases[i][0], cases[i][1]);
                failed_once = failing_stop();
                assert_int_equal(code, failed_once ? KP_E_MEMORY : codes[i]);
                assert_int_equal(kp_safe_in_use(), 0);
            }
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolves_a_listed_method),
        cmocka_unit_test(passes_a_method_that_is_not_listed),
        cmocka_unit_test(refuses_a_misspelt_method),
        cmocka_unit_test(refuses_what_is_no_word),
        cmocka_unit_test(refuses_a_method_of_a_closed_table),
        cmocka_unit_test(synchronous_call),
        cmocka_unit_test(t10_reserved_names),
        cmocka_unit_test(t10_line_ends_and_nul),
        cmocka_unit_test(names_that_no_upload_can_carry),
        cmocka_unit_test(missing_parameters),
        cmocka_unit_test(misspelt_parameters),
        cmocka_unit_test(geetest_needs_a_challenge_but_for_version_4),
        cmocka_unit_test(files),
        cmocka_unit_test(parameters_must_be_an_object),
        cmocka_unit_test(text_of_values),
        cmocka_unit_test(short_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
