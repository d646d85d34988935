/* test_op_rotate.c: a key whose place gets a new value while a client lives: found, proven, put in use, or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/client.h"
#include "op_case.h"

static const char wrong_key[] = "ERROR_WRONG_USER_KEY";
static const char place[] = "env:CAPTCHAAI_API_KEY";

static const kp_slot *slot(void) {
    return &t.client->ring.slots[0];
}

static void replace(size_t n) {
    forget_places();
    put_place(place, case_key(n), KP_FOUND, 0);
}

static void pass_time(uint64_t ms) {
    t.w.mono_ms += ms;
    t.w.unix_ms += (int64_t)ms;
}

static void call_well(int kind) {
    begin(kind);
    expect_error(KP_OK);
}

/* The key stands in the URL, or in the form. */
static void expect_key(size_t n) {
    assert_true(strstr(kp_http_url(t.op), t.secrets[n]) ||
                (kp_http_body(t.op, NULL) && strstr(kp_http_body(t.op, NULL), t.secrets[n])));
}

static void expect_asks_with(int kind, const char *state, size_t n) {
    begin(kind);
    assert_true(reach(state));
    expect_key(n);
    expect_error(KP_OK);
}

static bool run_chore(void) {
    uint64_t next_ms = 0;
    kp_op *op = kp_client_chore(t.client, t.w.mono_ms, &next_ms);
    if (!op)
        return false;
    kp_op_free(t.op);
    t.op = op;
    t.trace[0] = '\0';
    t.w.https = 0;
    run();
    return true;
}

/* A client with a key in use, and a minute later another one in its place. */
static void begin_rotation(void) {
    call_well(KP_SUBMIT);
    replace(1);
    pass_time(60001);
}

static void places_are_read_again(void **state) {
    (void)state;
    call_well(KP_SUBMIT);
    size_t reads = t.w.reads;
    call_well(KP_SUBMIT);
    assert_int_equal(t.w.reads, reads);
    pass_time(60001);
    call_well(KP_SUBMIT);
    assert_true(t.w.reads > reads);
    reads = t.w.reads;
    call_well(KP_SUBMIT);
    assert_int_equal(t.w.reads, reads);
    option("ring.refresh", "0");
    another_client();
    call_well(KP_BALANCE);
    reads = t.w.reads;
    call_well(KP_BALANCE);
    assert_true(t.w.reads > reads);
}

static void a_new_value_is_proven_watched_and_then_in_use(void **state) {
    (void)state;
    begin_rotation();
    expect_asks_with(KP_SUBMIT, "SUBMIT", 0); /* it goes on with the one in use */
    assert_int_equal(t.w.https, 1);
    assert_non_null(slot()->key[KP_NEXT].cell);
    assert_false(slot()->key[KP_NEXT].proven);
    assert_true(run_chore());
    expect_error(KP_OK);
    assert_int_equal(t.w.https, 1);
    assert_true(slot()->key[KP_NEXT].proven);
    assert_false(run_chore());
    expect_asks_with(KP_BALANCE, "POLL", 0); /* free calls leave it to a paid one */
    expect_asks_with(KP_SUBMIT, "SUBMIT", 1);
    assert_null(slot()->key[KP_NEXT].cell);
    assert_non_null(slot()->key[KP_BEFORE].cell);
    expect_asks_with(KP_BALANCE, "POLL", 1);
}

static void a_paid_call_falls_back_from_a_new_value(void **state) {
    (void)state;
    begin_rotation();
    call_well(KP_SUBMIT);
    assert_true(run_chore());
    put_answer("submit", 200, wrong_key);
    begin(KP_SUBMIT);
    expect_error(KP_OK);
    assert_int_equal(t.w.submits, 2);
    assert_non_null(slot()->key[KP_NEXT].cell); /* it was not put in use */
    assert_null(slot()->key[KP_BEFORE].cell);
    expect_asks_with(KP_SUBMIT, "SUBMIT", 0);
    assert_int_equal(t.w.submits, 1); /* a refused one is not tried with each call */
}

static void a_bad_new_value_never_gets_in_use(void **state) {
    (void)state;
    begin_rotation();
    put_answers("balance", 200, wrong_key);
    for (size_t i = 0; i < 5; i++) {
        call_well(KP_SUBMIT);
        bool ran = run_chore();
        assert_true(ran == (i == 0)); /* one attempt in a minute */
        pass_time(5000);
    }
    pass_time(60000);
    assert_true(run_chore());
    assert_int_equal(t.w.https, 1);
    assert_false(slot()->key[KP_NEXT].proven);
    expect_asks_with(KP_SUBMIT, "SUBMIT", 0);
    assert_null(slot()->key[KP_BEFORE].cell);
}

