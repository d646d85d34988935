/* test_window.c: time windows: what is read, what is refused, and when they are open. */
#include "base/error.h"
#include "chance.h"
#include "failing.h"
#include "policy/window.h"
#include "zone_case.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

/* Monday 2026-03-23 00:00 UTC, and the same of local clocks. */
static const int64_t monday = 1774224000;

static void give_rule(kp_windows *ws, size_t i, const char *rule) {
    zone_file f = {.version = '3', .types = 1, .rule = rule};
    kp_buf bytes = zone_bytes(&f);
    assert_int_equal(kp_windows_give(ws, i, bytes.data, bytes.len, NULL), 0);
    kp_buf_free(&bytes);
}

/* Windows whose zones, if there are any, are all Berlin's. */
static kp_windows *windows(const char *text) {
    kp_windows *ws = NULL;
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    if (kp_windows_parse(text, strlen(text), &ws, &problem) != 0)
        fail_msg("%s: %s", text, kp_buf_text(&problem));
    for (size_t i = 0; kp_windows_zone(ws, i); i++)
        give_rule(ws, i, RULE_BERLIN);
    return ws;
}

static bool is_open(const kp_windows *ws, int64_t unix_s) {
    bool open = kp_windows_open(ws, unix_s * 1000);
    assert_int_equal(kp_windows_open(ws, unix_s * 1000 + 999), open);
    assert_int_equal(kp_windows_next(ws, unix_s * 1000) == unix_s * 1000, open);
    return open;
}

static void next_is(const kp_windows *ws, int64_t from, int64_t want) {
    assert_int_equal(kp_windows_next(ws, from * 1000), want * 1000);
}

static void days_of_the_week(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *days; /* from Monday on */
    } cases[] = {
        {"09:00-17:00", "xxxxxxx"},         {"Mon 09:00-17:00", "x......"},
        {"Mon-Fri 09:00-17:00", "xxxxx.."}, {"mon,WED 09:00-17:00 UTC", "x.x...."},
        {"Fri-Mon 09:00-17:00", "x...xxx"}, {"Sun-Mon,Thu-Thu,Thu\t09:00-17:00", "x..x..x"},
        {"Mon-Sun 09:00-17:00", "xxxxxxx"}, {" Sat 09:00-17:00 ; Sun 09:00-17:00 ", ".....xx"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kp_windows *ws = windows(cases[i].text);
        for (int day = 0; day < 14; day++) {
            bool open = cases[i].days[day % 7] == 'x';
            int64_t midnight = monday + (int64_t)day * DAY;
            assert_int_equal(is_open(ws, midnight + 9 * HOUR), open);
            assert_int_equal(is_open(ws, midnight + 17 * HOUR - 1), open);
            assert_false(is_open(ws, midnight + 9 * HOUR - 1) || is_open(ws, midnight + 17 * HOUR));
        }
        kp_windows_free(ws);
    }
}

static void over_midnight(void **state) {
    (void)state;
    kp_windows *ws = windows("Mon,Wed 22:00-06:00 UTC");
    assert_true(is_open(ws, monday + 22 * HOUR) && is_open(ws, monday + DAY + 6 * HOUR - 1));
    assert_false(is_open(ws, monday + 22 * HOUR - 1) || is_open(ws, monday + DAY + 6 * HOUR));
    assert_false(is_open(ws, monday + HOUR) || is_open(ws, monday + DAY + 23 * HOUR));
    assert_true(is_open(ws, monday + 3 * DAY));
    next_is(ws, monday + DAY + 6 * HOUR, monday + 2 * DAY + 22 * HOUR);
    next_is(ws, monday + 3 * DAY + 6 * HOUR, monday + 7 * DAY + 22 * HOUR);
    kp_windows_free(ws);
    ws = windows("Mon 22:00-00:00; Fri 00:00-24:00");
    assert_true(is_open(ws, monday + DAY - 1) && is_open(ws, monday + 4 * DAY) && is_open(ws, monday + 5 * DAY - 1));
    assert_false(is_open(ws, monday + DAY) || is_open(ws, monday + 4 * DAY - 1) || is_open(ws, monday + 5 * DAY));
    kp_windows_free(ws);
    ws = windows("Sun 09:00-08:59");
    assert_true(is_open(ws, monday) && is_open(ws, monday + 9 * HOUR - MINUTE - 1));
    assert_false(is_open(ws, monday + 9 * HOUR - MINUTE));
    kp_windows_free(ws);
}

