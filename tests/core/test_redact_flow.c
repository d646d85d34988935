/* test_redact_flow.c: the redactor as a stream: what is held back, bounds, memory that fails, the public face. */
#include "wire/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/config.h"
#include "failing.h"
#include "keyplate.h"
#include "redact_case.h"
#include "safe/arena.h"
#include "safe/known.h"

static chance luck = {20261121};
static char known[41];

static int make_known(void **state) {
    (void)state;
    random_key(&luck, known, 40);
    return kp_known_add(known, 40) ? 0 : -1;
}

static void r5_lines_go_out_at_once(void **state) {
    (void)state;
    static const char *const lines[] = {"a plain line\n",
                                        "2026-11-20T14:00:00Z GET /res.php?action=get&id=1 200\n",
                                        "the last word is key\n",
                                        "key: \n",
                                        "100%\n",
                                        "ends with a backslash \\\n",
                                        "https://\n",
                                        "\xff\xfe\n",
                                        "\n",
                                        "{\"a\": [1, 2], \"b\": \"c\"}\r\n"};
    kp_redact *r = kp_redact_new(KP_BARE_ALWAYS);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *out = NULL;
        size_t len = 0;
        assert_int_equal(kp_redact_feed(r, lines[i], strlen(lines[i]), 0, &out, &len), 0);
        assert_ptr_equal(out, lines[i]);
        assert_int_equal(len, strlen(lines[i]));
    }
    kp_redact_free(r);
}

static void what_is_held_back_is_small(void **state) {
    (void)state;
    static const char *const beginnings[] = {"a key", "api_key =",     "key: ",  "http://user:pa",
                                             "&am",   "[\"key\"]=>\n", "x \\u00"};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        kp_redact *r = kp_redact_new(KP_BARE_ALWAYS);
        kp_buf shown;
        kp_buf_init(&shown, NULL);
        assert_int_equal(redact_part(r, "an earlier line\n", 16, 0, &shown), 0);
        redact_part(r, beginnings[i], strlen(beginnings[i]), 0, &shown);
        assert_true(shown.len + 64 >= 16 + strlen(beginnings[i]));
        assert_int_equal(redact_part(r, " .\n", 3, 1, &shown) >= 0, true);
        assert_true(shown.len >= 17);
        kp_buf_free(&shown);
        kp_redact_free(r);
    }
}

