/* test_taskref.c: task references and bare ids, whole and broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/answer.h"
#include "wire/taskref.h"

static bool parse(const char *text, kp_taskref *out) {
    return kp_taskref_parse(text, strlen(text), out);
}

static void reads_a_reference(void **state) {
    (void)state;
    kp_taskref t;
    assert_true(parse("captchaai/primary~1a2b3c4d/123", &t));
    assert_string_equal(t.provider->name, "captchaai");
    assert_string_equal(t.key_name, "primary");
    assert_string_equal(t.fingerprint, "1a2b3c4d");
    assert_int_equal(t.id_len, 3);
    assert_memory_equal(t.id, "123", 3);
    assert_true(parse("nocaptchaai/a.b_c-9~00000000/x/y~z/", &t));
    assert_string_equal(t.provider->name, "nocaptchaai");
    assert_int_equal(t.id_len, 6);
    assert_memory_equal(t.id, "x/y~z/", 6);
}

static void reads_a_bare_id(void **state) {
    (void)state;
    kp_taskref t;
    assert_true(parse("123", &t));
    assert_null(t.provider);
    assert_string_equal(t.key_name, "");
    assert_string_equal(t.fingerprint, "");
    assert_int_equal(t.id_len, 3);
    assert_true(parse("a~b:c|d", &t));
    assert_null(t.provider);
    assert_true(kp_taskref_parse("12\0"
                                 "3",
                                 2, &t));
}

/* P5: any id of up to 255 characters comes back exactly. */
static void p5_ids_are_kept_exactly(void **state) {
    (void)state;
    char longest[KP_ID_MAX + 2];
    memset(longest, '9', sizeof longest);
    longest[KP_ID_MAX] = '\0';
    const char *ids[] = {"0", "-1", "9223372036854775808", "0012", "1e3", "\xc3\xa4", "ab/cd", longest};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        kp_buf text;
        kp_buf_init(&text, NULL);
        kp_taskref_add(&text, kp_provider_at(0), "backup", "deadbeef", ids[i], strlen(ids[i]));
        kp_taskref t;
        assert_true(kp_taskref_parse(text.data, text.len, &t));
        assert_ptr_equal(t.provider, kp_provider_at(0));
        assert_string_equal(t.key_name, "backup");
        assert_string_equal(t.fingerprint, "deadbeef");
        assert_int_equal(t.id_len, strlen(ids[i]));
        assert_memory_equal(t.id, ids[i], t.id_len);
        kp_buf_free(&text);
    }
    kp_taskref t;
    assert_true(parse(longest, &t));
    longest[KP_ID_MAX] = '9';
    assert_false(kp_taskref_parse(longest, sizeof longest - 1, &t));
}

static void refuses_what_is_neither(void **state) {
    (void)state;
    const char *bad[] = {
        "",
        " 1",
        "1 ",
        "1\n",
        "\t",
        "1\x7f",
        "\xff",
        "a/b",
        "/",
        "//",
        "captchaai/primary/123",
        "captchaai/primary~1a2b3c4d",
        "captchaai/primary~1a2b3c4d/",
        "captchaai/primary~1a2b3c4d/1 2",
        "captchaai/primary~1a2b3c4/123",
        "captchaai/primary~1a2b3c4d5/123",
        "captchaai/primary~1A2B3C4D/123",
        "captchaai/primary~1a2b3c4g/123",
        "captchaai/~1a2b3c4d/123",
        "captchaai/pri mary~1a2b3c4d/123",
        "captchaai/a~b~1a2b3c4d/123",
        "captchaai/a2345678901234567890123456789012x~1a2b3c4d/123",
        "CaptchaAI/primary~1a2b3c4d/123",
        "other/primary~1a2b3c4d/123",
        "a-name-that-is-longer-than-any-provider/primary~1a2b3c4d/123",
        "/primary~1a2b3c4d/123",
    };
    kp_taskref t;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (parse(bad[i], &t))
            fail_msg("accepted: %s", bad[i]);
    assert_false(kp_taskref_parse("1\0"
                                  "2",
                                  3, &t));
    assert_false(kp_taskref_parse(NULL, 0, &t));
    assert_false(kp_taskref_parse("1", 1, NULL));
}

static void reads_no_byte_past_the_end(void **state) {
    (void)state;
    static const char whole[] = "captchaai/primary~1a2b3c4d/123";
    for (size_t len = 0; len < sizeof whole; len++) {
        char *exact = test_malloc(len ? len : 1);
        memcpy(exact, whole, len);
        kp_taskref t;
        bool reference = len >= sizeof whole - 3 && len < sizeof whole;
        bool bare = len >= 1 && len <= strlen("captchaai");
        assert_int_equal(kp_taskref_parse(exact, len, &t), reference || bare);
        test_free(exact);
    }
}

static void adds_a_bare_id(void **state) {
    (void)state;
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_taskref_add(&text, NULL, NULL, NULL, "77", 2);
    assert_string_equal(kp_buf_text(&text), "77");
    kp_buf_clear(&text);
    kp_taskref_add(&text, kp_provider_at(1), "key2", "0123abcd", "id", 2);
    assert_string_equal(kp_buf_text(&text), "nocaptchaai/key2~0123abcd/id");
    kp_buf_free(&text);
    kp_taskref_add(NULL, NULL, NULL, NULL, NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_reference),          cmocka_unit_test(reads_a_bare_id),
        cmocka_unit_test(p5_ids_are_kept_exactly),    cmocka_unit_test(refuses_what_is_neither),
        cmocka_unit_test(reads_no_byte_past_the_end), cmocka_unit_test(adds_a_bare_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
