/* test_store_days.c: days of budgets by clocks that jump, stand still, sleep and start anew, and by zones whose days
 * are longer and shorter, in memory and in SQLite. */
#include "store_case.h"

#include "chance.h"
#include "policy/limits.h"
#include "zone_case.h"

enum { HOUR = 3600000, BUDGET = 3 };

/* 14:13:20 UTC; midnight is that much later. */
#define TO_MIDNIGHT 35200000LL

typedef struct {
    bool on_disk;
    kp_store *store;
    int asked;
} fixture;

static kp_store *open_one(bool on_disk) {
    return on_disk ? kp_store_sqlite(scratch_path("state.db")) : kp_store_memory();
}

static int begin(void **state) {
    static fixture f;
    f.on_disk = strcmp(*state, "sqlite") == 0;
    f.asked = 0;
    if (scratch_setup(NULL) != 0)
        return -1;
    f.store = open_one(f.on_disk);
    *state = &f;
    hand_take();
    return f.store ? 0 : -1;
}

static int end(void **state) {
    fixture *f = *state;
    hand_release();
    kp_store_close(f->store);
    return scratch_teardown(NULL);
}

/* How many of so many calls a day's budget grants. */
static int spend(fixture *f, int calls) {
    char words[CASE_TEXT];
    int granted = 0;
    for (int i = 0; i < calls; i++) {
        snprintf(words, sizeof words, "ADMIT %d 0 budget day 1 %d 0 0", f->asked++, BUDGET);
        const char *reply = store_ask(f->store, words);
        if (strncmp(reply, "failed", 6) == 0 || strncmp(reply, "bad", 3) == 0)
            fail_msg("%s", reply);
        granted += strncmp(reply, "ok", 2) == 0;
    }
    return granted;
}

/* Time that passes on both clocks. */
static void run_on(int64_t ms) {
    hand.wall += ms;
    hand.boot += ms;
}

/* The machine starts anew; its wall clock shows that. */
static void reboot(fixture *f, const char *id, int64_t wall) {
    kp_store_close(f->store);
    hand.id = id;
    hand.boot = 1000;
    hand.wall = wall;
    f->store = open_one(f->on_disk);
    assert_non_null(f->store);
}

static void test_g3_the_last_millisecond_of_a_day(void **state) {
    fixture *f = *state;
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
    run_on(TO_MIDNIGHT - 1);
    assert_int_equal(spend(f, 1), 0);
    assert_string_equal(store_ask(f->store, "ADMIT x 0 budget day 1 3 0 0"), "no budget 0 0 1790035200000");
    run_on(1);
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
    run_on(DAY - 1);
    assert_int_equal(spend(f, 1), 0);
    run_on(1);
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
}

static void test_g3_wall_clock_a_day_ahead_and_back(void **state) {
    fixture *f = *state;
    static const int64_t jumps[] = {DAY, -DAY, 2 * DAY, -3 * DAY, 400 * DAY, -20000 * DAY};
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
    for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
        hand.wall += jumps[i];
        run_on(1000);
        assert_int_equal(spend(f, 1), 0);
    }
    run_on(TO_MIDNIGHT - 6000 - 1);
    assert_int_equal(spend(f, 1), 0);
    run_on(1);
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
}

/* The boot clock goes on while the machine sleeps; the wall clock may be set before or after it is asked. */
static void test_g3_sleep(void **state) {
    fixture *f = *state;
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
    hand.boot += 8LL * HOUR;
    assert_int_equal(spend(f, 1), 0);
    hand.boot += 3LL * HOUR; /* past midnight */
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
    hand.wall += 11LL * HOUR;
    assert_int_equal(spend(f, 1), 0);
    hand.boot += 24LL * HOUR;
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
}

/* A start with a clock a day ahead gives one more budget, and the right clock takes it back: no day comes twice. */
static void test_g3_start_with_a_clock_ahead(void **state) {
    fixture *f = *state;
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
    reboot(f, "boot-two", HAND_START + DAY);
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
    reboot(f, "boot-three", HAND_START + 60000);
    assert_int_equal(spend(f, 1), 0);
    int64_t until_midnight = TO_MIDNIGHT + DAY - (store_now(f->store) - HAND_START);
    assert_in_range(until_midnight, 1, DAY);
    run_on(until_midnight - 1);
    assert_int_equal(spend(f, 1), 0);
    run_on(1);
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
}

