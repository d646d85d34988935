/* test_metrics.c: counts of calls, and the text that Prometheus reads. */
#include "policy/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "failing.h"

static kp_tally tally;

static int begin(void **state) {
    (void)state;
    memset(&tally, 0, sizeof tally);
    return 0;
}

static int end(void **state) {
    (void)state;
    kp_tally_clear(&tally);
    return 0;
}

static void expect(const kp_metrics *m, const char *text) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_metrics_write(m, &out);
    assert_false(out.failed);
    assert_string_equal(kp_buf_text(&out), text);
    kp_buf_free(&out);
}

static size_t lines_with(const kp_metrics *m, const char *part) {
    size_t count = 0;
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_metrics_write(m, &out);
    for (const char *at = kp_buf_text(&out); (at = strstr(at, part)); at++)
        count++;
    kp_buf_free(&out);
    return count;
}

#define BUILD                                                                                                          \
    "# HELP keyplate_build_info Always 1; the version as a label.\n"                                                   \
    "# TYPE keyplate_build_info gauge\n"                                                                               \
    "keyplate_build_info{provider=\"captchaai\",version=\"1.2.3\"} 1\n"

static void what_is_not_known_is_left_out(void **state) {
    (void)state;
    kp_metrics m = {.provider = "captchaai", .version = "1.2.3", .store_up = -1};
    expect(&m, BUILD);
}

static void the_balance_has_its_time(void **state) {
    (void)state;
    kp_metrics m = {
        .provider = "captchaai", .version = "1.2.3", .success_ms = 1790000000123, .balance = 12345678, .store_up = 0};
    expect(&m, "# HELP keyplate_balance_dollars Balance of the account at its last reading (NoCaptchaAI: credits).\n"
               "# TYPE keyplate_balance_dollars gauge\n"
               "keyplate_balance_dollars{provider=\"captchaai\"} 12.345678\n"
               "# HELP keyplate_balance_last_success_timestamp_seconds When the balance was last read.\n"
               "# TYPE keyplate_balance_last_success_timestamp_seconds gauge\n"
               "keyplate_balance_last_success_timestamp_seconds{provider=\"captchaai\"} 1790000000.123\n"
               "# HELP keyplate_store_up 1: the shared state could be asked.\n"
               "# TYPE keyplate_store_up gauge\n"
               "keyplate_store_up{provider=\"captchaai\"} 0\n" BUILD);
    m.balance = 0; /* a reading of 0 is one */
    assert_int_equal(lines_with(&m, "keyplate_balance_dollars{provider=\"captchaai\"} 0\n"), 1);
}

