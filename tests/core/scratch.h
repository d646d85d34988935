/* scratch.h: a folder for the files of one test, and checks for code that runs in a child of it. */
#ifndef KP_TESTS_SCRATCH_H
#define KP_TESTS_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* In functions that return bool: says what was wrong and where, and returns false. */
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                    \
            return false;                                                                                              \
        }                                                                                                              \
    } while (0)

static char scratch_folder[256];

/* Makes the folder, which other users may look into; for cmocka_unit_test_setup_teardown. */
static inline int scratch_setup(void **state) {
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(scratch_folder, sizeof scratch_folder, "%s/keyplate-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    return mkdtemp(scratch_folder) && chmod(scratch_folder, 0755) == 0 ? 0 : -1;
}

static inline int scratch_remove(const char *path, const struct stat *info, int flag, struct FTW *walk) {
    (void)info;
    (void)flag;
    (void)walk;
    return remove(path);
}

static inline int scratch_teardown(void **state) {
    (void)state;
    return nftw(scratch_folder, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of a name in the folder; one of eight buffers in turn. */
static inline const char *scratch_path(const char *name) {
    static _Thread_local char paths[8][512];
    static _Thread_local unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_folder, name);
    return path;
}

/* Writes a file with exactly this mode. */
static inline bool scratch_write(const char *name, const void *content, size_t len, mode_t mode) {
    int fd = open(scratch_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool done = fd >= 0 && write(fd, content, len) == (ssize_t)len && fchmod(fd, mode) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

enum { SCRATCH_NOBODY = 65534, SCRATCH_SECONDS = 120 };

/* Runs it in a child: true if it returned true there. A child that hangs is killed. */
static inline bool scratch_child(bool (*run)(void)) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(SCRATCH_SECONDS);
        _exit(run() ? 0 : 1);
    }
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* In a child: goes on as a user without rights. */
static inline bool scratch_drop_rights(void) {
    return geteuid() != 0 || setresuid(SCRATCH_NOBODY, SCRATCH_NOBODY, SCRATCH_NOBODY) == 0;
}

/* Short for a test in a folder of its own. Tests named by a row are written out: check_rows.py looks for them. */
#define SCRATCH_TEST(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

/* A child that ends with 0 if run is true; it ends itself when the test is over its time. */
static inline pid_t scratch_start(bool (*run)(void)) {
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(SCRATCH_SECONDS);
        _exit(run() ? 0 : 1);
    }
    return child;
}

#endif
