/* test_admit.c: what the store verbs answer, refuse, take and give back. */
#include "admit_case.h"
#include "chance.h"

/* ---- GET and PUT ---- */

static void get_and_put(void **state) {
    (void)state;
    expect("GET a", "ok @0 -");
    expect("PUT a one 1000 b +500 1000 c three 1000", "ok @0");
    expect("GET a x b c", "ok @0 one - @500 three");
    expect("PUT c - 0 a two 2000 a three 3000", "ok @0");
    expect("GET a c", "ok @0 three -");
    now = T0 + 999;
    expect("GET b", "ok @999 @500");
    now = T0 + 1000;
    expect("GET b", "ok @1000 -");
    now = T0 + 2999;
    expect("GET a", "ok @2999 three");
    expect("PUT nothing - 0", "ok @2999");
}

static void names_do_not_meet_those_of_rates_and_ids(void **state) {
    (void)state;
    expect("ADMIT x 0 rate x 1000000 1 0", "ok @0 0");
    expect("GET x", "ok @0 -");
    expect("PUT x +5 1000", "ok @0");
    expect("ADMIT y 0 gate x", "no @0 gate 0 0 @5");
    expect("ADMIT x 0 gate x", "ok @0 0");
}

/* ---- Gates ---- */

static void gate_holds_until_its_time(void **state) {
    (void)state;
    expect("PUT cool +60000 90000", "ok @0");
    expect("ADMIT 1 0 gate free gate cool", "no @0 gate 1 0 @60000");
    now = T0 + 59999;
    expect("ADMIT 1 0 gate cool", "no @59999 gate 0 0 @60000");
    now = T0 + 60000;
    expect("ADMIT 1 0 gate cool", "ok @60000 0");
}

static void gate_never_waits(void **state) {
    (void)state;
    expect("PUT cool +10 1000", "ok @0");
    expect("ADMIT 1 5000 gate cool", "no @0 gate 0 0 @10");
}

static void gate_with_a_word_is_bad(void **state) {
    (void)state;
    ask("PUT g good 1000");
    expect_bad("ADMIT 1 0 gate g");
}

static void latest_retry_is_told(void **state) {
    (void)state;
    ask("PUT a +100 1000 b +900 1000 c +900 1000");
    expect("ADMIT 1 0 gate a gate b gate c", "no @0 gate 1 0 @900");
    ask("ADMIT 2 0 rate r 5000000 1 0");
    expect("ADMIT 3 0 gate b rate r 5000000 1 0 gate a", "no @0 rate 1 0 @5000");
}

/* ---- Rates ---- */

static void rate_grants_its_burst_then_one_a_period(void **state) {
    (void)state;
    char words[TEXT];
    for (int i = 0; i < 5; i++) {
        snprintf(words, sizeof words, "ADMIT b%d 0 rate r 1000000 5 0", i);
        expect(words, "ok @0 0");
    }
    expect("ADMIT c 0 rate r 1000000 5 0", "no @0 rate 0 0 @1000");
    now = T0 + 999;
    expect("ADMIT c 0 rate r 1000000 5 0", "no @999 rate 0 0 @1000");
    now = T0 + 1000;
    expect("ADMIT c 0 rate r 1000000 5 0", "ok @1000 0");
    expect("ADMIT d 0 rate r 1000000 5 0", "no @1000 rate 0 0 @2000");
    now = T0 + 3600000; /* after a rest a burst, no more */
    for (int i = 0; i < 5; i++) {
        snprintf(words, sizeof words, "ADMIT e%d 0 rate r 1000000 5 0", i);
        expect(words, "ok @3600000 0");
    }
    expect("ADMIT f 0 rate r 1000000 5 0", "no @3600000 rate 0 0 @3601000");
}

static void rate_below_a_millisecond_is_exact(void **state) {
    (void)state;
    char words[TEXT];
    int granted = 0;
    for (int ms = 0; ms < 10; ms++) {
        now = T0 + ms;
        for (int i = 0; i < 20; i++) {
            snprintf(words, sizeof words, "ADMIT %d.%d 0 rate r 300 1 0", ms, i);
            granted += strncmp(ask(words), "ok", 2) == 0;
        }
    }
    assert_int_equal(granted, 10); /* one a call's millisecond: burst 1 has no room for more within one */
}

static void rate_books_a_place_within_the_wait(void **state) {
    (void)state;
    expect("ADMIT 1 2500 rate r 1000000 1 0", "ok @0 0");
    expect("ADMIT 2 2500 rate r 1000000 1 0", "ok @0 @1000");
    expect("ADMIT 3 2500 rate r 1000000 1 0", "ok @0 @2000");
    expect("ADMIT 4 2500 rate r 1000000 1 0", "no @0 rate 0 0 @3000");
    now = T0 + 500;
    expect("ADMIT 4 2500 rate r 1000000 1 0", "ok @500 @3000");
}

