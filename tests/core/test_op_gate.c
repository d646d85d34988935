/* test_op_gate.c: replies of a store that are late, odd or hostile, and what has to be said to it in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_case.h"

static const char *said, *said_in;

static bool says(world *w, const kp_op *op, char *reply, size_t size) {
    (void)w;
    if (strcmp(kp_op_get(op, "state", NULL), said_in) != 0)
        return false;
    snprintf(reply, size, "%s", said);
    return true;
}

static int run_with(int kind, const char *in, const char *reply) {
    said_in = in;
    said = reply;
    t.w.store = says;
    begin(kind);
    return run();
}

/* The text that is no reply, or only the beginning of one, is as good as a store that is away. */
static void what_is_no_reply(void **state) {
    (void)state;
    static const char *const replies[] = {"",
                                          " ",
                                          "ok",
                                          "ok ",
                                          "ok x",
                                          "ok -5 - - - -",
                                          "no",
                                          "no x",
                                          "OK 5",
                                          "okay 5",
                                          "bad verb",
                                          "no 1790000000000",
                                          "no 1790000000000 gate",
                                          "no 1790000000000 gate x y z",
                                          "no -9223372036854775808 gate 0 0 9223372036854775807",
                                          "ok 99999999999999999999 1",
                                          "ok -9223372036854775808 9223372036854775807"};
    static const char *const states[] = {"GATE", "CLAIM", "ADMIT", "COOL"};
    for (size_t s = 0; s < 4; s++)
        for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
            world_forget(&t.w);
            another_client();
            int code = run_with(KP_SOLVE, states[s], replies[i]);
            if (code != KP_OK)
                fail_msg("%s: '%s': %s [%s]", states[s], replies[i], kp_error_name(code), t.trace);
            assert_int_equal(t.w.submits, 1);
            assert_true((strstr(fact("flags"), "uncounted") != NULL) == (s == 2));
        }
}

static void a_refusal_that_nobody_asked_for(void **state) {
    (void)state;
    assert_int_equal(run_with(KP_SOLVE, "GATE", "no 1790000000000 1790000900000 1790000900000 1 0"), KP_OK);
    world_forget(&t.w);
    another_client();
    assert_int_equal(run_with(KP_SOLVE, "COOL", "no 1790000000000 gate 0 0 1790000900000"), KP_OK);
}

static void refusals_by_their_item(void **state) {
    (void)state;
    static const struct {
        const char *reply;
        int code;
        const char *text;
    } refusals[] = {
        {"no 1790000000000 gate 0 0 1790000060000", KP_E_BANNED, "again in 1 min"},
        {"no 1790000000000 gate 1 0 1790000060000", KP_E_KEY_COOLING, "again in 1 min"},
        {"no 1790000000000 gate 2 0 1790000060000", KP_E_PAUSED, "again in 1 min"},
        {"no 1790000000000 rate 3 0 1790000000500", KP_E_LIMIT, "again in 500 ms"},
        {"no 1790000000000 budget -3 0 5", KP_E_LIMIT, "again in"},
        {"no 0 gate 0 0 9223372036854775807", KP_E_BANNED, "again in"},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        int code = run_with(KP_SOLVE, "ADMIT", refusals[i].reply);
        assert_int_equal(code, refusals[i].code);
        expect_text(refusals[i].text);
        assert_true(!fact("retry_after_ms") || number("retry_after_ms") > 0);
        assert_int_equal(t.w.submits, 0);
    }
}

static void cooled_between_gate_and_admission(void **state) {
    (void)state;
    for (int found = 0; found < 2; found++) {
        if (found)
            put_place("env:CAPTCHAAI_API_KEY_BACKUP", case_key(1), KP_FOUND, 0);
        another_client();
        begin(KP_SOLVE);
        said_in = "ADMIT";
        said = "no 1790000000000 gate 1 0 1790000060000";
        t.w.store = says;
        while (!passed("ADMIT"))
            assert_true(step());
        t.w.store = NULL;
        expect_error(found ? KP_OK : KP_E_KEY_COOLING);
        expect_fact("key_name", found ? "backup" : "primary");
        assert_true(passed("ADMIT READ"));
    }
}

static void refused_in_the_meantime_by_another_process(void **state) {
    (void)state;
    static const char *const bodies[] = {"ERROR_WRONG_USER_KEY", "IP_BANNED"};
    for (size_t i = 0; i < 2; i++) {
        world_forget(&t.w);
        another_client();
        begin(KP_SUBMIT);
        assert_true(reach("ADMIT"));
        put_answer("balance", 200, bodies[i]);
        kp_client *client = kp_client_new(t.config);
        kp_op *other = kp_op_new(client, KP_BALANCE);
        assert_int_not_equal(world_run(&t.w, other, 100), 0);
        assert_string_equal(kp_error_name(kp_op_error(other)), bodies[i]);
        kp_op_free(other);
        kp_client_free(client);
        expect_error(i ? KP_E_BANNED : KP_E_KEY_COOLING);
        assert_int_equal(t.w.submits, 0);
    }
}

