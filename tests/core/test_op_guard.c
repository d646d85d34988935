/* test_op_guard.c: what operations do under limits: budgets, rates, tasks under way, windows, pause, and while the
 * store is away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_case.h"

static void prices(void) {
    option("prices", "{\"turnstile\":\"0.001\",\"*\":\"0.0005\"}");
}

static int solve_for(const char *client_id) {
    begin(KP_SOLVE);
    if (client_id)
        set("client_id", client_id);
    return run();
}

static bool is_in(const char *part) {
    const char *answer = fact("answer");
    return answer && strstr(answer, part);
}

static void limits_say(const char *part) {
    begin(KP_TELL);
    set("what", "limits");
    set("client_id", "team-a");
    expect_error(KP_OK);
    if (!is_in(part))
        fail_msg("%s is not in %s", part, fact("answer"));
}

/* ---- Budgets ---- */

static void a_budget_is_spent_and_refuses(void **state) {
    (void)state;
    prices();
    option("limits.usd_per_day", "0.0025");
    assert_int_equal(solve_for(NULL), KP_OK);
    expect_fact("cost_micro", "1000");
    limits_say("\"name\":\"usd_per_day\",\"limit\":\"0.0025\",\"used\":\"0.001\",\"left\":\"0.0015\"");
    assert_int_equal(solve_for(NULL), KP_OK);
    assert_int_equal(solve_for(NULL), KP_E_BUDGET);
    expect_text("usd_per_day, of which 0.0005 dollars are left; again in ");
    expect_fact("limit", "usd_per_day");
    expect_fact("left", "500");
    expect_fact("class", "limit");
    assert_true(number("retry_after_ms") > 0 && number("retry_after_ms") <= 86400000);
    assert_int_equal(t.w.submits, 0);
}

static void calls_are_counted_by_the_day(void **state) {
    (void)state;
    option("limits.per_day", "1");
    assert_int_equal(solve_for(NULL), KP_OK);
    assert_int_equal(solve_for(NULL), KP_E_BUDGET);
    t.w.unix_ms += 86400000;
    t.w.mono_ms += 86400000;
    assert_int_equal(solve_for(NULL), KP_OK);
}

static void what_is_refused_by_the_service_is_given_back(void **state) {
    (void)state;
    option("limits.per_day", "1");
    put_answer("submit", 200, "ERROR_BAD_PARAMETERS");
    assert_int_not_equal(solve_for(NULL), KP_OK);
    assert_int_equal(solve_for(NULL), KP_OK);
    assert_int_equal(solve_for(NULL), KP_E_BUDGET);
}

static void t14_an_unknown_outcome_stays_on_the_books(void **state) {
    (void)state;
    option("limits.per_day", "1");
    put_answer("submit", 502, "<html>");
    assert_int_not_equal(solve_for(NULL), KP_OK);
    expect_fact("unknown", "1");
    assert_int_equal(solve_for(NULL), KP_E_BUDGET);
}

static void g5_a_budget_without_a_price_is_a_configuration_error(void **state) {
    (void)state;
    option("limits.usd_per_day", "5");
    another_client();
    begin(KP_BALANCE);
    expect_error(KP_E_CONFIG);
    expect_text("prices");
    case_end(NULL);
    case_begin(NULL);
    option("limits.usd_per_day", "5");
    option("prices", "{\"userrecaptcha\":\"0.001\"}");
    assert_int_equal(solve_for(NULL), KP_E_CONFIG);
    expect_text("prices");
    assert_int_equal(t.w.submits, 0);
}

static void budgets_of_one_caller(void **state) {
    (void)state;
    option("limits.per_day", "3");
    option("limits.by", "{\"client_id:team-a\":{\"per_day\":1},\"client_id:*\":{\"per_day\":2}}");
    assert_int_equal(solve_for("team-a"), KP_OK);
    assert_int_equal(solve_for("team-a"), KP_E_BUDGET);
    expect_fact("limit", "per_day of client_id:team-a");
    expect_fact("client_id", "team-a");
    assert_int_equal(solve_for("team-b"), KP_OK);
    assert_int_equal(solve_for("team-b"), KP_OK);
    assert_int_equal(solve_for("team-c"), KP_E_BUDGET);
    expect_fact("limit", "per_day");
}

