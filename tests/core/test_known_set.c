/* test_known_set.c: who holds a secret, how long a retired one stays known, threads and forks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "chance.h"
#include "failing.h"
#include "made_key.h"
#include "safe/arena.h"

/* A secret of its own for each number; 12 of one beginning share a list. */
static size_t numbered(char out[32], unsigned kind, unsigned number) {
    return (size_t)snprintf(out, 32, "%c-secret-%u-%08u", 'a' + (char)(number % 20), kind, number);
}

static bool is_masked(const char *text, size_t len) {
    kp_buf out = {0};
    kp_known_mask(&out, text, len);
    bool masked_whole = out.len == 10 && memcmp(out.data, KP_MASK_TEXT, 10) == 0;
    kp_buf_free(&out);
    return masked_whole;
}

static void the_oldest_retired_go_first(void **state) {
    (void)state;
    char text[32];
    size_t before = kp_known_count(), len = 0;
    for (unsigned i = 0; i < KP_RETIRED_MOST + 10; i++) {
        len = numbered(text, 1, i);
        assert_true(kp_known_add(text, len));
        if (i == 20)
            assert_true(kp_known_add(text, numbered(text, 1, 0))); /* seen again: it is young */
    }
    assert_int_equal(kp_known_count(), KP_RETIRED_MOST);
    assert_true(before <= KP_RETIRED_MOST);
    for (unsigned i = 0; i < 16; i++) {
        len = numbered(text, 1, i);
        assert_int_equal(is_masked(text, len), i == 0 || i > 10);
    }
    assert_true(is_masked(text, numbered(text, 1, KP_RETIRED_MOST + 9)));
}

static void what_is_held_stays(void **state) {
    (void)state;
    char text[32], other[32];
    size_t len = numbered(text, 2, 1);
    kp_known *first = kp_known_hold(text, len), *second = kp_known_hold(text, len);
    assert_non_null(first);
    assert_ptr_equal(first, second);
    kp_known_release(first);
    for (unsigned i = 0; i <= KP_RETIRED_MOST; i++)
        assert_true(kp_known_add(other, numbered(other, 3, i)));
    assert_true(is_masked(text, len));
    assert_int_equal(kp_known_count(), KP_RETIRED_MOST + 1);
    kp_known_release(second);
    assert_true(is_masked(text, len));
    assert_int_equal(kp_known_count(), KP_RETIRED_MOST);
    kp_known *third = kp_known_hold(text, len); /* out of retirement */
    for (unsigned i = 0; i <= KP_RETIRED_MOST; i++)
        assert_true(kp_known_add(other, numbered(other, 4, i)));
    assert_true(is_masked(text, len));
    kp_known_release(third);
    for (unsigned i = 0; i <= KP_RETIRED_MOST; i++)
        assert_true(kp_known_add(other, numbered(other, 5, i)));
    assert_false(is_masked(text, len));
}

static void short_ones_retire_too(void **state) {
    (void)state;
    char other[32];
    assert_true(kp_known_add("pw4x", 4));
    assert_masked("key=pw4x", "key=[REDACTED]");
    for (unsigned i = 0; i <= KP_RETIRED_MOST; i++)
        assert_true(kp_known_add(other, numbered(other, 6, i)));
    assert_masked("key=pw4x", "key=pw4x");
}

static void nothing_is_held_of_nothing(void **state) {
    (void)state;
    assert_null(kp_known_hold(NULL, 3));
    assert_null(kp_known_hold("", 0));
    kp_known_release(NULL);
}

static void cycles_do_not_grow(void **state) {
    (void)state;
    char text[32];
    int cycles = chance_rounds(20000);
    size_t len = numbered(text, 7, 0);
    kp_known_add(text, len);
    size_t blocks = kp_safe_in_use(), count = kp_known_count();
    for (int i = 0; i < cycles; i++)
        kp_known_release(kp_known_hold(text, len));
    assert_int_equal(kp_safe_in_use(), blocks);
    assert_int_equal(kp_known_count(), count);
    for (int i = 0; i < cycles; i++) {
        len = numbered(text, 8, (unsigned)i);
        kp_known_release(kp_known_hold(text, len));
        assert_true(kp_known_count() <= KP_RETIRED_MOST);
    }
    assert_true(kp_safe_in_use() <= blocks + KP_RETIRED_MOST - count);
}

