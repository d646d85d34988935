/* test_chores.c: a new value of a key is proven in the background, and no call of a user waits for that. */
#include "raw_run.h"

#include <stdatomic.h>
#include <sys/wait.h>

#include "base/error.h"
#include "fork_threads.h"

static const char *const often[] = {"ring.refresh", "0", NULL};

static raw_then refuse(raw_server *s, const raw_request *request, int fd, void *arg) {
    (void)s;
    (void)request;
    (void)arg;
    return answer_json(fd, "{\"status\":0,\"request\":\"ERROR_WRONG_USER_KEY\"}");
}

static char old_key[sizeof service_key];

/* A client with a proven key in use; then another value stands in its place, and a call finds it. */
static void begin_rotation(void) {
    begin(often);
    prove();
    memcpy(old_key, service_key, sizeof old_key);
    for (size_t i = 0; service_key[i]; i++)
        service_key[i] = service_key[i] == 'z' ? 'a' : 'z';
    setenv("KP_TEST_SERVICE_KEY", service_key, 1);
}

static bool asked_with(const char *what, size_t i, const char *key) {
    const raw_request *request = raw_find(server, what, i);
    return strstr(request->head, key) || (request->body && strstr(request->body, key));
}

static void proven_in_the_background_and_then_in_use(void **state) {
    (void)state;
    begin_rotation();
    run_well(KP_RESULT, "answer", "the answer");
    assert_true(asked_with(RESULT, 0, old_key)); /* the call does not wait for the proof */
    assert_true(raw_await(server, BALANCE, 2));
    assert_true(asked_with(BALANCE, 1, service_key));
    /* The answer is on its way to the client; until it is there, the one in use serves. */
    size_t submits = 0;
    do {
        kp_op *op = service_op(client, KP_SUBMIT);
        assert_int_equal(kp_run(runner, op), 0);
        kp_op_free(op);
        submits++;
    } while (asked_with(SUBMIT, submits - 1, old_key));
    assert_true(asked_with(SUBMIT, submits - 1, service_key));
    run_well(KP_BALANCE, "balance", "12.5");
    assert_true(asked_with(BALANCE, 2, service_key));
    end();
}

static void a_bad_one_is_asked_for_once(void **state) {
    (void)state;
    begin_rotation();
    script.balance = refuse;
    for (size_t i = 0; i < 20; i++) {
        run_well(KP_RESULT, "answer", "the answer");
        assert_true(raw_await(server, BALANCE, 2));
    }
    assert_int_equal(raw_count(server, BALANCE), 2);
    assert_true(asked_with(RESULT, 19, old_key));
    end();
}

/* The service never answers the proof. */
static void ended_with_its_runner(void **state) {
    (void)state;
    begin_rotation();
    script.balance = hold;
    run_well(KP_RESULT, "answer", "the answer");
    assert_true(raw_await(server, BALANCE, 2));
    run_well(KP_RESULT, "answer", "the answer");
    end();
    assert_int_equal(raw_count(server, BALANCE), 2);
}

static void k8_a_child_has_no_part_in_it(void **state) {
    (void)state;
    if (!CAN_FORK_THREADS)
        skip();
    begin_rotation();
    script.balance = hold;
    run_well(KP_RESULT, "answer", "the answer");
    assert_true(raw_await(server, BALANCE, 2));
    for (size_t i = 0; i < 10; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            alarm(WATCHDOG_S);
            kp_op *op = service_op(client, KP_RESULT);
            bool good = kp_run(runner, op) == 0;
            kp_op_free(op);
            kp_runner_free(runner);
            kp_client_free(client);
            _exit(good ? 0 : 1);
        }
        int status = 1;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    end();
}

/* Many threads find new values while others prove them. */
enum { THREADS = 4, CALLS = 60 };
static atomic_int wrong;

static void *call(void *arg) {
    (void)arg;
    for (size_t i = 0; i < CALLS; i++) {
        kp_op *op = service_op(client, i % 2 ? KP_SUBMIT : KP_BALANCE);
        if (kp_run(runner, op) != 0)
            atomic_fetch_add(&wrong, 1);
        kp_op_free(op);
    }
    return NULL;
}

static void threads_share_them(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    begin_rotation();
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call, NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&wrong), 0);
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(proven_in_the_background_and_then_in_use),
        SERVICE_TEST(a_bad_one_is_asked_for_once),
        SERVICE_TEST(ended_with_its_runner),
        SERVICE_TEST(k8_a_child_has_no_part_in_it),
        SERVICE_TEST(threads_share_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
