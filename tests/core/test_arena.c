/* test_arena.c: the two arenas: reuse, wiping, locks, core dumps, limits, fork. */
#include "safe/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "probe.h"

/* LARGER than any block that a test gives back for reuse: always a new mapping. */
enum { LARGE = 100000, LARGER = 700000 };

static bool all_bytes(const void *data, size_t len, int value) {
    const unsigned char *c = data;
    for (size_t i = 0; i < len; i++)
        if (c[i] != value)
            return false;
    return true;
}

static void gives_aligned_memory_of_every_size(void **state) {
    (void)state;
    size_t before = kp_safe_in_use();
    for (size_t size = 0; size < 3 * LARGE; size = size * 5 / 4 + 1) {
        char *a = kp_safe_alloc(size);
        char *b = kp_safe_alloc(size);
        assert_non_null(a);
        assert_non_null(b);
        assert_int_equal((uintptr_t)a % 16, 0);
        memset(a, 'a', size);
        memset(b, 'b', size);
        assert_true(all_bytes(a, size, 'a'));
        assert_true(all_bytes(b, size, 'b'));
        assert_int_equal(kp_safe_in_use(), before + 2);
        kp_safe_free(a);
        kp_safe_free(b);
    }
    assert_int_equal(kp_safe_in_use(), before);
}

static void refuses_sizes_that_overflow(void **state) {
    (void)state;
    size_t before = kp_safe_in_use();
    assert_null(kp_safe_alloc(SIZE_MAX));
    assert_null(kp_safe_alloc(SIZE_MAX - 64));
    assert_null(kp_safe_alloc(SIZE_MAX / 4 + 1));
    assert_null(kp_safe_alloc(SIZE_MAX / 4)); /* no overflow, but more than there is */
    char *block = kp_safe_alloc(10);
    memset(block, 'a', 10);
    assert_null(kp_safe_resize(block, SIZE_MAX));
    assert_true(all_bytes(block, 10, 'a'));
    kp_safe_free(block);
    kp_safe_free(NULL);
    kp_wipe(NULL, 5);
    assert_int_equal(kp_safe_in_use(), before);
}

static void resize_keeps_the_content(void **state) {
    (void)state;
    size_t before = kp_safe_in_use();
    unsigned char *block = kp_safe_resize(NULL, 1);
    block[0] = 0;
    for (size_t size = 1; size < 2 * LARGE;) {
        size_t more = size * 3 / 2 + 1;
        block = kp_safe_resize(block, more);
        assert_non_null(block);
        for (size_t i = size; i < more; i++)
            block[i] = (unsigned char)(i * 7);
        size = more;
        for (size_t i = 0; i < size; i++)
            assert_int_equal(block[i], (unsigned char)(i * 7));
    }
    block = kp_safe_resize(block, 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(block[i], (unsigned char)(i * 7));
    block = kp_safe_resize(block, 0);
    assert_int_equal(block[0], 0);
    kp_safe_free(block);
    assert_int_equal(kp_safe_in_use(), before);
}

/* Memory of the arena stays mapped, so what was given back can be looked at. */
static void free_wipes(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 16, 17, 1000, 8000, LARGE};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *block = kp_safe_alloc(sizes[i]);
        memset(block, 's', sizes[i]);
        kp_safe_free(block);
        assert_true(all_bytes(block, sizes[i], 0));
    }
}

/* The last bytes of a block that were never written are passed over. */
static void free_wipes_one_byte_anywhere(void **state) {
    (void)state;
    static const size_t sizes[] = {100, 1023, 1024, 1025, 3000, 8000, LARGE};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t step = sizes[i] > 4000 ? 509 : 1;
        for (size_t back = 1; back <= sizes[i]; back += step) {
            char *block = kp_nodump_alloc(sizes[i]);
            block[sizes[i] - back] = 's';
            kp_nodump_free(block);
            assert_int_equal(block[sizes[i] - back], 0);
        }
    }
}

