/* test_encode.c: tests encode.c against libsodium and against decoders of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/text.h"
#include "chance.h"
#include "failing.h"

enum { ROUNDS = 20000, LONGEST = 90 };

static void percent_keeps_only_unreserved(void **state) {
    (void)state;
    static const char stays[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (int i = 0; i < 256; i++) {
        char c = (char)i;
        kp_buf b;
        kp_buf_init(&b, NULL);
        kp_add_percent(&b, &c, 1);
        bool plain = i != 0 && strchr(stays, i);
        assert_int_equal(b.len, plain ? 1 : 3);
        static const char upper[] = "0123456789ABCDEF";
        char escaped[] = {'%', upper[i / 16], upper[i % 16], '\0'};
        char same[] = {c, '\0'};
        assert_string_equal(kp_buf_text(&b), plain ? same : escaped);
        kp_buf_free(&b);
    }
}

static size_t percent_decoded(const char *text, size_t len, char *out) {
    size_t size = 0;
    for (size_t i = 0; i < len; i++) {
        bool escape = text[i] == '%';
        out[size++] = escape ? (char)(kp_hex_value(text[i + 1]) * 16 + kp_hex_value(text[i + 2])) : text[i];
        i += escape ? 2 : 0;
    }
    return size;
}

static void t11_percent_round_trip(void **state) {
    (void)state;
    kp_buf b;
    kp_buf_init(&b, NULL);
    kp_add_percent(&b, "a&b#c%d+e f=\xc3\xa4", 14);
    assert_string_equal(kp_buf_text(&b), "a%26b%23c%25d%2Be%20f%3D%C3%A4");
    chance c = {1};
    for (int round = 0; round < chance_rounds(ROUNDS); round++) {
        char data[LONGEST], back[LONGEST];
        size_t len = chance_below(&c, LONGEST + 1);
        chance_bytes(&c, data, len);
        kp_buf_clear(&b);
        kp_add_percent(&b, data, len);
        assert_int_equal(percent_decoded(kp_buf_text(&b), b.len, back), len);
        assert_memory_equal(back, data, len);
    }
    kp_buf_free(&b);
}

static void base64_and_hex_as_libsodium_writes_them(void **state) {
    (void)state;
    chance c = {2};
    kp_buf b, back;
    kp_buf_init(&b, NULL);
    kp_buf_init(&back, NULL);
    for (int round = 0; round < chance_rounds(ROUNDS); round++) {
        unsigned char data[LONGEST];
        char oracle[2 * LONGEST + 8];
        size_t len = chance_below(&c, LONGEST + 1);
        chance_bytes(&c, data, len);

        kp_buf_clear(&b);
        kp_add_base64(&b, data, len, false);
        sodium_bin2base64(oracle, sizeof oracle, data, len, sodium_base64_VARIANT_ORIGINAL);
        assert_string_equal(kp_buf_text(&b), oracle);
        kp_buf_clear(&back);
        assert_true(kp_decode_base64(&back, kp_buf_text(&b), b.len));
        assert_int_equal(back.len, len);
        assert_memory_equal(kp_buf_text(&back), data, len);

        kp_buf_clear(&b);
        kp_add_base64(&b, data, len, true);
        sodium_bin2base64(oracle, sizeof oracle, data, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        assert_string_equal(kp_buf_text(&b), oracle);

        kp_buf_clear(&b);
        kp_add_hex(&b, data, len);
        sodium_bin2hex(oracle, sizeof oracle, data, len);
        assert_string_equal(kp_buf_text(&b), oracle);
    }
    kp_buf_free(&b);
    kp_buf_free(&back);
}

static void damaged_base64_as_libsodium_judges_it(void **state) {
    (void)state;
    static const char letters[] = "ABCdefZz019+/=-_ \n\r\t,.";
    chance c = {3};
    kp_buf b;
    kp_buf_init(&b, NULL);
    int good = 0;
    for (int round = 0; round < chance_rounds(20 * ROUNDS); round++) {
        char text[12];
        size_t len = chance_below(&c, sizeof text + 1);
        size_t most = chance_below(&c, 3) ? 13 : sizeof letters - 1;
        for (size_t i = 0; i < len; i++)
            text[i] = letters[chance_below(&c, most)];
        if (len > 1 && chance_below(&c, 2))
            memset(text + len - 1 - chance_below(&c, 2), '=', 1);
        unsigned char oracle[16];
        size_t size = 0;
        bool valid =
            sodium_base642bin(oracle, sizeof oracle, text, len, NULL, &size, NULL, sodium_base64_VARIANT_ORIGINAL) == 0;
        kp_buf_clear(&b);
        assert_int_equal(kp_decode_base64(&b, text, len), valid);
        assert_int_equal(kp_decode_base64(NULL, text, len), valid);
        if (valid) {
            good++;
            assert_int_equal(b.len, size);
            assert_memory_equal(kp_buf_text(&b), oracle, size);
        }
    }
    assert_true(good > 1000);
    kp_buf_free(&b);
}

static void base64_is_strict(void **state) {
    (void)state;
    static const char *const bad[] = {
        "A",        "AA",   "AAA",  "AA=",   "A===", "====", "AA==AAAA", "A=A=",
        "AAA=AAAA", "AB==", "AAB=", "AAA\n", " AAA", "AA-_", "AAAA\n",   "data:image/png;base64,AAAA"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (kp_decode_base64(NULL, bad[i], strlen(bad[i])))
            fail_msg("taken: %s", bad[i]);
    assert_false(kp_decode_base64(NULL, "AA\0A", 4));
    assert_false(kp_decode_base64(NULL, "AA\xc3\xa4", 4));
    assert_true(kp_decode_base64(NULL, "", 0));
    assert_true(kp_decode_base64(NULL, NULL, 0));
    assert_false(kp_decode_base64(NULL, NULL, 4));
}

/* Reads back what kp_add_json wrote; escapes other than \uXXXX below 256 do not occur. */
static size_t json_decoded(const char *text, size_t len, char *out) {
    static const char marks[] = "bfnrt\"\\";
    static const char means[] = "\b\f\n\r\t\"\\";
    assert_true(len >= 2 && text[0] == '"' && text[len - 1] == '"');
    size_t size = 0;
    for (size_t i = 1; i < len - 1; i++) {
        assert_true((unsigned char)text[i] >= 0x20 && text[i] != '"');
        if (text[i] != '\\') {
            out[size++] = text[i];
            continue;
        }
        const char *mark = strchr(marks, text[++i]);
        if (mark) {
            out[size++] = means[mark - marks];
            continue;
        }
        assert_memory_equal(text + i, "u00", 3);
        int point = kp_hex_value(text[i + 3]) * 16 + kp_hex_value(text[i + 4]);
        if (point >= 0x80)
            out[size++] = (char)0xc2;
        out[size++] = (char)point;
        i += 4;
    }
    return size;
}

