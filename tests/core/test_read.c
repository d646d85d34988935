/* test_read.c: tests read.c with real files, pipes and users. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "failing.h"
#include "keyplate.h"
#include "local/read.h"
#include "policy/finder.h"
#include "policy/zone.h"
#include "scratch.h"

enum { ROOM = 64, GUARD = 16 };

/* One read into a room between guards. */
typedef struct reading {
    char guarded[GUARD + ROOM + GUARD];
    char *room;
    size_t len;
    int how, why;
} reading;

static reading *read_sized(const char *name, size_t size) {
    static reading r;
    memset(&r, 0x5A, sizeof r);
    r.room = r.guarded + GUARD;
    r.how = kp_read_local(name, r.room, size, NULL, &r.len, &r.why);
    for (size_t i = 0; i < GUARD; i++)
        if (r.guarded[i] != 0x5A || r.room[size + i] != 0x5A)
            r.how = -1;
    return &r;
}

static reading *read_name(const char *name) {
    return read_sized(name, ROOM);
}

static reading *read_path(const char *name) {
    char whole[600];
    snprintf(whole, sizeof whole, "file:%s", scratch_path(name));
    return read_name(whole);
}

static bool gave(const reading *r, int how, int why, const char *content) {
    bool same = r->how == how && r->why == why && r->len == strlen(content) && memcmp(r->room, content, r->len) == 0;
    if (!same)
        fprintf(stderr, "got how %d why %d len %zu\n", r->how, r->why, r->len);
    return same;
}

static void a_variable(void **state) {
    (void)state;
    char longest[ROOM + 2] = "";
    memset(longest, 'a', ROOM);
    unsetenv("KP_TEST_X");
    assert_true(gave(read_name("env:KP_TEST_X"), KP_ABSENT, 0, ""));
    setenv("KP_TEST_X", "", 1);
    assert_true(gave(read_name("env:KP_TEST_X"), KP_FOUND, 0, ""));
    setenv("KP_TEST_X", "abc", 1);
    assert_true(gave(read_name("env:KP_TEST_X"), KP_FOUND, 0, "abc"));
    setenv("KP_TEST_X", longest, 1);
    assert_true(gave(read_name("env:KP_TEST_X"), KP_FOUND, 0, longest));
    longest[ROOM] = 'a';
    setenv("KP_TEST_X", longest, 1);
    assert_true(gave(read_name("env:KP_TEST_X"), KP_UNFIT, KP_WHY_TOO_BIG, ""));
    unsetenv("KP_TEST_X");
}

static void a_file(void **state) {
    (void)state;
    assert_true(scratch_write("k", "abc\n", 4, 0600));
    assert_true(gave(read_path("k"), KP_FOUND, 0, "abc\n"));
    assert_true(scratch_write("k", "", 0, 0600));
    assert_true(gave(read_path("k"), KP_FOUND, 0, ""));
    assert_true(gave(read_path("none"), KP_ABSENT, 0, ""));
    assert_true(gave(read_path("k/below"), KP_ABSENT, 0, ""));
    assert_true(gave(read_name("file:"), KP_ABSENT, 0, ""));
}

static void a_file_behind_links_as_kubernetes_has_it(void **state) {
    (void)state;
    assert_int_equal(mkdir(scratch_path("..v1"), 0700), 0);
    assert_int_equal(mkdir(scratch_path("..v2"), 0700), 0);
    assert_true(scratch_write("..v1/k", "one", 3, 0400));
    assert_true(scratch_write("..v2/k", "two", 3, 0400));
    assert_int_equal(symlink("..v1", scratch_path("..data")), 0);
    assert_int_equal(symlink("..data/k", scratch_path("k")), 0);
    assert_true(gave(read_path("k"), KP_FOUND, 0, "one"));
    assert_int_equal(symlink("..v2", scratch_path("..new")), 0);
    assert_int_equal(rename(scratch_path("..new"), scratch_path("..data")), 0);
    assert_true(gave(read_path("k"), KP_FOUND, 0, "two"));
}

static void the_largest_file(void **state) {
    (void)state;
    char content[ROOM + 1];
    memset(content, 'a', sizeof content);
    assert_true(scratch_write("k", content, ROOM, 0600));
    assert_int_equal(read_path("k")->how, KP_FOUND);
    assert_int_equal(read_path("k")->len, ROOM);
    assert_true(scratch_write("k", content, ROOM + 1, 0600));
    assert_true(gave(read_path("k"), KP_UNFIT, KP_WHY_TOO_BIG, ""));
}

