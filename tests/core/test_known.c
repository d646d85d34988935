/* test_known.c: the set of known secrets, which matches count, and that nothing else changes. */
#include "safe/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/mem.h"
#include "made_key.h"
#include "safe/arena.h"

static void is_added_once(void **state) {
    (void)state;
    key k = make_key(1, 40);
    size_t blocks = kp_safe_in_use();
    size_t before = kp_known_count();
    for (int i = 0; i < 5; i++)
        assert_true(kp_known_add(k.text, k.len));
    assert_true(kp_known_add(k.text, k.len - 1)); /* another one */
    assert_int_equal(kp_known_count(), before + 2);
    assert_int_equal(kp_safe_in_use(), blocks + 2);
    assert_true(kp_known_add(NULL, 5));
    assert_true(kp_known_add("", 0));
    assert_int_equal(kp_known_count(), before + 2);
}

static void the_copy_outlives_the_caller(void **state) {
    (void)state;
    key k = make_key(1, 30);
    key copy = k;
    kp_known_add(copy.text, copy.len);
    memset(&copy, 'x', sizeof copy);
    assert_masked(k.text, "[REDACTED]");
}

static void r4_longest_match_wins(void **state) {
    (void)state;
    key b = make_key(1, 60);
    kp_known_add(b.text, 30);
    kp_known_add(b.text, 60);
    kp_known_add(b.text, 20);
    assert_masked(b.text, "[REDACTED]");
    kp_buf line = {0};
    kp_buf_fmt(&line, "%.30s, %.20s, %s", b.text, b.text, b.text);
    assert_masked(line.data, "[REDACTED], [REDACTED], [REDACTED]");
    kp_buf_clear(&line);
    kp_add_percent(&line, b.text, 60);
    assert_masked(line.data, "[REDACTED]");
    kp_buf_free(&line);
}

static void r4_same_key_twice_in_a_row(void **state) {
    (void)state;
    key k = make_key(1, 33);
    kp_known_add(k.text, k.len);
    kp_buf line = {0};
    kp_buf_fmt(&line, "-%s%s%s-", k.text, k.text, k.text);
    assert_masked(line.data, "-[REDACTED][REDACTED][REDACTED]-");
    kp_buf_clear(&line);
    kp_buf_str(&line, k.text);
    kp_add_hex(&line, k.text, k.len);
    assert_masked(line.data, "[REDACTED][REDACTED]");
    kp_buf_free(&line);
}

static void r4_overlapping_keys(void **state) {
    (void)state;
    key all = make_key(1, 70);
    kp_known_add(all.text, 30);
    kp_known_add(all.text + 20, 30);
    kp_known_add(all.text + 45, 25);
    kp_buf line = {0};
    kp_buf_fmt(&line, "(%s)", all.text);
    assert_masked(line.data, "([REDACTED])");
    kp_buf_clear(&line);
    kp_buf_add(&line, all.text, 30);
    kp_add_hex(&line, all.text, 30);
    assert_masked(line.data, "[REDACTED][REDACTED]");
    kp_buf_clear(&line);
    kp_buf_fmt(&line, "%.50s.", all.text);
    assert_masked(line.data, "[REDACTED].");
    kp_buf_free(&line);
}

static void a_key_inside_a_longer_one(void **state) {
    (void)state;
    key k = make_key(1, 50);
    kp_known_add(k.text + 10, 20);
    kp_buf expected = {0};
    kp_buf_fmt(&expected, "%.10s[REDACTED]%s", k.text, k.text + 30);
    assert_masked(k.text, expected.data);
    kp_known_add(k.text, 50);
    assert_masked(k.text, "[REDACTED]");
    kp_buf_free(&expected);
}