static void start_is_the_latest_of_all_rates(void **state) {
    (void)state;
    expect("ADMIT 1 0 rate slow 3000000 1 0 rate fast 1000000 1 0", "ok @0 0");
    expect("ADMIT 2 9000 rate fast 1000000 1 0 rate slow 3000000 1 0 rate idle 1000000 1 0", "ok @0 @3000");
    expect("ADMIT 3 9000 rate slow 3000000 1 0 rate fast 1000000 1 0", "ok @0 @6000");
}

static void all_or_nothing(void **state) {
    (void)state;
    ask("ADMIT 1 0 rate full 1000000 1 0");
    ask("PUT g +1000 1000");
    int puts = the_map.puts;
    for (int i = 0; i < 10; i++) {
        expect("ADMIT 2 0 rate free 1000000 1 0 rate full 1000000 1 0", "no @0 rate 1 0 @1000");
        expect("ADMIT 3 0 rate free 1000000 1 0 gate g", "no @0 gate 1 0 @1000");
    }
    assert_int_equal(the_map.puts, puts);
    expect("ADMIT 4 0 rate free 1000000 1 0", "ok @0 0");
}

static void same_rate_twice_takes_twice(void **state) {
    (void)state;
    expect("ADMIT 1 0 rate r 1000000 1 0 rate r 1000000 1 0", "no @0 rate 1 0 @1000");
    expect("ADMIT 2 0 rate r 1000000 2 0 rate r 1000000 2 0", "ok @0 0");
    expect("ADMIT 3 0 rate r 1000000 2 0", "no @0 rate 0 0 @1000");
    expect("SETTLE 2 0", "ok @0");
    expect("ADMIT 3 0 rate r 1000000 2 0 rate r 1000000 2 0", "ok @0 0");
}

static void soft_rate_counts_and_never_refuses(void **state) {
    (void)state;
    char words[TEXT];
    for (int i = 0; i < 50; i++) {
        snprintf(words, sizeof words, "ADMIT s%d 0 rate r 1000000 2 1", i);
        expect(words, i == 0 ? "ok @0 0 1" : i == 1 ? "ok @0 0 2" : "ok @0 0 full");
    }
    /* Made hard, it is as full as a hard one would be, no fuller. */
    expect("ADMIT h 0 rate r 1000000 2 0", "no @0 rate 0 0 @1000");
    expect("ADMIT w 5000 rate r 1000000 2 1", "ok @0 0 3");
}

static void soft_rate_gives_back_only_what_it_took(void **state) {
    (void)state;
    expect("ADMIT 1 0 rate r 1000000 1 1", "ok @0 0 1");
    expect("ADMIT 2 0 rate r 1000000 1 1", "ok @0 0 full");
    expect("SETTLE 2 0", "ok @0");
    expect("ADMIT 3 0 rate r 1000000 1 0", "no @0 rate 0 0 @1000");
    expect("SETTLE 1 0", "ok @0");
    expect("ADMIT 3 0 rate r 1000000 1 0", "ok @0 0");
}

/* ---- Ids ---- */

static void same_id_same_answer_and_free(void **state) {
    (void)state;
    expect("ADMIT 1 5000 rate r 1000000 1 0", "ok @0 0");
    expect("ADMIT 2 5000 rate r 1000000 1 0", "ok @0 @1000");
    now = T0 + 10;
    for (int i = 0; i < 20; i++)
        expect("ADMIT 2 5000 rate r 1000000 1 0", "ok @10 @1000");
    expect("ADMIT 3 5000 rate r 1000000 1 0", "ok @10 @2000");
    now = T0 + 48 * 3600000LL - 1;
    expect("ADMIT 2 0 rate r 1000000 1 0", "ok @172799999 @1000");
    now = T0 + 48 * 3600000LL;
    expect("ADMIT 2 0 rate r 1000000 1 0", "ok @172800000 0");
}

/* There are many ids with gates alone, and a repeated ask for one comes soon. */
static void id_that_took_nothing_is_kept_an_hour(void **state) {
    (void)state;
    static const char *const asks[] = {
        "ADMIT 1 0 gate g", "ADMIT 2 0 gate g", "ADMIT 3 0 rate r 1000000 1 0", "ADMIT 4 0 rate r 1000000 1 1",
        "SETTLE 2 -",       "SETTLE 3 0"};
    static const int64_t hours[] = {1, 1, 48, 1};
    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++)
        assert_memory_equal(ask(asks[i]), "ok", 2);
    for (int i = 1; i <= 4; i++) {
        char name[24];
        snprintf(name, sizeof name, "id %d", i);
        map_row *row = map_find(&the_map, name, strlen(name));
        assert_non_null(row);
        assert_int_equal(row->expires, T0 + hours[i - 1] * 3600000);
    }
    now = T0 + 3600000 - 1;
    expect("PUT g +10000 10000", "ok @3599999");
    expect("ADMIT 1 0 gate g", "ok @3599999 0");
    now++;
    expect("ADMIT 1 0 gate g", "no @3600000 gate 0 0 @3609999");
}