static void local_clock_in_summer_and_winter(void **state) {
    (void)state;
    kp_windows *ws = windows("09:00-17:00 Europe/Berlin");
    int64_t saturday = monday + 5 * DAY, sunday = saturday + DAY; /* the clock goes forward on this Sunday */
    assert_true(is_open(ws, saturday + 8 * HOUR) && is_open(ws, saturday + 16 * HOUR - 1));
    assert_false(is_open(ws, saturday + 8 * HOUR - 1) || is_open(ws, saturday + 16 * HOUR));
    assert_true(is_open(ws, sunday + 7 * HOUR) && is_open(ws, sunday + 15 * HOUR - 1));
    assert_false(is_open(ws, sunday + 7 * HOUR - 1) || is_open(ws, sunday + 15 * HOUR));
    next_is(ws, saturday + 16 * HOUR, sunday + 7 * HOUR);
    kp_windows_free(ws);
    ws = windows("Mon 09:00-10:00 Europe/Berlin");
    next_is(ws, monday + 9 * HOUR, monday + 7 * DAY + 7 * HOUR);
    next_is(ws, BERLIN_AUTUMN - DAY, BERLIN_AUTUMN + DAY + 7 * HOUR); /* Monday 09:00 is 08:00 UTC again */
    kp_windows_free(ws);
}

static void start_in_a_gap(void **state) {
    (void)state;
    const int64_t spring = BERLIN_SPRING;
    kp_windows *ws = windows("02:30-05:00 Europe/Berlin");
    assert_true(is_open(ws, spring - DAY + 1800)); /* 02:30 of the day before */
    assert_false(is_open(ws, spring - 1));
    assert_true(is_open(ws, spring) && is_open(ws, spring + 2 * HOUR - 1)); /* 03:00 and 04:59:59 */
    assert_false(is_open(ws, spring + 2 * HOUR));
    next_is(ws, spring - HOUR, spring);
    kp_windows_free(ws);
    ws = windows("02:15-02:45 Europe/Berlin"); /* on that day the clock never shows it */
    for (int64_t s = -10 * HOUR; s < 10 * HOUR; s += 300)
        assert_false(is_open(ws, spring + s));
    next_is(ws, spring - HOUR, spring + DAY - HOUR + 900);
    kp_windows_free(ws);
    ws = windows("02:00-03:00 Europe/Berlin"); /* the gap itself */
    assert_false(is_open(ws, spring - 1) || is_open(ws, spring));
    next_is(ws, spring - HOUR, spring + DAY - HOUR);
    kp_windows_free(ws);
}

static void an_hour_that_comes_twice(void **state) {
    (void)state;
    const int64_t autumn = BERLIN_AUTUMN;
    kp_windows *ws = windows("Sun 02:15-02:45 Europe/Berlin");
    int open = 0;
    for (int64_t s = -12 * HOUR; s < 12 * HOUR; s += MINUTE)
        open += is_open(ws, autumn + s);
    assert_int_equal(open, 60);
    next_is(ws, autumn - 10 * HOUR, autumn - HOUR + 900);
    next_is(ws, autumn - HOUR + 2700, autumn + 900);
    next_is(ws, autumn + 2700, autumn + 7 * DAY + 900);
    kp_windows_free(ws);
    ws = windows("01:00-02:30 Europe/Berlin"); /* closed at the first 02:30, open again when the clock goes back */
    assert_false(is_open(ws, autumn - 1));
    assert_true(is_open(ws, autumn));
    next_is(ws, autumn - 1, autumn);
    kp_windows_free(ws);
}

