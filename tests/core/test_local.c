/* test_local.c: drives operations up to their first request with local steps alone: keys, store, record, store text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "failing.h"
#include "keyplate_run.h"
#include "scratch.h"

enum { KEY_LEN = 32, STEPS_MOST = 400 };

/* A key made here: none stands in the source. */
static const char *made_key(void) {
    static char key[KEY_LEN + 1];
    for (int i = 0; i < KEY_LEN; i++)
        key[i] = "0123456789abcdef"[(i * 7 + i / 5) % 16];
    return key;
}

static kp_client *make_client(const char *store) {
    kp_config *config = kp_config_new();
    kp_config_set(config, "keys", "[\"file:~/key\"]");
    kp_config_set(config, "store", store);
    kp_config_set(config, "audit.file", scratch_path("audit.jsonl"));
    kp_client *client = kp_client_new(config);
    kp_config_free(config);
    return client;
}

/* Does steps until the operation wants the network, has to wait, or is done. */
static int drive(kp_local *local, kp_op *op) {
    for (int i = 0; i < STEPS_MOST; i++) {
        int step = kp_op_step(op);
        if (step == KP_TIME && kp_op_until(op) <= kp_local_mono_ms())
            kp_local_time(op);
        else if (!kp_local_step(local, op))
            return step;
    }
    fail_msg("it does not come to an end in state %s", kp_op_get(op, "state", NULL));
    return -1;
}

static int setup(void **state) {
    if (scratch_setup(state) != 0 || !scratch_write("key", made_key(), KEY_LEN, 0600))
        return -1;
    return setenv("HOME", scratch_folder, 1);
}

static int teardown(void **state) {
    kp_mem_test_hook = NULL;
    return scratch_teardown(state);
}

static const char *sqlite_text(void) {
    static char text[600];
    snprintf(text, sizeof text, "sqlite:%s", scratch_path("state.db"));
    return text;
}

static void balance_finds_key_and_store(void **state) {
    (void)state;
    kp_client *client = make_client(sqlite_text());
    kp_local *local = kp_local_new(client);
    kp_op *op = kp_op_new(client, KP_BALANCE);
    assert_int_equal(drive(local, op), KP_HTTP);
    assert_int_equal(kp_local_step(local, op), 0); /* not its step: nothing is done */
    assert_int_equal(kp_op_step(op), KP_HTTP);
    assert_string_equal(kp_local_store_text(local), sqlite_text());
    kp_op_free(op);
    kp_local_free(local);
    kp_client_free(client);
}

/* The first use of a key is claimed in the store: another client of the host waits. */
static void claim_is_shared_by_the_file(void **state) {
    (void)state;
    kp_client *first = make_client(sqlite_text()), *second = make_client(sqlite_text());
    kp_local *one = kp_local_new(first), *two = kp_local_new(second);
    kp_op *a = kp_op_new(first, KP_BALANCE), *b = kp_op_new(second, KP_BALANCE);
    assert_int_equal(drive(one, a), KP_HTTP);
    assert_int_equal(drive(two, b), KP_TIME);
    kp_op_free(a);
    kp_op_free(b);
    kp_local_free(one);
    kp_local_free(two);
    kp_client_free(first);
    kp_client_free(second);
}

static void memory_is_of_one_local(void **state) {
    (void)state;
    kp_client *client = make_client("memory:");
    kp_local *local = kp_local_new(client);
    assert_string_equal(kp_local_store_text(local), "memory:");
    kp_op *op = kp_op_new(client, KP_BALANCE);
    assert_int_equal(drive(local, op), KP_HTTP);
    kp_op_free(op);
    kp_local_free(local);
    kp_client_free(client);
}

static kp_op *new_submit(kp_client *client) {
    kp_op *op = kp_op_new(client, KP_SUBMIT);
    const char *params = "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\"}";
    assert_int_equal(kp_op_set(op, "method", "turnstile", 9), 0);
    assert_int_equal(kp_op_set(op, "params", params, strlen(params)), 0);
    return op;
}