static void json_round_trip(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "\"",    "\\",   "/",  "\n", "\x1b[31m", "\x7f", "\xc2\x9b", "\xc3\xa4", "\xe2\x80\xa8", "\xf0\x9f\x94\x91",
        "plain", "\x01", "\b", "\f", "\r",       "\t",   "\xc2\xa0"};
    chance c = {4};
    kp_buf b, in;
    kp_buf_init(&b, NULL);
    kp_buf_init(&in, NULL);
    for (int round = 0; round < chance_rounds(ROUNDS); round++) {
        char back[400];
        kp_buf_clear(&in);
        kp_buf_clear(&b);
        for (size_t i = 0, n = chance_below(&c, 20); i < n; i++)
            if (chance_below(&c, 20) == 0)
                kp_buf_char(&in, '\0');
            else
                kp_buf_str(&in, pieces[chance_below(&c, sizeof pieces / sizeof pieces[0])]);
        kp_add_json(&b, kp_buf_text(&in), in.len);
        assert_true(kp_utf8_valid(b.data, b.len));
        assert_null(strstr(b.data, "\xc2\x9b"));
        assert_null(strchr(b.data, 0x7f));
        assert_int_equal(json_decoded(b.data, b.len, back), in.len);
        assert_memory_equal(back, kp_buf_text(&in), in.len);
    }
    kp_buf_free(&b);
    kp_buf_free(&in);
}

static void a3_json_of_hostile_bytes(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        const char *json;
    } rows[] = {
        {NULL, 0, "\"\""},
        {"", 0, "\"\""},
        {"a\"b\\c/", 6, "\"a\\\"b\\\\c/\""},
        {"\0\x1b\x1f\n", 4, "\"\\u0000\\u001b\\u001f\\n\""},
        {"\xff\xc3", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"x\xe2\x82y", 4, "\"x\xef\xbf\xbd\xef\xbf\xbdy\""},
        {"\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kp_buf b;
        kp_buf_init(&b, NULL);
        kp_add_json(&b, rows[i].text, rows[i].len);
        assert_string_equal(kp_buf_text(&b), rows[i].json);
        kp_buf_free(&b);
    }
    chance c = {5};
    for (int round = 0; round < chance_rounds(ROUNDS); round++) {
        char data[LONGEST];
        size_t len = chance_below(&c, LONGEST + 1);
        chance_bytes(&c, data, len);
        kp_buf b;
        kp_buf_init(&b, NULL);
        kp_add_json(&b, data, len);
        assert_true(kp_utf8_valid(b.data, b.len));
        for (size_t at = 0; at < b.len; at++)
            assert_true((unsigned char)b.data[at] >= 0x20);
        kp_buf_free(&b);
    }
}

static void shown(const char *text, size_t len, size_t max, const char *expected) {
    kp_buf b;
    kp_buf_init(&b, NULL);
    kp_buf_str(&b, "<");
    kp_add_shown(&b, text, len, max);
    kp_buf_str(&b, ">");
    kp_buf whole;
    kp_buf_init(&whole, NULL);
    kp_buf_fmt(&whole, "<%s>", expected);
    assert_string_equal(kp_buf_text(&b), kp_buf_text(&whole));
    kp_buf_free(&b);
    kp_buf_free(&whole);
}

