/* test_transfer.c: one call over libcurl against a server that breaks every rule. Waits between calls are skipped. */
#include <stdatomic.h>

#include "base/error.h"
#include "raw_drive.h"

/* ---- T6: the connection dies after the submit was read ---- */

static raw_then balance_and_close(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)arg;
    raw_send_text(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\n12.5");
    return RAW_CLOSE;
}

static void die_after_submit(raw_answer how, bool fresh) {
    script.submit = how;
    script.balance = fresh ? balance_and_close : NULL;
    begin(NULL);
    prove();
    kp_op *op = run(KP_SUBMIT);
    assert_unknown(op);
    assert_int_equal(kp_op_error(op), KP_E_LOST);
    assert_int_equal(raw_find(server, SUBMIT, 0)->connection, fresh ? 1 : 0);
    kp_op_free(op);
    end();
}

static void t6_fresh_closed(void **state) {
    (void)state;
    die_after_submit(close_now, true);
}

static void t6_fresh_reset(void **state) {
    (void)state;
    die_after_submit(reset_now, true);
}

static void t6_reused_closed(void **state) {
    (void)state;
    die_after_submit(close_now, false);
}

static void t6_reused_reset(void **state) {
    (void)state;
    die_after_submit(reset_now, false);
}

/* A free call is asked again. */
static raw_then close_first(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)arg;
    (void)request;
    if (raw_count(s, RESULT) == 1)
        return RAW_CLOSE;
    return answer_json(fd, "{\"status\":1,\"request\":\"second\"}");
}

static void t6_a_free_call_is_asked_again(void **state) {
    (void)state;
    script.result = close_first;
    begin(NULL);
    prove();
    kp_op *op = run(KP_RESULT);
    assert_int_equal(kp_op_error(op), 0);
    assert_string_equal(fact(op, "answer"), "second");
    assert_int_equal(raw_count(server, RESULT), 2);
    kp_op_free(op);
    end();
}

static raw_then balance_and_hang_up(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)arg;
    answer_json(fd, "{\"status\":1,\"request\":\"12.5\"}");
    return RAW_CLOSE;
}

static void t6_died_while_idle(void **state) {
    (void)state;
    script.balance = balance_and_hang_up;
    begin(NULL);
    prove();
    assert_true(raw_await_ended(server, 1));
    kp_op *op = run(KP_SUBMIT);
    assert_int_equal(kp_op_error(op), 0);
    assert_int_equal(raw_count(server, SUBMIT), 1);
    assert_int_equal(raw_connections(server), 2);
    kp_op_free(op);
    end();
}

/* The one wait of this file: libcurl alone knows how long a connection was idle. */
static void t6_idle_for_over_two_seconds(void **state) {
    (void)state;
    begin(NULL);
    prove();
    usleep(2200000);
    kp_op *op = run(KP_SUBMIT);
    assert_int_equal(kp_op_error(op), 0);
    assert_int_equal(raw_find(server, SUBMIT, 0)->connection, 1);
    kp_op_free(op);
    end();
}

/* An answer that nobody asked for is no answer to the next question. */
static raw_then balance_twice(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)arg;
    raw_send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n12.5"
                      "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nOK|666");
    return RAW_KEEP;
}

static void unasked_answer_is_not_taken(void **state) {
    (void)state;
    script.balance = balance_twice;
    begin(NULL);
    prove();
    kp_op *op = run(KP_SUBMIT);
    assert_null(strstr(fact(op, "task"), "666"));
    kp_op_free(op);
    end();
}

static atomic_int stray;

static raw_then balance_then_stray(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)arg;
    answer_json(fd, "{\"status\":1,\"request\":\"12.5\"}");
    while (atomic_load(&stray) == 0)
        usleep(1000);
    answer_json(fd, "{\"status\":1,\"request\":\"666\"}");
    atomic_store(&stray, 2);
    return RAW_KEEP;
}

static void late_unasked_answer_is_not_taken(void **state) {
    (void)state;
    script.balance = balance_then_stray;
    begin(NULL);
    prove();
    atomic_store(&stray, 1);
    while (atomic_load(&stray) != 2)
        usleep(1000);
    kp_op *op = run(KP_SUBMIT);
    assert_null(strstr(fact(op, "task"), "666"));
    kp_op_free(op);
    end();
}

/* ---- What surely did not leave may be sent again ---- */

/* The proof of the key and three submits were tried, none of them left, and that is known. */
static void assert_unsent(const char *const *options, int code) {
    begin(options);
    kp_op *op = run(KP_SUBMIT);
    assert_int_equal(kp_op_error(op), code);
    assert_string_equal(fact(op, "unknown"), "");
    assert_string_equal(fact(op, "attempts"), "4");
    assert_int_equal(raw_count(server, ".php"), 0);
    kp_op_free(op);
    end();
}

static void unsent_where_nobody_listens(void **state) {
    (void)state;
    raw_server *gone = raw_start(service_answer, NULL);
    char url[64];
    snprintf(url, sizeof url, "%s", raw_url(gone));
    raw_stop(gone);
    const char *const options[] = {"url.captchaai", url, NULL};
    assert_unsent(options, KP_E_CONNECT);
}

static void unsent_from_an_address_of_another(void **state) {
    (void)state;
    const char *const options[] = {"source_address", "192.0.2.1", NULL};
    assert_unsent(options, KP_E_CONNECT);
}

