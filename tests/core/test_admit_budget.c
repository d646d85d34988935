/* test_admit_budget.c: budgets of a day and of 24 hours: what they grant, count, give back, and when they begin anew.
 */
#include "admit_case.h"

enum { HOUR = 3600000, DAY = 86400000 };

/* T0 is 14:13:20 UTC; the day ends so much later. */
#define TO_MIDNIGHT 35200000LL

static void spends_up_to_its_limit(void **state) {
    (void)state;
    expect("ADMIT 1 0 budget b 400 1000 0 0", "ok @0 0 400");
    expect("ADMIT 2 0 budget b 600 1000 0 0", "ok @0 0 1000");
    expect("ADMIT 3 0 budget b 1 1000 0 0", "no @0 budget 0 0 @35200000");
    expect("ADMIT 4 0 budget b 0 1000 0 0", "ok @0 0 1000");
    expect("ADMIT 5 0 budget b 500 1400 0 0", "no @0 budget 0 400 @35200000");
    expect("ADMIT 6 0 budget b 400 1400 0 0", "ok @0 0 1400");
}

static void the_same_id_is_charged_once(void **state) {
    (void)state;
    expect("ADMIT 1 0 budget b 400 1000 0 0", "ok @0 0 400");
    expect("ADMIT 1 0 budget b 400 1000 0 0", "ok @0 0");
    expect("LOOK budget b 400 1000 0 0", "ok @0 400:@35200000");
}

static void all_or_nothing(void **state) {
    (void)state;
    ask("PUT cool +60000 60000");
    expect("ADMIT 1 0 budget b 400 1000 0 0 gate cool", "no @0 gate 1 0 @60000");
    expect("ADMIT 2 0 budget b 400 1000 0 0 budget c 5 4 0 0", "no @0 budget 1 4 @35200000");
    expect("LOOK budget b 1 1000 0 0 budget c 1 4 0 0", "ok @0 0:@35200000 0:@35200000");
}

static void the_same_budget_twice_in_one_call(void **state) {
    (void)state;
    expect("ADMIT 1 0 budget b 400 1000 0 0 budget b 601 1000 0 0", "no @0 budget 1 600 @35200000");
    expect("ADMIT 2 0 budget b 400 1000 0 0 budget b 600 1000 0 0", "ok @0 0 400 1000");
    expect("LOOK budget b 0 1000 0 0", "ok @0 1000:@35200000");
}

static void a_soft_one_counts_and_never_refuses(void **state) {
    (void)state;
    expect("ADMIT 1 0 budget b 900 1000 0 1", "ok @0 0 900");
    expect("ADMIT 2 0 budget b 900 1000 0 1", "ok @0 0 1800");
    expect("ADMIT 3 0 budget b 1 1000 0 0", "no @0 budget 0 0 @35200000");
}

static void a_new_day_begins_at_midnight(void **state) {
    (void)state;
    expect("ADMIT 1 0 budget b 1000 1000 0 0", "ok @0 0 1000");
    now = T0 + TO_MIDNIGHT - 1;
    assert_memory_equal(ask("ADMIT 2 0 budget b 1 1000 0 0"), "no ", 3);
    now = T0 + TO_MIDNIGHT;
    expect("ADMIT 3 0 budget b 7 1000 0 0", "ok @35200000 0 7");
}

static void a_day_of_a_zone(void **state) {
    (void)state;
    expect("ADMIT 1 0 budget b 1000 1000 7200 0", "ok @0 0 1000");
    expect("ADMIT 2 0 budget b 1 1000 7200 0", "no @0 budget 0 0 @28000000");
    now = T0 + 28000000 - 1;
    assert_memory_equal(ask("ADMIT 3 0 budget b 1 1000 7200 0"), "no ", 3);
    now = T0 + 28000000;
    expect("ADMIT 4 0 budget b 1 1000 7200 0", "ok @28000000 0 1");
}

static void test_g3_a_day_never_goes_back(void **state) {
    (void)state;
    now = T0 + TO_MIDNIGHT; /* the clock is a day ahead: one more budget */
    expect("ADMIT 1 0 budget b 1000 1000 0 0", "ok @35200000 0 1000");
    now = T0;
    expect("ADMIT 2 0 budget b 1 1000 0 0", "no @0 budget 0 0 @121600000");
    now = T0 + TO_MIDNIGHT + DAY - 1;
    assert_memory_equal(ask("ADMIT 3 0 budget b 1 1000 0 0"), "no ", 3);
    now = T0 + TO_MIDNIGHT + DAY;
    expect("ADMIT 4 0 budget b 1 1000 0 0", "ok @121600000 0 1");
}

