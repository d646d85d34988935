/* test_run.c: the driver that blocks: reuse, cancellation, deadlines, signals, descriptors. */
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include "base/error.h"
#include "raw_run.h"

static void solves(void **state) {
    (void)state;
    begin(NULL);
    kp_op *op = service_op(client, KP_SOLVE);
    assert_int_equal(kp_run(runner, op), 0);
    assert_string_equal(fact(op, "answer"), "the answer");
    assert_int_equal(kp_run(runner, op), 0); /* DONE stays DONE */
    kp_op_free(op);
    assert_int_equal(raw_connections(server), 1);
    end();
}

static void ten_calls_on_one_connection(void **state) {
    (void)state;
    begin(NULL);
    for (int i = 0; i < 5; i++) {
        prove();
        kp_op *op = service_op(client, KP_SUBMIT);
        assert_int_equal(kp_run(runner, op), 0);
        kp_op_free(op);
    }
    assert_int_equal(raw_count(server, ""), 10);
    assert_int_equal(raw_connections(server), 1);
    end();
}

static void takes_null(void **state) {
    (void)state;
    begin(NULL);
    kp_op *op = service_op(client, KP_BALANCE);
    assert_null(kp_runner_new(NULL));
    assert_null(kp_runner_local(NULL));
    assert_non_null(kp_runner_local(runner));
    assert_int_equal(kp_run(NULL, op), KP_E_MISUSE);
    assert_int_equal(kp_run(runner, NULL), KP_E_MISUSE);
    assert_int_equal(kp_run_for(NULL, op, 1), 0);
    assert_int_equal(kp_run_for(runner, NULL, 1), 0);
    kp_run_cancel(NULL);
    kp_runner_free(NULL);
    kp_op_free(op);
    end();
}

/* ---- Time ---- */

static void deadline_ends_a_call(void **state) {
    (void)state;
    script.submit = hold;
    begin(NULL);
    prove();
    kp_op *op = service_op(client, KP_SUBMIT);
    set_op(op, "timeout_ms", "200");
    assert_int_equal(kp_run(runner, op), KP_E_TIMEOUT);
    assert_string_equal(fact(op, "unknown"), "1");
    assert_int_equal(raw_count(server, SUBMIT), 1);
    kp_op_free(op);
    end();
}

/* The time for a connect is not that of the operation: the call surely did not leave, and another try may do. */
static void connect_has_a_time_of_its_own(void **state) {
    (void)state;
    char url[64];
    int fd = listen_silently(url, sizeof url);
    const char *const options[] = {"url.captchaai", url, "connect_timeout", "50ms", NULL};
    begin(options);
    kp_op *op = service_op(client, KP_BALANCE);
    assert_int_equal(kp_run(runner, op), KP_E_CONNECT);
    assert_string_equal(fact(op, "attempts"), "3");
    kp_op_free(op);
    end();
    close(fd);
}

static void run_until_it_waits(kp_op *op) {
    while (strcmp(fact(op, "state"), "POLLWAIT") != 0)
        assert_int_equal(kp_run_for(runner, op, 1), 1);
}

static void comes_back_in_a_wait(void **state) {
    (void)state;
    const char *const options[] = {"poll.first", "600s", NULL};
    begin(options);
    kp_op *op = patient_op(KP_SOLVE);
    run_until_it_waits(op);
    assert_int_equal(kp_run_for(runner, op, 0), 1);
    assert_int_equal(kp_run_for(runner, op, 20), 1);
    assert_string_equal(fact(op, "state"), "POLLWAIT");
    kp_run_cancel(op);
    assert_int_equal(kp_run_for(runner, op, 0), 0);
    assert_int_equal(kp_op_error(op), KP_E_CANCELLED);
    assert_non_null(strstr(fact(op, "task"), "/4711"));
    kp_op_free(op);
    end();
}

/* ---- Cancellation ---- */

static void *run_in_thread(void *op) {
    return (void *)(intptr_t)kp_run(runner, op);
}

static pthread_t start_thread(kp_op *op) {
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_in_thread, op), 0);
    return thread;
}

static void cancelled_before_it_runs(void **state) {
    (void)state;
    begin(NULL);
    kp_op *op = service_op(client, KP_SUBMIT);
    kp_run_cancel(op);
    assert_int_equal(kp_run(runner, op), KP_E_CANCELLED);
    assert_int_equal(raw_connections(server), 0);
    kp_op_free(op);
    end();
}

