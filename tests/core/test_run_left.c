/* test_run_left.c: what becomes of an operation that its driver left: it is freed, outlives its runner, changes
 * threads, or asks the host. */
#include <stdatomic.h>

#include "base/error.h"
#include "engine/op.h"
#include "raw_gate.h"

static raw_then begin_an_answer(raw_server *s, const raw_request *request, int fd, void *arg) {
    raw_send(fd, WHOLE_ANSWER, sizeof WHOLE_ANSWER - 5);
    return hold(s, request, fd, arg);
}

/* ---- Ends that are none ---- */

static void freed_in_the_midst(void **state) {
    (void)state;
    static const raw_answer ways[] = {hold, begin_an_answer};
    begin(NULL);
    prove();
    int before = count_descriptors();
    for (size_t i = 0; i < 2; i++) {
        script.submit = ways[i];
        kp_op *op = patient_op(KP_SUBMIT);
        run_until_asked(op, SUBMIT, i + 1);
        assert_int_equal(kp_run_for(runner, op, 5), 1);
        kp_op_free(op);
        assert_true(raw_await_ended(server, i + 1));
        prove();
        assert_int_equal(count_descriptors(), before);
    }
    assert_int_equal(raw_connections(server), 3);
    end();
}

static void freed_while_connecting(void **state) {
    (void)state;
    char url[64], bytes[4096];
    int fd = listen_silently(url, sizeof url);
    const char *const options[] = {"url.captchaai", url, NULL};
    begin(options);
    kp_op *op = patient_op(KP_BALANCE);
    assert_int_equal(kp_run_for(runner, op, 0), 1);
    int peer = accept(fd, NULL, NULL);
    assert_int_equal(kp_run_for(runner, op, 0), 1);
    kp_op_free(op);
    while (recv(peer, bytes, sizeof bytes, 0) > 0) {
    }
    end();
    close(peer);
    close(fd);
}

/* The call is the operation's: another runner of the client goes on with it. */
static void runner_freed_first(void **state) {
    (void)state;
    script.submit = answer_at_the_gate;
    begin(NULL);
    prove();
    kp_op *op = patient_op(KP_SUBMIT), *lost = patient_op(KP_SUBMIT);
    run_until_asked(op, SUBMIT, 1);
    run_until_asked(lost, SUBMIT, 2);
    kp_runner_free(runner);
    kp_op_free(lost);
    runner = kp_runner_new(client);
    assert_int_equal(kp_run_for(runner, op, 0), 1);
    sem_post(&gate);
    sem_post(&gate);
    assert_int_equal(kp_run(runner, op), 0);
    assert_non_null(strstr(fact(op, "task"), "/4711"));
    assert_int_equal(raw_count(server, SUBMIT), 2);
    kp_op_free(op);
    end();
}

/* A driver of another kind may end the call. */
static void told_by_another_driver(void **state) {
    (void)state;
    kp_op *op = begin_unanswered_submit();
    kp_on_end(op, KP_NET_RESET, KP_MAYBE_SENT);
    assert_true(raw_await_ended(server, 1));
    assert_int_equal(kp_run(runner, op), KP_E_LOST);
    kp_op_free(op);
    end();
}

/* ---- Threads ---- */

typedef struct relay {
    kp_op *op;
    sem_t turn[2];
    atomic_bool over;
    int turns[2];
} relay;

static relay pass;

static void *run_in_turns(void *number) {
    int me = *(int *)number;
    while (sem_wait(&pass.turn[me]) == 0 && !atomic_load(&pass.over)) {
        atomic_store(&pass.over, !kp_run_for(runner, pass.op, SLICE_MS));
        pass.turns[me]++;
        sem_post(&gate);
        sem_post(&pass.turn[1 - me]);
    }
    sem_post(&pass.turn[1 - me]);
    return NULL;
}

static void two_threads_pass_it_on(void **state) {
    (void)state;
    pthread_t threads[2];
    int numbers[2] = {0, 1};
    script.submit = answer_in_bytes;
    begin(NULL);
    prove();
    pass = (relay){.op = patient_op(KP_SUBMIT)};
    for (int i = 0; i < 2; i++) {
        sem_init(&pass.turn[i], 0, 0);
        assert_int_equal(pthread_create(&threads[i], NULL, run_in_turns, &numbers[i]), 0);
    }
    sem_post(&pass.turn[0]);
    for (int i = 0; i < 2; i++)
        join(threads[i]);
    assert_int_equal(kp_op_error(pass.op), 0);
    assert_non_null(strstr(fact(pass.op, "task"), "/4711"));
    assert_true(pass.turns[0] > 10 && pass.turns[1] > 10);
    assert_int_equal(raw_count(server, SUBMIT), 1);
    kp_op_free(pass.op);
    end();
}

/* ---- A key that only the host has ---- */

static const char *const host_key[] = {"keys", "[\"host:vault\"]", NULL};

static void asks_the_host_at_once(void **state) {
    (void)state;
    begin(host_key);
    kp_op *op = patient_op(KP_BALANCE);
    for (int i = 0; i < 3; i++) { /* and again, until there is an answer */
        assert_int_equal(kp_run_for(runner, op, UINT32_MAX), 1);
        assert_int_equal(kp_op_step(op), KP_READ);
        assert_string_equal(kp_read_name(op), "host:vault");
    }
    kp_local_time(op);
    kp_read_give(op, service_key, strlen(service_key));
    assert_int_equal(kp_run_for(runner, op, UINT32_MAX), 0);
    assert_string_equal(fact(op, "balance"), "12.5");
    kp_op_free(op);
    end();
}

static void asks_no_host_that_is_not_there(void **state) {
    (void)state;
    begin(host_key);
    kp_op *op = patient_op(KP_BALANCE);
    assert_int_equal(kp_run(runner, op), KP_E_NO_KEY);
    assert_int_equal(raw_connections(server), 0);
    kp_op_free(op);
    end();
}

static void asks_no_host_after_the_end(void **state) {
    (void)state;
    begin(host_key);
    for (int i = 0; i < 2; i++) {
        kp_op *op = patient_op(KP_BALANCE);
        assert_int_equal(kp_run_for(runner, op, 0), 1);
        if (i == 0)
            kp_run_cancel(op);
        else
            op->deadline_ms = kp_local_mono_ms();
        assert_int_equal(kp_run_for(runner, op, 0), 0);
        assert_int_equal(kp_op_error(op), i == 0 ? KP_E_CANCELLED : KP_E_TIMEOUT);
        kp_op_free(op);
    }
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        GATE_TEST(freed_in_the_midst),
        GATE_TEST(freed_while_connecting),
        GATE_TEST(runner_freed_first),
        GATE_TEST(told_by_another_driver),
        GATE_TEST(two_threads_pass_it_on),
        GATE_TEST(asks_the_host_at_once),
        GATE_TEST(asks_no_host_that_is_not_there),
        GATE_TEST(asks_no_host_after_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
