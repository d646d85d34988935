/* test_meter.c: what a client counts of its own operations, and tells as metrics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failing.h"
#include "op_case.h"

static const char *metrics(void) {
    make(KP_TELL);
    set("what", "metrics");
    assert_int_equal(run(), 0);
    assert_true(passed("NEW"));
    assert_int_equal(t.w.https, 0);
    return fact("answer");
}

static void expect_line(const char *line) {
    const char *text = metrics();
    if (!strstr(text, line))
        fail_msg("'%s' is not in:\n%s", line, text);
}

static void expect_no(const char *part) {
    const char *text = metrics();
    if (strstr(text, part))
        fail_msg("'%s' is in:\n%s", part, text);
}

static void a_client_that_did_nothing(void **state) {
    (void)state;
    expect_no("keyplate_calls_total{");
    expect_no("keyplate_balance");
    expect_no("store_up");
    expect_line("keyplate_build_info{provider=\"captchaai\",version=\"" KP_VERSION "\"} 1\n");
    expect_no("keyplate_calls_total{"); /* telling is no call */
}

static void each_call_counts_once(void **state) {
    (void)state;
    begin(KP_SOLVE);
    assert_int_equal(run(), 0);
    begin(KP_SUBMIT);
    put_answer("submit", 200, "ERROR_ZERO_BALANCE");
    assert_int_not_equal(run(), 0);
    begin(KP_WAIT);
    assert_int_equal(run(), 0);
    begin(KP_BALANCE);
    assert_int_equal(run(), 0);
    expect_line("keyplate_calls_total{provider=\"captchaai\",method=\"balance\",code=\"ok\"} 1\n"
                "keyplate_calls_total{provider=\"captchaai\",method=\"turnstile\",code=\"ERROR_ZERO_BALANCE\"} 1\n"
                "keyplate_calls_total{provider=\"captchaai\",method=\"turnstile\",code=\"ok\"} 1\n"
                "keyplate_calls_total{provider=\"captchaai\",method=\"wait\",code=\"ok\"} 1\n");
    expect_line("keyplate_call_duration_seconds_count{provider=\"captchaai\"} 4\n");
    expect_line("keyplate_balance_dollars{provider=\"captchaai\"} 12.345\n");
}

static void a_dry_run_and_a_tell_count_nothing(void **state) {
    (void)state;
    begin(KP_SUBMIT);
    set("dry_run", "1");
    assert_int_equal(run(), 0);
    make(KP_TELL);
    set("what", "keys");
    assert_int_equal(run(), 0);
    expect_no("keyplate_calls_total{");
}

static void a_refusal_names_its_limit(void **state) {
    (void)state;
    option("limits.per_day", "1");
    begin(KP_SUBMIT);
    assert_int_equal(run(), 0);
    for (int i = 0; i < 2; i++) {
        begin(KP_SUBMIT);
        expect_error(KP_E_BUDGET);
    }
    expect_line("keyplate_refused_total{provider=\"captchaai\",limit=\"");
    expect_line("\"} 2\n# HELP keyplate_build_info");
    expect_line("code=\"budget_spent\"} 2\n");
}

static void a_method_that_is_none_is_no_label(void **state) {
    (void)state;
    make(KP_SUBMIT);
    set("method", t.secrets[0]); /* a key in the wrong place */
    set("params", "{}");
    run();
    no_secret_in(metrics(), "the metrics");
    expect_line("method=\"unknown\",code=\"");
}

static void a_client_that_cannot_work_tells_all_the_same(void **state) {
    (void)state;
    option("keys", "[\"env:A\",\"env:A\",{\"name\":\"primary\"}]");
    begin(KP_BALANCE);
    assert_int_not_equal(run(), 0);
    expect_line("method=\"balance\",code=\"");
}

static void a_child_counts_its_own(void **state) {
    (void)state;
    begin(KP_BALANCE);
    assert_int_equal(run(), 0);
    pid_t pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        kp_op *op = kp_op_new(t.client, KP_TELL);
        kp_op_set(op, "what", "metrics", 7);
        kp_on_time(op, 1, 1, 0);
        const char *text = kp_op_get(op, "answer", NULL);
        _exit(kp_op_step(op) == KP_DONE && text && !strstr(text, "keyplate_calls_total{") ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    expect_line("method=\"balance\",code=\"ok\"} 1\n");
}

static void memory_is_short(void **state) {
    (void)state;
    begin(KP_BALANCE);
    assert_int_equal(run(), 0);
    bool failed = true;
    for (size_t i = 0; failed; i++) {
        make(KP_TELL);
        set("what", "metrics");
        failing_start(i, false);
        while (world_step(&t.w, t.op))
            continue;
        failed = failing_stop();
        assert_true(kp_op_error(t.op) == 0 || failed);
    }
    expect_line("method=\"balance\",code=\"ok\"} 1\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_client_that_did_nothing),
        CASE(each_call_counts_once),
        CASE(a_dry_run_and_a_tell_count_nothing),
        CASE(a_refusal_names_its_limit),
        CASE(a_method_that_is_none_is_no_label),
        CASE(a_client_that_cannot_work_tells_all_the_same),
        CASE(a_child_counts_its_own),
        CASE(memory_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