/* With a proven key a submit is recorded before it is sent. */
static void submit_is_recorded(void **state) {
    (void)state;
    kp_client *client = make_client(sqlite_text());
    kp_local *local = kp_local_new(client);
    kp_op *proof = kp_op_new(client, KP_BALANCE);
    assert_int_equal(drive(local, proof), KP_HTTP);
    kp_local_time(proof);
    kp_on_status(proof, 200);
    kp_on_body(proof, "{\"status\":1,\"request\":\"12.5\"}", 29);
    kp_on_end(proof, KP_NET_OK, KP_MAYBE_SENT);
    assert_int_equal(drive(local, proof), KP_DONE);
    assert_int_equal(kp_op_error(proof), 0);
    kp_op *op = new_submit(client);
    assert_int_equal(drive(local, op), KP_HTTP);
    char line[2000] = "";
    FILE *f = fopen(scratch_path("audit.jsonl"), "re");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    assert_non_null(strstr(line, "\"event\":\"intent\""));
    assert_null(strstr(line, made_key()));
    fclose(f);
    kp_op_free(op);
    kp_op_free(proof);
    /* Without a place for the record nothing is sent. */
    assert_int_equal(remove(scratch_path("audit.jsonl")), 0);
    assert_int_equal(mkdir(scratch_path("audit.jsonl"), 0700), 0);
    op = new_submit(client);
    assert_int_equal(drive(local, op), KP_DONE);
    assert_string_equal(kp_error_name(kp_op_error(op)), "record_failed");
    kp_op_free(op);
    kp_local_free(local);
    kp_client_free(client);
}

static void missing_key_ends(void **state) {
    (void)state;
    assert_int_equal(remove(scratch_path("key")), 0);
    kp_client *client = make_client("memory:");
    kp_local *local = kp_local_new(client);
    kp_op *op = kp_op_new(client, KP_BALANCE);
    assert_int_equal(drive(local, op), KP_DONE);
    assert_string_equal(kp_error_name(kp_op_error(op)), "no_key");
    kp_op_free(op);
    kp_local_free(local);
    kp_client_free(client);
}

/* A configured store that fails is told, never replaced. */
static void g4_failing_store_is_told(void **state) {
    (void)state;
    static const char *const stores[] = {"sqlite:/nowhere/at/all/x.db", "redis://x"};
    static const char *const says[] = {
        "sqlite:/nowhere/at/all/x.db (the state file /nowhere/at/all/x.db cannot be used",
        "none (the option store names a Redis server"};
    for (size_t i = 0; i < 2; i++) {
        kp_client *client = make_client(stores[i]);
        kp_local *local = kp_local_new(client);
        kp_op *op = kp_op_new(client, KP_BALANCE);
        assert_int_equal(drive(local, op), KP_HTTP); /* a free call goes on without */
        assert_memory_equal(kp_local_store_text(local), says[i], strlen(says[i]));
        assert_non_null(strstr(says[i], "option store") ? strstr(kp_local_store_trouble(local), "the option store")
                                                        : strstr(kp_local_store_trouble(local), "cannot be used"));
        assert_null(kp_local_store_note(local));
        kp_op_free(op);
        kp_local_free(local);
        kp_client_free(client);
    }
}

/* No folder can be made: the memory of this process stands in, and that is told. */
static bool stands_in(void) {
    unsetenv("KEYPLATE_STATE_DIR");
    kp_client *client = make_client("");
    kp_local *local = kp_local_new(client);
    CHECK(setenv("XDG_STATE_HOME", scratch_path("key"), 1) == 0 && setenv("TMPDIR", scratch_path("key"), 1) == 0);
    CHECK(!kp_local_store_trouble(local)); /* not asked yet */
    kp_op *op = kp_op_new(client, KP_BALANCE);
    CHECK(drive(local, op) == KP_HTTP);
    CHECK(strstr(kp_local_store_trouble(local), "there is no folder for the state of this host"));
    CHECK(!kp_local_store_note(local));
    kp_op_free(op);
    kp_local_free(local);
    kp_client_free(client);
    return true;
}

static void g4_memory_that_stands_in_is_told(void **state) {
    (void)state;
    if (access("/var/lib/keyplate", F_OK) == 0)
        skip(); /* the state of this machine comes before any folder of the user */
    assert_true(scratch_child(stands_in));
}

static bool damaged_default(void) {
    CHECK(setenv("KEYPLATE_STATE_DIR", scratch_folder, 1) == 0);
    CHECK(scratch_write("state.db", "no database, but long enough to be looked at", 44, 0600));
    kp_client *client = make_client("");
    kp_local *local = kp_local_new(client);
    kp_op *op = kp_op_new(client, KP_BALANCE);
    CHECK(!kp_local_store_note(local));
    CHECK(drive(local, op) == KP_HTTP);
    CHECK(!kp_local_store_trouble(local));
    CHECK(strstr(kp_local_store_note(local), "state.db.damaged-"));
    CHECK(strstr(kp_local_store_text(local), "state.db.damaged-"));
    kp_op_free(op);
    kp_local_free(local);
    kp_client_free(client);
    return true;
}

static void g4_damaged_default_is_told(void **state) {
    (void)state;
    assert_true(scratch_child(damaged_default));
}

