/* state_key.c: makes a key file in the state folder under another name, and links it to its own when it is whole. */
#include "local/state_key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "local/paths.h"
#include "safe/arena.h"
#include "safe/crypto.h"

enum { KEY_BYTES = 32, NAME_BYTES = 8 };

/* The key reaches the disk before anything is sealed with it. */
static bool write_key(int fd) {
    unsigned char key[KEY_BYTES];
    kp_buf line;
    kp_buf_init(&line, &kp_safe);
    kp_random(key, sizeof key);
    kp_add_hex(&line, key, sizeof key);
    kp_buf_char(&line, '\n');
    kp_wipe(key, sizeof key);
    bool written = !line.failed && write(fd, line.data, line.len) == (ssize_t)line.len && fsync(fd) == 0;
    kp_buf_free(&line);
    return written;
}

/* Somebody else's is as good. */
static bool make_file(const char *path) {
    unsigned char random[NAME_BYTES];
    kp_buf other;
    kp_buf_init(&other, NULL);
    kp_random(random, sizeof random);
    kp_buf_fmt(&other, "%s.new-", path);
    kp_add_hex(&other, random, sizeof random);
    int fd = other.failed ? -1 : open(other.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
    bool made = fd >= 0 && write_key(fd) && fchmod(fd, 0600) == 0 && (link(other.data, path) == 0 || errno == EEXIST);
    int error = errno;
    if (fd >= 0) {
        close(fd);
        unlink(other.data);
    }
    kp_buf_free(&other);
    errno = error;
    return made;
}

bool kp_state_key_path(const char *name, bool make, kp_buf *out) {
    struct stat info;
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    size_t start = out->len;
    bool folder = kp_crypto_start() && kp_state_dir(out, NULL, &problem);
    kp_buf_free(&problem);
    kp_buf_fmt(out, "/%s", name);
    if (!folder || out->failed) {
        errno = out->failed ? ENOMEM : EACCES;
        return false;
    }
    const char *path = out->data + start;
    if (!make || lstat(path, &info) == 0)
        return true;
    return errno == ENOENT && make_file(path);
}
