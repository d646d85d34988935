/* test_config.c: options: names, types, ranges, defaults, JSON, and what a wrong one is told. */
#include "config_case.h"

#include <stdio.h>

#include "safe/arena.h"
#include "safe/known.h"

static void expect_set(const char *name, const char *value) {
    if (kp_config_set(config, name, value) != 0)
        fail_msg("%s=%s: %s", name, value, kp_config_problem(config));
    assert_string_equal(kp_config_get(config, name), value);
    assert_string_equal(kp_config_problem(config), "");
}

static void expect_problem(int code, const char *part) {
    assert_int_equal(code, KP_E_CONFIG);
    if (!strstr(kp_config_problem(config), part))
        fail_msg("'%s' is not in: %s", part, kp_config_problem(config));
    again();
}

static void expect_bad(const char *name, const char *value, const char *part) {
    const char *before = kp_config_get(config, name);
    int code = kp_config_set(config, name, value);
    if (code == 0)
        fail_msg("%s=%s is taken", name, value);
    assert_ptr_equal(kp_config_get(config, name), before);
    assert_non_null(strstr(kp_config_problem(config), name));
    if (strlen(value) > 3 && !strstr(part, value))
        assert_null(strstr(kp_config_problem(config), value));
    expect_problem(code, part);
}

/* ---- The table ---- */

static void every_option_is_listed(void **state) {
    (void)state;
    size_t i = 0;
    const char *type, *fallback, *range, *text;
    for (const char *name; (name = kp_config_option(i, &type, &fallback, &range, &text)); i++) {
        assert_int_equal(kp_config_find(name), (int)i);
        assert_string_equal(kp_config_get(config, name), fallback);
        assert_true(type[0] && range[0] && text[0]);
        assert_string_equal(kp_config_option(i, NULL, NULL, NULL, NULL), name);
        if (fallback[0]) { /* a default is a value that may be set */
            expect_set(name, fallback);
            char line[200];
            snprintf(line, sizeof line, "%s\n", fallback);
            if (strcmp(name, "keys") != 0)
                expect_bad(name, line, "control character");
        }
    }
    assert_int_equal(i, KP_OPTIONS);
    assert_null(kp_config_option(SIZE_MAX, &type, NULL, NULL, NULL));
}

static void words_and_flags(void **state) {
    (void)state;
    expect_set("provider", "nocaptchaai");
    expect_set("provider", "captchaai");
    expect_bad("provider", "captcha", "captchaai nocaptchaai");
    expect_bad("provider", "captchaai nocaptchaai", "captchaai nocaptchaai");
    expect_bad("provider", "", "empty");
    expect_bad("provider", " ", "captchaai");
    expect_set("host", "php-fpm");
    expect_bad("host", "apache", "program");
    static const char *const on[] = {"true", "1", "yes"}, *const off[] = {"false", "0", "no"};
    for (size_t i = 0; i < 3; i++) {
        expect_set("strict", on[i]);
        assert_true(kp_config_flag(config, KP_OPT_STRICT));
        expect_set("strict", off[i]);
        assert_false(kp_config_flag(config, KP_OPT_STRICT));
    }
    expect_bad("strict", "True", "true false");
    expect_bad("strict", "2", "true false");
    expect_bad("strict", "", "empty");
}

static void durations_and_sizes(void **state) {
    (void)state;
    assert_int_equal(kp_config_number(config, KP_OPT_TIMEOUT, 77), 77);
    assert_int_equal(kp_config_number(config, KP_OPT_CONNECT_TIMEOUT, 77), 10000);
    assert_int_equal(kp_config_number(config, KP_OPT_MAX_ANSWER, 77), 1048576);
    assert_int_equal(kp_config_number(config, KP_OPT_PROVIDER, 77), 77);
    expect_set("timeout", "2m");
    assert_int_equal(kp_config_number(config, KP_OPT_TIMEOUT, 77), 120000);
    expect_set("timeout", "24h");
    expect_set("timeout", "1ms");
    expect_set("timeout", "");
    expect_bad("timeout", "0", "24 h");
    expect_bad("timeout", "24h1s", "duration");
    expect_bad("timeout", "90000", "24 h");
    expect_bad("timeout", "-5s", "duration");
    expect_bad("timeout", "ten", "duration");
    expect_bad("timeout", "1e3", "duration");
    expect_set("poll.first", "0");
    expect_set("poll.every", "50ms");
    expect_bad("poll.every", "49ms", "50 ms");
    expect_bad("poll.every", "601s", "10 min");
    expect_bad("connect_timeout", "0", "10 min");
    expect_set("max_answer", "1024");
    expect_set("max_answer", "67108864");
    expect_bad("max_answer", "1023", "1024");
    expect_bad("max_answer", "67108865", "67108864");
    expect_bad("max_answer", "-1024", "1024");
    expect_bad("max_answer", "1M", "bytes");
    expect_bad("max_answer", "99999999999999999999", "bytes");
    expect_bad("max_answer", "", "empty");
}

