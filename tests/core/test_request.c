/* test_request.c: requests of every call, read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "chance.h"
#include "keyplate.h"
#include "read_back.h"
#include "safe/crypto.h"
#include "wire/request.h"

static const char key[] = "kE&y #%+=ä\"\\/1";
static const char base[] = "https://ocr.example.com";

static kp_request request;
static kp_params params;
static const kp_provider *c, *n;

static int setup(void **state) {
    (void)state;
    c = kp_provider_find("captchaai");
    n = kp_provider_find("nocaptchaai");
    kp_request_init(&request);
    return kp_crypto_start() ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    kp_request_free(&request);
    return 0;
}

static void take_params(const kp_provider *p, const char *method, const char *json, const char *file, size_t len,
                        bool sync) {
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    if (kp_params_check(p, method, json, json ? strlen(json) : 0, file, len, sync, &params, &problem))
        fail_msg("%s: %s", json ? json : "no parameters", kp_buf_text(&problem));
    kp_buf_free(&problem);
}

static int build_id(const kp_provider *p, kp_call_kind kind, const char *id) {
    return kp_request_build(&request, p, kind, base, key, strlen(key), NULL, id);
}

static int build_params(void) {
    return kp_request_build(&request, params.provider, params.call, base, key, strlen(key), &params, NULL);
}

static const char *header(const char *name) {
    for (size_t i = 0; i < request.header_count; i++)
        if (strcmp(request.header_name[i], name) == 0)
            return kp_buf_text(&request.header_value[i]);
    return NULL;
}

static void read_upload(fields *out, char *filename, char *type) {
    read_multipart(header("Content-Type"), request.body.data, request.body.len, out, filename, type);
}

static kp_json body_json(void) {
    const char *why = NULL;
    kp_json object = kp_json_parse(request.body.data, request.body.len, &why);
    if (object.type != KP_JSON_OBJECT)
        fail_msg("%s: %s", kp_buf_text(&request.body), why);
    return object;
}

static size_t members(kp_json object) {
    size_t count = 0;
    kp_json name;
    kp_json value;
    for (size_t at = 0; kp_json_next(object, &at, &name, &value);)
        count++;
    return count;
}

/* ---- CaptchaAI ---- */

static void form_submit(void **state) {
    (void)state;
    take_params(c, "turnstile", "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\",\"gone\":null}", NULL, 0,
                false);
    assert_int_equal(build_params(), KP_OK);
    assert_string_equal(request.http_method, "POST");
    assert_string_equal(kp_buf_text(&request.url), "https://ocr.example.com/in.php");
    assert_string_equal(kp_buf_text(&request.shown_url), "https://ocr.example.com/in.php");
    assert_true(request.has_body);
    assert_int_equal(request.header_count, 2);
    assert_string_equal(header("User-Agent"), "keyplate/" KP_VERSION);
    assert_string_equal(header("Content-Type"), "application/x-www-form-urlencoded");
    fields f;
    read_form(kp_buf_text(&request.body), &f);
    assert_int_equal(f.count, 5);
    has(&f, "key", key);
    has(&f, "json", "1");
    has(&f, "method", "turnstile");
    has(&f, "sitekey", "a");
    has(&f, "pageurl", "https://example.com/");
    free_fields(&f);
}

static void queries(void **state) {
    (void)state;
    static const struct {
        kp_call_kind kind;
        const char *id, *action;
    } rows[] = {{KP_CALL_RESULT, "12&3#ä", "get"},
                {KP_CALL_BALANCE, NULL, "getbalance"},
                {KP_CALL_REPORT_GOOD, "-7", "reportgood"},
                {KP_CALL_REPORT_BAD, "9223372036854775808", "reportbad"}};
    static const char start[] = "https://ocr.example.com/res.php?";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(build_id(c, rows[i].kind, rows[i].id), KP_OK);
        assert_string_equal(request.http_method, "GET");
        assert_false(request.has_body);
        assert_int_equal(request.body.len, 0);
        assert_null(header("Content-Type"));
        fields f;
        read_form(expect(kp_buf_text(&request.url), start), &f);
        assert_int_equal(f.count, rows[i].id ? 4 : 3);
        has(&f, "key", key);
        has(&f, "json", "1");
        has(&f, "action", rows[i].action);
        if (rows[i].id)
            has(&f, "id", rows[i].id);
        free_fields(&f);
        assert_null(strstr(kp_buf_text(&request.shown_url), "kE"));
        const char *rest = expect(expect(kp_buf_text(&request.shown_url), start), "key=" KP_REQUEST_SHOWN "&");
        assert_string_equal(rest, strchr(kp_buf_text(&request.url), '&') + 1);
    }
    assert_int_equal(build_id(c, KP_CALL_BALANCE, "ignored"), KP_OK);
    assert_null(strstr(kp_buf_text(&request.url), "ignored"));
}