static void several_zones(void **state) {
    (void)state;
    kp_windows *ws = NULL;
    const char *text =
        "Mon 09:00-10:00 Asia/Kolkata;Mon 09:00-10:00 UTC;Mon 20:00-21:00 Asia/Kolkata;Tue 09:00-10:00 EST5EDT";
    assert_int_equal(kp_windows_parse(text, strlen(text), &ws, NULL), 0);
    assert_string_equal(kp_windows_zone(ws, 0), "Asia/Kolkata");
    assert_string_equal(kp_windows_zone(ws, 1), "EST5EDT");
    assert_null(kp_windows_zone(ws, 2));
    next_is(ws, monday, monday + 9 * HOUR); /* no file: never open */
    assert_int_equal(kp_windows_next(ws, (monday + 10 * HOUR) * 1000), (monday + 7 * DAY + 9 * HOUR) * 1000);
    give_rule(ws, 0, "IST-5:30");
    next_is(ws, monday, monday + 3 * HOUR + 1800);
    next_is(ws, monday + 5 * HOUR, monday + 9 * HOUR);
    next_is(ws, monday + 10 * HOUR, monday + 14 * HOUR + 1800);
    give_rule(ws, 1, "EST5");
    next_is(ws, monday + DAY, monday + DAY + 14 * HOUR);
    give_rule(ws, 1, "EST4"); /* a newer file */
    next_is(ws, monday + DAY, monday + DAY + 13 * HOUR);
    kp_windows_free(ws);
}

static void milliseconds(void **state) {
    (void)state;
    kp_windows *ws = windows("09:00-17:00");
    assert_int_equal(kp_windows_next(ws, (monday + 9 * HOUR) * 1000 - 1), (monday + 9 * HOUR) * 1000);
    assert_int_equal(kp_windows_next(ws, (monday + 9 * HOUR) * 1000 + 5), (monday + 9 * HOUR) * 1000 + 5);
    assert_int_equal(kp_windows_next(ws, (monday + 17 * HOUR) * 1000 - 1), (monday + 17 * HOUR) * 1000 - 1);
    assert_true(kp_windows_open(ws, -14 * HOUR * 1000LL)); /* 10:00 of 1969-12-31 */
    assert_int_equal(kp_windows_next(ws, -1), 9 * HOUR * 1000LL);
    kp_windows_free(ws);
}

/* Against a walk from minute to minute, across both changes of the clock. */
static void next_as_a_walk_finds_it(void **state) {
    (void)state;
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    chance dice = {2027};
    for (int round = 0; round < 400; round++) {
        char text[100];
        int start = (int)chance_below(&dice, 24 * 60), end = (int)chance_below(&dice, 24 * 60);
        if (round % 2) /* about the change */
            start = (int)chance_below(&dice, 4 * 60), end = (int)chance_below(&dice, 4 * 60);
        snprintf(text, sizeof text, "%s-%s %02d:%02d-%02d:%02d %s", names[chance_below(&dice, 7)],
                 names[chance_below(&dice, 7)], start / 60, start % 60, end == start ? 24 : end / 60,
                 end == start ? 0 : end % 60, round % 5 ? "Europe/Berlin" : "");
        kp_windows *ws = windows(text);
        int64_t middle = round % 3 ? BERLIN_SPRING : BERLIN_AUTUMN;
        int64_t from = middle - 3 * DAY + (int64_t)chance_below(&dice, 4 * 24 * 60) * MINUTE, walk = from;
        while (!is_open(ws, walk))
            walk += MINUTE;
        if (kp_windows_next(ws, from * 1000) != walk * 1000)
            fail_msg("%s from %lld", text, (long long)from);
        kp_windows_free(ws);
    }
}

