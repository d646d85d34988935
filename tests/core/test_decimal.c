/* test_decimal.c: tests decimal.c. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/decimal.h"
#include "base/when.h"
#include "chance.h"

#define TEN "0000000000"

typedef struct row {
    const char *text;
    bool plain, json; /* which of the two readers takes it */
    int64_t micro;
} row;

static void check(const row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *text = rows[i].text;
        int64_t micro = 0;
        if (kp_parse_micro(text, strlen(text), &micro) != rows[i].plain || micro != (rows[i].plain ? rows[i].micro : 0))
            fail_msg("kp_parse_micro: %s", text);
        micro = 0;
        if (kp_parse_micro_json(text, strlen(text), &micro) != rows[i].json ||
            micro != (rows[i].json ? rows[i].micro : 0))
            fail_msg("kp_parse_micro_json: %s", text);
    }
}

static void amounts(void **state) {
    (void)state;
    static const row rows[] = {
        {"0", true, true, 0},
        {"0.0", true, true, 0},
        {"1", true, true, 1000000},
        {"12.345", true, true, 12345000},
        {"-0.5", true, true, -500000},
        {"0.000001", true, true, 1},
        {"-0.000001", true, true, -1},
        {"0.0000019", true, true, 1},
        {"-0.0000019", true, true, -1},
        {"0.1234567890123456789012345", true, true, 123456},
        {"1000000000", true, true, KP_MICRO_MAX},
        {"-1000000000.0", true, true, -KP_MICRO_MAX},
        {"1000000000.0000009", true, true, KP_MICRO_MAX},
        {"1000000000.000001", false, false, 0},
        {"-1000000001", false, false, 0},
        {"0.0000001", true, true, 1}, /* never nothing */
        {"-0.0000009", true, true, -1},
        {"0.0000000000", true, true, 0},
        {"007.5", true, false, 7500000},
        {"00", true, false, 0},
    };
    check(rows, sizeof rows / sizeof rows[0]);
}

static void exponents_in_json_only(void **state) {
    (void)state;
    static const row rows[] = {
        {"1.5e1", false, true, 15000000},
        {"1.5E+1", false, true, 15000000},
        {"15e-1", false, true, 1500000},
        {"-1e-6", false, true, -1},
        {"19e-7", false, true, 1},
        {"123456789e-8", false, true, 1234567},
        {"1e9", false, true, KP_MICRO_MAX},
        {"4e-7", false, true, 1},
        {"1e-40", false, true, 1},
        {"-1e-40", false, true, -1},
        {"0e-40", false, true, 0},
        {"1e10", false, false, 0},
        {"0.0000000001e19", false, true, KP_MICRO_MAX},
        {"0e10", false, true, 0},
        {"1e", false, false, 0},
        {"1e+", false, false, 0},
        {"1e-", false, false, 0},
        {"e1", false, false, 0},
        {"1e1.0", false, false, 0},
        {"1e 1", false, false, 0},
        {"1.e1", false, false, 0},
    };
    check(rows, sizeof rows / sizeof rows[0]);
}

static void p2_numbers_that_no_service_means(void **state) {
    (void)state;
    static const row rows[] = {
        {"1e999", false, false, 0},
        {"1e-999", false, false, 0},
        {"-1e99999999999999999999", false, false, 0},
        {"1" TEN TEN TEN TEN TEN "000000000", false, false, 0},
        {"0." TEN TEN TEN TEN TEN "0000000001", false, false, 0},
        {"-0", false, false, 0},
        {"-0.0", false, false, 0},
        {"-0.000000000", false, false, 0},
        {"-0e3", false, false, 0},
        {"NaN", false, false, 0},
        {"Infinity", false, false, 0},
        {"-inf", false, false, 0},
    };
    check(rows, sizeof rows / sizeof rows[0]);
}

