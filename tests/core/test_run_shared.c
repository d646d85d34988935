/* test_run_shared.c: one runner for many threads, and across a fork. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "base/error.h"
#include "raw_run.h"

enum { THREADS = 8, OPERATIONS = 50 };

/* Answers with the id that was asked for. */
static raw_then echo_id(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)arg;
    const char *id = strstr(request->head, "id=");
    int len = id ? (int)strspn(id + 3, "0123456789") : 0;
    char json[128];
    snprintf(json, sizeof json, "{\"status\":1,\"request\":\"answer to %.*s\"}", len, id ? id + 3 : "");
    return answer_json(fd, json);
}

/* true if the answer is the one to this question. cmocka's asserts must not be used in other threads. */
static bool ask(const char *id) {
    kp_op *op = kp_op_new(client, KP_RESULT);
    char expected[64];
    snprintf(expected, sizeof expected, "answer to %s", id);
    bool right = op && kp_op_set(op, "task", id, strlen(id)) == 0 && kp_run(runner, op) == 0 &&
                 strcmp(fact(op, "answer"), expected) == 0;
    kp_op_free(op);
    return right;
}

static atomic_int wrong;

static void *ask_much(void *number) {
    for (int i = 0; i < OPERATIONS; i++) {
        char id[32];
        snprintf(id, sizeof id, "%d%04d", *(int *)number + 1, i);
        kp_op *op = i % 10 == 9 ? kp_op_new(client, KP_SUBMIT) : NULL;
        if (op) {
            kp_op_set(op, "method", "turnstile", 9);
            kp_op_set(op, "params", PARAMS, strlen(PARAMS));
            atomic_fetch_add(&wrong, kp_run(runner, op) != 0);
            kp_op_free(op);
        } else
            atomic_fetch_add(&wrong, !ask(id));
    }
    return NULL;
}

static void eight_threads_share_a_runner(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    int numbers[THREADS];
    script.result = echo_id;
    atomic_store(&wrong, 0);
    begin(NULL);
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, ask_much, &numbers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(raw_count(server, SUBMIT), THREADS * OPERATIONS / 10);
    assert_in_range(raw_connections(server), 1, THREADS);
    assert_int_equal(raw_count(server, BALANCE), 1); /* one proof of the key for all */
    end();
}

/* ---- K8: fork ---- */

/* A child ends by becoming another program: at an exit, checkers of leaks would count what the threads that a fork
   leaves behind had in hand. */
static void end_child(bool well) {
    execl("/bin/sh", "sh", "-c", well ? "exit 0" : "exit 1", (char *)NULL);
    _exit(2);
}

static bool ended_well(pid_t child) {
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool in_child(bool (*run)(void)) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(WATCHDOG_S);
        end_child(run());
    }
    return ended_well(child);
}

static bool ask_one(void) {
    return ask("1");
}

static void k8_child_makes_its_own_connection(void **state) {
    (void)state;
    script.result = echo_id;
    begin(NULL);
    assert_true(ask("2"));
    assert_true(in_child(ask_one));
    assert_true(ask("3"));
    assert_int_equal(raw_find(server, "id=2", 0)->connection, 0);
    assert_int_equal(raw_find(server, "id=1", 0)->connection, 1);
    assert_int_equal(raw_find(server, "id=3", 0)->connection, 0);
    end();
}

static bool grandchild(void) {
    return ask("1") && in_child(ask_one) && ask("4");
}

static void k8_grandchild(void **state) {
    (void)state;
    script.result = echo_id;
    begin(NULL);
    assert_true(ask("2"));
    assert_true(in_child(grandchild));
    assert_true(ask("3"));
    assert_int_equal(raw_connections(server), 3);
    end();
}

/* When the parent closes, the service sees it, though the child lives on. */
static void k8_child_holds_no_connection_open(void **state) {
    (void)state;
    int gate[2];
    script.result = echo_id;
    begin(NULL);
    assert_true(ask("2"));
    assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(gate[1]);
        ssize_t n = read(gate[0], &byte, 1);
        kp_runner_free(runner);
        kp_client_free(client);
        end_child(n == 0);
    }
    close(gate[0]);
    end();
    assert_true(raw_await_ended(server, 1));
    close(gate[1]);
    assert_true(ended_well(child));
}

static atomic_int held;

static raw_then hold_then_echo(raw_server *s, const raw_request *request, int fd, void *arg) {
    while (strstr(request->head, "id=5") && atomic_load(&held))
        usleep(1000);
    return echo_id(s, request, fd, arg);
}

static void *ask_five(void *arg) {
    (void)arg;
    atomic_fetch_add(&wrong, !ask("5"));
    return NULL;
}

static void k8_call_in_flight_goes_on(void **state) {
    (void)state;
    pthread_t thread;
    script.result = hold_then_echo;
    atomic_store(&wrong, 0);
    atomic_store(&held, 1);
    begin(NULL);
    assert_true(ask("2"));
    assert_int_equal(pthread_create(&thread, NULL, ask_five, NULL), 0);
    assert_true(raw_await(server, "id=5", 1));
    assert_true(in_child(ask_one));
    atomic_store(&held, 0);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(raw_count(server, "id=5"), 1);
    end();
}

static raw_then hold_then_accept(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)arg;
    while (atomic_load(&held))
        usleep(1000);
    return answer_json(fd, "{\"status\":1,\"request\":\"4711\"}");
}

static kp_op *left_in_the_midst;

static bool end_it(void) {
    kp_op *op = left_in_the_midst;
    bool asked = ask("1"); /* its descriptor may have the number of one of the parent's */
    bool ended = kp_run_for(runner, op, UINT32_MAX) == 0 && kp_op_error(op) == KP_E_LOST;
    return asked && ended && strcmp(fact(op, "unknown"), "1") == 0 && ask("1");
}

static bool free_it(void) {
    bool asked = ask("1");
    int before = count_descriptors();
    kp_op_free(left_in_the_midst);
    bool well = asked && count_descriptors() == before && ask("1");
    kp_runner_free(runner);
    kp_client_free(client);
    return well;
}

/* A call that the driver left in the midst is the parent's; in the child it is over, and the parent sees nothing. */
static void k8_call_left_in_the_midst(void **state) {
    (void)state;
    static bool (*const children[])(void) = {end_it, free_it};
    script.submit = hold_then_accept;
    script.result = echo_id;
    for (size_t i = 0; i < 2; i++) {
        size_t before = raw_count(server, SUBMIT), connections = raw_connections(server);
        atomic_store(&held, 1);
        begin(NULL);
        prove();
        kp_op *op = left_in_the_midst = patient_op(KP_SUBMIT);
        while (raw_count(server, SUBMIT) == before)
            assert_int_equal(kp_run_for(runner, op, 1), 1);
        assert_true(in_child(children[i]));
        assert_int_equal(kp_run_for(runner, op, 0), 1);
        atomic_store(&held, 0);
        assert_int_equal(kp_run(runner, op), 0);
        assert_non_null(strstr(fact(op, "task"), "/4711"));
        assert_int_equal(raw_count(server, SUBMIT), before + 1);
        assert_int_equal(raw_connections(server), connections + 2); /* the parent's and the child's */
        kp_op_free(op);
        end();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(eight_threads_share_a_runner),
        SERVICE_TEST(k8_child_makes_its_own_connection),
        SERVICE_TEST(k8_grandchild),
        SERVICE_TEST(k8_child_holds_no_connection_open),
        SERVICE_TEST(k8_call_in_flight_goes_on),
        SERVICE_TEST(k8_call_left_in_the_midst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
