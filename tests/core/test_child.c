/* test_child.c: tests child.c with programs that do not end by themselves, and in hosts that get in its way. */
#include "exec_case.h"
#include "sanitized.h"

#include <pthread.h>

#include "keyplate_run.h"

enum { THREADS = 8, READS = 4, PATIENCE_S = 60 };

static uint64_t soon(void) {
    return kp_local_mono_ms() + 200;
}

static bool wait_for_file(const char *name) {
    for (int i = 0; i < PATIENCE_S * 100; i++) {
        if (access(scratch_path(name), F_OK) == 0)
            return true;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return false;
}

/* The process that wrote its number into that file is gone, or a zombie that waits for init. */
static bool is_gone(const char *name) {
    char path[64], state = 0;
    long pid = 0;
    FILE *file = fopen(scratch_path(name), "re");
    if (!file || fscanf(file, "%ld", &pid) != 1)
        abort();
    fclose(file);
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    for (int i = 0; i < PATIENCE_S * 100; i++) {
        file = fopen(path, "re");
        if (!file)
            return true;
        if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
            state = 'X';
        fclose(file);
        if (state == 'Z' || state == 'X')
            return true;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return false;
}

/* ---- Those that do not end ---- */

static void at_the_deadline_all_of_its_group_end(void **state) {
    (void)state;
    char lines[900];
    reading r;
    snprintf(lines, sizeof lines, "sh -c 'echo $$ >%s; sleep 600' & echo abc; sleep 600", scratch_path("pid"));
    kp_patience patience = {.until_ms = soon()};
    for (int i = 0; i < 50 && access(scratch_path("pid"), F_OK) != 0; i++) {
        patience.until_ms = soon() + (uint64_t)i * 200;
        assert_true(gave(read_with(&r, script("p", lines), ROOM, &patience), KP_FAILED, KP_WHY_IO, ""));
        assert_true(childless());
    }
    assert_true(is_gone("pid"));
}

static void nothing_starts_when_time_is_over(void **state) {
    (void)state;
    char lines[700];
    reading r;
    snprintf(lines, sizeof lines, ": >%s", scratch_path("started"));
    kp_patience patience = {.until_ms = 0};
    assert_true(gave(read_with(&r, script("p", lines), ROOM, &patience), KP_FAILED, KP_WHY_IO, ""));
    assert_int_equal(access(scratch_path("started"), F_OK), -1);
}

static void *cancel_once_it_runs(void *op) {
    if (!wait_for_file("pid"))
        return NULL;
    kp_op_cancel(op);
    return op;
}

/* It and what it started ignore SIGTERM, and one of them has closed stdout. */
static void a_cancel_ends_what_ignores_sigterm(void **state) {
    (void)state;
    char lines[900];
    reading r;
    pthread_t thread;
    void *done = NULL;
    kp_config *config = kp_config_new();
    kp_client *client = kp_client_new(config);
    kp_op *op = kp_op_new(client, KP_BALANCE);
    snprintf(lines, sizeof lines,
             "trap '' TERM HUP\nsh -c 'exec >&-; echo $$ >%s.new; mv %s.new %s; while :; do sleep 600; done' &\n"
             "while :; do sleep 600; done",
             scratch_path("pid"), scratch_path("pid"), scratch_path("pid"));
    kp_patience patience = {.op = op, .until_ms = UINT64_MAX};
    assert_int_equal(pthread_create(&thread, NULL, cancel_once_it_runs, op), 0);
    assert_true(gave(read_with(&r, script("p", lines), ROOM, &patience), KP_FAILED, KP_WHY_IO, ""));
    assert_int_equal(pthread_join(thread, &done), 0);
    assert_ptr_equal(done, op);
    assert_true(childless());
    assert_true(is_gone("pid"));
    kp_op_free(op);
    kp_client_free(client);
    kp_config_free(config);
}

static void stdout_closed_before_the_end(void **state) {
    (void)state;
    reading r;
    assert_true(gave(read_script("echo abc; exec >&-; sleep 0.2; exit 1"), KP_FAILED, KP_WHY_EXIT, ""));
    assert_true(gave(read_script("echo abc; exec >&-; sleep 0.2"), KP_FOUND, 0, "abc\n"));
    kp_patience patience = {.until_ms = soon()};
    assert_true(
        gave(read_with(&r, script("p", "echo abc; exec >&-; sleep 600"), ROOM, &patience), KP_FAILED, KP_WHY_IO, ""));
    assert_true(childless());
}

/* A daemon that it starts keeps stdout open for long: what the program itself wrote is all. */
static void a_daemon_is_not_waited_for_and_lives_on(void **state) {
    (void)state;
    char lines[900];
    long pid = 0;
    snprintf(lines, sizeof lines, "sleep 600 &\necho $! >%s; echo abc", scratch_path("pid"));
    assert_true(gave(read_script(lines), KP_FOUND, 0, "abc\n"));
    FILE *file = fopen(scratch_path("pid"), "re");
    assert_true(file && fscanf(file, "%ld", &pid) == 1 && pid > 1);
    fclose(file);
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
}

static bool another_users_program(void) {
    char command[600];
    reading r;
    CHECK(chmod(scratch_folder, 0777) == 0);
    snprintf(command, sizeof command, "%s %s", scratch_path("python"), scratch_path("run"));
    CHECK(scratch_drop_rights());
    kp_patience patience = {.until_ms = kp_local_mono_ms() + 1500};
    CHECK(gave(read_with(&r, command, ROOM, &patience), KP_FAILED, KP_WHY_IO, ""));
    CHECK(wait_for_file("out"));
    /* It ends now, and a later read waits for it. */
    CHECK(scratch_write("go", "", 0, 0644));
    for (int i = 0; i < PATIENCE_S * 10 && !childless(); i++) {
        siginfo_t info;
        CHECK(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0);
        CHECK(gave(read_command("/bin/echo abc"), KP_FOUND, 0, "abc\n"));
    }
    CHECK(childless());
    return true;
}

/* As sudo does: the program becomes a user whose processes this one may not end. */
static void a_program_that_this_user_may_not_end(void **state) {
    (void)state;
    char lines[1100];
    if (SANITIZED || geteuid() != 0 || system("command -v python3 >/dev/null") != 0)
        skip();
    snprintf(lines, sizeof lines,
             "import os, time\nos.setresuid(0, 0, 0)\nopen('%s', 'w').close()\nwhile not os.path.exists('%s'):\n"
             "    time.sleep(0.01)\n",
             scratch_path("out"), scratch_path("go"));
    assert_true(scratch_write("run", lines, strlen(lines), 0644));
    snprintf(lines, sizeof lines, "cp \"$(readlink -f /usr/bin/python3)\" %s && chmod 4755 %s", scratch_path("python"),
             scratch_path("python"));
    assert_int_equal(system(lines), 0);
    assert_true(scratch_child(another_users_program));
}

/* ---- Hosts ---- */

static bool read_with_sigchld_ignored(void) {
    reading r;
    CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    CHECK(gave(read_script("echo abc"), KP_FAILED, KP_WHY_NO_STATUS, ""));
    kp_patience patience = {.until_ms = soon()};
    CHECK(gave(read_with(&r, script("p", "sleep 600"), ROOM, &patience), KP_FAILED, KP_WHY_IO, ""));
    CHECK(childless());
    return true;
}

static void a_host_that_reaps_children_itself(void **state) {
    (void)state;
    assert_true(scratch_child(read_with_sigchld_ignored));
}

static void *read_often(void *number) {
    char command[600], expected[16];
    snprintf(command, sizeof command, "%s/p %d", scratch_folder, *(int *)number);
    snprintf(expected, sizeof expected, "value %d\n", *(int *)number);
    for (int i = 0; i < READS; i++) {
        reading r;
        if (!gave(read_with(&r, command, ROOM, NULL), KP_FOUND, 0, expected))
            return NULL;
    }
    return number;
}

static void threads_at_once(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    int numbers[THREADS];
    script("p", "echo value $1");
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, read_often, &numbers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *done = NULL;
        assert_int_equal(pthread_join(threads[i], &done), 0);
        assert_ptr_equal(done, &numbers[i]);
    }
    assert_true(childless());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(at_the_deadline_all_of_its_group_end),    SCRATCH_TEST(nothing_starts_when_time_is_over),
        SCRATCH_TEST(a_cancel_ends_what_ignores_sigterm),      SCRATCH_TEST(stdout_closed_before_the_end),
        SCRATCH_TEST(a_daemon_is_not_waited_for_and_lives_on), SCRATCH_TEST(a_program_that_this_user_may_not_end),
        SCRATCH_TEST(a_host_that_reaps_children_itself),       SCRATCH_TEST(threads_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
