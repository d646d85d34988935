/* test_events.c: the queue of events: its order and its bound; many threads that fill and empty it; forks. */
#include "engine/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failing.h"
#include "fork_threads.h"
#include "op_case.h"
#include "wire/json.h"

enum { THREADS = 4, ROUNDS = 200, PATIENCE_S = 60, FORKS = 60 };

static kp_event_queue queue;

static void add(const char *json, int64_t unix_ms) {
    kp_event_queue_add(&queue, json, strlen(json), unix_ms);
}

static void expect_told(const char *json) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    assert_true(kp_event_queue_tell(&queue, &out));
    assert_string_equal(kp_buf_text(&out), json);
    kp_buf_free(&out);
    assert_int_equal(kp_event_queue_count(&queue), 0);
}

static void first_in_first_out(void **state) {
    (void)state;
    kp_event_queue_init(&queue, 3);
    expect_told("[]");
    add("1", 1);
    add("2", 2);
    assert_int_equal(kp_event_queue_count(&queue), 2);
    expect_told("[1,2]");
    add("3", 3);
    expect_told("[3]");
    add("4", 4);
    kp_event_queue_free(&queue);
}

static void what_is_lost_is_counted(void **state) {
    (void)state;
    kp_event_queue_init(&queue, 2);
    for (int i = 0; i < 5; i++)
        add("{}", 1790000000000 + i);
    assert_int_equal(kp_event_queue_count(&queue), 2);
    kp_event_queue_add(&queue, NULL, 0, 1790000000099);
    expect_told(
        "[{\"time\":\"2026-09-21T14:13:20.000Z\",\"event\":\"keyplate.events_lost\",\"level\":\"warning\","
        "\"message\":\"4 events were lost before anybody took them: take events more often, or raise the option "
        "events\",\"count\":4},{},{}]");
    expect_told("[]");
    kp_event_queue_add(&queue, NULL, 0, 1790000000099);
    assert_int_equal(kp_event_queue_count(&queue), 1); /* there is something to tell */
    expect_told("[{\"time\":\"2026-09-21T14:13:20.099Z\",\"event\":\"keyplate.events_lost\",\"level\":\"warning\","
                "\"message\":\"1 event was lost before anybody took them: take events more often, or raise the option "
                "events\",\"count\":1}]");
    kp_event_queue_free(&queue);
}

static void a_queue_without_room(void **state) {
    (void)state;
    kp_event_queue_init(&queue, 0);
    add("1", 1);
    kp_event_queue_add(&queue, NULL, 0, 1);
    assert_int_equal(kp_event_queue_count(&queue), 0);
    expect_told("[]");
}

static void what_is_inherited_is_not_told(void **state) {
    (void)state;
    kp_event_queue_init(&queue, 1);
    add("1", 1);
    add("2", 2);
    queue.inherited = true;
    assert_int_equal(kp_event_queue_count(&queue), 0);
    add("3", 3);
    expect_told("[3]");
    add("4", 4);
    queue.inherited = true;
    add("5", 5);
    expect_told("[5]");
    add("6", 6);
    queue.inherited = true;
    expect_told("[]");
}

static void memory_short(void **state) {
    (void)state;
    kp_event_queue_init(&queue, 8);
    add("1", 1);
    failing_start(0, false);
    add("2", 2);
    assert_true(failing_stop());
    bool told = false;
    for (size_t n = 0; !told; n++) {
        kp_buf out;
        kp_buf_init(&out, NULL);
        failing_start(n, true);
        told = kp_event_queue_tell(&queue, &out);
        assert_true(failing_stop() != told);
        if (told)
            assert_non_null(strstr(kp_buf_text(&out), "\"count\":1},1]"));
        else
            assert_int_equal(kp_event_queue_count(&queue), 1);
        kp_buf_free(&out);
    }
    expect_told("[]");
}

/* ---- One client, many threads ---- */

static kp_client *shared;
static atomic_bool over;

static int drive(world *w, kp_op *op) {
    world_run(w, op, STEPS_MOST);
    return kp_op_error(op);
}

static int one_balance(world *w) {
    kp_op *op = kp_op_new(shared, KP_BALANCE);
    int error = drive(w, op);
    kp_op_free(op);
    return error;
}

