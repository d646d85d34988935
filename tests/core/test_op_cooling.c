/* test_op_cooling.c: keys that the service refuses: other keys in their place, cooling, and bans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_case.h"

static const char wrong_key[] = "ERROR_WRONG_USER_KEY";

static void expect_used(const char *name, const char *source) {
    expect_error(KP_OK);
    expect_fact("key_name", name);
    expect_fact("source", source);
}

/* ---- Refused keys ---- */

static void backup_when_the_primary_is_refused_at_submit(void **state) {
    (void)state;
    put_place("env:CAPTCHAAI_API_KEY_BACKUP", case_key(1), KP_FOUND, 0);
    option("audit.file", "/x");
    begin(KP_VERIFY);
    expect_error(KP_OK);
    put_answer("submit", 200, wrong_key);
    begin(KP_SOLVE);
    expect_used("backup", "env:CAPTCHAAI_API_KEY_BACKUP");
    assert_int_equal(t.w.submits, 2);
    assert_int_equal(t.line_count, 3); /* two intents, one outcome */
    assert_true(passed("SUBMIT COOL REFUND"));
    assert_non_null(strstr(fact("task"), "captchaai/backup~"));
    begin(KP_SOLVE); /* the primary cools, and is not tried */
    expect_used("backup", "env:CAPTCHAAI_API_KEY_BACKUP");
    assert_int_equal(t.w.submits, 1);
}

static void refused_one_after_the_other(void **state) {
    (void)state;
    put_place("env:CAPTCHAAI_API_KEY_BACKUP", case_key(1), KP_FOUND, 0);
    put_answers("balance", 200, wrong_key);
    begin(KP_SOLVE);
    expect_error(KP_E_C_WRONG_USER_KEY);
    assert_int_equal(t.w.https, 2); /* one proof each */
    assert_int_equal(t.w.submits, 0);
    begin(KP_SOLVE);
    expect_error(KP_E_KEY_COOLING);
    assert_int_equal(t.w.https, 0);
}

static void the_first_error_stays_when_no_other_key_is_there(void **state) {
    (void)state;
    begin(KP_VERIFY);
    expect_error(KP_OK);
    put_answer("submit", 200, "{\"status\":0,\"request\":\"ERROR_WRONG_USER_KEY\",\"error_text\":\"expired\"}");
    begin(KP_SOLVE);
    expect_error(KP_E_C_WRONG_USER_KEY);
    expect_text("the service says: expired");
    expect_text("(key primary ***");
    assert_true(passed("REFUND READ"));
    assert_int_equal(number("retry_after_ms"), 60000);
    assert_null(world_value(&t.w, "good/")); /* it has to be proven again */
}

static void funds_of_the_same_account_only(void **state) {
    (void)state;
    option("keys", "[{\"from\":\"env:A\",\"account\":\"x\"},{\"from\":\"env:B\",\"account\":\"y\"},"
                   "{\"from\":\"env:C\",\"account\":\"x\"},{\"from\":\"env:D\"}]");
    put_place("env:A", case_key(1), KP_FOUND, 0);
    put_place("env:B", case_key(2), KP_FOUND, 0);
    put_place("env:D", case_key(4), KP_FOUND, 0);
    put_answer("submit", 200, "ERROR_ZERO_BALANCE");
    begin(KP_SUBMIT);
    expect_error(KP_E_C_ZERO_BALANCE); /* B is of another account, C is not there, D of another */
    expect_fact("key_name", "primary");
    assert_int_equal(t.w.submits, 1);
    begin(KP_TELL); /* all are found now: the same again without a look */
    expect_error(KP_OK);
    put_answer("submit", 200, "ERROR_ZERO_BALANCE");
    begin(KP_SUBMIT);
    expect_error(KP_E_C_ZERO_BALANCE);
    assert_int_equal(t.w.submits, 1);
    put_place("env:C", case_key(3), KP_FOUND, 0);
    put_answer("submit", 200, "ERROR_ZERO_BALANCE");
    begin(KP_SUBMIT);
    expect_used("key2", "env:C");
    put_answer("submit", 200, wrong_key); /* for a refused key any account will do */
    begin(KP_SUBMIT);
    expect_used("backup", "env:B");
    world_forget(&t.w);
    another_client();
    put_answer("submit", 200, "ERROR_ZERO_BALANCE");
    put_answer("submit", 200, wrong_key); /* but not behind one without funds */
    begin(KP_SUBMIT);
    expect_error(KP_E_C_ZERO_BALANCE); /* the first trouble is told */
    expect_fact("key_name", "primary");
    assert_int_equal(t.w.submits, 2);
}