static void resize_wipes_what_it_leaves(void **state) {
    (void)state;
    char *small = kp_safe_alloc(100);
    memset(small, 's', 100);
    assert_ptr_equal(kp_safe_resize(small, 10), small);
    assert_true(all_bytes(small, 10, 's'));
    assert_true(all_bytes(small + 10, 90, 0));
    char *moved = kp_safe_resize(small, LARGE);
    assert_ptr_not_equal(moved, small);
    assert_true(all_bytes(small, 100, 0));
    memset(moved, 's', LARGE);
    char *again = kp_safe_resize(moved, 3 * LARGE);
    assert_true(all_bytes(again, LARGE, 's'));
    assert_true(all_bytes(moved, LARGE, 0));
    kp_safe_free(again);
}

static void wipe_wipes(void **state) {
    (void)state;
    char data[40];
    memset(data, 's', sizeof data);
    kp_wipe(data + 4, 32);
    assert_true(all_bytes(data, 4, 's'));
    assert_true(all_bytes(data + 4, 32, 0));
    assert_true(all_bytes(data + 36, 4, 's'));
    kp_wipe(data, 0);
    assert_int_equal(data[0], 's');
}

/* The arena's own pages can be told from the others by that flag. */
static size_t mapped(void) {
    void *block = kp_safe_alloc(1);
    size_t bytes = probe_bytes_near(block, "dd");
    kp_safe_free(block);
    return bytes;
}

static void one_round(void) {
    enum { MANY = 40 };
    void *blocks[MANY];
    for (size_t i = 0; i < MANY; i++)
        blocks[i] = kp_safe_alloc(i % 8 == 7 ? i * 3000 : 20 * i);
    for (size_t i = 0; i < MANY; i += 2)
        blocks[i] = kp_safe_resize(blocks[i], 50 * i);
    for (size_t i = 0; i < MANY; i++)
        kp_safe_free(blocks[i]);
}

static void a_steady_loop_maps_nothing(void **state) {
    (void)state;
    one_round();
    one_round();
    size_t before = mapped();
    for (int i = 0; i < 50; i++) {
        one_round();
        assert_int_equal(mapped(), before);
    }
}

static void gives_large_blocks_back(void **state) {
    (void)state;
    enum { MANY = 100, SIZE = 500000 };
    void *blocks[MANY];
    size_t before = mapped();
    for (size_t i = 0; i < MANY; i++)
        assert_non_null(blocks[i] = kp_safe_alloc(SIZE));
    assert_true(mapped() >= before + (MANY - 10) * SIZE);
    for (size_t i = 0; i < MANY; i++)
        kp_safe_free(blocks[i]);
    size_t after = mapped();
    assert_true(after <= before + 4 * 1024 * 1024);
    void *huge = kp_safe_alloc(20000000);
    assert_non_null(huge);
    kp_safe_free(huge);
    assert_int_equal(mapped(), after); /* it goes, and those that were kept stay */
}

/* What is kept of other sizes makes room for the size that is wanted now. */
static void a_steady_loop_of_another_size_maps_nothing(void **state) {
    (void)state;
    enum { MANY = 40, OLD = 100000, NEW = 200000 };
    void *blocks[MANY];
    for (size_t i = 0; i < MANY; i++)
        assert_non_null(blocks[i] = kp_safe_alloc(OLD));
    for (size_t i = 0; i < MANY; i++)
        kp_safe_free(blocks[i]);
    for (size_t round = 0; round < 6; round++) {
        for (size_t i = 0; i < 10; i++)
            assert_non_null(blocks[i] = kp_safe_alloc(NEW));
        size_t before = mapped();
        for (size_t i = 0; i < 10; i++)
            kp_safe_free(blocks[i]);
        if (round > 0)
            assert_int_equal(mapped(), before);
    }
}

static void is_not_in_core_dumps(void **state) {
    (void)state;
    char *small = kp_safe_alloc(10);
    char *large = kp_safe_alloc(LARGE);
    assert_false(probe_vm_flag(&small, "dd")); /* the probe can tell */
    assert_true(probe_vm_flag(small, "dd"));
    assert_true(probe_vm_flag(large, "dd"));
    kp_safe_free(small);
    kp_safe_free(large);
}