static void test_g3_a_clock_far_ahead_does_not_lock_for_ever(void **state) {
    (void)state;
    now = T0 + 4000LL * DAY;
    assert_memory_equal(ask("ADMIT 1 0 budget b 1000 1000 0 0"), "ok ", 3);
    assert_memory_equal(ask("ADMIT 2 0 budget r 1000 1000 24h 0"), "ok ", 3);
    now = T0;
    expect("ADMIT 3 0 budget b 1 1000 0 0", "no @0 budget 0 0 @35200000");
    assert_memory_equal(ask("ADMIT 3 0 budget r 1 1000 24h 0"), "no ", 3);
    now = T0 + 2LL * DAY;
    assert_memory_equal(ask("ADMIT 4 0 budget b 1 1000 0 0"), "ok ", 3);
    assert_memory_equal(ask("ADMIT 5 0 budget r 1 1000 24h 0"), "ok ", 3);
}

static void twenty_four_hours(void **state) {
    (void)state;
    expect("ADMIT 1 0 budget b 600 1000 24h 0", "ok @0 0 600");
    now = T0 + 12LL * HOUR;
    expect("ADMIT 2 0 budget b 400 1000 24h 0", "ok @43200000 0 1000");
    /* The half hour of T0 ends at 14:30. */
    expect("ADMIT 3 0 budget b 1 1000 24h 0", "no @43200000 budget 0 0 @87400000");
    now = T0 + 87400000 - 1;
    assert_memory_equal(ask("ADMIT 4 0 budget b 1 1000 24h 0"), "no ", 3);
    now = T0 + 87400000;
    expect("ADMIT 5 0 budget b 600 1000 24h 0", "ok @87400000 0 1000");
    expect("ADMIT 6 0 budget b 700 1000 24h 0", "no @87400000 budget 0 0 @175600000");
}

static void settling_gives_back(void **state) {
    (void)state;
    ask("ADMIT 1 0 budget b 400 1000 0 0 budget r 400 1000 24h 0");
    ask("ADMIT 2 0 budget b 300 1000 0 0 budget r 300 1000 24h 0");
    expect("SETTLE 1 0", "ok @0");
    expect("SETTLE 1 0", "ok @0");
    expect("LOOK budget b 0 1000 0 0 budget r 701 1000 24h 0", "ok @0 300:@35200000 300:@87400000");
    expect("SETTLE 2 -", "ok @0");
    expect("SETTLE 2 0", "ok @0");
    expect("LOOK budget b 0 1000 0 0", "ok @0 300:@35200000");
}

static void what_was_spent_yesterday_is_not_given_back_today(void **state) {
    (void)state;
    ask("ADMIT 1 0 budget b 400 1000 0 0");
    now = T0 + TO_MIDNIGHT;
    ask("ADMIT 2 0 budget b 300 1000 0 0");
    ask("SETTLE 1 0");
    expect("LOOK budget b 0 1000 0 0", "ok @35200000 300:@121600000");
}

/* ---- Slots ---- */

static void slots_are_taken_and_freed(void **state) {
    (void)state;
    expect("ADMIT 1 0 slot s 2 120000 0", "ok @0 0");
    expect("ADMIT 2 0 slot s 2 120000 0", "ok @0 0");
    expect("ADMIT 3 0 slot s 2 120000 0", "no @0 slot 0 0 @1000");
    expect("SETTLE 1 -", "ok @0");
    expect("ADMIT 4 0 slot s 2 120000 0", "ok @0 0");
    expect("SETTLE 2 0", "ok @0");
    expect("LOOK slot s 2 120000 0", "ok @0 1:@1000");
}

static void a_slot_ends_with_its_time(void **state) {
    (void)state;
    ask("ADMIT 1 0 slot s 1 60000 0");
    now = T0 + 60000 - 1;
    assert_memory_equal(ask("ADMIT 2 0 slot s 1 60000 0"), "no ", 3);
    now = T0 + 60000 + 60000 / 16 + 1000;
    assert_memory_equal(ask("ADMIT 2 0 slot s 1 60000 0"), "ok ", 3);
}

