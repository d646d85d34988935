/* test_cell.c: a secret that can be read only while its cell is open; what must fault does, in a child. */
#include "safe/cell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/mem.h"
#include "probe.h"
#include "safe/arena.h"

static const char words[] = "words that nobody may read";
enum { WORDS = sizeof words - 1 };

/* Nobody can read it: neither this process, nor a child of it, which dies of trying. */
static void assert_closed(const char *secret) {
    assert_false(probe_vm_flag(secret, "rd"));
    assert_false(probe_vm_flag(secret, "wr"));
    assert_true(probe_read_faults(secret));
}

/* Where the secret of a closed cell is. */
static const char *place_of(kp_cell *cell) {
    const char *at = kp_cell_open(cell, NULL);
    kp_cell_close(cell);
    return at;
}

static void open_gives_the_secret(void **state) {
    (void)state;
    kp_cell *cell = kp_cell_new(words, WORDS);
    size_t len = 0;
    const char *secret = kp_cell_open(cell, &len);
    assert_int_equal(len, WORDS);
    assert_ptr_not_equal(secret, words);
    assert_string_equal(secret, words);
    kp_cell_close(cell);
    kp_cell_drop(cell);
}

static void keeps_bytes_of_every_length(void **state) {
    (void)state;
    static char text[9000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i % 251);
    static const size_t lens[] = {0, 1, 15, 16, 4079, 4080, 4095, 4096, 8999};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        kp_cell *cell = kp_cell_new(text, lens[i]);
        size_t len = 1;
        const char *secret = kp_cell_open(cell, &len);
        assert_int_equal(len, lens[i]);
        assert_memory_equal(secret, text, len);
        assert_int_equal(secret[len], 0);
        assert_true(probe_read_faults(secret + len + 1)); /* the guard page begins behind the NUL */
        kp_cell_close(cell);
        kp_cell_drop(cell);
    }
}

static void closed_faults(void **state) {
    (void)state;
    kp_cell *cell = kp_cell_new(words, WORDS);
    const char *secret = kp_cell_open(cell, NULL);
    assert_false(probe_read_faults(secret));
    assert_true(probe_write_faults(secret));
    kp_cell_close(cell);
    assert_closed(secret);
    kp_cell_drop(cell);
}

/* The pages of a cell that is gone are the next one's as a rule: then it is seen before its first open. */
static void new_is_closed(void **state) {
    (void)state;
    kp_cell *cell = kp_cell_new(words, WORDS);
    const char *secret = place_of(cell);
    kp_cell_drop(cell);
    cell = kp_cell_new(words, WORDS);
    assert_closed(secret);
    bool same = place_of(cell) == secret;
    kp_cell_drop(cell);
    if (!same)
        skip();
}

static void every_open_needs_its_close(void **state) {
    (void)state;
    kp_cell *cell = kp_cell_new(words, WORDS);
    const char *secret = kp_cell_open(cell, NULL);
    assert_ptr_equal(kp_cell_open(cell, NULL), secret);
    kp_cell_close(cell);
    assert_string_equal(secret, words);
    kp_cell_close(cell);
    assert_closed(secret);
    kp_cell_close(cell); /* one too many does nothing */
    assert_string_equal(kp_cell_open(cell, NULL), words);
    kp_cell_drop(cell); /* open or not */
}

static void the_last_owner_takes_it_away(void **state) {
    (void)state;
    kp_cell *cell = kp_cell_new(words, WORDS);
    assert_ptr_equal(kp_cell_keep(cell), cell);
    kp_cell_drop(cell);
    const char *secret = kp_cell_open(cell, NULL);
    assert_string_equal(secret, words);
    kp_cell_drop(cell);
    assert_closed(secret);
}

static void takes_null(void **state) {
    (void)state;
    size_t len = 5;
    assert_null(kp_cell_new(NULL, 5));
    assert_null(kp_cell_new(words, SIZE_MAX));
    assert_null(kp_cell_keep(NULL));
    assert_null(kp_cell_open(NULL, &len));
    assert_int_equal(len, 0);
    kp_cell_close(NULL);
    kp_cell_drop(NULL);
}

static void is_not_in_core_dumps(void **state) {
    (void)state;
    kp_cell *cell = kp_cell_new(words, WORDS);
    assert_true(probe_vm_flag(place_of(cell), "dd"));
    kp_cell_drop(cell);
}

