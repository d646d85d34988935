/* test_balance_watch.c: what readings of a balance come to, one after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch_case.h"

/* ---- Thresholds ---- */

static void each_threshold_is_told_once(void **state) {
    (void)state;
    read(12 * DOLLAR);
    expect_none();
    read(9 * DOLLAR);
    expect_text(expect(KP_WATCH_BELOW, false), "the balance is 9, below 10");
    assert_int_equal(news.count, 1);
    read(8 * DOLLAR);
    expect_none();
    read(10 * DOLLAR + DOLLAR / 4); /* not 5 % above it */
    expect_none();
    read(9 * DOLLAR);
    expect_none();
    read(DOLLAR);
    expect_text(expect(KP_WATCH_BELOW, false), "the balance is 1, below 2");
    assert_int_equal(news.count, 1);
    read(50 * DOLLAR);
    expect_text(expect(KP_WATCH_BELOW, true), "the balance is 50, above 10 again");
    assert_int_equal(news.count, 1);
    read(9 * DOLLAR);
    expect(KP_WATCH_BELOW, false);
}

static void the_first_reading_is_told_too(void **state) {
    (void)state;
    read(DOLLAR);
    expect_text(expect(KP_WATCH_BELOW, false), "the balance is 1, below 2");
    assert_int_equal(news.count, 1); /* not 10 as well */
}

static void a_balance_at_the_threshold_is_not_below(void **state) {
    (void)state;
    read(10 * DOLLAR);
    expect_none();
    read(10 * DOLLAR - 1);
    expect(KP_WATCH_BELOW, false);
}

static void the_floor_comes_alone(void **state) {
    (void)state;
    rules.floor = DOLLAR / 2;
    read(20 * DOLLAR);
    read(DOLLAR / 4);
    assert_string_equal(kp_watch_level(expect(KP_WATCH_FLOOR, false)), "error");
    expect_text(expect(KP_WATCH_FLOOR, false), "the balance is 0.25, below the floor of 0.5");
    assert_int_equal(news.count, 1);
    read(0);
    expect_none();
    read(DOLLAR / 2);
    expect_none();
    read(DOLLAR);
    expect_text(expect(KP_WATCH_FLOOR, true), "the balance is 1, above the floor of 0.5 again");
    assert_int_equal(news.count, 1);
}

static void a_floor_that_is_configured_away_is_over(void **state) {
    (void)state;
    rules.floor = DOLLAR;
    read(DOLLAR / 2);
    expect(KP_WATCH_FLOOR, false);
    rules.floor = 0;
    read(DOLLAR / 2);
    expect(KP_WATCH_FLOOR, true);
}

/* ---- Drops ---- */

/* So many minutes, each of which takes as much. */
static int64_t spend(int64_t balance, int64_t each, int minutes) {
    for (int i = 0; i < minutes; i++) {
        read(balance -= each);
        expect_none();
    }
    return balance;
}

static void tenfold_of_what_is_usual(void **state) {
    (void)state;
    rules.below_count = 0;
    int64_t balance = spend(100 * DOLLAR, DOLLAR / 100, 90); /* 5 cents in 5 minutes */
    read(balance -= DOLLAR / 10);
    expect_none();
    read(balance -= DOLLAR / 2);
    const kp_watch_alert *alert = expect(KP_WATCH_DROP, false);
    assert_int_equal(alert->level, DOLLAR / 20);
    assert_int_equal(alert->amount, DOLLAR / 2 + DOLLAR / 10 + 3 * DOLLAR / 100);
    expect_text(alert, "0.63 was spent within 5 minutes, where 0.05 is usual; the balance is 98.5");
    read(balance -= DOLLAR / 2); /* one incident */
    expect_none();
    for (int i = 0; i < 6 && !news.count; i++)
        read(balance -= DOLLAR / 100);
    expect(KP_WATCH_DROP, true);
    assert_int_equal(news.count, 1);
    spend(balance, DOLLAR / 100, 30);
}

static void ten_times_less_a_little_is_usual(void **state) {
    (void)state;
    rules.below_count = 0;
    int64_t balance = spend(100 * DOLLAR, DOLLAR / 100, 90);
    read(balance -= DOLLAR / 2 - 4 * DOLLAR / 100 - 1);
    expect_none();
    read(balance - DOLLAR / 100 - 1); /* 1 cent goes out of the 5 minutes, another one comes */
    expect(KP_WATCH_DROP, false);
}

