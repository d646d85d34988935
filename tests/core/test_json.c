/* test_json.c: the JSON scanner, its strictness and what it lends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing.h"
#include "wire/json.h"

/* A copy without room behind it, so that reading too far is seen. */
static kp_json_type type_of(const char *text, size_t len) {
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    const char *problem = "?";
    kp_json value = kp_json_parse(copy, len, &problem);
    if (value.type == KP_JSON_NONE) {
        assert_non_null(problem);
        assert_in_range(strlen(problem), 5, 80);
        assert_true(value.raw >= copy && value.raw <= copy + len);
    } else
        assert_null(problem);
    free(copy);
    return value.type;
}

static kp_json_type type(const char *text) {
    return type_of(text, strlen(text));
}

static kp_json parse(const char *text) {
    kp_json value = kp_json_parse(text, strlen(text), NULL);
    assert_int_not_equal(value.type, KP_JSON_NONE);
    return value;
}

static bool is_raw(kp_json value, const char *raw) {
    return value.len == strlen(raw) && memcmp(value.raw, raw, value.len) == 0;
}

static void valid_texts(void **state) {
    (void)state;
    static const struct {
        const char *text;
        kp_json_type type;
    } cases[] = {
        {"null", KP_JSON_NULL},
        {"true", KP_JSON_TRUE},
        {" false\r\n", KP_JSON_FALSE},
        {"0", KP_JSON_NUMBER},
        {"-0", KP_JSON_NUMBER},
        {"-0.5e-07", KP_JSON_NUMBER},
        {"1E+9", KP_JSON_NUMBER},
        {"9223372036854775808", KP_JSON_NUMBER},
        {"1234567890123456789012345678901234567890", KP_JSON_NUMBER},
        {"\"\"", KP_JSON_STRING},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\"", KP_JSON_STRING},
        {"\"\x7f h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf\"", KP_JSON_STRING},
        {"[]", KP_JSON_ARRAY},
        {"[ ]", KP_JSON_ARRAY},
        {"[1,[2,[]],{}]", KP_JSON_ARRAY},
        {"{}", KP_JSON_OBJECT},
        {"{\t}", KP_JSON_OBJECT},
        {"{ \"a\" : 1 , \"\" : { \"a\" : [ { \"a\" : 2 } ] } }", KP_JSON_OBJECT},
        {"{\"a\":1,\"b\":1,\"A\":1,\"aa\":1}", KP_JSON_OBJECT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (type(cases[i].text) != cases[i].type)
            print_error("%s\n", cases[i].text);
        assert_int_equal(type(cases[i].text), cases[i].type);
    }
}

static void invalid_texts(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "\xef\xbb\xbf{}",
        "\xc2\xa0{}",
        "nul",
        "nulll",
        "True",
        "NaN",
        "Infinity",
        "-Infinity",
        "undefined",
        "'a'",
        "+1",
        "-",
        "- 1",
        "--1",
        ".5",
        "1.",
        "1.e1",
        "01",
        "-01",
        "00",
        "1e",
        "1e+",
        "1e+-1",
        "1e999",
        "1e001",
        "0x10",
        "1_000",
        "1,5",
        "1 2",
        "12345678901234567890123456789012345678901",
        "1a",
        "\"",
        "\"a",
        "\"a\\",
        "\"a\\\"",
        "\"\\x\"",
        "\"\\a\"",
        "\"\\U0041\"",
        "\"\\u\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u 123\"",
        "\"\\u0000\"",
        "\"\\ud83d\"",
        "\"\\ud83dx\"",
        "\"\\ud83d\\n\"",
        "\"\\ud83d\\u0041\"",
        "\"\\ud83d\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ude00\\ud83d\"",
        "\"\\ude00\\ude00\"",
        "\"\\ud83d\\ude0\"",
        "\"\n\"",
        "\"\t\"",
        "\"\x1f\"",
        "\"\x80\"",
        "\"\xc0\xaf\"",
        "\"\xe2\x82\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xff\"",
        "\"\xc3\\u0041\"",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "[1,,2]",
        "[]]",
        "[][]",
        "{",
        "}",
        "{]",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\" 1}",
        "{\"a\",1}",
        "{a:1}",
        "{1:1}",
        "{'a':1}",
        "{\"a\"::1}",
        "{\"a\":}",
        "{\"a\":1;\"b\":2}",
        "{\"a\":1 \"b\":2}",
        "{}x",
        "{}\xc2\xa0",
        "{}{}",
        "[1]/**/",
        "//\n1",
        "{\"a\":1}\v",
        "\f1",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"\":1,\"\":1}",
        "{\"x\":{\"a\":1,\"b\":2,\"a\":3}}",
        "[{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":1}]",
        "{\"\\/\":1,\"/\":1}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (type(texts[i]) != KP_JSON_NONE)
            print_error("accepted: %s\n", texts[i]);
        assert_int_equal(type(texts[i]), KP_JSON_NONE);
    }
    assert_int_equal(type_of("\"a\0b\"", 5), KP_JSON_NONE);
    assert_int_equal(type_of("\"a\\\0b\"", 6), KP_JSON_NONE);
    assert_int_equal(type_of("1\0", 2), KP_JSON_NONE);
    assert_int_equal(kp_json_parse(NULL, 5, NULL).type, KP_JSON_NONE);
}

