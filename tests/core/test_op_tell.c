/* test_op_tell.c: what operations tell: no keys, nothing too big or cut, the facts about keys, dry runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "op_case.h"

/* ---- What an answer may not do ---- */

static void t12_a_key_in_an_answer(void **state) {
    (void)state;
    char body[400], want[400];
    const char *key = t.secrets[0];
    snprintf(body, sizeof body, "{\"status\":1,\"request\":\"a %s b abcdefabcdef0123456789 %%41 %.29s\"}", key, key);
    snprintf(want, sizeof want, "a [REDACTED] b abcdefabcdef0123456789 %%41 %.29s", key);
    put_answer("result", 200, body);
    begin(KP_WAIT);
    expect_error(KP_OK);
    expect_fact("answer", want);
    size_t len = 0;
    kp_op_get(t.op, "answer", &len);
    assert_int_equal(len, strlen(want));
}

static void t12_a_key_in_an_error(void **state) {
    (void)state;
    const char *key = t.secrets[0];
    char text[600], body[700];
    kp_buf hex;
    kp_buf_init(&hex, NULL);
    kp_add_hex(&hex, key, strlen(key));
    t.secrets[1] = kp_buf_text(&hex);
    for (size_t pad = 0; pad < 210; pad += 7) { /* texts are cut: not in the middle of a key */
        memset(text, 'x', pad);
        snprintf(text + pad, sizeof text - pad, " %s %s", key, kp_buf_text(&hex));
        snprintf(body, sizeof body, "{\"status\":0,\"request\":\"ERROR_BAD_PARAMETERS\",\"error_text\":\"%s\"}", text);
        forget_answers();
        put_answer("result", 200, body);
        begin(KP_WAIT);
        expect_error(KP_E_C_BAD_PARAMETERS);
        char part[9];
        for (size_t i = 0; i + 8 <= strlen(key); i++) {
            snprintf(part, sizeof part, "%s", key + i);
            assert_null(strstr(fact("text"), part));
        }
        expect_text("the service says: ");
    }
    snprintf(body, sizeof body, "{\"status\":0,\"request\":\"ERROR_%s\"}", key);
    forget_answers();
    put_answer("result", 200, body);
    begin(KP_WAIT);
    expect_error(KP_E_UNKNOWN_CODE); /* run() has looked into each fact */
    kp_buf_free(&hex);
}

static void t12_the_credentials_of_a_proxy(void **state) {
    (void)state;
    static const char params[] =
        "{\"sitekey\":\"a\",\"pageurl\":\"https://a.example/\",\"proxy\":\"user:pass-of-it@host:8080\"}";
    put_answer(
        "submit", 200,
        "{\"status\":0,\"request\":\"ERROR_BAD_PROXY\",\"error_text\":\"no way through user:pass-of-it@host:8080\"}");
    t.secrets[1] = "pass-of-it";
    for (int dry = 1; dry >= 0; dry--) {
        begin(KP_SUBMIT);
        set("params", params);
        set("dry_run", dry ? "1" : "0");
        expect_error(dry ? KP_OK : KP_E_C_BAD_PROXY);
    }
    expect_text("no way through [REDACTED]");
}

static void t12_a_key_in_a_task_id(void **state) {
    (void)state;
    char body[200];
    snprintf(body, sizeof body, "{\"status\":1,\"request\":\"x%sy\"}", t.secrets[0]);
    put_answer("submit", 200, body);
    option("audit.file", "/x");
    begin(KP_SUBMIT);
    expect_error(KP_OK); /* step() has looked into the record */
    assert_int_equal(t.line_count, 2);
    assert_non_null(strstr(t.lines[1], "/x[REDACTED]y\""));
    assert_non_null(strstr(fact("task"), "/x[REDACTED]y"));
}

