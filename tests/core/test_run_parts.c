/* test_run_parts.c: the driver that comes back in the midst of a call. */
#include <sys/ioctl.h>

#include <linux/sockios.h>

#include "base/error.h"
#include "engine/op.h"
#include "net/line.h"
#include "raw_gate.h"

static raw_then close_at_the_gate(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)fd;
    (void)arg;
    pass_gate();
    return RAW_CLOSE;
}

static raw_then reset_at_the_gate(raw_server *s, const raw_request *request, int fd, void *arg) {
    close_at_the_gate(s, request, fd, arg);
    return RAW_RESET;
}

static raw_then answer_closing(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)arg;
    raw_send_text(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"status\":1,\"request\":\"12.5\"}");
    return RAW_CLOSE;
}

/* ---- To the end ---- */

static void all_in_the_smallest_parts(void **state) {
    (void)state;
    begin(NULL);
    for (int i = 0; i < 3; i++) {
        kp_op *op = patient_op(KP_SOLVE);
        while (kp_run_for(runner, op, 0)) {
        }
        assert_string_equal(fact(op, "answer"), "the answer");
        assert_int_equal(kp_run_for(runner, op, 0), 0); /* DONE stays DONE */
        kp_op_free(op);
    }
    assert_int_equal(raw_count(server, SUBMIT), 3);
    assert_int_equal(raw_count(server, BALANCE), 1);
    assert_int_equal(raw_connections(server), 1);
    end();
}

static void t7_answer_in_bytes_over_many_parts(void **state) {
    (void)state;
    script.submit = answer_in_bytes;
    begin(NULL);
    prove();
    kp_op *op = patient_op(KP_SUBMIT);
    for (run_until_asked(op, SUBMIT, 1); kp_run_for(runner, op, SLICE_MS);)
        sem_post(&gate);
    assert_int_equal(kp_op_error(op), 0);
    assert_non_null(strstr(fact(op, "task"), "/4711"));
    kp_op_free(op);
    prove();
    assert_int_equal(raw_count(server, SUBMIT), 1);
    assert_int_equal(raw_connections(server), 1);
    end();
}

/* What was begun in parts ends in one, and the other way round. */
static void the_blocking_driver_goes_on(void **state) {
    (void)state;
    script.submit = answer_at_the_gate;
    begin(NULL);
    prove();
    kp_op *op = patient_op(KP_SUBMIT);
    run_until_asked(op, SUBMIT, 1);
    sem_post(&gate);
    assert_int_equal(kp_run(runner, op), 0);
    assert_non_null(strstr(fact(op, "task"), "/4711"));
    assert_int_equal(raw_count(server, SUBMIT), 1);
    kp_op_free(op);
    end();
}

static void t6_dies_between_parts(void **state) {
    (void)state;
    static const raw_answer deaths[] = {close_at_the_gate, reset_at_the_gate};
    for (size_t i = 0; i < 4; i++) {
        size_t before = raw_count(server, SUBMIT);
        script.submit = deaths[i % 2];
        script.balance = i < 2 ? NULL : answer_closing;
        begin(NULL);
        prove();
        kp_op *op = patient_op(KP_SUBMIT);
        run_until_asked(op, SUBMIT, before + 1);
        sem_post(&gate);
        while (kp_run_for(runner, op, SLICE_MS)) {
        }
        assert_int_equal(kp_op_error(op), KP_E_LOST);
        assert_string_equal(fact(op, "unknown"), "1");
        assert_int_equal(raw_count(server, SUBMIT), before + 1);
        size_t proof = raw_find(server, BALANCE, i)->connection, submit = raw_find(server, SUBMIT, i)->connection;
        assert_int_equal(submit == proof, i < 2); /* reused, fresh */
        kp_op_free(op);
        end();
    }
}

/* ---- Cancels ---- */

static void cancelled_between_parts(void **state) {
    (void)state;
    kp_op *op = begin_unanswered_submit();
    assert_int_equal(kp_run_for(runner, op, 0), 1);
    kp_run_cancel(op);
    assert_int_equal(kp_run_for(runner, op, UINT32_MAX), 0);
    assert_int_equal(kp_op_error(op), KP_E_CANCELLED);
    assert_string_equal(fact(op, "unknown"), "1");
    assert_int_equal(raw_count(server, SUBMIT), 1);
    kp_op_free(op);
    end();
}

static void *run_long(void *op) {
    return (void *)(intptr_t)kp_run_for(runner, op, UINT32_MAX);
}

static void cancelled_in_a_part(void **state) {
    (void)state;
    script.submit = hold;
    begin(NULL);
    prove();
    for (size_t i = 1; i <= 50; i++) {
        pthread_t thread;
        kp_op *op = patient_op(KP_SUBMIT);
        run_until_asked(op, SUBMIT, i);
        assert_int_equal(pthread_create(&thread, NULL, run_long, op), 0);
        for (volatile size_t spin = 0; spin < i * 1000; spin++) {
        }
        kp_run_cancel(op);
        assert_int_equal(join(thread), 0);
        assert_int_equal(kp_op_error(op), KP_E_CANCELLED);
        kp_op_free(op);
    }
    end();
}

