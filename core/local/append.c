/* append.c: adds one line to a file, whole or not at all, while other processes write and rotate it. */
#include "local/append.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "local/append_file.h"
#include "local/audit_tail.h"

/* Threads that write at the same time each have a file of their own; so many stay open. */
enum { IDLE = 4 };

struct kp_append_files {
    _Atomic(kp_append_file *) idle[IDLE];
};

kp_append_files *kp_append_files_new(void) {
    kp_append_files *files = kp_zalloc(1, sizeof *files);
    for (size_t i = 0; files && i < IDLE; i++)
        atomic_init(&files->idle[i], NULL);
    return files;
}

void kp_append_files_free(kp_append_files *files) {
    for (size_t i = 0; files && i < IDLE; i++)
        kp_append_file_free(atomic_load(&files->idle[i]));
    kp_free(files);
}

/* Without a lock: no fork may find one held. */
static kp_append_file *take(kp_append_files *files, const char *path) {
    for (size_t i = 0; files && i < IDLE; i++) {
        kp_append_file *file = atomic_exchange(&files->idle[i], NULL);
        if (file && kp_append_file_is(file, path))
            return file;
        kp_append_file_free(file);
    }
    return kp_append_file_new(path);
}

static void put_back(kp_append_files *files, kp_append_file *file) {
    for (size_t i = 0; files && i < IDLE; i++) {
        kp_append_file *none = NULL;
        if (atomic_compare_exchange_strong(&files->idle[i], &none, file))
            return;
    }
    kp_append_file_free(file);
}

static ssize_t write_once(int fd, const struct iovec *parts, int count) {
    ssize_t written;
    do
        written = writev(fd, parts, count);
    while (written < 0 && errno == EINTR);
    return written;
}

static bool write_line(kp_append_file *file, const char *line, size_t len) {
    static const char line_end = '\n';
    struct iovec parts[2];
    int count = 0;
    size_t whole = len;
    if (file->torn) {
        parts[count++] = (struct iovec){.iov_base = (void *)&line_end, .iov_len = 1};
        whole++;
    }
    parts[count++] = (struct iovec){.iov_base = (void *)line, .iov_len = len};
    ssize_t written = write_once(file->fd, parts, count);
    if (written >= 0 && (size_t)written == whole) {
        file->size += (off_t)whole;
        return true;
    }
    /* A part of a line is worse than none. Should this fail too, the next writer sets it off. */
    if (written > 0)
        (void)!ftruncate(file->fd, file->size);
    return false;
}

/* What the next line needs to know is kept, and written beside the file. */
static void note_end(kp_append_file *file, const kp_append_source *source, const char *line, size_t len) {
    size_t checkpoint_len = 0;
    const char *checkpoint = source->checkpoint(source->self, &checkpoint_len);
    kp_append_file_write_tail(file, checkpoint, checkpoint_len);
    kp_append_file_remember(file, checkpoint, checkpoint_len, line, len);
}

static bool append_locked(kp_append_file *file, const kp_append_source *source) {
    size_t len = 0;
    if (!kp_append_file_read_end(file))
        return false;
    const char *line = source->line(source->self, file->last.data, file->last.len, &len);
    if (!line || len == 0 || len > SSIZE_MAX - 1 || line[len - 1] != '\n') {
        kp_append_file_forget(file);
        return false;
    }
    bool written = write_line(file, line, len);
    if (written)
        note_end(file, source, line, len);
    else
        kp_append_file_forget(file);
    return written;
}

/* A file size limit (RLIMIT_FSIZE) is an error like others here, and its signal does not end the process. */
static bool append_within_limits(kp_append_file *file, const kp_append_source *source) {
    const struct timespec at_once = {0, 0};
    struct rlimit most;
    sigset_t limit, before;
    if (getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur == RLIM_INFINITY)
        return append_locked(file, source);
    sigemptyset(&limit);
    sigaddset(&limit, SIGXFSZ);
    if (pthread_sigmask(SIG_BLOCK, &limit, &before) != 0)
        return false;
    bool written = append_locked(file, source);
    if (!sigismember(&before, SIGXFSZ)) {
        sigtimedwait(&limit, NULL, &at_once);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    return written;
}

int kp_append(kp_append_files *files, const char *path, const kp_append_source *source, const kp_patience *patience) {
    if (!path || !source || !source->line || !source->checkpoint)
        return -1;
    kp_append_file *file = take(files, path);
    if (!file)
        return -1;
    bool written = false;
    if (kp_append_file_lock(file, patience)) {
        written = append_within_limits(file, source);
        kp_append_file_unlock(file);
    }
    /* Some file systems tell only at the end that the disk is full: those are closed each time. */
    if (file->remote && !kp_append_file_close(file))
        written = false;
    put_back(files, file);
    return written ? 0 : -1;
}