static void cancelled_while_connecting(void **state) {
    (void)state;
    char url[64], byte;
    int fd = listen_silently(url, sizeof url);
    const char *const options[] = {"url.captchaai", url, "connect_timeout", "600s", NULL};
    begin(options);
    kp_op *op = patient_op(KP_BALANCE);
    pthread_t thread = start_thread(op);
    int peer = accept(fd, NULL, NULL);
    assert_int_equal(recv(peer, &byte, 1, 0), 1); /* of the TLS handshake, which gets no answer */
    kp_run_cancel(op);
    assert_int_equal(join(thread), KP_E_CANCELLED);
    kp_op_free(op);
    end();
    close(peer);
    close(fd);
}

static void cancelled_while_the_answer_is_awaited(void **state) {
    (void)state;
    script.submit = hold;
    begin(NULL);
    prove();
    kp_op *op = patient_op(KP_SUBMIT);
    pthread_t thread = start_thread(op);
    assert_true(raw_await(server, SUBMIT, 1));
    kp_run_cancel(op);
    assert_int_equal(join(thread), KP_E_CANCELLED);
    assert_string_equal(fact(op, "unknown"), "1");
    kp_op_free(op);
    end();
}

/* Many times, because the moment between the look at the cancel and the sleep is short. */
static void cancelled_in_a_wait(void **state) {
    (void)state;
    const char *const options[] = {"poll.first", "600s", NULL};
    begin(options);
    for (int i = 0; i < 200; i++) {
        kp_op *op = patient_op(KP_SOLVE);
        run_until_it_waits(op);
        pthread_t thread = start_thread(op);
        for (volatile int spin = 0; spin < i * 500; spin++) {
        }
        kp_run_cancel(op);
        assert_int_equal(join(thread), KP_E_CANCELLED);
        assert_non_null(strstr(fact(op, "task"), "/4711"));
        kp_op_free(op);
    }
    end();
}

static kp_op *volatile op_of_signal;

static void on_signal(int number) {
    (void)number;
    kp_run_cancel(op_of_signal);
}

static void *signal_when_submitted(void *main_thread) {
    raw_await(server, SUBMIT, 1);
    pthread_kill(*(pthread_t *)main_thread, SIGUSR1);
    return NULL;
}

static void cancelled_by_a_signal_handler(void **state) {
    (void)state;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
    sigaction(SIGUSR1, &action, &before);
    script.submit = hold;
    begin(NULL);
    prove();
    op_of_signal = patient_op(KP_SUBMIT);
    pthread_t other, self = pthread_self();
    assert_int_equal(pthread_create(&other, NULL, signal_when_submitted, &self), 0);
    assert_int_equal(kp_run(runner, op_of_signal), KP_E_CANCELLED);
    assert_string_equal(fact(op_of_signal, "unknown"), "1");
    join(other);
    kp_op_free(op_of_signal);
    end();
    sigaction(SIGUSR1, &before, NULL);
}

static void do_nothing(int number) {
    (void)number;
}

static void signals_break_nothing(void **state) {
    (void)state;
    struct sigaction action = {.sa_handler = do_nothing}, before;
    struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    sigaction(SIGPROF, &action, &before);
    begin(NULL);
    setitimer(ITIMER_PROF, &often, NULL);
    for (int i = 0; i < 20; i++)
        run_well(KP_SOLVE, "answer", "the answer");
    setitimer(ITIMER_PROF, &never, NULL);
    end();
    sigaction(SIGPROF, &before, NULL);
}

/* ---- Descriptors ---- */

/* The server's ends of the connections are in this process too, so they have to be closed before one counts. */
static void no_descriptor_is_left(void **state) {
    (void)state;
    int before = 0;
    for (int i = 0; i < 3; i++) {
        begin(NULL);
        run_well(KP_SOLVE, "answer", "the answer");
        end();
        assert_true(raw_await_ended(server, raw_connections(server)));
        if (i == 0)
            before = count_descriptors(); /* the pipes that wake drivers stay */
    }
    assert_int_equal(count_descriptors(), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(solves),
        SERVICE_TEST(ten_calls_on_one_connection),
        SERVICE_TEST(takes_null),
        SERVICE_TEST(deadline_ends_a_call),
        SERVICE_TEST(connect_has_a_time_of_its_own),
        SERVICE_TEST(comes_back_in_a_wait),
        SERVICE_TEST(cancelled_before_it_runs),
        SERVICE_TEST(cancelled_while_connecting),
        SERVICE_TEST(cancelled_while_the_answer_is_awaited),
        SERVICE_TEST(cancelled_in_a_wait),
        SERVICE_TEST(cancelled_by_a_signal_handler),
        SERVICE_TEST(signals_break_nothing),
        SERVICE_TEST(no_descriptor_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