static void addresses(void **state) {
    (void)state;
    expect_set("source_address", "192.0.2.1");
    expect_set("source_address", "2001:db8::1");
    expect_set("source_address", "::ffff:192.0.2.1");
    expect_set("source_address", "");
    expect_bad("source_address", "eth0", "IP address");
    expect_bad("source_address", "localhost", "IP address");
    expect_bad("source_address", "192.0.2.1:80x", "IP address");
    expect_bad("source_address", "12", "IP address");
}

static void proxies(void **state) {
    (void)state;
    static const char *const good[] = {"http://p:1",
                                       "https://proxy.example:3128/",
                                       "socks5://10.0.0.1:1080",
                                       "socks5h://user:pw@host:9",
                                       "http://user@host:1",
                                       ""};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        expect_set("proxy", good[i]);
    expect_bad("proxy", "proxy.example:3128", "http://");
    expect_bad("proxy", "ftp://proxy.example", "socks5");
    expect_bad("proxy", "http://", "host");
    expect_bad("proxy", "http://user:pw@", "host");
    expect_bad("proxy", "http://host/path", "nothing behind");
    expect_bad("proxy", "http://host?x", "nothing behind");
    expect_bad("proxy", "http://host/?x", "nothing behind");
}

static void the_password_of_a_proxy_is_never_shown(void **state) {
    (void)state;
    char url[120], line[200], password[40];
    for (size_t i = 0; i < 24; i++)
        password[i] = (char)('a' + (char)(i * 7 % 26));
    password[24] = '\0';
    snprintf(url, sizeof url, "http://user:%s@proxy.example:1/path", password);
    assert_int_equal(kp_config_set(config, "proxy", url), KP_E_CONFIG);
    assert_null(strstr(kp_config_problem(config), password));
    again();
    *strrchr(url, '/') = '\0';
    expect_set("proxy", url);
    snprintf(line, sizeof line, "connecting to %s", url); /* not by anybody from now on */
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_known_mask(&out, line, strlen(line));
    assert_string_equal(kp_buf_text(&out), "connecting to http://user:[REDACTED]@proxy.example:1");
    kp_buf_free(&out);
    kp_config_fail(config, "cannot use %s", url);
    assert_null(strstr(kp_config_problem(config), password));
}

/* ---- Names ---- */

static void an_unknown_name_suggests_the_nearest(void **state) {
    (void)state;
    static const char *const names[][2] = {{"timeuot", "timeout"},
                                           {"Timeout", "timeout"},
                                           {"pol.first", "poll.first"},
                                           {"key", "keys"},
                                           {"poll.evry", "poll.every"},
                                           {"audit_file", "audit.file"},
                                           {"conect_timeout", "connect_timeout"}};
    char part[80];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(part, sizeof part, "there is no option '%s'; did you mean '%s'?", names[i][0], names[i][1]);
        assert_int_equal(kp_config_find(names[i][0]), -1);
        assert_null(kp_config_get(config, names[i][0]));
        expect_problem(kp_config_set(config, names[i][0], "x"), part);
    }
    expect_problem(kp_config_set(config, "something.else", "x"), "keyplate help config");
    expect_problem(kp_config_set(config, "a\x1b[31m\n", "x"), "of the name given");
    expect_problem(kp_config_set(config, "keys\x1b[", "x"), "of the name given; did you mean 'keys'?");
    char name[3000];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    expect_problem(kp_config_set(config, name, "x"), "of the name given"); /* it may be a key: it is not repeated */
}

