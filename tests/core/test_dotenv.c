/* test_dotenv.c: tests dotenv.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "chance.h"
#include "policy/dotenv.h"

typedef struct result {
    kp_dotenv state;
    char value[64];
    size_t line;
    const char *why;
} result;

/* Looks for KEY in a copy that ends where the text ends, so that a read past it is seen. */
static result find(const char *text, size_t len) {
    result r = {.state = KP_DOTENV_ABSENT};
    char *copy = malloc(len ? len : 1), *value = NULL;
    size_t value_len = 0;
    assert_non_null(copy);
    memcpy(copy, text, len);
    r.state = kp_dotenv_find(copy, len, "KEY", &value, &value_len, &r.line, &r.why);
    if (r.state == KP_DOTENV_FOUND) {
        assert_true(value >= copy && value + value_len <= copy + len);
        assert_true(value_len < sizeof r.value);
        memcpy(r.value, value, value_len);
        r.value[value_len] = '\0';
    }
    free(copy);
    return r;
}

static void found(const char *text, const char *value, size_t line) {
    result r = find(text, strlen(text));
    if (r.state != KP_DOTENV_FOUND || strcmp(r.value, value) != 0 || r.line != line)
        fail_msg("state %d, value '%s', line %zu of:\n%s", (int)r.state, r.value, r.line, text);
}

static void absent(const char *text) {
    if (find(text, strlen(text)).state != KP_DOTENV_ABSENT)
        fail_msg("not absent in:\n%s", text);
}

static void unclear(const char *text, size_t line, const char *why) {
    result r = find(text, strlen(text));
    if (r.state != KP_DOTENV_UNCLEAR || r.line != line || !strstr(r.why, why))
        fail_msg("state %d, line %zu, '%s' of:\n%s", (int)r.state, r.line, r.why ? r.why : "", text);
}

static void where_dialects_agree(void **state) {
    (void)state;
    found("KEY=abc", "abc", 1);
    found("KEY=abc\n", "abc", 1);
    found("KEY=abc\r\nB=c\r\n", "abc", 1);
    found("A=b\rKEY=abc\r", "abc", 2);
    found("  export\t KEY = abc  \n", "abc", 1);
    found("# KEY=no\n\n \t\nKEY=abc # a comment 'with' $this\n", "abc", 4);
    found("KEY='abc'\n", "abc", 1);
    found("KEY=\"abc\" \t# comment\n", "abc", 1);
    found("KEY='a b#c'\n", "a b#c", 1);
    found("KEY=\"it's\"", "it's", 1);
    found("KEY=a=b:c;d", "a=b:c;d", 1);
    found("KEY=\n", "", 1);
    found("KEY=''", "", 1);
    found("KEY=\"\"", "", 1);
    found("\xEF\xBB\xBF"
          "A=b\nKEY=abc",
          "abc", 2);
}

static void the_last_duplicate_wins(void **state) {
    (void)state;
    found("KEY=one\nKEY=two\n", "two", 2);
    found("KEY=one\nexport KEY='two'\nA=b", "two", 2);
    found("KEY=one\nKEY=\n", "", 2);
}

static void other_names_are_others(void **state) {
    (void)state;
    absent("");
    absent("\n\n");
    absent("KEYS=a\nMY_KEY=b\nkey=c\nKEY.X=d\nKEY-X=e\n#KEY=f\n  # KEY=g\n");
    absent("exportKEY=a\nA=KEY=b\nA=$KEY\nA=\"KEY=c\"\nthe KEY=d\n");
    absent("export");
    absent("export ");
    absent("=");
    absent("'");
}

static void k5_lines_that_dialects_read_differently(void **state) {
    (void)state;
    unclear("KEY=a#b", 1, "'#'");
    unclear("KEY=#b", 1, "'#'");
    unclear("KEY= # comment", 1, "'#'");
    unclear("A=b\nKEY=a$B", 2, "'$'");
    unclear("KEY=${B}", 1, "'$'");
    unclear("KEY=\"a$B\"", 1, "'$'");
    unclear("KEY='a$B'", 1, "'$'");
    unclear("KEY=`b`", 1, "backtick");
    unclear("KEY='`b`'", 1, "backtick");
    unclear("KEY=a\\b", 1, "backslash");
    unclear("KEY=\"a\\nb\"", 1, "backslash");
    unclear("KEY='a\\b'", 1, "backslash");
    unclear("KEY=\"a\\\"b\"", 1, "backslash");
    unclear("KEY=\"abc", 1, "does not close");
    unclear("KEY='abc\nA=b'\n", 1, "does not close");
    unclear("KEY=\"abc\ndef\"\n", 1, "does not close");
    unclear("KEY=a\"b", 1, "quote within");
    unclear("KEY=it's", 1, "quote within");
    unclear("KEY: abc", 1, "':'");
    unclear("\n\nKEY:abc", 3, "':'");
    unclear("KEY=\"a\"b", 1, "behind the closing quote");
    unclear("KEY=\"a\"#b", 1, "behind the closing quote");
    unclear("KEY='a' b", 1, "behind the closing quote");
    unclear("KEY=a b", 1, "a blank");
    unclear("KEY", 1, "no '='");
    unclear("export KEY", 1, "no '='");
    unclear("KEY abc", 1, "no '='");
    unclear("KEY+=abc", 1, "no '='");
    unclear("'KEY'=abc", 1, "around the name");
    unclear("\xEF\xBB\xBF"
            "KEY=abc",
            1, "byte order mark");
    unclear("KEY=a#b\nKEY=good\n", 1, "'#'");
    unclear("KEY=good\nKEY=a#b\n", 2, "'#'");
}

