/* audit_file_case.h: for tests of sealed records in files: a writer, and the check of what it left. Include after
 * cmocka.h. */
#ifndef KP_TESTS_AUDIT_FILE_CASE_H
#define KP_TESTS_AUDIT_FILE_CASE_H

#include "chain_case.h"
#include "local/append.h"
#include "local/audit_tail.h"
#include "local/lines.h"
#include "scratch.h"

/* ---- A writer ---- */

typedef struct {
    kp_chain_end end;
    kp_buf line, checkpoint;
    size_t pad; /* so many bytes make the record longer */
} sealing;

static inline const char *seal_line(void *self, const char *last, size_t last_len, size_t *len) {
    static const char head[] = "{\"@timestamp\":\"2026-07-01T10:00:00.000Z\",\"pad\":\"";
    sealing *s = self;
    bool first;
    kp_buf record;
    kp_buf_init(&record, NULL);
    kp_buf_str(&record, head);
    for (size_t i = 0; i < s->pad; i++)
        kp_buf_char(&record, 'x');
    kp_buf_str(&record, "\"}\n");
    kp_chain_find_end(&chain_key, last, last_len, &s->end, &first);
    kp_buf_clear(&s->line);
    kp_buf_clear(&s->checkpoint);
    bool sealed = kp_chain_seal(&chain_key, kp_buf_text(&record), record.len, first, &s->end, &s->line);
    kp_checkpoint_add(&chain_key, &s->end, &s->checkpoint);
    kp_buf_free(&record);
    *len = s->line.len;
    return sealed ? s->line.data : NULL;
}

static inline const char *checkpoint_of(void *self, size_t *len) {
    *len = ((sealing *)self)->checkpoint.len;
    return ((sealing *)self)->checkpoint.data;
}

static inline int append_padded(kp_append_files *open_files, size_t pad) {
    sealing s = {.pad = pad};
    kp_append_source source = {&s, seal_line, checkpoint_of};
    kp_buf_init(&s.line, NULL);
    kp_buf_init(&s.checkpoint, NULL);
    int result = kp_append(open_files, scratch_path("log"), &source, NULL);
    kp_buf_free(&s.line);
    kp_buf_free(&s.checkpoint);
    return result;
}

static inline int append(kp_append_files *open_files) {
    return append_padded(open_files, 20);
}

static inline void append_many(size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_int_equal(append(NULL), 0);
}

/* ---- What is there ---- */

static inline void feed(kp_chain_check *check, const char *name) {
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    kp_lines *lines = kp_lines_open(scratch_path(name), &problem);
    const char *line;
    size_t len;
    kp_buf_free(&problem);
    assert_non_null(lines);
    kp_chain_check_file(check);
    while (kp_lines_next(lines, &line, &len, NULL))
        kp_chain_check_line(check, line, len, NULL);
    assert_null(kp_lines_problem(lines));
    assert_int_equal(kp_lines_done(lines), kp_lines_size(lines));
    kp_lines_close(lines);
}

static inline bool read_tail(char text[KP_TAIL_SIZE], kp_tail *tail) {
    int fd = open(scratch_path("log.tail"), O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, KP_TAIL_SIZE);
    if (fd >= 0)
        close(fd);
    return got == KP_TAIL_SIZE && kp_tail_read(text, KP_TAIL_SIZE, tail);
}

/* The file, its sidecar, and before it those that rotation made of it. */
static inline kp_chain_check check_with(int rotations) {
    char name[32], text[KP_TAIL_SIZE];
    kp_tail tail;
    kp_chain_check check;
    kp_chain_check_start(&check, &chain_key);
    for (int i = 0; i < rotations; i++) {
        snprintf(name, sizeof name, "log.%d", i);
        feed(&check, name);
    }
    if (access(scratch_path("log"), F_OK) == 0)
        feed(&check, "log");
    assert_true(read_tail(text, &tail));
    kp_chain_check_end(&check, tail.checkpoint, tail.len);
    return check;
}

static inline void expect(kp_chain_check check, kp_chain_fault fault, uint64_t records) {
    if (check.fault != fault || check.records != records)
        fail_msg("%s in line %llu of file %llu, %llu records", kp_chain_fault_name(check.fault),
                 (unsigned long long)check.fault_line, (unsigned long long)check.fault_file,
                 (unsigned long long)check.records);
}

static inline int begin(void **state) {
    chain_make_key(&chain_key);
    return scratch_setup(state);
}

static inline off_t size_of(const char *name) {
    struct stat info;
    return stat(scratch_path(name), &info) == 0 ? info.st_size : -1;
}

static inline void rotate(int number) {
    char name[32];
    snprintf(name, sizeof name, "log.%d", number);
    assert_int_equal(rename(scratch_path("log"), scratch_path(name)), 0);
}

#define FILE_TEST(test) cmocka_unit_test_setup_teardown(test, begin, scratch_teardown)

#endif
