/* test_op_fetch.c: keys from stores over HTTP, as an operation gets them: first, again in the background, from older
 * versions, and when the store is away or refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/client.h"
#include "vault_case.h"

static bool run_chore(void) {
    kp_op *op = kp_client_chore(t.client, t.w.mono_ms, NULL);
    if (!op)
        return false;
    kp_op_free(t.op);
    t.op = op;
    t.trace[0] = '\0';
    t.w.https = 0;
    run();
    return true;
}

static void the_first_call_fetches(void **state) {
    (void)state;
    use_vault();
    put_answers("source", 200, vault_has(1, 3));
    expect_asks_with(KP_SUBMIT, "SUBMIT", 1);
    assert_true(passed("READ FETCH"));
    assert_non_null(strstr(fact("source"), "vault://secret/captchaai"));
    assert_non_null(strstr(fact("source"), "version 3"));
    assert_null(strstr(fact("source"), "token0of"));
    begin(KP_SUBMIT);
    expect_error(KP_OK);
    assert_false(passed("FETCH"));
}

static void the_request_is_lent_to_the_driver(void **state) {
    (void)state;
    use_vault();
    option("proxy", "http://proxy.example:8080");
    put_answers("source", 200, vault_has(1, 3));
    begin(KP_BALANCE);
    assert_true(reach("FETCH"));
    assert_string_equal(kp_http_method(t.op), "GET");
    assert_string_equal(kp_http_url(t.op), "http://127.0.0.1:8200/v1/secret/data/captchaai");
    assert_non_null(kp_http_shown_url(t.op));
    assert_int_equal(kp_http_flags(t.op), 0);
    bool token = false;
    const char *value = NULL;
    for (size_t i = 0; kp_http_header(t.op, i, &value); i++)
        token = token || strcmp(value, "s.0token0of0a0test") == 0;
    assert_true(token);
    assert_null(kp_http_body(t.op, NULL));
    expect_error(KP_OK);
}

static void each_failure_has_its_error(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *body;
        int code;
        size_t calls;
    } rows[] = {
        {403, "{\"errors\":[\"permission denied\"]}", KP_E_SOURCE_REFUSED, 1},
        {404, "{\"errors\":[]}", KP_E_NO_KEY, 1},
        {503, "{\"errors\":[\"Vault is sealed\"]}", KP_E_SOURCE_AWAY, 3},
        {500, "{\"errors\":[]}", KP_E_SOURCE_AWAY, 3},
        {200, "no JSON", KP_E_SOURCE_ANSWER, 1},
        {302, "{}", KP_E_SOURCE_ANSWER, 1},
    };
    use_vault();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        another_client();
        forget_answers();
        put_answers("source", rows[i].status, rows[i].body);
        begin(KP_SUBMIT);
        expect_error(rows[i].code);
        if (t.w.https != rows[i].calls)
            fail_msg("row %zu: %zu calls: %s", i, t.w.https, t.trace);
        assert_int_equal(t.w.submits, 0);
        expect_text("vault://secret/captchaai");
    }
    another_client();
    forget_answers();
    put_loss("source", KP_NET_CONNECT, KP_UNSENT);
    put_answers("source", 200, vault_has(1, 1));
    begin(KP_SUBMIT); /* one that fails once is asked again */
    expect_error(KP_OK);
    assert_true(passed("REFETCH READ"));
}

static void an_outage_does_not_fall_through(void **state) {
    (void)state;
    use_vault();
    option("keys", "[{\"name\":\"one\",\"from\":[\"vault://secret/captchaai\",\"env:CAPTCHAAI_API_KEY\"]}]");
    put_answers("source", 503, "{\"errors\":[]}");
    begin(KP_SUBMIT);
    expect_error(KP_E_SOURCE_AWAY);
    another_client();
    forget_answers();
    put_answers("source", 404, "{\"errors\":[]}");
    begin(KP_SUBMIT); /* what does not exist does */
    expect_error(KP_OK);
    assert_non_null(strstr(fact("source"), "env:CAPTCHAAI_API_KEY"));
}

static void a_new_version_is_found_in_the_background(void **state) {
    (void)state;
    use_vault();
    put_answers("source", 200, vault_has(1, 3));
    expect_asks_with(KP_SUBMIT, "SUBMIT", 1);
    assert_false(run_chore());
    forget_answers();
    put_answers("source", 200, vault_has(2, 4));
    pass_time(300001);
    expect_asks_with(KP_SUBMIT, "SUBMIT", 1); /* it waits for nothing */
    assert_false(passed("FETCH"));
    assert_true(run_chore());
    assert_true(passed("FETCH"));
    assert_true(passed("POLL")); /* proven at once */
    expect_asks_with(KP_SUBMIT, "SUBMIT", 2);
    assert_non_null(strstr(fact("source"), "version 4"));
    expect_asks_with(KP_BALANCE, "POLL", 2);
}