static void tells_where_it_breaks(void **state) {
    (void)state;
    const char *text = "{\"key\":\"value\",\"b\":[1,x]}";
    const char *problem;
    kp_json value = kp_json_parse(text, strlen(text), &problem);
    assert_int_equal(value.type, KP_JSON_NONE);
    assert_int_equal(value.raw - text, 22);
    assert_string_equal(problem, "a value is expected");
    text = "[0,{\"b\":1,\"b\":2}]";
    value = kp_json_parse(text, strlen(text), &problem);
    assert_int_equal(value.raw - text, 3);
    assert_string_equal(problem, "an object has a name twice");
}

static void nest(char *text, size_t depth, const char *open, const char *close) {
    *text = '\0';
    for (size_t i = 0; i < depth; i++)
        strcat(text, open);
    strcat(text, "1");
    for (size_t i = 0; i < depth; i++)
        strcat(text, close);
}

static void p2_depth_is_bounded(void **state) {
    (void)state;
    char text[512];
    nest(text, KP_JSON_DEPTH, "[", "]");
    assert_int_equal(type(text), KP_JSON_ARRAY);
    nest(text, KP_JSON_DEPTH + 1, "[", "]");
    assert_int_equal(type(text), KP_JSON_NONE);
    nest(text, KP_JSON_DEPTH, "{\"a\":", "}");
    assert_int_equal(type(text), KP_JSON_OBJECT);
    nest(text, KP_JSON_DEPTH + 1, "{\"a\":", "}");
    assert_int_equal(type(text), KP_JSON_NONE);
    size_t deep = 1000000;
    char *brackets = malloc(deep);
    assert_non_null(brackets);
    memset(brackets, '[', deep);
    assert_int_equal(type_of(brackets, deep), KP_JSON_NONE);
    free(brackets);
}

/* {"n0":0,"n1":1,...}, and one more member in the end. */
static void many(kp_buf *text, size_t count, const char *last) {
    kp_buf_clear(text);
    for (size_t i = 0; i < count; i++)
        kp_buf_fmt(text, "%c\"n%zu\":%zu", i ? ',' : '{', i * 7919 % count, i);
    kp_buf_fmt(text, ",%s}", last);
    assert_false(text->failed);
}

static void p3_names_twice_are_found(void **state) {
    (void)state;
    static const size_t counts[] = {1, 2, 5, 62, 63, 64, 65, 100, 4096, 20000};
    kp_buf text;
    kp_buf_init(&text, NULL);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        many(&text, counts[i], "\"x\":[{\"n0\":1}]");
        assert_int_equal(type_of(text.data, text.len), KP_JSON_OBJECT);
        many(&text, counts[i], "\"n0\":1");
        assert_int_equal(type_of(text.data, text.len), KP_JSON_NONE);
        many(&text, counts[i], "\"\\u006e0\":1");
        assert_int_equal(type_of(text.data, text.len), KP_JSON_NONE);
        many(&text, counts[i], "\"x\":{\"y\":1,\"z\":2,\"y\":3}");
        assert_int_equal(type_of(text.data, text.len), KP_JSON_NONE);
    }
    kp_buf_free(&text);
}