static bool has_begun(const kp_op *op) {
    const kp_line *line = op->driving;
    return line->begun;
}

/* What was still connecting when it was cancelled is not sent afterwards, though the connection is there by then. */
static void t6_nothing_leaves_after_a_cancel(void **state) {
    (void)state;
    script.balance = answer_closing;
    begin(NULL);
    for (int i = 0; i < 20; i++) {
        prove();
        size_t before = raw_count(server, SUBMIT), connections = raw_connections(server);
        kp_op *op = patient_op(KP_SUBMIT);
        while (!op->driving)
            assert_int_equal(kp_run_for(runner, op, 0), 1);
        bool begun = has_begun(op);
        while (!begun && raw_connections(server) == connections) {
        }
        kp_run_cancel(op);
        assert_int_equal(kp_run_for(runner, op, 0), 0);
        if (!begun) {
            assert_int_equal(kp_op_error(op), KP_E_CANCELLED);
            assert_string_equal(fact(op, "unknown"), "");
            assert_int_equal(raw_count(server, SUBMIT), before);
        }
        kp_op_free(op);
    }
    end();
}

/* ---- Clocks ---- */

static void deadline_holds_while_the_host_is_away(void **state) {
    (void)state;
    kp_op *op = begin_unanswered_submit();
    op->deadline_ms = kp_local_mono_ms();
    assert_int_equal(kp_run_for(runner, op, UINT32_MAX), 0);
    assert_int_equal(kp_op_error(op), KP_E_TIMEOUT);
    assert_string_equal(fact(op, "unknown"), "1");
    kp_op_free(op);
    end();
}

enum { LONG_ANSWER = 48 * 1024 }; /* more than libcurl hands over at once */

static raw_then answer_at_length(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)arg;
    static char text[LONG_ANSWER + 256];
    pass_gate();
    int left = 1, n = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LONG_ANSWER + 3);
    memcpy(text + n, "OK|", 3);
    memset(text + n + 3, 'a', LONG_ANSWER);
    raw_send(fd, text, (size_t)n + 3 + LONG_ANSWER);
    while (ioctl(fd, SIOCOUTQ, &left) == 0 && left > 0)
        usleep(1000);
    sem_post(&arrived);
    return RAW_KEEP;
}

static void what_came_is_looked_at_before_the_clock(void **state) {
    (void)state;
    script.result = answer_at_length;
    begin(NULL);
    prove();
    kp_op *op = patient_op(KP_RESULT);
    run_until_asked(op, RESULT, 1);
    sem_post(&gate);
    while (sem_wait(&arrived) != 0) {
    }
    op->deadline_ms = kp_local_mono_ms();
    assert_int_equal(kp_run_for(runner, op, 0), 0);
    assert_int_equal(kp_op_error(op), 0);
    assert_int_equal(strlen(fact(op, "answer")), LONG_ANSWER);
    kp_op_free(op);
    end();
}

/* A host that draws for longer than a connect may take finds the connect where it left it. false: the parts alone took
   that long, so nothing is known. */
static bool finds_the_connect(const char *connect_timeout, uint64_t ms) {
    char url[64];
    int fd = listen_silently(url, sizeof url);
    const char *const options[] = {"url.captchaai", url, "connect_timeout", connect_timeout, NULL};
    begin(options);
    kp_op *op = patient_op(KP_BALANCE);
    uint64_t first = kp_local_mono_ms();
    assert_int_equal(kp_run_for(runner, op, 0), 1);
    const void *call = op->driving;
    uint64_t away = kp_local_mono_ms();
    while (kp_local_mono_ms() <= away + ms)
        usleep(10000);
    uint64_t back = kp_local_mono_ms();
    assert_int_equal(kp_run_for(runner, op, 5), 1);
    bool slow = away - first + kp_local_mono_ms() - back >= ms;
    bool found = kp_op_step(op) == KP_HTTP && call && op->driving == call;
    kp_op_free(op);
    end();
    close(fd);
    assert_true(found || slow);
    return found;
}

static void time_away_is_not_that_of_the_connect(void **state) {
    (void)state;
    if (!finds_the_connect("1s", 1000))
        finds_the_connect("8s", 8000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        GATE_TEST(all_in_the_smallest_parts),
        GATE_TEST(t7_answer_in_bytes_over_many_parts),
        GATE_TEST(the_blocking_driver_goes_on),
        GATE_TEST(t6_dies_between_parts),
        GATE_TEST(cancelled_between_parts),
        GATE_TEST(cancelled_in_a_part),
        GATE_TEST(t6_nothing_leaves_after_a_cancel),
        GATE_TEST(deadline_holds_while_the_host_is_away),
        GATE_TEST(what_came_is_looked_at_before_the_clock),
        GATE_TEST(time_away_is_not_that_of_the_connect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
