/* test_client_fork.c: a process that forks while other threads use a client: the child can use it as well. */
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

#include "engine/client.h"
#include "fork_threads.h"
#include "op_case.h"

enum { THREADS = 3, FORKS = 150, PATIENCE_S = 60 };

static kp_client *shared;
static atomic_bool over;

static int one_balance(world *w) {
    kp_op *op = kp_op_new(shared, KP_BALANCE);
    world_run(w, op, STEPS_MOST);
    int error = kp_op_error(op);
    kp_op_free(op);
    return error;
}

static void *keep_busy(void *arg) {
    world *w = calloc(1, sizeof *w);
    world_init(w, (uint64_t)(uintptr_t)arg + 100);
    memcpy(w->key, t.w.key, sizeof w->key);
    while (!atomic_load(&over))
        one_balance(w);
    free(w);
    return NULL;
}

/* A child that hangs is ended by its alarm, and told from one that ends. */
static void k8_a_child_forked_under_load_can_call(void **state) {
    (void)state;
    if (!CAN_FORK_THREADS)
        skip();
    shared = kp_client_new(t.config);
    t.w.place = NULL; /* the world's own key, in every thread */
    t.w.http = NULL;
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep_busy, (void *)(uintptr_t)(i + 1)), 0);
    for (size_t i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(PATIENCE_S);
            _exit(one_balance(&t.w) == 0 ? 0 : 1);
        }
        assert_true(child > 0);
        int status = -1;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    atomic_store(&over, true);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    kp_client_free(shared);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(k8_a_child_forked_under_load_can_call, case_begin, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