/* A clock without a battery: the store goes on from the latest time that it knows, and the next day comes. */
static void test_g3_start_with_a_clock_of_long_ago(void **state) {
    fixture *f = *state;
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
    reboot(f, "boot-two", 1000);
    assert_int_equal(spend(f, 1), 0);
    assert_true(store_now(f->store) >= HAND_START);
    run_on(TO_MIDNIGHT);
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
}

/* The latest time is stored once a minute: what a start with a wrong clock goes back by brings no day back. */
static void test_g3_start_just_after_midnight(void **state) {
    fixture *f = *state;
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
    run_on(TO_MIDNIGHT - 20000);
    assert_int_equal(spend(f, 1), 0); /* this time is stored */
    run_on(30000);
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
    reboot(f, "boot-two", 1000);
    assert_int_equal(spend(f, 1), 0);
    run_on(60000);
    assert_int_equal(spend(f, 1), 0);
    run_on(DAY);
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
}

/* A start far in the future: days go on from there, and no limit is shut for ever. */
static void test_g3_start_far_ahead(void **state) {
    fixture *f = *state;
    char used[CASE_TEXT];
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
    reboot(f, "boot-two", HAND_START + 20000 * DAY);
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
    assert_true(
        store_grants(f->store, "ADMIT s 0 slot tasks 1 60000 0 rate pace 60000000 1 0 budget rolling 1 1 24h 0"));
    reboot(f, "boot-three", HAND_START + 60000);
    int64_t now = store_now(f->store);
    assert_int_equal(spend(f, 1), 0);
    run_on(2 * DAY);
    assert_int_equal(store_now(f->store), now + 2 * DAY);
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
    snprintf(used, sizeof used, "%s",
             store_ask(f->store, "LOOK slot tasks 1 1 0 rate pace 60000000 1 0 budget rolling 1 1 24h 0"));
    assert_memory_equal(used, "ok 0:", 5);
    assert_true(
        store_grants(f->store, "ADMIT t 0 slot tasks 1 60000 0 rate pace 60000000 1 0 budget rolling 1 1 24h 0"));
}

/* ---- Whatever the clocks do ---- */

static void test_g3_any_clock(void **state) {
    fixture *f = *state;
    chance dice = {20261123};
    int64_t before = store_now(f->store), first = before;
    long granted = 0, days = 0, last_day = first / DAY;
    char id[32];
    for (int i = 0; i < chance_rounds(1500); i++) {
        switch (chance_below(&dice, 8)) {
        case 0: hand.wall += chance_below(&dice, 2) ? DAY : -DAY; break;
        case 1: hand.wall = HAND_START - 5 * DAY + (int64_t)chance_below(&dice, 10 * (size_t)DAY); break;
        case 2: hand.boot += (int64_t)chance_below(&dice, 9 * HOUR); break;
        case 3:
            snprintf(id, sizeof id, "boot-%d", i);
            if (f->on_disk)
                reboot(f, id, hand.wall);
            break;
        case 4: run_on(DAY - store_now(f->store) % DAY - 1 + (int64_t)chance_below(&dice, 2)); break;
        default: run_on((int64_t)chance_below(&dice, 2 * HOUR));
        }
        int64_t now = store_now(f->store);
        /* It goes back by what was not yet stored only. */
        assert_true(now > before - 61000);
        if (now / DAY > last_day) {
            days++;
            last_day = now / DAY;
        }
        granted += spend(f, 1 + (int)chance_below(&dice, BUDGET));
        assert_true(granted <= (days + 1) * BUDGET);
        before = now;
    }
    assert_true(days > 5);
    /* And none is shut for ever. */
    run_on(DAY - store_now(f->store) % DAY + DAY);
    assert_int_equal(spend(f, BUDGET + 1), BUDGET);
}

