/* test_store_faults.c: budgets in an SQLite file while each call to the file system fails in turn, the disk is full, or
 * another process keeps the file locked: a clear reason, and no grant that the books do not have. */
#include "sqlite_case.h"

#include <sys/resource.h>

#include "keyplate_run.h"

/* ---- A file system that fails ---- */

static struct {
    sqlite3_vfs *real;
    long calls, fail_at; /* the call with that number fails, counted from 0; -1: none */
    bool from_there_on;
    int code;
} disk;

/* A file of ours, and behind it that of the real system. */
typedef struct {
    sqlite3_file base;
    sqlite3_file *real;
} faulty_file;

static bool fails(void) {
    long n = disk.calls++;
    return disk.fail_at >= 0 && (n == disk.fail_at || (disk.from_there_on && n > disk.fail_at));
}

static sqlite3_file *real_of(sqlite3_file *f) {
    return ((faulty_file *)f)->real;
}

#define PASS(call, error, ...) (fails() ? (error) : real_of(f)->pMethods->call(real_of(f), __VA_ARGS__))

/* Only what takes room can find the disk full. */
static int no_room(int otherwise) {
    return disk.code == SQLITE_FULL ? SQLITE_FULL : otherwise;
}

static int faulty_close(sqlite3_file *f) {
    return real_of(f)->pMethods->xClose(real_of(f));
}
static int faulty_read(sqlite3_file *f, void *to, int size, sqlite3_int64 from) {
    return disk.code == SQLITE_FULL ? real_of(f)->pMethods->xRead(real_of(f), to, size, from)
                                    : PASS(xRead, SQLITE_IOERR_READ, to, size, from);
}
static int faulty_write(sqlite3_file *f, const void *data, int size, sqlite3_int64 to) {
    return PASS(xWrite, no_room(SQLITE_IOERR_WRITE), data, size, to);
}
static int faulty_truncate(sqlite3_file *f, sqlite3_int64 size) {
    return PASS(xTruncate, no_room(SQLITE_IOERR_TRUNCATE), size);
}
static int faulty_sync(sqlite3_file *f, int flags) {
    return PASS(xSync, no_room(SQLITE_IOERR_FSYNC), flags);
}
static int faulty_size(sqlite3_file *f, sqlite3_int64 *size) {
    return disk.code == SQLITE_FULL ? real_of(f)->pMethods->xFileSize(real_of(f), size)
                                    : PASS(xFileSize, SQLITE_IOERR_FSTAT, size);
}
static int faulty_lock(sqlite3_file *f, int how) {
    return disk.code == SQLITE_FULL ? real_of(f)->pMethods->xLock(real_of(f), how)
                                    : PASS(xLock, SQLITE_IOERR_LOCK, how);
}
static int faulty_unlock(sqlite3_file *f, int how) {
    return real_of(f)->pMethods->xUnlock(real_of(f), how);
}
static int faulty_reserved(sqlite3_file *f, int *out) {
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}
static int faulty_control(sqlite3_file *f, int op, void *arg) {
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}
static int faulty_sector(sqlite3_file *f) {
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}
static int faulty_device(sqlite3_file *f) {
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static const sqlite3_io_methods faulty_methods = {
    .iVersion = 1,
    .xClose = faulty_close,
    .xRead = faulty_read,
    .xWrite = faulty_write,
    .xTruncate = faulty_truncate,
    .xSync = faulty_sync,
    .xFileSize = faulty_size,
    .xLock = faulty_lock,
    .xUnlock = faulty_unlock,
    .xCheckReservedLock = faulty_reserved,
    .xFileControl = faulty_control,
    .xSectorSize = faulty_sector,
    .xDeviceCharacteristics = faulty_device,
};

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out) {
    (void)vfs;
    faulty_file *file_of = (faulty_file *)f;
    file_of->base.pMethods = NULL;
    file_of->real = (sqlite3_file *)(file_of + 1);
    if (disk.code != SQLITE_FULL && fails())
        return SQLITE_CANTOPEN;
    int code = disk.real->xOpen(disk.real, name, file_of->real, flags, out);
    if (file_of->real->pMethods)
        file_of->base.pMethods = &faulty_methods;
    return code;
}

static sqlite3_vfs faulty;

static int begin(void **state) {
    disk.real = sqlite3_vfs_find(NULL);
    disk.fail_at = -1;
    faulty = *disk.real;
    faulty.zName = "faulty";
    faulty.szOsFile = (int)sizeof(faulty_file) + disk.real->szOsFile;
    faulty.pNext = NULL;
    faulty.xOpen = faulty_open;
    if (sqlite3_vfs_register(&faulty, 1) != SQLITE_OK)
        return -1;
    hand_take();
    return setup(state);
}