static void test_g3_slots_of_a_clock_far_ahead_end(void **state) {
    (void)state;
    now = T0 + 4000LL * DAY;
    ask("ADMIT 1 0 slot s 1 60000 0");
    now = T0;
    assert_memory_equal(ask("ADMIT 2 0 slot s 1 60000 0"), "no ", 3);
    now = T0 + 1000;
    assert_memory_equal(ask("LOOK slot s 1 60000 0"), "ok ", 3); /* that they were looked at is enough */
    now = T0 + 2LL * DAY;
    assert_memory_equal(ask("ADMIT 4 0 slot s 1 60000 0"), "ok ", 3);
}

static void many_slots_of_all_times(void **state) {
    (void)state;
    char words[80];
    for (int i = 0; i < 4000; i++) {
        snprintf(words, sizeof words, "ADMIT %d 0 slot s 4000 %d 0", i, 1 + (i * 7919) % DAY);
        the_map.count = the_map.count > 200 ? 200 : the_map.count;
        assert_memory_equal(ask(words), "ok ", 3);
    }
    assert_memory_equal(ask("ADMIT x 0 slot s 4000 1000 0"), "no ", 3);
}

static void wrong_values(void **state) {
    (void)state;
    expect_bad("ADMIT 1 0 budget b -1 1000 0 0");
    expect_bad("ADMIT 1 0 budget b 1 1000000000000001 0 0");
    expect_bad("ADMIT 1 0 budget b 1000000000000001 1 0 0");
    expect_bad("ADMIT 1 0 budget b 1 1 86401 0");
    expect_bad("ADMIT 1 0 budget b 1 1 25h 0");
    expect_bad("ADMIT 1 0 budget b 1 1 0 2");
    expect_bad("ADMIT 1 0 budget b 1 1 0");
    expect_bad("ADMIT 1 0 slot s -1 1000 0");
    expect_bad("ADMIT 1 0 slot s 1 0 0");
    expect_bad("ADMIT 1 0 slot s 1 86400001 0");
    expect_bad("LOOK budget b 1 1");
}

static void test_g5_the_largest_amounts(void **state) {
    (void)state;
    expect("ADMIT 1 0 budget b 1000000000000000 1000000000000000 0 0", "ok @0 0 1000000000000000");
    expect("ADMIT 2 0 budget b 1 1000000000000000 0 0", "no @0 budget 0 0 @35200000");
    expect("ADMIT 3 0 budget c 1 1 0 0", "ok @0 0 1");
    for (int i = 4; i < 20; i++) {
        char words[80];
        snprintf(words, sizeof words, "ADMIT %d 0 budget b 1000000000000000 1 0 1", i);
        assert_memory_equal(ask(words), "ok ", 3);
    }
    expect("LOOK budget b 0 1 0 0", "ok @0 9007199254740991:@35200000");
}

static void damaged_sums(void **state) {
    (void)state;
    static const char *const damaged[] = {
        "x", "1:", ":1", "1:0", "1:-5", "2:1,1:1", "1:1,", "1:1,1:1", "1:9007199254740992"};
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        the_map.count = 2;
        snprintf(the_map.row[0].name, TEXT, "budget b");
        snprintf(the_map.row[1].name, TEXT, "slot s");
        for (int k = 0; k < 2; k++) {
            snprintf(the_map.row[k].value, TEXT, "%s", damaged[i]);
            the_map.row[k].expires = INT64_MAX;
        }
        expect_bad("ADMIT 1 0 budget b 1 1000 0 0");
        expect_bad("ADMIT 1 0 slot s 1 1000 0");
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(spends_up_to_its_limit),
        T(the_same_id_is_charged_once),
        T(all_or_nothing),
        T(the_same_budget_twice_in_one_call),
        T(a_soft_one_counts_and_never_refuses),
        T(a_new_day_begins_at_midnight),
        T(a_day_of_a_zone),
        T(test_g3_a_day_never_goes_back),
        T(test_g3_a_clock_far_ahead_does_not_lock_for_ever),
        T(twenty_four_hours),
        T(settling_gives_back),
        T(what_was_spent_yesterday_is_not_given_back_today),
        T(slots_are_taken_and_freed),
        T(a_slot_ends_with_its_time),
        T(test_g3_slots_of_a_clock_far_ahead_end),
        T(many_slots_of_all_times),
        T(wrong_values),
        T(test_g5_the_largest_amounts),
        T(damaged_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