static void multipart_submit(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *filename, *type;
        size_t len;
    } files[] = {{"\x89PNG\r\n\x1a\n\0--x", "image.png", "image/png", 12},
                 {"GIF89a", "image.gif", "image/gif", 6},
                 {"BM\0\0", "image.bmp", "image/bmp", 4},
                 {"\xff\xd8\xff\xe0\r\n", "image.jpg", "image/jpeg", 6},
                 {"?", "image.jpg", "image/jpeg", 1}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        take_params(c, "post", "{\"textinstructions\":\"a & \\\"b\\\" --ä\",\"phrase\":true,\"x\":null}",
                    files[i].bytes, files[i].len, false);
        assert_int_equal(build_params(), KP_OK);
        assert_string_equal(kp_buf_text(&request.url), "https://ocr.example.com/in.php");
        char filename[40];
        char type[40];
        fields f;
        read_upload(&f, filename, type);
        assert_int_equal(f.count, 6);
        has(&f, "key", key);
        has(&f, "json", "1");
        has(&f, "method", "post");
        has(&f, "textinstructions", "a & \"b\" --ä");
        has(&f, "phrase", "1");
        assert_int_equal(get(&f, "file")->len, files[i].len);
        assert_memory_equal(get(&f, "file")->value, files[i].bytes, files[i].len);
        assert_string_equal(filename, files[i].filename);
        assert_string_equal(type, files[i].type);
        free_fields(&f);
    }
}

static void multipart_has_every_fixed_field(void **state) {
    (void)state;
    kp_provider other = *c;
    other.calls[KP_CALL_SUBMIT_FILE].fixed = "json=1&soft=&kind=x=y";
    take_params(&other, "post", NULL, "x", 1, false);
    assert_int_equal(build_params(), KP_OK);
    char unused[2][40];
    fields f;
    read_upload(&f, unused[0], unused[1]);
    assert_int_equal(f.count, 6);
    has(&f, "json", "1");
    has(&f, "soft", "");
    has(&f, "kind", "x=y");
    free_fields(&f);
    other.calls[KP_CALL_SUBMIT_FILE].method_name = NULL; /* then nothing but these */
    assert_int_equal(build_id(&other, KP_CALL_SUBMIT_FILE, NULL), KP_OK);
    read_upload(&f, unused[0], unused[1]);
    assert_int_equal(f.count, 4);
    free_fields(&f);
}

static void boundaries_differ(void **state) {
    (void)state;
    take_params(c, "post", NULL, "x", 1, false);
    assert_int_equal(build_params(), KP_OK);
    char first[100];
    snprintf(first, sizeof first, "%s", header("Content-Type"));
    assert_int_equal(build_params(), KP_OK);
    assert_string_not_equal(first, header("Content-Type"));
}

/* ---- NoCaptchaAI ---- */