/* The old one is revoked before anybody knew of the new one. */
static void the_one_in_use_dies_at_once(void **state) {
    (void)state;
    call_well(KP_SUBMIT);
    replace(1);
    put_answer("submit", 200, wrong_key);
    pass_time(10);
    begin(KP_SUBMIT);
    expect_error(KP_OK);
    assert_int_equal(t.w.submits, 2);
    assert_true(passed("READ"));
    expect_asks_with(KP_BALANCE, "POLL", 1);
    assert_null(slot()->key[KP_NEXT].cell);
}

static void tasks_of_the_old_one_are_asked_for_with_it(void **state) {
    (void)state;
    char task[128];
    begin_rotation();
    call_well(KP_SUBMIT);
    snprintf(task, sizeof task, "%s", fact("task"));
    run_chore();
    call_well(KP_SUBMIT);
    for (size_t over = 0; over < 2; over++) {
        begin(KP_RESULT);
        set("task", task);
        assert_true(reach("POLL"));
        expect_key(over ? 1 : 0);
        expect_error(KP_OK);
        pass_time(49 * 3600 * 1000); /* then the overlap is over, and another key of the account is tried */
    }
}

static void a_value_that_goes_back_is_no_new_one(void **state) {
    (void)state;
    begin_rotation();
    call_well(KP_SUBMIT);
    assert_non_null(slot()->key[KP_NEXT].cell);
    forget_places();
    put_place(place, t.secrets[0], KP_FOUND, 0);
    pass_time(60001);
    call_well(KP_SUBMIT);
    assert_null(slot()->key[KP_NEXT].cell);
    assert_false(run_chore());
}

static void a_place_without_a_key_serves_the_last_one_for_a_time(void **state) {
    (void)state;
    call_well(KP_SUBMIT);
    forget_places();
    pass_time(60001);
    call_well(KP_SUBMIT);
    pass_time(23 * 3600 * 1000);
    call_well(KP_SUBMIT);
    pass_time(2 * 3600 * 1000);
    begin(KP_SUBMIT);
    expect_error(KP_E_NO_KEY);
    put_place(place, t.secrets[0], KP_FOUND, 0);
    call_well(KP_SUBMIT);
    forget_places();
    put_place(place, NULL, KP_FAILED, KP_WHY_FORBIDDEN);
    pass_time(60001);
    call_well(KP_SUBMIT);
}

static void asked_for_by_name(void **state) {
    (void)state;
    call_well(KP_SUBMIT);
    replace(1);
    make(KP_REFRESH);
    set("what", "primary");
    expect_error(KP_OK);
    expect_asks_with(KP_BALANCE, "POLL", 1); /* at once */
    make(KP_REFRESH);
    set("what", "primary");
    expect_error(KP_OK); /* nothing new */
    assert_int_equal(t.w.https, 0);
    replace(2);
    put_answer("balance", 200, wrong_key);
    make(KP_REFRESH);
    set("what", "primary");
    expect_error(KP_E_C_WRONG_USER_KEY);
    expect_asks_with(KP_BALANCE, "POLL", 1);
    forget_places();
    make(KP_REFRESH);
    set("what", "primary");
    expect_error(KP_E_NO_KEY);
    put_place(place, NULL, KP_FAILED, KP_WHY_FORBIDDEN);
    make(KP_REFRESH);
    set("what", "primary");
    expect_error(KP_E_KEY_FILE);
    make(KP_REFRESH);
    set("what", "nobody");
    expect_error(KP_E_MISUSE);
}

static void chores_of_nobody(void **state) {
    (void)state;
    uint64_t next_ms = 0;
    assert_null(kp_client_chore(NULL, 0, &next_ms));
    assert_true(next_ms == UINT64_MAX);
    assert_null(kp_client_chore(NULL, 0, NULL));
    another_client();
    assert_null(kp_client_chore(t.client, 0, NULL));
    begin_rotation();
    call_well(KP_SUBMIT);
    kp_op *op = kp_client_chore(t.client, t.w.mono_ms, &next_ms);
    assert_non_null(op);
    assert_true(next_ms == t.w.mono_ms + 60000);
    assert_null(kp_client_chore(t.client, t.w.mono_ms, &next_ms)); /* one at a time */
    kp_op_free(op);
    assert_null(kp_client_chore(t.client, t.w.mono_ms, &next_ms));
    assert_non_null(op = kp_client_chore(t.client, next_ms, NULL));
    kp_op_free(op);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(places_are_read_again),
        CASE(a_new_value_is_proven_watched_and_then_in_use),
        CASE(a_paid_call_falls_back_from_a_new_value),
        CASE(a_bad_new_value_never_gets_in_use),
        CASE(the_one_in_use_dies_at_once),
        CASE(tasks_of_the_old_one_are_asked_for_with_it),
        CASE(a_value_that_goes_back_is_no_new_one),
        CASE(a_place_without_a_key_serves_the_last_one_for_a_time),
        CASE(asked_for_by_name),
        CASE(chores_of_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