static void short_memory_refuses(void **state) {
    (void)state;
    kp_buf text;
    kp_buf_init(&text, NULL);
    many(&text, 63, "\"x\":1");
    failing_start(0, true);
    assert_int_equal(type_of(text.data, text.len), KP_JSON_OBJECT);
    assert_false(failing_stop());
    many(&text, 64, "\"x\":1");
    failing_start(0, true);
    assert_int_equal(type_of(text.data, text.len), KP_JSON_NONE);
    assert_true(failing_stop());
    kp_buf_free(&text);
}

static void members(void **state) {
    (void)state;
    kp_json root = parse(" { \"a\" : 1 , \"b\\u0063\" : [ ] , \"\" : {\"a\":\"}\\\"]\"} , \"last\":null } ");
    assert_int_equal(root.raw[0], '{');
    assert_int_equal(root.raw[root.len - 1], '}');
    assert_true(is_raw(kp_json_get(root, "a"), "1"));
    assert_true(is_raw(kp_json_get(root, "bc"), "[ ]"));
    assert_true(is_raw(kp_json_get(root, ""), "{\"a\":\"}\\\"]\"}"));
    assert_int_equal(kp_json_get(root, "last").type, KP_JSON_NULL);
    assert_int_equal(kp_json_get(root, "b").type, KP_JSON_NONE);
    assert_int_equal(kp_json_get(root, "bcd").type, KP_JSON_NONE);
    assert_int_equal(kp_json_get(root, NULL).type, KP_JSON_NONE);
    assert_int_equal(kp_json_get(parse("[1]"), "a").type, KP_JSON_NONE);
    assert_int_equal(kp_json_get((kp_json){.type = KP_JSON_NONE}, "a").type, KP_JSON_NONE);
}

static void walking(void **state) {
    (void)state;
    kp_json name;
    kp_json value;
    size_t at = 0;
    kp_json list = parse("[ 1 ,\"a,]\", [2,{\"x\":[]}] ,true,{}\t]");
    static const char *const raws[] = {"1", "\"a,]\"", "[2,{\"x\":[]}]", "true", "{}"};
    for (size_t i = 0; i < 5; i++) {
        assert_true(kp_json_next(list, &at, &name, &value));
        assert_int_equal(name.type, KP_JSON_NONE);
        assert_true(is_raw(value, raws[i]));
    }
    assert_false(kp_json_next(list, &at, &name, &value));
    assert_false(kp_json_next(list, &at, &name, &value));
    kp_json object = parse("{\"a\\\"\":-1.5e3,\"b\" : \"\\\\\"}");
    at = 0;
    assert_true(kp_json_next(object, &at, &name, &value));
    assert_true(is_raw(name, "\"a\\\"\""));
    assert_int_equal(name.type, KP_JSON_STRING);
    assert_true(is_raw(value, "-1.5e3"));
    assert_true(kp_json_next(object, &at, NULL, &value));
    assert_true(is_raw(value, "\"\\\\\""));
    assert_false(kp_json_next(object, &at, &name, &value));
    at = 0;
    assert_false(kp_json_next(parse("[ ]"), &at, &name, &value));
    assert_false(kp_json_next(parse("{ }"), &at, &name, &value));
    assert_false(kp_json_next(parse("1"), &at, &name, &value));
    assert_false(kp_json_next(list, NULL, &name, &value));
    assert_false(kp_json_next(list, &at, &name, NULL));
}