static void json_submit(void **state) {
    (void)state;
    take_params(
        n, "SomeTask",
        "{ \"a\" : 12345678901234567890.10 ,\"b\\u0031\":\"x\\u00e4\\ud83d\\ude00\",\"c\":{\"d\":[1,null,true]},"
        "\"e\":null,\"f\":\"1\"}",
        NULL, 0, false);
    assert_int_equal(build_params(), KP_OK);
    assert_string_equal(request.http_method, "POST");
    assert_string_equal(kp_buf_text(&request.url), "https://ocr.example.com/createTask");
    assert_string_equal(header("Content-Type"), "application/json");
    assert_null(header("apikey"));
    kp_json body = body_json();
    assert_int_equal(members(body), 2);
    assert_true(kp_json_is(kp_json_get(body, "clientKey"), key));
    kp_json task = kp_json_get(body, "task");
    assert_int_equal(members(task), 6);
    assert_true(kp_json_is(kp_json_get(task, "type"), "SomeTask"));
    assert_memory_equal(kp_json_get(task, "a").raw, "12345678901234567890.10,", 24);
    assert_true(kp_json_is(kp_json_get(task, "b1"), "xä\xf0\x9f\x98\x80"));
    assert_memory_equal(kp_json_get(task, "c").raw, "{\"d\":[1,null,true]}", 19);
    assert_int_equal(kp_json_get(task, "e").type, KP_JSON_NULL);
    assert_int_equal(kp_json_get(task, "f").type, KP_JSON_STRING);
}

static void json_sync(void **state) {
    (void)state;
    take_params(n, "ImageToTextTask", "{\"body\":\"aGk=\",\"score\":0.80}", NULL, 0, true);
    assert_int_equal(build_params(), KP_OK);
    assert_string_equal(kp_buf_text(&request.url), "https://ocr.example.com/solve");
    assert_string_equal(kp_buf_text(&request.body), "{\"type\":\"ImageToTextTask\",\"body\":\"aGk=\",\"score\":0.80}");
    assert_string_equal(header("apikey"), key);
    assert_int_equal(request.header_count, 3);
    assert_null(strstr(kp_buf_text(&request.body), "kE"));
    take_params(n, "SomeTask", NULL, NULL, 0, true);
    assert_int_equal(build_params(), KP_OK);
    assert_string_equal(kp_buf_text(&request.body), "{\"type\":\"SomeTask\"}");
}

static void json_result_and_balance(void **state) {
    (void)state;
    assert_int_equal(build_id(n, KP_CALL_RESULT, "a\"b\\ä"), KP_OK);
    assert_string_equal(kp_buf_text(&request.url), "https://ocr.example.com/getTaskResult");
    assert_int_equal(members(body_json()), 2);
    assert_true(kp_json_is(kp_json_get(body_json(), "clientKey"), key));
    assert_true(kp_json_is(kp_json_get(body_json(), "taskId"), "a\"b\\ä"));
    assert_int_equal(build_id(n, KP_CALL_RESULT, "77"), KP_OK);
    assert_int_equal(kp_json_get(body_json(), "taskId").type, KP_JSON_STRING);
    assert_int_equal(build_id(n, KP_CALL_BALANCE, NULL), KP_OK);
    assert_string_equal(request.http_method, "GET");
    fields f;
    read_form(expect(kp_buf_text(&request.url), "https://ocr.example.com/balance?"), &f);
    assert_int_equal(f.count, 1);
    has(&f, "apiKey", key);
    free_fields(&f);
    assert_string_equal(kp_buf_text(&request.shown_url), "https://ocr.example.com/balance?apiKey=***");
}

/* ---- Whatever the values are ---- */

enum { MOST_FIELDS = 12 };

static size_t random_text(chance *dice, char *out, size_t most) {
    static const char *const pieces[] = {"&",    "#",    "%",  "+",  " ",        "=",   "?",
                                         "/",    "\"",   "\\", "--", ";",        "%26", "a",
                                         "B",    "\t",   "'",  "<",  "ä",        "€",   "\xf0\x9f\x98\x80",
                                         "\x01", "\x7f", "[",  "{",  "keyplate-"};
    size_t len = 0;
    for (size_t left = chance_below(dice, most); left > 0; left--) {
        const char *piece = pieces[chance_below(dice, sizeof pieces / sizeof pieces[0])];
        memcpy(out + len, piece, strlen(piece));
        len += strlen(piece);
    }
    out[len] = '\0';
    return len;
}

