/* test_op_states.c: what is told of the values of keys: those that others use, those that are safe to delete, and what
 * a store says that nobody should believe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fleet_case.h"

static void what_others_use_is_told(void **state) {
    (void)state;
    option("node", "web1");
    good(KP_SUBMIT);
    pass_time(HOUR);
    forget_places();
    put_place("env:CAPTCHAAI_API_KEY", case_key(1), KP_FOUND, 0);
    option("node", "web2");
    another_client();
    good(KP_SUBMIT);
    expect_told("\"state\":\"current\"");
    const char *old = strstr(fact("answer"), "\"source\":null,\"version\":null,\"state\":\"previous\"");
    assert_non_null(old);
    assert_non_null(strstr(old, "\"hosts\":[{\"host\":\"web1\","));
    assert_non_null(strstr(old, "\"safe_to_revoke\":false,\"safety\":\"last used "));
    pass_time(day);
    good(KP_SUBMIT);
    old = strstr(tell(), "\"state\":\"previous\"");
    assert_non_null(old);
    assert_non_null(strstr(old, "\"safe_to_revoke\":true,\"safety\":\"not used for 2"));
    forget_places(); /* a host that still has the old one */
    put_place("env:CAPTCHAAI_API_KEY", t.secrets[0], KP_FOUND, 0);
    another_client();
    assert_non_null(strstr(tell(), "\"source\":null,\"version\":null,\"state\":\"pending\""));
    pass_time(31 * day); /* of what nobody uses nothing is told */
    assert_null(strstr(tell(), "\"source\":null,\"version\":null,\"state\":\"pending\""));
}

static void a_marked_text_of_others_is_taken_with_care(void **state) {
    (void)state;
    static const char *const odd[] = {"x=1", "0123abcd=", "0123abcd=x,4567abcd~abcd=5", "0123abcd~ab=5",
                                      ",",   "no marks",  "0123abcdef~abcd=1"};
    good(KP_SUBMIT);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        write_over("keys/", odd[i]);
        write_over("ring/", odd[i]);
        write_over("used/", odd[i]);
        another_client();
        good(KP_SUBMIT);
        tell();
    }
}

static size_t count_of(const char *text, const char *part) {
    size_t count = 0;
    for (; (text = strstr(text, part)); text++)
        count++;
    return count;
}

/* More marks than a list of marks can have, and such as no keyplate writes. */
static void no_more_is_told_than_there_can_be(void **state) {
    (void)state;
    char marks[1024], used[sizeof marks];
    size_t n = 0, m = 0;
    option("keys", "[\"env:CAPTCHAAI_API_KEY\"]");
    good(KP_SUBMIT);
    for (unsigned i = 0; i < 85; i++) {
        n += (size_t)snprintf(marks + n, sizeof marks - n, "%s%08x=1", i ? "," : "", i);
        m += (size_t)snprintf(used + m, sizeof used - m, "%sh%u=%u", i ? "," : "", i, i + 1);
    }
    write_over("keys/", marks);
    write_over("used/", used);
    for (unsigned i = 0; i < 85; i++) {
        world_entry *entry = &t.w.map[WORLD_NAMES - 1 - i];
        snprintf(entry->name, sizeof entry->name, "used/captchaai/%08x", i);
        snprintf(entry->value, sizeof entry->value, "web=1");
        entry->expires = INT64_MAX;
    }
    another_client();
    const char *answer = tell();
    assert_int_equal(count_of(answer, "\"name\":\"primary\""), 33);
    assert_null(strstr(answer, "\"fingerprint\":\"00000000\""));
    assert_non_null(strstr(answer, "\"fingerprint\":\"00000054\""));
    assert_int_equal(count_of(answer, "{\"host\":\"h"), 32);
    assert_non_null(strstr(answer, "\"hosts\":[{\"host\":\"h84\","));
    assert_non_null(strstr(answer, " by 32 hosts or more; "));
    write_over("keys/", "WXYZ./:-=1,0123ABCD=1,0123abcd~ab/d=1,0123abcd:abcd=1");
    another_client();
    assert_int_equal(count_of(tell(), "\"name\":\"primary\""), 1);
}

/* A Redis server's list has 1,024 texts at most. */
static void no_more_is_asked_than_a_store_answers(void **state) {
    (void)state;
    static const char *const names[] = {"backup", "key2", "key3", "key4", "key5", "key6", "key7", "key8", "key9"};
    char marks[1024], start[192];
    size_t n = 0, asked = 0;
    good(KP_SUBMIT);
    for (size_t i = 0; i < WORLD_NAMES; i++)
        if (strncmp(t.w.map[i].name, "keys/", 5) == 0)
            snprintf(start, sizeof start, "%s", t.w.map[i].name);
    *strrchr(start, '/') = '\0';
    for (size_t m = 0; m < sizeof names / sizeof names[0]; m++) {
        world_entry *entry = &t.w.map[WORLD_NAMES - 1 - m];
        n = 0;
        for (unsigned i = 0; i < 32; i++)
            n += (size_t)snprintf(marks + n, sizeof marks - n, "%s%zx%07x=1", i ? "," : "", m, i);
        assert_true(snprintf(entry->name, sizeof entry->name, "%s/%s", start, names[m]) < (int)sizeof entry->name);
        snprintf(entry->value, sizeof entry->value, "%s", marks);
        entry->expires = INT64_MAX;
    }
    another_client();
    begin(KP_TELL);
    while (kp_op_step(t.op) != KP_DONE) {
        for (n = 0; kp_op_step(t.op) == KP_STORE && kp_store_arg(t.op, n, NULL); n++)
            asked = n > asked ? n : asked;
        step();
    }
    assert_in_range(asked, 900, 1000);
    expect_error(KP_OK);
}

