/* test_op_limits.c: what bounds wrong keys over all members of a ring and all spellings of a place; secrets of one
 * task. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/client.h"
#include "op_case.h"
#include "safe/known.h"

static void fill_ring(size_t keys) {
    static const char *const names[] = {
        "env:CAPTCHAAI_API_KEY",   "env:CAPTCHAAI_API_KEY_BACKUP", "env:CAPTCHAAI_API_KEY_2", "env:CAPTCHAAI_API_KEY_3",
        "env:CAPTCHAAI_API_KEY_4", "env:CAPTCHAAI_API_KEY_5",      "env:CAPTCHAAI_API_KEY_6"};
    forget_places();
    for (size_t i = 0; i < keys; i++)
        put_place(names[i], case_key(i), KP_FOUND, 0);
}

static void g6_a_ring_of_wrong_keys_makes_three_attempts(void **state) {
    (void)state;
    fill_ring(7);
    put_answers("balance", 200, "ERROR_KEY_DOES_NOT_EXIST");
    begin(KP_SUBMIT);
    expect_error(KP_E_C_KEY_DOES_NOT_EXIST);
    assert_int_equal(t.w.https, 3);
    assert_int_equal(t.w.submits, 0);
}

/* Each process has another wrong key: the address is what a ban would hit. */
static void g6_many_wrong_keys_stay_below_a_ban(void **state) {
    (void)state;
    put_answers("balance", 200, "ERROR_KEY_DOES_NOT_EXIST");
    size_t attempts = 0;
    uint64_t begun = t.w.mono_ms;
    for (size_t i = 0; i < 8 && t.w.mono_ms - begun < 60000; i++) {
        fill_ring(1);
        another_client();
        begin(KP_BALANCE);
        set("timeout_ms", "10000");
        run();
        attempts += t.w.https;
    }
    assert_true(attempts >= 3 && attempts <= 4);
}

static void a_proof_that_succeeds_is_given_back(void **state) {
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        fill_ring(1);
        another_client();
        begin(i % 2 ? KP_BALANCE : KP_SUBMIT);
        expect_error(KP_OK);
        assert_false(passed("PROVING"));
    }
}

/* As many wrong keys as one address may try; the last one has to wait. */
static void crowd_the_host(void) {
    put_answers("balance", 200, "ERROR_KEY_DOES_NOT_EXIST");
    for (size_t i = 0; i < 4; i++) {
        fill_ring(1);
        another_client();
        begin(KP_BALANCE);
        set("timeout_ms", "5000");
        run();
    }
}

static void the_wait_for_a_proof_is_told(void **state) {
    (void)state;
    crowd_the_host();
    assert_int_equal(kp_op_error(t.op), KP_E_LIMIT);
    expect_text("too many keys were refused lately");
    assert_true(number("retry_after_ms") > 0);
}

static void scope_of(const char *url, const char *proxy, char *out, size_t size) {
    kp_config *config = kp_config_new();
    kp_config_set(config, "url.captchaai", url);
    kp_config_set(config, "proxy", proxy);
    kp_client *client = kp_client_new(config);
    assert_int_equal(client->error, 0);
    snprintf(out, size, "%s", client->scope);
    kp_client_free(client);
    kp_config_free(config);
}

static void g6_one_place_however_it_is_spelt(void **state) {
    (void)state;
    static const char *const same[][2] = {
        {"https://ocr.captchaai.com", "https://OCR.captchaai.com/"},
        {"https://ocr.captchaai.com", "https://ocr.captchaai.com:443"},
        {"http://127.0.0.1:8080", "http://localhost:8080/"},
        {"http://127.0.0.1:8080", "http://LOCALHOST:8080//"},
        {"http://127.0.0.1:8080/a", "http://[::1]:8080/a/"},
    };
    static const char *const other[][2] = {
        {"https://ocr.captchaai.com", "https://ocr.captchaai.org"},
        {"http://127.0.0.1:8080", "http://127.0.0.1:8081"},
        {"http://127.0.0.1:8080", "http://127.0.0.1:8080/a"},
    };
    char a[64], b[64];
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        scope_of(same[i][0], "", a, sizeof a);
        scope_of(same[i][1], "", b, sizeof b);
        assert_string_equal(a, b);
    }
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        scope_of(other[i][0], "", a, sizeof a);
        scope_of(other[i][1], "", b, sizeof b);
        assert_string_not_equal(a, b);
    }
    scope_of("https://ocr.captchaai.com", "http://ann:one-password@proxy:3128", a, sizeof a);
    scope_of("https://ocr.captchaai.com", "http://bob:two-password@proxy:3128", b, sizeof b);
    assert_string_equal(a, b);
    scope_of("https://ocr.captchaai.com", "http://Proxy:3128/", b, sizeof b);
    assert_string_equal(a, b);
    scope_of("https://ocr.captchaai.com", "http://proxy:3129", b, sizeof b);
    assert_string_not_equal(a, b);
}