static void wrong_texts(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *said;
    } cases[] = {
        {"", "window 1: nothing stands there"},
        {"09:00-17:00;", "window 2: nothing stands there"},
        {";", "window 1: nothing stands there"},
        {"Mon", "window 1: the times are"},
        {"Mon-Fri", "window 1: the times are"},
        {"Monday 09:00-17:00", "window 1: days are"},
        {"Mon- 09:00-17:00", "window 1: days are"},
        {"Mon, 09:00-17:00", "window 1: days are"},
        {",Mon 09:00-17:00", "window 1: days are"},
        {"Mon-Tue-Wed 09:00-17:00", "window 1: days are"},
        {"9:00-17:00", "window 1: the times are"},
        {"09:00", "window 1: the times are"},
        {"09:00 - 17:00", "window 1: the times are"},
        {"09:00-17", "window 1: the times are"},
        {"09:60-17:00", "window 1: the times are"},
        {"09:00-24:01", "window 1: the times are"},
        {"09:00-25:00", "window 1: the times are"},
        {"-9:00-17:00", "window 1: days are"},
        {"24:00-06:00", "window 1: no window starts at 24:00"},
        {"10:00-10:00", "window 1: a window from a time to the same time"},
        {"00:00-00:00", "window 1: a window from a time to the same time"},
        {"09:00-17:00 ../etc/passwd", "window 1: a zone is a name"},
        {"09:00-17:00 /etc/passwd", "window 1: a zone is a name"},
        {"09:00-17:00 Mon-Fri", "window 1: days stand before the times"},
        {"09:00-17:00 sat", "window 1: days stand before the times"},
        {"09:00-17:00 UTC Mon", "window 1: more stands behind the zone"},
        {"09:00-17:00 UTC, 18:00-19:00", "window 1: a zone is a name"},
        {"09:00-17:00; Mon x", "window 2: the times are"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kp_windows *ws = (kp_windows *)&ws;
        kp_buf problem;
        kp_buf_init(&problem, NULL);
        assert_int_equal(kp_windows_parse(cases[i].text, strlen(cases[i].text), &ws, &problem), KP_E_CONFIG);
        assert_null(ws);
        if (strncmp(kp_buf_text(&problem), cases[i].said, strlen(cases[i].said)) != 0)
            fail_msg("'%s' gave '%s'", cases[i].text, kp_buf_text(&problem));
        kp_buf_free(&problem);
    }
}

/* Somebody's key in the wrong place is not repeated, wherever it stands. */
static void nothing_is_repeated(void **state) {
    (void)state;
    static const char *const forms[] = {"%s", "%s 09:00-17:00", "09:00-%s", "09:00-17:00 %s", "09:00-17:00 UTC %s"};
    chance dice = {5};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char key[33], text[100];
        for (size_t k = 0; k < 32; k++)
            key[k] = "0123456789abcdef"[k < 4 ? k + 1 : chance_below(&dice, 16)];
        key[32] = '\0';
        snprintf(text, sizeof text, forms[i], key);
        kp_windows *ws = NULL;
        kp_buf problem;
        kp_buf_init(&problem, NULL);
        assert_int_equal(kp_windows_parse(text, strlen(text), &ws, &problem), KP_E_CONFIG);
        assert_true(problem.len > 0);
        assert_null(strstr(kp_buf_text(&problem), "1234"));
        kp_buf_free(&problem);
    }
}

static void too_many_too_long_and_zones_that_fail(void **state) {
    (void)state;
    kp_buf text, problem;
    kp_windows *ws = NULL;
    kp_buf_init(&text, NULL);
    kp_buf_init(&problem, NULL);
    for (int i = 0; i < 32; i++)
        kp_buf_fmt(&text, "%s09:00-17:00 Zone%d", i ? ";" : "", i);
    assert_int_equal(kp_windows_parse(text.data, text.len, &ws, &problem), 0);
    assert_string_equal(kp_windows_zone(ws, 31), "Zone31");
    assert_int_equal(kp_windows_give(ws, 31, "TZif", 4, &problem), KP_E_CONFIG);
    assert_string_equal(kp_buf_text(&problem), "the time zone Zone31 cannot be used: the file ends too early");
    assert_int_equal(kp_windows_give(ws, 32, "TZif", 4, &problem), KP_E_MISUSE);
    const char *why = "";
    assert_string_equal(kp_windows_missing(ws, &why), "Zone0");
    assert_null(why);
    kp_windows_miss(ws, 0, "it is lost");
    kp_windows_miss(ws, 32, "it is lost");
    assert_string_equal(kp_windows_missing(ws, &why), "Zone0");
    assert_string_equal(why, "it is lost");
    for (size_t i = 0; i < 31; i++)
        give_rule(ws, i, RULE_BERLIN);
    assert_string_equal(kp_windows_missing(ws, &why), "Zone31");
    assert_string_equal(why, "the file ends too early");
    give_rule(ws, 31, RULE_BERLIN);
    assert_null(kp_windows_missing(ws, &why));
    assert_null(why);
    kp_windows_free(ws);
    assert_int_equal(kp_windows_parse(text.data, text.len, &ws, &problem), 0);
    assert_int_equal(kp_windows_next(ws, 0), INT64_MAX);
    assert_false(kp_windows_open(ws, 0));
    kp_windows_free(ws);
    kp_buf_str(&text, ";09:00-17:00");
    assert_int_equal(kp_windows_parse(text.data, text.len, &ws, NULL), KP_E_CONFIG);
    while (text.len <= KP_WINDOW_TEXT_MOST)
        kp_buf_char(&text, ' ');
    kp_buf_clear(&problem);
    assert_int_equal(kp_windows_parse(text.data, text.len, &ws, &problem), KP_E_CONFIG);
    assert_string_equal(kp_buf_text(&problem), "the windows are longer than 2048 characters");
    kp_buf_free(&text);
    kp_buf_free(&problem);
}