static void calls_are_in_order_and_durations_add_up(void **state) {
    (void)state;
    kp_tally_call(&tally, "turnstile", "ok", 100);
    kp_tally_call(&tally, "turnstile", "ok", 101);
    kp_tally_call(&tally, "turnstile", "ERROR_ZERO_BALANCE", 300001);
    kp_tally_call(&tally, "balance", "ok", 0);
    kp_tally_refused(&tally, "usd_per_day");
    kp_tally_refused(&tally, "usd_per_day");
    kp_tally_refused(&tally, "per_minute");
    kp_tally_refused(&tally, NULL);
    kp_metrics m = {.provider = "captchaai", .version = "1.2.3", .calls = &tally, .store_up = -1};
    expect(&m, "# HELP keyplate_calls_total Calls that ended, by method and by code (ok, or that of the error).\n"
               "# TYPE keyplate_calls_total counter\n"
               "keyplate_calls_total{provider=\"captchaai\",method=\"balance\",code=\"ok\"} 1\n"
               "keyplate_calls_total{provider=\"captchaai\",method=\"turnstile\",code=\"ERROR_ZERO_BALANCE\"} 1\n"
               "keyplate_calls_total{provider=\"captchaai\",method=\"turnstile\",code=\"ok\"} 2\n"
               "# HELP keyplate_call_duration_seconds How long calls took, waiting for the answer included.\n"
               "# TYPE keyplate_call_duration_seconds histogram\n"
               "keyplate_call_duration_seconds_bucket{provider=\"captchaai\",le=\"0.1\"} 2\n"
               "keyplate_call_duration_seconds_bucket{provider=\"captchaai\",le=\"0.25\"} 3\n"
               "keyplate_call_duration_seconds_bucket{provider=\"captchaai\",le=\"0.5\"} 3\n"
               "keyplate_call_duration_seconds_bucket{provider=\"captchaai\",le=\"1\"} 3\n"
               "keyplate_call_duration_seconds_bucket{provider=\"captchaai\",le=\"2.5\"} 3\n"
               "keyplate_call_duration_seconds_bucket{provider=\"captchaai\",le=\"5\"} 3\n"
               "keyplate_call_duration_seconds_bucket{provider=\"captchaai\",le=\"10\"} 3\n"
               "keyplate_call_duration_seconds_bucket{provider=\"captchaai\",le=\"15\"} 3\n"
               "keyplate_call_duration_seconds_bucket{provider=\"captchaai\",le=\"30\"} 3\n"
               "keyplate_call_duration_seconds_bucket{provider=\"captchaai\",le=\"60\"} 3\n"
               "keyplate_call_duration_seconds_bucket{provider=\"captchaai\",le=\"120\"} 3\n"
               "keyplate_call_duration_seconds_bucket{provider=\"captchaai\",le=\"300\"} 3\n"
               "keyplate_call_duration_seconds_bucket{provider=\"captchaai\",le=\"+Inf\"} 4\n"
               "keyplate_call_duration_seconds_sum{provider=\"captchaai\"} 300.202\n"
               "keyplate_call_duration_seconds_count{provider=\"captchaai\"} 4\n"
               "# HELP keyplate_refused_total Calls that a limit refused.\n"
               "# TYPE keyplate_refused_total counter\n"
               "keyplate_refused_total{provider=\"captchaai\",limit=\"per_minute\"} 1\n"
               "keyplate_refused_total{provider=\"captchaai\",limit=\"usd_per_day\"} 2\n" BUILD);
    kp_tally_restart(&tally);
    assert_int_equal(lines_with(&m, "keyplate_calls_total{"), 0);
    assert_int_equal(lines_with(&m, "duration_seconds_count{provider=\"captchaai\"} 0\n"), 1);
    kp_tally_call(&tally, "balance", "ok", 7);
    assert_int_equal(lines_with(&m, "method=\"balance\",code=\"ok\"} 1\n"), 1);
}

static void keys_and_budgets(void **state) {
    (void)state;
    const kp_metric_key keys[] = {
        {"primary", "current"}, {"primary", "previous"}, {"backup", "whatever"}, {NULL, NULL}};
    const kp_metric_budget budgets[] = {{"all", "usd_per_day", 1250000, 5000000},
                                        {"client_id:team-a", "usd_per_24h", 0, 1}};
    kp_metrics m = {.provider = "captchaai",
                    .version = "1.2.3",
                    .keys = keys,
                    .key_count = 4,
                    .budgets = budgets,
                    .budget_count = 2,
                    .store_up = 1};
    assert_int_equal(lines_with(&m, "keyplate_key_state{"), 16);
    assert_int_equal(lines_with(&m, "# TYPE keyplate_key_state gauge"), 1);
    assert_int_equal(lines_with(&m, "key=\"primary\",state=\"current\"} 1\n"), 1);
    assert_int_equal(lines_with(&m, "key=\"primary\",state=\"previous\"} 1\n"), 1);
    assert_int_equal(lines_with(&m, "key=\"primary\",state=\"cooling\"} 0\n"), 1);
    assert_int_equal(lines_with(&m, "key=\"backup\",state=\"unknown\"} 1\n"), 1);
    assert_int_equal(lines_with(&m, "keyplate_budget_spent_dollars{provider=\"captchaai\",scope=\"all\","
                                    "limit=\"usd_per_day\"} 1.25\n"),
                     1);
    assert_int_equal(lines_with(&m, "keyplate_budget_limit_dollars{provider=\"captchaai\",scope=\"client_id:team-a\","
                                    "limit=\"usd_per_24h\"} 0.000001\n"),
                     1);
    assert_int_equal(lines_with(&m, "keyplate_store_up{provider=\"captchaai\"} 1\n"), 1);
}