static int works_unlocked(void *unused) {
    (void)unused;
    if (!probe_forbid_locks() || !kp_safe_all_locked())
        return PROBE_CANNOT;
    kp_cell *cell = kp_cell_new(words, WORDS);
    const char *secret = kp_cell_open(cell, NULL);
    return secret && strcmp(secret, words) == 0 && !kp_safe_all_locked();
}

static void k7_memlock_limit_zero(void **state) {
    (void)state;
    int end = probe_in_child(works_unlocked, NULL);
    if (end == PROBE_CANNOT)
        skip();
    assert_int_equal(end, true);
}

static int is_locked_here(void *secret) {
    return kp_safe_all_locked() && probe_vm_flag(secret, "lo");
}

static int is_open_and_locked_here(void *secret) {
    return is_locked_here(secret) && strcmp(secret, words) == 0;
}

static int opens_here(void *with) {
    kp_cell *cell = with;
    const char *secret = kp_cell_open(cell, NULL);
    bool good = secret && strcmp(secret, words) == 0;
    kp_cell_close(cell);
    kp_cell_drop(cell);
    return good;
}

static void k8_child_locks_again(void **state) {
    (void)state;
    if (!probe_can_lock())
        skip();
    kp_cell *cells[3];
    for (size_t i = 0; i < 3; i++)
        cells[i] = kp_cell_new(words, WORDS);
    void *open = (void *)(uintptr_t)kp_cell_open(cells[1], NULL);
    assert_int_equal(probe_in_child(is_open_and_locked_here, open), true);
    kp_cell_close(cells[1]);
    for (size_t i = 0; i < 3; i++) {
        void *closed = (void *)(uintptr_t)place_of(cells[i]);
        assert_int_equal(probe_in_child(is_locked_here, closed), true);
        assert_closed(closed);
        assert_int_equal(probe_in_child(opens_here, cells[i]), true);
    }
    kp_cell_drop(cells[1]); /* the middle one, an end, the last one */
    kp_cell_drop(cells[0]);
    assert_int_equal(probe_in_child(opens_here, cells[2]), true);
    kp_cell_drop(cells[2]);
}

static void *use(void *with) {
    kp_cell *cell = with;
    bool good = true;
    for (int i = 0; i < 500; i++) {
        kp_cell_keep(cell);
        size_t len;
        const char *secret = kp_cell_open(cell, &len);
        good = good && len == WORDS && memcmp(secret, words, len) == 0;
        kp_cell *mine = kp_cell_new(secret, len);
        kp_cell_close(cell);
        kp_cell_drop(mine);
        kp_cell_drop(cell);
    }
    return good ? with : NULL;
}

static void k8_fork_while_threads_use_cells(void **state) {
    (void)state;
    enum { THREADS = 3, FORKS = 20 };
    pthread_t threads[THREADS];
    kp_cell *cell = kp_cell_new(words, WORDS);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use, cell), 0);
    int bad = 0;
    for (int i = 0; i < FORKS; i++)
        bad += probe_in_child(opens_here, cell) != true;
    for (size_t i = 0; i < THREADS; i++) {
        void *good;
        pthread_join(threads[i], &good);
        assert_non_null(good);
    }
    assert_int_equal(bad, 0);
    assert_closed(place_of(cell));
    kp_cell_drop(cell);
}

static int left;

static int fail_at(void) {
    return left-- == 0;
}

static void every_allocation_can_fail(void **state) {
    (void)state;
    int fails = 0;
    kp_cell *cell = NULL;
    while (!cell) {
        left = fails++;
        kp_mem_test_hook = fail_at;
        cell = kp_cell_new(words, WORDS);
        kp_mem_test_hook = NULL;
    }
    assert_int_equal(fails, 3); /* two allocations, then none fails */
    assert_string_equal(kp_cell_open(cell, NULL), words);
    kp_cell_close(cell);
    kp_cell_drop(cell);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_gives_the_secret),
        cmocka_unit_test(keeps_bytes_of_every_length),
        cmocka_unit_test(closed_faults),
        cmocka_unit_test(new_is_closed),
        cmocka_unit_test(every_open_needs_its_close),
        cmocka_unit_test(the_last_owner_takes_it_away),
        cmocka_unit_test(takes_null),
        cmocka_unit_test(is_not_in_core_dumps),
        cmocka_unit_test(k7_memlock_limit_zero),
        cmocka_unit_test(k8_child_locks_again),
        cmocka_unit_test(k8_fork_while_threads_use_cells),
        cmocka_unit_test(every_allocation_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
