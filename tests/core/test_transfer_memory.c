/* test_transfer_memory.c: every allocation fails in turn, ours and libcurl's, from configuration to answer over HTTP.
 */
#include <curl/curl.h>

#include "base/error.h"
#include "failing.h"
#include "net/transfer.h"
#include "raw_service.h"

/* ---- libcurl's allocations, counted and failed like ours ---- */

static bool curl_fails;
static pthread_t main_thread;
static uint64_t pause_at = UINT64_MAX; /* 0: every call in the smallest parts */

/* libcurl's threads, which look up names, go on while this one counts. */
static bool must_fail(void) {
    return pthread_equal(pthread_self(), main_thread) && curl_fails && kp_mem_test_hook && failing_hook();
}

static void *curl_malloc(size_t size) {
    return must_fail() ? NULL : malloc(size);
}

static void *curl_realloc(void *block, size_t size) {
    return must_fail() ? NULL : realloc(block, size);
}

static void *curl_calloc(size_t count, size_t size) {
    return must_fail() ? NULL : calloc(count, size);
}

static char *curl_strdup(const char *text) {
    return must_fail() ? NULL : strdup(text);
}

static int start_curl(void **state) {
    (void)state;
    main_thread = pthread_self();
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc, free, curl_realloc, curl_strdup, curl_calloc) ==
                   CURLE_OK
               ? 0
               : -1;
}

/* ---- One operation, from nothing to its end; it may fail anywhere ---- */

typedef struct outcome {
    bool made; /* there was an operation */
    int error;
    bool answered, unknown, accepted;
    const char *cls;
} outcome;

static void drive(kp_local *local, kp_line_stack *idle, kp_op *op) {
    kp_local_time(op);
    for (int step; (step = kp_op_step(op)) != KP_DONE;) {
        if (step == KP_HTTP)
            kp_transfer(idle, op, NULL, pause_at);
        else if (step == KP_TIME)
            kp_on_time(op, kp_op_until(op), 1700000000000, 0);
        else
            kp_local_step(local, op);
    }
}

static kp_client *make_client(void) {
    static const char *const options[][2] = {
        {"keys", "[\"env:KP_TEST_SERVICE_KEY\"]"}, {"store", "memory:"}, {"poll.first", "0"}, {"poll.every", "50ms"}};
    kp_config *config = kp_config_new();
    kp_config_set(config, "url.captchaai", raw_url(server));
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        kp_config_set(config, options[i][0], options[i][1]);
    kp_client *client = kp_client_new(config);
    kp_config_free(config);
    return client;
}

static outcome solve(void) {
    outcome o = {.made = false};
    kp_line_stack idle = {NULL, 0};
    kp_client *client = make_client();
    kp_local *local = client ? kp_local_new(client) : NULL;
    kp_op *op = local ? kp_op_new(client, KP_SOLVE) : NULL;
    if (op) {
        kp_op_set(op, "method", "turnstile", 9);
        kp_op_set(op, "params", PARAMS, strlen(PARAMS));
        drive(local, &idle, op);
        o.made = true;
        o.error = kp_op_error(op);
        o.cls = kp_error_class(o.error);
        failing_stop();
        o.answered = strcmp(fact(op, "answer"), "the answer") == 0;
        o.unknown = strcmp(fact(op, "unknown"), "1") == 0;
        o.accepted = fact(op, "task")[0] != '\0';
    }
    failing_stop();
    kp_op_free(op);
    kp_line_stack_free(&idle);
    kp_local_free(local);
    kp_client_free(client);
    return o;
}

/* One submit at most; and if the server got it, the outcome says that it may be paid, or which task it was. */
static void fail_in_turn(bool from_there_on) {
    bool failed = true;
    for (size_t i = 0; failed; i++) {
        size_t before = raw_count(server, SUBMIT);
        failing_start(i, from_there_on);
        outcome o = solve();
        failed = failing.asked > i;
        size_t submits = raw_count(server, SUBMIT) - before;
        assert_in_range(submits, 0, 1);
        if (o.made && o.error == 0)
            assert_true(o.answered && o.accepted);
        if (o.made && o.error != 0) {
            assert_true(failed && strcmp(o.cls, "none") != 0);
            assert_true(submits == 0 || o.unknown || o.accepted);
        }
    }
}

static void own_allocation_fails_once(void **state) {
    (void)state;
    curl_fails = false;
    fail_in_turn(false);
}

static void own_allocations_fail_from_there_on(void **state) {
    (void)state;
    curl_fails = false;
    fail_in_turn(true);
}

static void any_allocation_fails_once(void **state) {
    (void)state;
    curl_fails = true;
    fail_in_turn(false);
    curl_fails = false;
}

static void all_allocations_fail_from_there_on(void **state) {
    (void)state;
    curl_fails = true;
    fail_in_turn(true);
    curl_fails = false;
}

static void any_allocation_fails_between_parts(void **state) {
    (void)state;
    curl_fails = true;
    pause_at = 0;
    fail_in_turn(false);
    pause_at = UINT64_MAX;
    curl_fails = false;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(own_allocation_fails_once),          SERVICE_TEST(own_allocations_fail_from_there_on),
        SERVICE_TEST(any_allocation_fails_once),          SERVICE_TEST(all_allocations_fail_from_there_on),
        SERVICE_TEST(any_allocation_fails_between_parts),
    };
    return cmocka_run_group_tests(tests, start_curl, NULL);
}