static int end(void **state) {
    disk.fail_at = -1;
    sqlite3_vfs_register(disk.real, 1);
    sqlite3_vfs_unregister(&faulty);
    return teardown(state);
}

/* ---- Spending meanwhile ---- */

enum { PRICE = 1000, MOST = 12 };

static const char look_words[] = "LOOK budget money 0 12000 0 0 slot tasks 0 1 0";

static bool is_clear(const char *problem) {
    static const char *const reasons[] = {"the disk is full", "the system reports an I/O error",
                                          "it or its journal cannot be opened"};
    bool clear = false;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        clear = clear || strstr(problem, reasons[i]);
    return clear && strstr(problem, "cannot be used: ") && strstr(problem, scratch_folder);
}

/* Asks until the budget is used up or a call failed; what was granted and what failed. */
static void spend(kp_store *s, int calls, int *id, long long *granted, long long *failed) {
    char words[CASE_TEXT], reply[CASE_TEXT], problem[CASE_TEXT];
    for (int i = 0; i < calls; i++) {
        snprintf(words, sizeof words, "ADMIT %d 0 budget money %d %d 0 0 slot tasks 100 3600000 0", ++*id, PRICE,
                 MOST * PRICE);
        reply[0] = '\0';
        if (store_do(s, words, reply, problem) == 0) {
            *granted += strncmp(reply, "ok", 2) == 0;
        } else {
            ++*failed;
            if (!is_clear(problem))
                fail_msg("'%s' is not clear", problem);
        }
    }
}

/* The calls of a store from its opening on, with one failure or from one on, at each place in turn. */
static void fail_at_each_call(int code, bool from_there_on) {
    bool reached = true;
    int places = 0;
    long long failures = 0;
    for (long at = 0; reached; at++, places++) {
        long long granted = 0, failed = 0, spent = -1, slots = -1;
        int id = 0;
        unlink(scratch_path(file));
        unlink(scratch_path("state.db-journal"));
        disk.fail_at = -1;
        disk.code = code;
        kp_store *s = open_store();
        spend(s, 2, &id, &granted, &failed);
        assert_true(granted == 2 && failed == 0);
        if (at % 2) { /* with a connection that is open, and with one that is not */
            kp_store_close(s);
            s = open_store();
        }
        disk.calls = 0;
        disk.fail_at = at / 2;
        disk.from_there_on = from_there_on;
        spend(s, 3, &id, &granted, &failed);
        reached = disk.calls > disk.fail_at || at % 2 == 0;
        bool hit = disk.calls > disk.fail_at;
        disk.fail_at = -1;
        if (!hit)
            assert_int_equal(failed, 0);
        /* The same handle goes on, and the books have each grant, and nothing but what was asked for. */
        assert_int_equal(sscanf(store_ask(s, look_words), "ok %lld:%*d %lld:", &spent, &slots), 2);
        assert_in_range(spent, granted * PRICE, (granted + failed) * PRICE);
        assert_int_equal(slots * PRICE, spent);
        spend(s, MOST + 2, &id, &granted, &failed);
        assert_in_range(granted, MOST - failed, MOST);
        assert_string_equal(store_ask(s, look_words), "ok 12000:1790035200000 12:1790000001000");
        kp_store_close(s);
        assert_query("PRAGMA integrity_check", "ok");
        failures += failed;
    }
    assert_true(places > 20 && failures > 20);
}

static void test_g4_each_write_finds_the_disk_full(void **state) {
    (void)state;
    fail_at_each_call(SQLITE_FULL, false);
    fail_at_each_call(SQLITE_FULL, true);
}

static void test_g4_each_call_fails(void **state) {
    (void)state;
    fail_at_each_call(SQLITE_IOERR, false);
    fail_at_each_call(SQLITE_IOERR, true);
}

/* ---- The system's own limit on the size of files ---- */

static bool spend_with_small_files(void) {
    signal(SIGXFSZ, SIG_IGN);
    kp_store *s = open_store();
    char words[CASE_TEXT], reply[CASE_TEXT], problem[CASE_TEXT] = "";
    long long granted = 0, failed = 0, used = -1;
    CHECK(store_grants(s, "ADMIT first 0 budget calls 1 100000 0 0"));
    CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){16384, RLIM_INFINITY}) == 0);
    for (int i = 0; i < 2000 && failed < 3; i++) {
        snprintf(words, sizeof words, "ADMIT an-id-that-takes-some-room-%d 0 budget calls 1 100000 0 0", i);
        int result = store_do(s, words, reply, problem);
        granted += result == 0 && strncmp(reply, "ok", 2) == 0;
        failed += result != 0;
    }
    CHECK(failed == 3 && is_clear(problem));
    CHECK(sscanf(store_ask(s, "LOOK budget calls 0 1 0 0"), "ok %lld:", &used) == 1 && used == granted + 1);
    CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}) == 0);
    CHECK(store_grants(s, words)); /* the same id: it was not admitted */
    CHECK(sscanf(store_ask(s, "LOOK budget calls 0 1 0 0"), "ok %lld:", &used) == 1 && used == granted + 2);
    kp_store_close(s);
    return true;
}

