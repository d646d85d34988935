/* test_op_read.c: free operations: balance, verify, result, wait, report and the facts about keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_case.h"

static const char not_ready[] = "{\"status\":0,\"request\":\"CAPCHA_NOT_READY\"}";

static void balance_as_decimal_and_integer(void **state) {
    (void)state;
    begin(KP_BALANCE);
    expect_error(KP_OK);
    expect_fact("balance", "12.345");
    expect_fact("balance_micro", "12345000");
    expect_fact("unit", "USD");
    expect_fact("answer", NULL);
    assert_int_equal(t.w.https, 1); /* the call is its own proof of the key */
    assert_non_null(world_value(&t.w, "good/"));
    begin(KP_BALANCE);
    expect_error(KP_OK);
    assert_int_equal(t.w.https, 1);
    assert_int_equal(t.w.submits, 0);
}

static void balance_of_the_other_service(void **state) {
    (void)state;
    option("provider", "nocaptchaai");
    put_answer("balance", 200, "{\"Subscription\":{\"remaining\":\"77\"}}");
    begin(KP_BALANCE);
    expect_error(KP_OK);
    expect_fact("balance", "77");
    expect_fact("unit", "credits");
    begin(KP_REPORT);
    expect_error(KP_E_METHOD);
    assert_int_equal(t.w.https, 0);
}

static void p2_no_balance_of_nothing(void **state) {
    (void)state;
    static const char *const bodies[] = {"", "-0", "1e999", "NaN", "{\"status\":1}", "{\"status\":1,\"request\":\"\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        forget_answers();
        put_answers("balance", 200, bodies[i]);
        another_client();
        begin(KP_BALANCE);
        expect_error(KP_E_ANSWER);
        expect_fact("balance", NULL);
        expect_fact("balance_micro", NULL);
        assert_int_equal(t.w.https, 3);
    }
}

static void verify_tells_the_key(void **state) {
    (void)state;
    begin(KP_VERIFY);
    expect_error(KP_OK);
    expect_fact("balance", "12.345");
    expect_fact("source", "env:CAPTCHAAI_API_KEY");
    char mask[16];
    snprintf(mask, sizeof mask, "***%s", t.secrets[0] + 26);
    expect_fact("key", mask);
}

static void result_asks_once(void **state) {
    (void)state;
    put_answer("result", 200, not_ready);
    begin(KP_RESULT);
    expect_error(KP_E_PENDING);
    expect_fact("class", "pending");
    expect_fact("polls", "1");
    assert_non_null(strstr(fact("task"), "/4242"));
    begin(KP_RESULT);
    expect_error(KP_OK);
    expect_fact("answer", "token-4242");
}

static void wait_asks_until_it_is_there(void **state) {
    (void)state;
    for (size_t i = 0; i < 4; i++)
        put_answer("result", 200, not_ready);
    uint64_t begun = t.w.mono_ms;
    begin(KP_WAIT);
    expect_error(KP_OK);
    expect_fact("polls", "5");
    assert_in_range(t.w.mono_ms - begun, 20000, 21000);
    expect_fact("answer", "token-4242");
}

static void wait_outlives_troubles(void **state) {
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        put_loss("result", KP_NET_RESET, KP_MAYBE_SENT);
        put_answer("result", 502, "<html>");
        put_answer("result", 200, "ERROR_SERVER_ERROR");
        put_loss("result", KP_NET_CONNECT, KP_UNSENT);
        put_answer("result", 429, "");
        put_answer("result", 200, "garbage");
    }
    begin(KP_WAIT);
    set("timeout_ms", "900000");
    expect_error(KP_OK);
    expect_fact("answer", "token-4242");
    expect_fact("polls", "13");    /* those that were answered */
    expect_fact("attempts", "20"); /* and one balance call */
}

static void waits_double_until_a_success(void **state) {
    (void)state;
    static const char *const bodies[] = {"", "", "", "", not_ready, ""};
    static const unsigned waits[] = {5000, 10000, 20000, 20000, 5000, 5000};
    for (size_t i = 0; i < 6; i++)
        put_answer("result", i == 4 ? 200 : 500, bodies[i]);
    begin(KP_WAIT);
    for (size_t i = 0; i < 6; i++) {
        assert_true(reach("POLLWAIT"));
        assert_in_range(kp_op_until(t.op) - t.w.mono_ms, waits[i], waits[i] + waits[i] / 8);
        assert_true(reach("POLL"));
    }
    expect_error(KP_OK);
}

static void a_trouble_that_lasts_is_named(void **state) {
    (void)state;
    put_answers("result", 200, "garbage");
    begin(KP_WAIT);
    expect_error(KP_E_ANSWER);
    assert_non_null(fact("task"));
    assert_true(t.w.https > 10);
}

static void p7_idle_for_ever_ends_at_the_deadline(void **state) {
    (void)state;
    option("provider", "nocaptchaai");
    put_answers("result", 200, "{\"errorId\":0,\"status\":\"idle\"}");
    uint64_t begun = t.w.mono_ms;
    begin(KP_SOLVE);
    set("timeout_ms", "45000");
    expect_error(KP_E_TIMEOUT);
    assert_true(t.w.mono_ms - begun <= 45100);
    assert_int_equal(t.w.submits, 1);
    assert_non_null(strstr(fact("task"), "/4242"));
    expect_fact("unknown", NULL);
    assert_string_equal(fact("text"), kp_error_text(KP_E_TIMEOUT)); /* pending is no trouble */
}

