/* test_admit_hostile.c: the store verbs with wrong arguments, damaged values, failing maps and short memory. */
#include "admit_case.h"
#include "failing.h"

/* ---- Arguments and values ---- */

static void wrong_arguments(void **state) {
    (void)state;
    static const char *const lines[] = {
        "",
        "get a",
        "GET",
        "DELETE a",
        "PUT",
        "PUT a",
        "PUT a b",
        "PUT a b 1 c",
        "PUT a b -1",
        "PUT a b 1.5",
        "PUT a b 1e3",
        "PUT a b 3155760000001",
        "PUT a b 9223372036854775808",
        "PUT a - 5",
        "PUT a +x 5",
        "PUT a + 5",
        "PUT a +-1 5",
        "PUT a +9223372036854775807 5",
        "PUT good good 5 bad bad x",
        "ADMIT",
        "ADMIT 1",
        "ADMIT 1 x",
        "ADMIT 1 -1",
        "ADMIT 1 9223372036854775807",
        "ADMIT 1 0 gate",
        "ADMIT 1 0 door a",
        "ADMIT 1 0 rate",
        "ADMIT 1 0 rate r",
        "ADMIT 1 0 rate r 1000",
        "ADMIT 1 0 rate r 1000 1",
        "ADMIT 1 0 rate r 0 1 0",
        "ADMIT 1 0 rate r -1 1 0",
        "ADMIT 1 0 rate r 1000 0 0",
        "ADMIT 1 0 rate r 1000 -5 0",
        "ADMIT 1 0 rate r 1,000 1 0",
        "ADMIT 1 0 rate r 1000 1 2",
        "ADMIT 1 0 rate r 1000 1 -",
        "ADMIT 1 0 rate r 9223372036854775807 1 0",
        "ADMIT 1 0 rate r 3155760000000000 2 0",
        "ADMIT 1 0 rate r 2 9223372036854775807 0",
        "ADMIT 1 0 rate ok 1000000 1 0 gate",
        "SETTLE",
        "SETTLE 1",
        "SETTLE 1 1",
        "SETTLE 1 00",
        "SETTLE 1 0 0",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        expect_bad(lines[i]);
}

static void largest_rate(void **state) {
    (void)state;
    expect("ADMIT 1 3155760000000 rate r 3155760000000000 1 0", "ok @0 0");
    expect("ADMIT 2 3155760000000 rate r 3155760000000000 1 0", "ok @0 @3155760000000");
    expect("ADMIT 3 3155760000000 rate r 3155760000000000 1 0", "no @0 rate 0 0 @6311520000000");
    now = 253402300799999;
    expect("ADMIT 4 3155760000000 rate q 1 3155760000000000 0", "ok 253402300799999 0");
}

static void strange_names(void **state) {
    (void)state;
    kp_kv kv = {&the_map, map_get, map_put};
    char big[300];
    memset(big, 'n', sizeof big);
    const kp_arg names[] = {{"", 0}, {"a b", 3}, {"a\nb", 3}, {"a\0b", 3}, {"a\x7f", 2}, {big, 256}, {NULL, 0}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        kp_arg get[] = {{"GET", 3}, names[i]};
        kp_arg put[] = {{"PUT", 3}, {"a", 1}, names[i], {"5", 1}};
        kp_arg admit[] = {{"ADMIT", 5}, names[i], {"0", 1}};
        kp_arg gate[] = {{"ADMIT", 5}, {"1", 1}, {"0", 1}, {"gate", 4}, names[i]};
        kp_arg settle[] = {{"SETTLE", 6}, names[i], {"0", 1}};
        assert_int_equal(kp_admit(&kv, now, get, 2, &answer), 0);
        assert_memory_equal(kp_buf_text(&answer), "bad ", 4);
        if (names[i].len < 256) {
            assert_int_equal(kp_admit(&kv, now, put, 4, &answer), 0);
            assert_memory_equal(kp_buf_text(&answer), "bad ", 4);
        }
        assert_int_equal(kp_admit(&kv, now, admit, 3, &answer), 0);
        assert_memory_equal(kp_buf_text(&answer), "bad ", 4);
        assert_int_equal(kp_admit(&kv, now, gate, 5, &answer), 0);
        assert_memory_equal(kp_buf_text(&answer), "bad ", 4);
        assert_int_equal(kp_admit(&kv, now, settle, 3, &answer), 0);
        assert_memory_equal(kp_buf_text(&answer), "bad ", 4);
    }
    assert_int_equal(the_map.puts, 0);
    kp_arg most[] = {{"GET", 3}, {big, 255}};
    assert_int_equal(kp_admit(&kv, now, most, 2, &answer), 0);
    assert_memory_equal(kp_buf_text(&answer), "ok ", 3);
}

static void too_many_items(void **state) {
    (void)state;
    kp_buf words;
    kp_buf_init(&words, NULL);
    kp_buf_str(&words, "LOOK");
    for (int i = 0; i < 256; i++)
        kp_buf_fmt(&words, " rate r%d 1000000 1 1", i % 4);
    assert_memory_equal(ask(kp_buf_text(&words)), "ok ", 3);
    kp_buf_str(&words, " gate g");
    expect_bad(kp_buf_text(&words));
    kp_buf_free(&words);
}

static void put_row(const char *name, const char *value) {
    map_row *row = &the_map.row[the_map.count++];
    snprintf(row->name, TEXT, "%s", name);
    snprintf(row->value, TEXT, "%s", value);
    row->expires = INT64_MAX;
}

static void damaged_values(void **state) {
    (void)state;
    put_row("rate r", "soon");
    put_row("rate n", "-5");
    put_row("rate h", "9223372036854775807");
    put_row("id a", "");
    put_row("id b", "open");
    put_row("id c", "shut 5");
    put_row("id d", "open 0 rate");
    put_row("id e", "open 0 rate r 5 rate n 5 budget b 7");
    expect_bad("ADMIT 1 0 rate r 1000000 1 0");
    expect_bad("ADMIT 1 0 rate n 1000000 1 0");
    expect_bad("ADMIT 1 0 rate h 1000000 1 0");
    expect_bad("ADMIT a 0");
    expect_bad("ADMIT b 0");
    expect_bad("SETTLE c 0");
    expect("SETTLE d 0", "ok @0");
    expect("SETTLE e 0", "ok @0");
}

static void clock_out_of_range(void **state) {
    (void)state;
    now = -1;
    expect_bad("GET a");
    now = INT64_MAX;
    expect_bad("ADMIT 1 0 rate r 1000000 1 0");
}

static void null_arguments(void **state) {
    (void)state;
    kp_kv kv = {&the_map, map_get, map_put};
    kp_arg get[] = {{"GET", 3}, {"a", 1}};
    assert_int_equal(kp_admit(NULL, now, get, 2, &answer), -1);
    assert_int_equal(kp_admit(&kv, now, get, 2, NULL), -1);
    assert_int_equal(kp_admit(&kv, now, NULL, 2, &answer), 0);
    assert_memory_equal(kp_buf_text(&answer), "bad ", 4);
}

/* ---- Failures ---- */

static const char *const script[] = {
    "PUT a +5 1000 b two 1000",
    "GET a b c",
    "ADMIT 1 5000 gate c rate r 1000000 2 0 rate s 1000000 2 0",
    "ADMIT 1 5000 gate c rate r 1000000 2 0",
    "ADMIT 2 0 gate a",
    "SETTLE 1 0",
    "SETTLE 1 0",
    "MARK m f v 1000",
    "MARK m g w 1000",
    "MARK m f x 1000 n f +5 1000",
};
enum { SCRIPT = sizeof script / sizeof script[0] };

static void map_fails_at_each_call(void **state) {
    (void)state;
    for (size_t line = 0; line < SCRIPT; line++) {
        int used = 0;
        do {
            map before = the_map;
            the_map.calls_left = used;
            int result = run(script[line]);
            bool failed = the_map.failed;
            assert_int_equal(result, failed ? -1 : 0);
            if (failed)
                the_map = before;
            the_map.calls_left = -1;
            used = failed ? used + 1 : -1;
        } while (used > 0);
    }
}

static void each_allocation_fails(void **state) {
    (void)state;
    for (size_t line = 0; line < SCRIPT; line++) {
        for (size_t left = 0;; left++) {
            map before = the_map;
            char *words = strdup(script[line]);
            kp_buf reply;
            kp_buf_init(&reply, NULL);
            failing_start(left, true);
            int result = run_words(words, &reply);
            bool failed = failing_stop();
            kp_buf_free(&reply);
            free(words);
            assert_int_equal(result, failed ? -1 : 0);
            if (!failed)
                break;
            the_map = before;
        }
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(wrong_arguments), T(largest_rate),           T(strange_names),
        T(too_many_items),  T(damaged_values),         T(clock_out_of_range),
        T(null_arguments),  T(map_fails_at_each_call), T(each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