static void t3_proxy_refuses_or_dies(void **state) {
    (void)state;
    static const char *const texts[] = {
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=a\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nOK|4711",
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=a\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 500 Internal Server Error\r\n\r\n",
        "HTTP/1.1 200",
        "OK|4711",
        "",
    };
    raw_server *proxy = raw_start(answer_said, NULL);
    const char *const options[] = {"proxy", raw_url(proxy), "allow_http_hosts", "127.0.0.1", NULL};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        say_text(texts[i]);
        assert_unsent(options, KP_E_PROXY);
    }
    for (size_t i = 0; raw_find(proxy, "", i); i++) {
        assert_int_equal(strncmp(raw_find(proxy, "", i)->head, "CONNECT 127.0.0.1:", 18), 0);
        assert_null(strstr(raw_find(proxy, "", i)->head, service_key));
    }
    assert_int_equal(raw_connections(server), 0);
    raw_stop(proxy);
}

static void t3_nobody_is_the_proxy(void **state) {
    (void)state;
    raw_server *gone = raw_start(service_answer, NULL);
    char url[64];
    snprintf(url, sizeof url, "%s", raw_url(gone));
    raw_stop(gone);
    const char *const options[] = {"proxy", url, "allow_http_hosts", "127.0.0.1", NULL};
    assert_unsent(options, KP_E_PROXY);
}

/* ---- What is configured is done ---- */

/* The proxy is the way and the other end in one: what follows CONNECT on its connection is the call itself. */
static raw_then answer_as_proxy(raw_server *s, const raw_request *request, int fd, void *arg) {
    if (strncmp(request->head, "CONNECT ", 8) != 0)
        return service_answer(s, request, fd, arg);
    raw_send_text(fd, "HTTP/1.1 200 Established\r\nX-Proxy: a\r\n\r\n");
    return RAW_KEEP;
}

static void proxy_gets_a_tunnel(void **state) {
    (void)state;
    raw_server *proxy = raw_start(answer_as_proxy, NULL);
    char url[128];
    snprintf(url, sizeof url, "http://me:secret-of-mine@127.0.0.1:%d", raw_port(proxy));
    const char *const options[] = {"proxy", url, "allow_http_hosts", "127.0.0.1", NULL};
    begin(options);
    prove();
    kp_op *op = run(KP_SUBMIT);
    assert_int_equal(kp_op_error(op), 0);
    assert_int_equal(raw_connections(server), 0);
    assert_int_equal(raw_connections(proxy), 1);
    assert_non_null(strstr(raw_find(proxy, "CONNECT", 0)->head, "\r\nProxy-Authorization: Basic "));
    assert_null(strstr(raw_find(proxy, SUBMIT, 0)->head, "Proxy-Authorization"));
    kp_op_free(op);
    end();
    raw_stop(proxy);
}

static void source_address_is_used(void **state) {
    (void)state;
    static const char *const options[] = {"source_address", "127.0.0.2", NULL};
    begin(options);
    prove();
    assert_string_equal(raw_find(server, BALANCE, 0)->peer, "127.0.0.2");
    end();
}

/* ---- One handle for all calls: nothing of one is left for the next ---- */

static void calls_do_not_mix(void **state) {
    (void)state;
    begin(NULL);
    prove();
    kp_op_free(run(KP_SUBMIT));
    kp_op_free(run(KP_RESULT));
    kp_op_free(run(KP_SUBMIT));
    prove();
    assert_int_equal(raw_connections(server), 1);
    const raw_request *request;
    for (size_t i = 0; (request = raw_find(server, "", i)); i++) {
        bool post = strncmp(request->head, "POST /in.php HTTP/1.1\r\n", 23) == 0;
        assert_true(post || strncmp(request->head, "GET /res.php?", 13) == 0);
        assert_int_equal(post, strstr(request->head, "\r\nContent-Length: ") != NULL);
        assert_int_equal(post, strstr(request->head, "\r\nContent-Type: ") != NULL);
        assert_int_equal(post, request->body_len > 0);
        assert_non_null(strstr(request->head, "\r\nUser-Agent: keyplate/"));
        assert_null(strstr(request->head, "\r\nAccept:"));
        assert_null(strstr(request->head, "\r\nExpect:"));
        assert_null(strstr(request->head, "\r\nTransfer-Encoding:"));
    }
    assert_string_equal(raw_find(server, SUBMIT, 0)->body, raw_find(server, SUBMIT, 1)->body);
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(t6_fresh_closed),
        SERVICE_TEST(t6_fresh_reset),
        SERVICE_TEST(t6_reused_closed),
        SERVICE_TEST(t6_reused_reset),
        SERVICE_TEST(t6_a_free_call_is_asked_again),
        SERVICE_TEST(t6_died_while_idle),
        SERVICE_TEST(t6_idle_for_over_two_seconds),
        SERVICE_TEST(unasked_answer_is_not_taken),
        SERVICE_TEST(late_unasked_answer_is_not_taken),
        SERVICE_TEST(unsent_where_nobody_listens),
        SERVICE_TEST(unsent_from_an_address_of_another),
        SERVICE_TEST(t3_proxy_refuses_or_dies),
        SERVICE_TEST(t3_nobody_is_the_proxy),
        SERVICE_TEST(proxy_gets_a_tunnel),
        SERVICE_TEST(source_address_is_used),
        SERVICE_TEST(calls_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