static void p6_unknown_code_is_no_endless_retry(void **state) {
    (void)state;
    put_answers("result", 200, "ERROR_SOMETHING_NEW");
    begin(KP_SOLVE);
    expect_error(KP_E_UNKNOWN_CODE);
    expect_fact("class", "unknown");
    expect_fact("code", "ERROR_SOMETHING_NEW");
    expect_fact("provider_code", "ERROR_SOMETHING_NEW");
    expect_fact("polls", "1");
    assert_non_null(strstr(fact("task"), "/4242"));
    expect_fact("unknown", NULL);
}

static void the_task_is_told_with_every_error_behind_it(void **state) {
    (void)state;
    static const char *const bodies[] = {"ERROR_CAPTCHA_UNSOLVABLE", "ERROR_WRONG_CAPTCHA_ID",
                                         "ERROR_WRONG_USER_KEY",     "IP_BANNED",
                                         "ERROR_ZERO_BALANCE",       "ERROR_BAD_PARAMETERS"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        case_end(NULL);
        case_begin(NULL);
        put_answer("result", 200, bodies[i]);
        begin(KP_SOLVE);
        assert_string_equal(kp_error_name(run()), bodies[i]);
        assert_non_null(strstr(fact("task"), "/4242"));
        assert_int_equal(t.w.submits, 1);
        expect_fact("unknown", NULL);
    }
}

static void reads_are_tried_three_times(void **state) {
    (void)state;
    static const int kinds[] = {KP_BALANCE, KP_RESULT, KP_REPORT};
    static const char *const calls[] = {"balance", "result", "report"};
    begin(KP_VERIFY);
    expect_error(KP_OK);
    for (size_t i = 0; i < 3; i++) {
        forget_answers();
        put_loss(calls[i], KP_NET_RESET, KP_MAYBE_SENT);
        put_answer(calls[i], 500, "");
        begin(kinds[i]);
        expect_error(KP_OK);
        assert_int_equal(t.w.https, 3);
        put_answers(calls[i], 503, "");
        begin(kinds[i]);
        expect_error(KP_E_SERVER);
        assert_int_equal(t.w.https, 3);
        assert_int_equal(number("attempts"), 3);
    }
    forget_answers();
    put_loss("balance", KP_NET_TLS, KP_UNSENT); /* not by itself */
    begin(KP_BALANCE);
    expect_error(KP_E_TLS);
    assert_int_equal(t.w.https, 1);
}

static void a_quota_bounds_all_retries_of_a_client(void **state) {
    (void)state;
    begin(KP_VERIFY);
    expect_error(KP_OK);
    put_answers("result", 503, "");
    size_t calls = 0;
    for (size_t i = 0; i < 40; i++) {
        uint64_t begun = t.w.mono_ms;
        begin(KP_RESULT);
        expect_error(KP_E_SERVER);
        calls += t.w.https;
        if (i > 20) { /* used up: the error comes at once */
            assert_int_equal(t.w.https, 1);
            assert_true(t.w.mono_ms - begun < 1000);
        }
    }
    assert_int_equal(calls, 40 + 100 / 5);
    for (size_t i = 0; i < 2; i++) { /* five successes pay for one more */
        forget_answers();
        for (size_t k = 0; k < (i ? 1 : 4); k++) {
            begin(KP_RESULT);
            expect_error(KP_OK);
        }
        put_answers("result", 503, "");
        begin(KP_RESULT);
        expect_error(KP_E_SERVER);
        assert_int_equal(t.w.https, 1 + i);
    }
}

static void t9_reads_wait_as_the_service_asks(void **state) {
    (void)state;
    static const char *const texts[] = {"7", "-3", "later", "9999999", "Sun, 06 Nov 1994 08:49:37 GMT"};
    begin(KP_VERIFY);
    expect_error(KP_OK);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        forget_answers();
        world_answer *a = put_answer("balance", 503, "");
        a->header_name = "Retry-After";
        a->header_value = texts[i];
        uint64_t begun = t.w.mono_ms;
        begin(KP_BALANCE);
        int code = run();
        uint64_t took = t.w.mono_ms - begun;
        assert_int_equal(code, i == 3 ? KP_E_SERVER : KP_OK);
        assert_true(i != 0 || (took >= 7000 && took < 7200));
        assert_true(took <= 30100);
        if (i == 3) {
            assert_in_range(number("retry_after_ms"), 1, 30000);
            assert_int_equal(t.w.https, 1);
        } else
            expect_fact("retry_after_ms", NULL);
    }
}

static void report_is_recorded(void **state) {
    (void)state;
    begin(KP_REPORT);
    set("good", "0");
    assert_true(reach("POLL"));
    assert_non_null(strstr(kp_http_url(t.op), "action=reportbad"));
    assert_non_null(strstr(kp_http_url(t.op), "id=4242"));
    expect_error(KP_OK);
    expect_fact("answer", "recorded");
    begin(KP_REPORT);
    assert_true(reach("POLL"));
    assert_non_null(strstr(kp_http_url(t.op), "action=reportgood"));
    expect_error(KP_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(balance_as_decimal_and_integer),
        CASE(balance_of_the_other_service),
        CASE(p2_no_balance_of_nothing),
        CASE(verify_tells_the_key),
        CASE(result_asks_once),
        CASE(wait_asks_until_it_is_there),
        CASE(wait_outlives_troubles),
        CASE(waits_double_until_a_success),
        CASE(a_trouble_that_lasts_is_named),
        CASE(p7_idle_for_ever_ends_at_the_deadline),
        CASE(p6_unknown_code_is_no_endless_retry),
        CASE(the_task_is_told_with_every_error_behind_it),
        CASE(reads_are_tried_three_times),
        CASE(a_quota_bounds_all_retries_of_a_client),
        CASE(t9_reads_wait_as_the_service_asks),
        CASE(report_is_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
