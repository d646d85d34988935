/* cmd_audit_check.c: puts the files of a chain in order and feeds them to its check. */
#include "app/cmd_audit_check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local/lines.h"

enum { TELL_EVERY = 20000 };

static bool fail(audit_check *check, const char *path, const char *why) {
    check->failed = path;
    if (check->problem.len == 0)
        kp_buf_str(&check->problem, why);
    return false;
}

/* The sidecar is read before its file: writers go the other way round, so it is never ahead of what is read then. */
static bool look_for_tail(audit_file *file) {
    kp_buf path;
    kp_buf_init(&path, NULL);
    kp_tail_path(file->path, &path);
    int fd = path.failed ? -1 : open(kp_buf_text(&path), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    bool whole = !path.failed;
    kp_buf_free(&path);
    if (fd < 0)
        return whole;
    ssize_t got = read(fd, file->tail_text, sizeof file->tail_text);
    file->tail_len = got > 0 ? (size_t)got : 0;
    file->has_tail = true;
    close(fd);
    return true;
}

/* "audit.jsonl*" names the sidecar too. */
static bool is_sidecar(const char *line, size_t len) {
    static const char start[] = "{\"checkpoint\":{";
    return len >= sizeof start - 1 && memcmp(line, start, sizeof start - 1) == 0;
}

static const char *packed(const char *line, size_t len) {
    static const char *const magic[] = {"\x1f\x8b", "\x28\xb5\x2f\xfd", "\xfd\x37zXZ", "BZh"};
    for (size_t i = 0; i < sizeof magic / sizeof magic[0]; i++)
        if (len >= strlen(magic[i]) && memcmp(line, magic[i], strlen(magic[i])) == 0)
            return "is compressed; unpack it first";
    return NULL;
}

/* Finds the first record. */
static bool look_into(audit_check *check, audit_file *file) {
    const char *line, *why = NULL;
    size_t len;
    kp_seal seal;
    struct stat info;
    kp_lines *lines = kp_lines_open(file->path, &check->problem);
    if (!lines || stat(file->path, &info) != 0) {
        kp_lines_close(lines);
        return fail(check, file->path, "cannot be read");
    }
    file->first = UINT64_MAX;
    file->device = (uint64_t)info.st_dev;
    file->inode = (uint64_t)info.st_ino;
    file->size = (uint64_t)info.st_size;
    for (uint64_t n = 0; !why && file->first == UINT64_MAX && kp_lines_next(lines, &line, &len, NULL); n++) {
        if (n == 0)
            why = packed(line, len);
        file->is_sidecar = n == 0 && is_sidecar(line, len);
        if (kp_line_read(line, len, &seal) == KP_LINE_SEALED)
            file->first = seal.seq;
    }
    why = why ? why : kp_lines_problem(lines);
    kp_lines_close(lines);
    return why ? fail(check, file->path, why) : true;
}

static int in_order(const void *a, const void *b) {
    const audit_file *one = a, *other = b;
    return one->first < other->first ? -1 : one->first > other->first;
}

static bool feed(audit_check *check, const audit_file *file, uint64_t before, uint64_t whole) {
    const char *line;
    size_t len;
    kp_lines *lines = kp_lines_open(file->path, &check->problem);
    if (!lines)
        return fail(check, file->path, "cannot be read");
    kp_chain_check_file(&check->chain);
    while (kp_lines_next(lines, &line, &len, NULL)) {
        kp_chain_check_line(&check->chain, line, len, NULL);
        if (check->progress && check->chain.lines % TELL_EVERY == 0)
            check->progress(check->user, before + kp_lines_done(lines), whole);
    }
    const char *why = kp_lines_problem(lines);
    kp_lines_close(lines);
    return why ? fail(check, file->path, why) : true;
}

/* One that cannot be read is none that a writer left: its checkpoint is empty. */
static kp_tail tail_of(const audit_file *file) {
    kp_tail tail = {.checkpoint = ""};
    kp_tail_read(file->tail_text, file->tail_len, &tail);
    return tail;
}

/* Of several sidecars the one that is farthest on. */
static const audit_file *last_tail(const audit_check *check) {
    const audit_file *found = NULL;
    uint64_t most = 0;
    for (size_t i = 0; i < check->count; i++) {
        const audit_file *file = &check->files[i];
        kp_chain_end end = {0};
        if (!file->has_tail || file->is_sidecar)
            continue;
        kp_tail tail = tail_of(file);
        kp_checkpoint_read(NULL, tail.checkpoint, tail.len, &end, NULL);
        if (!found || end.seq > most) {
            found = file;
            most = end.seq;
        }
    }
    return found;
}

/* A file without records that is another one than the sidecar speaks of was begun after it. */
static void check_end(audit_check *check) {
    const audit_file *file = last_tail(check);
    kp_chain_end end = {0};
    bool sealed = false;
    if (!file)
        return;
    kp_tail tail = tail_of(file);
    kp_checkpoint_read(&check->chain.key, tail.checkpoint, tail.len, &end, &sealed);
    bool same = file->device == tail.device && file->inode == tail.inode;
    if (check->chain.records == 0 && sealed && !same) {
        check->end = AUDIT_END_NO_RECORD;
        check->standing = end.seq;
        return;
    }
    check->end = AUDIT_END_CHECKED;
    kp_chain_check_end(&check->chain, tail.checkpoint, tail.len);
}

bool audit_check_run(audit_check *check, char **paths, size_t count, const kp_chain_key *key) {
    uint64_t before = 0, whole = 0;
    kp_buf_init(&check->problem, NULL);
    kp_chain_check_start(&check->chain, key);
    check->files = kp_zalloc(count, sizeof *check->files);
    check->count = check->files ? count : 0;
    if (!check->files)
        return fail(check, paths[0], "cannot be read: memory is short");
    for (size_t i = 0; i < count; i++) {
        check->files[i].path = paths[i];
        if (!look_for_tail(&check->files[i]))
            return fail(check, paths[i], "cannot be read: memory is short");
    }
    for (size_t i = 0; i < count; i++) {
        if (!look_into(check, &check->files[i]))
            return false;
        whole += check->files[i].size;
    }
    qsort(check->files, count, sizeof *check->files, in_order);
    for (size_t i = 0; i < count; i++) {
        if (!check->files[i].is_sidecar && !feed(check, &check->files[i], before, whole))
            return false;
        before += check->files[i].size;
    }
    check_end(check);
    return true;
}

void audit_check_free(audit_check *check) {
    kp_free(check->files);
    kp_buf_free(&check->problem);
    check->files = NULL;
}
