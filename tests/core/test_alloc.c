/* test_alloc.c: every allocation fails in turn, once and from there on, from the client to the answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing.h"
#include "op_case.h"
#include "safe/known.h"

typedef struct {
    const char *provider;
    int kind;
    const char *sync, *submit; /* the answer to the submit, NULL: a task */
    int audit, proven;
} flow;

static const flow flows[] = {
    {"captchaai", KP_SOLVE, "0", NULL, 0, 1},
    {"captchaai", KP_SOLVE, "0", NULL, 1, 0},
    {"captchaai", KP_SUBMIT, "0", "{\"status\":0,\"request\":\"ERROR_ZERO_BALANCE\",\"error_text\":\"no funds\"}", 1,
     0},
    {"captchaai", KP_SUBMIT, "0", "ERROR_WRONG_USER_KEY", 0, 1},
    {"nocaptchaai", KP_SOLVE, "0", NULL, 1, 0},
    {"nocaptchaai", KP_SOLVE, "1", "{\"status\":\"solved\",\"solution\":\"abc\"}", 0, 0},
    {"captchaai", KP_BALANCE, "0", NULL, 0, 0},
    {"captchaai", KP_WAIT, "0", NULL, 0, 0},
    {"captchaai", KP_TELL, "0", NULL, 0, 0},
};

static const char params[] =
    "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\",\"proxy\":\"user:password@proxy:8080\"}";

/* Steps to the end; how often a submit was accepted. */
static size_t drive(kp_op *op) {
    size_t accepted = 0, n = 0;
    while (kp_op_step(op) != KP_DONE) {
        bool submit = kp_op_step(op) == KP_HTTP && (kp_http_flags(op) & KP_ONCE);
        assert_true(n++ < 2000);
        world_step(&t.w, op);
        accepted += submit && strstr(t.w.last.body, "ERROR_") == NULL;
    }
    return accepted;
}

/* false once no allocation failed any more. */
static bool run_once(const flow *f, size_t fail_at, bool from_there_on) {
    case_seed = 1; /* one key for all rounds: each that was seen stays known */
    case_begin(NULL);
    option("provider", f->provider);
    if (f->audit)
        option("audit.file", "/x");
    if (f->submit)
        put_answers("submit", 200, f->submit);
    kp_known_add(t.secrets[0], strlen(t.secrets[0])); /* what is known stays: not of this operation */
    kp_known_add(t.w.audit_key, strlen(t.w.audit_key));
    if (f->proven) {
        begin(KP_VERIFY);
        assert_int_equal(run(), KP_OK);
        kp_op_free(t.op);
        kp_client_free(t.client);
        t.op = NULL;
        t.client = NULL;
    }
    size_t blocks = kp_safe_in_use();
    failing_start(fail_at, from_there_on);
    kp_client *client = kp_client_new(t.config);
    kp_op *op = kp_op_new(client, f->kind);
    bool captchaai = strcmp(f->provider, "captchaai") == 0;
    kp_op_set(op, "method", captchaai ? "turnstile" : "AnyTask", captchaai ? 9 : 7);
    kp_op_set(op, "params", params, strlen(params));
    kp_op_set(op, "task", "4242", 4);
    kp_op_set(op, "what", "keys", 4);
    kp_op_set(op, "sync", f->sync, 1);
    size_t accepted = drive(op);
    int error = kp_op_error(op);
    kp_op_get(op, "text", NULL);
    bool failed = failing_stop();
    t.op = op;
    if (op) {
        no_secret_told();
        const char *task = fact("task");
        assert_true(accepted <= 1);
        if (accepted && f->sync[0] == '0') {
            if (!task || !strstr(task, "/4242"))
                fail_msg("%s %d, allocation %zu: accepted, but the task is %s: %s", f->provider, f->kind, fail_at,
                         task ? task : "lost", kp_error_name(error));
            assert_null(fact("unknown"));
        }
        if (accepted && f->sync[0] == '1' && error)
            assert_string_equal(fact("class"), "internal");
        assert_true(error == 0 || strcmp(kp_error_class(error), "unknown") != 0);
        if (!failed && !f->submit)
            assert_int_equal(error, 0);
        if (error == 0 && f->kind == KP_SOLVE)
            assert_non_null(fact("answer"));
    }
    t.op = NULL;
    kp_op_free(op);
    kp_client_free(client);
    assert_int_equal(kp_safe_in_use(), blocks); /* the case's own configuration is still there, as it was before */
    case_end(NULL);
    return failed;
}

static void each_allocation_in_turn(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++)
        for (int from_there_on = 0; from_there_on < 2; from_there_on++) {
            size_t n = 0;
            while (run_once(&flows[i], n, from_there_on))
                n++;
            assert_true(n > 60);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_in_turn)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
