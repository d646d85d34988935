/* test_keycheck.c: tests keycheck.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "policy/keycheck.h"

static int check(const char *text, size_t len, const char **trimmed, size_t *trimmed_len, const char **why) {
    *trimmed = text;
    *trimmed_len = len;
    return kp_key_check(trimmed, trimmed_len, why);
}

static void expect(const char *text, size_t len, int error, const char *reason) {
    const char *key, *why;
    size_t key_len;
    int got = check(text, len, &key, &key_len, &why);
    if (got != error)
        fail_msg("'%s' gave %d", text, got);
    assert_string_equal(why ? why : "-", reason ? reason : "-");
}

static void k2_ends_are_trimmed(void **state) {
    (void)state;
    const char *key, *why;
    size_t len;
    assert_int_equal(check(" \tab:c!d\r\n\n", 11, &key, &len, &why), 0);
    assert_int_equal(len, 6);
    assert_memory_equal(key, "ab:c!d", 6);
    assert_null(why);
}

static void no_shape_is_assumed(void **state) {
    (void)state;
    static const char *const keys[] = {"k", "a\"b", "test", "sk-a_b.c=", "~!@#$%^&()[]", "xxxa", "a<b>", "<a", "$HOME"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        expect(keys[i], strlen(keys[i]), 0, NULL);
}

static void k2_the_rest_is_refused(void **state) {
    (void)state;
    static const char quotes[] = "it has quotes around it", bom[] = "it begins with a byte order mark",
                      ascii[] = "it has characters that are not ASCII";
    expect("\"abc\"", 5, KP_E_BAD_KEY, quotes);
    expect("'abc'", 5, KP_E_BAD_KEY, quotes);
    expect("`abc`\n", 6, KP_E_BAD_KEY, quotes);
    expect("abc\"", 4, KP_E_BAD_KEY, quotes);
    expect("\xEF\xBB\xBF"
           "abc",
           6, KP_E_BAD_KEY, bom);
    expect("\xFF\xFE"
           "abc",
           5, KP_E_BAD_KEY, bom);
    expect("\xFE\xFF"
           "abc",
           5, KP_E_BAD_KEY, bom);
    expect("abc def", 7, KP_E_BAD_KEY, "it has a blank within");
    expect("abc\r\ndef", 8, KP_E_BAD_KEY, "it has more than one line");
    expect("abc\0def", 7, KP_E_BAD_KEY, "it has a control character within");
    expect("abc\x7F"
           "d",
           5, KP_E_BAD_KEY, "it has a control character within");
    expect("abc\xC3\xA9", 5, KP_E_BAD_KEY, ascii);
    expect("\xC2\xA0"
           "abc",
           5, KP_E_BAD_KEY, ascii);
}

static void the_longest_key(void **state) {
    (void)state;
    static char key[1025];
    memset(key, 'a', sizeof key);
    expect(key, 1024, 0, NULL);
    expect(key, 1025, KP_E_BAD_KEY, "it is longer than 1024 characters");
}

static void k3_placeholders(void **state) {
    (void)state;
    static const char *const samples[] = {
        "YOUR_API_KEY",
        "YOUR_KEY",
        "your_key",
        "your_api_key_here",
        "YOUR_CAPTCHAAI_API_KEY",
        "abc123def456",
        "ABC123DEF456",
        "abc123def456ghi789jkl012mno345pq",
        "changeme",
        " ChangeMe\n",
        "xxxxxxxx",
        "XXXX",
        "***",
        "...",
        "x.x*",
        "<your key>",
        "<KEY>",
        "${CAPTCHAAI_API_KEY}",
        "{{ api_key }}",
        "",
        " \n",
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const char *key, *why;
        size_t len;
        if (check(samples[i], strlen(samples[i]), &key, &len, &why) != KP_E_PLACEHOLDER)
            fail_msg("'%s' passed", samples[i]);
        assert_non_null(why);
    }
}

static void nothing_given(void **state) {
    (void)state;
    const char *key = "abc";
    size_t len = 3;
    assert_int_equal(kp_key_check(NULL, NULL, NULL), KP_E_PLACEHOLDER);
    assert_int_equal(kp_key_check(&key, &len, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k2_ends_are_trimmed),    cmocka_unit_test(no_shape_is_assumed),
        cmocka_unit_test(k2_the_rest_is_refused), cmocka_unit_test(the_longest_key),
        cmocka_unit_test(k3_placeholders),        cmocka_unit_test(nothing_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
