/* test_url.c: tests url.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "chance.h"

static void parts(void **state) {
    (void)state;
    enum { U = 1, Q = 2, F = 4, P = 8 }; /* userinfo, query, fragment, port given */
    static const struct {
        const char *text;
        bool https;
        const char *host;
        int port;
        const char *path;
        int flags;
    } rows[] = {
        {"https://example.com", true, "example.com", 443, "", 0},
        {"HTTPS://Example.COM/", true, "Example.COM", 443, "/", 0},
        {"http://example.com:8080/a/b?c=d#e", false, "example.com", 8080, "/a/b", P | Q | F},
        {"http://example.com?a/b", false, "example.com", 80, "", Q},
        {"http://example.com#a/b?c", false, "example.com", 80, "", F},
        {"http://example.com/?", false, "example.com", 80, "/", Q},
        {"https://u:p@example.com/@x", true, "example.com", 443, "/@x", U},
        {"https://u@v@example.com", true, "example.com", 443, "", U},
        {"https://@example.com", true, "example.com", 443, "", U},
        {"https://good.com:1@evil.com/", true, "evil.com", 443, "/", U},
        {"http://[::1]:65535/x", false, "::1", 65535, "/x", P},
        {"http://[2001:db8::7]", false, "2001:db8::7", 80, "", 0},
        {"http://[::ffff:127.0.0.1]/", false, "::ffff:127.0.0.1", 80, "/", 0},
        {"http://127.0.0.1:1", false, "127.0.0.1", 1, "", P},
        {"http://a_b-c.example.:80/", false, "a_b-c.example.", 80, "/", P},
        {"https://m\xc3\xbcller.example/\xc3\xa4|{}", true, "m\xc3\xbcller.example", 443, "/\xc3\xa4|{}", 0},
        {"https://example.com/a:b@c", true, "example.com", 443, "/a:b@c", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kp_url url;
        if (!kp_url_parse(rows[i].text, strlen(rows[i].text), &url))
            fail_msg("refused: %s", rows[i].text);
        assert_int_equal(url.https, rows[i].https);
        assert_true(kp_same_n(url.host, url.host_len, rows[i].host));
        assert_int_equal(url.port, rows[i].port);
        assert_true(kp_same_n(url.path, url.path_len, rows[i].path));
        assert_int_equal(url.has_userinfo, (rows[i].flags & U) != 0);
        assert_int_equal(url.has_query, (rows[i].flags & Q) != 0);
        assert_int_equal(url.has_fragment, (rows[i].flags & F) != 0);
        assert_int_equal(url.port_given, (rows[i].flags & P) != 0);
    }
}

static const char *const no_urls[] = {
    "",
    "example.com",
    "//example.com",
    "https:",
    "https:/",
    "https://",
    "https:///path",
    "https://?q",
    "https://:443",
    "https:example.com",
    "ftp://example.com",
    "file:///etc/passwd",
    "javascript://example.com",
    "htt ps://example.com",
    " https://example.com",
    "https://example.com ",
    "https://exa mple.com",
    "https://example.com/a b",
    "https://example.com\n",
    "https://example.com/\r\nX: y",
    "https://example.com/\x7f",
    "https://example.com/\t",
    "https://example.com:0",
    "https://example.com:65536",
    "https://example.com:",
    "https://example.com:-1",
    "https://example.com:+1",
    "https://example.com:80a",
    "https://example.com:000080",
    "https://example.com:8:8",
    "https://.example.com",
    "https://example..com",
    "https://.",
    "https://a%2eb",
    "https://a\\b",
    "https://a\"b",
    "https://a<b",
    "https://[::1",
    "https://::1",
    "https://[]",
    "https://[::1]x",
    "https://[::1]80",
    "https://[zz]",
    "https://[127.0.0.1]",
    "https://[fe80::1%25eth0]",
    "https://[::1]]",
    "https://u@",
    "https://u@:80",
    "https://\xff.com",
    "https://a\xc3",
    "https://a|b",
    "https://a,b",
    "https://a;b",
};

