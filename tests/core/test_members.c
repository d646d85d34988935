/* test_members.c: tests members.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "failing.h"
#include "policy/members.h"
#include "safe/arena.h"

static const kp_provider *provider(void) {
    const kp_provider *p = kp_provider_find("captchaai");
    assert_non_null(p);
    return p;
}

static kp_members make(const char *keys) {
    kp_members members;
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    int error = kp_members_make(provider(), keys, &members, &problem);
    if (error)
        fail_msg("%s gave %d: %s", keys ? keys : "NULL", error, kp_buf_text(&problem));
    assert_int_equal(problem.len, 0);
    kp_buf_free(&problem);
    return members;
}

static void refused(const char *keys, int error, const char *says) {
    kp_members members;
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    size_t safe = kp_safe_in_use();
    int got = kp_members_make(provider(), keys, &members, &problem);
    if (got != error || !strstr(kp_buf_text(&problem), says))
        fail_msg("%s gave %d: %s", keys, got, kp_buf_text(&problem));
    assert_null(strstr(kp_buf_text(&problem), "s3cret"));
    assert_null(members.list);
    assert_int_equal(members.count, 0);
    assert_int_equal(kp_safe_in_use(), safe);
    kp_members_free(&members);
    kp_buf_free(&problem);
}

static void the_defaults(void **state) {
    (void)state;
    static const char *const names[] = {"primary", "backup", "key2", "key3", "key4",
                                        "key5",    "key6",   "key7", "key8", "key9"};
    static const char *const primary[] = {"env:CAPTCHAAI_API_KEY", "cred:captchaai_key",
                                          "file:/run/secrets/captchaai_key", "dotenv:.env#CAPTCHAAI_API_KEY",
                                          "json:~/.captchaai/config.json#/api_key"};
    static const char *const given[] = {NULL, "", " \n"};
    for (size_t g = 0; g < 3; g++) {
        kp_members m = make(given[g]);
        assert_int_equal(m.count, 10);
        for (size_t i = 0; i < 10; i++) {
            assert_string_equal(m.list[i].name, names[i]);
            assert_true(m.list[i].by_default);
            assert_null(m.list[i].account);
            assert_int_equal(m.list[i].from_count, i == 0 ? 5 : 2);
        }
        for (size_t i = 0; i < 5; i++)
            assert_string_equal(m.list[0].from[i].text, primary[i]);
        assert_string_equal(m.list[0].from[4].place, "~/.captchaai/config.json");
        assert_string_equal(m.list[1].from[0].text, "env:CAPTCHAAI_API_KEY_BACKUP");
        assert_string_equal(m.list[1].from[1].text, "dotenv:.env#CAPTCHAAI_API_KEY_BACKUP");
        assert_string_equal(m.list[2].from[0].text, "env:CAPTCHAAI_API_KEY_2");
        assert_string_equal(m.list[9].from[1].text, "dotenv:.env#CAPTCHAAI_API_KEY_9");
        kp_members_free(&m);
        assert_null(m.list);
    }
}

static void the_other_service_has_its_own(void **state) {
    (void)state;
    kp_members m;
    assert_int_equal(kp_members_make(kp_provider_find("nocaptchaai"), NULL, &m, NULL), 0);
    assert_string_equal(m.list[0].from[1].text, "cred:nocaptchaai_key");
    assert_string_equal(m.list[0].from[4].text, "json:~/.nocaptchaai/config.json#/api_key");
    assert_string_equal(m.list[2].from[0].text, "env:NOCAPTCHAAI_API_KEY_2");
    kp_members_free(&m);
}

static void configured_members(void **state) {
    (void)state;
    kp_members m = make("[{\"name\":\"a.b-c_1\",\"from\":[\"env:A\",\"json:k\"],\"account\":\"Acme \\u00e9\"},"
                        " \"file:/k\", {\"from\":\"fd:3\"}, \"env:\\u0042\"]");
    assert_int_equal(m.count, 4);
    assert_string_equal(m.list[0].name, "a.b-c_1");
    assert_string_equal(m.list[0].account, "Acme \xC3\xA9");
    assert_int_equal(m.list[0].from_count, 2);
    assert_string_equal(m.list[0].from[0].text, "env:A");
    assert_string_equal(m.list[0].from[1].place, "~/.captchaai/k");
    assert_string_equal(m.list[1].name, "backup");
    assert_string_equal(m.list[2].name, "key2");
    assert_string_equal(m.list[2].from[0].text, "fd:3");
    assert_string_equal(m.list[3].name, "key3");
    assert_string_equal(m.list[3].from[0].place, "B");
    assert_false(m.list[0].by_default);
    kp_members_free(&m);
    m = make("{\"name\":\"n-3456789n-3456789n-3456789n-345\",\"from\":\"env:A\"}");
    assert_int_equal(strlen(m.list[0].name), 32);
    kp_members_free(&m);
}

static void one_alone_is_a_list_of_one(void **state) {
    (void)state;
    static const char *const texts[] = {"env:A", " env:A\n", "\"env:A\"", "{\"from\":[\"env:A\"]}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        kp_members m = make(texts[i]);
        assert_int_equal(m.count, 1);
        assert_string_equal(m.list[0].name, "primary");
        assert_string_equal(m.list[0].from[0].text, "env:A");
        assert_false(m.list[0].by_default);
        kp_members_free(&m);
    }
}

static void what_is_wrong_is_said_and_not_repeated(void **state) {
    (void)state;
    static const struct {
        const char *keys;
        int error;
        const char *says;
    } rows[] = {
        {"s3cret", KP_E_REFERENCE, "keys: item 1: this is no reference"},
        {"\"s3cret\"", KP_E_REFERENCE, "keys: item 1: this is no reference"},
        {"[\"env:A\",\"s3cret\"]", KP_E_REFERENCE, "keys: item 2: this is no reference"},
        {"[\"evn:s3cret\"]", KP_E_REFERENCE, "'env:'"},
        {"[{\"from\":[\"env:A\",\"vault://s3cret\"]}]", KP_E_REFERENCE, "keys: item 1: vault: needs"},
        {"[\"env:A\\u0000s3cret\"]", KP_E_CONFIG, "keys: "},
        {"[]", KP_E_CONFIG, "is empty"},
        {"[\"env:A\"", KP_E_CONFIG, "keys: "},
        {"[\"env:A\"] s3cret", KP_E_CONFIG, "keys: "},
        {"[1]", KP_E_CONFIG, "item 1: neither"},
        {"[\"env:A\",[\"env:B\"]]", KP_E_CONFIG, "item 2: neither"},
        {"{}", KP_E_CONFIG, "\"from\" is missing"},
        {"{\"from\":[]}", KP_E_CONFIG, "empty list"},
        {"{\"from\":[1]}", KP_E_CONFIG, "a reference is a text"},
        {"{\"from\":{}}", KP_E_CONFIG, "a reference is a text"},
        {"{\"form\":[\"env:A\"]}", KP_E_CONFIG, "did you mean \"from\"?"},
        {"{\"from\":[\"env:A\"],\"nmae\":\"x\"}", KP_E_CONFIG, "did you mean \"name\"?"},
        {"{\"from\":[\"env:A\"],\"acount\":\"x\"}", KP_E_CONFIG, "did you mean \"account\"?"},
        {"{\"from\":[\"env:A\"],\"s3cret\":\"x\"}", KP_E_CONFIG, "there are name, from, account, not_after and window"},
        {"{\"from\":[\"env:A\"],\"not_after\":\"2027-02-31\"}", KP_E_CONFIG, "\"not_after\": it is no date"},
        {"{\"from\":[\"env:A\"],\"not_after\":20270201}", KP_E_CONFIG, "\"not_after\": it is a text"},
        {"{\"from\":[\"env:A\"],\"windw\":\"x\"}", KP_E_CONFIG, "did you mean \"window\"?"},
        {"{\"from\":[\"env:A\"],\"window\":\"Mon-Fri\"}", KP_E_CONFIG, "\"window\": window 1"},
        {"{\"from\":[\"env:A\"],\"window\":null}", KP_E_CONFIG, "\"window\" is a text"},
        {"{\"from\":[\"env:A\"],\"name\":\"\"}", KP_E_CONFIG, "\"name\" is"},
        {"{\"from\":[\"env:A\"],\"name\":1}", KP_E_CONFIG, "\"name\" is"},
        {"{\"from\":[\"env:A\"],\"name\":\"a/b\"}", KP_E_CONFIG, "\"name\" is"},
        {"{\"from\":[\"env:A\"],\"name\":\"s3cret78901234567890\"}", KP_E_CONFIG, "looks like a key itself"},
        {"{\"from\":[\"env:A\"],\"name\":\"a~b\"}", KP_E_CONFIG, "\"name\" is"},
        {"{\"from\":[\"env:A\"],\"name\":\"n-3456789n-3456789n-3456789n-3456\"}", KP_E_CONFIG, "\"name\" is"},
        {"{\"from\":[\"env:A\"],\"account\":\"\"}", KP_E_CONFIG, "\"account\" is"},
        {"{\"from\":[\"env:A\"],\"account\":\"a\\nb\"}", KP_E_CONFIG, "\"account\" is"},
        {"{\"from\":[\"env:A\"],\"account\":null}", KP_E_CONFIG, "\"account\" is"},
        {"[{\"name\":\"a\",\"from\":[\"env:A\"]},{\"name\":\"a\",\"from\":[\"env:B\"]}]", KP_E_CONFIG,
         "items 1 and 2 have the same name, a"},
        {"[{\"name\":\"backup\",\"from\":[\"env:A\"]},\"env:B\"]", KP_E_CONFIG,
         "the same name, backup; an item without a name is called by its place"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused(rows[i].keys, rows[i].error, rows[i].says);
}

static void a_list_that_is_too_long(void **state) {
    (void)state;
    kp_buf keys;
    kp_buf_init(&keys, NULL);
    kp_buf_str(&keys, "[\"env:A\"");
    for (int i = 1; i < 64; i++)
        kp_buf_str(&keys, ",\"env:A\"");
    kp_buf_char(&keys, ']');
    kp_members m = make(kp_buf_text(&keys));
    assert_int_equal(m.count, 64);
    assert_string_equal(m.list[63].name, "key63");
    kp_members_free(&m);
    keys.data[keys.len - 1] = ',';
    kp_buf_str(&keys, "\"env:A\"]");
    refused(kp_buf_text(&keys), KP_E_CONFIG, "more than 64");
    kp_buf_free(&keys);
}

static void nothing_given(void **state) {
    (void)state;
    kp_members m;
    assert_int_equal(kp_members_make(NULL, NULL, &m, NULL), KP_E_MISUSE);
    assert_int_equal(kp_members_make(provider(), NULL, NULL, NULL), KP_E_MISUSE);
    assert_int_equal(kp_members_make(provider(), "s3cret", &m, NULL), KP_E_REFERENCE);
    kp_members_free(NULL);
}

static void each_allocation_fails(void **state) {
    (void)state;
    static const char *const texts[] = {
        "", "env:A", "[{\"name\":\"a\",\"from\":[\"env:A\",\"dotenv:.env#B\"],\"account\":\"b\"},\"json:k\"]"};
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
        for (int from = 0; from < 2; from++)
            for (size_t i = 0;; i++) {
                kp_members m;
                size_t safe = kp_safe_in_use();
                failing_start(i, from);
                int error = kp_members_make(provider(), texts[t], &m, NULL);
                bool failed = failing_stop();
                assert_int_equal(error, failed ? KP_E_MEMORY : 0);
                assert_true(!failed || !m.list);
                kp_members_free(&m);
                assert_int_equal(kp_safe_in_use(), safe);
                if (!failed)
                    break;
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults),
        cmocka_unit_test(the_other_service_has_its_own),
        cmocka_unit_test(configured_members),
        cmocka_unit_test(one_alone_is_a_list_of_one),
        cmocka_unit_test(what_is_wrong_is_said_and_not_repeated),
        cmocka_unit_test(a_list_that_is_too_long),
        cmocka_unit_test(nothing_given),
        cmocka_unit_test(each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
