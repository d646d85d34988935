/* read.c: reads a variable, a file, a descriptor or what a program writes into the room it is given, and nowhere else.
 */
#include "local/read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "keyplate.h"
#include "local/paths.h"
#include "local/read_exec.h"
#include "local/state_key.h"
#include "policy/zone.h"

/* Where the bytes go, and what became of the read. */
typedef struct target {
    char *room;
    size_t size;
    size_t len;
    int why;
    bool binary; /* NUL bytes belong to it */
    const kp_patience *patience;
} target;

static int unfit(target *t, int why) {
    t->why = why;
    return KP_UNFIT;
}

static int failed(target *t, int why) {
    t->why = why;
    return KP_FAILED;
}

/* What an errno of opening or looking at a place means. Only "there is nothing" is absent. */
static int trouble(target *t, int error) {
    switch (error) {
    case ENOENT:
    case ENOTDIR: return KP_ABSENT;
    case ELOOP: return unfit(t, KP_WHY_LINK_LOOP);
    case ENXIO:
    case EISDIR: return unfit(t, KP_WHY_NOT_REGULAR);
    case EACCES:
    case EPERM: return failed(t, KP_WHY_FORBIDDEN);
    default: return failed(t, KP_WHY_IO);
    }
}

/* true once a pipe has something to read, or its end; anything else has it at once. */
static bool has_more(const target *t, int fd) {
    struct stat info;
    if (fstat(fd, &info) != 0)
        return false;
    if (!S_ISFIFO(info.st_mode))
        return true;
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        bool over = kp_patience_over(t->patience);
        int ready = poll(&wait, 1, over ? 0 : KP_SLICE_MS);
        if (ready > 0)
            return true;
        if (over || (ready < 0 && errno != EINTR))
            return false;
    }
}

/* One read. That of a pipe which somebody else emptied in between is tried again. */
static ssize_t read_some(const target *t, int fd, char *to, size_t size) {
    while (has_more(t, fd)) {
        ssize_t got = read(fd, to, size);
        if (got >= 0)
            return got;
        if (errno != EINTR && errno != EAGAIN)
            break;
    }
    return -1;
}

/* To the end of the file. Whether there is more than fits is asked with the room's own first byte as the place for it.
 */
static int read_all(target *t, int fd) {
    size_t len = 0;
    for (;;) {
        bool full = len == t->size;
        ssize_t got = read_some(t, fd, full ? t->room : t->room + len, full ? 1 : t->size - len);
        if (got < 0)
            return failed(t, KP_WHY_IO);
        if (got == 0)
            break;
        if (full)
            return unfit(t, KP_WHY_TOO_BIG);
        len += (size_t)got;
    }
    if (len > 0 && !t->binary && memchr(t->room, 0, len))
        return unfit(t, KP_WHY_NUL);
    t->len = len;
    return KP_FOUND;
}

static int read_variable(target *t, const char *name) {
    const char *value = getenv(name);
    if (!value)
        return KP_ABSENT;
    size_t len = strlen(value);
    if (len > t->size)
        return unfit(t, KP_WHY_TOO_BIG);
    memcpy(t->room, value, len);
    t->len = len;
    return KP_FOUND;
}

static int read_opened(target *t, int fd) {
    struct stat info;
    if (fstat(fd, &info) != 0)
        return trouble(t, errno);
    if (!S_ISREG(info.st_mode))
        return unfit(t, KP_WHY_NOT_REGULAR);
    if (info.st_size > 0 && (uintmax_t)info.st_size > t->size)
        return unfit(t, KP_WHY_TOO_BIG);
    int how = read_all(t, fd);
    return how == KP_FOUND && (info.st_mode & (S_IROTH | S_IWOTH)) ? KP_FOUND_OPEN : how;
}

/* Symbolic links are followed: Kubernetes and systemd put secrets behind them. The look before opening keeps a FIFO's
 * writer and a device from noticing anything; the look after it (read_opened) is the one that counts. */
static int read_path(target *t, const char *path) {
    struct stat info;
    t->binary = kp_zone_is_path(path);
    if (stat(path, &info) != 0)
        return trouble(t, errno);
    if (!S_ISREG(info.st_mode))
        return unfit(t, KP_WHY_NOT_REGULAR);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return trouble(t, errno);
    int how = read_opened(t, fd);
    close(fd);
    return how;
}

static int read_file(target *t, const char *path) {
    if (!kp_starts(path, "~/"))
        return read_path(t, path);
    kp_buf whole;
    int how = KP_ABSENT;
    kp_buf_init(&whole, NULL);
    bool home = kp_home_dir(&whole);
    kp_buf_str(&whole, path + 1);
    if (whole.failed)
        how = failed(t, KP_WHY_IO);
    else if (home)
        how = read_path(t, kp_buf_text(&whole));
    kp_buf_free(&whole);
    return how;
}

static int read_state(target *t, const char *name) {
    kp_buf path;
    kp_buf_init(&path, NULL);
    int how = kp_state_key_path(name, true, &path) ? read_path(t, path.data) : trouble(t, errno);
    kp_buf_free(&path);
    return how;
}

static int read_descriptor(target *t, const char *text) {
    int64_t fd;
    struct stat info;
    if (!kp_parse_i64(text, strlen(text), &fd) || fd <= 2 || fd > INT_MAX)
        return failed(t, KP_WHY_IO);
    if (fstat((int)fd, &info) != 0)
        return errno == EBADF ? KP_ABSENT : trouble(t, errno);
    if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode))
        return unfit(t, KP_WHY_NOT_REGULAR);
    return read_all(t, (int)fd);
}

int kp_read_local(const char *name, char *room, size_t size, const kp_patience *patience, size_t *len, int *why) {
    target t = {.room = room, .size = size, .why = KP_WHY_NONE, .patience = patience};
    int how;
    if (!name || !room || size == 0)
        how = failed(&t, KP_WHY_IO);
    else if (kp_starts(name, "env:"))
        how = read_variable(&t, name + 4);
    else if (kp_starts(name, "file:"))
        how = read_file(&t, name + 5);
    else if (kp_same(name, "state:audit.key"))
        how = read_state(&t, name + strlen("state:"));
    else if (kp_starts(name, "fd:"))
        how = read_descriptor(&t, name + 3);
    else if (kp_starts(name, "exec:"))
        how = kp_read_exec(name + 5, room, size, patience, &t.len, &t.why);
    else
        how = failed(&t, KP_WHY_IO);
    if (len)
        *len = t.len;
    if (why)
        *why = t.why;
    return how;
}