static void a_caller_has_a_name_of_letters(void **state) {
    (void)state;
    assert_int_equal(solve_for("team a"), KP_E_PARAMETER);
    assert_int_equal(solve_for("a\nb"), KP_E_PARAMETER);
    char made[33] = ""; /* of the shape of a key */
    for (size_t i = 0; i < 32; i++)
        made[i] = "0123456789abcdef"[world_draw(&t.w, 16)];
    assert_int_equal(solve_for(made), KP_E_PARAMETER);
    expect_text("looks like a key");
    assert_int_equal(solve_for(NULL), KP_OK); /* from now on the key is known */
    assert_int_equal(solve_for(t.secrets[0]), KP_E_PARAMETER);
    expect_text("looks like a key");
}

static void limits_of_a_key_that_is_not_there(void **state) {
    (void)state;
    option("limits.by", "{\"key:nobody\":{\"per_day\":1}}");
    assert_int_equal(solve_for(NULL), KP_E_CONFIG);
    expect_text("there is no key of the name nobody");
}

static void half_of_a_budget_is_told_once(void **state) {
    (void)state;
    option("limits.per_day", "4");
    option("events", "100");
    static const char *const told[] = {"", "50 % of per_day", "", "100 % of per_day"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(solve_for(NULL), KP_OK);
        begin(KP_TELL);
        set("what", "events");
        expect_error(KP_OK);
        assert_int_equal(is_in("\"keyplate.budget\""), told[i][0] != '\0');
        assert_true(is_in(told[i]));
    }
}

/* ---- Rates and tasks ---- */

static int submit(void) {
    begin(KP_SUBMIT);
    return run();
}

static void a_rate_refuses(void **state) {
    (void)state;
    option("limits.per_minute", "2");
    assert_int_equal(submit(), KP_OK);
    assert_int_equal(submit(), KP_OK);
    assert_int_equal(submit(), KP_E_RATE);
    expect_fact("limit", "per_minute");
    assert_true(number("retry_after_ms") <= 30000);
    t.w.mono_ms += 30000;
    t.w.unix_ms += 30000;
    assert_int_equal(submit(), KP_OK);
}

static void a_rate_lets_it_wait(void **state) {
    (void)state;
    option("limits.per_minute", "2");
    option("limits.on_limit", "wait");
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(submit(), KP_OK);
        assert_int_equal(passed("HOLD"), i >= 2);
    }
    begin(KP_SUBMIT);
    set("timeout_ms", "5000"); /* no time to wait for half a minute */
    expect_error(KP_E_RATE);
}

/* A second operation while the first is in the midst of its task. */
static int beside(const char *timeout_ms) {
    kp_op *first = t.op;
    t.op = NULL;
    begin(KP_SOLVE);
    set("timeout_ms", timeout_ms);
    int error = run();
    kp_op_free(t.op);
    t.op = first;
    return error;
}

static void tasks_under_way_are_bounded(void **state) {
    (void)state;
    option("limits.concurrent", "1");
    begin(KP_SOLVE);
    assert_true(reach("POLLWAIT"));
    assert_int_equal(beside("60000"), KP_E_TOO_MANY_TASKS);
    expect_error(KP_OK);
    assert_true(passed("FREE"));
    assert_int_equal(beside("60000"), KP_OK);
}

static void a_task_is_waited_for(void **state) {
    (void)state;
    option("limits.concurrent", "1");
    option("limits.on_limit", "wait");
    begin(KP_SUBMIT);
    expect_error(KP_OK);
    assert_false(passed("FREE"));
    begin(KP_SOLVE);
    set("timeout_ms", "1000000"); /* longer than the first one keeps its place */
    expect_error(KP_OK);
    assert_true(passed("QUEUE GATE ADMIT QUEUE GATE ADMIT"));
    begin(KP_SOLVE);
    set("timeout_ms", "1000000");
    put_answer("result", 200, "ERROR_CAPTCHA_UNSOLVABLE");
    expect_error(KP_E_C_CAPTCHA_UNSOLVABLE);
    expect_fact("limit", NULL); /* it waited for one, and failed of something else */
    expect_fact("left", NULL);
}

static void a_queue_ends_with_its_time(void **state) {
    (void)state;
    option("limits.concurrent", "1");
    option("limits.on_limit", "wait");
    begin(KP_SUBMIT);
    expect_error(KP_OK);
    begin(KP_SOLVE);
    set("timeout_ms", "30000");
    expect_error(KP_E_TOO_MANY_TASKS);
    assert_int_equal(t.w.submits, 0);
}

