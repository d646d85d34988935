/* test_store_aside.c: a damaged state file at the default place makes room for a new one, once. */
#include "sqlite_case.h"

#include <dirent.h>

#include "failing.h"
#include "local/store_aside.h"
#include "local/store_fork.h"

enum { SIZE = 5000, NAME_SIZE = 128, PROCESSES = 8, ROUNDS = 10 };

static char garbage[SIZE];

static void write_garbage(void) {
    memset(garbage, 'g', sizeof garbage);
    assert_true(scratch_write(file, garbage, sizeof garbage, 0600));
    assert_true(scratch_write("state.db-journal", "", 0, 0600));
}

/* How many files with this beginning there are; the last one's name goes to *found, if it is given. */
static int count_files(const char *beginning, char found[NAME_SIZE]) {
    int count = 0;
    DIR *folder = opendir(scratch_folder);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (strncmp(entry->d_name, beginning, strlen(beginning)) != 0 || strstr(entry->d_name, "-journal"))
            continue;
        count++;
        if (found)
            snprintf(found, NAME_SIZE, "%.100s", entry->d_name);
    }
    closedir(folder);
    return count;
}

static void assert_garbage(const char *name, size_t size) {
    char content[SIZE + 1];
    int fd = open(scratch_path(name), O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, content, sizeof content), size);
    assert_memory_equal(content, garbage, size);
    close(fd);
}

static void g4_a_damaged_file_makes_room(void **state) {
    (void)state;
    char name[NAME_SIZE] = "", journal[NAME_SIZE + 16];
    kp_buf remark;
    kp_buf_init(&remark, NULL);
    write_garbage();
    kp_store *s = kp_store_sqlite_own(scratch_path(file));
    assert_string_equal(store_ask(s, "PUT a b 100000"), "ok");
    assert_string_equal(store_ask(s, "GET a"), "ok b");
    assert_int_equal(count_files("state.db.damaged-", name), 1);
    assert_garbage(name, SIZE);
    snprintf(journal, sizeof journal, "%s-journal", name);
    assert_garbage(journal, 0);
    s->remark(s, &remark);
    assert_non_null(strstr(kp_buf_text(&remark), "damaged"));
    assert_non_null(strstr(kp_buf_text(&remark), name));
    kp_buf_free(&remark);
    kp_store_close(s);
    assert_query("PRAGMA integrity_check", "ok");
}

/* The content of a later page is damaged only where a verb gets at it. */
static void g4_damage_that_a_verb_finds(void **state) {
    (void)state;
    char words[CASE_TEXT];
    kp_store *s = kp_store_sqlite_own(scratch_path(file));
    for (int i = 0; i < 300; i++) {
        snprintf(words, sizeof words, "PUT name%d a-value-that-takes-some-room 1000000", i);
        assert_string_equal(store_ask(s, words), "ok");
    }
    kp_store_close(s);
    memset(garbage, 0x7f, sizeof garbage);
    int fd = open(scratch_path(file), O_RDWR | O_CLOEXEC);
    for (off_t at = 4096; at < lseek(fd, 0, SEEK_END); at += 4096)
        assert_int_equal(pwrite(fd, garbage, 4096, at), 4096);
    close(fd);
    s = kp_store_sqlite_own(scratch_path(file));
    assert_string_equal(store_ask(s, "PUT a b 100000"), "ok");
    assert_int_equal(count_files("state.db.damaged-", NULL), 1);
    kp_store_close(s);
}

