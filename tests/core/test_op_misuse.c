/* test_op_misuse.c: every public function with NULL, at the wrong time and with wrong values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_case.h"

static void null_everywhere(void **state) {
    (void)state;
    size_t len = 7;
    char out[4] = "abc";
    kp_config_free(NULL);
    assert_int_not_equal(kp_config_set(NULL, "a", "b"), 0);
    assert_int_not_equal(kp_config_load(NULL, "{}", 2), 0);
    assert_non_null(kp_config_problem(NULL));
    assert_null(kp_config_get(NULL, "timeout"));
    kp_client_free(NULL);
    assert_null(kp_client_option(NULL, "timeout"));
    kp_op_free(NULL);
    kp_op_cancel(NULL);
    assert_int_equal(kp_op_cancelled(NULL), 0);
    assert_int_not_equal(kp_op_set(NULL, "a", "b", 1), 0);
    assert_int_equal(kp_op_step(NULL), KP_DONE);
    assert_int_equal(kp_op_until(NULL), 0);
    assert_int_equal(kp_op_limit(NULL), 0);
    assert_int_equal(kp_op_error(NULL), 0);
    assert_null(kp_op_get(NULL, "answer", &len));
    assert_int_equal(len, 0);
    kp_on_time(NULL, 1, 2, 3);
    kp_on_status(NULL, 200);
    kp_on_header(NULL, "a", 1, "b", 1);
    assert_int_not_equal(kp_on_body(NULL, "a", 1), 0);
    kp_on_end(NULL, KP_NET_OK, KP_MAYBE_SENT);
    kp_on_read(NULL, KP_FOUND, 0, 5);
    kp_on_store(NULL, 0, "ok 1", 4);
    kp_on_append(NULL, 0);
    assert_int_equal(kp_http_flags(NULL), 0);
    assert_null(kp_http_method(NULL));
    assert_null(kp_http_url(NULL));
    assert_null(kp_http_shown_url(NULL));
    assert_null(kp_http_proxy(NULL));
    assert_null(kp_http_source(NULL));
    assert_null(kp_http_ca_file(NULL));
    assert_int_equal(kp_http_connect_ms(NULL), 0);
    assert_null(kp_http_header(NULL, 0, NULL));
    assert_null(kp_http_body(NULL, &len));
    assert_null(kp_read_name(NULL));
    assert_null(kp_read_room(NULL));
    assert_null(kp_store_arg(NULL, 0, &len));
    assert_null(kp_append_path(NULL));
    assert_null(kp_append_seal(NULL, NULL, 0, &len));
    assert_null(kp_append_checkpoint(NULL, &len));
    assert_int_equal(kp_redact_line(NULL, 3, out, sizeof out), 0);
    assert_string_equal(out, "");
    assert_int_equal(kp_redact_line("abcdefgh", 8, out, sizeof out), 8);
    assert_string_equal(out, "abc");
    assert_int_equal(kp_redact_line("abcdefgh", 8, NULL, 0), 8);
    assert_int_equal(kp_abi(), KP_ABI);
    assert_string_equal(kp_version(), KP_VERSION);
}

static void without_client_or_configuration(void **state) {
    (void)state;
    kp_op *op = kp_op_new(NULL, KP_SOLVE);
    assert_int_equal(kp_op_step(op), KP_TIME);
    assert_int_equal(kp_op_until(op), 0);
    assert_int_equal(kp_op_error(op), 0);
    static const char *const names[] = {"provider", "key",  "source", "flags",  "task",
                                        "answer",   "text", "unit",   "balance"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        kp_op_get(op, names[i], NULL);
    kp_op_set(op, "method", "turnstile", 9);
    kp_on_time(op, 5, 6, 7);
    assert_int_equal(kp_op_step(op), KP_DONE);
    assert_int_equal(kp_op_error(op), KP_E_MISUSE);
    assert_non_null(strstr(kp_op_get(op, "text", NULL), "without a client"));
    kp_op_free(op);
    op = kp_op_new(NULL, KP_SOLVE);
    kp_op_cancel(op);
    kp_on_time(op, 5, 6, 7);
    assert_int_equal(kp_op_error(op), KP_E_MISUSE);
    kp_op_free(op);
    kp_client *client = kp_client_new(NULL); /* the defaults */
    assert_string_equal(kp_client_option(client, "provider"), "captchaai");
    kp_client_free(client);
}

