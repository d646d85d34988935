/* test_text.c: tests text.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "chance.h"

static void characters_by_ascii_alone(void **state) {
    (void)state;
    for (int i = 0; i < 256; i++) {
        char c = (char)i;
        assert_int_equal(kp_is_space(c), i != 0 && strchr(" \t\r\n\v\f", i) != NULL);
        assert_int_equal(kp_is_digit(c), i != 0 && strchr("0123456789", i) != NULL);
        bool upper = i != 0 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ", i);
        bool lower = i != 0 && strchr("abcdefghijklmnopqrstuvwxyz", i);
        assert_int_equal(kp_is_alpha(c), upper || lower);
        assert_int_equal((unsigned char)kp_lower(c), upper ? i + 32 : i);
        static const char hex[] = "0123456789abcdef";
        const char *at = i ? strchr(hex, upper ? i + 32 : i) : NULL;
        assert_int_equal(kp_hex_value(c), at ? at - hex : -1);
    }
}

static void comparing(void **state) {
    (void)state;
    assert_true(kp_same(NULL, NULL));
    assert_false(kp_same(NULL, ""));
    assert_false(kp_same("", NULL));
    assert_true(kp_same("ab", "ab"));
    assert_false(kp_same("ab", "abc"));
    assert_true(kp_same_n("abX", 2, "ab"));
    assert_false(kp_same_n("abX", 3, "ab"));
    assert_false(kp_same_n("ab", 1, "ab"));
    assert_false(kp_same_n("ab\0", 3, "ab"));
    assert_true(kp_same_n("", 0, ""));
    assert_true(kp_same_n(NULL, 0, NULL));
    assert_false(kp_same_n(NULL, 0, ""));
    assert_false(kp_same_n("", 0, NULL));
    assert_true(kp_same_nocase("HTTPS", 5, "https"));
    assert_false(kp_same_nocase("HTTPS", 4, "https"));
    assert_false(kp_same_nocase("[", 1, "{"));
    assert_false(kp_same_nocase("\xc3\x84", 2, "\xc3\xa4"));
    assert_true(kp_same_nocase(NULL, 0, NULL));
    assert_false(kp_same_nocase("a", 1, NULL));
    assert_true(kp_starts("keyplate", "key"));
    assert_true(kp_starts("key", ""));
    assert_false(kp_starts("ke", "key"));
    assert_false(kp_starts(NULL, "key"));
    assert_false(kp_starts("key", NULL));
}

static void trimming(void **state) {
    (void)state;
    const char *text = " \t\r\n\v\f a b \n";
    size_t len = strlen(text);
    kp_trim(&text, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(text, "a b", 3);
    text = " \r\n ";
    len = 4;
    kp_trim(&text, &len);
    assert_int_equal(len, 0);
    text = "\xa0x\xa0"; /* a blank in Latin-1 only */
    len = 3;
    kp_trim(&text, &len);
    assert_int_equal(len, 3);
    text = NULL;
    kp_trim(&text, &len);
    kp_trim(NULL, &len);
    text = "a";
    kp_trim(&text, NULL);
}

static void distances(void **state) {
    (void)state;
    assert_int_equal(kp_distance("", "", 3), 0);
    assert_int_equal(kp_distance("turnstile", "turnstile", 3), 0);
    assert_int_equal(kp_distance("turnstile", "turnstlie", 3), 1);
    assert_int_equal(kp_distance("turnstile", "turnstil", 3), 1);
    assert_int_equal(kp_distance("turnstile", "tturnstile", 3), 1);
    assert_int_equal(kp_distance("turnstile", "turnstyle", 3), 1);
    assert_int_equal(kp_distance("kitten", "sitting", 5), 3);
    assert_int_equal(kp_distance("ca", "abc", 5), 3);
    assert_int_equal(kp_distance("abcdef", "", 3), 4);
    assert_int_equal(kp_distance("abcdef", "uvwxyz", SIZE_MAX), 6);
    assert_int_equal(kp_distance(NULL, "a", 3), 4);
    assert_int_equal(kp_distance("a", NULL, SIZE_MAX), SIZE_MAX);
    char huge[1000];
    memset(huge, 'h', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_int_equal(kp_distance(huge, "h", 2), 3);
    assert_int_equal(kp_distance(huge, huge, 2), 0);
    huge[127] = '\0';
    assert_int_equal(kp_distance(huge, huge + 1, 2), 1);
}

static size_t slow_distance(const char *a, size_t i, const char *b, size_t j) {
    if (i == 0 || j == 0)
        return i + j;
    size_t best = slow_distance(a, i - 1, b, j) + 1;
    size_t other = slow_distance(a, i, b, j - 1) + 1;
    best = other < best ? other : best;
    other = slow_distance(a, i - 1, b, j - 1) + (a[i - 1] != b[j - 1]);
    best = other < best ? other : best;
    if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        other = slow_distance(a, i - 2, b, j - 2) + 1;
        best = other < best ? other : best;
    }
    return best;
}