/* The document and answers of RFC 6901, section 5. */
static void pointers(void **state) {
    (void)state;
    kp_json root =
        parse("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,"
              "\" \":7,\"m~n\":8,\"deep\":[{\"x\":[10,11,12]}]}");
    static const struct {
        const char *pointer, *raw;
    } cases[] = {
        {"/foo", "[\"bar\",\"baz\"]"},
        {"/foo/0", "\"bar\""},
        {"/foo/1", "\"baz\""},
        {"/", "0"},
        {"/a~1b", "1"},
        {"/c%d", "2"},
        {"/e^f", "3"},
        {"/g|h", "4"},
        {"/i\\j", "5"},
        {"/k\"l", "6"},
        {"/ ", "7"},
        {"/m~0n", "8"},
        {"/deep/0/x/2", "12"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_true(is_raw(kp_json_pointer(root, cases[i].pointer), cases[i].raw));
    assert_ptr_equal(kp_json_pointer(root, "").raw, root.raw);
    static const char *const absent[] = {"foo",    "/fo",     "/fooo",      "/foo/2",
                                         "/foo/-", "/foo/00", "/foo/01",    "/foo/-1",
                                         "/foo/",  "/foo/0/", "/foo/1e0",   "/foo/99999999999999999999",
                                         "//",     "/m~n",    "/m~2n",      "/m~",
                                         "/a/b",   "/deep/x", "/deep/0/x/3"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        assert_int_equal(kp_json_pointer(root, absent[i]).type, KP_JSON_NONE);
    assert_int_equal(kp_json_pointer(root, NULL).type, KP_JSON_NONE);
    assert_int_equal(kp_json_pointer((kp_json){.type = KP_JSON_NONE}, "").type, KP_JSON_NONE);
}

static void strings(void **state) {
    (void)state;
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_buf_str(&out, ">");
    kp_json value = parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t|\\u0041\\u00e9\\u20AC\\uD83d\\uDe00\\uffff|\xf0\x9f\x98\x80\"");
    static const char decoded[] = "\"\\/\b\f\n\r\t|A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbf|\xf0\x9f\x98\x80";
    assert_true(kp_json_string(value, &out));
    assert_string_equal(out.data + 1, decoded);
    assert_true(kp_json_is(value, decoded));
    assert_false(kp_json_is(value, "\"\\/\b\f\n\r\t|A"));
    kp_buf_clear(&out);
    assert_true(kp_json_string(parse("\"\\udbff\\udfff\\ud800\\udc00\""), &out));
    assert_string_equal(out.data, "\xf4\x8f\xbf\xbf\xf0\x90\x80\x80");
    assert_true(kp_json_string(parse("\"\""), &out));
    assert_true(kp_json_is(parse("\"\""), ""));
    assert_false(kp_json_is(parse("\"\""), "a"));
    assert_false(kp_json_is(parse("\"ab\""), "abc"));
    assert_false(kp_json_is(parse("\"ab\""), NULL));
    assert_false(kp_json_is(parse("1"), "1"));
    assert_false(kp_json_string(parse("1"), &out));
    assert_false(kp_json_string(parse("\"a\""), NULL));
    kp_buf_free(&out);
}

static void integers(void **state) {
    (void)state;
    int64_t n = 0;
    assert_true(kp_json_i64(parse("0"), &n));
    assert_int_equal(n, 0);
    assert_true(kp_json_i64(parse("9223372036854775807"), &n));
    assert_true(n == INT64_MAX);
    assert_true(kp_json_i64(parse("-9223372036854775808"), &n));
    assert_true(n == INT64_MIN);
    static const char *const others[] = {"9223372036854775808", "1.0", "1e3", "\"1\"", "true", "null", "[1]"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(kp_json_i64(parse(others[i]), &n));
    assert_false(kp_json_i64(parse("1"), NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_texts),
        cmocka_unit_test(invalid_texts),
        cmocka_unit_test(tells_where_it_breaks),
        cmocka_unit_test(p2_depth_is_bounded),
        cmocka_unit_test(p3_names_twice_are_found),
        cmocka_unit_test(short_memory_refuses),
        cmocka_unit_test(members),
        cmocka_unit_test(walking),
        cmocka_unit_test(pointers),
        cmocka_unit_test(strings),
        cmocka_unit_test(integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