static void labels_are_escaped(void **state) {
    (void)state;
    const kp_metric_budget budget = {"a\"b\\c\nd\xff\xc3\xa9", "x", 0, 1};
    kp_metrics m = {.provider = "captchaai", .version = "1.2.3", .budgets = &budget, .budget_count = 1, .store_up = -1};
    assert_int_equal(lines_with(&m, "scope=\"a\\\"b\\\\c\\nd?\xc3\xa9\",limit=\"x\"} "), 2);
}

static void there_is_no_end_of_rows(void **state) {
    (void)state;
    char method[80];
    for (int i = 0; i < 1000; i++) {
        snprintf(method, sizeof method, "method%d", i);
        kp_tally_call(&tally, method, "ok", 1);
        kp_tally_refused(&tally, method);
    }
    memset(method, 'a', sizeof method);
    method[sizeof method - 1] = '\0';
    kp_tally_call(&tally, method, "ok", 1);
    assert_int_equal(tally.calls.count, KP_TALLY_CALLS);
    assert_int_equal(tally.refused.count, KP_TALLY_LIMITS);
    kp_metrics m = {.provider = "captchaai", .version = "1.2.3", .calls = &tally, .store_up = -1};
    assert_int_equal(lines_with(&m, "method=\"other\",code=\"other\"} 745\n"), 1);
    assert_int_equal(lines_with(&m, "limit=\"other\"} 936\n"), 1);
    assert_int_equal(lines_with(&m, "duration_seconds_count{provider=\"captchaai\"} 1001\n"), 1);
}

static void memory_is_short(void **state) {
    (void)state;
    kp_buf out;
    kp_metrics m = {.provider = "captchaai", .version = "1.2.3", .calls = &tally, .success_ms = 1, .store_up = 1};
    bool failed = true;
    failing_start(0, true);
    kp_tally_call(&tally, "turnstile", "ok", 1);
    kp_tally_refused(&tally, "per_day");
    assert_true(failing_stop());
    assert_int_equal(tally.calls.other, 1);
    assert_int_equal(tally.refused.other, 1);
    kp_tally_call(&tally, "turnstile", "ok", 1);
    for (size_t i = 0; failed; i++) {
        kp_buf_init(&out, NULL);
        failing_start(i, false);
        kp_metrics_write(&m, &out);
        failed = failing_stop();
        assert_int_equal(out.failed, failed);
        kp_buf_free(&out);
    }
}

static void nothing_is_nothing(void **state) {
    (void)state;
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_metrics_write(NULL, &out);
    kp_metrics_write(&(kp_metrics){.store_up = -1}, &out);
    kp_metrics_write(&(kp_metrics){.store_up = -1}, NULL);
    kp_tally_call(NULL, NULL, NULL, 0);
    kp_tally_call(&tally, NULL, NULL, 0);
    kp_tally_refused(NULL, "a");
    kp_tally_restart(NULL);
    kp_tally_clear(NULL);
    assert_int_equal(kp_tally_bound(KP_TALLY_BUCKETS), INT64_MAX);
    kp_buf_free(&out);
}

int main(void) {
#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(what_is_not_known_is_left_out),
        CASE(the_balance_has_its_time),
        CASE(calls_are_in_order_and_durations_add_up),
        CASE(keys_and_budgets),
        CASE(labels_are_escaped),
        CASE(there_is_no_end_of_rows),
        CASE(memory_is_short),
        CASE(nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
