/* test_audit_report.c: what the report of an audit record sums up, and the memory it needs for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/audit_report.h"
#include "app/audit_report_text.h"
#include "failing.h"

static const int64_t start = 1795132800000; /* 2026-11-20T00:00:00Z, a Friday */
static const int64_t hour = 3600000;

/* ---- Records ---- */

static void add(report *r, const char *line) {
    kp_buf room;
    kp_buf_init(&room, NULL);
    assert_true(report_add_line(r, line, strlen(line), &room));
    kp_buf_free(&room);
}

#define AT(time) "{\"@timestamp\":\"2026-11-20T" time "Z\","
#define CALL(id) "\"operation\":\"" id "\",\"attempt\":1,\"provider\":\"captchaai\",\"method\":\"turnstile\","
#define INTENT(time, id, more) AT(time) "\"event\":\"intent\"," CALL(id) "\"cost_micro\":1000" more "}"
#define OUTCOME(time, id, code, more) AT(time) "\"event\":\"outcome\"," CALL(id) "\"code\":\"" code "\"" more "}"

static void what_is_spent(void **state) {
    (void)state;
    report r;
    report_init(&r, REPORT_BY_METHOD);
    add(&r, INTENT("10:00:00", "a", ""));
    add(&r, OUTCOME("10:00:30", "a", "ok", ",\"cost_micro\":2000,\"duration_ms\":30000,\"task\":\"t\""));
    add(&r, INTENT("10:01:00", "b", "")); /* its outcome has no price: that of the intent */
    add(&r, OUTCOME("10:01:30", "b", "ok", ",\"duration_ms\":20000"));
    add(&r, INTENT("10:02:00", "c", "")); /* not accepted: free, whether it says so or not */
    add(&r, OUTCOME("10:02:30", "c", "ERROR_ZERO_BALANCE", ",\"class\":\"funds\",\"cost_micro\":0"));
    add(&r, INTENT("10:02:00", "i", ""));
    add(&r, OUTCOME("10:02:30", "i", "ERROR_ZERO_BALANCE", ",\"class\":\"funds\""));
    add(&r, INTENT("10:03:00", "d", "")); /* accepted, then failed */
    add(&r, OUTCOME("10:03:30", "d", "timeout", ",\"class\":\"timeout\",\"cost_micro\":1000,\"task\":\"t\""));
    add(&r, INTENT("10:04:00", "e", "")); /* nobody knows */
    add(&r, OUTCOME("10:04:30", "e", "connection_lost", ",\"cost_micro\":1000,\"outcome_unknown\":true"));
    add(&r, INTENT("10:05:00", "f", "")); /* killed */
    add(&r, OUTCOME("10:06:00", "g", "budget", ",\"class\":\"limit\",\"cost_micro\":1000,\"duration_ms\":1"));
    add(&r, OUTCOME("10:07:00", "h", "rate", ",\"limit\":\"per_minute\",\"cost_micro\":1000"));
    assert_true(report_finish(&r));
    assert_int_equal(r.total.calls, 9);
    assert_int_equal(r.total.ok, 2);
    assert_int_equal(r.total.errors, 3);
    assert_int_equal(r.total.unknown, 1);
    assert_int_equal(r.total.unfinished, 1);
    assert_int_equal(r.total.refused, 2);
    assert_int_equal(r.total.spent, 2000 + 1000 + 1000 + 1000 + 1000);
    assert_int_equal(r.total.took.count, 2); /* what was refused went nowhere */
    assert_int_equal(r.groups.count, 1);
    assert_int_equal(r.codes.count, 7);
    assert_string_equal(r.codes.entries[0]->name, "ok");
    assert_int_equal(r.codes.entries[0]->sum.spent, 3000);
    assert_int_equal(r.records, 15);
    assert_int_equal(r.slots.count, 1);
    report_free(&r);
}

/* The same lines in any order, as when files are given newest first. */
static void order_does_not_matter(void **state) {
    (void)state;
    static const char *const lines[] = {
        INTENT("10:00:00", "a", ""), OUTCOME("10:00:30", "a", "ok", ",\"cost_micro\":7"), INTENT("11:00:00", "b", "")};
    for (size_t first = 0; first < 3; first++) {
        report r;
        report_init(&r, REPORT_BY_METHOD);
        for (size_t i = 0; i < 3; i++)
            add(&r, lines[(first + i) % 3]);
        assert_true(report_finish(&r));
        assert_int_equal(r.total.calls, 2);
        assert_int_equal(r.total.ok, 1);
        assert_int_equal(r.total.unfinished, 1);
        assert_int_equal(r.total.spent, 1007);
        report_free(&r);
    }
}

