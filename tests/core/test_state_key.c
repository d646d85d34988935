/* test_state_key.c: tests the key that a host makes for itself, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "keyplate.h"
#include "local/read.h"
#include "scratch.h"

enum { KEY_MAKERS = 16 };

static int said;

static int read_state_key(char room[256], size_t *len) {
    int why = 0;
    return kp_read_local("state:audit.key", room, 256, NULL, len, &why);
}

static bool make_key(void) {
    char room[256];
    size_t len;
    CHECK(read_state_key(room, &len) == KP_FOUND && len == 65);
    CHECK(write(said, room, len) == (ssize_t)len);
    return true;
}

static void one_key_is_made(void **state) {
    (void)state;
    char room[256], other[65];
    size_t len = 0;
    int status;
    struct stat info;
    assert_int_equal(setenv("KEYPLATE_STATE_DIR", scratch_path("state"), 1), 0);
    said = open(scratch_path("keys"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    for (int i = 0; i < KEY_MAKERS; i++)
        scratch_start(make_key);
    for (int i = 0; i < KEY_MAKERS; i++)
        assert_true(wait(&status) > 0 && status == 0);
    close(said);
    assert_int_equal(read_state_key(room, &len), KP_FOUND);
    assert_int_equal(strspn(room, "0123456789abcdef"), 64);
    said = open(scratch_path("keys"), O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < KEY_MAKERS; i++) {
        assert_int_equal(read(said, other, sizeof other), sizeof other);
        assert_memory_equal(other, room, sizeof other);
    }
    close(said);
    assert_int_equal(stat(scratch_path("state/audit.key"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(info.st_nlink, 1); /* the other name is gone */
    assert_int_equal(chmod(scratch_path("state/audit.key"), 0644), 0);
    assert_int_equal(read_state_key(room, &len), KP_FOUND_OPEN);
    assert_int_equal(kp_read_local("state:state.db", room, sizeof room, NULL, &len, &status), KP_FAILED);
    unsetenv("KEYPLATE_STATE_DIR");
}

static bool read_without_rights(void) {
    char room[256];
    size_t len;
    CHECK(scratch_drop_rights());
    CHECK(read_state_key(room, &len) == KP_FAILED && len == 0);
    return true;
}

static void a_key_that_cannot_be_made(void **state) {
    (void)state;
    assert_int_equal(mkdir(scratch_path("shut"), 0700), 0);
    assert_int_equal(setenv("KEYPLATE_STATE_DIR", scratch_path("shut"), 1), 0);
    assert_int_equal(chmod(scratch_path("shut"), 0500), 0);
    assert_true(scratch_child(read_without_rights));
    unsetenv("KEYPLATE_STATE_DIR");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(one_key_is_made),
        SCRATCH_TEST(a_key_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