static void a3_shown_text_is_harmless(void **state) {
    (void)state;
    shown(NULL, 5, 9, "");
    shown("", 0, 0, "");
    shown("a\r\nb\nc\rd", 8, 99, "a b c d");
    shown("\x1b[2Jx\a\0y", 8, 99, "?[2Jx??y");
    shown("\xc2\x9b"
          "1m\x7f",
          5, 99, "?1m?");
    shown("\xe2\x80\xae"
          "abc\xe2\x81\xa6\xe2\x80\x8b",
          12, 99, "?abc?\xe2\x80\x8b");
    shown("\xff\xc3\xa4\xc3", 4, 99, "?\xc3\xa4?");
}

static void shown_text_is_cut_at_a_character(void **state) {
    (void)state;
    shown("abcdefgh", 8, 8, "abcdefgh");
    shown("abcdefgh", 8, 7, "abcd...");
    shown("abcdefgh", 8, 3, "...");
    shown("abcdefgh", 8, 2, "..");
    shown("abcdefgh", 8, 0, "");
    shown("ab\xc3\xa4\xc3\xa4\xc3\xa4", 8, 8, "ab\xc3\xa4\xc3\xa4\xc3\xa4");
    shown("ab\xc3\xa4\xc3\xa4\xc3\xa4", 8, 7, "ab\xc3\xa4...");
    shown("ab\xc3\xa4\xc3\xa4\xc3\xa4", 8, 6, "ab...");
    chance c = {6};
    for (int round = 0; round < chance_rounds(ROUNDS); round++) {
        char data[LONGEST];
        size_t len = chance_below(&c, LONGEST + 1);
        size_t max = chance_below(&c, LONGEST + 1);
        chance_bytes(&c, data, len);
        kp_buf b;
        kp_buf_init(&b, NULL);
        kp_add_shown(&b, data, len, max);
        assert_true(b.len <= max);
        assert_true(kp_utf8_valid(kp_buf_text(&b), b.len));
        for (size_t at = 0; at < b.len; at++)
            assert_true((unsigned char)b.data[at] >= 0x20 && b.data[at] != 0x7f);
        kp_buf_free(&b);
    }
}

static void everything(kp_buf *b) {
    kp_add_percent(b, "a b", 3);
    kp_add_base64(b, "\x01\x02\x03\x04", 4, false);
    kp_decode_base64(b, "AQIDBA==", 8);
    kp_add_hex(b, "\x01\xff", 2);
    kp_add_json(b, "\"\x01\xff", 3);
    kp_add_shown(b, "a long text with an end", 23, 12);
}

static void memory_failing_at_each_place(void **state) {
    (void)state;
    for (int later = 0; later < 2; later++)
        for (size_t at = 0, full = 0; !full; at++) {
            kp_buf b;
            kp_buf_init(&b, NULL);
            failing_start(at, later);
            for (int i = 0; i < 10; i++)
                everything(&b);
            full = !failing_stop();
            assert_int_equal(b.failed, !full);
            kp_buf_free(&b);
        }
}

static void lengths_beyond_memory_fail(void **state) {
    (void)state;
    kp_buf b;
    kp_buf_init(&b, NULL);
    kp_add_base64(&b, "", SIZE_MAX, false);
    assert_true(b.failed);
    kp_buf_clear(&b);
    kp_add_hex(&b, "", SIZE_MAX);
    assert_true(b.failed);
    kp_buf_clear(&b);
    kp_add_hex(&b, "", SIZE_MAX / 2 + 1);
    assert_true(b.failed);
    kp_buf_clear(&b);
    kp_add_base64(&b, "", SIZE_MAX / 3, false);
    assert_true(b.failed);
    kp_buf_free(&b);
}

static void null_data_adds_nothing(void **state) {
    (void)state;
    kp_buf b;
    kp_buf_init(&b, NULL);
    kp_add_percent(&b, NULL, 3);
    kp_add_base64(&b, NULL, 3, true);
    kp_add_hex(&b, NULL, 3);
    assert_int_equal(b.len, 0);
    everything(NULL);
    kp_buf_free(&b);
}

int main(void) {
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percent_keeps_only_unreserved),
        cmocka_unit_test(t11_percent_round_trip),
        cmocka_unit_test(base64_and_hex_as_libsodium_writes_them),
        cmocka_unit_test(damaged_base64_as_libsodium_judges_it),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(json_round_trip),
        cmocka_unit_test(a3_json_of_hostile_bytes),
        cmocka_unit_test(a3_shown_text_is_harmless),
        cmocka_unit_test(shown_text_is_cut_at_a_character),
        cmocka_unit_test(memory_failing_at_each_place),
        cmocka_unit_test(lengths_beyond_memory_fail),
        cmocka_unit_test(null_data_adds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
