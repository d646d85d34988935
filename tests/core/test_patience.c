/* test_patience.c: waits for others end when time is over or the operation is cancelled: pipe, record, shared store. */
#include "sqlite_case.h"

#include <sys/file.h>

#include "append_case.h"
#include "keyplate_run.h"
#include "local/patience.h"
#include "local/read.h"

/* Calls that took the five seconds of a call without patience would not end before a child is killed. */
enum { CALLS = 40, STEPS = 8, STEPS_SECONDS = 30 };

static kp_op *new_cancelled_op(void) {
    kp_config *config = kp_config_new();
    kp_client *client = kp_client_new(config);
    kp_op *op = kp_op_new(client, KP_BALANCE);
    kp_op_cancel(op);
    kp_client_free(client);
    kp_config_free(config);
    return op;
}

static void over_by_time_or_cancel(void **state) {
    (void)state;
    kp_op *op = new_cancelled_op();
    assert_false(kp_patience_over(NULL));
    assert_false(kp_patience_over(&(kp_patience){NULL, UINT64_MAX, 0}));
    assert_true(kp_patience_over(&(kp_patience){NULL, kp_local_mono_ms(), 0}));
    assert_true(kp_patience_over(&(kp_patience){op, UINT64_MAX, 0}));
    assert_false(kp_patience_over(&(kp_patience){op, UINT64_MAX, UINT64_MAX}));
    assert_true(kp_patience_over(&(kp_patience){op, 0, UINT64_MAX}));
    kp_patience settles = kp_patience_of(op, 3600000);
    assert_int_equal(settles.until_ms, kp_op_until(op));
    settles.until_ms = UINT64_MAX;
    assert_false(kp_patience_over(&settles));
    kp_patience_nap(&(kp_patience){NULL, 0, 0}, UINT64_MAX);
    kp_patience_nap(NULL, 1);
    kp_op_free(op);
}

/* Runs the check with a patience that ends soon, and with one that a cancel ended. */
static bool with_each(bool (*check)(const kp_patience *)) {
    kp_op *op = new_cancelled_op();
    bool well = check(&(kp_patience){NULL, kp_local_mono_ms() + 20, 0}) && check(&(kp_patience){op, UINT64_MAX, 0});
    kp_op_free(op);
    return well;
}

static bool read_fd(int fd, const kp_patience *patience, int how_wanted, const char *wanted) {
    char name[32], room[16];
    size_t len = 0;
    int why = 0;
    snprintf(name, sizeof name, "fd:%d", fd);
    CHECK(kp_read_local(name, room, sizeof room, patience, &len, &why) == how_wanted);
    CHECK(why == (how_wanted == KP_FOUND ? KP_WHY_NONE : KP_WHY_IO));
    CHECK(len == strlen(wanted) && memcmp(room, wanted, len) == 0);
    return true;
}

static bool read_open_pipes(const kp_patience *patience) {
    static const int flags[] = {0, O_NONBLOCK};
    for (int i = 0; i < 2; i++) {
        int ends[2];
        CHECK(pipe2(ends, flags[i]) == 0);
        CHECK(read_fd(ends[0], patience, KP_FAILED, "")); /* nothing ever comes */
        CHECK(write(ends[1], "abc", 3) == 3);
        CHECK(read_fd(ends[0], patience, KP_FAILED, "")); /* the end never comes */
        CHECK(write(ends[1], "abc", 3) == 3 && close(ends[1]) == 0);
        CHECK(read_fd(ends[0], patience, KP_FOUND, "abc")); /* one quick try is always made */
        close(ends[0]);
    }
    return true;
}

static bool pipes(void) {
    return with_each(read_open_pipes);
}