static void random_distances_equal_the_definition(void **state) {
    (void)state;
    chance c = {21};
    for (int round = 0; round < chance_rounds(2000); round++) {
        char text[2][7] = {"", ""};
        for (int t = 0; t < 2; t++)
            for (size_t i = 0, n = chance_below(&c, 6); i < n; i++)
                text[t][i] = (char)('a' + chance_below(&c, 3));
        size_t exact = slow_distance(text[0], strlen(text[0]), text[1], strlen(text[1]));
        size_t limit = chance_below(&c, 6);
        assert_int_equal(kp_distance(text[0], text[1], limit), exact > limit ? limit + 1 : exact);
    }
}

/* RFC 3629, written the other way round: from the code point to its one form. */
static size_t utf8_of(uint32_t point, char *out) {
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size; i-- > 1; point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)(marks[size] | point);
    return size;
}

static void utf8_takes_every_code_point(void **state) {
    (void)state;
    for (uint32_t point = 0; point <= 0x110010; point++) {
        char text[4];
        size_t size = utf8_of(point, text);
        bool good = point < 0xd800 || (point > 0xdfff && point < 0x110000);
        if (kp_utf8_step(text, size) != (good ? size : 0))
            fail_msg("U+%X", (unsigned)point);
        for (size_t cut = 1; cut < size; cut++)
            if (kp_utf8_step(text, cut) != 0)
                fail_msg("U+%X cut", (unsigned)point);
    }
}

/* What the bytes say if they are read without any check, and whether that code point has these bytes as its form. */
static size_t utf8_by_writing_again(const char *text) {
    unsigned char first = (unsigned char)text[0];
    size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t point = size == 1 ? first : first & (0xffU >> (size + 1));
    for (size_t i = 1; i < size; i++)
        point = point << 6 | ((unsigned char)text[i] & 63U);
    char again[4];
    bool good = (point < 0xd800 || point > 0xdfff) && point < 0x110000;
    return good && utf8_of(point, again) == size && memcmp(text, again, size) == 0 ? size : 0;
}

static void utf8_refuses_all_other_bytes(void **state) {
    (void)state;
    static const unsigned char edges[] = {0, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
    for (uint32_t bits = 0; bits < 1U << 16; bits++)
        for (size_t third = 0; third < sizeof edges; third++) {
            char text[4] = {(char)(bits >> 8), (char)(bits & 255), (char)edges[third], (char)0x80};
            assert_int_equal(kp_utf8_step(text, 4), utf8_by_writing_again(text));
        }
    chance c = {31};
    for (int round = 0; round < chance_rounds(300000); round++) {
        char text[4];
        chance_bytes(&c, text, 4);
        text[0] = (char)(0xe0 | (text[0] & 0x1f));
        for (int i = 1; i < 4; i++)
            if (chance_below(&c, 8))
                text[i] = (char)(0x80 | (text[i] & 0x3f));
        assert_int_equal(kp_utf8_step(text, 4), utf8_by_writing_again(text));
    }
}

static void utf8_texts(void **state) {
    (void)state;
    assert_true(kp_utf8_valid(NULL, 0));
    assert_false(kp_utf8_valid(NULL, 1));
    assert_true(kp_utf8_valid("a\0b\xc3\xa4\xf0\x9f\x94\x91", 9));
    assert_false(kp_utf8_valid("a\xc3\xa4\xc3", 4));
    assert_false(kp_utf8_valid("\xc0\x80", 2));
    assert_false(kp_utf8_valid("ab\xed\xa0\x80", 5));
    assert_int_equal(kp_utf8_step(NULL, 1), 0);
    assert_int_equal(kp_utf8_step("a", 0), 0);
}

static void integers_are_strict(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-7", true, -7},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999999999999999999999999999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"--1", false, 0},
        {"1e3", false, 0},
        {"0x10", false, 0},
        {"1.0", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t value = 0;
        assert_int_equal(kp_parse_i64(rows[i].text, strlen(rows[i].text), &value), rows[i].good);
        assert_int_equal(value, rows[i].value);
    }
    int64_t value = 5;
    assert_false(kp_parse_i64("1\0", 2, &value));
    assert_false(kp_parse_i64(NULL, 0, &value));
    assert_false(kp_parse_i64("1", 1, NULL));
    assert_int_equal(value, 5);
    chance c = {41};
    for (int round = 0; round < chance_rounds(100000); round++) {
        int64_t number = (int64_t)(chance_u64(&c) >> chance_below(&c, 64));
        kp_buf b;
        kp_buf_init(&b, NULL);
        kp_buf_i64(&b, chance_below(&c, 2) ? number : -(number & INT64_MAX));
        char text[32];
        int64_t back = 0;
        assert_true(kp_parse_i64(b.data, b.len, &back));
        snprintf(text, sizeof text, "%lld", (long long)back);
        assert_string_equal(text, kp_buf_text(&b));
        kp_buf_free(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_by_ascii_alone),
        cmocka_unit_test(comparing),
        cmocka_unit_test(trimming),
        cmocka_unit_test(distances),
        cmocka_unit_test(random_distances_equal_the_definition),
        cmocka_unit_test(utf8_takes_every_code_point),
        cmocka_unit_test(utf8_refuses_all_other_bytes),
        cmocka_unit_test(utf8_texts),
        cmocka_unit_test(integers_are_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