/* ---- Days of a zone ---- */

static const char *zone_option(const void *self, const char *name) {
    (void)self;
    return strcmp(name, "limits.per_day") == 0 ? "3" : strcmp(name, "limits.zone") == 0 ? "Europe/Berlin" : "";
}

static kp_limits *berlin(void) {
    kp_limits *limits = NULL;
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    assert_int_equal(kp_limits_make(zone_option, NULL, &limits, &problem), 0);
    zone_file file = {.version = '3', .types = 1, .rule = RULE_BERLIN};
    kp_buf bytes = zone_bytes(&file);
    assert_int_equal(kp_limits_give(limits, 0, bytes.data, bytes.len, &problem), 0);
    kp_buf_free(&bytes);
    kp_buf_free(&problem);
    return limits;
}

/* As spend, but with the offset that the zone has by the clock of the caller. */
static int spend_there(fixture *f, const kp_limits *limits, int calls) {
    kp_limit_call call = {NULL, NULL, NULL, 0};
    kp_limit_item item;
    int granted = 0;
    assert_true(kp_limits_item(limits, &call, 0, &item));
    for (int i = 0; i < calls; i++) {
        char words[CASE_TEXT];
        kp_buf args;
        kp_buf_init(&args, NULL);
        kp_limit_add_args(&item, "r", 0, 1, 1, hand.wall, &args);
        int n = snprintf(words, sizeof words, "ADMIT %d 0", f->asked++);
        for (const char *word = args.data; word < args.data + args.len; word += strlen(word) + 1)
            n += snprintf(words + n, sizeof words - (size_t)n, " %s", word);
        kp_buf_free(&args);
        granted += store_grants(f->store, words);
    }
    return granted;
}

static void test_g3_days_of_23_and_25_hours(void **state) {
    fixture *f = *state;
    static const struct {
        int64_t midnight, hours; /* of Berlin's changed day */
    } days[] = {{((int64_t)BERLIN_SPRING - 2 * 3600) * 1000, 23}, {((int64_t)BERLIN_AUTUMN - 3 * 3600) * 1000, 25}};
    kp_limits *limits = berlin();
    for (size_t i = 0; i < 2; i++) {
        kp_store_close(f->store);
        remove(scratch_path("state.db"));
        hand.wall = days[i].midnight - DAY; /* 00:00 of the day before */
        f->store = open_one(f->on_disk);
        const int64_t hours[] = {24, days[i].hours, 24};
        for (size_t d = 0; d < 3; d++) {
            assert_int_equal(spend_there(f, limits, BUDGET + 1), BUDGET);
            for (int64_t passed = 0; passed < hours[d] * HOUR - 600000; passed += 600000) {
                run_on(600000);
                assert_int_equal(spend_there(f, limits, 1), 0);
            }
            run_on(600000 - 1);
            assert_int_equal(spend_there(f, limits, 1), 0);
            run_on(1);
        }
    }
    kp_limits_free(limits);
}

#define T(name, kind) cmocka_unit_test_prestate_setup_teardown(name, begin, end, kind)

static char memory[] = "memory", sqlite[] = "sqlite";

int main(void) {
    const struct CMUnitTest tests[] = {
        T(test_g3_the_last_millisecond_of_a_day, memory),
        T(test_g3_the_last_millisecond_of_a_day, sqlite),
        T(test_g3_wall_clock_a_day_ahead_and_back, memory),
        T(test_g3_wall_clock_a_day_ahead_and_back, sqlite),
        T(test_g3_sleep, memory),
        T(test_g3_sleep, sqlite),
        T(test_g3_start_with_a_clock_ahead, sqlite),
        T(test_g3_start_with_a_clock_of_long_ago, sqlite),
        T(test_g3_start_just_after_midnight, sqlite),
        T(test_g3_start_far_ahead, sqlite),
        T(test_g3_any_clock, memory),
        T(test_g3_any_clock, sqlite),
        T(test_g3_days_of_23_and_25_hours, memory),
        T(test_g3_days_of_23_and_25_hours, sqlite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
