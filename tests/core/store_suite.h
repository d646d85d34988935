/* store_suite.h: what every store must do, whatever it keeps its state in. Whoever includes it defines store_of before,
 * gives each test a fresh store, and takes the hand's clock if that store goes by it. */
#ifndef KP_TESTS_STORE_SUITE_H
#define KP_TESTS_STORE_SUITE_H

#include "fork_threads.h"
#include "store_case.h"

#include <pthread.h>

#include "failing.h"
#include "probe.h"

/* The store of the running test. */
static kp_store *store_of(void **state);

/* Until so much of the store's time is over: the hand moves it, or it is waited for. */
static void pass(kp_store *s, int64_t ms) {
    int64_t until = store_now(s) + ms;
    while (store_now(s) < until) {
        if (kp_clock_source_used == &hand_source)
            hand.boot += ms;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

static void verbs(void **state) {
    kp_store *s = store_of(state);
    char reply[CASE_TEXT], want[CASE_TEXT];
    long long now = 0;
    assert_string_equal(store_ask(s, "GET a b"), "ok - -");
    assert_string_equal(store_ask(s, "PUT a one 300 b two 500000"), "ok");
    assert_string_equal(store_ask(s, "GET b"), "ok two");
    pass(s, 300);
    assert_string_equal(store_ask(s, "GET b a"), "ok two -");
    assert_string_equal(store_ask(s, "PUT b - 0 c x 50000 c y 50000"), "ok");
    assert_string_equal(store_ask(s, "GET b c"), "ok - y");
    assert_int_equal(store_do(s, "ADMIT 1 0 gate b rate r 3600000000 1 0", reply, NULL), 0);
    assert_int_equal(sscanf(reply, "ok %lld 0", &now), 1);
    assert_string_equal(store_ask(s, "ADMIT 1 0 gate b rate r 3600000000 1 0"), "ok 0");
    snprintf(want, sizeof want, "no rate 0 0 %lld", now + 3600000);
    assert_string_equal(store_ask(s, "ADMIT 2 0 rate r 3600000000 1 0"), want);
    assert_string_equal(store_ask(s, "SETTLE 1 0"), "ok");
    assert_string_equal(store_ask(s, "ADMIT 2 0 rate r 3600000000 1 0"), "ok 0");
    assert_string_equal(store_ask(s, "PUT g +300 300"), "ok");
    assert_memory_equal(store_ask(s, "ADMIT 3 0 gate g"), "no gate 0 0 ", 12);
    pass(s, 300);
    assert_string_equal(store_ask(s, "ADMIT 3 0 gate g"), "ok 0");
}

/* 32 marks of the greatest length come back whole. */
static void marks(void **state) {
    kp_store *s = store_of(state);
    char words[CASE_TEXT], field[65] = "", *want = malloc(32 * 130);
    size_t n = 0;
    assert_non_null(want);
    for (int i = 0; i < 40; i++) {
        snprintf(field, sizeof field, "%064d", i);
        snprintf(words, sizeof words, "MARK m %s %s 400000", field, field);
        assert_string_equal(store_ask(s, words), "ok");
        if (i >= 8)
            n += (size_t)snprintf(want + n, 32 * 130 - n, "%s%s=%s", i > 8 ? "," : "", field, field);
    }
    kp_arg get[] = {{"GET", 3}, {"m", 1}};
    kp_buf said;
    kp_buf_init(&said, NULL);
    assert_int_equal(s->call(s, get, 2, NULL, &said, NULL), 0);
    assert_string_equal(strchr(kp_buf_text(&said) + strlen("ok "), ' ') + 1, want);
    kp_buf_free(&said);
    free(want);
    assert_memory_equal(store_ask(s, "MARK m a b 0"), "bad ", 4);
    assert_string_equal(store_ask(s, "MARK m a b 200"), "ok");
    pass(s, 200);
    assert_string_equal(store_ask(s, "GET m"), "ok -");
    assert_string_equal(store_ask(s, "MARK m a 1 500000"), "ok");
    assert_string_equal(store_ask(s, "MARK m b 2 500000"), "ok");
    assert_string_equal(store_ask(s, "MARK m a 3 500000"), "ok");
    assert_string_equal(store_ask(s, "GET m"), "ok b=2,a=3");
}

static void bad_changes_nothing(void **state) {
    kp_store *s = store_of(state);
    assert_memory_equal(store_ask(s, "PUT a one 1000 b two x"), "bad ", 4);
    assert_memory_equal(store_ask(s, "NONSENSE"), "bad ", 4);
    assert_memory_equal(store_ask(s, ""), "bad ", 4);
    assert_string_equal(store_ask(s, "GET a"), "ok -");
}

static void many_names(void **state) {
    kp_store *s = store_of(state);
    char words[CASE_TEXT], want[CASE_TEXT];
    for (int i = 0; i < 1000; i++) {
        snprintf(words, sizeof words, "PUT n%d v%d 100000", i % 700, i);
        assert_string_equal(store_ask(s, words), "ok");
    }
    for (int i = 0; i < 700; i++) {
        snprintf(words, sizeof words, "GET n%d", i);
        snprintf(want, sizeof want, "ok v%d", i < 300 ? i + 700 : i);
        assert_string_equal(store_ask(s, words), want);
    }
}

static void expired_names_go_and_others_stay(void **state) {
    kp_store *s = store_of(state);
    char words[CASE_TEXT];
    for (int i = 0; i < 500; i++) {
        snprintf(words, sizeof words, "PUT short%d v 10 long%d v 1000000", i, i);
        assert_string_equal(store_ask(s, words), "ok");
    }
    pass(s, 10);
    for (int i = 0; i < 500; i++) {
        assert_string_equal(store_ask(s, "PUT other v 1000000"), "ok");
        snprintf(words, sizeof words, "GET short%d long%d", i, i);
        assert_string_equal(store_ask(s, words), "ok - v");
    }
}

static void real_clock_is_near_the_wall(void **state) {
    hand_release();
    int64_t before = kp_clock_source_used->wall_ms();
    int64_t now = store_now(store_of(state));
    assert_in_range(now, before - 2000, kp_clock_source_used->wall_ms() + 2000);
}

enum { THREADS = 4, ASKS = 500, MEMORY_ASKS = 5000 };

static int asks_of(const kp_store *s) {
    return strcmp(s->text, "memory:") == 0 ? MEMORY_ASKS : ASKS;
}

/* Three asks of four are granted. */
static int limit_of(const kp_store *s) {
    return asks_of(s) * THREADS / 4 * 3;
}

typedef struct {
    kp_store *store;
    int number;
    int granted;
} asker;

static pthread_barrier_t together;

static void *ask_often(void *with) {
    asker *a = with;
    char words[CASE_TEXT];
    int asks = asks_of(a->store), limit = limit_of(a->store);
    pthread_barrier_wait(&together);
    for (int i = 0; i < asks; i++) {
        char reply[CASE_TEXT] = "";
        snprintf(words, sizeof words, "ADMIT %d.%d 0 rate r 3600000000 %d 0", a->number, i, limit);
        if (store_do(a->store, words, reply, NULL) == 0 && strncmp(reply, "ok", 2) == 0)
            a->granted++;
    }
    return NULL;
}

static void g1_threads_get_exactly_the_limit(void **state) {
    pthread_t threads[THREADS];
    asker askers[THREADS];
    pthread_barrier_init(&together, NULL, THREADS);
    int granted = 0;
    for (int i = 0; i < THREADS; i++) {
        askers[i] = (asker){store_of(state), i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &askers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        granted += askers[i].granted;
    }
    assert_int_equal(granted, limit_of(store_of(state)));
}

static int use_in_child(void *with) {
    kp_store *s = with;
    bool well = strcmp(store_ask(s, "GET a"), "ok before") == 0;
    well = well && strcmp(store_ask(s, "PUT b child 1000000"), "ok") == 0;
    well = well && strcmp(store_ask(s, "GET b"), "ok child") == 0;
    kp_store_close(s);
    return well;
}

static int say_forked_and_use(void *with) {
    kp_store *s = with;
    s->forked(s);
    return use_in_child(s);
}

/* Forks while other threads are within calls: every child can ask at once. */
static void k8_fork_with_calls_in_flight(void **state) {
    kp_store *s = store_of(state);
    if (!CAN_FORK_THREADS)
        skip();
    pthread_t threads[THREADS];
    asker askers[THREADS];
    pthread_barrier_init(&together, NULL, THREADS);
    assert_string_equal(store_ask(s, "PUT a before 1000000"), "ok");
    for (int i = 0; i < THREADS; i++) {
        askers[i] = (asker){s, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &askers[i]), 0);
    }
    int good = 0;
    for (int i = 0; i < 20; i++)
        good += probe_in_child(i % 2 ? use_in_child : say_forked_and_use, s) == 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(good, 20);
    assert_string_equal(store_ask(s, "GET a"), "ok before");
}

static void each_allocation_fails(void **state) {
    static const char *const script[] = {"PUT a one 1000", "ADMIT 1 0 gate g rate r 3600000000 2 0", "GET a",
                                         "SETTLE 1 0", "ADMIT 2 0 rate r 3600000000 1 0"};
    static const char *const replies[] = {"ok", "ok 0", "ok one", "ok", "ok 0"};
    kp_store *s = store_of(state);
    for (size_t i = 0; i < sizeof script / sizeof script[0]; i++) {
        bool failed = true;
        for (size_t at = 0; failed; at++) {
            char reply[CASE_TEXT], problem[CASE_TEXT];
            failing_start(at, i % 2);
            int result = store_do(s, script[i], reply, problem);
            failed = failing_stop();
            if (result == 0)
                assert_memory_equal(reply, "ok", 2);
            else
                assert_true(failed);
            if (result != 0 && i % 2 == 0)
                assert_non_null(strstr(problem, "memory is short"));
        }
        assert_string_equal(store_ask(s, i == 3 ? "SETTLE 1 0" : script[i]), replies[i]);
    }
}

#define SUITE_TEST(name, kind) cmocka_unit_test_prestate_setup_teardown(name, begin, end, kind)
#define SUITE(kind)                                                                                                    \
    SUITE_TEST(verbs, kind), SUITE_TEST(marks, kind), SUITE_TEST(bad_changes_nothing, kind),                           \
        SUITE_TEST(many_names, kind), SUITE_TEST(expired_names_go_and_others_stay, kind),                              \
        SUITE_TEST(real_clock_is_near_the_wall, kind), SUITE_TEST(each_allocation_fails, kind)

#endif
