/* test_op_paid.c: paid operations: what each outcome of a submit costs, and that none is sent twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_case.h"

static void solves_in_one_go(void **state) {
    (void)state;
    put_answer("result", 200, "{\"status\":0,\"request\":\"CAPCHA_NOT_READY\"}");
    uint64_t begun = t.w.mono_ms;
    begin(KP_SOLVE);
    expect_error(KP_OK);
    expect_fact("answer", "token-4242");
    expect_fact("provider", "captchaai");
    expect_fact("key_name", "primary");
    expect_fact("polls", "2");
    expect_fact("code", "ok");
    expect_fact("unknown", NULL);
    expect_fact("flags", "accepted ");
    assert_int_equal(t.w.submits, 1);
    assert_true(t.w.mono_ms - begun >= 20000); /* 15 s, then 5 s */
    char task[64];
    snprintf(task, sizeof task, "captchaai/primary~%s/4242", fact("fingerprint"));
    expect_fact("task", task);
    assert_true(number("elapsed_ms") >= 20000);
}

static void submit_gives_the_task_and_does_not_wait(void **state) {
    (void)state;
    begin(KP_SUBMIT);
    expect_error(KP_OK);
    assert_non_null(strstr(fact("task"), "/4242"));
    expect_fact("answer", NULL);
    assert_false(passed("POLL"));
    assert_int_equal(t.w.submits, 1);
}

/* ---- Every word of the services, as the answer to a submit ---- */

static bool is_input(kp_class cls) {
    return cls == KP_CLASS_INPUT || cls == KP_CLASS_QUOTA || cls == KP_CLASS_FUNDS || cls == KP_CLASS_KEY ||
           cls == KP_CLASS_ADDRESS;
}

/* Words that cannot be meant for a submit prove nothing. */
static bool is_beside_the_point(int code) {
    return code == KP_E_C_CAPCHA_NOT_READY || code == KP_E_C_WRONG_ID_FORMAT || code == KP_E_C_WRONG_CAPTCHA_ID ||
           code == KP_E_C_BAD_DUPLICATES;
}

static void check_code(const char *provider, const kp_error_row *row, const char *body) {
    case_end(NULL);
    case_begin(NULL);
    option("provider", provider);
    option("keys", strcmp(provider, "captchaai") == 0 ? "env:CAPTCHAAI_API_KEY" : "env:NOCAPTCHAAI_API_KEY");
    put_answers("submit", 200, body);
    begin(KP_SOLVE);
    bool beside = is_beside_the_point(row->code);
    expect_error(beside ? KP_E_ANSWER : row->code);
    bool refused = row->taken == KP_NOT_TAKEN && !beside, failed = row->cls == KP_CLASS_TASK && !beside;
    bool busy = refused && row->cls == KP_CLASS_BUSY;
    expect_fact("class", kp_class_name(beside ? KP_CLASS_PROTOCOL : row->cls));
    expect_fact("unknown", refused || failed ? NULL : "1");
    expect_fact("task", NULL);
    if (passed("REFUND") != refused)
        fail_msg("%s: refunded %d [%s]", row->name, passed("REFUND"), t.trace);
    if ((t.w.submits > 1) != busy)
        fail_msg("%s: %zu submits", row->name, t.w.submits);
    if (!refused && !failed)
        assert_false(is_input(row->cls));
    assert_true(!passed("SUBMIT AGAIN") || busy);
    if (row->cls == KP_CLASS_KEY || row->cls == KP_CLASS_ADDRESS)
        assert_true(number("retry_after_ms") >= 60000);
}

static void every_code_of_captchaai(void **state) {
    (void)state;
    char body[256];
    size_t seen = 0;
    for (size_t i = 0; kp_error_row_at(i); i++) {
        const kp_error_row *row = kp_error_row_at(i);
        if (row->origin != KP_CAPTCHAAI)
            continue;
        seen++;
        check_code("captchaai", row, row->name);
        snprintf(body, sizeof body, "{\"status\":0,\"request\":\"%s\"}", row->name);
        check_code("captchaai", row, body);
    }
    assert_true(seen > 20);
}