static void a_bad_configuration_is_told_by_each_operation(void **state) {
    (void)state;
    kp_config_set(t.config, "timeuot", "3");
    for (int kind = KP_BALANCE; kind <= KP_TELL; kind++) {
        begin(kind);
        expect_error(KP_E_CONFIG);
        expect_text("did you mean 'timeout'");
        assert_int_equal(t.w.https + t.w.reads + t.w.stores, 0);
    }
    static const char *const keys[] = {"[]", "{", "[{\"from\":[]}]", "plain-text-that-is-no-reference", "[3]"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        kp_config_free(t.config);
        t.config = kp_config_new();
        kp_config_set(t.config, "keys", keys[i]);
        another_client();
        begin(KP_BALANCE);
        assert_string_equal(kp_error_class(run()), "usage");
        assert_null(strstr(fact("text"), "plain-text"));
    }
}

/* kp_op_set: says that it is wrong, and the operation ends with it. */
static void expect_misuse(const char *name, const char *value, size_t len, const char *text) {
    begin(KP_VERIFY);
    assert_int_equal(kp_op_set(t.op, name, value, len), KP_E_MISUSE);
    kp_op_set(t.op, "nonsense", "x", 1); /* the first one sticks */
    expect_error(KP_E_MISUSE);
    expect_text(text);
    assert_null(strstr(fact("text"), "nonsense"));
    assert_int_equal(t.w.reads + t.w.stores + t.w.https, 0);
}

static void what_is_set_wrongly(void **state) {
    (void)state;
    expect_misuse("methud", "x", 1, "kp_op_set \"methud\": there is no such name");
    expect_misuse("a\nb", "x", 1, "a b");
    expect_misuse("", "x", 1, "there is no such name");
    expect_misuse(NULL, "x", 1, "must be there");
    expect_misuse("task", NULL, 0, "kp_op_set \"task\": name and value must be there");
    expect_misuse("params", "{}\0x", 4, "kp_op_set \"params\": the text has a NUL byte");
    expect_misuse("good", "yes", 3, "kp_op_set \"good\": it is 0 or 1");
    expect_misuse("sync", "", 0, "it is 0 or 1");
    expect_misuse("dry_run", "01", 2, "it is 0 or 1");
    static const char *const times[] = {"", "-1", "1s", "1.5", "99999999999999999999", "31622400001"};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        expect_misuse("timeout_ms", times[i], strlen(times[i]), "kp_op_set \"timeout_ms\": it is a number");
}

static void set_too_late(void **state) {
    (void)state;
    begin(KP_RESULT);
    assert_true(reach("READ"));
    assert_int_equal(kp_op_set(t.op, "task", "other", 5), KP_E_MISUSE);
    assert_int_equal(kp_op_set(t.op, "nonsense", "other", 5), KP_E_MISUSE);
    assert_true(reach("POLL"));
    assert_non_null(strstr(kp_http_url(t.op), "id=4242"));
    expect_error(KP_OK);
    assert_int_equal(kp_op_set(t.op, "task", "other", 5), KP_E_MISUSE);
    expect_error(KP_OK);
}

static void kinds_that_do_not_exist(void **state) {
    (void)state;
    static const int kinds[] = {0, -1, 9, 1000};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        begin(kinds[i]);
        expect_error(KP_E_MISUSE);
    }
    begin(KP_TELL);
    set("what", "everything");
    expect_error(KP_E_MISUSE);
    expect_text("what");
    make(KP_SOLVE);
    expect_error(KP_E_MISSING);
    make(KP_WAIT);
    expect_error(KP_E_MISSING);
    begin(KP_SOLVE);
    set("method", "turnstyle");
    run();
    expect_text("turnstile");
    begin(KP_SOLVE);
    set("params", "{\"key\":\"x\",\"sitekey\":\"a\",\"pageurl\":\"https://a.example/\"}");
    expect_error(KP_E_RESERVED);
    begin(KP_SOLVE);
    set("sync", "1");
    expect_error(KP_E_MISUSE);
    expect_text("synchronous");
}

/* ---- Events out of order ---- */