/* ---- Windows and pause ---- */

static void outside_of_a_window_nothing_is_paid(void **state) {
    (void)state;
    option("limits.window", "00:00-00:01"); /* the world's clock shows another time */
    assert_int_equal(solve_for(NULL), KP_E_OUTSIDE_WINDOW);
    assert_true(number("retry_after_ms") > 0);
    assert_int_equal(t.w.https, 0);
    begin(KP_WAIT);
    expect_error(KP_OK);
    begin(KP_BALANCE);
    expect_error(KP_OK);
    limits_say("\"windows\":[{\"scope\":\"all\",\"open\":false,\"opens_at\":\"");
}

static void a_zone_that_is_not_there_is_told(void **state) {
    (void)state;
    option("limits.per_day", "1");
    option("limits.zone", "Europe/Berlin");
    assert_int_equal(solve_for(NULL), KP_E_CONFIG);
    expect_text("Europe/Berlin");
    expect_text("tzdata");
}

static void pause_and_resume(void **state) {
    (void)state;
    begin(KP_PAUSE);
    set("what", "the bill is 100 % \"strange\"");
    set("for_ms", "60000");
    expect_error(KP_OK);
    assert_int_equal(solve_for(NULL), KP_E_PAUSED);
    assert_true(number("retry_after_ms") > 0 && number("retry_after_ms") <= 60000);
    assert_int_equal(t.w.submits, 0);
    limits_say("\"reason\":\"the bill is 100 % \\\"strange\\\"\"");
    begin(KP_WAIT); /* what was paid goes on */
    expect_error(KP_OK);
    begin(KP_PAUSE);
    set("undo", "1");
    set("what", "");
    expect_error(KP_OK);
    limits_say("\"paused\":null");
    assert_int_equal(solve_for(NULL), KP_OK);
}

static void a_pause_ends_by_itself(void **state) {
    (void)state;
    begin(KP_PAUSE);
    set("for_ms", "60000");
    expect_error(KP_OK);
    t.w.unix_ms += 60001;
    t.w.mono_ms += 60001;
    assert_int_equal(solve_for(NULL), KP_OK);
}

/* ---- Shadow ---- */

static void what_is_in_shadow_mode_is_told_and_refuses_nothing(void **state) {
    (void)state;
    option("limits.per_day", "1");
    option("limits.per_minute", "1");
    option("limits.concurrent", "5");
    option("limits.window", "00:00-00:01");
    option("limits.shadow", "true");
    option("events", "100");
    assert_int_equal(solve_for(NULL), KP_OK);
    assert_int_equal(solve_for(NULL), KP_OK);
    begin(KP_TELL);
    set("what", "events");
    expect_error(KP_OK);
    assert_true(is_in("would have been refused by per_day"));
    assert_true(is_in("would have been refused by per_minute"));
    assert_false(is_in("would have been refused by concurrent"));
}

/* ---- While the store is away ---- */

static void g4_budgets_deny_while_the_store_is_away(void **state) {
    (void)state;
    option("limits.per_day", "100");
    begin(KP_BALANCE);
    expect_error(KP_OK);
    t.w.store_away = true;
    assert_int_equal(solve_for(NULL), KP_E_STORE);
    expect_text("per_day");
    assert_true(number("retry_after_ms") > 0);
    assert_int_equal(t.w.submits, 0);
    begin(KP_WAIT);
    expect_error(KP_OK);
}

static void g4_what_may_go_on_without_the_store(void **state) {
    (void)state;
    option("limits.per_minute", "1");
    option("limits.by",
           "{\"client_id:a\":{\"per_day\":8,\"outage\":\"allow\"},\"client_id:b\":{\"per_day\":8,\"outage\":"
           "\"share=1/4\"}}");
    t.w.store_away = true;
    assert_int_equal(solve_for(NULL), KP_OK);
    assert_int_equal(solve_for(NULL), KP_OK);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(solve_for("a"), KP_OK);
    expect_fact("flags", "uncounted accepted ");
    assert_int_equal(solve_for("b"), KP_OK);
    assert_int_equal(solve_for("b"), KP_OK);
    assert_int_equal(solve_for("b"), KP_E_STORE);
    expect_text("more than the share of this process");
    t.w.unix_ms += 86400000;
    assert_int_equal(solve_for("b"), KP_OK);
}