static void an_outage_serves_the_last_one_for_a_time_and_a_refusal_never(void **state) {
    (void)state;
    use_vault();
    put_answers("source", 200, vault_has(1, 3));
    expect_asks_with(KP_SUBMIT, "SUBMIT", 1);
    forget_answers();
    put_answers("source", 503, "{\"errors\":[]}");
    pass_time(300001);
    assert_true(run_chore());
    expect_asks_with(KP_SUBMIT, "SUBMIT", 1);
    pass_time(25 * 3600 * 1000);
    begin(KP_SUBMIT);
    expect_error(KP_E_SOURCE_AWAY);
    forget_answers();
    put_answers("source", 200, t.secrets[1] ? secret[1] : "");
    expect_asks_with(KP_SUBMIT, "SUBMIT", 1);
    forget_answers();
    put_answers("source", 403, "{\"errors\":[\"permission denied\"]}");
    pass_time(300001);
    assert_true(run_chore());
    begin(KP_SUBMIT);
    expect_error(KP_E_SOURCE_REFUSED);
    assert_int_equal(t.w.submits, 0);
}

static void a_task_of_the_version_before(void **state) {
    (void)state;
    char task[128];
    use_vault();
    put_answers("source", 200, vault_has(1, 3));
    begin(KP_SUBMIT);
    expect_error(KP_OK);
    snprintf(task, sizeof task, "%s", fact("task"));
    another_client(); /* another process, which comes later */
    forget_answers();
    put_answer("source", 200, vault_has(2, 4));
    put_answer("source", 200, secret[2]); /* which version is the one before */
    put_answer("source", 200, secret[1]);
    begin(KP_RESULT);
    set("task", task);
    assert_true(reach("POLL"));
    expect_key(1);
    expect_error(KP_OK);
    expect_fact("task", task);
    expect_asks_with(KP_BALANCE, "POLL", 2);
}

/* The value in use serves on; the task is asked for with it. */
static void the_version_before_is_gone(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *body;
    } rows[] = {{404, "{\"errors\":[]}"},
                {404, "{\"data\":{\"data\":null,\"metadata\":{\"version\":3,\"destroyed\":true}}}"},
                {403, "{\"errors\":[\"permission denied\"]}"},
                {503, "{\"errors\":[]}"}};
    use_vault();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        another_client();
        forget_answers();
        put_answer("source", 200, vault_has(2, 4));
        put_answer("source", 200, secret[2]);
        put_answers("source", rows[i].status, rows[i].body);
        begin(KP_RESULT);
        set("task", "captchaai/primary~0123abcd/4242");
        if (!reach("POLL"))
            fail_msg("row %zu: %s: %s", i, fact("text"), t.trace);
        expect_key(2);
        expect_error(KP_OK);
        expect_asks_with(KP_SUBMIT, "SUBMIT", 2);
        assert_false(passed("FETCH"));
    }
}

static void learning_does_not_wait_for_a_store(void **state) {
    (void)state;
    use_vault();
    make(KP_TELL);
    set("what", "places");
    expect_error(KP_OK);
    assert_int_equal(t.w.https, 0);
    put_answers("source", 200, vault_has(1, 3));
    make(KP_TELL);
    set("what", "keys");
    expect_error(KP_OK);
    assert_int_equal(t.w.https, 1);
    assert_non_null(strstr(fact("answer"), "version 3"));
}

static void stopped_in_the_midst(void **state) {
    (void)state;
    use_vault();
    put_answers("source", 200, vault_has(1, 3));
    begin(KP_SUBMIT);
    assert_true(reach("FETCH"));
    kp_op_cancel(t.op);
    expect_error(KP_E_CANCELLED);
    begin(KP_SUBMIT);
    assert_true(reach("FETCH")); /* freed there, and the next one gets on */
    begin(KP_SUBMIT);
    expect_error(KP_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(the_first_call_fetches),
        CASE(the_request_is_lent_to_the_driver),
        CASE(each_failure_has_its_error),
        CASE(an_outage_does_not_fall_through),
        CASE(a_new_version_is_found_in_the_background),
        CASE(an_outage_serves_the_last_one_for_a_time_and_a_refusal_never),
        CASE(a_task_of_the_version_before),
        CASE(the_version_before_is_gone),
        CASE(learning_does_not_wait_for_a_store),
        CASE(stopped_in_the_midst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