static void null_arguments_and_the_ends_of_time(void **state) {
    (void)state;
    kp_windows *ws = NULL;
    assert_int_equal(kp_windows_parse(NULL, 5, &ws, NULL), KP_E_CONFIG);
    assert_int_equal(kp_windows_parse("09:00-17:00", 11, NULL, NULL), KP_E_MISUSE);
    assert_int_equal(kp_windows_give(NULL, 0, NULL, 0, NULL), KP_E_MISUSE);
    assert_null(kp_windows_zone(NULL, 0));
    assert_null(kp_windows_missing(NULL, NULL));
    kp_windows_miss(NULL, 0, "it is lost");
    assert_false(kp_windows_open(NULL, 0));
    assert_int_equal(kp_windows_next(NULL, 0), INT64_MAX);
    kp_windows_free(NULL);
    ws = windows("Mon 09:00-17:00 Europe/Berlin; Tue 22:00-02:00");
    assert_int_equal(kp_windows_give(ws, 0, NULL, 0, NULL), KP_E_CONFIG);
    assert_int_equal(kp_windows_next(ws, INT64_MAX), INT64_MAX);
    assert_true(kp_windows_next(ws, INT64_MIN) >= INT64_MIN);
    kp_windows_open(ws, INT64_MAX);
    kp_windows_open(ws, INT64_MIN);
    kp_windows_free(ws);
}

static void each_allocation_fails(void **state) {
    (void)state;
    kp_windows *ws = NULL;
    failing_start(0, true);
    int code = kp_windows_parse("09:00-17:00 A", 13, &ws, NULL);
    assert_true(failing_stop());
    assert_int_equal(code, KP_E_MEMORY);
    assert_null(ws);
    ws = windows("09:00-17:00 A");
    zone_file f = {.version = '3', .types = 1, .rule = "EST5"};
    kp_buf bytes = zone_bytes(&f);
    failing_start(0, true);
    code = kp_windows_give(ws, 0, bytes.data, bytes.len, NULL);
    assert_true(failing_stop());
    assert_int_equal(code, KP_E_MEMORY);
    next_is(ws, monday, monday + 8 * HOUR); /* Berlin's is still there */
    kp_buf_free(&bytes);
    kp_windows_free(ws);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_of_the_week),
        cmocka_unit_test(over_midnight),
        cmocka_unit_test(local_clock_in_summer_and_winter),
        cmocka_unit_test(start_in_a_gap),
        cmocka_unit_test(an_hour_that_comes_twice),
        cmocka_unit_test(several_zones),
        cmocka_unit_test(milliseconds),
        cmocka_unit_test(next_as_a_walk_finds_it),
        cmocka_unit_test(wrong_texts),
        cmocka_unit_test(nothing_is_repeated),
        cmocka_unit_test(too_many_too_long_and_zones_that_fail),
        cmocka_unit_test(null_arguments_and_the_ends_of_time),
        cmocka_unit_test(each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
