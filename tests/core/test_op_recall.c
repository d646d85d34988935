/* test_op_recall.c: tests op_recall.c: a store that refuses or names a time is not asked by every call; those who
 * waited have the answer of the one that asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/op.h"
#include "vault_case.h"

/* How often the store is asked, and when the caller is told to come back. */
static void expect_refusal(uint64_t after_ms, size_t calls, long comes_back_ms) {
    pass_time(after_ms);
    begin(KP_SUBMIT);
    expect_error(KP_E_SOURCE_REFUSED);
    if (t.w.https != calls || number("retry_after_ms") != comes_back_ms)
        fail_msg("%zu calls, retry_after_ms %ld: %s", t.w.https, number("retry_after_ms"), fact("text"));
}

static void use_store_that_refuses(void) {
    use_vault();
    put_answers("source", 403, "{\"errors\":[\"permission denied\"]}");
}

static void a_store_that_refuses_is_left_alone(void **state) {
    (void)state;
    static const long waits[] = {30000, 60000, 120000, 240000, 300000, 300000};
    use_store_that_refuses();
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        expect_refusal(0, 1, waits[i]);
        for (int n = 0; n < 100; n++)
            expect_refusal(0, 0, waits[i]);
        expect_refusal(10000, 0, waits[i] - 10000);
        expect_text("do not let it read this secret (HTTP 403); that was 10 s ago, and it is asked again in ");
        pass_time((uint64_t)waits[i] - 10000);
    }
    forget_answers();
    put_answers("source", 200, vault_has(1, 3));
    pass_time(300000);
    expect_asks_with(KP_SUBMIT, "SUBMIT", 1);
    another_client(); /* what this one begins with is forgotten too once it is good */
    forget_answers();
    put_answers("source", 404, "{\"data\":{\"data\":null,\"metadata\":{\"version\":3,\"destroyed\":true}}}");
    begin(KP_BALANCE);
    expect_error(KP_E_SOURCE_DELETED);
    begin(KP_BALANCE);
    expect_error(KP_E_SOURCE_DELETED);
    assert_int_equal(t.w.https, 0);
}

static void whoever_wants_a_look_at_a_store_that_refuses_gets_one(void **state) {
    (void)state;
    use_store_that_refuses();
    expect_refusal(0, 1, 30000);
    make(KP_TELL);
    set("what", "keys");
    expect_error(KP_OK); /* that tells what is known */
    assert_int_equal(t.w.https, 0);
    assert_non_null(strstr(fact("answer"), "asked again in"));
    begin(KP_REFRESH);
    set("what", "");
    expect_error(KP_E_SOURCE_REFUSED);
    assert_int_equal(t.w.https, 1);
    expect_refusal(0, 0, 60000);
    begin(KP_VERIFY);
    set("now", "1");
    expect_error(KP_E_SOURCE_REFUSED);
    assert_int_equal(t.w.https, 1);
    expect_refusal(0, 0, 120000);
    begin(KP_VERIFY);
    set("key", "vault://secret/captchaai");
    expect_error(KP_E_SOURCE_REFUSED);
    assert_int_equal(t.w.https, 1);
    forget_answers();
    put_answers("source", 200, vault_has(1, 3));
    begin(KP_REFRESH);
    set("what", "");
    expect_error(KP_OK);
    expect_asks_with(KP_SUBMIT, "SUBMIT", 1);
    forget_answers();
    put_answers("source", 403, "{\"errors\":[\"permission denied\"]}");
    begin(KP_REFRESH);
    set("what", "");
    expect_error(KP_E_SOURCE_REFUSED);
    expect_refusal(0, 0, 30000);
}

static void a_store_that_names_a_time_is_left_alone_until_then(void **state) {
    (void)state;
    use_vault();
    world_answer *told = put_answers("source", 429, "{}");
    told->header_name = "Retry-After";
    told->header_value = "20";
    begin(KP_SUBMIT);
    expect_error(KP_E_SOURCE_THROTTLED);
    assert_int_equal(t.w.https, 1);
    assert_int_equal(number("retry_after_ms"), 20000);
    pass_time(15000);
    begin(KP_SUBMIT);
    expect_error(KP_E_SOURCE_THROTTLED);
    assert_int_equal(t.w.https, 0);
    assert_int_equal(number("retry_after_ms"), 5000);
    forget_answers();
    put_answers("source", 200, vault_has(1, 3));
    pass_time(5000);
    expect_asks_with(KP_SUBMIT, "SUBMIT", 1);
}

/* While one asks, others wait; they have its answer, be it an outage. One that comes later asks for itself. */
static void those_who_waited_have_the_answer(void **state) {
    (void)state;
    use_vault();
    put_answers("source", 503, "{}");
    begin(KP_BALANCE);
    assert_true(reach("FETCH"));
    kp_op *first = t.op;
    t.op = NULL;
    begin(KP_BALANCE);
    assert_true(reach("LOADING"));
    kp_op *second = t.op;
    t.op = first;
    expect_error(KP_E_SOURCE_AWAY);
    kp_op_free(first);
    t.op = second;
    t.w.https = 0;
    expect_error(KP_E_SOURCE_AWAY);
    assert_int_equal(t.w.https, 0);
    begin(KP_BALANCE);
    expect_error(KP_E_SOURCE_AWAY);
    assert_int_equal(t.w.https, 3);
}

/* What one lacked the time for is no answer for the others. */
static void a_look_that_was_cut_short_is_nobodys_answer(void **state) {
    (void)state;
    for (int cancelled = 0; cancelled < 2; cancelled++) {
        case_key(1);
        if (!t.client)
            option("keys", "[\"exec:tell-key\"]");
        another_client();
        forget_places();
        put_place("exec:tell-key", "", KP_FAILED, KP_WHY_IO);
        begin(KP_BALANCE);
        set("timeout_ms", cancelled ? "60000" : "5000");
        assert_true(reach("READ"));
        kp_op *first = t.op;
        t.op = NULL;
        begin(KP_BALANCE);
        assert_true(reach("LOADING"));
        kp_op *second = t.op;
        t.op = first;
        if (cancelled)
            kp_op_cancel(first);
        assert_int_not_equal(run(), KP_OK);
        kp_op_free(first);
        t.op = second;
        forget_places();
        put_place("exec:tell-key", t.secrets[1], KP_FOUND, 0);
        expect_error(KP_OK);
    }
}

/* Processes that met the same outage come back at times of their own. */
static void waits_for_a_store_differ(void **state) {
    (void)state;
    static const uint64_t draws[] = {0, 1000003, 77777777777};
    uint64_t wait[3];
    use_vault();
    put_answers("source", 503, "{}");
    for (size_t i = 0; i < 3; i++) {
        begin(KP_BALANCE);
        t.op->random = draws[i];
        assert_true(reach("REFETCH"));
        wait[i] = kp_op_until(t.op) - t.op->mono_ms;
        assert_in_range(wait[i], 125, 250);
    }
    assert_true(wait[0] != wait[1] && wait[1] != wait[2] && wait[0] != wait[2]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_store_that_refuses_is_left_alone),
        CASE(whoever_wants_a_look_at_a_store_that_refuses_gets_one),
        CASE(a_store_that_names_a_time_is_left_alone_until_then),
        CASE(those_who_waited_have_the_answer),
        CASE(a_look_that_was_cut_short_is_nobodys_answer),
        CASE(waits_for_a_store_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