/* The files of /proc say that their size is 0. */
static void a_file_that_does_not_tell_its_size(void **state) {
    (void)state;
    reading *r = read_name("file:/proc/sys/kernel/ostype");
    if (r->how == KP_ABSENT)
        skip();
    assert_true(gave(r, KP_FOUND_OPEN, 0, "Linux\n"));
    assert_int_equal(read_sized("file:/proc/sys/kernel/ostype", 6)->how, KP_FOUND_OPEN);
    assert_int_equal(read_sized("file:/proc/self/status", 6)->why, KP_WHY_TOO_BIG);
}

static bool read_special_files(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    CHECK(gave(read_path(""), KP_UNFIT, KP_WHY_NOT_REGULAR, ""));
    CHECK(mkfifo(scratch_path("fifo"), 0600) == 0);
    CHECK(gave(read_path("fifo"), KP_UNFIT, KP_WHY_NOT_REGULAR, ""));
    CHECK(gave(read_name("file:/dev/zero"), KP_UNFIT, KP_WHY_NOT_REGULAR, ""));
    CHECK(gave(read_name("file:/dev/tty"), KP_UNFIT, KP_WHY_NOT_REGULAR, ""));
    CHECK(chdir(scratch_folder) == 0);
    strcpy(address.sun_path, "socket");
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(listener >= 0 && bind(listener, (const struct sockaddr *)&address, sizeof address) == 0);
    CHECK(gave(read_path("socket"), KP_UNFIT, KP_WHY_NOT_REGULAR, ""));
    return true;
}

static void k4_not_a_regular_file(void **state) {
    (void)state;
    assert_true(scratch_child(read_special_files));
}

static void k4_links_in_a_circle_and_to_nowhere(void **state) {
    (void)state;
    assert_int_equal(symlink("b", scratch_path("a")), 0);
    assert_int_equal(symlink("a", scratch_path("b")), 0);
    assert_int_equal(symlink("gone", scratch_path("c")), 0);
    assert_true(gave(read_path("a"), KP_UNFIT, KP_WHY_LINK_LOOP, ""));
    assert_true(gave(read_path("c"), KP_ABSENT, 0, ""));
}

static void k4_a_gibibyte(void **state) {
    (void)state;
    assert_true(scratch_write("k", "a", 1, 0600));
    assert_int_equal(truncate(scratch_path("k"), 1 << 30), 0);
    reading *r = read_path("k");
    assert_true(gave(r, KP_UNFIT, KP_WHY_TOO_BIG, ""));
    assert_int_equal(r->room[0], 0x5A); /* nothing was read */
}

static void k4_a_nul_byte(void **state) {
    (void)state;
    assert_true(scratch_write("k", "ab\0c", 4, 0600));
    assert_true(gave(read_path("k"), KP_UNFIT, KP_WHY_NUL, ""));
}

/* Windows are in the zones of this system, whose files are full of NUL bytes. */
static void the_file_of_a_time_zone(void **state) {
    (void)state;
    static char room[KP_ROOM_SIZE];
    size_t len = 0;
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
        skip();
    int how = kp_read_local("file:/usr/share/zoneinfo/Europe/Berlin", room, sizeof room, NULL, &len, NULL);
    assert_int_equal(how, KP_FOUND_OPEN);
    kp_zone *berlin = kp_zone_new(room, len, NULL);
    assert_int_equal(kp_zone_offset(berlin, 1774746000), 7200); /* 2026-03-29 01:00 UTC */
    kp_zone_free(berlin);
}

static bool read_as_another_user(void) {
    CHECK(scratch_drop_rights());
    CHECK(gave(read_path("k"), KP_FAILED, KP_WHY_FORBIDDEN, ""));
    CHECK(gave(read_path("closed/none"), KP_FAILED, KP_WHY_FORBIDDEN, ""));
    return true;
}

static void a_file_that_this_user_may_not_read(void **state) {
    (void)state;
    assert_true(scratch_write("k", "abc", 3, 0));
    assert_int_equal(mkdir(scratch_path("closed"), 0), 0);
    assert_true(scratch_child(read_as_another_user));
    assert_int_equal(chmod(scratch_path("closed"), 0700), 0);
}

static void k4b_open_to_others(void **state) {
    (void)state;
    static const struct {
        mode_t mode;
        int how;
    } rows[] = {{0400, KP_FOUND},      {0600, KP_FOUND},      {0640, KP_FOUND},     {0660, KP_FOUND},
                {0644, KP_FOUND_OPEN}, {0604, KP_FOUND_OPEN}, {0602, KP_FOUND_OPEN}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(scratch_write("k", "abc", 3, rows[i].mode));
        assert_true(gave(read_path("k"), rows[i].how, 0, "abc"));
        assert_int_equal(unlink(scratch_path("k")), 0);
    }
}

