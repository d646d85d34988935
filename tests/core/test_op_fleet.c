/* test_op_fleet.c: what processes that share a store tell each other of keys: which one comes first, which are revoked,
 * who used which and since when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/client.h"
#include "failing.h"
#include "fleet_case.h"

static void keep_fingerprint(char out[16]) {
    snprintf(out, 16, "%s", fact("fingerprint"));
}

static void undo(const char *fingerprint) {
    make(KP_REVOKE);
    set("what", fingerprint);
    set("undo", "1");
    expect_error(KP_OK);
}

static void two_keys(void) {
    option("keys", "[\"env:CAPTCHAAI_API_KEY\",\"env:SPARE\"]");
    put_place("env:SPARE", case_key(1), KP_FOUND, 0);
}

/* ---- Which one comes first ---- */

static void a_member_that_is_preferred_comes_first(void **state) {
    (void)state;
    two_keys();
    good(KP_SUBMIT);
    expect_fact("key_name", "primary");
    manage(KP_USE, "backup");
    good(KP_SUBMIT);
    expect_fact("key_name", "backup");
    good(KP_BALANCE);
    expect_fact("key_name", "backup");
    another_client();
    good(KP_SUBMIT); /* it hears of it at its first call */
    expect_fact("key_name", "backup");
    expect_told("\"name\":\"backup\",\"masked\":\"***");
    assert_non_null(strstr(fact("answer"), "\"preferred\":true"));
    manage(KP_USE, "");
    good(KP_SUBMIT);
    expect_fact("key_name", "primary");
    assert_null(strstr(tell(), "\"preferred\":true"));
}

static void a_preferred_one_without_a_key_is_passed(void **state) {
    (void)state;
    two_keys();
    forget_places();
    put_place("env:CAPTCHAAI_API_KEY", t.secrets[0], KP_FOUND, 0);
    manage(KP_USE, "backup");
    good(KP_SUBMIT);
    expect_fact("key_name", "primary");
    good(KP_SUBMIT);
    expect_fact("key_name", "primary");
}

static void a_preferred_one_that_is_refused_falls_back(void **state) {
    (void)state;
    two_keys();
    good(KP_SUBMIT);
    manage(KP_USE, "backup");
    put_answer("balance", 200, "ERROR_WRONG_USER_KEY");
    good(KP_SUBMIT);
    expect_fact("key_name", "primary");
    assert_int_equal(t.w.submits, 1);
}

static void a_task_stays_with_its_key(void **state) {
    (void)state;
    two_keys();
    good(KP_SUBMIT);
    char task[128];
    snprintf(task, sizeof task, "%s", fact("task"));
    manage(KP_USE, "backup");
    make(KP_WAIT);
    set("task", task);
    expect_error(KP_OK);
    expect_fact("key_name", "primary");
}

/* ---- Which nobody shall use ---- */

static void a_revoked_key_is_used_by_nobody(void **state) {
    (void)state;
    static const int kinds[] = {KP_SUBMIT, KP_SOLVE, KP_BALANCE, KP_VERIFY, KP_WAIT, KP_RESULT, KP_REPORT};
    char fingerprint[16];
    good(KP_SUBMIT);
    snprintf(fingerprint, sizeof fingerprint, "%s", fact("fingerprint"));
    manage(KP_REVOKE, fingerprint);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (i == 3)
            another_client();
        begin(kinds[i]);
        expect_error(KP_E_KEY_REVOKED);
        expect_text("primary ***");
        assert_int_equal(t.w.https, 0);
    }
    t.w.store_away = true; /* this client has heard of it */
    begin(KP_SUBMIT);
    expect_error(KP_E_KEY_REVOKED);
    t.w.store_away = false;
    expect_told("\"state\":\"revoked\"");
    undo(fingerprint);
    good(KP_SUBMIT);
    expect_told("\"state\":\"current\"");
}

static void the_next_key_serves_for_a_revoked_one(void **state) {
    (void)state;
    two_keys();
    good(KP_SUBMIT);
    char task[128], fingerprint[16];
    snprintf(task, sizeof task, "%s", fact("task"));
    snprintf(fingerprint, sizeof fingerprint, "%s", fact("fingerprint"));
    manage(KP_REVOKE, fingerprint);
    good(KP_SUBMIT);
    expect_fact("key_name", "backup");
    make(KP_WAIT); /* a task of the revoked key: the other one of the account is asked */
    set("task", task);
    expect_error(KP_OK);
    expect_fact("key_name", "backup");
}

static void what_it_was_before_is_told(void **state) {
    (void)state;
    static const char revoked[] = "{\"fingerprint\":\"0123abcd\",\"state\":\"revoked\",\"changed\":";
    static const char given_back[] = "{\"fingerprint\":\"0123abcd\",\"state\":\"given back\",\"changed\":";
    char want[100];
    for (int i = 0; i < 2; i++) {
        manage(KP_REVOKE, "0123abcd");
        snprintf(want, sizeof want, "%s%s}", revoked, i == 0 ? "true" : "false");
        expect_fact("answer", want);
    }
    for (int i = 0; i < 2; i++) {
        undo("0123abcd");
        snprintf(want, sizeof want, "%s%s}", given_back, i == 0 ? "true" : "false");
        expect_fact("answer", want);
    }
}

