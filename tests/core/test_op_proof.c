/* test_op_proof.c: the proof of a new key by one balance call, for all processes of the host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_case.h"

/* ---- Proof ---- */

static void a_new_key_is_proven_once(void **state) {
    (void)state;
    begin(KP_SOLVE);
    expect_error(KP_OK);
    assert_true(passed("CLAIM PROBE COOL COOL GATE ADMIT"));
    begin(KP_SOLVE);
    expect_error(KP_OK);
    assert_false(passed("CLAIM"));
    another_client();
    begin(KP_SOLVE);
    expect_error(KP_OK);
    assert_false(passed("CLAIM"));
}

static void waits_for_the_proof_of_another_process(void **state) {
    (void)state;
    option("poll.first", "1s");
    begin(KP_BALANCE);
    assert_true(reach("POLL")); /* has the claim, and is not done */
    kp_op *first = t.op;
    kp_client *client = t.client;
    t.op = NULL;
    t.client = kp_client_new(t.config);
    begin(KP_SOLVE);
    set("timeout_ms", "10000");
    expect_error(KP_E_TIMEOUT);
    expect_text("another process was proving the key");
    assert_int_equal(t.w.https, 0);
    begin(KP_SOLVE);
    assert_true(reach("PROVING"));
    while (world_step(&t.w, first))
        ;
    assert_int_equal(kp_op_error(first), 0);
    expect_error(KP_OK);
    assert_false(passed("PROBE"));
    kp_op_free(first);
    kp_client_free(client);
}

static void without_proof_it_goes_on(void **state) {
    (void)state;
    for (size_t i = 0; i < 3; i++) { /* nothing was learnt about the key */
        world_forget(&t.w);
        if (i == 2)
            put_loss("balance", KP_NET_RESET, KP_MAYBE_SENT);
        else
            put_answer("balance", i ? 502 : 200, "<html>");
        another_client();
        begin(i == 1 ? KP_RESULT : KP_SOLVE);
        expect_error(KP_OK);
        assert_non_null(world_value(&t.w, "good/"));   /* what was accepted is the proof */
        assert_null(world_value(&t.w, "rate probe/")); /* the claim is given back */
    }
    put_answer("balance", 200, "ERROR_ZERO_BALANCE"); /* that it is known is proof */
    another_client();
    begin(KP_SUBMIT);
    run();
    assert_non_null(world_value(&t.w, "good/"));
}

static void a_claim_is_given_back_when_stopped(void **state) {
    (void)state;
    put_answers("balance", 503, "");
    begin(KP_BALANCE);
    assert_true(reach("POLLWAIT"));
    assert_non_null(world_value(&t.w, "rate probe/"));
    kp_op_cancel(t.op);
    expect_error(KP_E_CANCELLED);
    assert_null(world_value(&t.w, "rate probe/"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_new_key_is_proven_once),
        CASE(waits_for_the_proof_of_another_process),
        CASE(without_proof_it_goes_on),
        CASE(a_claim_is_given_back_when_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