static void every_code_of_nocaptchaai(void **state) {
    (void)state;
    char body[256];
    size_t seen = 0;
    for (size_t i = 0; kp_error_row_at(i); i++) {
        const kp_error_row *row = kp_error_row_at(i);
        if (row->origin != KP_NOCAPTCHAAI || row->code == KP_E_N_TASK_FAILED)
            continue;
        seen++;
        snprintf(body, sizeof body, "{\"code\":%d,\"msg\":\"%s\"}", row->wire, row->name);
        check_code("nocaptchaai", row, body);
        snprintf(body, sizeof body, "{\"errorId\":1,\"errorCode\":%d,\"errorDescription\":\"%s\"}", row->wire,
                 row->name);
        check_code("nocaptchaai", row, body);
    }
    assert_true(seen > 8);
}

/* ---- Outcomes that nobody knows: on the books, not sent again, and said ---- */

static void expect_unknown(int code) {
    begin(KP_SOLVE);
    expect_error(code);
    expect_fact("unknown", "1");
    expect_fact("task", NULL);
    assert_int_equal(t.w.submits, 1);
    assert_false(passed("REFUND"));
}

static void t6_lost_after_it_was_sent(void **state) {
    (void)state;
    put_loss("submit", KP_NET_RESET, KP_MAYBE_SENT);
    expect_unknown(KP_E_LOST);
    put_loss("submit", KP_NET_LATE, KP_MAYBE_SENT);
    expect_unknown(KP_E_TIMEOUT);
    put_loss("submit", KP_NET_CONNECT, KP_MAYBE_SENT);
    expect_unknown(KP_E_CONNECT);
    world_answer *half = put_answer("submit", 200, "{\"status\":1,\"requ");
    half->net = KP_NET_RESET;
    expect_unknown(KP_E_LOST);
    world_answer *bare = put_answer("submit", 200, "OK|42"); /* of 4242, perhaps */
    bare->unframed = true;
    expect_unknown(KP_E_ANSWER);
    world_answer *odd = put_loss("submit", KP_NET_RESET, KP_UNSENT); /* a driver that contradicts itself */
    odd->status = 200;
    odd->body = "{";
    expect_unknown(KP_E_LOST);
}

static void t14_server_trouble_without_a_known_code(void **state) {
    (void)state;
    static const int statuses[] = {500, 502, 503, 504, 599};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        put_answers("submit", statuses[i], "<html>sorry</html>");
        expect_unknown(KP_E_SERVER);
        assert_int_equal(number("http_status"), statuses[i]);
        forget_answers();
    }
    put_answer("submit", 502, "ERROR_BAD_PARAMETERS"); /* a known code counts with every status */
    begin(KP_SOLVE);
    expect_error(KP_E_C_BAD_PARAMETERS);
    expect_fact("unknown", NULL);
    assert_true(passed("REFUND"));
}

static void p1_answers_out_of_the_grammar(void **state) {
    (void)state;
    static const char *const bodies[] = {"",
                                         "<html>",
                                         "OK|",
                                         "OK",
                                         "\xEF\xBB\xBFOK|1",
                                         " OK|1",
                                         "{\"status\":1",
                                         "{\"status\":1,\"request\":\"\"}",
                                         "CAPCHA_READY_NOT?"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        put_answer("submit", 200, bodies[i]);
        expect_unknown(KP_E_ANSWER);
    }
    put_answer("submit", 302, "OK|5");
    expect_unknown(KP_E_REDIRECT);
    put_answer("submit", 429, "OK|5");
    expect_unknown(KP_E_ANSWER);
    put_answer("submit", 404, "OK|5");
    expect_unknown(KP_E_HTTP);
    put_answer("submit", 200, "ERROR_SOMETHING_NEW");
    expect_unknown(KP_E_UNKNOWN_CODE);
    expect_fact("code", "ERROR_SOMETHING_NEW");
    expect_fact("class", "unknown");
}

