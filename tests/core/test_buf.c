/* test_buf.c: tests mem.c and buf.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "chance.h"
#include "failing.h"

static void allocations_of_size_zero(void **state) {
    (void)state;
    void *blocks[] = {kp_alloc(0), kp_zalloc(0, 8), kp_zalloc(8, 0), kp_realloc(NULL, 0)};
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(blocks[i]);
        *(char *)blocks[i] = 1;
        kp_free(blocks[i]);
    }
    void *block = kp_alloc(8);
    block = kp_realloc(block, 0);
    assert_non_null(block);
    kp_free(block);
    kp_free(NULL);
}

static void zalloc_is_zero_and_checks_its_product(void **state) {
    (void)state;
    unsigned char *bytes = kp_zalloc(33, 7);
    assert_non_null(bytes);
    for (size_t i = 0; i < 33 * 7; i++)
        assert_int_equal(bytes[i], 0);
    kp_free(bytes);
    volatile size_t half = SIZE_MAX / 2 + 1;
    assert_null(kp_zalloc(half, 2));
    assert_null(kp_zalloc(2, half));
}

static void copies(void **state) {
    (void)state;
    assert_null(kp_strdup(NULL));
    assert_null(kp_strndup(NULL, 3));
    volatile size_t most = SIZE_MAX;
    assert_null(kp_strndup("a", most));
    char *copy = kp_strndup("a\0b", 3);
    assert_memory_equal(copy, "a\0b", 4);
    kp_free(copy);
    copy = kp_strdup("");
    assert_string_equal(copy, "");
    kp_free(copy);
}

static void each_allocation_can_fail(void **state) {
    (void)state;
    failing_start(0, true);
    assert_true(kp_mem_must_fail());
    assert_null(kp_alloc(1));
    assert_null(kp_zalloc(1, 1));
    assert_null(kp_realloc(NULL, 1));
    assert_null(kp_strdup("a"));
    assert_true(failing_stop());
    assert_false(kp_mem_must_fail());
    char *old = kp_strdup("kept");
    failing_start(0, false);
    assert_null(kp_realloc(old, 1000));
    assert_true(failing_stop());
    assert_string_equal(old, "kept");
    kp_free(old);
}

static void empty_buffer(void **state) {
    (void)state;
    kp_buf b;
    kp_buf_init(&b, NULL);
    kp_buf_add(&b, "x", 0);
    kp_buf_add(&b, NULL, 3);
    kp_buf_str(&b, NULL);
    assert_null(b.data);
    assert_string_equal(kp_buf_text(&b), "");
    char *text = kp_buf_take(&b);
    assert_string_equal(text, "");
    kp_free(text);
    assert_null(b.data);
    kp_buf_free(&b);
}

static void null_buffer(void **state) {
    (void)state;
    kp_buf_init(NULL, NULL);
    kp_buf_free(NULL);
    kp_buf_clear(NULL);
    assert_false(kp_buf_reserve(NULL, 1));
    kp_buf_add(NULL, "a", 1);
    kp_buf_str(NULL, "a");
    kp_buf_char(NULL, 'a');
    kp_buf_i64(NULL, 1);
    kp_buf_fmt(NULL, "%d", 1);
    assert_string_equal(kp_buf_text(NULL), "");
    assert_null(kp_buf_take(NULL));
}

static void random_appends_equal_a_flat_copy(void **state) {
    (void)state;
    chance c = {11};
    static char flat[200000];
    kp_buf b;
    kp_buf_init(&b, NULL);
    for (int round = 0; round < 20; round++) {
        size_t len = 0;
        while (len < sizeof flat - 400) {
            char piece[300];
            size_t size = chance_below(&c, sizeof piece);
            chance_bytes(&c, piece, size);
            if (chance_below(&c, 3) == 0) {
                kp_buf_char(&b, 'q');
                flat[len++] = 'q';
            }
            kp_buf_add(&b, piece, size);
            memcpy(flat + len, piece, size);
            len += size;
            assert_int_equal(b.len, len);
            if (b.data)
                assert_int_equal(b.data[len], 0);
        }
        assert_false(b.failed);
        assert_memory_equal(b.data, flat, len);
        kp_buf_clear(&b);
        assert_string_equal(kp_buf_text(&b), "");
        assert_int_equal(b.len, 0);
    }
    kp_buf_free(&b);
    assert_null(b.data);
    kp_buf_str(&b, "again");
    assert_string_equal(kp_buf_text(&b), "again");
    kp_buf_free(&b);
}

static void integers(void **state) {
    (void)state;
    static const struct {
        int64_t number;
        const char *text;
    } rows[] = {
        {0, "0"}, {7, "7"}, {-1, "-1"}, {INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kp_buf b;
        kp_buf_init(&b, NULL);
        kp_buf_i64(&b, rows[i].number);
        assert_string_equal(kp_buf_text(&b), rows[i].text);
        kp_buf_free(&b);
    }
}

static void formats(void **state) {
    (void)state;
    kp_buf b;
    kp_buf_init(&b, NULL);
    kp_buf_fmt(&b, "%s-%d", "a", -5);
    kp_buf_fmt(&b, "%s", "");
    char wide[300];
    memset(wide, 'w', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    kp_buf_fmt(&b, "|%s|%zu", wide, sizeof wide);
    assert_int_equal(b.len, strlen("a--5||300") + 299);
    assert_int_equal(strlen(kp_buf_text(&b)), b.len);
    assert_memory_equal(kp_buf_text(&b), "a--5|www", 8);
    kp_buf_free(&b);
}

static void too_long_fails_and_sticks(void **state) {
    (void)state;
    kp_buf b;
    kp_buf_init(&b, NULL);
    kp_buf_str(&b, "first");
    assert_false(kp_buf_reserve(&b, SIZE_MAX));
    assert_true(b.failed);
    kp_buf_str(&b, "second");
    kp_buf_char(&b, 'c');
    kp_buf_i64(&b, 3);
    kp_buf_fmt(&b, "%d", 4);
    assert_string_equal(kp_buf_text(&b), "first");
    assert_null(kp_buf_take(&b));
    assert_null(b.data);
    assert_false(b.failed);
    assert_false(kp_buf_reserve(&b, SIZE_MAX / 4 + 1));
    kp_buf_clear(&b);
    kp_buf_str(&b, "new");
    assert_string_equal(kp_buf_text(&b), "new");
    kp_buf_free(&b);
}

static void memory_failing_at_each_place(void **state) {
    (void)state;
    for (size_t at = 0;; at++) {
        kp_buf b;
        kp_buf_init(&b, NULL);
        failing_start(at, false);
        for (int i = 0; i < 200; i++) {
            kp_buf_str(&b, "some text ");
            kp_buf_fmt(&b, "%d", 100 + i % 100);
        }
        bool failed = failing_stop();
        assert_int_equal(failed, b.failed);
        assert_int_equal(strlen(kp_buf_text(&b)), b.len);
        if (!failed)
            assert_int_equal(b.len, 200 * 13);
        else
            assert_memory_equal(kp_buf_text(&b), "some text 100some text 101", b.len < 26 ? b.len : 26);
        kp_buf_free(&b);
        if (!failed)
            return;
    }
}

static size_t wiped, lent;

static void *counted_resize(void *block, size_t old_size, size_t new_size) {
    assert_int_equal(old_size, lent);
    void *fresh = malloc(new_size);
    if (block) {
        memcpy(fresh, block, old_size);
        wiped += old_size;
        free(block);
    }
    lent = new_size;
    return fresh;
}

static void counted_release(void *block, size_t size) {
    assert_int_equal(size, lent);
    wiped += size;
    lent = 0;
    free(block);
}

static void own_allocator_learns_each_size(void **state) {
    (void)state;
    static const kp_allocator own = {counted_resize, counted_release};
    kp_buf b;
    kp_buf_init(&b, &own);
    for (int i = 0; i < 500; i++)
        kp_buf_str(&b, "0123456789");
    assert_int_equal(b.room, lent);
    kp_buf_free(&b);
    assert_int_equal(lent, 0);
    assert_true(wiped > 5000);
    kp_buf_str(&b, "a");
    assert_ptr_equal(b.from, &own);
    assert_null(kp_buf_take(&b)); /* memory of an allocator must not end in kp_free */
    assert_int_equal(lent, 0);
}

static void take_gives_the_text(void **state) {
    (void)state;
    kp_buf b;
    kp_buf_init(&b, NULL);
    kp_buf_add(&b, "a\0b", 3);
    char *text = kp_buf_take(&b);
    assert_memory_equal(text, "a\0b", 4);
    kp_free(text);
    assert_int_equal(b.len, 0);
    assert_null(b.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_of_size_zero),
        cmocka_unit_test(zalloc_is_zero_and_checks_its_product),
        cmocka_unit_test(copies),
        cmocka_unit_test(each_allocation_can_fail),
        cmocka_unit_test(empty_buffer),
        cmocka_unit_test(null_buffer),
        cmocka_unit_test(random_appends_equal_a_flat_copy),
        cmocka_unit_test(integers),
        cmocka_unit_test(formats),
        cmocka_unit_test(too_long_fails_and_sticks),
        cmocka_unit_test(memory_failing_at_each_place),
        cmocka_unit_test(own_allocator_learns_each_size),
        cmocka_unit_test(take_gives_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
