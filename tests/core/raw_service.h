/* raw_service.h: a raw server that plays CaptchaAI, and clients and operations against it. */
#ifndef KP_TESTS_RAW_SERVICE_H
#define KP_TESTS_RAW_SERVICE_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "chance.h"
#include "keyplate_run.h"
#include "raw_server.h"

#define SUBMIT "/in.php"
#define RESULT "action=get&"
#define BALANCE "action=getbalance"
#define PARAMS "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\"}"

/* How the service answers each call; NULL: well. */
typedef struct service_script {
    raw_answer submit, result, balance;
} service_script;

static service_script script;
static raw_server *server;
static char service_key[48];

static inline raw_then answer_json(int fd, const char *json) {
    char text[512];
    snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(json), json);
    raw_send_text(fd, text);
    return RAW_KEEP;
}

static inline raw_then service_answer(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)arg;
    bool balance = strstr(request->head, BALANCE), submit = strstr(request->head, SUBMIT);
    raw_answer special = balance ? script.balance : submit ? script.submit : script.result;
    if (special)
        return special(s, request, fd, NULL);
    return answer_json(fd, balance  ? "{\"status\":1,\"request\":\"12.5\"}"
                           : submit ? "{\"status\":1,\"request\":\"4711\"}"
                                    : "{\"status\":1,\"request\":\"the answer\"}");
}

/* What answer_said sends: len bytes of text, then again until the client ends it; and what becomes of the connection.
 */
typedef struct said {
    const char *text;
    size_t len;
    const char *again;
    raw_then then;
} said;

static pthread_mutex_t said_lock = PTHREAD_MUTEX_INITIALIZER;
static said to_say;

static inline void say(said what) {
    pthread_mutex_lock(&said_lock);
    to_say = what;
    pthread_mutex_unlock(&said_lock);
}

static inline void say_text(const char *text) {
    say((said){text, strlen(text), NULL, RAW_CLOSE});
}

static inline raw_then answer_said(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)arg;
    pthread_mutex_lock(&said_lock);
    said what = to_say;
    pthread_mutex_unlock(&said_lock);
    raw_send(fd, what.text, what.len);
    while (what.again && raw_send_text(fd, what.again)) {
    }
    return what.then;
}

/* For cmocka: a server of its own for each test, and a new key. */
static inline int service_setup(void **state) {
    (void)state;
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static chance c;
    if (!c.state)
        c.state = (uint64_t)getpid() * 2654435761U + 1;
    for (size_t i = 0; i < 40; i++)
        service_key[i] = letters[chance_below(&c, sizeof letters - 1)];
    setenv("KP_TEST_SERVICE_KEY", service_key, 1);
    script = (service_script){NULL, NULL, NULL};
    server = raw_start(service_answer, NULL);
    return server ? 0 : -1;
}

static inline int service_teardown(void **state) {
    (void)state;
    raw_stop(server);
    server = NULL;
    return 0;
}

#define SERVICE_TEST(test) cmocka_unit_test_setup_teardown(test, service_setup, service_teardown)

/* options: name, value, ..., NULL. */
static inline kp_client *service_client(const char *const *options) {
    kp_config *config = kp_config_new();
    assert_int_equal(kp_config_set(config, "url.captchaai", raw_url(server)), 0);
    assert_int_equal(kp_config_set(config, "keys", "[\"env:KP_TEST_SERVICE_KEY\"]"), 0);
    assert_int_equal(kp_config_set(config, "store", "memory:"), 0);
    assert_int_equal(kp_config_set(config, "poll.first", "0"), 0);
    assert_int_equal(kp_config_set(config, "poll.every", "50ms"), 0);
    for (; options && *options; options += 2)
        assert_int_equal(kp_config_set(config, options[0], options[1]), 0);
    kp_client *client = kp_client_new(config);
    kp_config_free(config);
    assert_non_null(client);
    return client;
}

static inline void set_op(kp_op *op, const char *name, const char *value) {
    assert_int_equal(kp_op_set(op, name, value, strlen(value)), 0);
}

/* An operation of the kind with what it needs. */
static inline kp_op *service_op(kp_client *client, int kind) {
    kp_op *op = kp_op_new(client, kind);
    assert_non_null(op);
    if (kind == KP_SUBMIT || kind == KP_SOLVE) {
        set_op(op, "method", "turnstile");
        set_op(op, "params", PARAMS);
    } else if (kind == KP_RESULT || kind == KP_WAIT)
        set_op(op, "task", "4711");
    return op;
}

static inline const char *fact(const kp_op *op, const char *name) {
    const char *value = kp_op_get(op, name, NULL);
    return value ? value : "";
}

#endif