static void an_answer_without_a_status_is_no_answer(void **state) {
    (void)state;
    static const int statuses[] = {0, -7, 100, 199};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        put_answer("submit", statuses[i], "ERROR_ZERO_BALANCE");
        expect_unknown(KP_E_ANSWER);
    }
}

/* ---- What was certainly not accepted is sent again, in time ---- */

static void unsent_is_tried_three_times(void **state) {
    (void)state;
    put_loss("submit", KP_NET_CONNECT, KP_UNSENT);
    put_loss("submit", KP_NET_RESOLVE, KP_UNSENT);
    begin(KP_SOLVE);
    expect_error(KP_OK);
    assert_int_equal(t.w.submits, 3);
    for (size_t i = 0; i < 4; i++)
        put_loss("submit", KP_NET_CONNECT, KP_UNSENT);
    begin(KP_SOLVE);
    expect_error(KP_E_CONNECT);
    assert_int_equal(t.w.submits, 3);
    assert_true(passed("REFUND"));
    expect_fact("unknown", NULL);
    forget_answers();
    put_loss("submit", KP_NET_TLS, KP_UNSENT); /* never by itself */
    begin(KP_SOLVE);
    expect_error(KP_E_TLS);
    assert_int_equal(t.w.submits, 1);
    assert_true(passed("REFUND"));
}

static uint64_t wait_after_429(const char *retry_after) {
    forget_answers();
    world_answer *a = put_answer("submit", 429, "slow down");
    a->header_name = "Retry-After";
    a->header_value = retry_after;
    begin(KP_SOLVE);
    assert_true(reach("AGAIN"));
    uint64_t wait = kp_op_until(t.op) - t.w.mono_ms;
    expect_error(KP_OK);
    assert_int_equal(t.w.submits, 2);
    return wait;
}

static void t9_busy_waits_as_the_service_asks(void **state) {
    (void)state;
    assert_int_equal(wait_after_429("20"), 20000);
    assert_in_range(wait_after_429("1"), 3000, 3400); /* its own least */
    assert_in_range(wait_after_429("-5"), 3000, 3400);
    assert_in_range(wait_after_429("soon"), 3000, 3400);
    assert_in_range(wait_after_429("Thu, 01 Jan 1970 00:00:00 GMT"), 3000, 3400);
    forget_answers();
    world_answer *a = put_answers("submit", 429, "");
    a->header_name = "retry-AFTER";
    a->header_value = "9999999";
    uint64_t begun = t.w.mono_ms;
    begin(KP_SOLVE);
    expect_error(KP_E_BUSY);
    assert_int_equal(t.w.submits, 1);
    assert_in_range(number("retry_after_ms"), 1, 120000);
    assert_true(t.w.mono_ms - begun <= 120000);
    assert_true(passed("REFUND"));
}

static void t9_retry_after_of_the_body(void **state) {
    (void)state;
    option("provider", "nocaptchaai");
    put_answer("submit", 200, "{\"code\":16,\"msg\":\"RATE_LIMITED\",\"retryAfterSec\":11}");
    begin(KP_SOLVE);
    assert_true(reach("AGAIN"));
    assert_int_equal(kp_op_until(t.op) - t.w.mono_ms, 11000);
    expect_error(KP_OK);
    put_answer("submit", 200, "{\"code\":16,\"msg\":\"RATE_LIMITED\",\"retryAfterSec\":9999999}");
    begin(KP_SOLVE);
    expect_error(KP_E_N_RATE_LIMITED);
    assert_in_range(number("retry_after_ms"), 1, 120000);
}

