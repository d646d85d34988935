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

enum { NAMES_MOST = 100 };

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

/* Keeps writers out, whose journals would otherwise lie beside the new file. One so damaged that this fails has none.
 */
static bool has_writer(kp_db *db) {
    return (sqlite3_exec(db->sqlite, "BEGIN EXCLUSIVE", NULL, NULL, NULL) & 0xff) == SQLITE_BUSY;
}

kp_aside kp_store_aside(kp_db *db, const char *path, kp_buf *name) {
    kp_buf to;
    kp_buf_init(&to, NULL);
    int fd = lock_folder(path);
    if (fd < 0)
        return errno == EWOULDBLOCK ? KP_ASIDE_BUSY : KP_ASIDE_FAILED;
    bool elsewhere = has_moved(db);
    bool waits = !elsewhere && has_writer(db);
    bool done = elsewhere || (!waits && move(path, &to));
    if (!sqlite3_get_autocommit(db->sqlite))
        sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
    close(fd);
    if (done && !elsewhere) {
        kp_buf_clear(name);
        kp_buf_add(name, to.data, to.len);
    }
    kp_buf_free(&to);
    return done ? KP_ASIDE_DONE : waits ? KP_ASIDE_BUSY : KP_ASIDE_FAILED;
}