static void t4_plain_http_behind_a_proxy_is_refused(void **state) {
    (void)state;
    option("url.captchaai", "http://127.0.0.1:8080");
    option("proxy", "http://proxy:3128");
    begin(KP_BALANCE);
    expect_error(KP_E_CONFIG);
    expect_text("plain http through a proxy");
    option("allow_http_hosts", "127.0.0.1");
    another_client();
    begin(KP_BALANCE);
    expect_error(KP_OK);
}

static void t12_the_proxy_of_a_task_is_in_no_text_and_then_forgotten(void **state) {
    (void)state;
    begin(KP_BALANCE);
    expect_error(KP_OK);
    size_t known = kp_known_count();
    begin(KP_SUBMIT);
    set("params",
        "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\",\"proxy\":\"ann:s3cret-word@203.0.113.9:80\"}");
    put_answer(
        "submit", 200,
        "{\"status\":0,\"request\":\"ERROR_BAD_PROXY\",\"error_text\":\"no way to ann:s3cret-word@203.0.113.9:80\"}");
    expect_error(KP_E_C_BAD_PROXY);
    expect_text("no way to [REDACTED]");
    assert_null(strstr(fact("text"), "s3cret-word"));
    assert_int_equal(kp_known_count(), known);
}

/* An answer is what was paid for: only keys are taken out of it. */
/* What is paid for can be fetched, whatever the proxy's password is: our own words are never masked by it. */
static void t12_a_task_is_named_in_full(void **state) {
    (void)state;
    option("provider", "nocaptchaai");
    option("audit.file", "/x");
    begin(KP_SUBMIT);
    set("params", "{\"proxyLogin\":\"captcha\",\"proxyPassword\":\"4242\",\"proxy\":\"operation\"}");
    expect_error(KP_OK);
    assert_non_null(strstr(fact("task"), "nocaptchaai/primary~"));
    assert_non_null(strstr(fact("task"), "/4242"));
    assert_non_null(strstr(t.lines[0], "\"operation\":\""));
}

/* A service may repeat any part of a login. */
static void t12_parts_of_a_login_are_secrets_too(void **state) {
    (void)state;
    static const char *const proxies[] = {"\"joe:hunter22secret@192.0.2.1:80\"",
                                          "\"http://joe:hunter22secret@192.0.2.1:80\"",
                                          "[{\"login\":\"joe1\"},{\"password\":\"hunter22secret\"}]"};
    for (size_t i = 0; i < 3; i++) {
        begin(KP_SUBMIT);
        char params[200];
        snprintf(params, sizeof params, "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\",\"proxy\":%s}",
                 proxies[i]);
        set("params", params);
        put_answer(
            "submit", 200,
            "{\"status\":0,\"request\":\"ERROR_BAD_PROXY\",\"error_text\":\"password hunter22secret is wrong\"}");
        expect_error(KP_E_C_BAD_PROXY);
        expect_text("password [REDACTED] is wrong");
    }
}

/* Wrong keys of other programs do not stand between a task and its answer. */
static void g6_what_was_paid_is_polled_however_crowded(void **state) {
    (void)state;
    crowd_the_host();
    forget_answers();
    fill_ring(1);
    another_client();
    begin(KP_TELL);
    expect_error(KP_OK);
    char task[64];
    snprintf(task, sizeof task, "captchaai/primary~%s/77", t.client->ring.slots[0].key[KP_NOW].fingerprint);
    begin(KP_RESULT);
    set("task", task);
    expect_error(KP_OK);
    begin(KP_BALANCE);
    expect_error(KP_OK); /* the answer was the proof */
}

static void t12_an_answer_that_names_the_proxy_is_kept(void **state) {
    (void)state;
    begin(KP_SOLVE);
    set("params", "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\",\"proxy\":\"203.0.113.9:8080\"}");
    put_answer("result", 200, "{\"status\":1,\"request\":\"via 203.0.113.9:8080 ok\"}");
    expect_error(KP_OK);
    assert_string_equal(fact("answer"), "via 203.0.113.9:8080 ok");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(g6_a_ring_of_wrong_keys_makes_three_attempts),
        CASE(g6_many_wrong_keys_stay_below_a_ban),
        CASE(a_proof_that_succeeds_is_given_back),
        CASE(the_wait_for_a_proof_is_told),
        CASE(g6_one_place_however_it_is_spelt),
        CASE(t4_plain_http_behind_a_proxy_is_refused),
        CASE(t12_the_proxy_of_a_task_is_in_no_text_and_then_forgotten),
        CASE(t12_a_task_is_named_in_full),
        CASE(t12_parts_of_a_login_are_secrets_too),
        CASE(g6_what_was_paid_is_polled_however_crowded),
        CASE(t12_an_answer_that_names_the_proxy_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