static void a_quote_of_another_variable_swallows_lines(void **state) {
    (void)state;
    absent("A=\"one\nKEY=no\nthree\"\n");
    found("A=\"one\nKEY=no\nthree\"\nKEY=abc\n", "abc", 4);
    found("A=\"one\r\nKEY=no\r\nthree\" # c\r\nKEY=abc\r\n", "abc", 4);
    found("export A=\"one\nKEY=no\"\nB='x'\nC=`y`\nKEY=abc", "abc", 5);
    found("A=\"a\\\"b\"\nKEY=abc", "abc", 2);
    found("A='it\\'s'\nKEY=abc", "abc", 2);
    found("A=it's\nKEY=abc\nB=it's", "abc", 2);
    found("A=\"x\" y\nKEY=abc", "abc", 2);
}

static void k5_a_quote_above_that_may_or_may_not_close(void **state) {
    (void)state;
    static const char why[] = "a quote above";
    unclear("A=\"one\nKEY=abc\n", 2, why);
    unclear("A='one\nKEY=abc\n", 2, why);
    unclear("A=`one\nB=c\nKEY=abc\n", 3, why);
    unclear("A='one\nKEY=abc\nthree'\n", 2, why);
    unclear("A: \"one\nKEY=abc\nthree\"\n", 2, why);
    unclear("A=\"forgotten\nKEY=abc\nB=\"c\"\n", 2, why);
    unclear("A=\"x\\\"\nKEY=abc\nB=\"c\"\n", 2, why);
    unclear("A='one\nB=\"two\nthree'\nKEY=abc\nfive\"\n", 4, why);
    unclear("A=\"one\ntwo\\\" # c\nKEY=abc\nfour\"\n", 3, why);
    unclear("A='one\nB=`two\nthree`\nKEY=abc\nfive'\n", 4, why);
    found("A='one\ntwo'\nKEY=abc\n", "abc", 3);
}

static void nothing_given(void **state) {
    (void)state;
    char text[] = "KEY=a", *value;
    size_t len, line;
    const char *why;
    assert_int_equal(kp_dotenv_find(NULL, 0, "KEY", &value, &len, &line, &why), KP_DOTENV_ABSENT);
    assert_int_equal(kp_dotenv_find(text, 5, NULL, &value, &len, &line, &why), KP_DOTENV_ABSENT);
    assert_int_equal(kp_dotenv_find(text, 5, "KEY", NULL, &len, &line, &why), KP_DOTENV_ABSENT);
}

/* Any text ends, within its bounds, and a value has nothing in it on which dialects disagree. */
static void random_texts(void **state) {
    (void)state;
    static const char *const pieces[] = {"KEY", "=", "A",  "\"",  "'", "`",       "\n", "\r\n",
                                         " ",   "#", "\\", "abc", ":", "export ", "$"};
    chance c = {.state = 42};
    for (int round = 0; round < chance_rounds(200000); round++) {
        char text[64] = "";
        size_t parts = chance_below(&c, 12);
        for (size_t i = 0; i < parts; i++)
            strcat(text, pieces[chance_below(&c, sizeof pieces / sizeof pieces[0])]);
        result r = find(text, strlen(text));
        if (r.state == KP_DOTENV_FOUND)
            assert_null(strpbrk(r.value, "$`\\\r\n"));
        if (r.state != KP_DOTENV_ABSENT)
            assert_true(r.line >= 1 && strstr(text, "KEY"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_dialects_agree),
        cmocka_unit_test(the_last_duplicate_wins),
        cmocka_unit_test(other_names_are_others),
        cmocka_unit_test(k5_lines_that_dialects_read_differently),
        cmocka_unit_test(a_quote_of_another_variable_swallows_lines),
        cmocka_unit_test(k5_a_quote_above_that_may_or_may_not_close),
        cmocka_unit_test(nothing_given),
        cmocka_unit_test(random_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
