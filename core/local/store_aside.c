/* store_aside.c: renames a damaged state file under the lock of its folder. */
#include "local/store_aside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local/clock.h"

enum { NAMES_MOST = 100, SQLITE_LOCKS = 0x40000000, SQLITE_LOCKS_LEN = 512 };

static const char journal[] = "-journal";

/* Opens and locks the folder of the file. The descriptor, or -1 and errno. */
static int lock_folder(const char *path) {
    kp_buf folder;
    kp_buf_init(&folder, NULL);
    const char *slash = strrchr(path, '/');
    if (slash)
        kp_buf_add(&folder, path, slash == path ? 1 : (size_t)(slash - path));
    else
        kp_buf_char(&folder, '.');
    errno = ENOMEM;
    int fd = folder.failed ? -1 : open(kp_buf_text(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        fd = -1;
    }
    kp_buf_free(&folder);
    return fd;
}

/* SQLite compares the file that it has open with the one at the path. */
static bool has_moved(kp_db *db) {
    int moved = 0;
    return sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved;
}

/* A name that nothing has yet; false if memory is short or all are taken. */
static bool free_name(const char *path, kp_buf *name) {
    struct stat info;
    int64_t seconds = kp_unix_ms() / 1000;
    for (int i = 0; i < NAMES_MOST; i++) {
        kp_buf_clear(name);
        kp_buf_str(name, path);
        kp_buf_str(name, ".damaged-");
        kp_buf_i64(name, seconds + i);
        if (name->failed)
            return false;
        if (lstat(kp_buf_text(name), &info) != 0)
            return errno == ENOENT;
    }
    return false;
}

/* The journal first: should it stay behind alone, SQLite would play it back into the new file. */
static bool move(const char *path, kp_buf *name) {
    kp_buf from, to;
    kp_buf_init(&from, NULL);
    kp_buf_init(&to, NULL);
    bool named = free_name(path, name);
    kp_buf_str(&from, path);
    kp_buf_str(&from, journal);
    kp_buf_str(&to, kp_buf_text(name));
    kp_buf_str(&to, journal);
    bool moved = named && !from.failed && !to.failed &&
                 (rename(kp_buf_text(&from), kp_buf_text(&to)) == 0 || errno == ENOENT) &&
                 rename(path, kp_buf_text(name)) == 0;
    kp_buf_free(&from);
    kp_buf_free(&to);
    return moved;
}

/* Takes the locks by which SQLite reads and writes, on the damaged file: a process that still has it open would look at
 * the journal of the new file, which has its name, and play it back or delete it. So it finds the file locked, and then
 * moved. The descriptor that holds the locks, or -1 and errno. */
static int lock_out(const kp_db *db) {
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = SQLITE_LOCKS, .l_len = SQLITE_LOCKS_LEN};
    int fd = fcntl(db->turns, F_DUPFD_CLOEXEC, 0);
    if (fd < 0 || fcntl(fd, F_OFD_SETLK, &all) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* With the folder locked. */
static kp_aside move_aside(const kp_db *db, const char *path, kp_buf *name, int *held) {
    kp_buf to;
    int fd = lock_out(db);
    if (fd < 0)
        return errno == EAGAIN || errno == EACCES ? KP_ASIDE_BUSY : KP_ASIDE_FAILED;
    kp_buf_init(&to, NULL);
    bool moved = move(path, &to);
    if (moved) {
        if (*held >= 0)
            close(*held);
        *held = fd;
        kp_buf_clear(name);
        kp_buf_add(name, to.data, to.len);
    } else
        close(fd);
    kp_buf_free(&to);
    return moved ? KP_ASIDE_DONE : KP_ASIDE_FAILED;
}

kp_aside kp_store_aside(kp_db *db, const char *path, kp_buf *name, int *held) {
    int fd = lock_folder(path);
    if (fd < 0)
        return errno == EWOULDBLOCK ? KP_ASIDE_BUSY : KP_ASIDE_FAILED;
    kp_aside how = has_moved(db) ? KP_ASIDE_DONE : move_aside(db, path, name, held);
    close(fd);
    return how;
}
