/* test_age.c: how old a key is, and until when it is valid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/age.h"

static const int64_t day = 86400000, first = 1790000000123;
static const uint64_t warn = 30 * 86400000ULL, old = 90 * 86400000ULL;

static void fresh_warn_old(void **state) {
    (void)state;
    assert_int_equal(kp_age_of(first, first, warn, old), KP_AGE_FRESH);
    assert_int_equal(kp_age_of(first, first + 30 * day - 1, warn, old), KP_AGE_FRESH);
    assert_int_equal(kp_age_of(first, first + 30 * day, warn, old), KP_AGE_WARN);
    assert_int_equal(kp_age_of(first, first + 90 * day - 1, warn, old), KP_AGE_WARN);
    assert_int_equal(kp_age_of(first, first + 90 * day, warn, old), KP_AGE_OLD);
    assert_int_equal(kp_age_of(first, INT64_MAX, warn, old), KP_AGE_OLD);
    assert_int_equal(kp_age_of(first, first + 400 * day, 0, 0), KP_AGE_FRESH);
    assert_int_equal(kp_age_of(first, first + 400 * day, 1, 0), KP_AGE_WARN);
    assert_int_equal(kp_age_of(first, first + 400 * day, 0, UINT64_MAX), KP_AGE_FRESH);
    assert_int_equal(kp_age_days(first, first + 42 * day + 5), 42);
    assert_int_equal(kp_age_days(first, first + day - 1), 0);
}

static void not_known_or_in_the_future(void **state) {
    (void)state;
    const int64_t firsts[] = {0, -1, INT64_MIN, first + 1, INT64_MAX};
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        assert_int_equal(kp_age_of(firsts[i], first, warn, old), KP_AGE_FRESH);
        assert_int_equal(kp_age_days(firsts[i], first), 0);
        assert_int_equal(kp_age_of(firsts[i], INT64_MIN, warn, old), KP_AGE_FRESH);
    }
}

static void not_after_is_read(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t last;
    } cases[] = {
        {"2027-02-01", 1801526399999}, /* the end of that day in UTC */
        {"2028-02-29", 1835481599999},
        {"1970-01-01", 86399999},
        {"9999-12-31", 253402300799999},
        {"2027-02-01T00:00:00Z", 1801440000000},
        {"2027-02-01t12:30:15z", 1801485015000},
        {"2027-02-01T12:30:15.5Z", 1801485015500},
        {"2027-02-01T12:30:15.123987654321Z", 1801485015123},
        {"2027-02-01T01:00:00+01:00", 1801440000000},
        {"2027-01-31T18:30:00-05:30", 1801440000000},
        {"2026-12-31T23:59:60Z", 1798761600000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t last = 0;
        assert_null(kp_not_after_parse(cases[i].text, strlen(cases[i].text), &last));
        assert_int_equal(last, cases[i].last);
        for (size_t len = 0; len < strlen(cases[i].text); len++) { /* cut anywhere it is none, or the date alone */
            last = -7;
            const char *wrong = kp_not_after_parse(cases[i].text, len, &last);
            assert_true(len == 10 ? !wrong : wrong && last == -7);
        }
    }
}

static void not_after_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        "tomorrow",
        "2027-2-1",
        "2027-02-30",
        "2027-02-29",
        "2027-00-10",
        "2027-13-01",
        "2027-01-00",
        "27-01-01",
        "2027-02-01 ",
        " 2027-02-01",
        "2027/02/01",
        "01.02.2027",
        "+2027-02-01",
        "12027-02-01",
        "0000-01-01",
        "1969-12-31",
        "1969-12-31T23:59:59.999Z",
        "2027-02-01T",
        "2027-02-01T12:00Z",
        "2027-02-01T12:00:00",
        "2027-02-01 12:00:00Z",
        "2027-02-01T24:00:00Z",
        "2027-02-01T12:60:00Z",
        "2027-02-01T12:00:61Z",
        "2027-02-01T12:00:00.Z",
        "2027-02-01T12:00:00,5Z",
        "2027-02-01T12:00:00+1",
        "2027-02-01T12:00:00+24:00",
        "2027-02-01T12:00:00+01:60",
        "2027-02-01T12:00:00+0100",
        "2027-02-01T12:00:00ZZ",
        "2027-02-30T12:00:00Z",
    };
    int64_t last = -7;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *said = kp_not_after_parse(wrong[i], strlen(wrong[i]), &last);
        if (!said || last != -7)
            fail_msg("'%s'", wrong[i]);
    }
    assert_non_null(kp_not_after_parse("2027-02-01\0Z", 12, &last));
    assert_non_null(kp_not_after_parse("2027-02-01T12:00:00\0", 20, &last));
    assert_non_null(kp_not_after_parse(NULL, 10, &last));
    assert_non_null(kp_not_after_parse("2027-02-01", 10, NULL));
}

static void expiry(void **state) {
    (void)state;
    int64_t last = 0;
    assert_null(kp_not_after_parse("2027-02-01", 10, &last));
    assert_int_equal(kp_expiry_of(last, 0), KP_EXPIRY_AHEAD);
    assert_int_equal(kp_expiry_of(last, last), KP_EXPIRY_AHEAD);
    assert_int_equal(kp_expiry_of(last, 1801526400000), KP_EXPIRY_PAST);
    assert_int_equal(kp_expiry_of(KP_NO_EXPIRY, INT64_MAX), KP_EXPIRY_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_warn_old),
        cmocka_unit_test(not_known_or_in_the_future),
        cmocka_unit_test(not_after_is_read),
        cmocka_unit_test(not_after_is_refused),
        cmocka_unit_test(expiry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
