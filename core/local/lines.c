/* lines.c: hands out the lines of a file from a buffer that is read block by block. */
#include "local/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A line of the audit record has some hundred bytes. One that does not fit in LINE_MOST is none. */
enum { BLOCK = 1 << 18, LINE_MOST = 1 << 24 };

struct kp_lines {
    int fd;
    char *room;
    size_t size, start, end; /* of the room; of what is in it and not handed out yet */
    size_t looked;           /* from start on: so many bytes have no line end */
    bool over;
    const char *problem;
    uint64_t file_size, done;
};

static kp_lines *refuse(int fd, kp_buf *problem, const char *why) {
    if (fd >= 0)
        close(fd);
    kp_buf_str(problem, why);
    return NULL;
}

kp_lines *kp_lines_open(const char *path, kp_buf *problem) {
    struct stat info;
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
    if (fd < 0)
        return refuse(fd, problem, !path || errno == ENOENT ? "is not there" : strerror(errno));
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return refuse(fd, problem, "is no regular file");
    kp_lines *lines = kp_zalloc(1, sizeof *lines);
    char *room = lines ? kp_alloc(BLOCK) : NULL;
    if (!room) {
        kp_free(lines);
        return refuse(fd, problem, "memory is short");
    }
    *lines = (kp_lines){.fd = fd, .room = room, .size = BLOCK, .file_size = (uint64_t)info.st_size};
    return lines;
}

void kp_lines_close(kp_lines *lines) {
    if (!lines)
        return;
    close(lines->fd);
    kp_free(lines->room);
    kp_free(lines);
}

/* What is left goes to the front of the room, which grows if that fills it. */
static bool make_room(kp_lines *lines) {
    size_t left = lines->end - lines->start;
    memmove(lines->room, lines->room + lines->start, left);
    lines->start = 0;
    lines->end = left;
    if (left < lines->size)
        return true;
    char *room = lines->size < LINE_MOST ? kp_realloc(lines->room, lines->size * 2) : NULL;
    if (!room) {
        lines->problem = lines->size < LINE_MOST ? "memory is short" : "has a line that is too long";
        return false;
    }
    lines->room = room;
    lines->size *= 2;
    return true;
}

static bool fill(kp_lines *lines) {
    if (lines->over || !make_room(lines))
        return false;
    ssize_t got;
    do
        got = read(lines->fd, lines->room + lines->end, lines->size - lines->end);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        lines->problem = "cannot be read";
    lines->over = got <= 0;
    lines->end += got > 0 ? (size_t)got : 0;
    return got > 0;
}

bool kp_lines_next(kp_lines *lines, const char **line, size_t *len, bool *ended) {
    if (!lines || !line || !len || lines->problem)
        return false;
    const char *found = NULL;
    while (true) {
        size_t left = lines->end - lines->start;
        found = memchr(lines->room + lines->start + lines->looked, '\n', left - lines->looked);
        lines->looked = left;
        if (found || !fill(lines))
            break;
    }
    if (lines->problem)
        return false;
    *line = lines->room + lines->start;
    *len = found ? (size_t)(found - *line) : lines->end - lines->start;
    if (ended)
        *ended = found != NULL;
    size_t taken = *len + (found ? 1 : 0);
    lines->start += taken;
    lines->done += taken;
    lines->looked = 0;
    return taken > 0;
}

const char *kp_lines_problem(const kp_lines *lines) {
    return lines ? lines->problem : NULL;
}

uint64_t kp_lines_size(const kp_lines *lines) {
    return lines ? lines->file_size : 0;
}

uint64_t kp_lines_done(const kp_lines *lines) {
    return lines ? lines->done : 0;
}