static void a_secret_of_backslashes_and_percent_signs(void **state) {
    (void)state;
    static const char slashes[] = "\\\\\\\\\\\\\\\\\\\\\\\\x\\\\\\\\";
    static const char percents[] = "%25%25%2525%%%25";
    kp_known_add(slashes, sizeof slashes - 1);
    kp_known_add(percents, sizeof percents - 1);
    kp_buf text = {0};
    assert_masked(slashes, "[REDACTED]");
    kp_add_json(&text, slashes, sizeof slashes - 1);
    assert_masked(text.data, "\"[REDACTED]\"");
    assert_masked(percents, "[REDACTED]");
    kp_buf_clear(&text);
    kp_add_percent(&text, percents, sizeof percents - 1);
    assert_masked(text.data, "[REDACTED]");
    kp_buf_free(&text);
}

static void a_cut_key_and_a_changed_one_stay(void **state) {
    (void)state;
    key k = make_key(0, 32);
    kp_known_add(k.text, k.len);
    assert_untouched(k.text, 31);
    assert_untouched(k.text + 1, 31);
    for (size_t i = 0; i < k.len; i++) {
        key other = k;
        other.text[i] = other.text[i] == '7' ? '8' : '7';
        assert_untouched(other.text, other.len);
    }
}

static void r3_ordinary_text_is_untouched(void **state) {
    (void)state;
    static const char prose[] =
        "2026-11-20T14:00:00.123Z INFO the key of the matter: monkeys, turkeys and keyboards\r\n"
        "{\"status\":1,\"request\":\"OK|71234567890\",\"path\":\"\\/in.php?a=%20b%2Fc&json=1\",\"t\":\"\\u00e9\\n\"}\n"
        "Authorization: Basic dXNlcjpwYXNz\n\tat main (app.js:10) 100% of 5 + 3 \\ % %2 %zz \\u00 \\u12 \\x "
        "[REDACTED]\n"
        "caf\xc3\xa9 \xff\xfe \x1b[0m bad bytes, a+b/c==";
    assert_untouched(prose, sizeof prose); /* with its NUL */
    static const size_t runs[] = {31, 32, 33, 40, 64};
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        key digest = make_key(0, runs[i]);
        assert_untouched(digest.text, digest.len);
    }
    key uuid = make_uuid_key();
    assert_untouched(uuid.text, uuid.len);
    assert_untouched("x", 1);
    assert_untouched("\\", 1);
    assert_untouched("%4", 2);
}

static void r5_any_bytes_are_untouched(void **state) {
    (void)state;
    enum { SIZE = 300000 };
    char *text = kp_alloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = (char)below(256);
    assert_untouched(text, SIZE);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = alphabets[4][below(40)];
    assert_untouched(text, SIZE);
    kp_free(text);
}

static void nul_and_bad_utf8_around_a_key(void **state) {
    (void)state;
    key k = make_key(2, 25);
    kp_known_add(k.text, k.len);
    kp_buf line = {0};
    kp_buf_add(&line, "\0\xff", 2);
    kp_buf_str(&line, k.text);
    kp_buf_add(&line, "\0\xc3", 2);
    kp_buf out = {0};
    kp_known_mask(&out, line.data, line.len);
    assert_int_equal(out.len, 14);
    assert_memory_equal(out.data, "\0\xff[REDACTED]\0\xc3", 14);
    kp_buf_free(&line);
    kp_buf_free(&out);
}

static void r3c_short_secrets_in_context_only(void **state) {
    (void)state;
    assert_true(kp_known_add("test", 4));
    assert_true(kp_known_add("hunter2", 7));
    static const char *const hidden[][2] = {
        {"key=test", "key=[REDACTED]"},
        {"in.php?key=test&action=x", "in.php?key=[REDACTED]&action=x"},
        {"key: test.", "key: [REDACTED]."},
        {"apikey=hunter2\n", "apikey=[REDACTED]\n"},
        {"APIKEY: hunter2", "APIKEY: [REDACTED]"},
        {"{\"clientKey\":\"test\"}", "{\"clientKey\":\"[REDACTED]\"}"},
        {"{\\\"clientKey\\\": \\\"test\\\"}", "{\\\"clientKey\\\": \\\"[REDACTED]\\\"}"},
        {"CAPTCHAAI_API_KEY_2='TEST'", "CAPTCHAAI_API_KEY_2='[REDACTED]'"},
        {"['api-key' => 'test']", "['api-key' => '[REDACTED]']"},
        {"key%3Dt%65st%26", "key%3D[REDACTED]%26"},
        {"password: hunter2", "password: [REDACTED]"},
        {"x-api-key :test", "x-api-key :[REDACTED]"},
    };
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        assert_masked(hidden[i][0], hidden[i][1]);
    static const char *const plain[] = {
        "test",         "a test of hunter2", "monkey: test", "KEYBOARD: test", "key test", "=test", "key=testing",
        "key=test-run", "key=a test",        "mode=test",    "test=key",       "key=",     "key",   "%3Dtest",
    };
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        assert_untouched(plain[i], strlen(plain[i]));
    assert_untouched("key\0: test", 11);
}

