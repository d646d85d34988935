/* test_op_record.c: the audit lines of paid operations, and cancelling in each state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_case.h"

/* ---- The record ---- */

static void intent_and_outcome_are_written(void **state) {
    (void)state;
    option("audit.file", "/var/log/x");
    begin(KP_SOLVE);
    assert_true(reach("INTENT"));
    assert_string_equal(kp_append_path(t.op), "/var/log/x");
    expect_error(KP_OK);
    assert_int_equal(t.line_count, 2);
    assert_non_null(strstr(t.lines[0], "\"event\":\"intent\""));
    assert_null(strstr(t.lines[0], "\"code\""));
    assert_non_null(strstr(t.lines[1], "\"event\":\"outcome\""));
    assert_non_null(strstr(t.lines[1], "\"code\":\"ok\""));
    assert_non_null(strstr(t.lines[1], fact("task")));
    assert_non_null(strstr(t.lines[1], "\"outcome_unknown\":false"));
    assert_int_equal(t.lines[1][strlen(t.lines[1]) - 1], '\n');
    char id[60];
    sscanf(strstr(t.lines[0], "\"operation\""), "%59[^,]", id);
    assert_non_null(strstr(t.lines[1], id));
}

/* It may be a key in the wrong place, that no mask knows. */
static void a_method_that_is_not_listed_is_not_written(void **state) {
    (void)state;
    option("audit.file", "/var/log/x");
    begin(KP_SUBMIT);
    set("method", "somethingnew");
    expect_error(KP_OK);
    assert_int_equal(t.line_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_null(strstr(t.lines[i], "method"));
    begin(KP_SUBMIT);
    expect_error(KP_OK);
    assert_non_null(strstr(t.lines[t.line_count - 1], "\"method\":\""));
}

static void no_intent_line_no_paid_call(void **state) {
    (void)state;
    option("audit.file", "/var/log/x");
    t.w.append_fails = true;
    begin(KP_SOLVE);
    expect_error(KP_E_RECORD);
    expect_text("/var/log/x");
    assert_int_equal(t.w.submits, 0);
    assert_int_equal(t.line_count, 1); /* what was not begun has no outcome */
    assert_true(passed("INTENT REFUND DONE"));
}

static void a_failed_outcome_line_hides_no_answer(void **state) {
    (void)state;
    option("audit.file", "/var/log/x");
    begin(KP_SOLVE);
    assert_true(reach("SUBMIT"));
    t.w.append_fails = true;
    expect_error(KP_OK);
    expect_fact("answer", "token-4242");
    assert_true(passed("OUTCOME"));
}

static void free_calls_are_not_recorded(void **state) {
    (void)state;
    option("audit.file", "/var/log/x");
    static const int kinds[] = {KP_BALANCE, KP_VERIFY, KP_RESULT, KP_WAIT, KP_REPORT, KP_TELL};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        begin(kinds[i]);
        expect_error(KP_OK);
        assert_int_equal(t.line_count, 0);
    }
}

/* ---- Cancel ---- */

static const struct {
    const char *state;
    size_t submits; /* that were made until then */
} cancels[] = {{"NEW", 0},  {"READ", 0},   {"GATE", 0},  {"CLAIM", 0},    {"PROVING", 0}, {"PROBE", 0},  {"ADMIT", 0},
               {"HOLD", 0}, {"INTENT", 0}, {"AGAIN", 1}, {"POLLWAIT", 1}, {"POLL", 1},    {"OUTCOME", 1}};

static bool held_back(world *w, const kp_op *op, char *reply, size_t size) {
    if (strcmp(kp_op_get(op, "state", NULL), "ADMIT") != 0)
        return false;
    snprintf(reply, size, "ok %lld %lld", (long long)w->unix_ms, (long long)w->unix_ms + 7000);
    return true;
}

static bool claimed_by_another(world *w, const kp_op *op, char *reply, size_t size) {
    if (strcmp(kp_op_get(op, "state", NULL), "CLAIM") != 0)
        return false;
    snprintf(reply, size, "no %lld rate 0 0 %lld", (long long)w->unix_ms, (long long)w->unix_ms + 60000);
    return true;
}

static void cancel_in_each_state(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cancels / sizeof cancels[0]; i++) {
        case_end(NULL);
        case_begin(NULL);
        option("audit.file", "/var/log/x");
        if (strcmp(cancels[i].state, "AGAIN") == 0)
            put_answers("submit", 429, "");
        if (strcmp(cancels[i].state, "HOLD") == 0)
            t.w.store = held_back;
        if (strcmp(cancels[i].state, "PROVING") == 0)
            t.w.store = claimed_by_another;
        begin(KP_SOLVE);
        if (!reach(cancels[i].state))
            fail_msg("%s is not reached: %s", cancels[i].state, t.trace);
        uint64_t at = t.w.mono_ms;
        assert_int_equal(kp_op_cancelled(t.op), 0);
        kp_op_cancel(t.op);
        assert_int_equal(kp_op_cancelled(t.op), 1);
        int code = run();
        if (code != KP_E_CANCELLED && strcmp(cancels[i].state, "POLL") != 0 && strcmp(cancels[i].state, "OUTCOME") != 0)
            fail_msg("cancelled in %s: %s", cancels[i].state, kp_error_name(code));
        assert_int_equal(t.w.submits, cancels[i].submits);
        assert_true(t.w.mono_ms - at < 1000);
        expect_fact("unknown", NULL);
        bool admitted = strcmp(cancels[i].state, "HOLD") == 0 || strcmp(cancels[i].state, "INTENT") == 0 ||
                        strcmp(cancels[i].state, "ADMIT") == 0 || strcmp(cancels[i].state, "AGAIN") == 0;
        assert_true(passed("REFUND") == admitted);
        if (strcmp(cancels[i].state, "POLLWAIT") == 0)
            assert_non_null(strstr(fact("task"), "/4242"));
    }
}

static void cancel_during_the_submit(void **state) {
    (void)state;
    put_loss("submit", KP_NET_STOPPED, KP_MAYBE_SENT);
    begin(KP_SOLVE);
    assert_true(reach("SUBMIT"));
    kp_op_cancel(t.op);
    expect_error(KP_E_CANCELLED);
    expect_fact("unknown", "1");
    assert_false(passed("REFUND"));
    put_loss("submit", KP_NET_STOPPED, KP_UNSENT);
    begin(KP_SOLVE);
    assert_true(reach("SUBMIT"));
    kp_op_cancel(t.op);
    expect_error(KP_E_CANCELLED);
    expect_fact("unknown", NULL);
    assert_true(passed("REFUND"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(intent_and_outcome_are_written), CASE(a_method_that_is_not_listed_is_not_written),
        CASE(no_intent_line_no_paid_call),    CASE(a_failed_outcome_line_hides_no_answer),
        CASE(free_calls_are_not_recorded),    CASE(cancel_in_each_state),
        CASE(cancel_during_the_submit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
