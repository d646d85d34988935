/* test_op_framing.c: an answer that may be a part only is no answer: half a task id is another task's id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_case.h"

/* A submit whose answer comes with these lines in its head; NULL for none. */
static void submit_with(const char *const (*head)[2], size_t lines, const char *body, int error) {
    option("store", "memory:");
    begin(KP_SUBMIT);
    assert_true(reach("SUBMIT"));
    kp_on_status(t.op, 200);
    for (size_t i = 0; i < lines; i++)
        kp_on_header(t.op, head[i][0], strlen(head[i][0]), head[i][1], strlen(head[i][1]));
    kp_on_body(t.op, body, strlen(body));
    kp_on_time(t.op, t.w.mono_ms += 20, t.w.unix_ms += 20, 0);
    kp_on_end(t.op, KP_NET_OK, KP_MAYBE_SENT);
    expect_error(error);
    assert_true(error ? fact("unknown") && !fact("task") : fact("task") != NULL);
}

#define SUBMIT_WITH(body, error, ...)                                                                                  \
    do {                                                                                                               \
        static const char *const head[][2] = {__VA_ARGS__};                                                            \
        submit_with(head, sizeof head / sizeof head[0], body, error);                                                  \
    } while (0)

static void t7_a_length_that_fits(void **state) {
    (void)state;
    SUBMIT_WITH("OK|123", KP_OK, {"content-length", "6"});
    SUBMIT_WITH("OK|123", KP_OK, {"Content-Length", "6"}, {"CONTENT-LENGTH", " 6 "});
    SUBMIT_WITH("OK|123", KP_OK, {"Transfer-Encoding", "Chunked"});
}

static void t7_a_length_that_does_not_fit(void **state) {
    (void)state;
    SUBMIT_WITH("OK|12", KP_E_ANSWER, {"Content-Length", "6"});
    SUBMIT_WITH("OK|1234", KP_E_ANSWER, {"Content-Length", "6"});
}

static void t7_lengths_that_contradict(void **state) {
    (void)state;
    SUBMIT_WITH("OK|1", KP_E_ANSWER, {"Content-Length", "6"}, {"Content-Length", "4"});
    SUBMIT_WITH("OK|123", KP_E_ANSWER, {"Content-Length", "4"}, {"Content-Length", "6"});
    SUBMIT_WITH("{\"status\":1,\"request\":1}", KP_E_ANSWER, {"Content-Length", "24"}, {"Content-Length", "25"});
}

static void t7_a_length_that_is_no_number(void **state) {
    (void)state;
    SUBMIT_WITH("OK|123", KP_E_ANSWER, {"Content-Length", "6, 6"});
    SUBMIT_WITH("OK|123", KP_E_ANSWER, {"Content-Length", "-6"});
    SUBMIT_WITH("OK|123", KP_E_ANSWER, {"Content-Length", ""});
}

static void t7_an_encoding_that_shows_no_end(void **state) {
    (void)state;
    SUBMIT_WITH("OK|12", KP_E_ANSWER, {"Transfer-Encoding", "identity"}, {"Content-Length", "9"});
    SUBMIT_WITH("OK|12", KP_E_ANSWER, {"Content-Length", "5"}, {"Transfer-Encoding", "identity"});
    SUBMIT_WITH("OK|12", KP_E_ANSWER, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "gzip"});
}

static void t7_json_shows_its_end_by_itself(void **state) {
    (void)state;
    submit_with(NULL, 0, "{\"status\":1,\"request\":\"12\"}", KP_OK);
    submit_with(NULL, 0, "{\"status\":1,\"request\":\"12\"", KP_E_ANSWER);
    submit_with(NULL, 0, "OK|12", KP_E_ANSWER);
    submit_with(NULL, 0, "12", KP_E_ANSWER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(t7_a_length_that_fits),
        CASE(t7_a_length_that_does_not_fit),
        CASE(t7_lengths_that_contradict),
        CASE(t7_a_length_that_is_no_number),
        CASE(t7_an_encoding_that_shows_no_end),
        CASE(t7_json_shows_its_end_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