static void twelve_characters_are_enough(void **state) {
    (void)state;
    key k = make_key(1, 12);
    kp_known_add(k.text, 12);
    assert_masked(k.text, "[REDACTED]");
    key eleven = make_key(1, 11);
    kp_known_add(eleven.text, 11);
    assert_untouched(eleven.text, 11);
}

static void t12_exact_replaces_only_the_key_itself(void **state) {
    (void)state;
    key k = make_key(1, 32);
    k.text[0] = 'a';
    kp_known_add(k.text, k.len);
    kp_buf text = {0};
    kp_buf out = {0};
    kp_buf_fmt(&text, "OK|%s|%s", k.text, k.text);
    kp_known_mask_exact(&out, text.data, text.len);
    assert_string_equal(out.data, "OK|[REDACTED]|[REDACTED]");
    kp_buf_clear(&text);
    kp_buf_clear(&out);
    add_in_case(&text, k.text, k.len, 1);
    kp_buf_char(&text, ' ');
    kp_add_hex(&text, k.text, k.len);
    kp_buf_char(&text, ' ');
    kp_add_base64(&text, k.text, k.len, false);
    kp_buf_str(&text, " %61");
    kp_buf_str(&text, k.text + 1);
    kp_known_mask_exact(&out, text.data, text.len);
    assert_string_equal(out.data, text.data);
    kp_known_add("test", 4);
    kp_buf_clear(&out);
    kp_known_mask_exact(&out, "a test, key=test, key=TEST", 26);
    assert_string_equal(out.data, "a test, key=[REDACTED], key=TEST");
    kp_buf_free(&text);
    kp_buf_free(&out);
}

static void adds_behind_what_is_there(void **state) {
    (void)state;
    kp_buf out = {0};
    kp_buf_str(&out, "first, ");
    kp_known_mask(&out, "second", 6);
    kp_known_mask(&out, NULL, 6);
    kp_known_mask(&out, "", 0);
    kp_known_mask(NULL, "third", 5);
    kp_known_mask_exact(NULL, "third", 5);
    kp_known_mask_exact(&out, NULL, 5);
    assert_string_equal(out.data, "first, second");
    kp_buf_free(&out);
}

static int left;

static int fail_at(void) {
    return left-- == 0;
}

static int fail_from(void) {
    return left-- <= 0;
}

/* However memory fails, what is in the buffer is a beginning of the masked text. */
static void nothing_leaks_when_memory_fails(void **state) {
    (void)state;
    key k = make_key(1, 80);
    kp_known_add(k.text, k.len);
    kp_buf text = {0};
    kp_buf expected = {0};
    for (int i = 0; i < 40; i++)
        kp_buf_fmt(&text, "line %d has %s in it\n", i, k.text);
    kp_known_mask(&expected, text.data, text.len);
    int (*const hooks[])(void) = {fail_at, fail_from};
    for (size_t h = 0; h < 2; h++) {
        bool failed = true;
        for (int at = 0; failed; at++) {
            assert_true(at < 1000);
            kp_buf out = {0};
            left = at;
            kp_mem_test_hook = hooks[h];
            kp_known_mask(&out, text.data, text.len);
            kp_mem_test_hook = NULL;
            failed = out.failed;
            assert_true(failed || out.len == expected.len);
            assert_memory_equal(kp_buf_text(&out), expected.data, out.len);
            kp_buf_free(&out);
        }
    }
    kp_buf_free(&text);
    kp_buf_free(&expected);
}

