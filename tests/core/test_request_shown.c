/* test_request_shown.c: tests request_shown.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "failing.h"
#include "safe/arena.h"
#include "safe/crypto.h"
#include "wire/request.h"

static const kp_provider *c, *n;
static kp_params params;
static kp_buf out;

static int setup(void **state) {
    (void)state;
    c = kp_provider_find("captchaai");
    n = kp_provider_find("nocaptchaai");
    kp_buf_init(&out, NULL);
    return kp_crypto_start() ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    kp_buf_free(&out);
    return 0;
}

static void take_params(const kp_provider *p, const char *method, const char *json, const char *file, bool sync) {
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    if (kp_params_check(p, method, json, json ? strlen(json) : 0, file, file ? strlen(file) : 0, sync, &params,
                        &problem))
        fail_msg("%s: %s", json ? json : "no parameters", kp_buf_text(&problem));
    kp_buf_free(&problem);
}

static const char *show(void) {
    kp_buf_clear(&out);
    assert_int_equal(kp_request_shown_body(&out, params.provider, params.call, &params, NULL), KP_OK);
    return kp_buf_text(&out);
}

/* What is shown of a task with one more parameter. */
static void shows(const kp_provider *p, const char *member, const char *shown) {
    char json[300];
    char whole[300];
    snprintf(json, sizeof json, "{%s}", member);
    take_params(p, "SomeMethod", json, NULL, false);
    snprintf(whole, sizeof whole,
             p == c ? "key=***&json=1&method=SomeMethod%s"
                    : "{\"clientKey\":\"***\",\"task\":{\"type\":\"SomeMethod\"%s}}",
             shown);
    assert_string_equal(show(), whole);
}

static void json_bodies(void **state) {
    (void)state;
    shows(n, "", "");
    shows(n, "\"a\":[1, {\"b\":null}],\"c\":12345678901234567890123",
          ",\"a\":[1, {\"b\":null}],\"c\":12345678901234567890123");
    take_params(n, "SomeMethod", "{\"proxy\":\"u:pw@h:1\"}", NULL, true);
    assert_string_equal(show(), "{\"type\":\"SomeMethod\",\"proxy\":\"***\"}"); /* the key is in a header */
    kp_buf_clear(&out);
    assert_int_equal(kp_request_shown_body(&out, n, KP_CALL_RESULT, NULL, "ab\"c"), KP_OK);
    assert_string_equal(kp_buf_text(&out), "{\"clientKey\":\"***\",\"taskId\":\"ab\\\"c\"}");
}

static void form_bodies(void **state) {
    (void)state;
    shows(c, "", "");
    shows(c, "\"a\":\"x y*\",\"b\":true,\"gone\":null", "&a=x%20y%2A&b=1");
    shows(c, "\"a\":\"*****\"", "&a=***%2A%2A");
}

static void secrets_of_any_type(void **state) {
    (void)state;
    static const char *const values[] = {
        "\"u:pw@h:1\"", "123456789012345", "{\"login\":\"u\",\"password\":\"pw\"}", "[\"u:pw@h:1\"]", "true", "\"x\"",
        "\"\""};
    static const char *const names[] = {"proxy", "proxyLogin", "proxyPassword", "PROXY", "proxylogin", "pro\\u0078y"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
            char member[100];
            char shown[100];
            snprintf(member, sizeof member, "\"%s\":%s", names[k], values[i]);
            snprintf(shown, sizeof shown, ",\"%s\":\"***\"", names[k]);
            shows(n, member, shown);
            snprintf(shown, sizeof shown, "&%s=***", k == 5 ? "proxy" : names[k]);
            shows(c, member, shown);
        }
    shows(n, "\"proxy\":null", ",\"proxy\":null");
    shows(c, "\"proxytype\":\"HTTP\",\"proxy\":\"u:pw@h:1\",\"z\":1", "&proxytype=HTTP&proxy=***&z=1");
    shows(c, "\" proxy\":\"x\",\"proxy[a]\":\"y\"", "&%20proxy=***&proxy%5Ba%5D=***");
}

static void secrets_within_and_not_listed(void **state) {
    (void)state;
    shows(n, "\"my_proxy_pass\":1,\"PassOfProxy\":2,\"PROXYUSER\":[3],\"proxyPort\":80",
          ",\"my_proxy_pass\":\"***\",\"PassOfProxy\":\"***\",\"PROXYUSER\":\"***\",\"proxyPort\":80");
    shows(n, "\"a\":[{\"b\": {\"proxyPassword\" : 5, \"c\":1}} , 2]",
          ",\"a\":[{\"b\": {\"proxyPassword\" : \"***\", \"c\":1}} , 2]");
    shows(n, "\"a\":{\"proxy\":{\"x\":1}},\"d\":2", ",\"a\":{\"proxy\":\"***\"},\"d\":2");
    shows(n, "\"theProxy\":{\"host\":\"h\",\"login\":\"u\",\"password\":7}",
          ",\"theProxy\":{\"host\":\"h\",\"login\":\"***\",\"password\":\"***\"}");
    shows(n, "\"proxies\":[\"h:1\",\"u:pw@h:1\",\"u:pw\\u0040h\"]", ",\"proxies\":[\"h:1\",\"***\",\"***\"]");
    shows(c, "\"a\":{\"proxyLogin\":\"u\"}", "&a=%7B%22proxyLogin%22%3A%22***%22%7D");
    shows(n, "\"user\":\"u\",\"login\":\"v\",\"mail\":\"a@b\"", ",\"user\":\"u\",\"login\":\"v\",\"mail\":\"a@b\"");
}