static void an_address_is_no_reason_for_another_key(void **state) {
    (void)state;
    put_place("env:CAPTCHAAI_API_KEY_BACKUP", case_key(1), KP_FOUND, 0);
    option("proxy", "http://user:secret-of-proxy@proxy.example:8080");
    put_answers("balance", 200, "ERROR_IP_NOT_ALLOWED");
    for (size_t i = 0; i < 2; i++) {
        begin(KP_SOLVE);
        run();
        expect_fact("class", i ? "key" : "address");
        expect_fact("key_name", "primary");
        assert_int_equal(t.w.submits, 0);
        assert_int_equal(t.w.https, i ? 0 : 1);
        expect_text(i ? "it said ERROR_IP_NOT_ALLOWED" : "through the proxy proxy.example:8080");
        assert_null(strstr(fact("text"), "secret"));
    }
}

static void cooling_doubles(void **state) {
    (void)state;
    put_answers("balance", 200, wrong_key);
    static const unsigned seconds[] = {60, 120, 240, 480, 960, 1920, 3600, 3600};
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        begin(KP_BALANCE);
        expect_error(KP_E_C_WRONG_USER_KEY);
        assert_int_equal(number("retry_after_ms"), seconds[i] * 1000L);
        for (size_t k = 0; k < 2; k++) { /* another process first, then the same client */
            if (k == 0)
                another_client();
            begin(k ? KP_BALANCE : KP_SOLVE);
            expect_error(KP_E_KEY_COOLING);
            expect_text("it said ERROR_WRONG_USER_KEY; again in");
            assert_in_range(number("retry_after_ms"), 1, seconds[i] * 1000);
            assert_int_equal(t.w.https, 0);
        }
        t.w.mono_ms += seconds[i] * 1000 - 200;
        t.w.unix_ms += seconds[i] * 1000 - 200;
        begin(KP_BALANCE);
        expect_error(KP_E_KEY_COOLING);
        t.w.mono_ms += 400;
        t.w.unix_ms += 400;
    }
    forget_answers(); /* a success ends it */
    begin(KP_BALANCE);
    expect_error(KP_OK);
    put_answer("balance", 200, wrong_key);
    begin(KP_BALANCE);
    expect_error(KP_E_C_WRONG_USER_KEY);
    assert_int_equal(number("retry_after_ms"), 60000);
}

static void g6_one_attempt_a_minute_whoever_asks(void **state) {
    (void)state;
    enum { WORKERS = 50 };
    kp_client *clients[WORKERS];
    kp_op *ops[WORKERS];
    const char *params = "{\"sitekey\":\"a\",\"pageurl\":\"https://a.example\"}";
    size_t attempts = 0;
    put_answers("balance", 200, wrong_key);
    put_answers("submit", 200, wrong_key);
    for (size_t i = 0; i < WORKERS; i++)
        clients[i] = kp_client_new(t.config);
    for (size_t round = 0; round < 3; round++) {
        uint64_t begun = t.w.mono_ms;
        t.w.https = 0;
        size_t left = WORKERS;
        for (size_t i = 0; i < WORKERS; i++) {
            ops[i] = kp_op_new(clients[i], i % 2 ? KP_BALANCE : KP_SUBMIT);
            kp_op_set(ops[i], "method", "turnstile", 9);
            kp_op_set(ops[i], "params", params, strlen(params));
        }
        while (left > 0) { /* all at the same time */
            size_t i = world_draw(&t.w, WORKERS);
            if (!ops[i] || world_step(&t.w, ops[i]))
                continue;
            assert_true(kp_op_error(ops[i]) == KP_E_KEY_COOLING || kp_op_error(ops[i]) == KP_E_C_WRONG_USER_KEY);
            kp_op_free(ops[i]);
            ops[i] = NULL;
            left--;
        }
        attempts += t.w.https;
        assert_int_equal(t.w.https, round < 2 ? 1 - round : 1);
        assert_true(t.w.mono_ms - begun < 60000);
        if (round == 1) {
            t.w.mono_ms += 60000;
            t.w.unix_ms += 60000;
        }
    }
    assert_int_equal(attempts, 2);
    for (size_t i = 0; i < WORKERS; i++)
        kp_client_free(clients[i]);
}

