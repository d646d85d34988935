/* test_clock.c: tests clock.c against the system it runs on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "keyplate_run.h"
#include "local/clock.h"

static void the_monotonic_clock_never_goes_back(void **state) {
    (void)state;
    uint64_t last = kp_local_mono_ms();
    assert_true(last > 0);
    for (int i = 0; i < 100000; i++) {
        uint64_t now = kp_local_mono_ms();
        assert_true(now >= last);
        last = now;
    }
}

/* Milliseconds: two readings of the system's own clock enclose ours. */
static void the_clocks_count_milliseconds(void **state) {
    (void)state;
    struct timespec before, after;
    assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &before), 0);
    uint64_t mono = kp_local_mono_ms();
    assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &after), 0);
    assert_true(mono >= (uint64_t)before.tv_sec * 1000 + (uint64_t)before.tv_nsec / 1000000);
    assert_true(mono <= (uint64_t)after.tv_sec * 1000 + (uint64_t)after.tv_nsec / 1000000);
    int64_t from = (int64_t)time(NULL) - 1;
    int64_t now = kp_unix_ms() / 1000;
    assert_true(now >= from && now <= (int64_t)time(NULL) + 1);
}

static void the_zone_is_that_of_the_moment(void **state) {
    (void)state;
    setenv("TZ", "AAA-5:30", 1);
    tzset();
    assert_int_equal(kp_zone_s(0), 19800);
    setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
    tzset();
    assert_int_equal(kp_zone_s(1768478400000), -18000); /* 2026-01-15 12:00 UTC */
    assert_int_equal(kp_zone_s(1784116800000), -14400); /* 2026-07-15 12:00 UTC */
    setenv("TZ", "UTC0", 1);
    tzset();
    assert_int_equal(kp_zone_s(1768478400000), 0);
    assert_int_equal(kp_zone_s(-1), 0);
    assert_int_equal(kp_zone_s(INT64_MAX), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
        cmocka_unit_test(the_clocks_count_milliseconds),
        cmocka_unit_test(the_zone_is_that_of_the_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