static void is_locked(void **state) {
    (void)state;
    if (!probe_can_lock())
        skip();
    char *small = kp_safe_alloc(10);
    char *large = kp_safe_alloc(LARGE);
    assert_true(probe_vm_flag(small, "lo"));
    assert_true(probe_vm_flag(large, "lo"));
    assert_true(kp_safe_all_locked());
    kp_safe_free(small);
    kp_safe_free(large);
}

static void nodump_is_not_locked(void **state) {
    (void)state;
    char *small = kp_nodump_alloc(10);
    char *large = kp_nodump_alloc(LARGE);
    assert_true(probe_vm_flag(small, "dd"));
    assert_true(probe_vm_flag(large, "dd"));
    assert_false(probe_vm_flag(small, "lo"));
    assert_false(probe_vm_flag(large, "lo"));
    assert_int_equal((uintptr_t)small % 16, 0);
    assert_int_equal((uintptr_t)large % 16, 0);
    kp_nodump_free(small);
    kp_nodump_free(large);
}

static void nodump_owns_its_blocks_only(void **state) {
    (void)state;
    char *small = kp_nodump_alloc(10);
    char *large = kp_nodump_alloc(LARGE);
    char *secret = kp_safe_alloc(10);
    assert_true(kp_nodump_owns(small));
    assert_true(kp_nodump_owns(large));
    assert_true(kp_nodump_owns(large + LARGE - 1));
    assert_false(kp_nodump_owns(secret));
    assert_false(kp_nodump_owns(state));
    assert_false(kp_nodump_owns(NULL));
    kp_nodump_free(small);
    kp_nodump_free(large);
    kp_safe_free(secret);
}

static void zalloc_gives_zeros_or_nothing(void **state) {
    (void)state;
    size_t before = kp_nodump_in_use();
    assert_null(kp_nodump_zalloc(SIZE_MAX / 8 + 1, 8));
    assert_null(kp_nodump_zalloc(8, SIZE_MAX / 8 + 1));
    assert_null(kp_nodump_zalloc(SIZE_MAX, SIZE_MAX));
    assert_int_equal(kp_nodump_in_use(), before);
    static const size_t sizes[] = {0, 1, 7, 100, 8000, LARGE / 7};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int again = 0; again < 2; again++) {
            char *block = kp_nodump_zalloc(7, sizes[i]);
            assert_non_null(block);
            assert_true(all_bytes(block, 7 * sizes[i], 0));
            memset(block, 's', 7 * sizes[i]);
            block = kp_nodump_resize(block, sizes[i]);
            kp_nodump_free(block);
        }
        void *none = kp_nodump_zalloc(0, sizes[i]);
        assert_non_null(none);
        kp_nodump_free(none);
    }
    kp_nodump_free(NULL);
    assert_int_equal(kp_nodump_in_use(), before);
}

static int works_unlocked(void *unused) {
    (void)unused;
    if (!probe_forbid_locks())
        return PROBE_CANNOT;
    char *block = kp_safe_alloc(LARGER);
    if (!block)
        return false;
    memset(block, 'a', LARGER);
    bool said = !kp_safe_all_locked();
    kp_safe_free(block);
    return said;
}

static void k7_memlock_limit_zero(void **state) {
    (void)state;
    int end = probe_in_child(works_unlocked, NULL);
    if (end == PROBE_CANNOT)
        skip();
    assert_int_equal(end, true);
}

static int is_locked_here(void *block) {
    return kp_safe_all_locked() && probe_vm_flag(block, "lo");
}

static int is_not_locked_here(void *block) {
    return !kp_safe_all_locked() && !probe_vm_flag(block, "lo");
}

