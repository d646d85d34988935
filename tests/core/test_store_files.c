/* test_store_files.c: the SQLite store with files, folders, disks and locks that are not right. */
#include "sqlite_case.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "chance.h"

static mode_t mode_of(const char *name) {
    struct stat info;
    return stat(scratch_path(name), &info) == 0 ? info.st_mode & 07777 : 0;
}

/* ---- Files ---- */

static void expired_rows_are_deleted(void **state) {
    (void)state;
    kp_store *s = open_store();
    char words[CASE_TEXT];
    hand_take();
    for (int i = 0; i < 100; i++) {
        snprintf(words, sizeof words, "PUT n%d v 10", i);
        assert_string_equal(store_ask(s, words), "ok");
    }
    hand.boot += 10;
    for (int i = 0; i < 20; i++)
        assert_string_equal(store_ask(s, "PUT other v 100000"), "ok");
    assert_query("SELECT count(*) FROM kv", "2"); /* with the clock's */
    kp_store_close(s);
}

static void modes_whatever_the_umask(void **state) {
    (void)state;
    static const struct {
        mode_t folder, umask, file;
    } cases[] = {{0700, 0, 0600},   {0700, 0777, 0600},  {0755, 022, 0600},
                 {0770, 077, 0660}, {02770, 0777, 0660}, {01777, 0, 0600}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(chmod(scratch_folder, cases[i].folder), 0);
        mode_t before = umask(cases[i].umask);
        kp_store *s = open_store();
        assert_string_equal(store_ask(s, "PUT a b 1000"), "ok");
        kp_store_close(s);
        umask(before);
        assert_int_equal(mode_of("state.db"), cases[i].file);
        assert_int_equal(mode_of("state.db-journal"), cases[i].file);
        unlink(scratch_path("state.db"));
        unlink(scratch_path("state.db-journal"));
    }
}

static void assert_fails(kp_store *s, const char *says) {
    char problem[CASE_TEXT] = "";
    assert_int_equal(store_do(s, "PUT a b 1000", NULL, problem), -1);
    if (!strstr(problem, says) || !strstr(problem, scratch_folder))
        fail_msg("'%s' does not say '%s'", problem, says);
}

static void g4_damaged_file(void **state) {
    (void)state;
    char garbage[5000];
    memset(garbage, 'g', sizeof garbage);
    assert_true(scratch_write(file, garbage, sizeof garbage, 0600));
    kp_store *s = open_store();
    assert_fails(s, "damaged");
    assert_fails(s, "damaged");
    struct stat info;
    assert_int_equal(stat(scratch_path(file), &info), 0);
    assert_int_equal(info.st_size, sizeof garbage); /* never deleted or changed */
    /* Moved away as the sentence says: the same handle goes on. */
    assert_int_equal(rename(scratch_path(file), scratch_path("old.db")), 0);
    assert_string_equal(store_ask(s, "PUT a b 1000"), "ok");
    kp_store_close(s);
}

/* Single bytes changed all over the file: an answer or a sentence, no crash, no hang. */
static void g4_changed_bytes(void **state) {
    (void)state;
    enum { SIZE = 65536, CHANGES = 300 };
    static char sound[SIZE], bent[SIZE];
    chance dice = {99};
    char words[CASE_TEXT], problem[CASE_TEXT];
    kp_store *s = open_store();
    for (int i = 0; i < 150; i++) {
        snprintf(words, sizeof words, "ADMIT id%d 0 rate r%d 3600000000 200 0", i, i % 7);
        assert_string_equal(store_ask(s, words), "ok 0");
    }
    kp_store_close(s);
    int fd = open(scratch_path(file), O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, sound, sizeof sound);
    close(fd);
    assert_in_range(size, 4096, SIZE);
    for (int i = 0; i < CHANGES; i++) {
        memcpy(bent, sound, (size_t)size);
        size_t where = i < 100 ? (size_t)i : chance_below(&dice, (size_t)size);
        bent[where] = (char)(bent[where] ^ (1 + (int)chance_below(&dice, 255)));
        unlink(scratch_path("state.db-journal"));
        assert_true(scratch_write(file, bent, (size_t)size, 0600));
        s = open_store();
        for (int k = 0; k < 12; k++) {
            snprintf(words, sizeof words, "ADMIT id%d 0 rate r%d 3600000000 200 0", k * 29, k);
            if (store_do(s, words, NULL, problem) != 0)
                assert_non_null(strstr(problem, "cannot be used: "));
        }
        kp_store_close(s);
    }
}

static void g4_other_databases(void **state) {
    (void)state;
    kp_store *s = open_store();
    assert_string_equal(store_ask(s, "PUT a b 1000"), "ok");
    kp_store_close(s);
    execute("PRAGMA user_version=2");
    s = open_store();
    assert_fails(s, "a newer keyplate made it");
    kp_store_close(s);
    assert_query("PRAGMA user_version", "2");
    unlink(scratch_path(file));
    execute("CREATE TABLE mine(x)");
    s = open_store();
    assert_fails(s, "another program");
    kp_store_close(s);
    assert_query("SELECT count(*) FROM sqlite_master", "1");
}