static void t8_an_answer_that_is_too_big(void **state) {
    (void)state;
    static char big[9000];
    memset(big, 'x', sizeof big - 1);
    option("max_answer", "4096");
    put_answer("result", 200, big);
    begin(KP_RESULT);
    expect_error(KP_E_ANSWER_TOO_BIG);
    begin(KP_RESULT);
    assert_true(reach("POLL"));
    assert_int_equal(kp_op_limit(t.op), 4096);
    kp_on_status(t.op, 200);
    for (size_t i = 0; i < 100; i++)
        kp_on_header(t.op, "X-Header", 8, big, 100);
    kp_on_end(t.op, KP_NET_OK, KP_MAYBE_SENT);
    expect_error(KP_E_ANSWER_TOO_BIG);
    begin(KP_RESULT);
    assert_true(reach("POLL"));
    kp_on_status(t.op, 200);
    for (size_t i = 0; i < 38; i++)
        kp_on_header(t.op, "X-Header", 8, big + 1, 95);
    assert_int_equal(kp_on_body(t.op, "x", 1), 0);
    assert_int_not_equal(kp_on_body(t.op, big, 1000), 0); /* head and body together */
    kp_on_end(t.op, KP_NET_RESET, KP_MAYBE_SENT);
    expect_error(KP_E_ANSWER_TOO_BIG);
    put_answer("submit", 200, big);
    begin(KP_SUBMIT);
    expect_error(KP_E_ANSWER_TOO_BIG);
    expect_fact("unknown", "1");
    assert_int_equal(t.w.submits, 1);
}

static void t7_a_plain_answer_that_may_be_cut(void **state) {
    (void)state;
    world_answer *a = put_answer("result", 200, "OK|half of it");
    a->unframed = true;
    begin(KP_RESULT);
    expect_error(KP_OK); /* asked again, and then it was whole */
    expect_fact("answer", "token-4242");
    assert_int_equal(number("polls"), 2);
    a = put_answer("result", 200, " {\"status\":1,\"request\":\"whole\"}");
    a->unframed = true;
    begin(KP_RESULT);
    run();
    assert_int_equal(number("polls"), 2);
    put_answer("result", 200, "{\"status\":1,\"request\":\"whole\"}")->unframed = true;
    begin(KP_RESULT);
    expect_error(KP_OK);
    expect_fact("answer", "whole");
}

/* ---- KP_TELL ---- */

static void tells_about_the_keys(void **state) {
    (void)state;
    put_place("env:CAPTCHAAI_API_KEY_BACKUP", "YOUR_API_KEY", KP_FOUND, 0);
    begin(KP_TELL);
    expect_error(KP_OK);
    const char *text = fact("answer");
    assert_non_null(strstr(text, "\"name\":\"primary\""));
    assert_non_null(strstr(text, "\"state\":\"pending\""));
    assert_non_null(strstr(text, "\"place\":\"env:CAPTCHAAI_API_KEY\",\"outcome\":\"used\""));
    assert_non_null(strstr(text, "\"outcome\":\"not looked at\""));
    assert_non_null(strstr(text, "\"outcome\":\"unusable\",\"note\":\"env:CAPTCHAAI_API_KEY_BACKUP: it is a sample"));
    assert_non_null(strstr(text, "\"name\":\"key9\""));
    assert_int_equal(t.w.https, 0);
    begin(KP_VERIFY);
    expect_error(KP_OK);
    begin(KP_TELL);
    expect_error(KP_OK);
    assert_non_null(strstr(fact("answer"), "\"state\":\"current\""));
    t.w.store_away = true;
    begin(KP_TELL);
    expect_error(KP_OK);
    assert_non_null(strstr(fact("answer"), "\"state\":\"unknown\""));
}

static void tells_who_cools(void **state) {
    (void)state;
    put_place("env:CAPTCHAAI_API_KEY_3", case_key(3), KP_FOUND, 0);
    put_answer("balance", 200, "ERROR_WRONG_USER_KEY");
    begin(KP_VERIFY);
    expect_error(KP_E_C_WRONG_USER_KEY);
    begin(KP_TELL);
    expect_error(KP_OK);
    const char *primary = strstr(fact("answer"), "\"name\":\"primary\""), *third = strstr(primary, "\"name\":\"key3\"");
    assert_non_null(third);
    const char *cooling = strstr(primary, "\"state\":\"cooling\"");
    assert_true(cooling && cooling < third);
    assert_non_null(strstr(third, "\"state\":\"pending\""));
}