static void k8_child_locks_again(void **state) {
    (void)state;
    if (!probe_can_lock())
        skip();
    char *small = kp_safe_alloc(10);
    char *large = kp_safe_alloc(LARGE);
    assert_int_equal(probe_in_child(is_locked_here, small), true);
    assert_int_equal(probe_in_child(is_locked_here, large), true);
    kp_safe_free(small);
    kp_safe_free(large);
}

static int forgets_only_what_was_mended(void *unused) {
    (void)unused;
    if (!probe_forbid_locks())
        return PROBE_CANNOT;
    char *block = kp_safe_alloc(LARGER);
    if (probe_in_child(is_not_locked_here, block) != true)
        return false;
    if (!probe_allow_locks() || kp_safe_all_locked())
        return false;
    return probe_in_child(is_locked_here, block) == true;
}

static void k8_child_forgets_a_failed_lock_that_works_now(void **state) {
    (void)state;
    struct rlimit limit;
    getrlimit(RLIMIT_MEMLOCK, &limit);
    int end = probe_in_child(forgets_only_what_was_mended, NULL);
    if (end == PROBE_CANNOT || limit.rlim_max < 8 * 1024 * 1024)
        skip();
    assert_int_equal(end, true);
}

static int fail_always(void) {
    return 1;
}

static void fails_when_a_test_says_so(void **state) {
    (void)state;
    char *block = kp_safe_alloc(10);
    memset(block, 'a', 10);
    size_t before = kp_safe_in_use();
    kp_mem_test_hook = fail_always;
    void *none = kp_safe_alloc(10);
    void *no_resize = kp_safe_resize(block, LARGE);
    void *no_shrink = kp_safe_resize(block, 5);
    void *no_nodump = kp_nodump_alloc(10);
    void *no_zeros = kp_nodump_zalloc(2, 10);
    void *no_growth = kp_nodump_resize(NULL, 10);
    kp_mem_test_hook = NULL;
    assert_null(none);
    assert_null(no_resize);
    assert_null(no_shrink);
    assert_null(no_nodump);
    assert_null(no_zeros);
    assert_null(no_growth);
    assert_true(all_bytes(block, 10, 'a'));
    assert_int_equal(kp_safe_in_use(), before);
    kp_safe_free(block);
}

static void serves_buffers(void **state) {
    (void)state;
    size_t before = kp_safe_in_use();
    kp_buf b;
    kp_buf_init(&b, &kp_safe);
    for (int i = 0; i < 10000; i++)
        kp_buf_str(&b, "0123456789");
    assert_int_equal(b.len, 100000);
    assert_true(probe_vm_flag(b.data, "dd"));
    char *data = b.data;
    kp_buf_free(&b);
    assert_true(all_bytes(data, 100000, 0));
    assert_int_equal(kp_safe_in_use(), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        /* First, because the others take more than the usual limit of locked memory. */
        cmocka_unit_test(is_locked),
        cmocka_unit_test(k7_memlock_limit_zero),
        cmocka_unit_test(k8_child_locks_again),
        cmocka_unit_test(k8_child_forgets_a_failed_lock_that_works_now),
        cmocka_unit_test(gives_aligned_memory_of_every_size),
        cmocka_unit_test(refuses_sizes_that_overflow),
        cmocka_unit_test(resize_keeps_the_content),
        cmocka_unit_test(free_wipes),
        cmocka_unit_test(free_wipes_one_byte_anywhere),
        cmocka_unit_test(resize_wipes_what_it_leaves),
        cmocka_unit_test(wipe_wipes),
        cmocka_unit_test(a_steady_loop_maps_nothing),
        cmocka_unit_test(gives_large_blocks_back),
        cmocka_unit_test(a_steady_loop_of_another_size_maps_nothing),
        cmocka_unit_test(is_not_in_core_dumps),
        cmocka_unit_test(nodump_is_not_locked),
        cmocka_unit_test(nodump_owns_its_blocks_only),
        cmocka_unit_test(zalloc_gives_zeros_or_nothing),
        cmocka_unit_test(fails_when_a_test_says_so),
        cmocka_unit_test(serves_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