static void a_later_admission_waits(void **state) {
    (void)state;
    char reply[64];
    snprintf(reply, sizeof reply, "ok %lld %lld", (long long)t.w.unix_ms, (long long)t.w.unix_ms + 9000);
    uint64_t begun = t.w.mono_ms;
    assert_int_equal(run_with(KP_SUBMIT, "ADMIT", reply), KP_OK);
    assert_true(t.w.mono_ms - begun >= 9000);
    assert_int_equal(t.w.submits, 1);
    /* Later than ever: the deadline ends it, and nothing is sent. */
    assert_int_equal(run_with(KP_SUBMIT, "ADMIT", "ok 0 9223372036854775807"), KP_E_TIMEOUT);
    assert_int_equal(t.w.submits, 0);
    assert_true(passed("HOLD REFUND"));
}

static void gates_far_in_the_future(void **state) {
    (void)state;
    assert_int_equal(run_with(KP_BALANCE, "GATE", "ok 5 9223372036854775807 - - -"), KP_E_BANNED);
    assert_true(number("retry_after_ms") > 0);
    assert_int_equal(run_with(KP_BALANCE, "GATE", "ok 5 - 9223372036854775807 1 3:200"), KP_E_KEY_COOLING);
    expect_text("it said ERROR_WRONG_USER_KEY");
    static const char *const counts[] = {"-1:200", "99999999999:200", "3:-4", "3:99999", "3", ":", "3:200:1", "x:y"};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        char reply[80];
        snprintf(reply, sizeof reply, "ok 5 - - 1 %s", counts[i]);
        put_answer("balance", 200, "ERROR_WRONG_USER_KEY");
        another_client();
        assert_int_equal(run_with(KP_BALANCE, "GATE", reply), KP_E_C_WRONG_USER_KEY);
        assert_int_equal(number("retry_after_ms"), i == 1 ? 3600000 : 60000);
    }
}

static void random_replies_do_no_harm(void **state) {
    (void)state;
    static const char *const words[] = {"ok",
                                        "no",
                                        "-",
                                        "0",
                                        "1",
                                        "gate",
                                        "-1",
                                        "9223372036854775807",
                                        "1790000060000",
                                        "-9223372036854775808",
                                        "1:200",
                                        "bad",
                                        "1790000000000"};
    static const char *const states[] = {"GATE", "CLAIM", "ADMIT", "COOL", "REFUND"};
    for (size_t n = 0; n < 400; n++) {
        char reply[256] = "";
        size_t count = world_draw(&t.w, 8), len = 0;
        for (size_t i = 0; i < count; i++)
            len += (size_t)snprintf(reply + len, sizeof reply - len, "%s ",
                                    words[i ? world_draw(&t.w, 13) : world_draw(&t.w, 2)]);
        if (n % 5 == 4)
            put_answer("submit", 200, "ERROR_ZERO_BALANCE");
        if (n % 20 == 0) {
            world_forget(&t.w);
            another_client();
            forget_answers();
        }
        run_with(n % 3 ? KP_SOLVE : KP_TELL, states[n % 5], reply);
        assert_in_range(t.w.submits, 0, 1);
    }
}

/* After the deadline, too, there is some time to tell the store and the record how it ended. */
static void settling_has_its_time(void **state) {
    (void)state;
    option("audit.file", "/x");
    begin(KP_SOLVE);
    set("timeout_ms", "30000");
    assert_true(reach("SUBMIT"));
    put_answer("submit", 200, "ERROR_BAD_PARAMETERS")->takes_ms = 29500;
    assert_true(step());
    assert_string_equal(fact("state"), "REFUND");
    t.w.mono_ms += 3000;
    kp_on_time(t.op, t.w.mono_ms, t.w.unix_ms, 0);
    assert_true(kp_op_until(t.op) > t.w.mono_ms);
    uint64_t until = kp_op_until(t.op);
    kp_on_time(t.op, t.w.mono_ms + 100, t.w.unix_ms, 0);
    assert_int_equal(kp_op_until(t.op), until); /* it does not move along */
    assert_true(step());
    assert_string_equal(fact("state"), "OUTCOME");
    assert_true(kp_op_until(t.op) > t.w.mono_ms);
    expect_error(KP_E_C_BAD_PARAMETERS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(what_is_no_reply),
        CASE(a_refusal_that_nobody_asked_for),
        CASE(refusals_by_their_item),
        CASE(cooled_between_gate_and_admission),
        CASE(refused_in_the_meantime_by_another_process),
        CASE(a_later_admission_waits),
        CASE(gates_far_in_the_future),
        CASE(random_replies_do_no_harm),
        CASE(settling_has_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