static void the_first_problem_sticks(void **state) {
    (void)state;
    assert_int_equal(kp_config_set(config, "timeout", "never"), KP_E_CONFIG);
    assert_int_equal(kp_config_set(config, "nonsense", "1"), KP_E_CONFIG);
    assert_int_equal(kp_config_set(config, "timeout", "5s"), 0); /* still taken */
    assert_non_null(strstr(kp_config_problem(config), "option timeout cannot have this value"));
    kp_config *copy = kp_config_copy(config);
    assert_int_equal(copy->error, KP_E_CONFIG);
    assert_string_equal(kp_config_problem(copy), kp_config_problem(config));
    assert_string_equal(kp_config_get(copy, "timeout"), "5s");
    kp_config_free(copy);
}

/* ---- JSON ---- */

static void loads_nested_objects(void **state) {
    (void)state;
    assert_int_equal(
        load("{\"provider\":\"nocaptchaai\",\"poll\":{\"first\":3,\"every\":\"1.5s\"},\"strict\":true,"
             "\"max_answer\":2048,\"audit\":{\"file\":\"\\/a\\u00e4\"},\"keys\":[\"env:A\",{\"from\":\"env:B\"}]}"),
        0);
    assert_string_equal(kp_config_get(config, "provider"), "nocaptchaai");
    assert_int_equal(kp_config_number(config, KP_OPT_POLL_FIRST, 0), 3000);
    assert_int_equal(kp_config_number(config, KP_OPT_POLL_EVERY, 0), 1500);
    assert_true(kp_config_flag(config, KP_OPT_STRICT));
    assert_string_equal(kp_config_get(config, "audit.file"), "/a\xC3\xA4");
    assert_string_equal(kp_config_get(config, "keys"), "[\"env:A\",{\"from\":\"env:B\"}]");
    assert_int_equal(load("{\"poll.first\":\"4s\"}"), 0); /* the last one wins */
    assert_int_equal(kp_config_number(config, KP_OPT_POLL_FIRST, 0), 4000);
    assert_int_equal(load("{\"keys\":{\"from\":\"env:B\"}}"), 0);
    assert_string_equal(kp_config_get(config, "keys"), "{\"from\":\"env:B\"}");
    assert_int_equal(load("{}"), 0);
}

static void refuses_other_json(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"", "no JSON object"},
        {"[]", "no JSON object"},
        {"{\"timeout\":\"5s\",}", "no JSON object"},
        {"{\"timeout\":\"5s\",\"timeout\":\"5s\"}", "no JSON object"},
        {"{\"timeout\":null}", "option timeout cannot be null, a list or an object"},
        {"{\"timeout\":[1]}", "cannot be null"},
        {"{\"timeout\":{}}", "cannot be null"},
        {"{\"timeout\":{\"x\":1}}", "cannot be null"},
        {"{\"timeout\":true}", "no duration"},
        {"{\"poll\":{\"frist\":1}}", "'poll.frist'; did you mean 'poll.first'"},
        {"{\"poll\":3}", "there is no option 'poll', but an object of options such as 'poll.first'"},
        {"{\"\":{\"timeout\":\"5s\"}}", "there is no option ''"},
        {"{\"polls\":{}}", "there is no option 'polls'"},
        {"{\"poll\":{\"\":{\"first\":1}}}", "there is no option 'poll.'"},
        {"{\"strict\":\"perhaps\"}", "true false"},
        {"{\"audit\":{\"file\":\"a\\nb\"}}", "control character"},
        {"{\"audit\":{\"file\":\"a\\u0000b\"}}", "no JSON object"},
        {"{\"a\":{\"b\":{\"c\":{\"d\":1}}}}", "there is no option 'a'"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_problem(load(bad[i][0]), bad[i][1]);
    assert_int_equal(load("{\"timeout\":\"x\",\"connect_timeout\":\"3s\"}"), KP_E_CONFIG);
    assert_string_equal(kp_config_get(config, "connect_timeout"), "3s"); /* the others are taken */
}

/* ---- Base URLs, checked when a client is made ---- */

static const char *client_problem(const char *name, const char *url, const char *allowed) {
    static char problem[600];
    again();
    expect_set(name, url);
    expect_set("allow_http_hosts", allowed);
    kp_client *client = kp_client_new(config);
    kp_op *op = kp_op_new(client, KP_BALANCE);
    kp_on_time(op, 1, 1, 0);
    const char *text = kp_op_get(op, "text", NULL);
    snprintf(problem, sizeof problem, "%s", text ? text : "");
    assert_int_equal(kp_op_error(op), text ? KP_E_CONFIG : 0);
    kp_op_free(op);
    kp_client_free(client);
    return problem;
}

