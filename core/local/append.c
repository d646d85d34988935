/* append.c: adds one line to a file, whole or not at all, while other processes write and rotate it. */
#include "local/append.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { ROTATIONS_MAX = 100 }; /* a file that is renamed that often while we wait is not one to write to */

static bool lock_for_ever(int fd) {
    while (flock(fd, LOCK_EX) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

static bool lock(int fd, const kp_patience *patience) {
    if (!patience)
        return lock_for_ever(fd);
    for (uint64_t nap_ms = 1; flock(fd, LOCK_EX | LOCK_NB) != 0; nap_ms *= nap_ms < KP_SLICE_MS ? 2 : 1) {
        if ((errno != EINTR && errno != EWOULDBLOCK) || kp_patience_over(patience))
            return false;
        kp_patience_nap(patience, nap_ms);
    }
    return true;
}

/* The file of that path, locked; one that was renamed while we waited for its lock is let go. -1 if there is none. */
static int open_locked(const char *path, struct stat *info, const kp_patience *patience) {
    for (int i = 0; i < ROTATIONS_MAX; i++) {
        struct stat now;
        int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
        if (fd < 0)
            return -1;
        if (fstat(fd, info) != 0 || !S_ISREG(info->st_mode) || !lock(fd, patience)) {
            close(fd);
            return -1;
        }
        if (stat(path, &now) == 0 && now.st_dev == info->st_dev && now.st_ino == info->st_ino && fstat(fd, info) == 0)
            return fd;
        close(fd);
    }
    return -1;
}

/* 1 if the last line was cut short, by a writer that was killed; -1 if the file cannot be read. */
static int is_torn(int fd, off_t size) {
    char last = '\n';
    if (size > 0 && pread(fd, &last, 1, size - 1) != 1)
        return -1;
    return last != '\n';
}

/* One write, in which a file size limit (RLIMIT_FSIZE) is an error like others and does not end the process. */
static ssize_t write_once(int fd, const struct iovec *parts, int count) {
    const struct timespec at_once = {0, 0};
    sigset_t limit, before;
    ssize_t written;
    sigemptyset(&limit);
    sigaddset(&limit, SIGXFSZ);
    if (pthread_sigmask(SIG_BLOCK, &limit, &before) != 0)
        return -1;
    do
        written = writev(fd, parts, count);
    while (written < 0 && errno == EINTR);
    if (!sigismember(&before, SIGXFSZ)) {
        if (written < 0)
            sigtimedwait(&limit, NULL, &at_once);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    return written;
}

static int append_locked(int fd, off_t size, const char *line, size_t len) {
    static const char line_end = '\n';
    struct iovec parts[3];
    int count = 0;
    size_t whole = len;
    int torn = is_torn(fd, size);
    if (torn < 0)
        return -1;
    if (torn) {
        parts[count++] = (struct iovec){.iov_base = (void *)&line_end, .iov_len = 1};
        whole++;
    }
    parts[count++] = (struct iovec){.iov_base = (void *)line, .iov_len = len};
    if (line[len - 1] != '\n') {
        parts[count++] = (struct iovec){.iov_base = (void *)&line_end, .iov_len = 1};
        whole++;
    }
    ssize_t written = write_once(fd, parts, count);
    if (written >= 0 && (size_t)written == whole)
        return 0;
    /* A part of a line is worse than none. Should this fail too, the next writer sets it off. */
    if (written > 0)
        (void)!ftruncate(fd, size);
    return -1;
}

int kp_append_file(const char *path, const char *line, size_t len, const kp_patience *patience) {
    struct stat info;
    if (!path || !line || len == 0 || len > SSIZE_MAX - 2)
        return -1;
    int fd = open_locked(path, &info, patience);
    if (fd < 0)
        return -1;
    int result = append_locked(fd, info.st_size, line, len);
    /* Some file systems tell only here that the disk is full. */
    if (close(fd) != 0 && errno != EINTR)
        result = -1;
    return result;
}
