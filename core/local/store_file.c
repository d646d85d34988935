/* store_file.c: makes the file of a store so that just those who share its folder can use it. */
#include "local/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

static const char *why(int error) {
    switch (error) {
    case EACCES:
    case EPERM: return "this user may not write there";
    case EROFS: return "the file system is read-only";
    case ENOSPC:
    case EDQUOT: return "the disk is full";
    case ENOENT: return "its folder does not exist";
    case ENOTDIR: return "a part of its path is no folder";
    case ELOOP: return "its path has symbolic links in a circle";
    case ENAMETOOLONG: return "its path is too long";
    case EEXIST: return "a symbolic link that leads nowhere stands there";
    case EMFILE:
    case ENFILE: return "too many files are open";
    default: return "the system reports an I/O error";
    }
}

/* 0, or errno. */
static int make_one(const char *path, const struct stat *folder) {
    bool shared = (folder->st_mode & S_IWGRP) && !(folder->st_mode & S_IWOTH);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return errno;
    int error = 0;
    if (shared) {
        /* A user outside the group cannot give the file to it, and then nobody else gets at it. */
        if (fchown(fd, (uid_t)-1, folder->st_gid) == 0 && fchmod(fd, S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP) != 0)
            error = errno;
    } else if (fchmod(fd, S_IRUSR | S_IWUSR) != 0) {
        error = errno;
    }
    if (close(fd) != 0 && error == 0)
        error = errno;
    return error;
}

static const char *check(const char *path) {
    struct stat file;
    if (stat(path, &file) != 0)
        return why(errno);
    if (!S_ISREG(file.st_mode))
        return "it is no regular file";
    return faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) != 0 ? why(errno) : NULL;
}

static const char *make_both(const char *path, const char *folder, const char *journal) {
    struct stat place, there;
    if (stat(folder, &place) != 0)
        return why(errno);
    if (!S_ISDIR(place.st_mode))
        return why(ENOTDIR);
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0)
        return why(errno);
    const char *const both[] = {path, journal};
    for (size_t i = 0; i < 2; i++) {
        int error = stat(both[i], &there) == 0 ? 0 : errno;
        if (error == ENOENT)
            error = make_one(both[i], &place);
        /* Another process may have been first. */
        if (error == EEXIST && stat(both[i], &there) == 0)
            error = 0;
        if (error)
            return why(error);
    }
    return check(path);
}

const char *kp_store_file_make(const char *path) {
    kp_buf folder, journal;
    kp_buf_init(&folder, NULL);
    kp_buf_init(&journal, NULL);
    const char *slash = strrchr(path, '/');
    if (slash)
        kp_buf_add(&folder, path, slash == path ? 1 : (size_t)(slash - path));
    else
        kp_buf_char(&folder, '.');
    kp_buf_str(&journal, path);
    kp_buf_str(&journal, "-journal");
    bool made = !folder.failed && !journal.failed;
    const char *reason = made ? make_both(path, kp_buf_text(&folder), kp_buf_text(&journal)) : "memory is short";
    kp_buf_free(&folder);
    kp_buf_free(&journal);
    return reason;
}