static void t4_base_urls(void **state) {
    (void)state;
    static const char *const names[] = {"url.captchaai", "url.nocaptchaai"};
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(client_problem(names[i], "https://api.example", ""), "");
        assert_string_equal(client_problem(names[i], "http://127.0.0.1:8080", ""), "");
        assert_string_equal(client_problem(names[i], "http://sandbox:8080/", "other,sandbox"), "");
        static const char *const bad[] = {"http://api.example",
                                          "http://sandbox:8080",
                                          "https://user:pw@api.example",
                                          "https://api.example/#x",
                                          "https://api.example/?x",
                                          "ftp://api.example",
                                          "api.example",
                                          "https://",
                                          "file:///etc/passwd",
                                          "http://127.0.0.1.example"};
        for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            const char *problem = client_problem(names[i], bad[k], "other");
            assert_non_null(strstr(problem, names[i]));
            assert_null(strstr(problem, "user:pw"));
        }
    }
}

/* ---- Misuse and memory ---- */

static void null_is_refused(void **state) {
    (void)state;
    assert_int_equal(kp_config_set(config, NULL, "x"), KP_E_MISUSE);
    assert_int_equal(kp_config_set(config, "timeout", NULL), KP_E_MISUSE);
    assert_int_equal(kp_config_load(config, NULL, 5), KP_E_MISUSE);
    assert_int_equal(kp_config_fail(NULL, "%s", "x"), KP_E_MISUSE);
    assert_null(kp_config_get(config, NULL));
    assert_int_equal(kp_config_find(NULL), -1);
    assert_string_equal(kp_config_problem(config), "");
    assert_string_equal(kp_config_value(NULL, KP_OPT_PROVIDER), "captchaai");
    kp_config *copy = kp_config_copy(NULL);
    assert_string_equal(kp_config_get(copy, "provider"), "captchaai");
    kp_config_free(copy);
}

static void memory_short_at_every_place(void **state) {
    (void)state;
    const char *json = "{\"timeout\":\"7s\",\"audit\":{\"file\":\"/a\"},\"keys\":[\"env:A\"]}";
    for (int from_there_on = 0; from_there_on < 2; from_there_on++) {
        bool failed = true;
        for (size_t n = 0; failed; n++) {
            failing_start(n, from_there_on);
            kp_config *c = kp_config_new();
            int code = kp_config_load(c, json, strlen(json));
            kp_config *copy = kp_config_copy(c);
            failed = failing_stop();
            if (c && !failed) {
                assert_int_equal(code, 0);
                assert_string_equal(kp_config_get(copy, "keys"), "[\"env:A\"]");
            }
            if (c && code)
                assert_string_equal(kp_config_problem(c), "memory is short");
            kp_config_free(copy);
            kp_config_free(c);
        }
    }
}

/* Core dumps have the heap. */
static void k10_values_lie_in_safe_memory(void **state) {
    (void)state;
    static const char *const json = "{\"ca_file\":\"/a\"}";
    size_t before = kp_safe_in_use();
    expect_set("ca_file", "/a");
    assert_int_equal(kp_safe_in_use(), before + 1);
    assert_int_equal(kp_config_load(config, json, strlen(json)), KP_OK);
    assert_int_equal(kp_safe_in_use(), before + 1);
    kp_config *copy = kp_config_copy(config);
    assert_int_equal(kp_safe_in_use(), before + 2);
    kp_config_free(copy);
    again();
    assert_int_equal(kp_safe_in_use(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, config_begin, config_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(every_option_is_listed),
        TEST(words_and_flags),
        TEST(durations_and_sizes),
        TEST(addresses),
        TEST(proxies),
        TEST(the_password_of_a_proxy_is_never_shown),
        TEST(an_unknown_name_suggests_the_nearest),
        TEST(k10_values_lie_in_safe_memory),
        TEST(the_first_problem_sticks),
        TEST(loads_nested_objects),
        TEST(refuses_other_json),
        TEST(t4_base_urls),
        TEST(null_is_refused),
        TEST(memory_short_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