/* Takes what waits; how many ends of a balance that were, and how many events were lost. */
static void take(world *w, size_t *balances, size_t *lost) {
    kp_op *op = kp_op_new(shared, KP_TELL);
    kp_op_set(op, "what", "events", 6);
    assert_int_equal(drive(w, op), KP_OK);
    size_t len = 0, at = 0;
    const char *text = kp_op_get(op, "answer", &len);
    kp_json list = kp_json_parse(text, len, NULL), value;
    assert_int_equal(list.type, KP_JSON_ARRAY);
    while (kp_json_next(list, &at, NULL, &value)) {
        int64_t count = 0;
        *balances += kp_json_is(kp_json_get(value, "event"), "keyplate.balance");
        if (kp_json_i64(kp_json_get(value, "count"), &count))
            *lost += (size_t)count;
    }
    kp_op_free(op);
}

static world *new_world(uintptr_t seed) {
    world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    world_init(w, seed);
    memcpy(w->key, t.w.key, sizeof w->key);
    return w;
}

static void *fill(void *arg) {
    world *w = new_world((uintptr_t)arg + 100);
    for (size_t i = 0; i < ROUNDS; i++)
        one_balance(w);
    free(w);
    return NULL;
}

static void *fill_on(void *arg) {
    world *w = new_world((uintptr_t)arg + 200);
    while (!atomic_load(&over))
        one_balance(w);
    free(w);
    return NULL;
}

/* The stores of the threads are their own, so each of them proves the key once. */
static void nothing_is_told_twice_or_forgotten(void **state) {
    (void)state;
    for (int small = 0; small < 2; small++) {
        option("events", small ? "5" : "65536");
        shared = kp_client_new(t.config);
        pthread_t threads[THREADS];
        for (size_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, fill, (void *)(uintptr_t)(i + 1)), 0);
        size_t balances = 0, lost = 0;
        for (size_t i = 0; i < 50; i++)
            take(&t.w, &balances, &lost);
        for (size_t i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        take(&t.w, &balances, &lost);
        if (small) /* a lost one may be that of a proof */
            assert_true(balances <= THREADS * ROUNDS && balances + lost >= THREADS * ROUNDS);
        else
            assert_true(balances == THREADS * ROUNDS && lost == 0);
        assert_int_equal(kp_client_events(shared), 0);
        kp_client_free(shared);
    }
}

/* ---- Fork ---- */

static bool child_tells_its_own(void) {
    size_t balances = 0, lost = 0;
    if (kp_client_events(shared) != 0)
        return false;
    take(&t.w, &balances, &lost);
    if (balances != 0 || lost != 0 || one_balance(&t.w) != KP_OK)
        return false;
    take(&t.w, &balances, &lost);
    return balances == 1 && lost == 0;
}

static void expect_of_child(bool (*so)(void)) {
    pid_t child = fork();
    if (child == 0) {
        alarm(PATIENCE_S);
        _exit(so() ? 0 : 1);
    }
    int status = -1;
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void k8_the_parents_events_are_the_parents(void **state) {
    (void)state;
    option("events", "2");
    shared = kp_client_new(t.config);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(one_balance(&t.w), KP_OK);
    expect_of_child(child_tells_its_own);
    size_t balances = 0, lost = 0;
    take(&t.w, &balances, &lost);
    assert_int_equal(balances, 2);
    assert_int_equal(lost, 3);
    kp_client_free(shared);
}

static void k8_a_child_forked_while_events_come(void **state) {
    (void)state;
    if (!CAN_FORK_THREADS)
        skip();
    shared = kp_client_new(t.config);
    pthread_t threads[THREADS];
    atomic_store(&over, false);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fill_on, (void *)(uintptr_t)(i + 1)), 0);
    for (size_t i = 0; i < FORKS; i++)
        expect_of_child(child_tells_its_own);
    atomic_store(&over, true);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    kp_client_free(shared);
}

static int case_begin_own_world(void **state) {
    int result = case_begin(state);
    t.w.place = NULL; /* the world's own key, in every thread */
    t.w.http = NULL;
    return result;
}

#define SHARED_CASE(test) cmocka_unit_test_setup_teardown(test, case_begin_own_world, case_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out),
        cmocka_unit_test(what_is_lost_is_counted),
        cmocka_unit_test(a_queue_without_room),
        cmocka_unit_test(what_is_inherited_is_not_told),
        cmocka_unit_test(memory_short),
        SHARED_CASE(nothing_is_told_twice_or_forgotten),
        SHARED_CASE(k8_the_parents_events_are_the_parents),
        SHARED_CASE(k8_a_child_forked_while_events_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
