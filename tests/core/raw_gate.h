/* raw_gate.h: operations that are driven in slices, and answers that wait for the test. */
#ifndef KP_TESTS_RAW_GATE_H
#define KP_TESTS_RAW_GATE_H

#include <netinet/tcp.h>
#include <semaphore.h>

#include "raw_run.h"

enum { SLICE_MS = 1 };

/* Slices until the service has so many requests of this kind; the answer is still out. */
static inline void run_until_asked(kp_op *op, const char *what, size_t count) {
    while (raw_count(server, what) < count)
        assert_int_equal(kp_run_for(runner, op, SLICE_MS), 1);
    assert_int_equal(kp_op_step(op), KP_HTTP);
}

/* A client whose key is proven, and its operation with a submit that the service read and never answers. */
static inline kp_op *begin_unanswered_submit(void) {
    script.submit = hold;
    begin(NULL);
    prove();
    kp_op *op = patient_op(KP_SUBMIT);
    run_until_asked(op, SUBMIT, 1);
    return op;
}

/* For the script: holds the answer until the test lets it go. */
static sem_t gate;
static sem_t arrived; /* the client's machine has all of a long answer */

static inline void pass_gate(void) {
    while (sem_wait(&gate) != 0) {
    }
}

static inline raw_then answer_at_the_gate(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)arg;
    pass_gate();
    return answer_json(fd, "{\"status\":1,\"request\":\"4711\"}");
}

#define WHOLE_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n{\"status\":1,\"request\":\"4711\"}"

/* A byte for each time that the test lets one go. */
static inline raw_then answer_in_bytes(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)arg;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (const char *at = WHOLE_ANSWER; *at; at++) {
        pass_gate();
        if (!raw_send(fd, at, 1))
            return RAW_CLOSE;
    }
    return RAW_KEEP;
}

static inline int setup(void **state) {
    return sem_init(&gate, 0, 0) == 0 && sem_init(&arrived, 0, 0) == 0 ? service_setup(state) : -1;
}

static inline int teardown(void **state) {
    for (int i = 0; i < 1000; i++)
        sem_post(&gate); /* a test that failed leaves the service waiting */
    int failed = service_teardown(state);
    sem_destroy(&gate);
    sem_destroy(&arrived);
    return failed;
}

#define GATE_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