static void tell_all_but(int step) {
    if (step != KP_HTTP) {
        kp_on_status(t.op, 200);
        kp_on_header(t.op, "Retry-After", 11, "5", 1);
        assert_int_not_equal(kp_on_body(t.op, "OK|1", 4), 0);
        kp_on_end(t.op, KP_NET_OK, KP_MAYBE_SENT);
    }
    if (step != KP_READ)
        kp_on_read(t.op, KP_FOUND, 0, 10);
    if (step != KP_STORE)
        kp_on_store(t.op, 0, "ok 5 0", 6);
    if (step != KP_APPEND)
        kp_on_append(t.op, 0);
}

static void lends_only_what_is_asked_for(int step) {
    assert_true((kp_read_name(t.op) != NULL) == (step == KP_READ));
    assert_true((kp_read_room(t.op) != NULL) == (step == KP_READ));
    assert_true((kp_store_arg(t.op, 0, NULL) != NULL) == (step == KP_STORE));
    assert_null(kp_store_arg(t.op, 1000, NULL));
    assert_null(kp_store_arg(t.op, SIZE_MAX, NULL));
    assert_true((kp_append_seal(t.op, NULL, 0, NULL) != NULL) == (step == KP_APPEND));
    assert_true((kp_append_checkpoint(t.op, NULL) != NULL) == (step == KP_APPEND));
    assert_true((kp_append_path(t.op) != NULL) == (step == KP_APPEND));
    assert_true((kp_http_url(t.op) != NULL) == (step == KP_HTTP));
    assert_true((kp_http_shown_url(t.op) != NULL) == (step == KP_HTTP));
    assert_true((kp_http_method(t.op) != NULL) == (step == KP_HTTP));
    assert_true((kp_http_header(t.op, 0, NULL) != NULL) == (step == KP_HTTP));
    assert_null(kp_http_header(t.op, 4, NULL));
    assert_null(kp_http_header(t.op, SIZE_MAX, NULL));
    assert_true(step == KP_HTTP || kp_http_body(t.op, NULL) == NULL);
    assert_true((kp_op_limit(t.op) > 0) == (step == KP_HTTP || step == KP_READ));
    assert_int_equal(kp_op_error(t.op), 0);
}

static void events_out_of_order_change_nothing(void **state) {
    (void)state;
    option("audit.file", "/x");
    option("ca_file", "/ca.pem");
    begin(KP_SOLVE);
    size_t seen = 0;
    do {
        char before[16];
        snprintf(before, sizeof before, "%s", fact("state"));
        int asked = kp_op_step(t.op);
        uint64_t until = kp_op_until(t.op);
        lends_only_what_is_asked_for(asked);
        tell_all_but(asked);
        if (asked != KP_TIME) /* time may pass anywhere; going back is ignored */
            kp_on_time(t.op, 0, t.w.unix_ms, 0);
        assert_string_equal(fact("state"), before);
        assert_int_equal(kp_op_step(t.op), asked);
        assert_true(kp_op_until(t.op) == until);
        seen |= (size_t)1 << asked;
    } while (step() && kp_op_step(t.op) != KP_DONE);
    assert_int_equal(seen, 0x3e); /* each kind of step */
    assert_int_equal(t.w.submits, 1);
    tell_all_but(KP_DONE);
    kp_on_time(t.op, UINT64_MAX, INT64_MAX, INT32_MIN);
    expect_error(KP_OK);
    expect_fact("answer", "token-4242");
}

static void time_that_goes_back_or_comes_too_early(void **state) {
    (void)state;
    begin(KP_SOLVE);
    assert_true(reach("POLLWAIT"));
    uint64_t until = kp_op_until(t.op);
    kp_on_time(t.op, until - 1, t.w.unix_ms, 0);
    assert_string_equal(fact("state"), "POLLWAIT");
    kp_on_time(t.op, until, t.w.unix_ms, 0);
    assert_true(reach("POLL"));
    kp_on_status(t.op, 200);
    kp_on_body(t.op, "{\"status\":1,\"request\":\"x\"}", 26);
    kp_on_time(t.op, 0, 0, 0);
    kp_on_end(t.op, KP_NET_OK, KP_MAYBE_SENT);
    expect_error(KP_OK);
    assert_in_range(number("elapsed_ms"), 15000, 16000);
}