static void g4_unfit_places(void **state) {
    (void)state;
    static const struct {
        const char *path, *says;
    } places[] = {{"none/x.db", "its folder does not exist"},
                  {"folder", "it is no regular file"},
                  {"plain/x.db", "a part of its path is no folder"},
                  {"fifo", "it is no regular file"},
                  {"loop", "links in a circle"},
                  {"dangling", "leads nowhere"}};
    assert_int_equal(mkdir(scratch_path("folder"), 0700), 0);
    assert_true(scratch_write("plain", "x", 1, 0600));
    assert_int_equal(mkfifo(scratch_path("fifo"), 0600), 0);
    assert_int_equal(symlink("loop", scratch_path("loop")), 0);
    assert_int_equal(symlink("nothing", scratch_path("dangling")), 0);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        kp_store *s = kp_store_sqlite(scratch_path(places[i].path));
        assert_fails(s, places[i].says);
        kp_store_close(s);
    }
}

static bool without_rights(void) {
    CHECK(scratch_drop_rights());
    char problem[CASE_TEXT];
    kp_store *s = open_store();
    CHECK(store_do(s, "GET a", NULL, problem) == -1 && strstr(problem, "may not write"));
    kp_store_close(s);
    return true;
}

static void g4_read_only(void **state) {
    (void)state;
    kp_store *s = open_store();
    assert_string_equal(store_ask(s, "PUT a b 1000"), "ok");
    kp_store_close(s);
    assert_int_equal(chmod(scratch_path(file), 0444), 0);
    assert_int_equal(chmod(scratch_folder, 0555), 0);
    assert_true(scratch_child(without_rights));
    assert_int_equal(chmod(scratch_folder, 0755), 0);
}

/* A limit on the size of files gives an I/O error at any moment of a transaction. */
static bool with_small_files(void) {
    signal(SIGXFSZ, SIG_IGN);
    kp_store *s = open_store();
    char words[CASE_TEXT], problem[CASE_TEXT] = "";
    int failed = 0;
    CHECK(strcmp(store_ask(s, "PUT first v 1000000"), "ok") == 0);
    CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){16384, RLIM_INFINITY}) == 0);
    for (int i = 0; i < 2000 && !failed; i++) {
        snprintf(words, sizeof words, "PUT n%d a-value-that-takes-some-room 1000000", i);
        failed = store_do(s, words, NULL, problem);
    }
    CHECK(failed && strstr(problem, "cannot be used: "));
    CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}) == 0);
    CHECK(strcmp(store_ask(s, "GET first"), "ok v") == 0);
    CHECK(strcmp(store_ask(s, words), "ok") == 0);
    kp_store_close(s);
    return true;
}

static void g4_io_error(void **state) {
    (void)state;
    assert_true(scratch_child(with_small_files));
    assert_query("PRAGMA integrity_check", "ok");
}

enum { NO_MOUNT = 77 };

static int with_full_disk(void) {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", scratch_folder, "tmpfs", 0, "size=128k") != 0)
        return NO_MOUNT;
    kp_store *s = open_store();
    char words[CASE_TEXT], problem[CASE_TEXT] = "";
    int failed = 0;
    for (int i = 0; i < 5000 && !failed; i++) {
        snprintf(words, sizeof words, "PUT n%d a-value-that-takes-some-room 1000000", i);
        failed = store_do(s, words, NULL, problem);
    }
    bool told = failed && strstr(problem, "the disk is full");
    bool reads = strcmp(store_ask(s, "GET n0"), "ok a-value-that-takes-some-room") == 0;
    kp_store_close(s);
    return told && reads ? 0 : 1;
}

static void g4_full_disk(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        alarm(SCRATCH_SECONDS);
        _exit(with_full_disk());
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_MOUNT)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void g4_locked_by_another(void **state) {
    (void)state;
    kp_store *s = open_store();
    assert_string_equal(store_ask(s, "PUT a b 100000"), "ok");
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(scratch_path(file), &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    assert_fails(s, "other processes keep it locked");
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_string_equal(store_ask(s, "GET a"), "ok b");
    sqlite3_close(other);
    kp_store_close(s);
}

static void replaced_while_open(void **state) {
    (void)state;
    kp_store *s = open_store();
    assert_string_equal(store_ask(s, "PUT a b 100000"), "ok");
    assert_int_equal(unlink(scratch_path(file)), 0);
    assert_string_equal(store_ask(s, "GET a"), "ok -");
    kp_store *t = open_store();
    assert_string_equal(store_ask(t, "PUT a c 100000"), "ok");
    assert_string_equal(store_ask(s, "GET a"), "ok c");
    kp_store_close(s);
    kp_store_close(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(expired_rows_are_deleted, setup, teardown),
        cmocka_unit_test_setup_teardown(modes_whatever_the_umask, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_damaged_file, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_changed_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_other_databases, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_unfit_places, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_read_only, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_io_error, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_full_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_locked_by_another, setup, teardown),
        cmocka_unit_test_setup_teardown(replaced_while_open, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
