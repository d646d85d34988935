/* test_balance_form.c: what a watch over a balance remembers, as text and back; any readings at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chance.h"
#include "watch_case.h"

static void what_is_no_state_is_none(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "-",
                                        "w1;",
                                        "w2;a;1,2,3;00000;;-1,0,0,0,0,0,0;;",
                                        "w1;a;1,2,3;00000;;-1,0,0,0,0,0,0;",
                                        "w1;a;1,2,3;00000;;-1,0,0,0,0,0,0;;;",
                                        "w1;a;1,2;00000;;-1,0,0,0,0,0,0;;",
                                        "w1;a;1,2,x;00000;;-1,0,0,0,0,0,0;;",
                                        "w1;a;1,2,3;0000;;-1,0,0,0,0,0,0;;",
                                        "w1;a;1,2,3;00002;;-1,0,0,0,0,0,0;;",
                                        "w1;a;1,2,3;00000;1,;-1,0,0,0,0,0,0;;",
                                        "w1;a;1,2,3;00000;;-2,0,0,0,0,0,0;;",
                                        "w1;a;1,2,3;00000;;-1,0,0,0,0,0,2;;",
                                        "w1;a;1,2,3;00000;;-1,0,0,0,0,0,0;5,1;",
                                        "w1;a;1,2,3;00000;;-1,0,0,0,0,0,0;5,1,0,5,1,0;",
                                        "w1;a;1,2,3;00000;;-1,0,0,0,0,0,0;9000000000001,1,0;",
                                        "w1;a;1,2,3;00000;;-1,0,0,0,0,0,0;5,1,-1;",
                                        "w1;a;1,2,3;00000;;-1,0,0,0,0,0,0;;1,2,3",
                                        "w1;a;1,2,3;00000;;-1,0,0,0,0,0,0;;2,0,0,0,1,0,0,0",
                                        "w1;a;99999999999999999999,2,3;00000;;-1,0,0,0,0,0,0;;",
                                        "w1;123456789012345678901234567890123;1,2,3;00000;;-1,0,0,0,0,0,0;;"};
    assert_true(kp_watch_read(&watch, "w1;a;1,2,3;00000;;-1,0,0,0,0,0,0;;", 34));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (kp_watch_read(&watch, texts[i], strlen(texts[i])))
            fail_msg("%s is taken", texts[i]);
        assert_int_equal(watch.begun_ms, 0);
        assert_int_equal(watch.books, -1);
    }
    assert_false(kp_watch_read(&watch, NULL, 0));
    assert_false(kp_watch_read(NULL, "w1", 2));
}

/* Whatever is read back can be gone on with: sums stop, nothing overflows, the text stays within its bound. */
static void any_state_and_any_reading(void **state) {
    (void)state;
    chance c = {20261121};
    for (int round = 0; round < chance_rounds(2000); round++) {
        kp_buf text;
        kp_buf_init(&text, NULL);
        begin(NULL);
        rules.floor = (int64_t)chance_below(&c, 1000000);
        for (int i = 0; i < 40; i++) {
            int64_t most = chance_below(&c, 4) ? 100 * DOLLAR : 1000000000000000;
            int64_t balance = (int64_t)chance_below(&c, (size_t)most) - most / 4;
            now += (int64_t)chance_below(&c, chance_below(&c, 8) ? 400000 : 90000000);
            read_booked(balance, chance_below(&c, 3) ? (int64_t)chance_below(&c, 1000000000) : -1);
            assert_true(news.count <= KP_WATCH_NEWS);
        }
        kp_watch_write(&watch, &text);
        text.data[chance_below(&c, text.len)] = "0123456789,;-"[chance_below(&c, 13)];
        if (kp_watch_read(&watch, text.data, text.len)) {
            news.count = 0;
            kp_watch_success(&watch, &rules, "primary", now, DOLLAR, -1, &news);
        }
        kp_buf_free(&text);
    }
}

static void a_full_history_fits(void **state) {
    (void)state;
    kp_buf text;
    kp_buf_init(&text, NULL);
    watch = (kp_watch){.begun_ms = 8999999999999, .success_ms = 8999999999999, .balance = -999999999999999};
    memset(watch.who, 'a', sizeof watch.who - 1);
    watch.below_count = KP_WATCH_LEVELS;
    watch.point_count = KP_WATCH_POINTS;
    watch.hour_count = KP_WATCH_HOURS;
    for (size_t i = 0; i < KP_WATCH_LEVELS; i++)
        watch.below[i] = 999999999999999;
    for (size_t i = 0; i < KP_WATCH_POINTS; i++)
        watch.points[i] = (kp_watch_point){8999999999000 + (int64_t)i, -999999999999999, 1000000000000000000};
    for (size_t i = 0; i < KP_WATCH_HOURS; i++)
        watch.hours[i] = (kp_watch_hour){2499900 + (int64_t)i, 8999999999999, 1000000000000000000, 1000000000000000000};
    watch.books = watch.books_fell = watch.books_had = watch.books_most = watch.books_credit = 1000000000000000000;
    through_text();
    kp_buf_free(&text);
}

static void nothing_is_nothing(void **state) {
    (void)state;
    kp_watch_success(NULL, &rules, "a", 1, 1, 1, &news);
    kp_watch_success(&watch, NULL, "a", 1, 1, 1, &news);
    kp_watch_success(&watch, &rules, NULL, 1, 1, 1, &news);
    kp_watch_success(&watch, &rules, "a", 1, 1, 1, NULL);
    kp_watch_failure(NULL, NULL, 1, NULL);
    kp_watch_write(NULL, NULL);
    kp_watch_say(NULL, NULL);
    assert_string_equal(kp_watch_level(NULL), "info");
    assert_non_null(kp_watch_advice(NULL));
    assert_string_equal(kp_watch_name(KP_WATCH_KINDS), "balance");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(what_is_no_state_is_none),
        CASE(any_state_and_any_reading),
        CASE(a_full_history_fits),
        CASE(nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
