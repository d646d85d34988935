/* test_when.c: tests when.c, with the C library's calendar as oracle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/when.h"
#include "chance.h"

static const int64_t latest = 253402300799999;

static void rfc3339(int64_t ms, const char *expected) {
    kp_buf b;
    kp_buf_init(&b, NULL);
    kp_add_rfc3339(&b, ms);
    assert_string_equal(kp_buf_text(&b), expected);
    kp_buf_free(&b);
}

static void rfc3339_and_its_bounds(void **state) {
    (void)state;
    rfc3339(0, "1970-01-01T00:00:00.000Z");
    rfc3339(1795183200123, "2026-11-20T14:00:00.123Z");
    rfc3339(951782399999, "2000-02-28T23:59:59.999Z");
    rfc3339(951782400000, "2000-02-29T00:00:00.000Z");
    rfc3339(latest, "9999-12-31T23:59:59.999Z");
    rfc3339(latest + 1, "9999-12-31T23:59:59.999Z");
    rfc3339(INT64_MAX, "9999-12-31T23:59:59.999Z");
    rfc3339(-1, "1970-01-01T00:00:00.000Z");
    rfc3339(INT64_MIN, "1970-01-01T00:00:00.000Z");
}

static void rfc3339_as_gmtime_says(void **state) {
    (void)state;
    chance c = {61};
    for (int round = 0; round < chance_rounds(200000); round++) {
        int64_t ms = (int64_t)(chance_u64(&c) % (uint64_t)latest);
        time_t seconds = (time_t)(ms / 1000);
        struct tm t;
        gmtime_r(&seconds, &t);
        char text[80];
        snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                 t.tm_hour, t.tm_min, t.tm_sec, (int)(ms % 1000));
        rfc3339(ms, text);
    }
}

static void durations(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t ms; /* UINT64_MAX: refused */
    } rows[] = {
        {"120", 120000},
        {"120s", 120000},
        {"0", 0},
        {"500ms", 500},
        {"2m", 120000},
        {"1h", 3600000},
        {"1.5s", 1500},
        {"1.5", 1500},
        {"0.25h", 900000},
        {"1.5m", 90000},
        {"0.0009s", 0},
        {"1.9ms", 1},
        {"007s", 7000},
        {"0.1234567890123s", 123},
        {"8784h", 31622400000},
        {"31622400", 31622400000},
        {"31622400000ms", 31622400000},
        {"8784.1h", UINT64_MAX},
        {"31622401", UINT64_MAX},
        {"31622400001ms", UINT64_MAX},
        {"99999999999999999999999999999", UINT64_MAX},
        {"", UINT64_MAX},
        {"s", UINT64_MAX},
        {"-1s", UINT64_MAX},
        {"+1s", UINT64_MAX},
        {" 1s", UINT64_MAX},
        {"1 s", UINT64_MAX},
        {"1s ", UINT64_MAX},
        {".5s", UINT64_MAX},
        {"1.s", UINT64_MAX},
        {"1.", UINT64_MAX},
        {"1d", UINT64_MAX},
        {"1S", UINT64_MAX},
        {"1,5s", UINT64_MAX},
        {"1h30m", UINT64_MAX},
        {"1e3", UINT64_MAX},
        {"inf", UINT64_MAX},
        {"1.5.2s", UINT64_MAX},
        {"2ms2", UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t ms = UINT64_MAX;
        bool good = kp_parse_duration(rows[i].text, strlen(rows[i].text), &ms);
        if (good != (rows[i].ms != UINT64_MAX) || ms != rows[i].ms)
            fail_msg("%s gives %llu", rows[i].text, (unsigned long long)ms);
    }
    uint64_t ms = 0;
    assert_false(kp_parse_duration(NULL, 0, &ms));
    assert_false(kp_parse_duration("1", 1, NULL));
    assert_false(kp_parse_duration("1\0s", 3, &ms));
}

