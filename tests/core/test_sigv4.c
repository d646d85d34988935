/* test_sigv4.c: tests sigv4.c against the published cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "failing.h"
#include "wire/sigv4.h"

static cJSON *cases(void) {
    FILE *file = fopen(KP_CASES_DIR "/sigv4.json", "rbe");
    static char text[65536];
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    cJSON *all = cJSON_Parse(text);
    assert_non_null(all);
    return all;
}

static const char *text_of(const cJSON *object, const char *name) {
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
}

static kp_sigv4 request_of(const cJSON *all, const cJSON *one) {
    kp_sigv4 s = {.method = text_of(one, "method"),
                  .path = text_of(one, "path"),
                  .path_len = strlen(text_of(one, "path")),
                  .keep_path = cJSON_IsTrue(cJSON_GetObjectItem(one, "keep_path")),
                  .query = text_of(one, "query"),
                  .query_len = text_of(one, "query") ? strlen(text_of(one, "query")) : 0,
                  .body = text_of(one, "body"),
                  .body_len = strlen(text_of(one, "body")),
                  .region = text_of(all, "region"),
                  .service = text_of(all, "service"),
                  .access_id = text_of(all, "access_id"),
                  .secret = text_of(all, "secret"),
                  .secret_len = strlen(text_of(all, "secret")),
                  .unix_ms = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(all, "unix_s")) * 1000 + 999};
    const cJSON *header;
    cJSON_ArrayForEach(header, cJSON_GetObjectItem(one, "headers")) s.header[s.header_count++] = (kp_sigv4_header){
        cJSON_GetStringValue(cJSON_GetArrayItem(header, 0)), cJSON_GetStringValue(cJSON_GetArrayItem(header, 1))};
    return s;
}

static void the_published_cases(void **state) {
    (void)state;
    cJSON *all = cases();
    const cJSON *one;
    size_t count = 0;
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(all, "cases")) {
        kp_sigv4 s = request_of(all, one);
        kp_buf out;
        kp_buf_init(&out, NULL);
        assert_true(kp_sigv4_canonical(&s, &out));
        if (strcmp(kp_buf_text(&out), text_of(one, "canonical")) != 0)
            fail_msg("%s:\n%s\nnot\n%s", text_of(one, "name"), kp_buf_text(&out), text_of(one, "canonical"));
        kp_buf_clear(&out);
        assert_true(kp_sigv4_authorization(&s, &out));
        const char *signature = strstr(kp_buf_text(&out), "Signature=");
        assert_non_null(signature);
        assert_string_equal(signature + strlen("Signature="), text_of(one, "signature"));
        kp_buf_free(&out);
        count++;
    }
    assert_true(count > 30);
    cJSON_Delete(all);
}

static void dates(void **state) {
    (void)state;
    char date[KP_SIGV4_DATE_SIZE];
    kp_sigv4_date(1440938160999, date);
    assert_string_equal(date, "20150830T123600Z");
    kp_sigv4_date(-1, date);
    assert_string_equal(date, "19700101T000000Z");
    kp_sigv4_date(INT64_MAX, date);
    assert_string_equal(date, "99991231T235959Z");
}

static void wrong_use_and_too_much(void **state) {
    (void)state;
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_sigv4 s = {.method = "GET", .path = "/", .path_len = 1, .region = "r", .service = "s", .access_id = "a"};
    assert_false(kp_sigv4_authorization(NULL, &out));
    assert_false(kp_sigv4_canonical(NULL, &out));
    assert_false(kp_sigv4_canonical(&s, NULL));
    assert_false(kp_sigv4_authorization(&s, &out)); /* no secret */
    s.secret = "x";
    s.header_count = KP_SIGV4_HEADERS + 1;
    assert_false(kp_sigv4_authorization(&s, &out));
    s.header_count = 1; /* without name and value */
    assert_false(kp_sigv4_authorization(&s, &out));
    s.header_count = 0;
    char query[4 * KP_SIGV4_PAIRS];
    for (size_t i = 0; i < sizeof query / 2; i++)
        memcpy(query + 2 * i, "a&", 2);
    s.query = query;
    s.query_len = sizeof query;
    assert_false(kp_sigv4_authorization(&s, &out));
    s.query_len = 2 * KP_SIGV4_PAIRS;
    assert_true(kp_sigv4_authorization(&s, &out));
    kp_buf_free(&out);
}

static void each_allocation_fails(void **state) {
    (void)state;
    kp_sigv4 s = {.method = "GET",
                  .path = "/a/../b",
                  .path_len = 7,
                  .query = "a=b&c",
                  .query_len = 5,
                  .region = "r",
                  .service = "s",
                  .access_id = "a",
                  .secret = "x",
                  .secret_len = 1};
    for (size_t i = 0;; i++) {
        kp_buf out;
        kp_buf_init(&out, NULL);
        failing_start(i, false);
        bool made = kp_sigv4_authorization(&s, &out);
        bool failed = failing_stop();
        assert_int_equal(made, !failed);
        kp_buf_free(&out);
        if (!failed)
            break;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_cases),
        cmocka_unit_test(dates),
        cmocka_unit_test(wrong_use_and_too_much),
        cmocka_unit_test(each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