/* A store that can be read but not written, as on a full disk. */
static bool read_only(world *w, const kp_op *op, char *reply, size_t size) {
    (void)w;
    if (strcmp(kp_store_arg(op, 0, NULL), "GET") == 0)
        return false;
    snprintf(reply, size, "bad disk");
    return true;
}

static void g6_a_store_that_fails(void **state) {
    (void)state;
    put_answers("balance", 200, wrong_key);
    put_answers("submit", 200, wrong_key);
    for (int writable = 0; writable < 2; writable++) {
        t.w.store_away = writable;
        t.w.store = writable ? NULL : read_only;
        another_client();
        size_t attempts = 0;
        for (size_t i = 0; i < 10; i++) {
            begin(i % 2 ? KP_SUBMIT : KP_BALANCE);
            run();
            expect_fact("class", "key");
            attempts += t.w.https;
        }
        assert_int_equal(attempts, 1);
    }
}

/* PUT fails, all else works. */
static bool forgetful(world *w, const kp_op *op, char *reply, size_t size) {
    (void)w;
    snprintf(reply, size, "bad disk");
    return strcmp(kp_store_arg(op, 0, NULL), "PUT") == 0;
}

static void a_proof_that_cannot_be_stored_counts_all_the_same(void **state) {
    (void)state;
    t.w.store = forgetful;
    uint64_t begun = t.w.mono_ms;
    begin(KP_RESULT);
    expect_error(KP_OK);
    assert_true(passed("PROBE COOL COOL GATE POLL"));
    assert_true(t.w.mono_ms - begun < 1000);
    put_answers("balance", 200, wrong_key);
    world_forget(&t.w);
    another_client();
    begin(KP_RESULT);
    expect_error(KP_E_C_WRONG_USER_KEY);
    assert_true(passed("PROBE COOL GATE READ")); /* the client knows that it cools, and looks for another key */
    assert_int_equal(t.w.https, 1);
}

static void looking_again_forgets_no_refusal(void **state) {
    (void)state;
    put_answer("balance", 200, wrong_key);
    begin(KP_BALANCE);
    expect_error(KP_E_C_WRONG_USER_KEY);
    t.w.store_away = true;
    begin(KP_TELL); /* reads the same key again */
    expect_error(KP_OK);
    begin(KP_BALANCE);
    expect_error(KP_E_KEY_COOLING);
    assert_int_equal(t.w.https, 0);
    forget_places();
    put_place("env:CAPTCHAAI_API_KEY", case_key(1), KP_FOUND,
              0); /* another key at the same place may be tried at once */
    begin(KP_TELL);
    expect_error(KP_OK);
    begin(KP_BALANCE);
    expect_error(KP_OK);
}

static void pass(uint64_t seconds) {
    t.w.mono_ms += seconds * 1000;
    t.w.unix_ms += (int64_t)seconds * 1000;
}

static void an_error_names_the_key_that_it_is_about(void **state) {
    (void)state;
    option("keys", "[\"env:NOWHERE\",\"env:CAPTCHAAI_API_KEY\",\"env:SECOND\"]");
    put_place("env:SECOND", case_key(1), KP_FOUND, 0);
    put_answers("balance", 200, wrong_key);
    for (size_t i = 0; i < 2; i++) { /* the second one is refused for the second time now */
        begin(KP_VERIFY);
        set("key", "env:SECOND");
        expect_error(KP_E_C_WRONG_USER_KEY);
        pass(130);
    }
    begin(KP_SUBMIT);
    expect_error(KP_E_C_WRONG_USER_KEY);
    expect_fact("key_name", "backup");
    expect_fact("source", "env:CAPTCHAAI_API_KEY");
    assert_int_equal(number("retry_after_ms"), 60000); /* that of this key, not of the last one */
    assert_int_equal(t.w.https, 2);
    begin(KP_SUBMIT);
    expect_error(KP_E_KEY_COOLING);
    expect_fact("key_name", "backup");
    assert_in_range(number("retry_after_ms"), 50000, 60000);
    option("keys", "[\"env:CAPTCHAAI_API_KEY\",\"env:SECOND\"]");
    another_client();
    begin(KP_TELL); /* both are found before */
    expect_error(KP_OK);
    begin(KP_SUBMIT);
    expect_error(KP_E_KEY_COOLING);
    expect_fact("key_name", "primary");
    assert_true(passed("NEW GATE READ READ GATE READ READ GATE DONE")); /* refused keys are looked for anew */
}