static void refused_id_is_not_kept(void **state) {
    (void)state;
    ask("ADMIT 1 0 rate r 1000000 1 0");
    expect("ADMIT 2 0 rate r 1000000 1 0", "no @0 rate 0 0 @1000");
    now = T0 + 1000;
    expect("ADMIT 2 0 rate r 1000000 1 0", "ok @1000 0");
}

static void settle_gives_back_once(void **state) {
    (void)state;
    ask("ADMIT 1 0 rate r 1000000 3 0 rate q 1000000 3 0");
    ask("ADMIT 2 0 rate r 1000000 3 0");
    ask("ADMIT 3 0 rate r 1000000 3 0");
    expect("ADMIT 4 0 rate r 1000000 3 0", "no @0 rate 0 0 @1000");
    for (int i = 0; i < 5; i++)
        expect("SETTLE 1 0", "ok @0");
    expect("ADMIT 4 0 rate r 1000000 3 0", "ok @0 0");
    expect("ADMIT 5 0 rate r 1000000 3 0", "no @0 rate 0 0 @1000");
    expect("ADMIT 1 0 rate r 1000000 3 0", "ok @0 0"); /* still the same answer, still free */
    expect("ADMIT 5 0 rate q 1000000 3 0 rate q 1000000 3 0 rate q 1000000 3 0", "ok @0 0");
}

static void settle_first_wins(void **state) {
    (void)state;
    ask("ADMIT 1 0 rate r 1000000 1 0");
    expect("SETTLE 1 -", "ok @0");
    expect("SETTLE 1 0", "ok @0");
    expect("ADMIT 2 0 rate r 1000000 1 0", "no @0 rate 0 0 @1000");
}

static void settle_of_a_stranger_has_no_effect(void **state) {
    (void)state;
    expect("SETTLE nobody 0", "ok @0");
    expect("SETTLE nobody -", "ok @0");
    assert_int_equal(the_map.puts, 0);
}

static void settle_never_gives_more_than_idle(void **state) {
    (void)state;
    ask("ADMIT 1 0 rate r 1000000 2 0");
    now = T0 + 900;
    expect("SETTLE 1 0", "ok @900");
    expect("ADMIT 2 0 rate r 1000000 2 0", "ok @900 0");
    expect("ADMIT 3 0 rate r 1000000 2 0", "ok @900 0");
    expect("ADMIT 4 0 rate r 1000000 2 0", "no @900 rate 0 0 @1900");
}

/* ---- Against a plain model ---- */

static chance dice = {12345};

static int64_t any(size_t below) {
    return (int64_t)chance_below(&dice, below);
}

/* Random asks and settlements: what was granted and kept never passes burst + elapsed / period. */
static void grants_never_pass_the_limit(void **state) {
    (void)state;
    for (int round = 0; round < 200; round++) {
        begin(NULL);
        int64_t period = 1 + any(3000000), burst = 1 + any(6), kept = 0;
        char words[TEXT];
        for (int i = 0; i < 40; i++) {
            now += any(2000);
            snprintf(words, sizeof words, "ADMIT i%d 0 rate r %lld %lld 0", i, (long long)period, (long long)burst);
            if (strncmp(ask(words), "ok", 2) == 0) {
                kept++;
                if (any(4) == 0) {
                    snprintf(words, sizeof words, "SETTLE i%d 0", i);
                    ask(words);
                    kept--;
                }
            }
            assert_true(kept <= burst + (now - T0) * 1000 / period);
        }
        end(NULL);
    }
    begin(NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(get_and_put),
        T(names_do_not_meet_those_of_rates_and_ids),
        T(gate_holds_until_its_time),
        T(gate_never_waits),
        T(gate_with_a_word_is_bad),
        T(latest_retry_is_told),
        T(rate_grants_its_burst_then_one_a_period),
        T(rate_below_a_millisecond_is_exact),
        T(rate_books_a_place_within_the_wait),
        T(start_is_the_latest_of_all_rates),
        T(all_or_nothing),
        T(same_rate_twice_takes_twice),
        T(soft_rate_counts_and_never_refuses),
        T(soft_rate_gives_back_only_what_it_took),
        T(same_id_same_answer_and_free),
        T(id_that_took_nothing_is_kept_an_hour),
        T(refused_id_is_not_kept),
        T(settle_gives_back_once),
        T(settle_first_wins),
        T(settle_of_a_stranger_has_no_effect),
        T(settle_never_gives_more_than_idle),
        T(grants_never_pass_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