/* Nobody shall delete a key because the state is damaged. */
static void damaged_marks_say_nothing_is_safe(void **state) {
    (void)state;
    static const char *const damaged[] = {"web1=1,", "web1=x", "web1", "web1=1,web2", "="};
    option("node", "web1");
    good(KP_SUBMIT);
    forget_places();
    put_place("env:CAPTCHAAI_API_KEY", case_key(1), KP_FOUND, 0);
    pass_time(HOUR);
    another_client();
    good(KP_SUBMIT);
    pass_time(2 * day);
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        write_over("used/", damaged[i]);
        const char *old = strstr(tell(), "\"state\":\"previous\"");
        assert_non_null(old);
        if (!strstr(old,
                    "\"safe_in\":null,\"safe_to_revoke\":false,\"safety\":\"what is known of its use is damaged\""))
            fail_msg("%s: %s", damaged[i], old);
    }
}

/* The same value under two names: replaced under one of them, in use under the other. */
static void a_value_in_use_under_another_name_is_not_safe(void **state) {
    (void)state;
    const char *old_key = t.secrets[0], *new_key = case_key(1);
    option("keys", "[\"env:CAPTCHAAI_API_KEY\",\"env:SPARE\"]");
    good(KP_SUBMIT);
    pass_time(HOUR);
    forget_places();
    put_place("env:CAPTCHAAI_API_KEY", new_key, KP_FOUND, 0);
    put_place("env:SPARE", old_key, KP_FOUND, 0);
    another_client();
    good(KP_SUBMIT);
    pass_time(2 * day);
    const char *old = strstr(tell(), "\"state\":\"previous\"");
    assert_non_null(old);
    assert_non_null(strstr(old, "\"safe_in\":null,\"safe_to_revoke\":false,\"safety\":\"not used for "));
    assert_int_equal(count_of(old, "; it is in use here\""), 2);
}

/* What a mark cannot have becomes '-', and such a name is no sign of nothing. */
static void a_host_of_an_odd_name_is_told(void **state) {
    (void)state;
    option("node", "\xc3\xa4=,");
    good(KP_SUBMIT);
    expect_told("\"hosts\":[{\"host\":\"----\",");
    expect_told("\"safety\":\"last used ");
    forget_places();
    put_place("env:CAPTCHAAI_API_KEY", case_key(1), KP_FOUND, 0);
    pass_time(HOUR);
    another_client();
    good(KP_SUBMIT);
    expect_told("\"source\":null,\"version\":null,\"state\":\"previous\"");
}

static void how_long_it_is_to_rest_is_told(void **state) {
    (void)state;
    good(KP_SUBMIT);
    pass_time(HOUR);
    expect_told("\"safe_in\":null,\"safe_to_revoke\":false,\"safety\":\"last used ");
    forget_places();
    put_place("env:CAPTCHAAI_API_KEY", case_key(1), KP_FOUND, 0);
    another_client();
    good(KP_SUBMIT);
    const char *old = strstr(tell(), "\"state\":\"previous\"");
    assert_non_null(old);
    assert_non_null(strstr(old, "\"safe_in\":82")); /* of 23 h the first digits */
    pass_time(day);
    old = strstr(tell(), "\"state\":\"previous\"");
    assert_non_null(old);
    assert_non_null(strstr(old, "\"safe_in\":0,\"safe_to_revoke\":true,"));
}

static void a_candidate_is_told_as_one(void **state) {
    (void)state;
    static const char *const ways[] = {"\"state\":\"pending\"", "\"state\":\"candidate\""};
    put_place("env:NEW", case_key(1), KP_FOUND, 0);
    manage(KP_USE, "primary");
    for (size_t i = 0; i < 2; i++) {
        make(KP_TELL);
        set("what", "keys");
        set("key", "env:NEW");
        expect_error(KP_OK);
        const char *answer = fact("answer");
        assert_non_null(strstr(answer, "[{\"name\":\"candidate\","));
        assert_non_null(strstr(answer, ways[i]));
        assert_non_null(strstr(answer, "\"preferred\":false"));
        assert_non_null(
            strstr(answer, "\"safe_in\":null,\"safe_to_revoke\":null,\"safety\":\"it is a candidate; no use"));
        assert_null(strstr(answer, "in use here"));
        make(KP_VERIFY);
        set("key", "env:NEW");
        expect_error(KP_OK);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(what_others_use_is_told),           CASE(a_marked_text_of_others_is_taken_with_care),
        CASE(no_more_is_told_than_there_can_be), CASE(no_more_is_asked_than_a_store_answers),
        CASE(damaged_marks_say_nothing_is_safe), CASE(a_value_in_use_under_another_name_is_not_safe),
        CASE(a_host_of_an_odd_name_is_told),     CASE(how_long_it_is_to_rest_is_told),
        CASE(a_candidate_is_told_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