static void tells_the_places_without_a_store(void **state) {
    (void)state;
    put_place("env:CAPTCHAAI_API_KEY_BACKUP", "YOUR_API_KEY", KP_FOUND, 0);
    put_place("env:CAPTCHAAI_API_KEY_9", case_key(1), KP_FOUND, 0);
    begin(KP_TELL);
    expect_error(KP_OK);
    char keys[8192];
    snprintf(keys, sizeof keys, "%s", fact("answer"));
    another_client();
    size_t stores = t.w.stores;
    begin(KP_TELL);
    set("what", "places");
    expect_error(KP_OK);
    assert_int_equal(t.w.stores, stores);
    assert_false(passed("GATE"));
    assert_null(strstr(fact("answer"), "\"pending\"")); /* the states are not known, the places are the same */
    assert_non_null(strstr(fact("answer"), "\"unknown\""));
    const char *there = strstr(fact("answer"), "\"from\""), *here = strstr(keys, "\"from\"");
    for (; there && here; there = strstr(there + 1, "\"from\""), here = strstr(here + 1, "\"from\"")) {
        size_t len = strcspn(here, "]");
        assert_memory_equal(there, here, len);
    }
    assert_true(!there && !here);
    begin(KP_VERIFY); /* what was found is in use */
    size_t reads = t.w.reads;
    expect_error(KP_OK);
    assert_int_equal(t.w.reads, reads);
    make(KP_TELL);
    set("what", "place");
    expect_error(KP_E_MISUSE);
    expect_text("must be keys, places, limits, events or metrics");
}

/* The last read may have any outcome. */
static void places_end_with_any_read(void **state) {
    (void)state;
    static const struct {
        const char *value, *outcome;
    } last[] = {{NULL, "absent"}, {"YOUR_API_KEY", "unusable"}, {"good-enough-for-a-key", "used"}};
    option("keys", "env:LAST");
    for (size_t i = 0; i < 3; i++) {
        forget_places();
        if (last[i].value)
            put_place("env:LAST", last[i].value, KP_FOUND, 0);
        another_client();
        make(KP_TELL);
        set("what", "places");
        expect_error(KP_OK);
        char part[40];
        snprintf(part, sizeof part, "\"outcome\":\"%s\"", last[i].outcome);
        assert_non_null(strstr(fact("answer"), part));
        assert_int_equal(t.w.stores, 0);
    }
    make(KP_TELL);
    set("what", "places");
    assert_true(reach("READ"));
    kp_op_cancel(t.op);
    expect_error(KP_E_CANCELLED);
}

static void dry_run_shows_and_sends_nothing(void **state) {
    (void)state;
    static const int kinds[] = {KP_SOLVE, KP_SUBMIT, KP_RESULT, KP_WAIT, KP_BALANCE, KP_VERIFY, KP_REPORT};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        begin(kinds[i]);
        set("dry_run", "1");
        expect_error(KP_OK);
        assert_non_null(strstr(fact("answer"), "https://ocr.captchaai.com/"));
        assert_non_null(strstr(fact("answer"), "key=***&"));
        assert_int_equal(t.w.https + t.w.reads + t.w.stores, 0);
    }
    begin(KP_SOLVE);
    set("dry_run", "1");
    set("params", "{\"pageurl\":\"https://example.com/\"}");
    expect_error(KP_E_MISSING);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(t12_a_key_in_an_answer),
        CASE(t12_a_key_in_an_error),
        CASE(t12_the_credentials_of_a_proxy),
        CASE(t12_a_key_in_a_task_id),
        CASE(t8_an_answer_that_is_too_big),
        CASE(t7_a_plain_answer_that_may_be_cut),
        CASE(tells_about_the_keys),
        CASE(tells_who_cools),
        CASE(tells_the_places_without_a_store),
        CASE(places_end_with_any_read),
        CASE(dry_run_shows_and_sends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