static void the_first_hour_knows_nothing(void **state) {
    (void)state;
    rules.below_count = 0;
    int64_t balance = 100 * DOLLAR;
    for (int i = 0; i < 60; i++) {
        read(balance -= i % 7 == 3 ? DOLLAR : 0);
        expect_none();
    }
}

static void a_top_up_is_no_drop_and_hides_none(void **state) {
    (void)state;
    rules.below_count = 0;
    int64_t balance = spend(20 * DOLLAR, DOLLAR / 100, 90);
    read(balance += 500 * DOLLAR);
    expect_none();
    balance = spend(balance, DOLLAR / 100, 30);
    read(balance - DOLLAR);
    expect(KP_WATCH_DROP, false);
}

static void what_went_before_today_is_no_alarm(void **state) {
    (void)state;
    rules.below_count = 0;
    int64_t balance = spend(100 * DOLLAR, 0, 90);
    read(balance -= 2 * DOLLAR); /* a nightly batch */
    expect(KP_WATCH_DROP, false);
    for (int i = 0; i < 6; i++)
        read(balance);
    balance = spend(balance, 0, 180);
    read(balance -= 2 * DOLLAR);
    expect_none();
    for (int i = 0; i < 6; i++)
        read(balance);
    spend(balance, 0, 60);
    read(balance - 3 * DOLLAR);
    expect(KP_WATCH_DROP, false);
}

static void an_account_that_rests_may_begin(void **state) {
    (void)state;
    rules.below_count = 0;
    int64_t balance = spend(100 * DOLLAR, 0, 120);
    read(balance -= DOLLAR / 20); /* less than a thousandth */
    expect_none();
    read(balance - DOLLAR / 20);
    expect(KP_WATCH_DROP, false);
}

static void a_fall_over_a_gap_counts_by_its_share(void **state) {
    (void)state;
    rules.below_count = 0;
    int64_t balance = spend(100 * DOLLAR, DOLLAR / 100, 90);
    now += 49 * MINUTE; /* 50 from reading to reading: 5 minutes of it are a tenth */
    read(balance - 4 * DOLLAR);
    expect_none();
    assert_int_equal(watch.points[watch.point_count - 1].gone, 4 * DOLLAR / 10);
}

static void fast_readings_do_not_fill_the_history(void **state) {
    (void)state;
    rules.below_count = 0;
    int64_t balance = 100 * DOLLAR;
    for (int i = 0; i < 7200; i++) {
        read(balance -= 100);
        now += 1000 - MINUTE;
        expect_none();
    }
    assert_true(watch.point_count <= KP_WATCH_POINTS);
    assert_true(watch.points[watch.point_count - 1].ms - watch.points[0].ms >= KP_WATCH_SPAN);
    read(balance - DOLLAR);
    expect(KP_WATCH_DROP, false);
}

static void another_account_begins_anew(void **state) {
    (void)state;
    rules.below_count = 0;
    spend(100 * DOLLAR, DOLLAR / 100, 90);
    news.count = 0;
    kp_watch_success(&watch, &rules, "backup", now, 5 * DOLLAR, -1, &news);
    expect_none();
    assert_int_equal(watch.point_count, 1);
    assert_int_equal(watch.hour_count, 0);
}

static void a_clock_that_goes_back(void **state) {
    (void)state;
    rules.below_count = 0;
    int64_t balance = spend(100 * DOLLAR, DOLLAR / 100, 90);
    now -= 86400000;
    spend(balance, DOLLAR / 100, 90);
    now += 5 * 86400000LL;
    spend(balance - DOLLAR, DOLLAR / 100, 90);
}

/* ---- The books ---- */

static void what_the_books_explain(void **state) {
    (void)state;
    int64_t balance = 100 * DOLLAR, books = 0;
    for (int i = 0; i < 200; i++) {
        books += DOLLAR / 50;
        balance -= DOLLAR / 50;
        read_booked(balance, books);
        expect_none();
    }
}

