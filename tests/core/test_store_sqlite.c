/* test_store_sqlite.c: the SQLite store with many processes, kills and restarts of the machine. */
#include "sqlite_case.h"

#include <time.h>

#include "chance.h"

/* ---- Many processes ---- */

enum { PROCESSES_MOST = 16, ASKS = 500, LIMIT = 1000 };

/* Every process tells how many it was granted, in two bytes; 0xffff: a call failed. */
static void g1_processes_get_exactly_the_limit(void **state) {
    (void)state;
    const char *preload = getenv("LD_PRELOAD");
    int processes = preload && strstr(preload, "vgpreload") ? 4 : PROCESSES_MOST; /* valgrind is 50 times slower */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    for (int p = 0; p < processes; p++) {
        if (fork() != 0)
            continue;
        alarm(SCRATCH_SECONDS);
        kp_store *s = open_store();
        uint16_t granted = 0;
        char words[CASE_TEXT], reply[CASE_TEXT], problem[CASE_TEXT];
        for (int i = 0; i < ASKS && granted != UINT16_MAX; i++) {
            snprintf(words, sizeof words, "ADMIT %d.%d 0 gate free rate r 3600000000 %d 0", p, i, LIMIT);
            if (store_do(s, words, reply, problem) != 0) {
                fprintf(stderr, "%s (ask %d)\n", problem, i);
                granted = UINT16_MAX;
            } else if (strncmp(reply, "ok", 2) == 0)
                granted++;
        }
        _exit(write(ends[1], &granted, sizeof granted) == sizeof granted ? 0 : 1);
    }
    close(ends[1]);
    int total = 0;
    uint16_t granted = 0;
    for (int p = 0; p < processes; p++) {
        assert_int_equal(read(ends[0], &granted, sizeof granted), sizeof granted);
        assert_int_not_equal(granted, UINT16_MAX);
        total += granted;
    }
    close(ends[0]);
    while (wait(NULL) > 0)
        continue;
    assert_int_equal(total, LIMIT);
    assert_query("PRAGMA integrity_check", "ok");
}

/* Killed at any moment: the file stays sound, what was told stays, and the limit is never passed. */
static void g2_kill_at_any_moment(void **state) {
    (void)state;
    enum { KILLS = 60, MOST = 200000 };
    chance dice = {4711};
    long told = 0;
    for (int k = 0; k < KILLS; k++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            alarm(SCRATCH_SECONDS);
            kp_store *s = open_store();
            char words[CASE_TEXT], reply[CASE_TEXT];
            for (int i = 0;; i++) {
                snprintf(words, sizeof words, "ADMIT %d.%d 0 rate r 3600000000 %d 0 rate q 3600000000 %d 0", k, i, MOST,
                         MOST);
                if (store_do(s, words, reply, NULL) != 0 || write(ends[1], "g", 1) != 1)
                    _exit(1);
            }
        }
        close(ends[1]);
        char heard[4096];
        assert_int_equal(read(ends[0], heard, 1), 1); /* it is at work */
        struct timespec nap = {0, (long)chance_below(&dice, 3000000)};
        nanosleep(&nap, NULL);
        kill(child, SIGKILL);
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        told++;
        for (ssize_t n; (n = read(ends[0], heard, sizeof heard)) > 0;)
            told += n;
        close(ends[0]);
    }
    assert_query("PRAGMA integrity_check", "ok");
    char count[CASE_TEXT];
    assert_int_equal(query("SELECT count(*) FROM kv WHERE name GLOB 'id *'", count, sizeof count), 0);
    long kept = strtol(count, NULL, 10);
    assert_in_range(kept, told, told + KILLS); /* a kill may come between the grant and its telling */
    /* Both rates moved with each record, none alone. */
    assert_query("SELECT count(DISTINCT value) FROM kv WHERE name GLOB 'rate *'", "1");
}

