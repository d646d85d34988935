/* test_append.c: tests append.c with many writers, rotation, torn lines and full disks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sched.h>
#include <sys/file.h>
#include <sys/resource.h>

#include "append_case.h"
#include "scratch.h"

enum { WRITERS = 32, LINES = 200, ROTATIONS = 40, FULL_WRITERS = 8, FULL_LINES = 60, FULL_SIZE = 8192 };

/* Adds the line and a line end. */
static int append_to(const char *path, const char *line) {
    static char text[8192];
    size_t len = strlen(line);
    assert_true(len + 2 <= sizeof text);
    memcpy(text, line, len);
    memcpy(text + len, "\n", 2);
    return append_text(path, text, NULL);
}

static int append(const char *name, const char *line) {
    return append_to(scratch_path(name), line);
}

/* The content of a file as a text; "-" if there is none. */
static const char *content(const char *name) {
    static char text[FULL_SIZE * 2];
    int fd = open(scratch_path(name), O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (len < 0)
        return "-";
    text[len] = '\0';
    return text;
}

static void lines_at_the_end(void **state) {
    (void)state;
    struct stat info;
    mode_t before = umask(0);
    assert_int_equal(append("log", "one"), 0);
    umask(before);
    assert_int_equal(append("log", "two"), 0);
    assert_int_equal(append("log", "three"), 0);
    assert_string_equal(content("log"), "one\ntwo\nthree\n");
    assert_int_equal(stat(scratch_path("log"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
}

static void a1_a_torn_line_is_set_off(void **state) {
    (void)state;
    assert_true(scratch_write("log", "one\ntor", 7, 0600));
    assert_int_equal(append("log", "two"), 0);
    assert_int_equal(append("log", "three"), 0);
    assert_string_equal(content("log"), "one\ntor\ntwo\nthree\n");
}

static bool append_to_special_files(void) {
    CHECK(append("", "x") == -1);
    CHECK(append("none/log", "x") == -1);
    CHECK(mkfifo(scratch_path("fifo"), 0600) == 0 && append("fifo", "x") == -1);
    CHECK(append_to("/dev/full", "x") == -1);
    CHECK(append_to("/dev/null", "x") == -1);
    CHECK(scratch_write("log", "", 0, 0));
    CHECK(scratch_drop_rights() && append("log", "x") == -1);
    return true;
}

static void places_that_cannot_hold_lines(void **state) {
    (void)state;
    assert_true(scratch_child(append_to_special_files));
}

static void nothing_given(void **state) {
    (void)state;
    kp_append_source source = {"x\n", append_case_line, NULL};
    assert_int_equal(kp_append(NULL, NULL, NULL, NULL), -1);
    assert_int_equal(kp_append(NULL, scratch_path("log"), NULL, NULL), -1);
    assert_int_equal(kp_append(NULL, scratch_path("log"), &source, NULL), -1);
    assert_int_equal(append_text(NULL, "x\n", NULL), -1);
    kp_append_files_free(NULL);
    assert_string_equal(content("log"), "-");
}

/* A source that has no line, half of one, or none at all. */
static void a_line_that_cannot_be_made(void **state) {
    (void)state;
    assert_int_equal(append("log", "one"), 0);
    assert_int_equal(append_text(scratch_path("log"), "half", NULL), -1);
    assert_int_equal(append_text(scratch_path("log"), "", NULL), -1);
    assert_int_equal(append("log", "two"), 0);
    assert_string_equal(content("log"), "one\ntwo\n");
}

/* Lines of all lengths, recognizable whole: "writer number xxx.", with some more bytes than a page at times. */
static size_t make_line(char *line, size_t size, int writer, int number) {
    size_t pad = (size_t)(number * 37 + writer * 101) % (number % 20 == 0 ? 6000 : 200);
    int head = snprintf(line, size, "%d %d ", writer, number);
    memset(line + head, 'x', pad);
    memcpy(line + (size_t)head + pad, ".", 2);
    return (size_t)head + pad + 1;
}

static bool write_lines(int writer) {
    static char line[8192];
    for (int n = 0; n < LINES; n++) {
        make_line(line, sizeof line, writer, n);
        CHECK(append("log", line) == 0);
    }
    return true;
}

/* Counts the lines of one file; false if one of them is not whole. */
static bool count_lines(const char *name, unsigned char seen[WRITERS][LINES]) {
    static char line[8192], expected[8192];
    FILE *f = fopen(scratch_path(name), "re");
    bool whole = f != NULL;
    while (whole && fgets(line, sizeof line, f)) {
        int writer = -1, number = -1;
        whole = sscanf(line, "%d %d", &writer, &number) == 2 && writer >= 0 && writer < WRITERS && number >= 0 &&
                number < LINES;
        if (!whole)
            break;
        size_t len = make_line(expected, sizeof expected - 1, writer, number);
        memcpy(expected + len, "\n", 2);
        whole = strcmp(line, expected) == 0;
        seen[writer][number]++;
    }
    if (f)
        fclose(f);
    return whole;
}

static void a1_32_writers_with_rotation(void **state) {
    (void)state;
    static unsigned char seen[WRITERS][LINES];
    char rotated[32];
    int rotations = 0, left = WRITERS, failed = 0;
    memset(seen, 0, sizeof seen);
    fflush(NULL);
    for (int w = 0; w < WRITERS; w++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            alarm(SCRATCH_SECONDS);
            _exit(write_lines(w) ? 0 : 1);
        }
    }
    while (left > 0) {
        int status;
        struct stat info;
        if (waitpid(-1, &status, WNOHANG) > 0) {
            left--;
            failed += status != 0;
        }
        if (rotations < ROTATIONS && stat(scratch_path("log"), &info) == 0 && info.st_size > 4096) {
            snprintf(rotated, sizeof rotated, "log.%d", rotations);
            assert_int_equal(rename(scratch_path("log"), scratch_path(rotated)), 0);
            rotations++;
        }
        sched_yield();
    }
    assert_int_equal(failed, 0);
    assert_true(rotations > 0);
    for (int i = 0; i < rotations; i++) {
        snprintf(rotated, sizeof rotated, "log.%d", i);
        assert_true(count_lines(rotated, seen));
    }
    if (access(scratch_path("log"), F_OK) == 0)
        assert_true(count_lines("log", seen));
    for (int w = 0; w < WRITERS; w++)
        for (int n = 0; n < LINES; n++)
            assert_int_equal(seen[w][n], 1);
}

/* true once a process waits for the lock of this file, by what the kernel says. */
static bool someone_waits(const struct stat *info) {
    char line[256], inode[64];
    bool waits = false;
    FILE *f = fopen("/proc/locks", "re");
    snprintf(inode, sizeof inode, ":%llu ", (unsigned long long)info->st_ino);
    while (f && fgets(line, sizeof line, f))
        waits = waits || (strstr(line, "->") && strstr(line, "FLOCK") && strstr(line, inode));
    if (f)
        fclose(f);
    return waits;
}

/* A writer waits for the lock, while its holder finishes a torn line and then lets go of the file in this way. */
static void let_a_writer_wait(bool rotate, bool new_file) {
    struct stat info;
    int status = -1;
    if (access("/proc/locks", R_OK) != 0)
        skip();
    assert_true(scratch_write("log", "one\ntw", 6, 0600));
    int fd = open(scratch_path("log"), O_RDWR | O_APPEND | O_CLOEXEC);
    int held = open(scratch_path("log.tail"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && held >= 0 && flock(held, LOCK_EX) == 0 && fstat(held, &info) == 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(held);
        alarm(SCRATCH_SECONDS);
        _exit(append("log", "three") == 0 ? 0 : 1);
    }
    while (!someone_waits(&info)) {
        assert_int_equal(waitpid(child, &status, WNOHANG), 0); /* it does not pass without the lock */
        sched_yield();
    }
    assert_int_equal(write(fd, "o\n", 2), 2);
    if (rotate)
        assert_int_equal(rename(scratch_path("log"), scratch_path("log.1")), 0);
    if (new_file)
        assert_true(scratch_write("log", "new\n", 4, 0600));
    close(fd);
    close(held);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a1_a_line_finished_while_a_writer_waits(void **state) {
    (void)state;
    let_a_writer_wait(false, false);
    assert_string_equal(content("log"), "one\ntwo\nthree\n");
}

static void a1_rotation_while_a_writer_waits(void **state) {
    (void)state;
    let_a_writer_wait(true, false);
    assert_string_equal(content("log.1"), "one\ntwo\n");
    assert_string_equal(content("log"), "three\n");
}

static void a1_rotation_with_a_new_file_while_a_writer_waits(void **state) {
    (void)state;
    let_a_writer_wait(true, true);
    assert_string_equal(content("log.1"), "one\ntwo\n");
    assert_string_equal(content("log"), "new\nthree\n");
}

static bool limit_file_size(rlim_t size) {
    return setrlimit(RLIMIT_FSIZE, &(struct rlimit){size, size}) == 0;
}

static bool is_signal_as_before(void) {
    sigset_t set;
    CHECK(sigpending(&set) == 0 && !sigismember(&set, SIGXFSZ));
    CHECK(sigprocmask(SIG_BLOCK, NULL, &set) == 0 && !sigismember(&set, SIGXFSZ));
    return true;
}

/* SIGXFSZ has its deadly default here: it must not come. */
static bool append_at_a_full_disk(void) {
    signal(SIGXFSZ, SIG_DFL);
    CHECK(append("log", "0123456789") == 0);
    CHECK(limit_file_size(16));
    CHECK(append("log", "0123456789") == -1); /* five bytes fit */
    CHECK(strcmp(content("log"), "0123456789\n") == 0);
    CHECK(append("log", "0123") == 0);
    CHECK(append("log", "x") == -1); /* none fits */
    CHECK(is_signal_as_before());
    CHECK(strcmp(content("log"), "0123456789\n0123\n") == 0);
    CHECK(scratch_write("torn", "0123456", 7, 0600));
    CHECK(append("torn", "0123456789") == -1);
    CHECK(strcmp(content("torn"), "0123456") == 0);
    return true;
}

static void a1_a_full_disk_refuses_the_line(void **state) {
    (void)state;
    assert_true(scratch_child(append_at_a_full_disk));
}

/* How many lines were said to be written: told as bits of an exit status would be too few, so one byte each in a file.
 */
static void write_until_full(int writer) {
    char line[256];
    int said = open(scratch_path("said"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    alarm(SCRATCH_SECONDS);
    if (said < 0 || !limit_file_size(FULL_SIZE))
        _exit(1);
    for (int n = 1; n < FULL_LINES; n++) {
        make_line(line, sizeof line, writer, n % 20 == 0 ? 1 : n);
        if (append("log", line) == 0 && write(said, "+", 1) != 1)
            _exit(1);
    }
    _exit(0);
}

static void a1_many_writers_at_a_full_disk(void **state) {
    (void)state;
    int failed = 0, status;
    fflush(NULL);
    for (int w = 0; w < FULL_WRITERS; w++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            write_until_full(w);
    }
    for (int w = 0; w < FULL_WRITERS; w++)
        failed += wait(&status) < 0 || status != 0;
    assert_int_equal(failed, 0);
    size_t said = strlen(content("said")), lines = 0;
    const char *text = content("log");
    for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
        const char *end = strchr(at, '\n');
        assert_non_null(end);
        assert_int_equal(end[-1], '.');
        assert_null(memchr(at, '.', (size_t)(end - at) - 1));
        lines++;
    }
    assert_int_equal(lines, said);
    assert_true(said > 0 && said < FULL_WRITERS * (FULL_LINES - 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_at_the_end, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a1_a_torn_line_is_set_off, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(places_that_cannot_hold_lines, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(nothing_given, scratch_setup, scratch_teardown),
        SCRATCH_TEST(a_line_that_cannot_be_made),
        cmocka_unit_test_setup_teardown(a1_32_writers_with_rotation, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a1_rotation_while_a_writer_waits, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a1_rotation_with_a_new_file_while_a_writer_waits, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a1_a_line_finished_while_a_writer_waits, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a1_a_full_disk_refuses_the_line, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a1_many_writers_at_a_full_disk, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