static void what_they_do_not(void **state) {
    (void)state;
    int64_t balance = 100 * DOLLAR, books = DOLLAR;
    for (int i = 0; i < 62; i++)
        read_booked(balance -= DOLLAR / 50, books += DOLLAR / 50);
    expect_none();
    read_booked(balance -= DOLLAR / 50 + DOLLAR / 100, books += DOLLAR / 50); /* within a tenth and a cent */
    expect_none();
    read_booked(balance -= DOLLAR / 25, books += DOLLAR / 50);
    const kp_watch_alert *alert = expect(KP_WATCH_UNEXPLAINED, false);
    assert_int_equal(alert->amount - alert->level, 3 * DOLLAR / 100);
    for (int i = 0; i < 40; i++) {
        read_booked(balance -= DOLLAR / 25, books += DOLLAR / 50);
        expect_none();
    }
    int told = 0;
    for (int i = 0; i < 130; i++) {
        read_booked(balance -= DOLLAR / 50, books += DOLLAR / 50);
        for (size_t k = 0; k < news.count; k++)
            told += news.list[k].kind == KP_WATCH_UNEXPLAINED && news.list[k].over;
    }
    assert_int_equal(told, 1);
}

static void a_service_may_charge_later(void **state) {
    (void)state;
    int64_t balance = 100 * DOLLAR, books = 0, last = 0;
    for (int i = 0; i < 600; i++) { /* charges come 20 minutes after the books */
        int64_t spent = i % 30 == 0 ? DOLLAR : 0;
        books += spent;
        last = i % 30 == 20 ? DOLLAR : 0;
        read_booked(balance - last, books);
        for (size_t k = 0; k < news.count; k++)
            assert_int_not_equal(news.list[k].kind, KP_WATCH_UNEXPLAINED);
    }
}

static void books_that_begin_a_new_day_and_books_that_are_away(void **state) {
    (void)state;
    int64_t balance = 100 * DOLLAR, books = 5 * DOLLAR;
    for (int i = 0; i < 10; i++)
        read_booked(balance -= DOLLAR / 50, books += DOLLAR / 50);
    read_booked(balance -= DOLLAR / 50, DOLLAR / 50);
    expect_none();
    read_booked(balance -= DOLLAR, -1);
    expect_none();
    read_booked(balance -= DOLLAR, DOLLAR);
    expect_none();
    read_booked(balance + 50 * DOLLAR, DOLLAR);
    expect_none();
}

/* ---- Stale ---- */

static void stale_is_told_with_the_last_reading(void **state) {
    (void)state;
    read(12 * DOLLAR);
    for (int i = 0; i < 9; i++) {
        fails();
        expect_none();
    }
    fails();
    const kp_watch_alert *alert = expect(KP_WATCH_STALE, false);
    assert_int_equal(alert->since_ms, START);
    expect_text(alert, "the balance could not be read for 10 min; it was 12");
    assert_int_equal(watch.balance, 12 * DOLLAR);
    assert_int_equal(watch.success_ms, START);
    fails();
    expect_none();
    read(11 * DOLLAR);
    expect_text(expect(KP_WATCH_STALE, true), "the balance can be read again; it is 11");
    assert_int_equal(news.count, 1);
}

static void a_balance_that_was_never_read(void **state) {
    (void)state;
    for (int i = 0; i < 10; i++) {
        fails();
        expect_none();
    }
    fails();
    expect_text(expect(KP_WATCH_STALE, false), "the balance could not be read yet");
    assert_int_equal(watch.success_ms, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(each_threshold_is_told_once),
        CASE(the_first_reading_is_told_too),
        CASE(a_balance_at_the_threshold_is_not_below),
        CASE(the_floor_comes_alone),
        CASE(a_floor_that_is_configured_away_is_over),
        CASE(tenfold_of_what_is_usual),
        CASE(ten_times_less_a_little_is_usual),
        CASE(the_first_hour_knows_nothing),
        CASE(a_top_up_is_no_drop_and_hides_none),
        CASE(what_went_before_today_is_no_alarm),
        CASE(an_account_that_rests_may_begin),
        CASE(a_fall_over_a_gap_counts_by_its_share),
        CASE(fast_readings_do_not_fill_the_history),
        CASE(another_account_begins_anew),
        CASE(a_clock_that_goes_back),
        CASE(what_the_books_explain),
        CASE(what_they_do_not),
        CASE(a_service_may_charge_later),
        CASE(books_that_begin_a_new_day_and_books_that_are_away),
        CASE(stale_is_told_with_the_last_reading),
        CASE(a_balance_that_was_never_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
