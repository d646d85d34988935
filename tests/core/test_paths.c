/* test_paths.c: tests paths.c in children with an environment and a user of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pwd.h>

#include "failing.h"
#include "local/paths.h"
#include "scratch.h"

/* Where a search ended, and what was said. */
static struct {
    bool chosen;
    kp_buf dir, note, problem;
} got;

static void forget_environment(void) {
    static const char *const names[] = {"KEYPLATE_STATE_DIR", "XDG_STATE_HOME", "HOME", "TMPDIR"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
}

static bool set(const char *variable, const char *name) {
    return setenv(variable, scratch_path(name), 1) == 0;
}

static bool search(void) {
    kp_buf_free(&got.dir);
    kp_buf_free(&got.note);
    kp_buf_free(&got.problem);
    got.chosen = kp_state_dir_with(scratch_path("system"), &got.dir, &got.note, &got.problem);
    return got.chosen;
}

static bool is_dir(const char *name, mode_t mode) {
    struct stat info;
    return lstat(scratch_path(name), &info) == 0 && S_ISDIR(info.st_mode) && (info.st_mode & 07777) == mode;
}

/* The search ends in this folder of the test, made with this mode. */
static bool ends_in(const char *name, mode_t mode) {
    CHECK(search());
    if (strcmp(kp_buf_text(&got.dir), scratch_path(name)) != 0)
        fprintf(stderr, "got %s, note %s\n", kp_buf_text(&got.dir), kp_buf_text(&got.note));
    CHECK(strcmp(kp_buf_text(&got.dir), scratch_path(name)) == 0);
    CHECK(is_dir(name, mode));
    CHECK(got.problem.len == 0);
    return true;
}

static bool ends_with_problem(const char *says) {
    CHECK(!search());
    if (!strstr(kp_buf_text(&got.problem), says))
        fprintf(stderr, "got %s\n", kp_buf_text(&got.problem));
    CHECK(strstr(kp_buf_text(&got.problem), says));
    CHECK(got.dir.len == 0);
    return true;
}

static bool notes(const char *says) {
    if (!strstr(kp_buf_text(&got.note), says))
        fprintf(stderr, "note %s\n", kp_buf_text(&got.note));
    return strstr(kp_buf_text(&got.note), says) != NULL;
}

/* The private folder's name ends in the user's number. */
static const char *private_name(const char *tmp) {
    static char name[64];
    snprintf(name, sizeof name, "%s/keyplate-%lld", tmp, (long long)geteuid());
    return name;
}

static bool named_by_the_variable(void) {
    umask(0);
    CHECK(mkdir(scratch_path("system"), 0700) == 0);
    CHECK(set("KEYPLATE_STATE_DIR", "a/b/c"));
    CHECK(ends_in("a/b/c", 0700));
    CHECK(is_dir("a", 0700));
    CHECK(ends_in("a/b/c", 0700));
    CHECK(got.note.len == 0);
    CHECK(chmod(scratch_path("a/b/c"), 0777) == 0);
    CHECK(ends_in("a/b/c", 0777) && notes("can be changed by every user"));
    return true;
}

static bool named_where_a_group_shares(void) {
    umask(077);
    CHECK(mkdir(scratch_path("shared"), 0770) == 0 && chmod(scratch_path("shared"), 02770) == 0);
    CHECK(set("KEYPLATE_STATE_DIR", "shared/state"));
    return ends_in("shared/state", 02770);
}

static bool named_and_of_no_use(void) {
    CHECK(set("HOME", "") && set("TMPDIR", ""));
    CHECK(setenv("KEYPLATE_STATE_DIR", "relative", 1) == 0);
    CHECK(ends_with_problem("is not an absolute path"));
    CHECK(scratch_write("file", "", 0, 0600));
    CHECK(set("KEYPLATE_STATE_DIR", "file"));
    CHECK(ends_with_problem("is not a folder"));
    CHECK(set("KEYPLATE_STATE_DIR", "file/below"));
    CHECK(ends_with_problem("cannot be made"));
    CHECK(mkdir(scratch_path("closed"), 0500) == 0 && scratch_drop_rights());
    CHECK(set("KEYPLATE_STATE_DIR", "closed"));
    CHECK(ends_with_problem("cannot be written by this user"));
    CHECK(set("KEYPLATE_STATE_DIR", "closed/below"));
    CHECK(ends_with_problem("cannot be made"));
    return true;
}

static bool the_systems_folder(void) {
    CHECK(set("XDG_STATE_HOME", "xdg"));
    CHECK(setenv("KEYPLATE_STATE_DIR", "", 1) == 0);
    CHECK(mkdir(scratch_path("system"), 0770) == 0 && chmod(scratch_path("system"), 02770) == 0);
    CHECK(ends_in("system", 02770));
    CHECK(got.note.len == 0 && !is_dir("xdg", 0700));
    return true;
}

static bool the_systems_folder_passed_over(void) {
    CHECK(mkdir(scratch_path("system"), 0555) == 0 && mkdir(scratch_path("free"), 0700) == 0);
    CHECK(chmod(scratch_path("free"), 01777) == 0 && (geteuid() != 0 || seteuid(SCRATCH_NOBODY) == 0));
    CHECK(set("XDG_STATE_HOME", "free/xdg"));
    CHECK(ends_in("free/xdg/keyplate", 0700));
    CHECK(notes("/system cannot be written by this user"));
    return true;
}

static bool a_file_in_place_of_the_systems_folder(void) {
    CHECK(scratch_write("system", "", 0, 0600));
    CHECK(set("XDG_STATE_HOME", "xdg"));
    return ends_in("xdg/keyplate", 0700) && notes("/system is not a folder");
}

static bool the_users_folders(void) {
    CHECK(mkdir(scratch_path("home"), 0755) == 0);
    CHECK(set("HOME", "home") && set("XDG_STATE_HOME", "xdg"));
    CHECK(ends_in("xdg/keyplate", 0700));
    CHECK(got.note.len == 0 && !is_dir("home/.local", 0700));
    CHECK(setenv("XDG_STATE_HOME", "relative", 1) == 0);
    CHECK(ends_in("home/.local/state/keyplate", 0700));
    CHECK(unsetenv("XDG_STATE_HOME") == 0);
    CHECK(ends_in("home/.local/state/keyplate", 0700));
    CHECK(got.note.len == 0);
    return true;
}

static bool a_home_of_somebody_else(void) {
    CHECK(mkdir(scratch_path("home"), 0777) == 0 && chown(scratch_path("home"), SCRATCH_NOBODY, SCRATCH_NOBODY) == 0);
    CHECK(mkdir(scratch_path("tmp"), 0755) == 0);
    CHECK(set("HOME", "home") && set("TMPDIR", "tmp"));
    CHECK(ends_in(private_name("tmp"), 0700));
    CHECK(notes("/home is not a home folder of this user"));
    CHECK(access(scratch_path("home/.local"), F_OK) != 0);
    return true;
}

static bool k7_without_a_home(void) {
    CHECK(mkdir(scratch_path("tmp"), 0755) == 0 && chmod(scratch_path("tmp"), 01777) == 0);
    CHECK(geteuid() != 0 || setresuid(54321, 54321, 54321) == 0);
    CHECK(set("HOME", "none") && set("TMPDIR", "tmp"));
    umask(0);
    CHECK(ends_in(private_name("tmp"), 0700));
    CHECK(notes("/none is not a home folder of this user"));
    CHECK(unsetenv("HOME") == 0);
    if (geteuid() == 54321)
        CHECK(ends_in(private_name("tmp"), 0700) && notes("this user has no home folder"));
    return true;
}

/* What somebody else may have prepared under the temporary directory. */
static bool a_private_folder_that_is_none(void) {
    CHECK(mkdir(scratch_path("tmp"), 0755) == 0 && mkdir(scratch_path("target"), 0700) == 0);
    CHECK(set("HOME", "none") && set("TMPDIR", "tmp"));
    char path[512];
    snprintf(path, sizeof path, "%s", scratch_path(private_name("tmp")));
    char second[80], last[80];
    snprintf(second, sizeof second, "%s-1", private_name("tmp"));
    snprintf(last, sizeof last, "%s-9", private_name("tmp"));
    CHECK(symlink("../target", path) == 0);
    CHECK(ends_in(second, 0700) && notes("is not a folder"));
    CHECK(unlink(path) == 0 && scratch_write(private_name("tmp"), "", 0, 0600));
    CHECK(ends_in(second, 0700) && notes("is not a folder"));
    CHECK(unlink(path) == 0 && mkdir(path, 0700) == 0 && chmod(path, 0750) == 0);
    CHECK(ends_in(second, 0700) && notes("is open to other users"));
    CHECK(chmod(path, 0700) == 0);
    CHECK(ends_in(private_name("tmp"), 0700));
    if (geteuid() == 0) {
        CHECK(chown(path, SCRATCH_NOBODY, SCRATCH_NOBODY) == 0);
        CHECK(ends_in(second, 0700) && notes("belongs to another user"));
    }
    CHECK(chmod(path, 0750) == 0);
    for (char *digit = second + strlen(second) - 1; *digit < '9'; ++*digit)
        CHECK((mkdir(scratch_path(second), 0700) == 0 || *digit == '1') && chmod(scratch_path(second), 0755) == 0);
    CHECK(ends_in(last, 0700));
    CHECK(chmod(scratch_path(last), 0755) == 0 && ends_with_problem("is open to other users"));
    CHECK(strstr(kp_buf_text(&got.problem), "set KEYPLATE_STATE_DIR"));
    CHECK(set("TMPDIR", "none/below"));
    CHECK(ends_with_problem("cannot be made"));
    return true;
}

static bool the_home_folder(void) {
    kp_buf home;
    const struct passwd *entry = getpwuid(geteuid());
    kp_buf_init(&home, NULL);
    CHECK(setenv("HOME", "/some/home", 1) == 0);
    CHECK(kp_home_dir(&home) && strcmp(kp_buf_text(&home), "/some/home") == 0);
    kp_buf_clear(&home);
    for (int i = 0; entry && i < 2; i++) {
        CHECK(i == 0 ? unsetenv("HOME") == 0 : setenv("HOME", "relative", 1) == 0);
        CHECK(kp_home_dir(&home) && strcmp(kp_buf_text(&home), entry->pw_dir) == 0);
        kp_buf_clear(&home);
    }
    kp_buf_free(&home);
    return true;
}

/* Short memory never moves the state to another place. */
static bool short_memory(void) {
    CHECK(mkdir(scratch_path("home"), 0755) == 0 && mkdir(scratch_path("tmp"), 0755) == 0);
    CHECK(set("HOME", "home") && set("TMPDIR", "tmp"));
    CHECK(ends_in("home/.local/state/keyplate", 0700));
    for (size_t i = 0;; i++) {
        kp_buf out;
        kp_buf_init(&out, NULL);
        failing_start(i, false);
        bool chosen = kp_state_dir_with(NULL, &out, NULL, NULL);
        bool failed = failing_stop();
        CHECK(!is_dir(private_name("tmp"), 0700));
        CHECK(failed ? !chosen || out.failed : chosen && !out.failed);
        kp_buf_free(&out);
        if (!failed)
            break;
        CHECK(i < 100);
    }
    return true;
}

static bool nothing_given(void) {
    CHECK(!kp_home_dir(NULL) || true);
    CHECK(set("KEYPLATE_STATE_DIR", "x"));
    CHECK(kp_state_dir(NULL, NULL, NULL));
    CHECK(setenv("KEYPLATE_STATE_DIR", "relative", 1) == 0);
    CHECK(!kp_state_dir(NULL, NULL, NULL));
    return true;
}

static bool (*running)(void);

static bool with_its_own_environment(void) {
    forget_environment();
    bool passed = running();
    kp_buf_free(&got.dir);
    kp_buf_free(&got.note);
    kp_buf_free(&got.problem);
    return passed;
}

static void in_child(bool (*run)(void)) {
    running = run;
    assert_true(scratch_child(with_its_own_environment));
}

#define CHILD_TEST(run)                                                                                                \
    static void test_##run(void **state) {                                                                             \
        (void)state;                                                                                                   \
        in_child(run);                                                                                                 \
    }

CHILD_TEST(named_by_the_variable)
CHILD_TEST(named_where_a_group_shares)
CHILD_TEST(named_and_of_no_use)
CHILD_TEST(the_systems_folder)
CHILD_TEST(the_systems_folder_passed_over)
CHILD_TEST(a_file_in_place_of_the_systems_folder)
CHILD_TEST(the_users_folders)
CHILD_TEST(k7_without_a_home)
CHILD_TEST(a_private_folder_that_is_none)
CHILD_TEST(the_home_folder)
CHILD_TEST(short_memory)
CHILD_TEST(nothing_given)

static void test_a_home_of_somebody_else(void **state) {
    (void)state;
    if (geteuid() != 0)
        skip();
    in_child(a_home_of_somebody_else);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_named_by_the_variable, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_named_where_a_group_shares, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_named_and_of_no_use, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_the_systems_folder, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_the_systems_folder_passed_over, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_a_file_in_place_of_the_systems_folder, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_the_users_folders, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_a_home_of_somebody_else, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_k7_without_a_home, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_a_private_folder_that_is_none, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_the_home_folder, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_short_memory, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_given, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
