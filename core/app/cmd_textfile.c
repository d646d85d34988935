/* cmd_textfile.c: replaces a file by another one. */
#include "app/cmd_textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *data, size_t len) {
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? EIO : errno;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

/* The name that it has until then is this process's own: no link of somebody else's is followed. */
static int write_beside(const char *fresh, const kp_buf *text) {
    unlink(fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return errno;
    int error = fchmod(fd, 0644) == 0 ? write_all(fd, kp_buf_text(text), text->len) : errno;
    if (close(fd) != 0 && !error)
        error = errno;
    return error;
}

int cmd_textfile_write(const char *path, const kp_buf *text) {
    if (text->failed)
        return ENOMEM;
    kp_buf fresh;
    kp_buf_init(&fresh, NULL);
    kp_buf_fmt(&fresh, "%s.%ld.tmp", path, (long)getpid());
    int error = fresh.failed ? ENOMEM : write_beside(kp_buf_text(&fresh), text);
    if (!error && rename(kp_buf_text(&fresh), path) != 0)
        error = errno;
    if (error && !fresh.failed)
        unlink(kp_buf_text(&fresh));
    kp_buf_free(&fresh);
    return error;
}