static void busy_for_ever_ends_in_time(void **state) {
    (void)state;
    put_answers("submit", 200, "ERROR_NO_SLOT_AVAILABLE");
    uint64_t begun = t.w.mono_ms;
    begin(KP_SOLVE);
    expect_error(KP_E_C_NO_SLOT_AVAILABLE);
    assert_in_range(t.w.submits, 3, 8);
    assert_true(t.w.mono_ms - begun < 120000);
    expect_fact("unknown", NULL);
    assert_true(passed("REFUND"));
}

static void too_little_time_sends_nothing(void **state) {
    (void)state;
    begin(KP_SOLVE);
    set("timeout_ms", "20000"); /* 15 s and 5 s are needed behind the submit */
    expect_error(KP_E_TIMEOUT);
    expect_text("nothing was sent");
    assert_int_equal(t.w.submits, 0);
    assert_true(passed("ADMIT REFUND"));
}

/* ---- Answers at once ---- */

static void sync_answers_in_one_call(void **state) {
    (void)state;
    option("provider", "nocaptchaai");
    put_answer("submit", 200, "{\"status\":\"solved\",\"solution\":\"abc\"}");
    begin(KP_SOLVE);
    set("sync", "1");
    assert_true(reach("SUBMIT"));
    assert_non_null(strstr(kp_http_url(t.op), "/solve"));
    assert_int_equal(kp_http_flags(t.op), KP_ONCE);
    expect_error(KP_OK);
    expect_fact("answer", "abc");
    expect_fact("task", NULL);
    assert_false(passed("POLL"));
}

static void ready_at_once(void **state) {
    (void)state;
    static const char *const ids[] = {"\"77\"", "\"\"", "null"};
    option("provider", "nocaptchaai");
    for (size_t i = 0; i < 6; i++) {
        char body[128];
        snprintf(body, sizeof body,
                 "{\"errorId\":0,\"status\":\"ready\",\"taskId\":%s,\"solution\":{\"text\":[\"x\",\"y\"]}}",
                 ids[i % 3]);
        put_answer("submit", 200, body);
        begin(i < 3 ? KP_SOLVE : KP_SUBMIT);
        expect_error(KP_OK);
        expect_fact("answer", "[\"x\",\"y\"]");
        assert_false(passed("POLL"));
        assert_true((fact("task") != NULL) == (i % 3 == 0));
    }
}

static void a_file_is_uploaded(void **state) {
    (void)state;
    make(KP_SUBMIT);
    set("method", "post");
    assert_int_equal(kp_op_set(t.op, "file", "\0JPEG\xFF", 6), 0);
    assert_true(reach("SUBMIT"));
    size_t len = 0;
    const char *body = kp_http_body(t.op, &len);
    assert_non_null(memmem(body, len, "\r\n\r\n\0JPEG\xFF\r\n", 12));
    expect_error(KP_OK);
    make(KP_SUBMIT);
    set("method", "post");
    expect_error(KP_E_MISSING);
    begin(KP_SUBMIT);
    assert_int_equal(kp_op_set(t.op, "file", "x", 1), 0);
    assert_true(run() != KP_OK); /* turnstile takes no file */
    assert_int_equal(t.w.submits, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(solves_in_one_go),
        CASE(submit_gives_the_task_and_does_not_wait),
        CASE(every_code_of_captchaai),
        CASE(every_code_of_nocaptchaai),
        CASE(t6_lost_after_it_was_sent),
        CASE(t14_server_trouble_without_a_known_code),
        CASE(p1_answers_out_of_the_grammar),
        CASE(an_answer_without_a_status_is_no_answer),
        CASE(unsent_is_tried_three_times),
        CASE(t9_busy_waits_as_the_service_asks),
        CASE(t9_retry_after_of_the_body),
        CASE(busy_for_ever_ends_in_time),
        CASE(too_little_time_sends_nothing),
        CASE(sync_answers_in_one_call),
        CASE(ready_at_once),
        CASE(a_file_is_uploaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