/* T11: random names and values go through form, multipart and JSON and come back as they went in. */
static void t11_values_arrive_unchanged(void **state) {
    (void)state;
    chance dice = {42};
    for (int round = 0; round < 600; round++) {
        static const struct {
            const char *provider;
            bool file;
        } ways[] = {{"captchaai", false}, {"captchaai", true}, {"nocaptchaai", false}};
        size_t way = (size_t)round % 3;
        char names[MOST_FIELDS][64];
        char values[MOST_FIELDS][400];
        size_t count = chance_below(&dice, MOST_FIELDS + 1);
        kp_buf json;
        kp_buf_init(&json, NULL);
        for (size_t i = 0; i < count; i++) {
            int len = snprintf(names[i], sizeof names[i], "x%zu", i);
            if (!ways[way].file) /* names of uploads have no quotes */
                random_text(&dice, names[i] + len, 4);
            random_text(&dice, values[i], 40);
            kp_buf_char(&json, i ? ',' : '{');
            kp_add_json(&json, names[i], strlen(names[i]));
            kp_buf_char(&json, ':');
            kp_add_json(&json, values[i], strlen(values[i]));
        }
        if (count)
            kp_buf_char(&json, '}');
        char file[300];
        size_t file_len = 1 + chance_below(&dice, sizeof file - 1);
        chance_bytes(&dice, file, file_len);
        take_params(kp_provider_find(ways[way].provider), "SomeMethod", kp_buf_text(&json),
                    ways[way].file ? file : NULL, ways[way].file ? file_len : 0, false);
        assert_int_equal(build_params(), KP_OK);
        if (way == 2) {
            kp_json task = kp_json_get(body_json(), "task");
            assert_int_equal(members(task), count + 1);
            for (size_t i = 0; i < count; i++)
                assert_true(kp_json_is(kp_json_get(task, names[i]), values[i]));
        } else {
            fields f;
            char unused[2][40];
            if (ways[way].file)
                read_upload(&f, unused[0], unused[1]);
            else
                read_form(kp_buf_text(&request.body), &f);
            assert_int_equal(f.count, count + 3 + ways[way].file);
            has(&f, "key", key);
            for (size_t i = 0; i < count; i++)
                has(&f, names[i], values[i]);
            if (ways[way].file) {
                assert_int_equal(get(&f, "file")->len, file_len);
                assert_memory_equal(get(&f, "file")->value, file, file_len);
            }
            free_fields(&f);
        }
        kp_buf_free(&json);
    }
}

/* ---- Base addresses, keys, misuse ---- */

static void base_urls(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"https://a.example", "https://a.example/balance"},
        {"https://a.example/", "https://a.example/balance"},
        {"https://a.example//", "https://a.example/balance"},
        {"http://127.0.0.1:8080/pre/fix", "http://127.0.0.1:8080/pre/fix/balance"},
        {"http://[::1]:8080/pre/fix/", "http://[::1]:8080/pre/fix/balance"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(kp_request_build(&request, n, KP_CALL_BALANCE, rows[i][0], "k", 1, NULL, NULL), KP_OK);
        assert_memory_equal(kp_buf_text(&request.url), rows[i][1], strlen(rows[i][1]));
        assert_string_equal(kp_buf_text(&request.url) + strlen(rows[i][1]), "?apiKey=k");
    }
}