static void no_amounts(void **state) {
    (void)state;
    static const row rows[] = {
        {"", false, false, 0},      {"-", false, false, 0},      {".", false, false, 0},
        {"1.", false, false, 0},    {".5", false, false, 0},     {"-.5", false, false, 0},
        {"+1", false, false, 0},    {"1,5", false, false, 0},    {"1.2.3", false, false, 0},
        {"1 ", false, false, 0},    {" 1", false, false, 0},     {"--1", false, false, 0},
        {"$1", false, false, 0},    {"0x10", false, false, 0},   {"1_000", false, false, 0},
        {"1'000", false, false, 0}, {"1.5USD", false, false, 0}, {"\xd9\xa1", false, false, 0},
    };
    check(rows, sizeof rows / sizeof rows[0]);
    int64_t micro = 3;
    assert_false(kp_parse_micro("1\0", 2, &micro));
    assert_false(kp_parse_micro(NULL, 0, &micro));
    assert_false(kp_parse_micro_json(NULL, 0, &micro));
    assert_false(kp_parse_micro("1", 1, NULL));
    assert_false(kp_parse_micro_json("1", 1, NULL));
    assert_true(kp_parse_micro("15", 1, &micro)); /* the length counts, not a NUL */
    assert_int_equal(micro, 1000000);
}

static void writing(void **state) {
    (void)state;
    static const struct {
        int64_t micro;
        const char *text;
    } rows[] = {{0, "0"},
                {1, "0.000001"},
                {-500000, "-0.5"},
                {12345000, "12.345"},
                {1000000, "1"},
                {10000000, "10"},
                {1010, "0.00101"},
                {KP_MICRO_MAX, "1000000000"},
                {INT64_MAX, "9223372036854.775807"},
                {INT64_MIN, "-9223372036854.775808"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kp_buf b;
        kp_buf_init(&b, NULL);
        kp_add_micro(&b, rows[i].micro);
        assert_string_equal(kp_buf_text(&b), rows[i].text);
        kp_buf_free(&b);
    }
}

static void random_amounts_come_back(void **state) {
    (void)state;
    chance c = {51};
    for (int round = 0; round < chance_rounds(100000); round++) {
        int64_t micro = (int64_t)(chance_u64(&c) % (uint64_t)(KP_MICRO_MAX + 1)) >> chance_below(&c, 50);
        bool minus = micro != 0 && chance_below(&c, 2);
        char text[64];
        snprintf(text, sizeof text, "%s%lld.%06lld", minus ? "-" : "", (long long)(micro / 1000000),
                 (long long)(micro % 1000000));
        int64_t back = 0;
        assert_true(kp_parse_micro(text, strlen(text), &back));
        assert_int_equal(back, minus ? -micro : micro);
        snprintf(text, sizeof text, "%s%llde-6", minus ? "-" : "", (long long)micro);
        assert_true(kp_parse_micro_json(text, strlen(text), &back));
        assert_int_equal(back, minus ? -micro : micro);
        kp_buf b;
        kp_buf_init(&b, NULL);
        kp_add_micro(&b, back);
        int64_t again = 0;
        assert_true(kp_parse_micro(b.data, b.len, &again));
        assert_int_equal(again, back);
        bool fraction = strchr(b.data, '.') != NULL;
        assert_false(fraction && b.data[b.len - 1] == '0');
        kp_buf_free(&b);
    }
}

static void k11_no_locale(void **state) {
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "da_DK.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++)
        found = setlocale(LC_ALL, names[i]) && strcmp(localeconv()->decimal_point, ",") == 0;
    if (!found)
        skip(); /* no locale with a decimal comma on this machine */
    amounts(state);
    exponents_in_json_only(state);
    no_amounts(state);
    writing(state);
    kp_buf b;
    kp_buf_init(&b, NULL);
    kp_buf_fmt(&b, "%d %lld", 1234567, 1234567LL);
    kp_add_rfc3339(&b, 1234567890123);
    assert_string_equal(kp_buf_text(&b), "1234567 12345672009-02-13T23:31:30.123Z");
    kp_buf_free(&b);
    uint64_t ms = 0;
    assert_true(kp_parse_duration("1.5s", 4, &ms));
    assert_int_equal(ms, 1500);
    int64_t then = 0;
    assert_true(kp_parse_http_date("Tue, 01 Mar 2022 00:00:00 GMT", 29, &then)); /* März, mar. */
    setlocale(LC_ALL, "C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts),
        cmocka_unit_test(exponents_in_json_only),
        cmocka_unit_test(p2_numbers_that_no_service_means),
        cmocka_unit_test(no_amounts),
        cmocka_unit_test(writing),
        cmocka_unit_test(random_amounts_come_back),
        cmocka_unit_test(k11_no_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
