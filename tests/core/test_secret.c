/* test_secret.c: keys by value: what they show, who holds them, how they are copied; threads and forks. */
#include "engine/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/config.h"
#include "failing.h"
#include "fork_threads.h"
#include "made_key.h"

enum { THREADS = 4, ROUNDS = 200, FORKS = 60, PATIENCE_S = 60, ROOM = 64 };

static kp_secret *new_secret(const key *k) {
    kp_secret *secret = kp_secret_new(k->text, k->len);
    assert_non_null(secret);
    return secret;
}

/* Whether this list finds the key under the name. */
static bool finds(const kp_held *list, const char *name, const key *k) {
    char room[ROOM] = "";
    size_t len = 0;
    bool failed = true;
    return kp_held_read(list, name, room, sizeof room, &len, &failed) && !failed && len == k->len &&
           memcmp(room, k->text, len) == 0;
}

static void a_secret_shows_its_mask(void **state) {
    (void)state;
    key k = make_key(1, 24), short_one = make_key(1, 15);
    kp_secret *secret = new_secret(&k);
    assert_memory_equal(kp_secret_mask(secret), "***", 3);
    assert_string_equal(kp_secret_mask(secret) + 3, k.text + 20);
    char text[LONGEST + 40];
    snprintf(text, sizeof text, "this is %s.", k.text);
    assert_masked(text, "this is [REDACTED].");
    kp_secret_free(secret);
    assert_masked(text, "this is [REDACTED]."); /* it stays known */
    secret = new_secret(&short_one);
    assert_string_equal(kp_secret_mask(secret), "***");
    kp_secret_free(secret);
}

static void blanks_around_it_are_no_part_of_it(void **state) {
    (void)state;
    key k = make_key(1, 24);
    char padded[LONGEST + 8], text[LONGEST + 40];
    snprintf(padded, sizeof padded, " %s\r\n", k.text);
    kp_secret *secret = kp_secret_new(padded, strlen(padded));
    assert_string_equal(kp_secret_mask(secret) + 3, k.text + 20);
    snprintf(text, sizeof text, "<%s>", k.text);
    assert_masked(text, "<[REDACTED]>");
    kp_secret_free(secret);
}

static void nothing_given(void **state) {
    (void)state;
    key k = make_key(1, 24);
    kp_config *config = kp_config_new();
    kp_secret *secret = new_secret(&k);
    assert_null(kp_secret_new(NULL, 5));
    kp_secret_free(NULL);
    assert_string_equal(kp_secret_mask(NULL), "***");
    assert_int_equal(kp_config_hold(NULL, "key", secret), KP_E_MISUSE);
    assert_int_equal(kp_config_hold(config, NULL, secret), KP_E_MISUSE);
    assert_int_equal(kp_config_hold(config, "key", NULL), KP_E_MISUSE);
    assert_false(kp_held_add(NULL, "key", secret));
    assert_false(kp_held_add(&config->held, NULL, secret));
    assert_false(kp_held_add(&config->held, "key", NULL));
    assert_null(config->held);
    kp_held_free(NULL);
    assert_string_equal(kp_config_problem(config), "");
    kp_secret_free(secret);
    secret = kp_secret_new("", 0);
    assert_string_equal(kp_secret_mask(secret), "***");
    kp_secret_free(secret);
    kp_config_free(config);
}

static void names(void **state) {
    (void)state;
    static const char *const good[] = {"k", "A.b_c-9", "abcdefghijklmnopqrstuvwxyz-_.0-9"};
    static const char *const bad[] = {"", "a b", "a/b", "a:b", "\xC3\xA4", "abcdefghijklmnopqrstuvwxyz-_.0-93"};
    key k = make_key(1, 24);
    kp_secret *secret = new_secret(&k);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        kp_config *config = kp_config_new();
        assert_int_equal(kp_config_hold(config, good[i], secret), KP_OK);
        assert_true(finds(config->held, good[i], &k));
        kp_config_free(config);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        kp_config *config = kp_config_new();
        assert_int_equal(kp_config_hold(config, bad[i], secret), KP_E_CONFIG);
        assert_non_null(strstr(kp_config_problem(config), "the name of a key by value"));
        assert_null(config->held);
        kp_config_free(config);
    }
    kp_secret_free(secret);
}

