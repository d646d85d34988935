/* test_json_oracle.c: compares the JSON scanner with cJSON on random documents and on damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "chance.h"
#include "wire/json.h"

enum { DOCUMENTS = 2000, DAMAGED = 20000, MEMBERS_MAX = 80 };

static void add_blanks(kp_buf *out, chance *c) {
    static const char *const blanks[] = {"", "", "", " ", "\n", "\t\r\n "};
    kp_buf_str(out, blanks[chance_below(c, 6)]);
}

static void add_string(kp_buf *out, chance *c, size_t number) {
    static const char *const pieces[] = {
        "a",         "key",     "|",       "]},{[:",  "\\\"",           "\\\\",     "\\/",          "\\n\\t",
        "\\b\\f\\r", "\\u0001", "\\u00e9", "\\u20ac", "\\ud83d\\ude00", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
        "\\uABCD",   "ERROR_",  "'",       "~1"};
    kp_buf_char(out, '"');
    for (size_t i = chance_below(c, 5); i > 0; i--)
        kp_buf_str(out, pieces[chance_below(c, sizeof pieces / sizeof pieces[0])]);
    if (number > 0)
        kp_buf_fmt(out, "%zu", number); /* makes the names of an object differ */
    kp_buf_char(out, '"');
}

static void add_number(kp_buf *out, chance *c) {
    static const char *const numbers[] = {"0", "-0", "1.5", "-2.25", "1e3", "2E-2", "0.125e+1", "9007199254740991"};
    size_t i = chance_below(c, 12);
    if (i < 8)
        kp_buf_str(out, numbers[i]);
    else
        kp_buf_i64(out, (int64_t)(chance_u64(c) >> 20) - (1LL << 43));
}

static void add_value(kp_buf *out, chance *c, size_t depth) {
    static const char *const words[] = {"true", "false", "null"};
    size_t kind = chance_below(c, depth > 0 ? 9 : 5);
    add_blanks(out, c);
    if (kind < 2)
        add_string(out, c, 0);
    else if (kind < 4)
        add_number(out, c);
    else if (kind == 4)
        kp_buf_str(out, words[chance_below(c, 3)]);
    else {
        bool object = kind > 6;
        size_t count = chance_below(c, 100) == 0 ? MEMBERS_MAX : chance_below(c, 5);
        kp_buf_char(out, object ? '{' : '[');
        for (size_t i = 1; i <= count; i++) {
            add_blanks(out, c);
            if (i > 1)
                kp_buf_char(out, ',');
            add_blanks(out, c);
            if (object) {
                add_string(out, c, i);
                add_blanks(out, c);
                kp_buf_char(out, ':');
            }
            add_value(out, c, depth - 1);
        }
        add_blanks(out, c);
        kp_buf_char(out, object ? '}' : ']');
    }
    add_blanks(out, c);
}

static void check_string(kp_json value, const char *expected) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    assert_true(kp_json_string(value, &text));
    assert_string_equal(kp_buf_text(&text), expected);
    assert_true(kp_json_is(value, expected));
    kp_buf_free(&text);
}

static void check_same(kp_json root, kp_json value, const cJSON *expected, const char *pointer);

static void check_members(kp_json root, kp_json container, const cJSON *expected, const char *pointer) {
    kp_json name;
    kp_json value;
    size_t at = 0;
    size_t index = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, expected) {
        assert_true(kp_json_next(container, &at, &name, &value));
        kp_buf below;
        kp_buf_init(&below, NULL);
        kp_buf_fmt(&below, "%s/", pointer);
        if (container.type == KP_JSON_OBJECT) {
            check_string(name, item->string);
            assert_ptr_equal(kp_json_get(container, item->string).raw, value.raw);
            for (const char *c = item->string; *c; c++)
                kp_buf_str(&below, *c == '~' ? "~0" : *c == '/' ? "~1" : (const char[]){*c, '\0'});
        } else
            kp_buf_fmt(&below, "%zu", index++);
        check_same(root, value, item, kp_buf_text(&below));
        kp_buf_free(&below);
    }
    assert_false(kp_json_next(container, &at, &name, &value));
}

static void check_same(kp_json root, kp_json value, const cJSON *expected, const char *pointer) {
    assert_ptr_equal(kp_json_pointer(root, pointer).raw, value.raw);
    int64_t number;
    switch (value.type) {
    case KP_JSON_NONE: fail(); break;
    case KP_JSON_NULL: assert_true(cJSON_IsNull(expected)); break;
    case KP_JSON_FALSE: assert_true(cJSON_IsFalse(expected)); break;
    case KP_JSON_TRUE: assert_true(cJSON_IsTrue(expected)); break;
    case KP_JSON_NUMBER:
        assert_true(cJSON_IsNumber(expected));
        if (kp_json_i64(value, &number))
            assert_true((double)number == expected->valuedouble);
        break;
    case KP_JSON_STRING:
        assert_true(cJSON_IsString(expected));
        check_string(value, expected->valuestring);
        break;
    case KP_JSON_ARRAY:
        assert_true(cJSON_IsArray(expected));
        check_members(root, value, expected, pointer);
        break;
    case KP_JSON_OBJECT:
        assert_true(cJSON_IsObject(expected));
        check_members(root, value, expected, pointer);
        break;
    }
}

static void check_document(const kp_buf *text) {
    kp_json root = kp_json_parse(text->data, text->len, NULL);
    assert_int_not_equal(root.type, KP_JSON_NONE);
    cJSON *expected = cJSON_ParseWithLength(text->data, text->len);
    assert_non_null(expected);
    check_same(root, root, expected, "");
    cJSON_Delete(expected);
}

static void random_documents_mean_the_same(void **state) {
    (void)state;
    chance c = {42};
    kp_buf text;
    kp_buf_init(&text, NULL);
    for (size_t i = 0; i < DOCUMENTS; i++) {
        kp_buf_clear(&text);
        add_value(&text, &c, 5);
        assert_false(text.failed);
        check_document(&text);
    }
    kp_buf_free(&text);
}

/* What the scanner takes, cJSON takes too and reads likewise; the other way round cJSON is too lenient to compare. */
static void damaged_documents_mean_the_same(void **state) {
    (void)state;
    static const char damage[] = "{}[],:\"\\0e.-1nu \xc3\x80";
    chance c = {43};
    kp_buf text;
    kp_buf_init(&text, NULL);
    size_t accepted = 0;
    for (size_t i = 0; i < DAMAGED; i++) {
        kp_buf_clear(&text);
        add_value(&text, &c, 3);
        for (size_t n = 1 + chance_below(&c, 2); n > 0; n--)
            text.data[chance_below(&c, text.len)] = damage[chance_below(&c, sizeof damage - 1)];
        text.len -= chance_below(&c, 8) == 0 ? chance_below(&c, text.len) : 0;
        if (kp_json_parse(text.data, text.len, NULL).type == KP_JSON_NONE)
            continue;
        accepted++;
        check_document(&text);
    }
    assert_in_range(accepted, DAMAGED / 100, DAMAGED / 2);
    kp_buf_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_documents_mean_the_same),
        cmocka_unit_test(damaged_documents_mean_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