/* T10: line ends and other control characters in key, id and URL. */
static void t10_control_characters(void **state) {
    (void)state;
    static const char *const bad[] = {"", "a\rb", "a\nb", "a\r\nX: y", "a\tb", "a\x7f", "\x1b[0m"};
    static const kp_call_kind kinds[] = {KP_CALL_BALANCE, KP_CALL_RESULT};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (size_t k = 0; k < 2; k++) {
            const char *id = "1";
            assert_int_equal(kp_request_build(&request, c, kinds[k], base, bad[i], strlen(bad[i]), NULL, id),
                             KP_E_BAD_KEY);
            assert_int_equal(kp_request_build(&request, n, kinds[k], base, bad[i], strlen(bad[i]), NULL, id),
                             KP_E_BAD_KEY);
            assert_int_equal(build_id(c, KP_CALL_RESULT, bad[i]), KP_E_MISUSE);
            assert_int_equal(build_id(n, KP_CALL_RESULT, bad[i]), KP_E_MISUSE);
            assert_int_equal(request.url.len + request.body.len + request.header_count, 0);
        }
    assert_int_equal(kp_request_build(&request, c, KP_CALL_BALANCE, base, "a\0b", 3, NULL, NULL), KP_E_BAD_KEY);
    take_params(n, "SomeTask", NULL, NULL, 0, true);
    assert_int_equal(kp_request_build(&request, n, KP_CALL_SYNC, base, "a\nb", 3, &params, NULL), KP_E_BAD_KEY);
    static const char *const urls[] = {"https://a\r\nb",
                                       "https://a/ b",
                                       "https://a/\t",
                                       "https://u:p@a",
                                       "https://a?x=1",
                                       "https://a#x",
                                       "ftp://a",
                                       "a",
                                       "",
                                       "https://"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        assert_int_equal(kp_request_build(&request, c, KP_CALL_BALANCE, urls[i], "k", 1, NULL, NULL), KP_E_MISUSE);
}

static void a_key_that_json_cannot_carry(void **state) {
    (void)state;
    assert_int_equal(kp_request_build(&request, n, KP_CALL_RESULT, base, "a\xff", 2, NULL, "1"), KP_E_BAD_KEY);
    assert_int_equal(kp_request_build(&request, n, KP_CALL_BALANCE, base, "a\xff", 2, NULL, NULL), KP_OK);
    assert_non_null(strstr(kp_buf_text(&request.url), "apiKey=a%FF"));
}

static void misuse(void **state) {
    (void)state;
    kp_request_init(NULL);
    kp_request_clear(NULL);
    kp_request_free(NULL);
    assert_int_equal(kp_request_build(NULL, c, KP_CALL_BALANCE, base, "k", 1, NULL, NULL), KP_E_MISUSE);
    assert_int_equal(kp_request_build(&request, NULL, KP_CALL_BALANCE, base, "k", 1, NULL, NULL), KP_E_MISUSE);
    assert_int_equal(kp_request_build(&request, c, KP_CALLS, base, "k", 1, NULL, NULL), KP_E_MISUSE);
    assert_int_equal(kp_request_build(&request, c, KP_CALL_BALANCE, NULL, "k", 1, NULL, NULL), KP_E_MISUSE);
    assert_int_equal(kp_request_build(&request, c, KP_CALL_BALANCE, base, NULL, 0, NULL, NULL), KP_E_BAD_KEY);
    assert_int_equal(build_id(c, KP_CALL_SYNC, NULL), KP_E_MISUSE);
    assert_int_equal(build_id(n, KP_CALL_REPORT_BAD, "1"), KP_E_MISUSE);
    assert_int_equal(build_id(c, KP_CALL_RESULT, NULL), KP_E_MISUSE);
    assert_int_equal(build_id(c, KP_CALL_SUBMIT, NULL), KP_E_MISUSE);
    take_params(c, "some_new", NULL, NULL, 0, false);
    assert_int_equal(kp_request_build(&request, n, KP_CALL_SUBMIT, base, "k", 1, &params, NULL), KP_E_MISUSE);
    assert_int_equal(kp_request_build(&request, c, KP_CALL_SUBMIT_FILE, base, "k", 1, &params, NULL), KP_E_MISUSE);
    params.call = KP_CALL_SUBMIT_FILE;
    assert_int_equal(build_params(), KP_E_MISUSE);
    take_params(c, "post", NULL, "x", 1, false);
    assert_int_equal(kp_request_build(&request, c, KP_CALL_SUBMIT, base, "k", 1, &params, NULL), KP_E_MISUSE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form_submit),
        cmocka_unit_test(queries),
        cmocka_unit_test(multipart_submit),
        cmocka_unit_test(multipart_has_every_fixed_field),
        cmocka_unit_test(boundaries_differ),
        cmocka_unit_test(json_submit),
        cmocka_unit_test(json_sync),
        cmocka_unit_test(json_result_and_balance),
        cmocka_unit_test(t11_values_arrive_unchanged),
        cmocka_unit_test(base_urls),
        cmocka_unit_test(t10_control_characters),
        cmocka_unit_test(a_key_that_json_cannot_carry),
        cmocka_unit_test(misuse),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