static long resident_kib(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* One line without end, of each alphabet; nothing of it is kept beyond a window, and all of it comes out. */
static void one_line(const char *alphabet, size_t total) {
    enum { PART = 1 << 16 };
    char *part = kp_alloc(PART);
    kp_redact *r = kp_redact_new(KP_BARE_ALWAYS);
    size_t shown = 0, letters = strlen(alphabet);
    long before = 0;
    for (size_t done = 0; done < total; done += PART) {
        const char *out = NULL;
        size_t len = 0;
        for (size_t i = 0; i < PART; i++)
            part[i] = letters ? alphabet[chance_below(&luck, letters)] : (char)chance_u64(&luck);
        assert_true(kp_redact_feed(r, part, PART, 0, &out, &len) >= 0);
        assert_true(len <= (size_t)2 * PART);
        shown += len;
        if (done == (size_t)16 * PART)
            before = resident_kib();
    }
    const char *out = NULL;
    size_t len = 0;
    assert_true(kp_redact_feed(r, NULL, 0, 1, &out, &len) >= 0);
    assert_true(shown + len > total / 4);
    assert_true(resident_kib() - before < 4096);
    kp_redact_free(r);
    kp_free(part);
}

static void r5_one_endless_line_of_anything(void **state) {
    (void)state;
    static const char *const alphabets[] = {
        "",         "0123456789abcdef", "abcdefghijk lmnopqrst", "\\", "%25", "%2\\u&#x;[]", "\xff\xfe\xc3",
        "key=: \"", "0123456789abcdef-"};
    size_t total = getenv("KP_LONG") ? (size_t)1 << 30 : (size_t)1 << 21;
    for (size_t i = 0; i < sizeof alphabets / sizeof alphabets[0]; i++)
        one_line(alphabets[i], i == 2 || !getenv("KP_LONG") ? total : total / 16);
}

/* A value without end is swallowed; the mask comes at its beginning. */
static void r5_a_value_of_many_megabytes(void **state) {
    (void)state;
    kp_redact *r = kp_redact_new(KP_BARE_ALWAYS);
    kp_buf shown;
    kp_buf_init(&shown, NULL);
    char part[4096];
    memset(part, 'v', sizeof part);
    redact_part(r, "key=\"", 5, 0, &shown);
    for (int i = 0; i < 2000; i++)
        assert_int_equal(redact_part(r, part, sizeof part, 0, &shown), 1);
    redact_part(r, "\" behind", 8, 1, &shown);
    assert_string_equal(kp_buf_text(&shown), "key=\"[REDACTED]\" behind");
    kp_buf_free(&shown);
    kp_redact_free(r);
}

/* Whatever allocation fails: what comes out is a part of the right text, and the key never does. */
static void fail_one(size_t fail_at, bool from_there_on, bool *failed) {
    kp_buf shown;
    kp_buf_init(&shown, NULL);
    failing_start(fail_at, from_there_on);
    kp_redact *r = kp_redact_new(KP_BARE_ALWAYS);
    int result[3] = {0};
    const char *out = NULL;
    size_t len = 0;
    kp_buf parts[3];
    for (size_t i = 0; i < 3; i++)
        kp_buf_init(&parts[i], NULL);
    bool whole = r != NULL;
    for (size_t i = 0; r && i < 3; i++) {
        int (*hook)(void) = kp_mem_test_hook;
        kp_mem_test_hook = NULL;
        kp_buf_fmt(&parts[i], "line %zu\nkey: %.20s", i, known);
        kp_buf_fmt(&parts[i], "%s and %s\n", known + 20, known);
        kp_mem_test_hook = hook;
        result[i] = kp_redact_feed(r, parts[i].data, parts[i].len, i == 2, &out, &len);
        kp_mem_test_hook = NULL;
        if (result[i] >= 0)
            kp_buf_add(&shown, out, len);
        whole = whole && result[i] >= 0;
        kp_mem_test_hook = hook;
    }
    *failed = failing_stop();
    for (size_t i = 0; i + 8 <= 40; i++)
        assert_null(shown.len ? memmem(shown.data, shown.len, known + i, 8) : NULL);
    assert_int_equal(whole, !*failed);
    if (whole)
        assert_string_equal(shown.data, "line 0\nkey: [REDACTED] and [REDACTED]\nline 1\nkey: [REDACTED] and "
                                        "[REDACTED]\nline 2\nkey: [REDACTED] and [REDACTED]\n");
    for (size_t i = 0; i < 3; i++)
        kp_buf_free(&parts[i]);
    kp_buf_free(&shown);
    kp_redact_free(r);
}

static void nothing_leaks_when_memory_fails(void **state) {
    (void)state;
    for (int way = 0; way < 2; way++) {
        bool failed = true;
        for (size_t at = 0; failed; at++) {
            assert_true(at < 100);
            fail_one(at, way == 1, &failed);
        }
    }
    kp_buf out;
    kp_buf_init(&out, NULL);
    for (size_t at = 0; at < 3; at++) {
        kp_buf_clear(&out);
        failing_start(at, false);
        kp_redact_text(&out, KP_BARE_ALWAYS, known, 40);
        assert_true(failing_stop());
        assert_true(out.failed && out.len == 0);
    }
    kp_buf_free(&out);
}

/* What was lost goes up to the line end, however it is fed. */
static void a_lost_part_ends_with_its_line(void **state) {
    (void)state;
    kp_redact *r = kp_redact_new(KP_BARE_ALWAYS);
    kp_buf shown;
    kp_buf_init(&shown, NULL);
    failing_start(0, true);
    int lost = redact_part(r, "key: \"ab", 8, 0, &shown);
    failing_stop();
    assert_int_equal(lost, -1);
    assert_int_equal(redact_part(r, "cd", 2, 0, &shown), 1);
    assert_int_equal(redact_part(r, "ef\" gh", 6, 0, &shown), 1);
    assert_int_equal(redact_part(r, "ij\nkey: k\n", 10, 0, &shown), 1);
    assert_int_equal(redact_part(r, "next\n", 5, 1, &shown), 0);
    assert_string_equal(shown.data, "[REDACTED]\nkey: [REDACTED]\nnext\n");
    kp_buf_clear(&shown);
    kp_redact_free(r);
    r = kp_redact_new(KP_BARE_ALWAYS);
    failing_start(0, true);
    int result = redact_part(r, known, 20, 1, &shown);
    failing_stop();
    assert_int_equal(result, -1);
    assert_int_equal(redact_part(r, "a new text\n", 11, 1, &shown), 0);
    assert_string_equal(shown.data, "a new text\n");
    kp_buf_free(&shown);
    kp_redact_free(r);
}

static void final_begins_a_new_text(void **state) {
    (void)state;
    kp_redact *r = kp_redact_new(KP_BARE_ALWAYS);
    kp_buf shown;
    kp_buf_init(&shown, NULL);
    redact_part(r, "key=\"a", 6, 1, &shown);
    redact_part(r, "b\" c", 4, 1, &shown);
    redact_part(r, "api", 3, 1, &shown);
    redact_part(r, "key=d", 5, 1, &shown);
    assert_string_equal(shown.data, "key=\"[REDACTED]b\" capikey=[REDACTED]");
    size_t blocks = kp_safe_in_use();
    kp_redact_free(r);
    assert_true(kp_safe_in_use() < blocks);
    kp_buf_free(&shown);
}

static void the_public_face(void **state) {
    (void)state;
    char hex[33], line[64];
    chance_hex(&luck, hex, 32);
    static const char *const ways[] = {"always", "context", "off"};
    for (size_t i = 0; i < 3; i++) {
        kp_config *config = kp_config_new();
        assert_int_equal(kp_config_set(config, "redact.bare_hex", ways[i]), 0);
        kp_client *client = kp_client_new(config);
        kp_redactor *r = kp_redactor_new(client);
        const char *out = NULL;
        size_t len = 0;
        kp_buf text;
        kp_buf_init(&text, NULL);
        kp_buf_fmt(&text, "a %s captcha %s", hex, hex);
        assert_int_equal(kp_redactor_feed(r, text.data, text.len, 1, &out, &len), i == 2 ? 0 : 1);
        assert_int_equal(len, text.len - (i == 0 ? 44 : i == 1 ? 22 : 0));
        kp_buf_free(&text);
        kp_redactor_free(r);
        kp_client_free(client);
        kp_config_free(config);
    }
    kp_config *config = kp_config_new();
    assert_int_not_equal(kp_config_set(config, "redact.bare_hex", "never"), 0);
    kp_config_free(config);
    assert_int_equal(kp_redact_line("key=a b", 7, line, sizeof line), 16);
    assert_string_equal(line, "key=[REDACTED] b");
    assert_int_equal(kp_redact_line("key=a b", 7, line, 8), 16);
    assert_string_equal(line, "key=[RE");
}

/* A key that a fixed line would cut is masked whole. */
static void a_long_problem_is_masked_before_it_could_be_cut(void **state) {
    (void)state;
    char front[600];
    for (size_t len = 470; len < sizeof front - 1; len += 9) {
        memset(front, 'x', len);
        front[len] = '\0';
        kp_config *config = kp_config_new();
        kp_config_fail(config, "%s %s.", front, known);
        const char *problem = kp_config_problem(config);
        assert_string_equal(problem + len, " [REDACTED].");
        kp_config_free(config);
    }
}

static void null_is_taken(void **state) {
    (void)state;
    const char *out = NULL;
    size_t len = 1;
    kp_redactor_free(NULL);
    kp_redact_free(NULL);
    assert_int_equal(kp_redactor_feed(NULL, "a", 1, 1, &out, &len), -1);
    kp_redactor *r = kp_redactor_new(NULL);
    assert_int_equal(kp_redactor_feed(r, NULL, 5, 0, &out, &len), 0);
    assert_int_equal(len, 0);
    assert_non_null(out);
    assert_int_equal(kp_redactor_feed(r, "a", 1, 0, NULL, &len), -1);
    assert_int_equal(kp_redactor_feed(r, "a", 1, 0, &out, NULL), -1);
    kp_redactor_free(r);
    kp_redact_text(NULL, KP_BARE_ALWAYS, "a", 1);
    for (size_t at = 0; at < 2; at++) {
        failing_start(at, false);
        assert_null(kp_redactor_new(NULL));
        failing_stop();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r5_lines_go_out_at_once),
        cmocka_unit_test(what_is_held_back_is_small),
        cmocka_unit_test(r5_one_endless_line_of_anything),
        cmocka_unit_test(r5_a_value_of_many_megabytes),
        cmocka_unit_test(nothing_leaks_when_memory_fails),
        cmocka_unit_test(a_lost_part_ends_with_its_line),
        cmocka_unit_test(final_begins_a_new_text),
        cmocka_unit_test(the_public_face),
        cmocka_unit_test(a_long_problem_is_masked_before_it_could_be_cut),
        cmocka_unit_test(null_is_taken),
    };
    return cmocka_run_group_tests(tests, make_known, NULL);
}