static void no_url(void **state) {
    (void)state;
    kp_url url = {.port = 7};
    for (size_t i = 0; i < sizeof no_urls / sizeof no_urls[0]; i++) {
        if (kp_url_parse(no_urls[i], strlen(no_urls[i]), &url))
            fail_msg("taken: %s", no_urls[i]);
        assert_non_null(kp_url_base_problem(no_urls[i], strlen(no_urls[i]), NULL));
    }
    assert_int_equal(url.port, 7);
    assert_false(kp_url_parse("https://a\0b", 11, &url));
    assert_false(kp_url_parse("https://a/\0", 11, &url));
    assert_false(kp_url_parse(NULL, 0, &url));
    assert_false(kp_url_parse("https://a", 9, NULL));
    assert_non_null(kp_url_base_problem(NULL, 0, NULL));
    char huge[400] = "https://";
    memset(huge + 8, 'a', 254);
    assert_false(kp_url_parse(huge, 8 + 254, &url));
    assert_true(kp_url_parse(huge, 8 + 253, &url));
}

static void loopback(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is;
    } rows[] = {
        {"http://localhost", true},
        {"http://LOCALHOST:81/x", true},
        {"http://a.localhost", true},
        {"http://127.0.0.1", true},
        {"http://127.255.0.9", true},
        {"http://[::1]", true},
        {"http://[0:0:0:0:0:0:0:1]", true},
        {"http://localhost.evil.com", false},
        {"http://evillocalhost", false},
        {"http://.localhost", false},
        {"http://127.0.0.1.evil.com", false},
        {"http://127.1", false},
        {"http://0127.0.0.1", false},
        {"http://2130706433", false},
        {"http://127.0.0.256", false},
        {"http://128.0.0.1", false},
        {"http://0.0.0.0", false},
        {"http://[::]", false},
        {"http://[::2]", false},
        {"http://[::ffff:127.0.0.1]", false},
        {"http://127.0.0.1@evil.com", false},
        {"http://localhost@evil.com", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kp_url url = {0};
        kp_url_parse(rows[i].text, strlen(rows[i].text), &url);
        if (kp_url_is_loopback(&url) != rows[i].is)
            fail_msg("%s", rows[i].text);
    }
    assert_false(kp_url_is_loopback(NULL));
}

static const char *problem(const char *text, const char *allowed) {
    return kp_url_base_problem(text, strlen(text), allowed);
}

static void base_urls(void **state) {
    (void)state;
    assert_null(problem("https://ocr.captchaai.com", NULL));
    assert_null(problem("https://ocr.captchaai.com/", NULL));
    assert_null(problem("https://gateway.example:8443/captchaai", NULL));
    assert_null(problem("http://127.0.0.1:8080", NULL));
    assert_null(problem("http://[::1]:8080/", ""));
    assert_null(problem("http://localhost", NULL));
}

static void t4_base_url_http_to_another_host(void **state) {
    (void)state;
    static const char *const hosts[] = {"http://sandbox:8080",       "http://keyplate.default.svc.cluster.local/",
                                        "http://10.0.0.1",           "http://example.com",
                                        "http://127.0.0.1.evil.com", "HTTP://[2001:db8::1]/"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        const char *why = problem(hosts[i], NULL);
        assert_non_null(why);
        assert_non_null(strstr(why, "put TLS on it, or use allow_http_hosts for tests"));
        assert_non_null(problem(hosts[i], ""));
        assert_non_null(problem(hosts[i], ",, ,"));
    }
}