/* Whoever comes second leaves the new file alone. */
static void g4_moved_aside_once(void **state) {
    (void)state;
    int error = 0, held = -1;
    const char *why = NULL;
    kp_buf first, second;
    kp_buf_init(&first, NULL);
    kp_buf_init(&second, NULL);
    write_garbage();
    kp_fork_enter_alone();
    kp_db *a = kp_db_open(scratch_path(file), &error, &why), *b = kp_db_open(scratch_path(file), &error, &why);
    kp_aside how = kp_store_aside(a, scratch_path(file), &first, &held);
    kp_fork_leave();
    assert_int_equal(how, KP_ASIDE_DONE);
    assert_true(first.len > 0);
    assert_true(held >= 0);
    assert_int_equal(sqlite3_exec(b->sqlite, "SELECT 1 FROM kv", NULL, NULL, NULL), SQLITE_BUSY); /* locked out */
    kp_store *s = kp_store_sqlite_own(scratch_path(file));
    assert_string_equal(store_ask(s, "PUT a b 100000"), "ok");
    kp_fork_enter_alone();
    how = kp_store_aside(b, scratch_path(file), &second, &held);
    kp_db_close(a);
    kp_db_close(b);
    close(held);
    kp_fork_leave();
    assert_int_equal(how, KP_ASIDE_DONE);
    assert_int_equal(second.len, 0);
    assert_string_equal(store_ask(s, "GET a"), "ok b");
    assert_int_equal(count_files("state.db.damaged-", NULL), 1);
    kp_store_close(s);
    kp_buf_free(&first);
    kp_buf_free(&second);
}

static void g4_many_processes_find_the_damage(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        int gate[2], failed = 0, status;
        char names[CASE_TEXT] = "GET", words[64], found[NAME_SIZE];
        write_garbage();
        assert_int_equal(pipe(gate), 0);
        fflush(NULL);
        for (int p = 0; p < PROCESSES; p++) {
            snprintf(names + strlen(names), sizeof names - strlen(names), " n%d", p);
            if (fork() != 0)
                continue;
            alarm(SCRATCH_SECONDS);
            close(gate[1]);
            snprintf(words, sizeof words, "PUT n%d v 1000000", p);
            kp_store *s = kp_store_sqlite_own(scratch_path(file));
            const char *said = read(gate[0], found, 1) == 0 ? store_ask(s, words) : "nothing";
            if (strcmp(said, "ok") != 0)
                fprintf(stderr, "said %s\n", said);
            _exit(strcmp(said, "ok") == 0 ? 0 : 1);
        }
        close(gate[0]);
        close(gate[1]);
        for (int p = 0; p < PROCESSES; p++)
            failed += wait(&status) < 0 || status != 0;
        assert_int_equal(failed, 0);
        assert_int_equal(count_files("state.db.damaged-", found), 1);
        assert_garbage(found, SIZE);
        kp_store *s = kp_store_sqlite_own(scratch_path(file));
        assert_string_equal(store_ask(s, names), "ok v v v v v v v v");
        kp_store_close(s);
        assert_int_equal(unlink(scratch_path(found)), 0);
    }
}

static void g4_each_allocation_fails(void **state) {
    (void)state;
    bool failed = true;
    for (size_t at = 0; failed; at++) {
        char found[NAME_SIZE] = "", problem[CASE_TEXT];
        write_garbage();
        kp_store *s = kp_store_sqlite_own(scratch_path(file));
        failing_start(at, false);
        int result = store_do(s, "PUT a b 100000", NULL, problem);
        failed = failing_stop();
        assert_true(result == 0 || failed);
        assert_string_equal(store_ask(s, "PUT a b 100000"), "ok");
        assert_int_equal(count_files("state.db.damaged-", found), 1);
        assert_garbage(found, SIZE);
        kp_store_close(s);
        assert_int_equal(unlink(scratch_path(found)), 0);
    }
}

/* Where the file cannot be moved, the sentence says what is wrong. */
static bool without_rights(void) {
    CHECK(scratch_drop_rights());
    kp_store *s = kp_store_sqlite_own(scratch_path(file));
    const char *said = store_ask(s, "GET a");
    if (!strstr(said, "it is damaged"))
        fprintf(stderr, "said %s\n", said);
    CHECK(strstr(said, "it is damaged"));
    kp_store_close(s);
    return true;
}

static void g4_a_damaged_file_that_cannot_be_moved(void **state) {
    (void)state;
    if (geteuid() != 0)
        skip();
    write_garbage();
    assert_int_equal(chmod(scratch_path(file), 0666) || chmod(scratch_path("state.db-journal"), 0666), 0);
    assert_int_equal(chmod(scratch_folder, 01777), 0);
    assert_true(scratch_child(without_rights));
    assert_garbage(file, SIZE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(g4_a_damaged_file_makes_room, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_damage_that_a_verb_finds, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_moved_aside_once, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_many_processes_find_the_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_each_allocation_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(g4_a_damaged_file_that_cannot_be_moved, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