static void limits_are_told_while_the_store_is_away(void **state) {
    (void)state;
    option("limits.per_day", "100");
    t.w.store_away = true;
    limits_say("\"used\":null");
    assert_true(is_in("\"store\":\"away\""));
}

/* ---- The record ---- */

static void a3_tags_and_callers_are_recorded(void **state) {
    (void)state;
    option("audit.file", "/var/log/x");
    option("tags", "{\"service\":\"checkout\",\"env\":\"prod\"}");
    prices();
    begin(KP_SOLVE);
    set("client_id", "team-a");
    set("tag.env", "a\nb\x1b[31m\"c\xff");
    expect_error(KP_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(strstr(t.lines[i], "\"client_id\":\"team-a\""));
        assert_non_null(strstr(t.lines[i], "\"cost_micro\":1000"));
        assert_non_null(strstr(t.lines[i], "\"tags\":{\"service\":\"checkout\",\"env\":\"a\\nb\\u001b[31m\\\"c"));
        assert_ptr_equal(strchr(t.lines[i], '\n'), t.lines[i] + strlen(t.lines[i]) - 1);
    }
}

static void what_a_limit_refuses_is_recorded(void **state) {
    (void)state;
    option("audit.file", "/var/log/x");
    option("limits.per_day", "1");
    assert_int_equal(solve_for(NULL), KP_OK);
    assert_int_equal(solve_for(NULL), KP_E_BUDGET);
    assert_int_equal(t.line_count, 1);
    assert_non_null(strstr(t.lines[0], "\"event\":\"outcome\""));
    assert_non_null(strstr(t.lines[0], "\"code\":\"budget_spent\",\"class\":\"limit\",\"limit\":\"per_day\""));
}

static void the_last_of_a_tag_counts(void **state) {
    (void)state;
    option("audit.file", "/var/log/x");
    begin(KP_SUBMIT);
    set("tag.a", "1");
    set("tag.b", "2");
    set("tag.a", "3");
    expect_error(KP_OK);
    assert_non_null(strstr(t.lines[0], "\"tags\":{\"b\":\"2\",\"a\":\"3\"}"));
}

static void wrong_tags(void **state) {
    (void)state;
    begin(KP_SOLVE);
    assert_int_equal(kp_op_set(t.op, "tag.a b", "x", 1), KP_E_MISUSE);
    expect_error(KP_E_MISUSE);
    begin(KP_SOLVE);
    assert_int_equal(kp_op_set(t.op, "tag.a", "x\0y", 3), KP_E_MISUSE);
    case_end(NULL);
    case_begin(NULL);
    option("tags", "{\"a\":1}");
    assert_int_equal(solve_for(NULL), KP_E_CONFIG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_budget_is_spent_and_refuses),
        CASE(calls_are_counted_by_the_day),
        CASE(what_is_refused_by_the_service_is_given_back),
        CASE(t14_an_unknown_outcome_stays_on_the_books),
        CASE(g5_a_budget_without_a_price_is_a_configuration_error),
        CASE(budgets_of_one_caller),
        CASE(a_caller_has_a_name_of_letters),
        CASE(limits_of_a_key_that_is_not_there),
        CASE(half_of_a_budget_is_told_once),
        CASE(a_rate_refuses),
        CASE(a_rate_lets_it_wait),
        CASE(tasks_under_way_are_bounded),
        CASE(a_task_is_waited_for),
        CASE(a_queue_ends_with_its_time),
        CASE(outside_of_a_window_nothing_is_paid),
        CASE(a_zone_that_is_not_there_is_told),
        CASE(pause_and_resume),
        CASE(a_pause_ends_by_itself),
        CASE(what_is_in_shadow_mode_is_told_and_refuses_nothing),
        CASE(g4_budgets_deny_while_the_store_is_away),
        CASE(g4_what_may_go_on_without_the_store),
        CASE(limits_are_told_while_the_store_is_away),
        CASE(a3_tags_and_callers_are_recorded),
        CASE(what_a_limit_refuses_is_recorded),
        CASE(the_last_of_a_tag_counts),
        CASE(wrong_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