static void failing_memory_leaves_the_set_whole(void **state) {
    (void)state;
    char text[32];
    size_t len = numbered(text, 9, 0), blocks = kp_safe_in_use(), count = kp_known_count();
    text[0] = '~'; /* a list of its own */
    bool failed = true;
    for (size_t at = 0; failed; at++) {
        failing_start(at, false);
        kp_known *s = kp_known_hold(text, len);
        failed = failing_stop();
        assert_int_equal(s != NULL, !failed);
        assert_int_equal(kp_known_count(), count + !failed);
        if (failed)
            assert_int_equal(kp_safe_in_use(), blocks);
        kp_known_release(s);
    }
    assert_true(is_masked(text, len));
}

/* ---- Threads and forks ---- */

enum { THREADS = 4, ROUNDS = 400 };
static atomic_int wrong;

/* Holds, masks, lets go; the secret is known all the while, whatever the others push out. */
static void *hold_and_mask(void *number) {
    char text[32];
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t len = numbered(text, 20 + *(unsigned *)number, i);
        kp_known *s = kp_known_hold(text, len);
        if (!s || !is_masked(text, len))
            wrong++;
        kp_known_release(s);
    }
    return NULL;
}

static void with_threads(void (*meanwhile)(void)) {
    pthread_t threads[THREADS];
    unsigned numbers[THREADS];
    wrong = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_mask, &numbers[i]), 0);
    }
    meanwhile();
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
}

static void mask_meanwhile(void) {
    for (int i = 0; i < 50; i++)
        is_masked("b-secret-21-00000001 and so on", 30);
}

static void threads_hold_and_release(void **state) {
    (void)state;
    with_threads(mask_meanwhile);
}

static void fork_meanwhile(void) {
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0) {
            char text[32];
            size_t len = numbered(text, 40, (unsigned)i);
            kp_known *s = kp_known_hold(text, len);
            bool good = s && is_masked(text, len);
            kp_known_release(s);
            _exit(good ? 0 : 1);
        }
        int status = 1;
        waitpid(child, &status, 0);
        wrong += status != 0;
    }
}

static void k8_a_child_can_use_the_set_whatever_its_parents_threads_did(void **state) {
    (void)state;
    with_threads(fork_meanwhile);
}

/* ---- A reader before anything is known ---- */

static pthread_barrier_t reading, forked;

static void *read_across_fork(void *unused) {
    (void)unused;
    kp_known_begin();
    pthread_barrier_wait(&reading);
    pthread_barrier_wait(&forked);
    kp_known_end();
    return NULL;
}

/* The first of all tests: no secret was held yet in this process. */
static void k8_a_child_can_hold_though_its_parent_only_read(void **state) {
    (void)state;
    pthread_t reader;
    int status = 1;
    pthread_barrier_init(&reading, NULL, 2);
    pthread_barrier_init(&forked, NULL, 2);
    assert_int_equal(pthread_create(&reader, NULL, read_across_fork, NULL), 0);
    pthread_barrier_wait(&reading);
    pid_t child = fork();
    if (child == 0) {
        char text[32];
        size_t len = numbered(text, 50, 0);
        alarm(20); /* a child that waits for ever ends all the same */
        _exit(kp_known_add(text, len) && is_masked(text, len) ? 0 : 1);
    }
    pthread_barrier_wait(&forked);
    pthread_join(reader, NULL);
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    pthread_barrier_destroy(&reading);
    pthread_barrier_destroy(&forked);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k8_a_child_can_hold_though_its_parent_only_read),
        cmocka_unit_test(the_oldest_retired_go_first),
        cmocka_unit_test(what_is_held_stays),
        cmocka_unit_test(short_ones_retire_too),
        cmocka_unit_test(nothing_is_held_of_nothing),
        cmocka_unit_test(cycles_do_not_grow),
        cmocka_unit_test(failing_memory_leaves_the_set_whole),
        cmocka_unit_test(threads_hold_and_release),
        cmocka_unit_test(k8_a_child_can_use_the_set_whatever_its_parents_threads_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
