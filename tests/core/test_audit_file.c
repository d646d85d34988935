/* test_audit_file.c: tests the sealed record in files: rotation, torn lines, full disks, and what becomes of the
 * sidecar.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "audit_file_case.h"

static void lines_are_chained(void **state) {
    (void)state;
    struct stat info;
    mode_t before = umask(0);
    append_many(1);
    umask(before);
    append_many(4);
    expect(check_with(0), KP_CHAIN_SOUND, 5);
    assert_int_equal(stat(scratch_path("log.tail"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(info.st_size, KP_TAIL_SIZE);
    char text[KP_TAIL_SIZE];
    kp_tail tail;
    assert_true(read_tail(text, &tail));
    assert_int_equal(stat(scratch_path("log"), &info), 0);
    assert_true(tail.device == info.st_dev && tail.inode == info.st_ino && tail.size == (uint64_t)info.st_size);
}

static void descriptors_stay_open(void **state) {
    (void)state;
    kp_append_files *open_files = kp_append_files_new();
    for (int i = 0; i < 200; i++) {
        assert_int_equal(append(open_files), 0);
        if (i % 7 == 0)
            append_many(1); /* somebody else */
    }
    expect(check_with(0), KP_CHAIN_SOUND, 229);
    kp_append_files_free(open_files);
}

static void a1_rotation_by_rename(void **state) {
    (void)state;
    kp_append_files *open_files = kp_append_files_new();
    for (int i = 0; i < 5; i++) {
        for (int n = 0; n < 3; n++)
            assert_int_equal(append(open_files), 0);
        rotate(i);
        if (i % 2 == 0) /* some make the new file */
            assert_true(scratch_write("log", "", 0, 0600));
    }
    assert_int_equal(append(open_files), 0);
    expect(check_with(5), KP_CHAIN_SOUND, 16);
    kp_append_files_free(open_files);
}

/* The file is rotated while its line is made, and another writer comes to the new one. */
static const char *seal_in_rotation(void *self, const char *last, size_t last_len, size_t *len) {
    const kp_patience none = {NULL, 0, 0};
    sealing other = {.pad = 1};
    kp_append_source source = {&other, seal_line, checkpoint_of};
    rotate(0);
    assert_int_equal(kp_append(NULL, scratch_path("log"), &source, &none), -1);
    return seal_line(self, last, last_len, len);
}

static void a1_rotation_while_a_line_is_written(void **state) {
    (void)state;
    sealing s = {.pad = 1};
    kp_append_source source = {&s, seal_in_rotation, checkpoint_of};
    append_many(3);
    assert_int_equal(kp_append(NULL, scratch_path("log"), &source, NULL), 0);
    append_many(2);
    expect(check_with(1), KP_CHAIN_SOUND, 6);
    kp_buf_free(&s.line);
    kp_buf_free(&s.checkpoint);
}

static void a1_rotation_with_nothing_written_since(void **state) {
    (void)state;
    append_many(3);
    rotate(0);
    expect(check_with(1), KP_CHAIN_SOUND, 3);
    assert_true(scratch_write("log", "", 0, 0600));
    expect(check_with(1), KP_CHAIN_SOUND, 3);
}

/* What copytruncate of logrotate does: the file is emptied, and goes on. */
static void a1_a_file_that_is_emptied(void **state) {
    (void)state;
    kp_append_files *open_files = kp_append_files_new();
    assert_int_equal(append(open_files), 0);
    assert_int_equal(append(open_files), 0);
    assert_int_equal(truncate(scratch_path("log"), 0), 0);
    expect(check_with(0), KP_CHAIN_TAIL_CUT, 0);
    assert_int_equal(append(open_files), 0);
    kp_chain_check check = check_with(0);
    expect(check, KP_CHAIN_SOUND, 1);
    assert_int_equal(check.first_seq, 3);
    kp_append_files_free(open_files);
}

static void a1_torn_lines_do_not_break_the_chain(void **state) {
    (void)state;
    append_many(3);
    off_t whole = size_of("log");
    for (off_t cut = 1; cut < 200; cut += 6) { /* one byte: only the line end is missing */
        append_many(1);
        off_t now = size_of("log");
        assert_int_equal(truncate(scratch_path("log"), now - cut), 0);
        assert_int_equal(unlink(scratch_path("log.tail")), 0); /* as if its writer had been killed before */
        append_many(2);
    }
    kp_chain_check check = check_with(0);
    assert_int_equal(check.fault, KP_CHAIN_SOUND);
    assert_true(check.torn >= 30 && whole > 0);
}

/* Half records that nobody set off, longer than what is read at first. */
static void a1_much_that_is_torn(void **state) {
    (void)state;
    static char rest[300000];
    memset(rest, 'y', sizeof rest);
    memcpy(rest, "{\"@timestamp\":\"", 15);
    append_many(3);
    int fd = open(scratch_path("log"), O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, rest, sizeof rest), sizeof rest);
    close(fd);
    assert_int_equal(unlink(scratch_path("log.tail")), 0);
    append_many(2);
    kp_chain_check check = check_with(0);
    expect(check, KP_CHAIN_SOUND, 5);
    assert_int_equal(check.torn, 1);
}

static void records_longer_than_a_page(void **state) {
    (void)state;
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(append_padded(NULL, i * 1700), 0);
    expect(check_with(0), KP_CHAIN_SOUND, 12);
}

/* ---- The sidecar ---- */