/* Descriptors of this process that lead to the file. */
static int descriptors(void) {
    char link[64], target[CASE_TEXT];
    int count = 0;
    for (int fd = 0; fd < 256; fd++) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t len = readlink(link, target, sizeof target - 1);
        target[len > 0 ? len : 0] = '\0';
        count += strcmp(target, scratch_path(file)) == 0;
    }
    return count;
}

static void k8_child_opens_its_own(void **state) {
    (void)state;
    kp_store *s = open_store();
    assert_string_equal(store_ask(s, "PUT a parent 100000"), "ok");
    pid_t child = fork();
    if (child == 0) {
        alarm(SCRATCH_SECONDS);
        int inherited = descriptors();
        bool well = strcmp(store_ask(s, "GET a"), "ok parent") == 0 && descriptors() == 2 * inherited;
        _exit(well && strcmp(store_ask(s, "PUT a child 100000"), "ok") == 0 ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_string_equal(store_ask(s, "GET a"), "ok child");
    kp_store_close(s);
}

/* ---- The clock over restarts ---- */

static int64_t now_after(const char *id, int64_t boot, int64_t wall) {
    hand.id = id;
    hand.boot = boot;
    hand.wall = wall;
    kp_store *s = open_store();
    int64_t now = store_now(s);
    kp_store_close(s);
    return now;
}

static void g3_restarts_of_the_machine(void **state) {
    (void)state;
    hand_take();
    assert_int_equal(now_after("one", 1000, HAND_START), HAND_START);
    /* The same boot: only the boot clock counts, for every process. */
    assert_int_equal(now_after("one", 31000, HAND_START + DAY), HAND_START + 30 * SECOND);
    assert_int_equal(now_after("one", 1000 + DAY, HAND_START), HAND_START + DAY);
    /* The next: wall clock again, if it is not behind. */
    assert_int_equal(now_after("two", 500, HAND_START + 2 * DAY), HAND_START + 2 * DAY);
    assert_int_equal(now_after("three", 500, 0), HAND_START + 2 * DAY);
    assert_int_equal(now_after("three", 1500, HAND_START + 9 * DAY), HAND_START + 2 * DAY + SECOND);
    /* Another clock under the same name, behind what it stored. */
    assert_int_equal(now_after("three", 1, HAND_START), HAND_START + 2 * DAY);
    assert_int_equal(now_after("four", 90 * DAY, HAND_START + 3 * DAY), HAND_START + 3 * DAY);
}

static void g3_boot_without_a_name(void **state) {
    (void)state;
    hand_take();
    assert_int_equal(now_after(NULL, 1000, HAND_START), HAND_START);
    kp_store *s = open_store();
    assert_string_equal(store_ask(s, "PUT cool +60000 60000"), "ok");
    hand.wall -= DAY;
    hand.boot += 60 * SECOND;
    assert_string_equal(store_ask(s, "ADMIT 1 0 gate cool"), "ok 0");
    kp_store_close(s);
    assert_int_equal(now_after(NULL, 1000, HAND_START - DAY), HAND_START + 60 * SECOND);
}

static void damaged_clock_row(void **state) {
    (void)state;
    static const char *const values[] = {"",
                                         "one",
                                         "one x y",
                                         "one 99999999999999999999 1",
                                         "one 1 9223372036854775807",
                                         "one 9223372036854775807 1",
                                         "one 1 -1"};
    hand_take();
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char sql[CASE_TEXT];
        now_after("one", 1000, HAND_START);
        snprintf(sql, sizeof sql, "UPDATE kv SET value='%s' WHERE name='store clock'", values[i]);
        execute(sql);
        assert_int_equal(now_after("one", 1000, HAND_START), HAND_START);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(g1_processes_get_exactly_the_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(g2_kill_at_any_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(k8_child_opens_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(g3_restarts_of_the_machine, setup, teardown),
        cmocka_unit_test_setup_teardown(g3_boot_without_a_name, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_clock_row, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