static void a_submit_may_take_all_the_time_and_a_read_half_a_minute(void **state) {
    (void)state;
    begin(KP_SOLVE);
    set("timeout_ms", "100000");
    uint64_t begun = t.w.mono_ms;
    assert_true(reach("SUBMIT"));
    assert_int_equal(kp_op_until(t.op), begun + 100000);
    assert_true(reach("POLL"));
    assert_int_equal(kp_op_until(t.op), t.w.mono_ms + 30000);
    expect_error(KP_OK);
}

static void times_at_their_bounds(void **state) {
    (void)state;
    static const uint64_t mono[] = {0, 1, UINT64_MAX, UINT64_MAX - 1000, UINT64_MAX / 2};
    static const int64_t wall[] = {0, INT64_MIN, INT64_MAX, -1, 1};
    option("audit.file", "/x");
    for (size_t i = 0; i < 5; i++) {
        t.w.mono_ms = mono[i];
        t.w.unix_ms = 1790000000000;
        begin(KP_SOLVE);
        for (size_t n = 0; n < 200 && kp_op_step(t.op) != KP_DONE; n++) {
            kp_on_time(t.op, mono[i], wall[i], INT32_MAX);
            if (kp_op_step(t.op) == KP_HTTP)
                kp_on_end(t.op, KP_NET_LATE, KP_UNSENT);
            kp_on_read(t.op, KP_FOUND, 0, 0);
            kp_on_store(t.op, 1, NULL, 0);
            kp_on_append(t.op, 0);
        }
        kp_op_cancel(t.op);
        for (size_t n = 0; n < 10; n++) {
            kp_on_time(t.op, mono[i], wall[i], 0);
            kp_on_append(t.op, 0);
            kp_on_store(t.op, 1, NULL, 0);
        }
        assert_int_equal(kp_op_step(t.op), KP_DONE);
    }
}

static void wrong_values_from_a_driver(void **state) {
    (void)state;
    begin(KP_BALANCE);
    assert_true(reach("READ"));
    kp_on_read(t.op, 99, 99, 0);
    run();
    expect_fact("class", "key");
    begin(KP_BALANCE);
    assert_true(reach("READ"));
    kp_on_read(t.op, KP_FOUND, 0, SIZE_MAX); /* more than the room holds */
    expect_error(KP_E_KEY_FILE);
    begin(KP_BALANCE);
    assert_true(reach("POLL"));
    kp_on_status(t.op, -5);
    kp_on_header(t.op, "x", SIZE_MAX, "y", SIZE_MAX);
    kp_on_header(t.op, NULL, 5, NULL, 5);
    assert_int_not_equal(kp_on_body(t.op, NULL, 5), 0);
    kp_on_end(t.op, 12345, 67);
    expect_error(KP_OK); /* lost, and asked again */
    begin(KP_BALANCE);
    assert_true(reach("POLL"));
    assert_int_not_equal(kp_on_body(t.op, "x", SIZE_MAX), 0);
    kp_on_status(t.op, 200);
    kp_on_end(t.op, KP_NET_OK, KP_MAYBE_SENT);
    expect_error(KP_E_ANSWER_TOO_BIG);
}

/* Freed in every state; the sanitizers look whether all of it is given back. */
static void freed_in_every_state(void **state) {
    (void)state;
    static const int kinds[] = {KP_BALANCE, KP_SUBMIT, KP_SOLVE, KP_WAIT, KP_TELL};
    option("audit.file", "/x");
    for (size_t k = 0; k < 5; k++)
        for (size_t steps = 0;; steps++) {
            world_forget(&t.w);
            another_client();
            begin(kinds[k]);
            for (size_t i = 0; i < steps && kp_op_step(t.op) != KP_DONE; i++)
                step();
            bool done = kp_op_step(t.op) == KP_DONE;
            kp_client_free(t.client); /* the operation keeps it alive */
            t.client = NULL;
            kp_op_free(t.op);
            t.op = NULL;
            if (done)
                break;
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(null_everywhere),
        CASE(without_client_or_configuration),
        CASE(a_bad_configuration_is_told_by_each_operation),
        CASE(what_is_set_wrongly),
        CASE(set_too_late),
        CASE(kinds_that_do_not_exist),
        CASE(events_out_of_order_change_nothing),
        CASE(time_that_goes_back_or_comes_too_early),
        CASE(a_submit_may_take_all_the_time_and_a_read_half_a_minute),
        CASE(times_at_their_bounds),
        CASE(wrong_values_from_a_driver),
        CASE(freed_in_every_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