static void test_g4_files_that_may_not_grow(void **state) {
    (void)state;
    assert_true(scratch_child(spend_with_small_files));
    assert_query("PRAGMA integrity_check", "ok");
}

/* ---- Locked by another process ---- */

static void test_g4_locked_for_longer_than_the_deadline(void **state) {
    (void)state;
    kp_store *s = open_store();
    long long granted = 0, failed = 0;
    char problem[CASE_TEXT] = "";
    int id = 0, told[2], ends[2];
    spend(s, 3, &id, &granted, &failed);
    assert_true(pipe(told) == 0 && pipe(ends) == 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        sqlite3 *other = NULL;
        char word = 'l';
        alarm(SCRATCH_SECONDS);
        close(ends[1]);
        bool locked = sqlite3_open(scratch_path(file), &other) == SQLITE_OK &&
                      sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL) == SQLITE_OK;
        /* Until the parent closes its end. */
        _exit(locked && write(told[1], &word, 1) == 1 && read(ends[0], &word, 1) == 0 ? 0 : 1);
    }
    char word;
    close(ends[0]);
    assert_int_equal(read(told[0], &word, 1), 1);
    const kp_patience patience = {.until_ms = kp_local_mono_ms() + 200};
    store_patience = &patience;
    int result = store_do(s, "ADMIT late 0 budget money 1000 12000 0 0 slot tasks 100 3600000 0", NULL, problem);
    int settled = store_do(s, "SETTLE 1 0", NULL, NULL);
    store_patience = NULL;
    close(ends[1]);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(result == -1 && settled == -1);
    assert_non_null(strstr(problem, "other processes keep it locked"));
    assert_true(kp_local_mono_ms() >= patience.until_ms);
    assert_string_equal(store_ask(s, look_words), "ok 3000:1790035200000 3:1790000001000");
    assert_true(store_grants(s, "ADMIT late 0 budget money 1000 12000 0 0 slot tasks 100 3600000 0"));
    kp_store_close(s);
    close(told[0]);
    close(told[1]);
}

/* ---- Files that cannot be used at all ---- */

static bool cannot_spend(const char *says) {
    char problem[CASE_TEXT] = "", reply[CASE_TEXT] = "";
    kp_store *s = open_store();
    CHECK(store_do(s, "ADMIT 1 0 budget money 1000 12000 0 0", reply, problem) == -1);
    CHECK(reply[0] == '\0' && strstr(problem, says) && strstr(problem, scratch_folder));
    kp_store_close(s);
    return true;
}

static bool cannot_write(void) {
    CHECK(scratch_drop_rights());
    return cannot_spend("may not write");
}

static void test_g4_no_grant_without_a_sound_file(void **state) {
    (void)state;
    static const char garbage[9000] = "no database";
    assert_true(scratch_write(file, garbage, sizeof garbage, 0600));
    assert_true(cannot_spend("it is damaged"));
    unlink(scratch_path(file));
    kp_store *s = open_store();
    assert_true(store_grants(s, "ADMIT 0 0 budget money 1000 12000 0 0"));
    kp_store_close(s);
    assert_int_equal(chmod(scratch_path(file), 0444), 0);
    assert_true(scratch_child(cannot_write));
    assert_int_equal(chmod(scratch_path(file), 0666), 0);
    assert_int_equal(chmod(scratch_folder, 0555), 0);
    assert_true(scratch_child(cannot_write));
    assert_int_equal(chmod(scratch_folder, 0755), 0);
    s = open_store();
    assert_string_equal(store_ask(s, "LOOK budget money 0 12000 0 0"), "ok 1000:1790035200000");
    kp_store_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_g4_each_write_finds_the_disk_full, begin, end),
        cmocka_unit_test_setup_teardown(test_g4_each_call_fails, begin, end),
        cmocka_unit_test_setup_teardown(test_g4_files_that_may_not_grow, begin, end),
        cmocka_unit_test_setup_teardown(test_g4_locked_for_longer_than_the_deadline, begin, end),
        cmocka_unit_test_setup_teardown(test_g4_no_grant_without_a_sound_file, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