static void a_copy_is_independent(void **state) {
    (void)state;
    key first = make_key(1, 24), second = make_key(3, 40);
    kp_config *config = kp_config_new();
    kp_secret *secret = new_secret(&first);
    assert_int_equal(kp_config_hold(config, "key", secret), KP_OK);
    kp_config *copy = kp_config_copy(config);
    kp_secret_free(secret);
    secret = new_secret(&second);
    assert_int_equal(kp_config_hold(config, "key", secret), KP_OK);
    assert_int_equal(kp_config_hold(config, "other", secret), KP_OK);
    kp_secret_free(secret);
    assert_true(finds(config->held, "key", &second));
    assert_true(finds(copy->held, "key", &first));
    assert_false(finds(copy->held, "other", &second));
    kp_config *again = kp_config_copy(config);
    kp_config_free(config);
    assert_true(finds(again->held, "key", &second));
    assert_true(finds(again->held, "other", &second));
    assert_false(finds(again->held, "KEY", &second));
    kp_config_free(copy);
    kp_config_free(again);
}

static void a_room_that_is_too_small(void **state) {
    (void)state;
    key k = make_key(1, 40);
    kp_held *list = NULL;
    kp_secret *secret = new_secret(&k);
    assert_true(kp_held_add(&list, "key", secret));
    char room[40] = "untouched";
    size_t len = 0;
    bool failed = true;
    assert_true(kp_held_read(list, "key", room, 39, &len, &failed));
    assert_int_equal(len, 40);
    assert_false(failed);
    assert_string_equal(room, "untouched");
    kp_held_free(list);
    kp_secret_free(secret);
}

static void memory_short_at_every_place(void **state) {
    (void)state;
    key k = make_key(1, 24);
    for (int from_there_on = 0; from_there_on < 2; from_there_on++) {
        bool failed = true;
        for (size_t n = 0; failed; n++) {
            kp_config *config = kp_config_new();
            failing_start(n, from_there_on);
            kp_secret *secret = kp_secret_new(k.text, k.len);
            int code = secret ? kp_config_hold(config, "key", secret) : KP_E_MEMORY;
            kp_config *copy = kp_config_copy(config);
            failed = failing_stop();
            if (code != KP_OK)
                assert_int_equal(code, KP_E_MEMORY);
            if (secret && code != KP_OK)
                assert_string_equal(kp_config_problem(config), "memory is short");
            if (!failed)
                assert_true(copy && finds(copy->held, "key", &k));
            if (copy && code == KP_OK) /* never without what was held */
                assert_true(finds(copy->held, "key", &k));
            kp_secret_free(secret);
            kp_config_free(copy);
            kp_config_free(config);
        }
    }
}

/* ---- One secret in configurations of several threads ---- */

static kp_secret *shared;
static key shared_key;
static atomic_bool over;
static atomic_int wrong;

static bool hold_and_copy(void) {
    kp_config *config = kp_config_new();
    bool well = kp_config_hold(config, "key", shared) == KP_OK;
    kp_config *copy = kp_config_copy(config);
    well = well && copy && finds(config->held, "key", &shared_key) && finds(copy->held, "key", &shared_key);
    kp_config_free(config);
    kp_config_free(copy);
    return well;
}

static void *keep_copying(void *arg) {
    for (size_t i = 0; i < ROUNDS || (arg && !atomic_load(&over)); i++)
        if (!hold_and_copy())
            atomic_fetch_add(&wrong, 1);
    return NULL;
}

static void start_threads(pthread_t *threads, bool until_over) {
    shared_key = make_key(1, 30);
    shared = new_secret(&shared_key);
    atomic_store(&wrong, 0);
    atomic_store(&over, false);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep_copying, until_over ? shared : NULL), 0);
}

static void end_threads(pthread_t *threads) {
    atomic_store(&over, true);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    kp_secret_free(shared);
    assert_int_equal(atomic_load(&wrong), 0);
}

static void several_threads(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    start_threads(threads, false);
    end_threads(threads);
}

static void k8_a_child_forked_while_cells_are_open(void **state) {
    (void)state;
    if (!CAN_FORK_THREADS)
        skip();
    pthread_t threads[THREADS];
    start_threads(threads, true);
    for (size_t i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(PATIENCE_S);
            _exit(hold_and_copy() ? 0 : 1);
        }
        int status = -1;
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    end_threads(threads);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_shows_its_mask),
        cmocka_unit_test(blanks_around_it_are_no_part_of_it),
        cmocka_unit_test(nothing_given),
        cmocka_unit_test(names),
        cmocka_unit_test(a_copy_is_independent),
        cmocka_unit_test(a_room_that_is_too_small),
        cmocka_unit_test(memory_short_at_every_place),
        cmocka_unit_test(several_threads),
        cmocka_unit_test(k8_a_child_forked_while_cells_are_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