/* The store is opened at the first need, from the options of a client whose owner has long let go of it. */
static void client_lives_as_long(void **state) {
    (void)state;
    kp_client *client = make_client(sqlite_text());
    kp_local *local = kp_local_new(client);
    kp_client_free(client);
    assert_string_equal(kp_local_store_text(local), sqlite_text());
    kp_local_free(local);
}

static void *balance_in_thread(void *with) {
    kp_local *local = ((void **)with)[0];
    kp_op *op = kp_op_new(((void **)with)[1], KP_TELL);
    kp_op_set(op, "what", "keys", 4);
    int step = drive(local, op);
    kp_op_free(op);
    return step == KP_DONE ? with : NULL;
}

static void several_threads(void **state) {
    (void)state;
    kp_client *client = make_client(sqlite_text());
    kp_local *local = kp_local_new(client);
    void *with[] = {local, client};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, balance_in_thread, with), 0);
    for (int i = 0; i < 4; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, with);
    }
    kp_local_free(local);
    kp_client_free(client);
}

/* A step that took long is noticed: the time is told before its outcome. */
static void time_is_told_before_each_outcome(void **state) {
    (void)state;
    kp_client *client = make_client("memory:");
    kp_local *local = kp_local_new(client);
    kp_op *op = kp_op_new(client, KP_BALANCE);
    assert_int_equal(kp_op_set(op, "timeout_ms", "10000", 5), 0);
    kp_on_time(op, kp_local_mono_ms() - 20000, 1790000000000, 0);
    assert_int_equal(kp_op_step(op), KP_READ);
    assert_int_equal(kp_local_step(local, op), 1);
    while (kp_op_step(op) != KP_DONE && kp_local_step(local, op))
        continue;
    assert_int_equal(kp_op_step(op), KP_DONE);
    assert_string_equal(kp_error_class(kp_op_error(op)), "timeout");
    kp_op_free(op);
    kp_local_free(local);
    kp_client_free(client);
}

/* Only the program itself can answer it. */
static void what_a_program_hands_in_is_not_looked_for(void **state) {
    (void)state;
    kp_client *client = make_client("memory:");
    kp_local *local = kp_local_new(client);
    kp_op *op = kp_op_new(client, KP_BALANCE);
    assert_int_equal(kp_op_set(op, "key", "host:key", 8), 0);
    kp_local_time(op);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(kp_op_step(op), KP_READ);
        assert_int_equal(kp_local_step(local, op), 0);
    }
    kp_read_give(op, made_key(), KEY_LEN);
    assert_int_equal(drive(local, op), KP_HTTP);
    kp_op_free(op);
    kp_local_free(local);
    kp_client_free(client);
}

static void null_arguments(void **state) {
    (void)state;
    kp_local_free(NULL);
    assert_int_equal(kp_local_step(NULL, NULL), 0);
    assert_string_equal(kp_local_store_text(NULL), "");
    assert_null(kp_local_store_trouble(NULL));
    assert_null(kp_local_store_note(NULL));
    kp_local *local = kp_local_new(NULL);
    assert_non_null(local);
    assert_int_equal(kp_local_step(local, NULL), 0);
    kp_local_free(local);
}

/* Every allocation of the local half fails in turn: the operation still comes to an end or to its request. */
static void each_allocation_fails(void **state) {
    (void)state;
    for (int from_there_on = 0; from_there_on < 2; from_there_on++) {
        bool failed = true;
        for (size_t at = 0; failed; at++) {
            kp_client *client = make_client("memory:");
            kp_op *op = kp_op_new(client, KP_BALANCE);
            failing_start(at, from_there_on);
            kp_local *local = kp_local_new(client);
            int step = local ? drive(local, op) : KP_DONE;
            const char *text = kp_local_store_text(local);
            assert_non_null(text);
            failed = failing_stop();
            assert_true(step == KP_DONE || step == KP_HTTP);
            kp_op_free(op);
            kp_local_free(local);
            kp_client_free(client);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(balance_finds_key_and_store, setup, teardown),
        cmocka_unit_test_setup_teardown(claim_is_shared_by_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_is_of_one_local, setup, teardown),
        cmocka_unit_test_setup_teardown(submit_is_recorded, setup, teardown),
        cmocka_unit_test_setup_teardown(missing_key_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_failing_store_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_memory_that_stands_in_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_damaged_default_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(client_lives_as_long, setup, teardown),
        cmocka_unit_test_setup_teardown(several_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(time_is_told_before_each_outcome, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_program_hands_in_is_not_looked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(null_arguments, setup, teardown),
        cmocka_unit_test_setup_teardown(each_allocation_fails, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
