/* test_request_memory.c: what a request leaves in memory, and what it does when memory is short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "failing.h"
#include "safe/arena.h"
#include "safe/crypto.h"
#include "wire/request.h"

static const char key[] = "kE&y #%+=\"\\/1";
static const char base[] = "https://ocr.example.com";

static kp_request request;
static kp_params params;

static int setup(void **state) {
    (void)state;
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
        fail_msg("%s: %s", json, kp_buf_text(&problem));
    kp_buf_free(&problem);
}

typedef struct kind {
    const char *provider;
    kp_call_kind call;
    const char *file;
} kind;

static const kind all_kinds[] = {
    {"captchaai", KP_CALL_SUBMIT, NULL},      {"captchaai", KP_CALL_SUBMIT_FILE, "file"},
    {"captchaai", KP_CALL_RESULT, NULL},      {"captchaai", KP_CALL_BALANCE, NULL},
    {"captchaai", KP_CALL_REPORT_GOOD, NULL}, {"nocaptchaai", KP_CALL_SUBMIT, NULL},
    {"nocaptchaai", KP_CALL_SYNC, NULL},      {"nocaptchaai", KP_CALL_RESULT, NULL},
    {"nocaptchaai", KP_CALL_BALANCE, NULL},
};
enum { KINDS = sizeof all_kinds / sizeof all_kinds[0] };

/* Values long enough that every buffer has to grow. */
static int build_kind(const kind *k, const char *with_key, const char *json) {
    const kp_provider *p = kp_provider_find(k->provider);
    bool paid = k->call <= KP_CALL_SYNC;
    if (paid)
        take_params(p, "SomeMethod", json, k->file, k->file ? strlen(k->file) : 0, k->call == KP_CALL_SYNC);
    char id[200];
    memset(id, '7', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    return kp_request_build(&request, p, k->call, base, with_key, strlen(with_key), paid ? &params : NULL, id);
}

static const char long_json[] =
    "{\"proxy\":\"u:s\\u0065cret@host.that.has.a.long.name.so.that.every.buffer.has.to.grow:1\","
    "\"na\\u006de.that.is.long.as.well.so.that.every.buffer.has.to.grow.once\":[1,2,3]}";

static void every_allocation_failing(void **state) {
    (void)state;
    char long_key[200];
    memset(long_key, 'k', sizeof long_key - 1);
    long_key[sizeof long_key - 1] = '\0';
    for (size_t k = 0; k < KINDS; k++)
        for (int on = 0; on < 2; on++) {
            bool failed = true;
            for (size_t i = 0; failed; i++) {
                kp_request_free(&request);
                const kp_provider *p = kp_provider_find(all_kinds[k].provider);
                assert_int_equal(build_kind(&all_kinds[k], long_key, long_json), KP_OK); /* makes params */
                kp_request_free(&request);
                bool paid = all_kinds[k].call <= KP_CALL_SYNC;
                failing_start(i, on != 0);
                int code = kp_request_build(&request, p, all_kinds[k].call, base, long_key, strlen(long_key),
                                            paid ? &params : NULL, "12345");
                failed = failing_stop();
                assert_int_equal(code, failed ? KP_E_MEMORY : KP_OK);
                if (failed)
                    assert_int_equal(request.url.len + request.body.len + request.header_count, 0);
            }
        }
}

static size_t asked;

static int counting(void) {
    asked++;
    return 0;
}

static void a_second_build_allocates_nothing(void **state) {
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        kp_request_free(&request);
        assert_int_equal(build_kind(&all_kinds[k], key, long_json), KP_OK);
        kp_params kept = params;
        bool paid = all_kinds[k].call <= KP_CALL_SYNC;
        kp_request_clear(&request);
        asked = 0;
        kp_mem_test_hook = counting;
        int code = kp_request_build(&request, kp_provider_find(all_kinds[k].provider), all_kinds[k].call, base, key,
                                    strlen(key), paid ? &kept : NULL, "12345");
        kp_mem_test_hook = NULL;
        assert_int_equal(code, KP_OK);
        assert_int_equal(asked, 0);
    }
}

static void is_blank(const kp_buf *b) {
    for (size_t i = 0; i < b->room; i++)
        assert_int_equal(b->data[i], 0);
}

static void clear_wipes_all(void **state) {
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        assert_int_equal(build_kind(&all_kinds[k], key, long_json), KP_OK);
        is_blank(&request.scratch); /* at once: it held the proxy's password */
        kp_request_clear(&request);
        is_blank(&request.url);
        is_blank(&request.body);
        is_blank(&request.shown_url);
        for (size_t i = 0; i < KP_REQUEST_HEADERS; i++)
            is_blank(&request.header_value[i]);
        assert_null(request.http_method);
        assert_int_equal(request.header_count, 0);
        assert_false(request.has_body);
        assert_string_equal(kp_buf_text(&request.url), "");
    }
}

static void secrets_lie_in_safe_memory_only(void **state) {
    (void)state;
    assert_ptr_equal(request.url.from, &kp_safe);
    assert_ptr_equal(request.body.from, &kp_safe);
    assert_ptr_equal(request.scratch.from, &kp_safe);
    for (size_t i = 0; i < KP_REQUEST_HEADERS; i++)
        assert_ptr_equal(request.header_value[i].from, &kp_safe);
    for (size_t k = 0; k < KINDS; k++) {
        assert_int_equal(build_kind(&all_kinds[k], key, long_json), KP_OK);
        assert_null(memmem(request.shown_url.data, request.shown_url.len, "kE", 2));
        assert_null(memmem(request.shown_url.data, request.shown_url.len, "secret", 6));
    }
}

static void free_gives_all_back(void **state) {
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        assert_int_equal(build_kind(&all_kinds[k], key, long_json), KP_OK);
        assert_true(kp_safe_in_use() > 0);
        kp_request_free(&request);
        kp_request_free(&request);
        assert_int_equal(kp_safe_in_use(), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_failing), cmocka_unit_test(a_second_build_allocates_nothing),
        cmocka_unit_test(clear_wipes_all),          cmocka_unit_test(secrets_lie_in_safe_memory_only),
        cmocka_unit_test(free_gives_all_back),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
