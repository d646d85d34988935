/* test_transfer_answers.c: answers that are endless, no HTTP, redirects, errors; requests that are big. */
#include "base/error.h"
#include "raw_drive.h"

static void submit_ends_with(int code) {
    begin(NULL);
    kp_op *op = run(KP_SUBMIT);
    assert_int_equal(kp_op_error(op), code);
    assert_unknown(op);
    kp_op_free(op);
    end();
}

/* ---- T1: redirects ---- */

/* Each text has a place of its own: the server may still be at the last one. */
static char made[10][256];

static void t1_redirect(void **state) {
    (void)state;
    static const char *const lines[] = {"301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect",
                                        "308 Permanent Redirect"};
    raw_server *other = raw_start(service_answer, NULL);
    assert_non_null(other);
    script.submit = answer_said;
    for (size_t i = 0; i < 5; i++)
        for (int same = 0; same < 2; same++) {
            char *text = made[2 * i + (size_t)same];
            snprintf(text, sizeof made[0], "HTTP/1.1 %s\r\nLocation: %s/in.php\r\nContent-Length: 0\r\n\r\n", lines[i],
                     raw_url(same ? server : other));
            say_text(text);
            size_t before = raw_connections(server);
            submit_ends_with(KP_E_REDIRECT);
            assert_int_equal(raw_connections(server), before + 1);
        }
    assert_int_equal(raw_connections(other), 0);
    raw_stop(other);
}

/* ---- T8: endless ---- */

static void endless(const char *first, const char *again) {
    script.submit = answer_said;
    say((said){first, strlen(first), again, RAW_CLOSE});
    submit_ends_with(KP_E_ANSWER_TOO_BIG);
}

static void t8_body_of_10_gib(void **state) {
    (void)state;
    endless("HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n", "0123456789abcde\n");
}

static void t8_body_without_length(void **state) {
    (void)state;
    endless("HTTP/1.1 200 OK\r\n\r\n", "0123456789abcde\n");
}

static void t8_chunks(void **state) {
    (void)state;
    endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "10\r\n0123456789abcde\n\r\n");
}

/* libcurl has a limit of its own for the head, below ours: the answer then counts as broken. */
static void t8_head(void **state) {
    (void)state;
    static const char *const texts[][2] = {
        {"HTTP/1.1 200 OK\r\n", "X-Header: 0123456789abcdef0123456789\r\n"},
        {"HTTP/1.1 200 OK\r\nX-Header: ", "no end of this line "},
        {"HTTP/1.1 200 ", "no end of this line "},
        {"", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"},
    };
    script.submit = answer_said;
    for (size_t i = 0; i < 4; i++) {
        say((said){texts[i][0], strlen(texts[i][0]), texts[i][1], RAW_CLOSE});
        begin(NULL);
        kp_op *op = run(KP_SUBMIT);
        assert_unknown(op);
        kp_op_free(op);
        end();
    }
}

static void t8_head_over_a_small_cap(void **state) {
    (void)state;
    static const char *const small[] = {"max_answer", "2048", NULL};
    static const char *const again[] = {"X-Header: 0123456789abcdef0123456789\r\n", "\r\nHTTP/1.1 103 Early Hints\r\n"};
    script.submit = answer_said;
    for (size_t i = 0; i < 2; i++) {
        say((said){"HTTP/1.1 103 Early Hints\r\n", 26, again[i], RAW_CLOSE});
        begin(small);
        kp_op *op = run(KP_SUBMIT);
        assert_int_equal(kp_op_error(op), KP_E_ANSWER_TOO_BIG);
        assert_unknown(op);
        kp_op_free(op);
        end();
    }
}

/* ---- Answers that are no HTTP ---- */

static void no_http(void **state) {
    (void)state;
    static const char *const texts[] = {
        "{\"status\":1,\"request\":\"4711\"}",
        "OK|4711",
        "\r\n\r\nOK|4711",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1\r\n\r\nOK|4711",
        "HTTP/1.1 abc\r\n\r\nOK|4711",
        "HTTP/9.9 200 OK\r\nContent-Length: 7\r\n\r\nOK|4711",
        "HTTP/1.1 2000 OK\r\nContent-Length: 7\r\n\r\nOK|4711",
        "HTTP/1.1 42 OK\r\nContent-Length: 7\r\n\r\nOK|4711",
    };
    script.submit = answer_said;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        say_text(texts[i]);
        submit_ends_with(KP_E_ANSWER);
    }
}

/* ---- T13 ---- */

static void begin_big(void) {
    begin(NULL);
    prove();
}

static kp_op *run_big(void) {
    static char params[1400100];
    size_t len = (size_t)snprintf(params, sizeof params, "{\"body\":\"");
    memset(params + len, 'A', 1398000);
    len += 1398000;
    memcpy(params + len, "\"}", 3);
    kp_op *op = kp_op_new(client, KP_SUBMIT);
    set_op(op, "method", "base64");
    set_op(op, "params", params);
    drive(op);
    return op;
}

static void t13_body_over_a_mebibyte(void **state) {
    (void)state;
    begin_big();
    kp_op *op = run_big();
    assert_int_equal(kp_op_error(op), 0);
    assert_int_equal(raw_count(server, SUBMIT), 1);
    const raw_request *request = raw_find(server, SUBMIT, 0);
    assert_true(request->body_len > 1398000);
    assert_null(strcasestr(request->head, "expect"));
    kp_op_free(op);
    end();
}

static void t13_answered_with_417(void **state) {
    (void)state;
    script.submit = answer_said;
    say_text("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
    begin_big();
    kp_op *op = run_big();
    assert_unknown(op);
    kp_op_free(op);
    end();
}

/* ---- T14 ---- */

static void t14_server_error(void **state) {
    (void)state;
    static const char *const lines[] = {"500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable",
                                        "504 Gateway Timeout", "599 Odd"};
    script.submit = answer_said;
    for (size_t i = 0; i < 5; i++) {
        snprintf(
            made[i], sizeof made[i],
            "HTTP/1.1 %s\r\nRetry-After: 0\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>no</html>",
            lines[i]);
        say_text(made[i]);
        submit_ends_with(KP_E_SERVER);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(t1_redirect),
        SERVICE_TEST(t8_body_of_10_gib),
        SERVICE_TEST(t8_body_without_length),
        SERVICE_TEST(t8_chunks),
        SERVICE_TEST(t8_head),
        SERVICE_TEST(t8_head_over_a_small_cap),
        SERVICE_TEST(no_http),
        SERVICE_TEST(t13_body_over_a_mebibyte),
        SERVICE_TEST(t13_answered_with_417),
        SERVICE_TEST(t14_server_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
