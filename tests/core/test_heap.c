/* test_heap.c: whether libcurl and OpenSSL have their memory where core dumps do not see it, and what is told of it. */
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>

#include <curl/curl.h>

#include "failing.h"
#include "fork_threads.h"
#include "net/heap.h"
#include "probe.h"
#include "raw_service.h"
#include "safe/arena.h"

enum { WATCHDOG_S = 600 };

static bool has_gap(const char *name) {
    const char *text = NULL, *advice = NULL, *found;
    for (size_t i = 0; (found = kp_hygiene(NULL, i, &text, &advice)); i++)
        if (strcmp(found, name) == 0)
            return text && *text && advice && *advice;
    return false;
}

/* ---- Who came first: each in a process of its own, before this one starts libcurl ---- */

static int nothing_is_told_before(void *unused) {
    (void)unused;
    return !has_gap("libcurl_unguarded") && !has_gap("tls_unguarded");
}

/* Whether a new handle of libcurl lies in the arena. */
static bool curl_uses_the_arena(void) {
    CURL *easy = curl_easy_init();
    bool uses = easy && kp_nodump_owns(easy);
    curl_easy_cleanup(easy);
    return uses;
}

static int keyplate_first(void *unused) {
    (void)unused;
    return kp_heap_start_curl() && !has_gap("libcurl_unguarded") && has_gap("tls_unguarded") && curl_uses_the_arena();
}

static int host_first(void *unused) {
    (void)unused;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    return kp_heap_start_curl() && has_gap("libcurl_unguarded") && !curl_uses_the_arena();
}

static int host_first_without_a_word(void *unused) {
    (void)unused;
    CURL *easy = curl_easy_init(); /* starts libcurl by itself */
    return easy && kp_heap_start_curl() && has_gap("libcurl_unguarded");
}

static int openssl_first(void *unused) {
    (void)unused;
    return kp_heap_guard_openssl() && kp_heap_start_curl() && !has_gap("tls_unguarded") &&
           !has_gap("libcurl_unguarded");
}

static int openssl_too_late(void *unused) {
    (void)unused;
    void *block = OPENSSL_malloc(10);
    bool guarded = kp_heap_guard_openssl();
    OPENSSL_free(block);
    return !guarded && kp_heap_start_curl() && has_gap("tls_unguarded") && !has_gap("libcurl_unguarded");
}

/* As its own functions: nothing for nothing, and what is made small is wiped. */
static int openssl_memory(void *unused) {
    (void)unused;
    if (!kp_heap_guard_openssl())
        return false;
    size_t before = kp_nodump_in_use();
    void *none = OPENSSL_malloc(0);
    char *block = OPENSSL_zalloc(100);
    bool good = !none && block && kp_nodump_owns(block) && probe_vm_flag(block, "dd") && block[99] == 0;
    block = OPENSSL_realloc(block, 100000);
    good = good && block && kp_nodump_owns(block);
    good = good && !OPENSSL_realloc(block, 0) && kp_nodump_in_use() == before;
    block = OPENSSL_realloc(NULL, 10);
    good = good && block;
    OPENSSL_free(block);
    OPENSSL_free(NULL);
    return good && kp_nodump_in_use() == before;
}

static void told_of_who_came_first(void **state) {
    (void)state;
    static int (*const cases[])(void *) = {
        nothing_is_told_before, keyplate_first,   host_first,    host_first_without_a_word,
        openssl_first,          openssl_too_late, openssl_memory};
    size_t good = 0; /* their number tells which one failed */
    while (good < sizeof cases / sizeof cases[0] && probe_in_child(cases[good], NULL) == true)
        good++;
    assert_int_equal(good, sizeof cases / sizeof cases[0]);
}

/* ---- Calls ---- */

static bool balance(kp_client *client, kp_runner *runner) {
    kp_op *op = kp_op_new(client, KP_BALANCE);
    bool good = op && kp_run(runner, op) == 0 && strcmp(fact(op, "balance"), "12.5") == 0;
    kp_op_free(op);
    return good;
}

static void calls_take_memory_there_and_give_it_back(void **state) {
    (void)state;
    alarm(WATCHDOG_S);
    kp_client *client = service_client(NULL);
    kp_runner_free(kp_runner_new(client)); /* what libcurl keeps for the life of the process */
    size_t before = kp_nodump_in_use(), steady = 0;
    kp_runner *runner = kp_runner_new(client);
    for (int i = 0; i < 20; i++) {
        assert_true(balance(client, runner));
        if (i == 1)
            steady = kp_nodump_in_use();
    }
    assert_true(steady > before);
    assert_int_equal(kp_nodump_in_use(), steady);
    kp_runner_free(runner);
    assert_int_equal(kp_nodump_in_use(), before);
    kp_client_free(client);
    assert_false(has_gap("libcurl_unguarded"));
}

/* Ours and libcurl's: whichever fails, the call fails or succeeds, and nothing is lost. */
static void each_allocation_fails_in_turn(void **state) {
    (void)state;
    alarm(WATCHDOG_S);
    kp_client *client = service_client(NULL);
    kp_runner_free(kp_runner_new(client));
    size_t before = kp_nodump_in_use(), bad = 0;
    bool failed = true;
    for (size_t i = 0; failed; i++) {
        failing_start(i, i % 2);
        kp_runner *runner = kp_runner_new(client);
        kp_op *op = runner ? kp_op_new(client, KP_BALANCE) : NULL;
        int error = op ? kp_run(runner, op) : -1;
        failed = failing_stop();
        bad += !failed && error != 0;
        kp_op_free(op);
        kp_runner_free(runner);
        bad += kp_nodump_in_use() != before;
    }
    assert_int_equal(bad, 0);
    kp_client_free(client);
}

/* ---- K8 ---- */

static kp_client *shared;
static kp_runner *runner_of_all;
static atomic_bool over;
static atomic_int wrong;

static void *call_on(void *unused) {
    (void)unused;
    while (!atomic_load(&over))
        atomic_fetch_add(&wrong, !balance(shared, runner_of_all));
    return NULL;
}

static int calls_here(void *unused) {
    (void)unused;
    char *secret = kp_safe_alloc(100);
    bool locked = !probe_can_lock() || (kp_safe_all_locked() && probe_vm_flag(secret, "lo"));
    char *block = kp_nodump_alloc(100);
    bool hidden = probe_vm_flag(block, "dd") && probe_vm_flag(secret, "dd");
    return locked && hidden && balance(shared, runner_of_all) && balance(shared, runner_of_all);
}

/* A child gets the locks of arenas and cells free, and the memory of calls that are not its own stays as it is. */
static void k8_fork_while_calls_take_memory(void **state) {
    (void)state;
    if (!CAN_FORK_THREADS)
        skip();
    enum { THREADS = 3, FORKS = 20 };
    pthread_t threads[THREADS];
    alarm(WATCHDOG_S);
    shared = service_client(NULL);
    runner_of_all = kp_runner_new(shared);
    assert_true(balance(shared, runner_of_all));
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_on, NULL), 0);
    int bad = 0;
    for (int i = 0; i < FORKS; i++)
        bad += probe_in_child(calls_here, NULL) != true;
    atomic_store(&over, true);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(bad, 0);
    assert_int_equal(atomic_load(&wrong), 0);
    kp_runner_free(runner_of_all);
    kp_client_free(shared);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told_of_who_came_first), /* before libcurl is started here */
        SERVICE_TEST(calls_take_memory_there_and_give_it_back),
        SERVICE_TEST(each_allocation_fails_in_turn),
        SERVICE_TEST(k8_fork_while_calls_take_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