static bool read_in_the_home_folder(void) {
    CHECK(scratch_write("k", "abc", 3, 0600));
    CHECK(setenv("HOME", scratch_folder, 1) == 0);
    CHECK(gave(read_name("file:~/k"), KP_FOUND, 0, "abc"));
    CHECK(gave(read_name("file:~/none"), KP_ABSENT, 0, ""));
    CHECK(gave(read_name("file:~k"), KP_ABSENT, 0, ""));
    failing_start(0, true);
    CHECK(gave(read_name("file:~/k"), KP_FAILED, KP_WHY_IO, ""));
    return failing_stop();
}

static bool read_without_a_home_folder(void) {
    CHECK(unsetenv("HOME") == 0);
    CHECK(setresuid(54321, 54321, 54321) == 0);
    CHECK(gave(read_name("file:~/k"), KP_ABSENT, 0, ""));
    return true;
}

static void k7_the_home_folder(void **state) {
    (void)state;
    assert_true(scratch_child(read_in_the_home_folder));
    if (geteuid() == 0)
        assert_true(scratch_child(read_without_a_home_folder));
}

static reading *read_fd(int fd) {
    char name[32];
    snprintf(name, sizeof name, "fd:%d", fd);
    return read_name(name);
}

static void a_descriptor(void **state) {
    (void)state;
    int ends[2];
    assert_true(scratch_write("k", "abcdef", 6, 0600));
    int fd = open(scratch_path("k"), O_RDONLY | O_CLOEXEC);
    assert_true(fd > 2);
    assert_int_equal(lseek(fd, 3, SEEK_SET), 3);
    assert_true(gave(read_fd(fd), KP_FOUND, 0, "def"));
    assert_true(gave(read_fd(fd), KP_FOUND, 0, "")); /* once */
    close(fd);
    assert_true(gave(read_fd(fd), KP_ABSENT, 0, ""));
    fd = open(scratch_folder, O_RDONLY | O_CLOEXEC);
    assert_true(gave(read_fd(fd), KP_UNFIT, KP_WHY_NOT_REGULAR, ""));
    close(fd);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "abc\n", 4), 4);
    close(ends[1]);
    assert_true(gave(read_fd(ends[0]), KP_FOUND, 0, "abc\n"));
    close(ends[0]);
}

static void a_pipe_with_too_much(void **state) {
    (void)state;
    int ends[2];
    char content[ROOM + 1];
    memset(content, 'a', sizeof content);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], content, sizeof content), sizeof content);
    close(ends[1]);
    assert_true(gave(read_fd(ends[0]), KP_UNFIT, KP_WHY_TOO_BIG, ""));
    close(ends[0]);
}

/* The writer takes its time: each byte only once the one before was taken out of the pipe. */
static void a_pipe_that_is_written_slowly(void **state) {
    (void)state;
    int ends[2], flags[2] = {0, O_NONBLOCK};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe2(ends, flags[i]), 0);
        pid_t child = fork();
        if (child == 0) {
            alarm(SCRATCH_SECONDS);
            for (int n = 0; n < 3; n++) {
                ssize_t done = write(ends[1], &"abc"[n], 1);
                for (int left = 1; done == 1 && left > 0;)
                    if (ioctl(ends[0], FIONREAD, &left) != 0)
                        _exit(1);
            }
            _exit(0);
        }
        close(ends[1]);
        assert_true(gave(read_fd(ends[0]), KP_FOUND, 0, "abc"));
        close(ends[0]);
        int status = -1;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

static void wrong_names(void **state) {
    (void)state;
    static const char *const names[] = {"",     "x",     "vault:x", "fd:",           "fd:0",
                                        "fd:2", "fd:-1", "fd:x",    "fd:9999999999", NULL};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_true(gave(read_name(names[i]), KP_FAILED, KP_WHY_IO, ""));
    assert_int_equal(kp_read_local("env:PATH", NULL, 10, NULL, NULL, NULL), KP_FAILED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_variable),
        cmocka_unit_test_setup_teardown(a_file, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_file_behind_links_as_kubernetes_has_it, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(the_largest_file, scratch_setup, scratch_teardown),
        cmocka_unit_test(a_file_that_does_not_tell_its_size),
        cmocka_unit_test_setup_teardown(k4_not_a_regular_file, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(k4_links_in_a_circle_and_to_nowhere, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(k4_a_gibibyte, scratch_setup, scratch_teardown),
        cmocka_unit_test(the_file_of_a_time_zone),
        cmocka_unit_test_setup_teardown(k4_a_nul_byte, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_this_user_may_not_read, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(k4b_open_to_others, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(k7_the_home_folder, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_descriptor, scratch_setup, scratch_teardown),
        cmocka_unit_test(a_pipe_with_too_much),
        cmocka_unit_test(a_pipe_that_is_written_slowly),
        cmocka_unit_test(wrong_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