static void each_key_is_proven_for_itself(void **state) {
    (void)state;
    put_place("env:CAPTCHAAI_API_KEY_BACKUP", case_key(1), KP_FOUND, 0);
    put_answer("submit", 200, wrong_key);
    begin(KP_SUBMIT);
    expect_used("backup", "env:CAPTCHAAI_API_KEY_BACKUP");
    assert_true(
        passed("PROBE COOL COOL GATE ADMIT SUBMIT COOL REFUND READ READ READ READ GATE MARK GATE CLAIM PROBE COOL COOL "
               "GATE ADMIT SUBMIT"));
}

static void a_stop_ends_the_search_for_another_key(void **state) {
    (void)state;
    put_place("env:CAPTCHAAI_API_KEY_BACKUP", case_key(1), KP_FOUND, 0);
    put_answer("submit", 200, wrong_key);
    begin(KP_SUBMIT);
    assert_true(reach("REFUND"));
    kp_op_cancel(t.op);
    expect_error(KP_E_C_WRONG_USER_KEY);
    assert_true(passed("REFUND DONE"));
}

static void a_ban_stops_every_key(void **state) {
    (void)state;
    static const int kinds[] = {KP_BALANCE, KP_VERIFY, KP_SUBMIT, KP_SOLVE, KP_RESULT, KP_WAIT, KP_REPORT};
    put_place("env:CAPTCHAAI_API_KEY_BACKUP", case_key(1), KP_FOUND, 0);
    put_place("env:OTHER", case_key(2), KP_FOUND, 0);
    put_answer("balance", 200, "IP_BANNED");
    begin(KP_SOLVE);
    expect_error(KP_E_C_IP_BANNED);
    assert_int_equal(number("retry_after_ms"), 300000);
    expect_text("directly");
    assert_int_equal(t.w.https, 1);
    for (size_t i = 0; i < 14; i++) {
        if (i == 7)
            another_client();
        begin(kinds[i % 7]);
        if (i % 2)
            set("key", "env:OTHER");
        expect_error(KP_E_BANNED);
        expect_fact("class", "address");
        expect_text("again in 5 min");
        assert_in_range(number("retry_after_ms"), 299000, 300000);
        assert_int_equal(t.w.https, 0);
    }
    t.w.mono_ms += 300000;
    t.w.unix_ms += 300000;
    begin(KP_SOLVE);
    expect_error(KP_OK);
    option("source_address", "192.0.2.1"); /* another egress is another matter */
    put_answer("submit", 200, "IP_BANNED");
    begin(KP_SOLVE);
    expect_error(KP_E_C_IP_BANNED);
    another_client();
    begin(KP_SOLVE);
    expect_error(KP_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(backup_when_the_primary_is_refused_at_submit),
        CASE(refused_one_after_the_other),
        CASE(the_first_error_stays_when_no_other_key_is_there),
        CASE(funds_of_the_same_account_only),
        CASE(an_address_is_no_reason_for_another_key),
        CASE(cooling_doubles),
        CASE(g6_one_attempt_a_minute_whoever_asks),
        CASE(g6_a_store_that_fails),
        CASE(a_proof_that_cannot_be_stored_counts_all_the_same),
        CASE(looking_again_forgets_no_refusal),
        CASE(an_error_names_the_key_that_it_is_about),
        CASE(each_key_is_proven_for_itself),
        CASE(a_stop_ends_the_search_for_another_key),
        CASE(a_ban_stops_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
