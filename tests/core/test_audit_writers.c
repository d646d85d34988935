/* test_audit_writers.c: tests the sealed record with many writers: processes, threads, children, and some that are
 * killed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "audit_file_case.h"
#include "chance.h"

enum { WRITERS = 32, LINES = 60, ROTATIONS = 12, KILLS = 60, THREADS = 4 };

static bool write_lines(void) {
    kp_append_files *open_files = kp_append_files_new();
    for (int n = 0; n < LINES; n++)
        CHECK(append_padded(open_files, (size_t)(n * 37) % 300) == 0);
    kp_append_files_free(open_files);
    return true;
}

static void a1_32_writers_keep_one_chain_over_rotations(void **state) {
    (void)state;
    int rotations = 0, left = WRITERS, failed = 0, status;
    for (int w = 0; w < WRITERS; w++)
        scratch_start(write_lines);
    while (left > 0) {
        if (waitpid(-1, &status, WNOHANG) > 0) {
            left--;
            failed += status != 0;
        }
        if (rotations < ROTATIONS && size_of("log") > 8192)
            rotate(rotations++);
        sched_yield();
    }
    assert_int_equal(failed, 0);
    assert_true(rotations > 0);
    expect(check_with(rotations), KP_CHAIN_SOUND, WRITERS * LINES);
}

static kp_append_files *shared_files;

static void *write_in_a_thread(void *result) {
    *(bool *)result = true;
    for (int i = 0; i < LINES; i++)
        *(bool *)result = append(shared_files) == 0 && *(bool *)result;
    return NULL;
}

static void threads_share_descriptors(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    bool results[THREADS];
    shared_files = kp_append_files_new();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_in_a_thread, &results[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(results[i]);
    }
    expect(check_with(0), KP_CHAIN_SOUND, THREADS * LINES);
    kp_append_files_free(shared_files);
}

/* With the descriptor a child inherits the lock, so it must not write with that one. */
static bool write_with_shared(void) {
    for (int i = 0; i < LINES; i++)
        CHECK(append(shared_files) == 0);
    return true;
}

static void k8_a_child_opens_its_own(void **state) {
    (void)state;
    int status;
    shared_files = kp_append_files_new();
    assert_int_equal(append(shared_files), 0);
    pid_t child = scratch_start(write_with_shared);
    assert_true(write_with_shared());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    expect(check_with(0), KP_CHAIN_SOUND, 1 + 2 * LINES);
    kp_append_files_free(shared_files);
}

/* ---- Writers that are killed ---- */

static int said;

/* Says each line that it was told to have written, by one byte. */
static bool write_for_ever(void) {
    kp_append_files *open_files = kp_append_files_new();
    for (size_t n = 0; append_padded(open_files, (n * 911) % 9000) == 0; n++)
        CHECK(write(said, "+", 1) == 1);
    return false;
}

static void a1_writers_killed_at_any_moment(void **state) {
    (void)state;
    enum { AT_ONCE = 4 };
    pid_t writer[AT_ONCE];
    int status, kills = (int)chance_rounds(KILLS);
    chance c = {.state = 88172645463325252ULL};
    said = open(scratch_path("said"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    assert_true(said >= 0);
    for (int i = 0; i < AT_ONCE; i++)
        writer[i] = scratch_start(write_for_ever);
    for (int k = 0; k < kills; k++) {
        off_t before = size_of("said");
        pid_t *victim = &writer[chance_below(&c, AT_ONCE)];
        while (size_of("said") < before + 3) /* the writers get somewhere */
            sched_yield();
        nanosleep(&(struct timespec){0, (long)chance_below(&c, 300000)}, NULL);
        assert_int_equal(kill(*victim, SIGKILL), 0);
        assert_int_equal(waitpid(*victim, &status, 0), *victim);
        assert_true(WIFSIGNALED(status));
        *victim = scratch_start(write_for_ever);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        assert_int_equal(kill(writer[i], SIGKILL), 0);
        assert_int_equal(waitpid(writer[i], &status, 0), writer[i]);
    }
    close(said);
    kp_chain_check check = check_with(0);
    assert_int_equal(check.fault, KP_CHAIN_SOUND);
    assert_true(check.records >= (uint64_t)size_of("said"));
    assert_true(check.records <= (uint64_t)size_of("said") + (uint64_t)kills + AT_ONCE);
    append_many(1);
    expect(check_with(0), KP_CHAIN_SOUND, check.records + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FILE_TEST(a1_32_writers_keep_one_chain_over_rotations),
        FILE_TEST(threads_share_descriptors),
        FILE_TEST(k8_a_child_opens_its_own),
        FILE_TEST(a1_writers_killed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