static void groups_are_named_by_what_is_asked_for(void **state) {
    (void)state;
    static const char *const line =
        OUTCOME("10:00:00", "a", "ok",
                ",\"key\":\"0a1b2c3d\",\"client_id\":\"team \\u0061\",\"tags\":{\"env\":\"prod\",\"service\":\"shop\","
                "\"client_id\":\"other\"}");
    static const char *const names[] = {"team a", "turnstile", "prod", "shop", "0a1b2c3d"};
    for (int by = REPORT_BY_CLIENT; by <= REPORT_BY_KEY; by++) {
        report r;
        report_init(&r, (report_by)by);
        add(&r, line);
        assert_string_equal(r.groups.entries[0]->name, names[by]);
        report_free(&r);
    }
    report r;
    report_init(&r, REPORT_BY_ENV);
    add(&r, INTENT("10:00:00", "a", ",\"tags\":{\"env\":\"test\"}"));
    add(&r, OUTCOME("10:00:00", "a", "ok", "")); /* says nothing of it: as the intent */
    add(&r, OUTCOME("10:00:00", "b", "ok", ",\"tags\":{\"service\":\"x\"}"));
    assert_int_equal(r.groups.count, 2);
    assert_int_equal(r.groups.entries[0]->sum.calls, 1);
    assert_int_equal(r.groups.entries[1]->len, 0);
    report_free(&r);
    report_by found = REPORT_BY_KEY;
    assert_true(report_by_find("service", &found) && found == REPORT_BY_SERVICE);
    assert_false(report_by_find("shoe_size", &found) || report_by_find(NULL, &found) || report_by_find("env", NULL));
}

static void since_leaves_out_what_is_earlier(void **state) {
    (void)state;
    report r;
    report_init(&r, REPORT_BY_METHOD);
    r.has_since = true;
    r.since_ms = start + 10 * hour;
    add(&r, INTENT("09:59:59.999", "a", ""));
    add(&r, OUTCOME("10:00:00", "a", "ok", ",\"cost_micro\":5"));
    add(&r, OUTCOME("09:00:00", "b", "ok", ",\"cost_micro\":9"));
    assert_true(report_finish(&r));
    assert_int_equal(r.records, 1);
    assert_int_equal(r.earlier, 2);
    assert_int_equal(r.total.spent, 5);
    assert_int_equal(r.first_ms, start + 10 * hour);
    report_free(&r);
}

static void what_is_no_record_is_counted(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "x",
        "{}",
        "[]",
        "null",
        "{\"@timestamp\":\"2026-11-20T10:00:00Z\"}",
        "{\"event\":\"outcome\"}",
        "{\"@timestamp\":\"2026-11-20T10:00:00Z\",\"event\":\"intent\"}",
        OUTCOME("10:00:00", "", "ok", ""),
        OUTCOME("10:00:00", "a", "", ""),
        OUTCOME("25:00:00", "a", "ok", ""),
        OUTCOME("10:00:00", "a", "ok", ",\"cost_micro\":-1"),
        OUTCOME("10:00:00", "a", "ok", ",\"cost_micro\":1.5"),
        OUTCOME("10:00:00", "a", "ok", ",\"cost_micro\":1000000000000001"),
        OUTCOME("10:00:00", "a", "ok", ",\"cost_micro\":\"1\""),
        OUTCOME("10:00:00", "a", "ok", ",\"duration_ms\":1e9"),
        OUTCOME("10:00:00", "a", "ok", ",\"outcome_unknown\":1"),
        OUTCOME("10:00:00", "a", "ok", ",\"tags\":[]"),
        OUTCOME("10:00:00", "a", "ok", ",\"task\":7"),
        OUTCOME("10:00:00", "a", "ok", ",\"balance\":\"much\""),
        OUTCOME("10:00:00", "a", "ok", ",\"task\":\"\xff\""),
        OUTCOME("10:00:00", "a", "ok", "}"),
        OUTCOME("10:00:00", "a", "ok", ",\"code\":\"twice\""),
    };
    enum { WRONG = sizeof wrong / sizeof wrong[0] };
    report r;
    report_init(&r, REPORT_BY_METHOD);
    for (size_t i = 0; i < WRONG; i++) {
        add(&r, wrong[i]);
        if (r.unreadable != i + 1)
            fail_msg("%s", wrong[i]);
    }
    const char *whole = OUTCOME("10:00:00", "a", "ok", "");
    kp_buf room;
    kp_buf_init(&room, NULL);
    for (size_t len = 0; len < strlen(whole); len++) /* torn anywhere */
        assert_true(report_add_line(&r, whole, len, &room));
    kp_buf_free(&room);
    assert_int_equal(r.unreadable, WRONG + strlen(whole));
    assert_int_equal(r.records, 0);
    add(&r,
        OUTCOME("10:00:00", "a", "ok", ",\"task\":null,\"tags\":null,\"cost_micro\":null,\"class\":null,\"new\":{}"));
    add(&r, AT("10:00:00") "\"event\":\"begun\"}");
    assert_int_equal(r.records, 2);
    assert_int_equal(r.others, 1);
    report_free(&r);
}

