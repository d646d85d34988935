/* test_provider.c: the tables of the services, and that they agree with themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/url.h"
#include "wire/provider.h"

static void finds_by_name(void **state) {
    (void)state;
    assert_string_equal(kp_provider_find("captchaai")->title, "CaptchaAI");
    assert_string_equal(kp_provider_find("nocaptchaai")->title, "NoCaptchaAI");
    assert_null(kp_provider_find("CaptchaAI"));
    assert_null(kp_provider_find(""));
    assert_null(kp_provider_find(NULL));
    assert_ptr_equal(kp_provider_at(0), kp_provider_find("captchaai"));
    assert_ptr_equal(kp_provider_at(1), kp_provider_find("nocaptchaai"));
    assert_null(kp_provider_at(2));
    assert_null(kp_provider_at(SIZE_MAX));
}

static void finds_methods_and_parameters(void **state) {
    (void)state;
    const kp_provider *p = kp_provider_find("captchaai");
    const kp_method *turnstile = kp_method_find(p, "turnstile");
    assert_non_null(turnstile);
    assert_null(kp_method_find(p, "ImageToTextTask"));
    assert_null(kp_method_find(p, NULL));
    assert_null(kp_method_find(NULL, "turnstile"));
    assert_true(kp_param_find(p, turnstile, "sitekey")->required);
    assert_true(kp_param_find(p, turnstile, "proxy")->secret);
    assert_ptr_equal(kp_param_find(p, NULL, "proxy"), kp_param_find(p, turnstile, "proxy"));
    assert_null(kp_param_find(p, NULL, "sitekey"));
    assert_null(kp_param_find(p, turnstile, "googlekey"));
    assert_null(kp_param_find(p, turnstile, NULL));
    assert_null(kp_param_find(NULL, turnstile, "sitekey"));
}

/* The required parameters of each method, with blanks between. */
static void required_as_the_services_say(void **state) {
    (void)state;
    static const struct {
        const char *provider, *method, *required;
    } rows[] = {
        {"captchaai", "userrecaptcha", " googlekey pageurl"},
        {"captchaai", "turnstile", " sitekey pageurl"},
        {"captchaai", "geetest", " gt pageurl challenge"},
        {"captchaai", "base64", " body"},
        {"captchaai", "post", " file"},
        {"captchaai", "bls", ""},
        {"captchaai", "cloudflare_challenge", " pageurl"},
        {"nocaptchaai", "ImageToTextTask", " body"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const kp_method *method = kp_method_find(kp_provider_find(rows[i].provider), rows[i].method);
        assert_non_null(method);
        char seen[200] = "";
        for (const kp_param *param = method->params; param->name; param++)
            if (param->required)
                strcat(strcat(seen, " "), param->name);
        assert_string_equal(seen, rows[i].required);
    }
}

static void timings_as_clients_use_them(void **state) {
    (void)state;
    const kp_provider *c = kp_provider_find("captchaai");
    assert_int_equal(c->every_poll_ms, 5000);
    assert_int_equal(c->first_poll_ms, 15000);
    assert_int_equal(c->deadline_ms, 120000);
    assert_int_equal(kp_method_find(c, "base64")->first_poll_ms, 5000);
    assert_int_equal(kp_method_find(c, "post")->first_poll_ms, 5000);
    assert_int_equal(kp_method_find(c, "turnstile")->first_poll_ms, 15000);
    assert_int_equal(kp_method_find(c, "cloudflare_challenge")->deadline_ms, 240000);
    const kp_provider *n = kp_provider_find("nocaptchaai");
    assert_int_equal(n->first_poll_ms, 2000);
    assert_int_equal(n->every_poll_ms, 2000);
    assert_int_equal(n->deadline_ms, 120000);
}

static void calls_that_a_service_lacks(void **state) {
    (void)state;
    const kp_provider *c = kp_provider_find("captchaai");
    const kp_provider *n = kp_provider_find("nocaptchaai");
    assert_null(c->calls[KP_CALL_SYNC].http_method);
    assert_null(n->calls[KP_CALL_SUBMIT_FILE].http_method);
    assert_null(n->calls[KP_CALL_REPORT_GOOD].http_method);
    assert_null(n->calls[KP_CALL_REPORT_BAD].http_method);
}

static bool is_listed(const char *const *names, const char *name, size_t len) {
    for (; names && *names; names++)
        if (kp_same_n(name, len, *names))
            return true;
    return false;
}

/* T10: a name that keyplate sets on a call must be one that a caller may not set there. */
static void t10_what_a_call_sets_is_reserved(void **state) {
    (void)state;
    for (size_t p = 0; kp_provider_at(p); p++)
        for (size_t kind = 0; kind < KP_CALLS; kind++) {
            const kp_call *call = &kp_provider_at(p)->calls[kind];
            if (!call->http_method)
                continue;
            assert_int_equal(call->path[0], '/');
            assert_true(is_listed(call->reserved, call->key_name, strlen(call->key_name)));
            if (call->method_name)
                assert_true(is_listed(call->reserved, call->method_name, strlen(call->method_name)));
            if (call->id_name)
                assert_true(is_listed(call->reserved, call->id_name, strlen(call->id_name)));
            for (const char *field = call->fixed; field && *field;) {
                assert_true(is_listed(call->reserved, field, strcspn(field, "=")));
                field += strcspn(field, "&");
                field += *field == '&';
            }
        }
}

static void check_param(const kp_provider *p, const kp_method *m, const kp_param *param) {
    assert_true(param->text && *param->text && strlen(param->text) < 60);
    assert_ptr_equal(kp_param_find(p, m, param->name), param); /* listed once */
    assert_true((param->type == KP_VALUE_WORD) == (param->words != NULL));
    assert_true((param->type == KP_VALUE_INT || param->type == KP_VALUE_DECIMAL) == (param->high > param->low));
    if (m)
        assert_false(is_listed(p->calls[m->call].reserved, param->name, strlen(param->name)) &&
                     param->type != KP_VALUE_FILE);
    if (param->unless) {
        char name[32] = "";
        memcpy(name, param->unless, strcspn(param->unless, "="));
        assert_non_null(kp_param_find(p, m, name));
    }
}

static void tables_are_sound(void **state) {
    (void)state;
    for (size_t i = 0; kp_provider_at(i); i++) {
        const kp_provider *p = kp_provider_at(i);
        kp_url url;
        assert_true(kp_url_parse(p->base_url, strlen(p->base_url), &url) && url.https);
        assert_true(kp_starts(p->url_env, "CAPTCHAAI") || kp_starts(p->url_env, "NOCAPTCHAAI"));
        for (const kp_param *param = p->common; param->name; param++)
            check_param(p, NULL, param);
        for (const kp_method *m = p->methods; m->name; m++) {
            assert_ptr_equal(kp_method_find(p, m->name), m);
            assert_true(m->text && *m->text);
            assert_non_null(p->calls[m->call].http_method);
            assert_in_range(m->first_poll_ms, 1, m->deadline_ms);
            for (const kp_param *param = m->params; param->name; param++)
                check_param(p, m, param);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_name),
        cmocka_unit_test(finds_methods_and_parameters),
        cmocka_unit_test(required_as_the_services_say),
        cmocka_unit_test(timings_as_clients_use_them),
        cmocka_unit_test(calls_that_a_service_lacks),
        cmocka_unit_test(t10_what_a_call_sets_is_reserved),
        cmocka_unit_test(tables_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