static void durations_for_people(void **state) {
    (void)state;
    static const struct {
        uint64_t ms;
        const char *text;
    } rows[] = {
        {0, "0 ms"},         {800, "800 ms"},   {1000, "1 s"},     {1001, "2 s"},
        {12000, "12 s"},     {60000, "1 min"},  {61000, "61 s"},   {119000, "119 s"},
        {120000, "2 min"},   {120001, "3 min"}, {300000, "5 min"}, {3600000, "1 h"},
        {5400000, "90 min"}, {10800000, "3 h"}, {10800001, "4 h"}, {UINT64_MAX, "5124095576031 h"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kp_buf b;
        kp_buf_init(&b, NULL);
        kp_add_duration(&b, rows[i].ms);
        assert_string_equal(kp_buf_text(&b), rows[i].text);
        kp_buf_free(&b);
    }
}

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

static void http_dates_of_all_three_forms(void **state) {
    (void)state;
    chance c = {71};
    for (int round = 0; round < chance_rounds(100000); round++) {
        time_t then = (time_t)(chance_u64(&c) % (uint64_t)(latest / 1000));
        bool short_year = chance_below(&c, 3) == 0;
        if (short_year)
            then %= 3155760000; /* to 2069 */
        struct tm t;
        gmtime_r(&then, &t);
        char text[80];
        int year = t.tm_year + 1900;
        if (short_year && year < 2070)
            snprintf(text, sizeof text, "%s, %02d-%s-%02d %02d:%02d:%02d GMT", days[t.tm_wday], t.tm_mday,
                     months[t.tm_mon], year % 100, t.tm_hour, t.tm_min, t.tm_sec);
        else if (chance_below(&c, 2))
            snprintf(text, sizeof text, "%.3s, %02d %s %04d %02d:%02d:%02d GMT", days[t.tm_wday], t.tm_mday,
                     months[t.tm_mon], year, t.tm_hour, t.tm_min, t.tm_sec);
        else
            snprintf(text, sizeof text, "%.3s %s %2d %02d:%02d:%02d %04d", days[t.tm_wday], months[t.tm_mon], t.tm_mday,
                     t.tm_hour, t.tm_min, t.tm_sec, year);
        int64_t ms = -1;
        if (!kp_parse_http_date(text, strlen(text), &ms) || ms != (int64_t)then * 1000)
            fail_msg("%s", text);
        /* no end is optional, no byte may follow, none may be read behind the end */
        size_t cut = chance_below(&c, strlen(text));
        assert_false(kp_parse_http_date(text, cut, &ms));
        assert_false(kp_parse_http_date(text, strlen(text) + 1, &ms));
    }
}

static void http_dates_that_are_none(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "now",
        "2026-11-20T14:00:00Z",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 2023 08:49:37 GMT",
        "Sun, 29 Feb 2100 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Xyz 1994 08:49:37 GMT",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08:49:3x GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 94",
        "Sun Nov   08:49:37 1994",
        ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,",
    };
    int64_t ms = 5;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (kp_parse_http_date(bad[i], strlen(bad[i]), &ms))
            fail_msg("taken: %s", bad[i]);
    assert_false(kp_parse_http_date(NULL, 0, &ms));
    assert_false(kp_parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", 29, NULL));
    assert_int_equal(ms, 5);
    assert_true(kp_parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", 29, &ms));
    assert_int_equal(ms, 784111777000);
    assert_true(kp_parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", 29, &ms)); /* a leap second */
    assert_int_equal(ms, 1483228800000);
    assert_true(kp_parse_http_date("Sat, 29 Feb 2400 00:00:00 GMT", 29, &ms));
    assert_true(kp_parse_http_date("Mon, 01 Jan 0001 00:00:00 GMT", 29, &ms));
    assert_int_equal(ms, -62135596800000);
}

static const int64_t now = 784111777000; /* Sun, 06 Nov 1994 08:49:37 GMT */
static const uint64_t deadline = 90000;

static void retry_after(const char *text, uint64_t expected) {
    uint64_t ms = UINT64_MAX;
    bool good = kp_parse_retry_after(text, strlen(text), now, deadline, &ms);
    if (good != (expected != UINT64_MAX) || ms != expected)
        fail_msg("%s gives %llu", text, (unsigned long long)ms);
}

static void t9_retry_after_seconds(void **state) {
    (void)state;
    retry_after("0", 0);
    retry_after("7", 7000);
    retry_after(" 7\t", 7000);
    retry_after("007", 7000);
    retry_after("90", 90000);
}

static void t9_retry_after_clamped_to_the_deadline(void **state) {
    (void)state;
    retry_after("91", deadline);
    retry_after("9999999", deadline);
    retry_after("18446744073709551", deadline);
    retry_after("18446744073709552", deadline);
    retry_after("18446744073709551616", deadline);
    retry_after("999999999999999999999999999999999999999999999999999999999999", deadline);
    retry_after("Fri, 31 Dec 9999 23:59:59 GMT", deadline);
    uint64_t ms = 1;
    assert_true(kp_parse_retry_after("5", 1, now, 0, &ms));
    assert_int_equal(ms, 0);
    static const char most[] = "99999999999999999999999999";
    for (size_t len = 1; len < sizeof most; len++) {
        uint64_t before = ms;
        assert_true(kp_parse_retry_after(most, len, now, UINT64_MAX, &ms));
        assert_true(ms >= before || len > 17); /* saturates, does not wrap to nothing */
        assert_true(ms >= 9000);
    }
}

static void t9_retry_after_date(void **state) {
    (void)state;
    retry_after("Sun, 06 Nov 1994 08:50:00 GMT", 23000);
    retry_after("Sunday, 06-Nov-94 08:50:00 GMT", 23000);
    retry_after("Sun Nov  6 08:50:00 1994", 23000);
    retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 0);
    retry_after("Sun, 06 Nov 1994 08:49:36 GMT", 0);
    retry_after("Mon, 01 Jan 0001 00:00:00 GMT", 0);
    uint64_t ms = 0;
    assert_true(kp_parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", 29, INT64_MIN, UINT64_MAX, &ms));
    assert_true(ms == (uint64_t)(latest - 999) + (uint64_t)INT64_MAX + 1);
    assert_true(kp_parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", 29, INT64_MAX, UINT64_MAX, &ms));
    assert_int_equal(ms, 0);
}

static void t9_retry_after_negative(void **state) {
    (void)state;
    retry_after("-1", UINT64_MAX);
    retry_after("-0", UINT64_MAX);
    retry_after("-9999999", UINT64_MAX);
}

static void t9_retry_after_garbage(void **state) {
    (void)state;
    static const char *const bad[] = {
        "", " ", "soon", "1.5", "+5", "5s", "5, 6", "0x10", "1e3", "NaN", "Sun, 06 Nov 1994", "\xff\xfe"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        retry_after(bad[i], UINT64_MAX);
    uint64_t ms = 0;
    assert_false(kp_parse_retry_after(NULL, 0, now, deadline, &ms));
    assert_false(kp_parse_retry_after("5", 1, now, deadline, NULL));
    assert_false(kp_parse_retry_after("5\0", 2, now, deadline, &ms));
    chance c = {81};
    for (int round = 0; round < chance_rounds(100000); round++) {
        char text[32];
        size_t len = chance_below(&c, sizeof text);
        static const char some[] = "SunModay, 0123456789-:GMTNovJan";
        for (size_t i = 0; i < len; i++)
            text[i] = some[chance_below(&c, sizeof some - 1)];
        ms = 0;
        if (kp_parse_retry_after(text, len, now, deadline, &ms))
            assert_true(ms <= deadline);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc3339_and_its_bounds),
        cmocka_unit_test(rfc3339_as_gmtime_says),
        cmocka_unit_test(durations),
        cmocka_unit_test(durations_for_people),
        cmocka_unit_test(http_dates_of_all_three_forms),
        cmocka_unit_test(http_dates_that_are_none),
        cmocka_unit_test(t9_retry_after_seconds),
        cmocka_unit_test(t9_retry_after_clamped_to_the_deadline),
        cmocka_unit_test(t9_retry_after_date),
        cmocka_unit_test(t9_retry_after_negative),
        cmocka_unit_test(t9_retry_after_garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