static void the_state_goes_away_in_the_middle(void **state) {
    (void)state;
    make(KP_REVOKE);
    set("what", "0123abcd");
    assert_true(reach("MARK"));
    step();
    t.w.store_away = true;
    expect_error(KP_E_STORE);
}

/* However many came later: the names of the ring hold no more than 32. */
static void a_revoked_key_stays_revoked(void **state) {
    (void)state;
    char fingerprint[16], other[16];
    good(KP_SUBMIT);
    keep_fingerprint(fingerprint);
    manage(KP_REVOKE, fingerprint);
    for (unsigned i = 0; i < 40; i++) {
        snprintf(other, sizeof other, "%08x", i);
        manage(KP_REVOKE, other);
    }
    manage(KP_USE, "");
    pass_time(500 * day);
    another_client();
    begin(KP_SUBMIT);
    expect_error(KP_E_KEY_REVOKED);
    write_over("ring/", ",,damaged");
    write_over("revoked/", "damaged");
    another_client();
    begin(KP_SUBMIT);
    expect_error(KP_E_KEY_REVOKED);
}

/* Hosts of one fleet go out over addresses of their own, and profiles can hold the same key. */
static void a_revoked_key_is_revoked_on_every_way(void **state) {
    (void)state;
    char fingerprint[16];
    option("node", "web1");
    good(KP_SUBMIT);
    keep_fingerprint(fingerprint);
    pass_time(HOUR);
    option("source_address", "127.0.0.2");
    option("node", "web2");
    another_client();
    expect_told("\"hosts\":[{\"host\":\"web1\",");
    manage(KP_REVOKE, fingerprint);
    option("source_address", "127.0.0.3");
    option("profiles", "{\"live\":{}}");
    option("profile", "live");
    another_client();
    begin(KP_SUBMIT);
    expect_error(KP_E_KEY_REVOKED);
    expect_told("\"state\":\"revoked\"");
}

static void what_is_preferred_is_so_on_every_way(void **state) {
    (void)state;
    two_keys();
    manage(KP_USE, "backup");
    option("source_address", "127.0.0.2");
    another_client();
    good(KP_SUBMIT);
    expect_fact("key_name", "backup");
}

/* ---- Who used which, since when ---- */

static void a_use_is_told_once_in_ten_minutes(void **state) {
    (void)state;
    option("node", "web 1");
    good(KP_SUBMIT);
    assert_true(passed("READ GATE MARK GATE"));
    good(KP_SUBMIT);
    assert_false(passed("MARK"));
    assert_non_null(strstr(world_value(&t.w, "used/"), "web-1="));
    char first[64], again[64];
    snprintf(first, sizeof first, "%s", world_value(&t.w, "keys/"));
    assert_memory_equal(first, fact("fingerprint"), 8);
    assert_memory_equal(first + 9, fact("key") + 3, 4);
    pass_time(10 * MINUTE);
    t.w.store_away = true;
    good(KP_SUBMIT);
    assert_false(passed("MARK"));
    t.w.store_away = false;
    good(KP_SUBMIT);
    assert_true(passed("MARK"));
    snprintf(again, sizeof again, "%s", world_value(&t.w, "keys/"));
    assert_string_equal(first, again); /* when it was first seen stays */
    another_client();
    pass_time(day);
    good(KP_SUBMIT);
    assert_true(passed("MARK"));
    assert_string_equal(first, world_value(&t.w, "keys/"));
    expect_told("\"age_days\":1,\"age\":\"fresh\"");
}

/* A key that is not of the ring has no place in it. */
static void a_candidate_cannot_be_managed(void **state) {
    (void)state;
    static const int kinds[] = {KP_REFRESH, KP_USE, KP_REVOKE};
    put_place("env:NEW", case_key(1), KP_FOUND, 0);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        make(kinds[i]);
        set("what", kinds[i] == KP_REVOKE ? "0123abcd" : "key9");
        set("key", "env:NEW");
        expect_error(KP_E_MISUSE);
        expect_text("\"key\"");
    }
}

/* ---- Wrong use, a store that is away ---- */

