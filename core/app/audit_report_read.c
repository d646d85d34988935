/* audit_report_read.c: reads blocks and cuts them into lines. */
#include "app/audit_report_read.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

/* A record has some hundred bytes; what is longer than a line may be is none, and is passed over. */
enum { LINE_MOST = 1 << 18, ROOM = 4 * LINE_MOST };

typedef struct lines {
    char *room;
    size_t start, end; /* what was read and is no whole line yet */
    bool passing;      /* within a line that is too long */
    kp_buf escapes;
    uint64_t bytes;
} lines;

static ssize_t read_some(int fd, char *room, size_t size) {
    ssize_t n;
    do
        n = read(fd, room, size);
    while (n < 0 && errno == EINTR);
    return n;
}

static bool is_blank(const char *line, size_t len) {
    kp_trim(&line, &len);
    return len == 0;
}

static bool add_line(lines *l, report *r, const char *line, size_t len) {
    if (l->passing) {
        l->passing = false;
        return true;
    }
    return is_blank(line, len) || report_add_line(r, line, len, &l->escapes);
}

/* The whole lines that are there. */
static bool add_lines(lines *l, report *r) {
    const char *found;
    while ((found = memchr(l->room + l->start, '\n', l->end - l->start))) {
        const char *line = l->room + l->start;
        l->start = (size_t)(found + 1 - l->room);
        if (!add_line(l, r, line, (size_t)(found - line)))
            return false;
    }
    return true;
}

/* What is left of a line goes to the front, or, if it is too long to be a record, away. */
static void make_room(lines *l, report *r) {
    size_t left = l->end - l->start;
    if (left > LINE_MOST || l->passing) {
        r->unreadable += !l->passing;
        l->passing = true;
        left = 0;
    }
    memmove(l->room, l->room + l->end - left, left);
    l->start = 0;
    l->end = left;
}

static bool is_compressed(const char *text, size_t len) {
    static const char *const marks[] = {"\x1f\x8b", "\x28\xb5\x2f\xfd", "\xfd\x37zXZ", "BZh"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (len >= strlen(marks[i]) && memcmp(text, marks[i], strlen(marks[i])) == 0)
            return true;
    return false;
}

static report_read read_lines(lines *l, const report_reader *reader, int fd) {
    for (;;) {
        make_room(l, reader->report);
        ssize_t n = read_some(fd, l->room + l->end, ROOM - l->end);
        if (n < 0)
            return REPORT_READ_FAILED;
        if (n == 0)
            break;
        if (l->bytes == 0 && is_compressed(l->room, (size_t)n))
            return REPORT_READ_COMPRESSED;
        l->bytes += (uint64_t)n;
        l->end += (size_t)n;
        if (!add_lines(l, reader->report))
            return REPORT_READ_MEMORY;
        if (reader->tell)
            reader->tell(reader->user, l->bytes);
    }
    if (l->end > l->start && !add_line(l, reader->report, l->room + l->start, l->end - l->start))
        return REPORT_READ_MEMORY;
    return REPORT_READ_DONE;
}

report_read report_read_all(const report_reader *reader, int fd) {
    if (!reader || !reader->report)
        return REPORT_READ_FAILED;
    lines l = {.room = kp_alloc(ROOM)};
    if (!l.room)
        return REPORT_READ_MEMORY;
    kp_buf_init(&l.escapes, NULL);
    report_read done = read_lines(&l, reader, fd);
    kp_buf_free(&l.escapes);
    kp_free(l.room);
    return done;
}
