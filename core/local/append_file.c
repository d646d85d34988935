/* append_file.c: opens and locks a file that lines are added to, and reads how far it and its sidecar have come. */
#include "local/append_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/text.h"
#include "local/audit_tail.h"
#include "policy/audit_chain.h"

/* A file that is renamed that often meanwhile is not one to write to. The last whole line is looked for in the last
   part of the file, which grows up to WINDOW_MOST. */
enum { ROTATIONS_MAX = 100, WINDOW_LEAST = 4096, WINDOW_MOST = 1 << 20 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_uint forks;

static void count_fork(void) {
    atomic_fetch_add(&forks, 1);
}

static void watch_forks(void) {
    pthread_atfork(NULL, NULL, count_fork);
}

kp_append_file *kp_append_file_new(const char *path) {
    pthread_once(&once, watch_forks);
    kp_append_file *file = kp_zalloc(1, sizeof *file);
    if (!file)
        return NULL;
    *file = (kp_append_file){.fd = -1, .tail_fd = -1, .last_at = -1, .forks = atomic_load(&forks)};
    kp_buf_init(&file->last, NULL);
    kp_buf_init(&file->tail, NULL);
    kp_buf_init(&file->tail_path, NULL);
    file->path = kp_strdup(path);
    kp_tail_path(path, &file->tail_path);
    if (file->path && !file->tail_path.failed)
        return file;
    kp_append_file_free(file);
    return NULL;
}

bool kp_append_file_close(kp_append_file *file) {
    bool closed = file->fd < 0 || close(file->fd) == 0 || errno == EINTR;
    file->fd = -1;
    file->last_at = -1;
    return closed;
}

static void close_tail(kp_append_file *file) {
    if (file->tail_fd >= 0)
        close(file->tail_fd);
    file->tail_fd = -1;
}

void kp_append_file_free(kp_append_file *file) {
    if (!file)
        return;
    kp_append_file_close(file);
    close_tail(file);
    kp_buf_free(&file->last);
    kp_buf_free(&file->tail);
    kp_buf_free(&file->tail_path);
    kp_free(file->path);
    kp_free(file);
}

bool kp_append_file_is(const kp_append_file *file, const char *path) {
    return file->forks == atomic_load(&forks) && kp_same(file->path, path);
}

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

/* Those of other machines, and those that a program provides. */
static bool is_remote(int fd) {
    static const unsigned long nfs = 0x6969, smb = 0x517b, cifs = 0xff534d42, smb2 = 0xfe534d42, fuse = 0x65735546,
                               afs = 0x5346414f, ceph = 0x00c36400, p9 = 0x01021997;
    struct statfs info;
    if (fstatfs(fd, &info) != 0)
        return true;
    unsigned long type = (unsigned long)info.f_type & 0xffffffff;
    return type == nfs || type == smb || type == cifs || type == smb2 || type == fuse || type == afs || type == ceph ||
           type == p9;
}

/* Whether the path still leads to what was opened; *now is what it leads to. */
static bool is_still(const char *path, dev_t device, ino_t inode, struct stat *now) {
    return stat(path, now) == 0 && now->st_dev == device && now->st_ino == inode;
}

/* Nothing is made beside what cannot hold lines. */
static bool open_tail(kp_append_file *file) {
    struct stat info;
    if (stat(file->path, &info) == 0 && !S_ISREG(info.st_mode))
        return false;
    file->tail_fd =
        open(kp_buf_text(&file->tail_path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW, 0600);
    if (file->tail_fd < 0 || fstat(file->tail_fd, &info) != 0 || !S_ISREG(info.st_mode))
        return false;
    file->tail_device = info.st_dev;
    file->tail_inode = info.st_ino;
    return true;
}

/* One that was removed or replaced while we waited for its lock, or since the last line, is let go. */
static bool lock_tail(kp_append_file *file, const kp_patience *patience) {
    for (int i = 0; i < ROTATIONS_MAX; i++) {
        struct stat now;
        if ((file->tail_fd < 0 && !open_tail(file)) || !lock(file->tail_fd, patience))
            break;
        if (is_still(kp_buf_text(&file->tail_path), file->tail_device, file->tail_inode, &now))
            return true;
        close_tail(file);
    }
    close_tail(file);
    return false;
}

static bool open_file(kp_append_file *file) {
    struct stat info;
    file->fd = open(file->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (file->fd < 0 || fstat(file->fd, &info) != 0 || !S_ISREG(info.st_mode))
        return false;
    file->device = info.st_dev;
    file->inode = info.st_ino;
    file->remote = is_remote(file->fd);
    return true;
}

/* One that was renamed since the last line is let go. */
static bool open_current(kp_append_file *file) {
    for (int i = 0; i < ROTATIONS_MAX; i++) {
        struct stat now;
        if (file->fd < 0 && !open_file(file))
            break;
        if (is_still(file->path, file->device, file->inode, &now)) {
            file->size = now.st_size;
            return true;
        }
        kp_append_file_close(file);
    }
    kp_append_file_close(file);
    return false;
}

/* The lock is that of the sidecar, which stays when the file is rotated: with one of the file itself, a writer in the
   old file and one in the new file would each add the same number to the chain. */
bool kp_append_file_lock(kp_append_file *file, const kp_patience *patience) {
    if (!lock_tail(file, patience))
        return false;
    if (open_current(file))
        return true;
    kp_append_file_unlock(file);
    return false;
}

/* Closing alone would leave it locked if a child of this process has the descriptor too. */
void kp_append_file_unlock(kp_append_file *file) {
    flock(file->tail_fd, LOCK_UN);
}

/* Adds the checkpoint of the sidecar as a line; one that cannot be read counts as none. */
static void read_tail(kp_append_file *file) {
    char text[KP_TAIL_SIZE];
    kp_tail tail;
    ssize_t got = pread(file->tail_fd, text, sizeof text, 0);
    if (got != (ssize_t)sizeof text || !kp_tail_read(text, sizeof text, &tail))
        return;
    kp_buf_add(&file->last, tail.checkpoint, tail.len);
    kp_buf_char(&file->last, '\n');
}

/* Adds the last `window` bytes of the file, from the first line that begins in them. */
static bool add_window(kp_append_file *file, size_t window) {
    size_t start = file->last.len;
    if (!kp_buf_reserve(&file->last, window))
        return false;
    char *room = file->last.data + start;
    if (pread(file->fd, room, window, file->size - (off_t)window) != (ssize_t)window)
        return false;
    file->torn = room[window - 1] != '\n';
    const char *line = room;
    if ((off_t)window < file->size) {
        line = memchr(room, '\n', window);
        line = line ? line + 1 : room + window;
    }
    size_t kept = window - (size_t)(line - room);
    memmove(room, line, kept);
    file->last.len = start + kept;
    room[kept] = '\0';
    return true;
}

/* The last lines of the file, back to one that is sealed if there is any in reach. */
static bool read_lines(kp_append_file *file) {
    size_t start = file->last.len, whole = file->size < WINDOW_MOST ? (size_t)file->size : WINDOW_MOST;
    bool none = true;
    for (size_t window = WINDOW_LEAST; none && file->size > 0; window *= 4) {
        if (window > whole)
            window = whole;
        file->last.len = start;
        if (!add_window(file, window))
            return false;
        kp_chain_find_end(NULL, file->last.data + start, file->last.len - start, NULL, &none);
        if (window == whole)
            break;
    }
    return true;
}

bool kp_append_file_read_end(kp_append_file *file) {
    file->torn = false;
    if (file->last_at == file->size)
        return true;
    kp_buf_clear(&file->last);
    read_tail(file);
    if (read_lines(file) && !file->last.failed)
        return true;
    kp_append_file_forget(file);
    return false;
}

void kp_append_file_write_tail(kp_append_file *file, const char *checkpoint, size_t len) {
    kp_tail tail = {.checkpoint = checkpoint,
                    .len = len,
                    .device = (uint64_t)file->device,
                    .inode = (uint64_t)file->inode,
                    .size = (uint64_t)file->size};
    kp_buf_clear(&file->tail);
    kp_tail_add(&tail, &file->tail);
    if (!file->tail.failed)
        (void)!pwrite(file->tail_fd, file->tail.data, file->tail.len, 0);
}

void kp_append_file_remember(kp_append_file *file, const char *checkpoint, size_t checkpoint_len, const char *line,
                             size_t len) {
    kp_buf_clear(&file->last);
    kp_buf_add(&file->last, checkpoint, checkpoint_len);
    kp_buf_char(&file->last, '\n');
    kp_buf_add(&file->last, line, len);
    file->last_at = file->last.failed ? -1 : file->size;
}

void kp_append_file_forget(kp_append_file *file) {
    file->last_at = -1;
}