static bool append_under_lock(const kp_patience *patience) {
    int fd = open(scratch_path("log.tail"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && flock(fd, LOCK_EX) == 0);
    CHECK(append_text(scratch_path("log"), "x\n", patience) == -1);
    close(fd);
    CHECK(append_text(scratch_path("log"), "x\n", patience) == 0);
    return true;
}

static bool records(void) {
    return with_each(append_under_lock);
}

static bool ask_locked_store(const kp_patience *patience) {
    kp_store *s = open_store();
    char problem[CASE_TEXT];
    sqlite3 *other = NULL;
    store_patience = patience;
    CHECK(strcmp(store_ask(s, "PUT a b 100000"), "ok") == 0);
    CHECK(sqlite3_open(scratch_path(file), &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL) == SQLITE_OK);
    for (int i = 0; i < CALLS; i++)
        CHECK(store_do(s, "GET a", NULL, problem) == -1 && strstr(problem, "other processes keep it locked"));
    CHECK(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    CHECK(strcmp(store_ask(s, "GET a"), "ok b") == 0);
    sqlite3_close(other);
    kp_store_close(s);
    return true;
}

static bool stores(void) {
    return with_each(ask_locked_store);
}

static void a_pipe_nobody_writes_or_closes(void **state) {
    (void)state;
    assert_true(scratch_child(pipes));
}

static void a1_a_record_under_a_foreign_lock(void **state) {
    (void)state;
    assert_true(scratch_child(records));
}

static void g4_a_store_locked_by_another(void **state) {
    (void)state;
    assert_true(scratch_child(stores));
}

/* ---- The steps of an operation ---- */

static kp_client *new_client(void) {
    char store[600];
    snprintf(store, sizeof store, "sqlite:%s", scratch_path(file));
    kp_config *config = kp_config_new();
    kp_config_set(config, "store", store);
    kp_config_set(config, "audit.file", scratch_path("log"));
    kp_client *client = kp_client_new(config);
    kp_config_free(config);
    return client;
}

/* Does local steps until there is another, or one of this kind. */
static int steps_up_to(kp_local *local, kp_op *op, int kind) {
    int step;
    kp_local_time(op);
    while ((step = kp_op_step(op)) != kind && kp_local_step(local, op))
        continue;
    return step;
}

static kp_op *new_op_with_pipe(kp_client *client, int kind, int fd) {
    char key[32];
    snprintf(key, sizeof key, "fd:%d", fd);
    kp_op *op = kp_op_new(client, kind);
    kp_op_set(op, "key", key, strlen(key));
    return op;
}

static bool read_step(void) {
    int ends[2];
    kp_client *client = new_client();
    kp_local *local = kp_local_new(client);
    CHECK(pipe(ends) == 0);
    kp_op *op = new_op_with_pipe(client, KP_BALANCE, ends[0]);
    CHECK(steps_up_to(local, op, KP_READ) == KP_READ);
    kp_op_cancel(op);
    CHECK(kp_local_step(local, op) == 1);
    CHECK(steps_up_to(local, op, KP_DONE) == KP_DONE && kp_op_error(op) != 0);
    kp_op_free(op);
    kp_local_free(local);
    kp_client_free(client);
    return true;
}

/* The store answers to a cancel in half a second, not in five. */
static bool store_step(void) {
    char key[32];
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = "0123456789abcdef"[(i * 7 + i / 5) % 16];
    sqlite3 *other = NULL;
    kp_client *client = new_client();
    kp_store_close(open_store());
    CHECK(sqlite3_open(scratch_path(file), &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL) == SQLITE_OK);
    CHECK(scratch_write("key", key, sizeof key, 0600));
    char reference[600];
    snprintf(reference, sizeof reference, "file:%s", scratch_path("key"));
    alarm(STEPS_SECONDS);
    for (int i = 0; i < STEPS; i++) {
        kp_local *local = kp_local_new(client);
        kp_op *op = kp_op_new(client, KP_BALANCE);
        CHECK(kp_op_set(op, "key", reference, strlen(reference)) == 0);
        CHECK(steps_up_to(local, op, KP_STORE) == KP_STORE);
        kp_op_cancel(op);
        CHECK(kp_local_step(local, op) == 1);
        CHECK(strstr(kp_local_store_trouble(local), "other processes keep it locked"));
        kp_op_free(op);
        kp_local_free(local);
    }
    sqlite3_close(other);
    kp_client_free(client);
    return true;
}

static void a_cancel_ends_the_read_step(void **state) {
    (void)state;
    assert_true(scratch_child(read_step));
}

static void g4_a_cancel_ends_the_store_step(void **state) {
    (void)state;
    assert_true(scratch_child(store_step));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_by_time_or_cancel),
        cmocka_unit_test_setup_teardown(a_pipe_nobody_writes_or_closes, setup, teardown),
        cmocka_unit_test_setup_teardown(a1_a_record_under_a_foreign_lock, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_a_store_locked_by_another, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cancel_ends_the_read_step, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_a_cancel_ends_the_store_step, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
