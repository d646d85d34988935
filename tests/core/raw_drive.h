/* raw_drive.h: drives operations call by call over libcurl; where one wants to wait, its clock jumps there. */
#ifndef KP_TESTS_RAW_DRIVE_H
#define KP_TESTS_RAW_DRIVE_H

#include "net/transfer.h"
#include "raw_service.h"

static kp_line_stack idle;
static kp_local *local;
static kp_client *client;
static size_t submits_before;

static inline void begin(const char *const *options) {
    submits_before = raw_count(server, SUBMIT);
    client = service_client(options);
    local = kp_local_new(client);
    assert_non_null(local);
}

static inline void end(void) {
    kp_line_stack_free(&idle);
    kp_local_free(local);
    kp_client_free(client);
}

static inline void drive(kp_op *op) {
    kp_local_time(op);
    for (int step; (step = kp_op_step(op)) != KP_DONE;) {
        if (step == KP_HTTP)
            assert_true(kp_transfer(&idle, op, NULL, UINT64_MAX));
        else if (step == KP_TIME)
            kp_on_time(op, kp_op_until(op), 1700000000000, 0);
        else
            assert_int_equal(kp_local_step(local, op), 1);
    }
}

static inline kp_op *run(int kind) {
    kp_op *op = service_op(client, kind);
    drive(op);
    return op;
}

/* A balance call proves the key; its connection stays open if the service keeps it. */
static inline void prove(void) {
    kp_op *op = run(KP_BALANCE);
    assert_string_equal(fact(op, "balance"), "12.5");
    kp_op_free(op);
}

/* Failed after it may have been accepted, and was sent once. */
static inline void assert_unknown(const kp_op *op) {
    assert_int_not_equal(kp_op_error(op), 0);
    assert_string_equal(fact(op, "unknown"), "1");
    assert_int_equal(raw_count(server, SUBMIT) - submits_before, 1);
    assert_null(strstr(fact(op, "text"), service_key));
}

/* For the script: ends the connection without a word. */
static inline raw_then close_now(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)fd;
    (void)arg;
    return RAW_CLOSE;
}

static inline raw_then reset_now(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)fd;
    (void)arg;
    return RAW_RESET;
}

#endif
