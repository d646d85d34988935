/* raw_run.h: a client of the raw service and its runner, for tests of the driver that blocks. */
#ifndef KP_TESTS_RAW_RUN_H
#define KP_TESTS_RAW_RUN_H

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>

#include "raw_service.h"

enum { WATCHDOG_S = 600 };

static kp_client *client;
static kp_runner *runner;

static inline void begin(const char *const *options) {
    alarm(WATCHDOG_S); /* a driver that does not come back fails here */
    client = service_client(options);
    runner = kp_runner_new(client);
    assert_non_null(runner);
}

static inline void end(void) {
    kp_runner_free(runner);
    kp_client_free(client);
    alarm(0);
}

static inline void run_well(int kind, const char *name, const char *value) {
    kp_op *op = service_op(client, kind);
    assert_int_equal(kp_run(runner, op), 0);
    assert_string_equal(fact(op, name), value);
    kp_op_free(op);
}

static inline void prove(void) {
    run_well(KP_BALANCE, "balance", "12.5");
}

/* An operation that has all the time that a test can take. */
static inline kp_op *patient_op(int kind) {
    kp_op *op = service_op(client, kind);
    set_op(op, "timeout_ms", "3600000");
    return op;
}

/* For the script: no answer, until the client has enough of it. */
static inline raw_then hold(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)arg;
    raw_hold(fd);
    return RAW_CLOSE;
}

/* A listener that lets clients connect and says nothing: no TLS handshake ends. */
static inline int listen_silently(char *url, size_t size) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 16) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(url, size, "https://127.0.0.1:%d", ntohs(address.sin_port));
    return fd;
}

static inline int count_descriptors(void) {
    int n = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static inline int join(pthread_t thread) {
    void *error;
    assert_int_equal(pthread_join(thread, &error), 0);
    return (int)(intptr_t)error;
}

#endif