static void t4_base_url_with_allowed_http_hosts(void **state) {
    (void)state;
    assert_null(problem("http://sandbox:8080", "sandbox"));
    assert_null(problem("http://Sandbox:8080", "other, SANDBOX ,third"));
    assert_null(problem("http://[2001:db8::1]:80/", "a,[2001:db8::1]"));
    assert_null(problem("http://[2001:db8::1]:80/", "2001:db8::1"));
    assert_non_null(problem("http://sandbox", "sandbox2,sand,box"));
    assert_non_null(problem("http://sandbox.evil", "sandbox"));
    assert_non_null(problem("http://a.sandbox", "sandbox"));
    assert_non_null(problem("http://u@sandbox", "sandbox")); /* the list is for plain http alone */
    assert_non_null(problem("http://sandbox/?a", "sandbox"));
    assert_non_null(problem("ftp://sandbox", "sandbox"));
}

static void t4_base_url_with_userinfo_query_fragment_or_scheme(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } rows[] = {
        {"https://user@example.com", "user name"}, {"https://user:secret@example.com", "user name"},
        {"https://@example.com", "user name"},     {"http://localhost@evil.com", "user name"},
        {"https://example.com/?key=1", "query"},   {"https://example.com?", "query"},
        {"https://example.com/#top", "fragment"},  {"https://example.com#", "fragment"},
        {"ftp://example.com", "no URL"},           {"gopher://example.com", "no URL"},
        {"file:///etc/passwd", "no URL"},          {"example.com", "no URL"},
        {"https://ex\xc3\xa4mple.com", "xn--"},    {"https://example.com/\xc3\xa4", "xn--"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *why = problem(rows[i].text, NULL);
        if (!why || !strstr(why, rows[i].says))
            fail_msg("%s: %s", rows[i].text, why ? why : "taken");
        assert_null(strstr(why, "secret"));
    }
}

static void t10_url_with_cr_lf_or_nul(void **state) {
    (void)state;
    static const char text[] = "https://example.com/path";
    for (size_t at = 0; at < sizeof text - 1; at++)
        for (size_t i = 0; i < 3; i++) {
            char broken[sizeof text];
            memcpy(broken, text, sizeof text);
            broken[at] = "\r\n"[i];
            kp_url url;
            assert_false(kp_url_parse(broken, sizeof text - 1, &url));
        }
}

/* Exact allocations, so that a sanitizer sees a read past the end. */
static void random_texts(void **state) {
    (void)state;
    static const char *const pieces[] = {"https://",  "http://",  "a",    "[", "]",  "::1", ":",
                                         "@",         "/",        "?",    "#", ".",  "80",  "localhost",
                                         "127.0.0.1", "\xc3\xa4", "\xff", " ", "%41"};
    chance c = {91};
    for (int round = 0; round < chance_rounds(100000); round++) {
        kp_buf b;
        kp_buf_init(&b, NULL);
        kp_buf_str(&b, pieces[chance_below(&c, 2)]);
        for (size_t i = 0, n = chance_below(&c, 8); i < n; i++)
            kp_buf_str(&b, pieces[chance_below(&c, sizeof pieces / sizeof pieces[0])]);
        char *exact = kp_alloc(b.len);
        memcpy(exact, b.data, b.len);
        kp_url url;
        if (kp_url_parse(exact, b.len, &url)) {
            assert_true(url.host_len > 0 && url.host >= exact && url.host + url.host_len <= exact + b.len);
            assert_true(url.port >= 1 && url.port <= 65535);
            assert_true(url.path_len == 0 || (*url.path == '/' && url.path + url.path_len <= exact + b.len));
            assert_null(memchr(url.host, '/', url.host_len));
            assert_null(memchr(url.host, '@', url.host_len));
        } else
            assert_non_null(kp_url_base_problem(exact, b.len, "a"));
        kp_free(exact);
        kp_buf_free(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts),
        cmocka_unit_test(no_url),
        cmocka_unit_test(loopback),
        cmocka_unit_test(base_urls),
        cmocka_unit_test(t4_base_url_http_to_another_host),
        cmocka_unit_test(t4_base_url_with_allowed_http_hosts),
        cmocka_unit_test(t4_base_url_with_userinfo_query_fragment_or_scheme),
        cmocka_unit_test(t10_url_with_cr_lf_or_nul),
        cmocka_unit_test(random_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
