/* test_transfer_cuts.c: answers that are cut at every byte. */
#include "base/error.h"
#include "raw_drive.h"

typedef struct form {
    const char *text;
    size_t spare; /* bytes at the end that add nothing: they may be missing */
} form;

#define LENGTH(body, n) "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " #n "\r\n\r\n" body
#define CHUNKS(one, n1, two, n2)                                                                                       \
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" #n1 "\r\n" one "\r\n" #n2 "\r\n" two "\r\n0\r\n\r\n"
#define CLOSED(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body
#define CONTINUED(answer) "HTTP/1.1 100 Continue\r\n\r\n" answer

static bool ends_with(const char *text, const char *end) {
    size_t len = strlen(text), n = strlen(end);
    return n <= len && strcmp(text + len - n, end) == 0;
}

static void cut_at(size_t at, int kind, const char *name, const char *value, const form *f, raw_then then) {
    size_t len = strlen(f->text);
    say((said){f->text, at, NULL, then});
    begin(NULL);
    kp_op *op = run(kind);
    bool done = kp_op_error(op) == 0;
    if (done && (at + f->spare < len || !ends_with(fact(op, name), value)))
        fail_msg("taken as '%s' though cut:\n%.*s", fact(op, name), (int)at, f->text);
    if (!done && at == len && then == RAW_CLOSE)
        fail_msg("not taken: %s\n%s", fact(op, "text"), f->text);
    if (!done && kind == KP_SUBMIT)
        assert_unknown(op);
    kp_op_free(op);
    end();
}

/* One operation for each offset, each with a client that knows nothing of the others. */
static void cut_everywhere(int kind, const char *name, const char *value, const form *f, raw_then then) {
    for (size_t at = 0; at <= strlen(f->text); at++)
        cut_at(at, kind, name, value, f, then);
}

static const form balances[] = {
    {LENGTH("{\"status\":1,\"request\":\"12.5\"}", 29), 0},
    {CHUNKS("{\"status\":1,\"re", f, "quest\":\"12.5\"}", e), 2},
    {CLOSED("{\"status\":1,\"request\":\"12.5\"}"), 0},
    {LENGTH("12.5", 4), 0},
};

static void t7_balance(void **state) {
    (void)state;
    script.balance = answer_said;
    for (size_t i = 0; i < sizeof balances / sizeof balances[0]; i++)
        cut_everywhere(KP_BALANCE, "balance", "12.5", &balances[i], RAW_CLOSE);
}

static const form results[] = {
    {LENGTH("{\"status\":1,\"request\":\"the answer\"}", 35), 0},
    {CHUNKS("{\"status\":1,\"re", f, "quest\":\"the answer\"}", 14), 2},
    {CLOSED("{\"status\":1,\"request\":\"the answer\"}"), 0},
    {LENGTH("OK|the answer", 13), 0},
    {CHUNKS("OK|the", 6, " answer", 7), 2},
};

static void t7_result(void **state) {
    (void)state;
    script.result = answer_said;
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
        cut_everywhere(KP_RESULT, "answer", "the answer", &results[i], RAW_CLOSE);
}

static const form submits[] = {
    {LENGTH("{\"status\":1,\"request\":\"4711\"}", 29), 0},
    {CHUNKS("{\"status\":1,\"re", f, "quest\":\"4711\"}", e), 2},
    {CLOSED("{\"status\":1,\"request\":\"4711\"}"), 0},
    {CONTINUED(LENGTH("{\"status\":1,\"request\":\"4711\"}", 29)), 0},
    {LENGTH("OK|4711", 7), 0},
    {CHUNKS("OK|47", 5, "11", 2), 2},
};

static void cut_submits(raw_then then) {
    script.submit = answer_said;
    for (size_t i = 0; i < sizeof submits / sizeof submits[0]; i++)
        cut_everywhere(KP_SUBMIT, "task", "/4711", &submits[i], then);
}

static void t7_submit_closed(void **state) {
    (void)state;
    cut_submits(RAW_CLOSE);
}

static void t7_submit_reset(void **state) {
    (void)state;
    cut_submits(RAW_RESET);
}

/* "Not accepted" is believed only when its head is whole: else the submit would be sent again. */
static void t7_refusal(void **state) {
    (void)state;
    static const char text[] = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
    script.submit = answer_said;
    for (size_t at = 0; at < sizeof text - 1; at++) {
        say((said){text, at, NULL, RAW_CLOSE});
        begin(NULL);
        kp_op *op = run(KP_SUBMIT);
        assert_unknown(op);
        kp_op_free(op);
        end();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(t7_balance),      SERVICE_TEST(t7_result),  SERVICE_TEST(t7_submit_closed),
        SERVICE_TEST(t7_submit_reset), SERVICE_TEST(t7_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