static void a_sidecar_that_was_removed_is_made_again(void **state) {
    (void)state;
    kp_append_files *open_files = kp_append_files_new();
    assert_int_equal(append(open_files), 0);
    assert_int_equal(unlink(scratch_path("log.tail")), 0);
    assert_int_equal(append(open_files), 0);
    expect(check_with(0), KP_CHAIN_SOUND, 2);
    assert_int_equal(rename(scratch_path("log.tail"), scratch_path("log.tail.1")), 0); /* as logrotate would */
    assert_int_equal(append(open_files), 0);
    expect(check_with(0), KP_CHAIN_SOUND, 3);
    kp_append_files_free(open_files);
}

static void a_sidecar_that_is_damaged(void **state) {
    (void)state;
    append_many(2);
    assert_true(scratch_write("log.tail", "x", 1, 0600));
    append_many(1);
    expect(check_with(0), KP_CHAIN_SOUND, 3);
    char zeros[KP_TAIL_SIZE] = {0};
    assert_true(scratch_write("log.tail", zeros, sizeof zeros, 0600));
    append_many(1);
    expect(check_with(0), KP_CHAIN_SOUND, 4);
}

static void no_sidecar_no_line(void **state) {
    (void)state;
    append_many(1);
    assert_int_equal(unlink(scratch_path("log.tail")), 0);
    assert_int_equal(mkdir(scratch_path("log.tail"), 0700), 0);
    assert_int_equal(append(NULL), -1);
    assert_int_equal(rmdir(scratch_path("log.tail")), 0);
    assert_int_equal(symlink(scratch_path("other"), scratch_path("log.tail")), 0);
    assert_int_equal(append(NULL), -1);
    assert_int_equal(unlink(scratch_path("log.tail")), 0);
    append_many(1);
    expect(check_with(0), KP_CHAIN_SOUND, 2);
}

/* Whoever writes on after a cut does not cover it up. */
static void a2_a_cut_tail_stays_to_be_seen(void **state) {
    (void)state;
    off_t size = 0;
    for (int i = 0; i < 6; i++) {
        append_many(1);
        size = i == 3 ? size_of("log") : size;
    }
    assert_int_equal(truncate(scratch_path("log"), size), 0);
    expect(check_with(0), KP_CHAIN_TAIL_CUT, 4);
    append_many(2);
    kp_chain_check check = check_with(0);
    expect(check, KP_CHAIN_REMOVED, 6);
    assert_true(check.from == 5 && check.to == 6 && check.fault_line == 5 && check.fault_seq == 7);
}

static void a_sidecar_is_read_strictly(void **state) {
    (void)state;
    char text[KP_TAIL_SIZE + 1];
    kp_tail tail = {.checkpoint = "{\"seq\":1}", .len = 9, .device = 7, .inode = UINT32_MAX, .size = 1};
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_tail_add(&tail, &out);
    assert_int_equal(out.len, KP_TAIL_SIZE);
    memcpy(text, out.data, out.len);
    tail = (kp_tail){0};
    assert_true(kp_tail_read(text, KP_TAIL_SIZE, &tail));
    assert_true(tail.len == 9 && tail.device == 7 && tail.inode == UINT32_MAX && tail.size == 1);
    assert_false(kp_tail_read(text, KP_TAIL_SIZE - 1, &tail));
    text[0] = 'x';
    assert_false(kp_tail_read(text, KP_TAIL_SIZE, &tail));
    assert_false(kp_tail_read(NULL, KP_TAIL_SIZE, &tail));
    assert_false(kp_tail_read(text, KP_TAIL_SIZE, NULL));
    kp_tail_add(NULL, &out);
    kp_tail_add(&tail, NULL);
    tail.checkpoint = text;
    tail.len = KP_TAIL_SIZE;
    kp_buf_clear(&out);
    kp_tail_add(&tail, &out);
    assert_true(out.failed);
    kp_buf_free(&out);
}

/* ---- Full disk ---- */

static bool append_at_a_full_disk(void) {
    struct rlimit limit = {3000, 3000};
    int written = 0;
    signal(SIGXFSZ, SIG_DFL); /* its deadly default must not come */
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    kp_append_files *open_files = kp_append_files_new();
    while (written < 100 && append(open_files) == 0)
        written++;
    CHECK(written > 5 && written < 20);
    for (int i = 0; i < 5; i++)
        CHECK(append(i % 2 ? open_files : NULL) == -1);
    kp_append_files_free(open_files);
    limit.rlim_cur = 100; /* not even the sidecar fits */
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK(append(NULL) == -1);
    return true;
}

static void a1_a_full_disk_refuses_the_sealed_line(void **state) {
    (void)state;
    assert_true(scratch_child(append_at_a_full_disk));
    kp_chain_check check = check_with(0);
    assert_int_equal(check.fault, KP_CHAIN_SOUND);
    assert_int_equal(check.torn, 0);
    append_many(1); /* there is room again */
    expect(check_with(0), KP_CHAIN_SOUND, check.records + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FILE_TEST(lines_are_chained),
        FILE_TEST(descriptors_stay_open),
        FILE_TEST(a1_rotation_by_rename),
        FILE_TEST(a1_rotation_while_a_line_is_written),
        FILE_TEST(a1_rotation_with_nothing_written_since),
        FILE_TEST(a1_a_file_that_is_emptied),
        FILE_TEST(a1_torn_lines_do_not_break_the_chain),
        FILE_TEST(a1_much_that_is_torn),
        FILE_TEST(records_longer_than_a_page),
        FILE_TEST(a_sidecar_that_was_removed_is_made_again),
        FILE_TEST(a_sidecar_that_is_damaged),
        FILE_TEST(no_sidecar_no_line),
        FILE_TEST(a2_a_cut_tail_stays_to_be_seen),
        FILE_TEST(a_sidecar_is_read_strictly),
        FILE_TEST(a1_a_full_disk_refuses_the_sealed_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