static void secrets_of_a_method(void **state) {
    (void)state;
    static const kp_param own[] = {{.name = "cookie", .secret = true}, {.name = NULL}};
    static const kp_method methods[] = {{"SomeMethod", KP_CALL_SUBMIT, 1, 1, own, ""}, {.name = NULL}};
    kp_provider other = *n;
    other.methods = methods;
    take_params(&other, "SomeMethod", "{\"cookie\":\"a\",\"cookies\":\"b\"}", NULL, false);
    assert_string_equal(show(), "{\"clientKey\":\"***\",\"task\":{\"type\":\"SomeMethod\",\"cookie\":\"***\","
                                "\"cookies\":\"b\"}}");
}

static void an_upload_is_counted(void **state) {
    (void)state;
    take_params(c, "post", "{\"proxy\":\"***\"}", "GIF89a", false);
    char first[60];
    snprintf(first, sizeof first, "%s", show());
    kp_request request;
    kp_request_init(&request);
    assert_int_equal(kp_request_build(&request, c, params.call, c->base_url, KP_REQUEST_SHOWN, 3, &params, NULL),
                     KP_OK);
    char whole[60];
    snprintf(whole, sizeof whole, "(multipart body of %zu bytes)", request.body.len);
    kp_request_free(&request);
    assert_string_equal(first, whole);
    take_params(c, "post", "{\"proxy\":\"user:password@host:1\"}", "GIF89a", false);
    assert_string_equal(show(), whole); /* not even a secret's length is told */
}

static void calls_without_a_body(void **state) {
    (void)state;
    kp_buf_clear(&out);
    kp_buf_str(&out, "before ");
    assert_int_equal(kp_request_shown_body(&out, c, KP_CALL_BALANCE, NULL, NULL), KP_OK);
    assert_int_equal(kp_request_shown_body(&out, c, KP_CALL_RESULT, NULL, "1"), KP_OK);
    assert_int_equal(kp_request_shown_body(&out, n, KP_CALL_BALANCE, NULL, NULL), KP_OK);
    assert_string_equal(kp_buf_text(&out), "before ");
}

static void misuse(void **state) {
    (void)state;
    assert_int_equal(kp_request_shown_body(NULL, c, KP_CALL_BALANCE, NULL, NULL), KP_E_MISUSE);
    assert_int_equal(kp_request_shown_body(&out, NULL, KP_CALL_BALANCE, NULL, NULL), KP_E_MISUSE);
    assert_int_equal(kp_request_shown_body(&out, c, KP_CALLS, NULL, NULL), KP_E_MISUSE);
    assert_int_equal(kp_request_shown_body(&out, c, KP_CALL_SYNC, NULL, NULL), KP_E_MISUSE);
    assert_int_equal(kp_request_shown_body(&out, c, KP_CALL_SUBMIT, NULL, NULL), KP_E_MISUSE);
    assert_int_equal(kp_request_shown_body(&out, c, KP_CALL_RESULT, NULL, "a\nb"), KP_E_MISUSE);
    take_params(n, "SomeMethod", NULL, NULL, false);
    assert_int_equal(kp_request_shown_body(&out, c, KP_CALL_SUBMIT, &params, NULL), KP_E_MISUSE);
}

/* More than 64 names in one object and a long value, so that every part of it needs memory. */
static void every_allocation_failing(void **state) {
    (void)state;
    kp_buf json;
    kp_buf_init(&json, NULL);
    kp_buf_str(&json, "{\"proxy\":\"u:\\u0070assword@host\",\"proxies\":[\"u:password@host\"]");
    for (int i = 0; i < 70; i++)
        kp_buf_fmt(&json, ",\"name_%d\":\"a rather long value\"", i);
    kp_buf_str(&json, "}");
    assert_false(json.failed);
    for (int k = 0; k < 6; k++) {
        take_params(k < 4 ? c : n, k < 2 ? "post" : "SomeMethod", json.data, k < 2 ? "GIF89a" : NULL, false);
        bool failed = true;
        for (size_t i = 0; failed; i++) {
            kp_buf_free(&out);
            failing_start(i, k % 2 != 0);
            int code = kp_request_shown_body(&out, params.provider, params.call, &params, NULL);
            failed = failing_stop();
            assert_int_equal(code, failed ? KP_E_MEMORY : KP_OK);
            assert_null(strstr(kp_buf_text(&out), "assword"));
            assert_int_equal(kp_safe_in_use(), 0);
        }
    }
    kp_buf_free(&json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_bodies),
        cmocka_unit_test(form_bodies),
        cmocka_unit_test(secrets_of_any_type),
        cmocka_unit_test(secrets_within_and_not_listed),
        cmocka_unit_test(secrets_of_a_method),
        cmocka_unit_test(an_upload_is_counted),
        cmocka_unit_test(calls_without_a_body),
        cmocka_unit_test(misuse),
        cmocka_unit_test(every_allocation_failing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