static void balances_are_the_last_of_their_slot(void **state) {
    (void)state;
    report r;
    report_init(&r, REPORT_BY_METHOD);
    add(&r, AT("10:30:00") "\"event\":\"balance\",\"provider\":\"captchaai\",\"balance\":\"12.5\"}");
    add(&r, AT("10:10:00") "\"event\":\"balance\",\"provider\":\"captchaai\",\"balance\":99}");
    add(&r, AT("10:20:00") "\"event\":\"balance\",\"provider\":\"nocaptchaai\",\"balance\":-0.5}");
    assert_int_equal(r.purses.count, 2);
    assert_int_equal(r.slots.all[0]->balances[0].micro, 12500000);
    assert_int_equal(r.slots.all[0]->balances[1].micro, -500000);
    assert_false(r.slots.all[0]->balances[2].known);
    report_free(&r);
}

/* ---- Forms ---- */

static bool whole_report(kp_buf *out) {
    report r;
    kp_buf room;
    kp_buf_init(&room, NULL);
    report_init(&r, REPORT_BY_METHOD);
    bool done = true;
    const char *const lines[] = {INTENT("10:00:00", "a", ""),
                                 OUTCOME("10:00:30", "a\\u0041", "o\\u006b", ",\"duration_ms\":30000"),
                                 OUTCOME("12:00:30", "b", "timeout", ",\"class\":\"timeout\",\"task\":\"t\""),
                                 AT("12:30:00") "\"event\":\"balance\",\"balance\":\"12.5\"}"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        done = done && report_add_line(&r, lines[i], strlen(lines[i]), &room);
    done = done && report_finish(&r) && report_add_csv(out, &r) && report_add_json(out, &r) && report_add_html(out, &r);
    kp_buf_free(&room);
    report_free(&r);
    return done;
}

/* Each allocation fails in turn, once and from there on: it says so, or the report is the same. */
static void allocations_that_fail(void **state) {
    (void)state;
    kp_buf expected;
    kp_buf out;
    kp_buf_init(&expected, NULL);
    kp_buf_init(&out, NULL);
    assert_true(whole_report(&expected));
    for (int from_there = 0; from_there < 2; from_there++)
        for (size_t i = 0;; i++) {
            failing_start(i, from_there);
            bool done = whole_report(&out);
            bool failed = failing_stop();
            if (done)
                assert_string_equal(kp_buf_text(&out), kp_buf_text(&expected));
            kp_buf_free(&out);
            if (!failed)
                break;
        }
    kp_buf_free(&expected);
}

static void forms_take_null(void **state) {
    (void)state;
    kp_buf out;
    report r;
    kp_buf_init(&out, NULL);
    report_init(&r, REPORT_BY_METHOD);
    assert_false(report_add_csv(NULL, &r) || report_add_csv(&out, NULL) || report_add_json(NULL, &r) ||
                 report_add_json(&out, NULL) || report_add_html(NULL, &r) || report_add_html(&out, NULL));
    assert_false(report_add(NULL, NULL) || report_add_line(NULL, "", 0, NULL) || report_finish(NULL));
    assert_false(report_add_note(&out, NULL, 0));
    report_init(NULL, REPORT_BY_METHOD);
    report_free(NULL);
    report_free(&r);
    kp_buf_free(&out);
}

static void texts(void **state) {
    (void)state;
    static const struct {
        uint64_t ms;
        const char *text;
    } durations[] = {{0, "0ms"},          {999, "999ms"},       {1000, "1.0s"},    {12349, "12.3s"},
                     {99960, "100s"},     {599999, "600s"},     {600000, "10.0m"}, {35999999, "600m"},
                     {36000000, "10.0h"}, {4294967295, "1193h"}};
    kp_buf out;
    kp_buf_init(&out, NULL);
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        report_add_ms(&out, durations[i].ms);
        assert_string_equal(kp_buf_text(&out), durations[i].text);
        kp_buf_clear(&out);
    }
    report_add_money(&out, -1230000, report_digits(-1230000));
    report_add_money(&out, INT64_MIN, 6);
    report_add_money(&out, 1, 6);
    assert_string_equal(kp_buf_text(&out), "-1.23-9223372036854.7758080.000001");
    kp_buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_spent),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(groups_are_named_by_what_is_asked_for),
        cmocka_unit_test(since_leaves_out_what_is_earlier),
        cmocka_unit_test(what_is_no_record_is_counted),
        cmocka_unit_test(balances_are_the_last_of_their_slot),
        cmocka_unit_test(allocations_that_fail),
        cmocka_unit_test(forms_take_null),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