static void add_says_when_memory_is_short(void **state) {
    (void)state;
    key k = make_key(1, 80);
    size_t before = kp_known_count();
    size_t blocks = kp_safe_in_use();
    left = 0;
    kp_mem_test_hook = fail_at;
    bool added = kp_known_add(k.text, k.len);
    kp_mem_test_hook = NULL;
    assert_false(added);
    assert_false(kp_known_add(k.text, SIZE_MAX / 2));
    assert_false(kp_known_add(k.text, SIZE_MAX / 7 + 1)); /* the room for its forms would come out as a few bytes */
    assert_int_equal(kp_known_count(), before);
    assert_int_equal(kp_safe_in_use(), blocks);
    assert_true(kp_known_add(k.text, k.len));
    assert_masked(k.text, "[REDACTED]");
    left = 0;
    kp_mem_test_hook = fail_at;
    added = kp_known_add(k.text, k.len);
    kp_mem_test_hook = NULL;
    assert_true(added); /* what is known needs no memory */
}

enum { THREADS = 4, EACH = 150 };
static key shared_keys[EACH];
static pthread_barrier_t together;

/* All threads add the same key at the same moment, mask it at once, and see that it is gone. */
static void *add_and_mask(void *wrong) {
    kp_buf out = {0};
    for (size_t i = 0; i < EACH; i++) {
        const key *k = &shared_keys[i];
        kp_buf_clear(&out);
        pthread_barrier_wait(&together);
        if (!kp_known_add(k->text, k->len))
            *(bool *)wrong = true;
        kp_known_mask(&out, k->text, k->len);
        kp_known_mask_exact(&out, k->text, k->len);
        if (strcmp(kp_buf_text(&out), "[REDACTED][REDACTED]") != 0)
            *(bool *)wrong = true;
    }
    kp_buf_free(&out);
    return NULL;
}

static void threads_add_and_mask(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    bool wrong[THREADS] = {false};
    size_t before = kp_known_count();
    size_t blocks = kp_safe_in_use();
    for (size_t i = 0; i < EACH; i++)
        shared_keys[i] = make_key(1, 20 + i);
    assert_int_equal(pthread_barrier_init(&together, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_and_mask, &wrong[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_false(wrong[i]);
    }
    pthread_barrier_destroy(&together);
    assert_int_equal(kp_known_count(), before + EACH);
    assert_int_equal(kp_safe_in_use(), blocks + EACH);
}

/* First, while nothing is known. */
static void nothing_known_changes_nothing(void **state) {
    (void)state;
    assert_int_equal(kp_known_count(), 0);
    assert_untouched("key=test", 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_known_changes_nothing),
        cmocka_unit_test(is_added_once),
        cmocka_unit_test(the_copy_outlives_the_caller),
        cmocka_unit_test(r4_longest_match_wins),
        cmocka_unit_test(r4_same_key_twice_in_a_row),
        cmocka_unit_test(r4_overlapping_keys),
        cmocka_unit_test(a_key_inside_a_longer_one),
        cmocka_unit_test(a_secret_of_backslashes_and_percent_signs),
        cmocka_unit_test(a_cut_key_and_a_changed_one_stay),
        cmocka_unit_test(r3_ordinary_text_is_untouched),
        cmocka_unit_test(r5_any_bytes_are_untouched),
        cmocka_unit_test(nul_and_bad_utf8_around_a_key),
        cmocka_unit_test(r3c_short_secrets_in_context_only),
        cmocka_unit_test(twelve_characters_are_enough),
        cmocka_unit_test(t12_exact_replaces_only_the_key_itself),
        cmocka_unit_test(adds_behind_what_is_there),
        cmocka_unit_test(nothing_leaks_when_memory_fails),
        cmocka_unit_test(add_says_when_memory_is_short),
        cmocka_unit_test(threads_add_and_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
