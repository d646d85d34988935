/* test_param_check.c: the types of values, through the check of a whole submit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
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

static void says(const char *part) {
    if (!strstr(kp_buf_text(&problem), part))
        fail_msg("'%s' lacks '%s'", kp_buf_text(&problem), part);
}

typedef struct row {
    const char *method, *name, *value;
    int code;
} row;

static void types_of_values(void **state) {
    (void)state;
    static const row rows[] = {
        {"userrecaptcha", "invisible", "1", KP_OK},
        {"userrecaptcha", "invisible", "\"0\"", KP_OK},
        {"userrecaptcha", "invisible", "true", KP_OK},
        {"userrecaptcha", "invisible", "null", KP_OK},
        {"userrecaptcha", "invisible", "\"true\"", KP_E_PARAMETER},
        {"userrecaptcha", "invisible", "2", KP_E_PARAMETER},
        {"userrecaptcha", "invisible", "\"\"", KP_E_PARAMETER},
        {"userrecaptcha", "invisible", "[1]", KP_E_PARAMETER},
        {"userrecaptcha", "version", "\"v3\"", KP_OK},
        {"userrecaptcha", "version", "\"v4\"", KP_E_PARAMETER},
        {"userrecaptcha", "version", "\"v2|v3\"", KP_E_PARAMETER},
        {"userrecaptcha", "version", "\"v\"", KP_E_PARAMETER},
        {"userrecaptcha", "version", "\"\"", KP_E_PARAMETER},
        {"userrecaptcha", "proxytype", "\"socks5\"", KP_OK},
        {"userrecaptcha", "proxytype", "\"SOCKS\"", KP_E_PARAMETER},
        {"userrecaptcha", "min_score", "0.3", KP_OK},
        {"userrecaptcha", "min_score", "\"0.9\"", KP_OK},
        {"userrecaptcha", "min_score", "1", KP_OK},
        {"userrecaptcha", "min_score", "1.01", KP_E_PARAMETER},
        {"userrecaptcha", "min_score", "-0.1", KP_E_PARAMETER},
        {"userrecaptcha", "min_score", "\"0,3\"", KP_E_PARAMETER},
        {"userrecaptcha", "min_score", "\"3e-1\"", KP_E_PARAMETER},
        {"userrecaptcha", "min_score", "3e-1", KP_OK},
        {"userrecaptcha", "min_score", "true", KP_E_PARAMETER},
        {"userrecaptcha", "pingback", "\"https://example.com/x?a=b\"", KP_OK},
        {"userrecaptcha", "pingback", "\"https:\\/\\/example.com\\/\"", KP_OK},
        {"userrecaptcha", "pingback", "\"ftp://example.com/\"", KP_E_PARAMETER},
        {"userrecaptcha", "pingback", "\"//example.com/\"", KP_E_PARAMETER},
        {"userrecaptcha", "pingback", "\"example.com\"", KP_E_PARAMETER},
        {"userrecaptcha", "pingback", "\"https:///x\"", KP_E_PARAMETER},
        {"userrecaptcha", "soft_id", "99", KP_OK},
        {"base64", "numeric", "0", KP_OK},
        {"base64", "numeric", "\"4\"", KP_OK},
        {"base64", "numeric", "5", KP_E_PARAMETER},
        {"base64", "numeric", "-1", KP_E_PARAMETER},
        {"base64", "numeric", "1.0", KP_E_PARAMETER},
        {"base64", "numeric", "true", KP_E_PARAMETER},
        {"base64", "min_len", "1", KP_OK},
        {"base64", "max_len", "20", KP_OK},
        {"base64", "min_len", "0", KP_E_PARAMETER},
        {"base64", "max_len", "21", KP_E_PARAMETER},
        {"base64", "max_len", "99999999999999999999", KP_E_PARAMETER},
        {"base64", "textinstructions", "\"a & b # \xc3\xa4\"", KP_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int code = check_one(rows[i].method, rows[i].name, rows[i].value);
        if (code != rows[i].code)
            fail_msg("%s=%s: %d %s", rows[i].name, rows[i].value, code, kp_buf_text(&problem));
        if (code)
            says(rows[i].name);
    }
    assert_int_equal(check("turnstile", "{\"sitekey\":\"a\",\"pageurl\":\"example.com\"}"), KP_E_PARAMETER);
    says("pageurl");
    assert_int_equal(check_n("ImageToTextTask", "{\"body\":\"aGk=\",\"phrase\":\"true\",\"case\":false}"), KP_OK);
    assert_int_equal(check_n("ImageToTextTask", "{\"body\":\"aGk=\",\"phrase\":\"yes\"}"), KP_E_PARAMETER);
}

static void values_are_never_in_a_message(void **state) {
    (void)state;
    static const char *const names[] = {"invisible", "version",    "min_score", "pingback",
                                        "action",    "enterprise", "proxytype"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(check_one("userrecaptcha", names[i], "\"us3r:pa55\\n\""), KP_E_PARAMETER);
        assert_null(strstr(kp_buf_text(&problem), "pa55"));
    }
    assert_int_equal(check_one("userrecaptcha", "proxy", "\"us3r:pa55\\r@h\""), KP_E_PARAMETER);
    assert_null(strstr(kp_buf_text(&problem), "pa55"));
    assert_int_equal(check("other", "{\"proxy\":\"us3r:pa55\" oops}"), KP_E_PARAMETER);
    assert_null(strstr(kp_buf_text(&problem), "pa55"));
}

static int check_image(const char *body) {
    kp_buf json;
    kp_buf_init(&json, NULL);
    kp_buf_str(&json, "{\"body\":");
    kp_add_json(&json, body, strlen(body));
    kp_buf_char(&json, '}');
    int code = check("base64", kp_buf_text(&json));
    kp_buf_free(&json);
    return code;
}

static int check_image_of(size_t size) {
    kp_buf body;
    kp_buf_init(&body, NULL);
    char *image = test_calloc(1, size);
    kp_add_base64(&body, image, size, false);
    int code = check_image(kp_buf_text(&body));
    kp_buf_free(&body);
    test_free(image);
    return code;
}

static void images(void **state) {
    (void)state;
    assert_int_equal(check_image("aGk="), KP_OK);
    assert_int_equal(check_image("+/+/"), KP_OK);
    assert_int_equal(check_image(""), KP_E_PARAMETER);
    assert_int_equal(check_image("aGk"), KP_E_PARAMETER);
    assert_int_equal(check_image("a_-="), KP_E_PARAMETER);
    assert_int_equal(check_image("@image.png"), KP_E_PARAMETER);
    assert_int_equal(check_image("data:image/png;base64,aGk="), KP_E_PARAMETER);
    says("behind the comma");
    assert_int_equal(check_image_of(1), KP_OK);
    assert_int_equal(check_image_of(KP_IMAGE_MAX - 1), KP_OK);
    assert_int_equal(check_image_of(KP_IMAGE_MAX), KP_OK);
    assert_int_equal(check_image_of(KP_IMAGE_MAX + 1), KP_E_TOO_BIG);
    assert_int_equal(check_image_of(KP_IMAGE_MAX + 2), KP_E_TOO_BIG);
    assert_int_equal(check_image_of(KP_IMAGE_MAX + 3), KP_E_TOO_BIG);
    says("1 MiB");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_of_values),
        cmocka_unit_test(values_are_never_in_a_message),
        cmocka_unit_test(images),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