static void what_cannot_be_told_is_said(void **state) {
    (void)state;
    static const struct {
        int kind;
        const char *what, *text;
    } wrong[] = {{KP_USE, "bakup", "there are primary, backup"},
                 {KP_REVOKE, "primary", "no fingerprint"},
                 {KP_REVOKE, "", "no fingerprint"},
                 {KP_REVOKE, "0123ABCD", "no fingerprint"},
                 {KP_REVOKE, "0123abcd0", "no fingerprint"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        make(wrong[i].kind);
        set("what", wrong[i].what);
        expect_error(KP_E_MISUSE);
        expect_text(wrong[i].text);
    }
    t.w.store_away = true;
    make(KP_USE);
    set("what", "backup");
    expect_error(KP_E_STORE);
    make(KP_REVOKE);
    set("what", "0123abcd");
    expect_error(KP_E_STORE);
    expect_fact("class", "store");
}

/* ---- A proof now ---- */

static void a_key_that_cools_is_proven_on_demand(void **state) {
    (void)state;
    put_answer("balance", 200, "ERROR_WRONG_USER_KEY");
    put_answer("balance", 200, "ERROR_WRONG_USER_KEY");
    begin(KP_VERIFY);
    expect_error(KP_E_C_WRONG_USER_KEY);
    pass_time(MINUTE);
    begin(KP_VERIFY);
    expect_error(KP_E_C_WRONG_USER_KEY); /* now it cools for two minutes */
    pass_time(MINUTE);
    begin(KP_VERIFY);
    expect_error(KP_E_KEY_COOLING);
    assert_int_equal(t.w.https, 0);
    make(KP_VERIFY);
    set("now", "1");
    expect_error(KP_OK);
    assert_int_equal(t.w.https, 1);
    good(KP_SUBMIT);
}

static void g6_a_proof_on_demand_is_one_a_minute(void **state) {
    (void)state;
    put_answers("balance", 200, "ERROR_WRONG_USER_KEY");
    size_t calls = 0;
    uint64_t begun = t.w.mono_ms;
    for (int i = 0; i < 50; i++) {
        make(KP_VERIFY);
        set("now", "1");
        set("timeout_ms", "5000");
        assert_int_not_equal(run(), KP_OK);
        calls += t.w.https;
        pass_time(1000);
    }
    begin(KP_VERIFY);
    set("now", "1");
    set("timeout_ms", "5000");
    expect_error(KP_E_TIMEOUT);
    expect_text("once a minute at most; it may be in ");
    assert_true(calls <= (t.w.mono_ms - begun) / MINUTE + 1);
    assert_true(calls >= 2);
    make(KP_SUBMIT); /* it is for proofs alone */
    set("method", "turnstile");
    set("params", "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\"}");
    set("now", "1");
    expect_error(KP_E_KEY_COOLING);
    assert_int_equal(t.w.https, 0);
}

/* Each allocation fails in turn, once and from there on: an end, with a code or with an answer that is whole. */
static void memory_short_at_every_place(void **state) {
    (void)state;
    static const struct {
        int kind;
        const char *what;
    } ops[] = {{KP_TELL, "keys"},       {KP_TELL, "places"},     {KP_USE, "backup"},
               {KP_REVOKE, "0123abcd"}, {KP_REFRESH, "primary"}, {KP_SUBMIT, ""}};
    option("keys", "[{\"name\":\"primary\",\"from\":\"env:CAPTCHAAI_API_KEY\",\"window\":\"00:00-24:00;01:00-02:00 "
                   "Europe/Berlin\"},"
                   "{\"name\":\"backup\",\"from\":\"env:SPARE\",\"not_after\":\"2999-01-01\"}]");
    put_place("env:SPARE", case_key(1), KP_FOUND, 0);
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        for (int from_there_on = 0; from_there_on < 2; from_there_on++) {
            bool failed = true;
            for (size_t n = 0; failed; n++) {
                another_client();
                t.op = kp_op_new(t.client, ops[i].kind);
                assert_non_null(t.op);
                set("what", ops[i].what);
                set("method", "turnstile");
                set("params", "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\"}");
                failing_start(n, from_there_on);
                size_t steps = world_run(&t.w, t.op, 2000);
                failed = failing_stop();
                assert_true(steps > 0);
                no_secret_told();
                if (ops[i].kind == KP_TELL && !kp_op_error(t.op))
                    assert_int_equal(fact("answer")[strlen(fact("answer")) - 1], ']');
                if (!failed)
                    assert_int_equal(kp_op_error(t.op), KP_OK);
            }
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_member_that_is_preferred_comes_first),
        CASE(a_preferred_one_without_a_key_is_passed),
        CASE(a_preferred_one_that_is_refused_falls_back),
        CASE(a_task_stays_with_its_key),
        CASE(a_revoked_key_is_used_by_nobody),
        CASE(the_next_key_serves_for_a_revoked_one),
        CASE(what_it_was_before_is_told),
        CASE(the_state_goes_away_in_the_middle),
        CASE(a_revoked_key_stays_revoked),
        CASE(a_revoked_key_is_revoked_on_every_way),
        CASE(what_is_preferred_is_so_on_every_way),
        CASE(a_use_is_told_once_in_ten_minutes),
        CASE(a_candidate_cannot_be_managed),
        CASE(what_cannot_be_told_is_said),
        CASE(a_key_that_cools_is_proven_on_demand),
        CASE(memory_short_at_every_place),
        CASE(g6_a_proof_on_demand_is_one_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
