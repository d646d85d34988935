/* sandbox_keyfile.c: reads key files, and makes and removes a private one. */
#include "app/sandbox_keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "safe/arena.h"
#include "safe/crypto.h"

bool sandbox_key_read(const char *path, char key[SANDBOX_KEY_MAX + 1], size_t *len, const char **problem) {
    char text[1024];
    struct stat about;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO without a writer must not hold us up */
    if (fd < 0 || fstat(fd, &about) != 0) {
        *problem = strerror(errno);
        if (fd >= 0)
            close(fd);
        return false;
    }
    ssize_t got = S_ISREG(about.st_mode) ? read(fd, text, sizeof text) : 0;
    close(fd);
    const char *from = text;
    *len = got > 0 ? (size_t)got : 0;
    kp_trim(&from, len);
    bool fine = *len > 0 && *len <= SANDBOX_KEY_MAX;
    for (size_t i = 0; fine && i < *len; i++)
        fine = from[i] > ' ' && from[i] < 0x7f;
    if (fine) {
        memcpy(key, from, *len);
        key[*len] = 0;
    }
    kp_wipe(text, sizeof text);
    *problem = S_ISREG(about.st_mode) ? "not one key (1 to 255 printable characters)" : "not a file";
    return fine;
}

bool sandbox_own_key_make(sandbox_own_key *own, const char **problem) {
    const char *base = getenv("TMPDIR");
    if (!base || *base != '/' || strlen(base) > 200)
        base = "/tmp";
    snprintf(own->dir, sizeof own->dir, "%s/keyplate-sandbox-XXXXXX", base);
    if (!mkdtemp(own->dir)) {
        *problem = strerror(errno);
        own->dir[0] = 0;
        return false;
    }
    snprintf(own->path, sizeof own->path, "%s/key", own->dir);
    unsigned char random[16];
    kp_random(random, sizeof random);
    kp_buf text;
    kp_buf_init(&text, &kp_safe);
    kp_add_hex(&text, random, sizeof random);
    kp_buf_char(&text, '\n');
    int fd = open(own->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool fine = fd >= 0 && !text.failed && write(fd, text.data, text.len) == (ssize_t)text.len;
    if (!fine)
        *problem = text.failed ? "memory is short" : strerror(errno);
    if (fd >= 0)
        close(fd);
    kp_wipe(random, sizeof random);
    kp_buf_free(&text);
    if (!fine)
        sandbox_own_key_remove(own);
    return fine;
}

void sandbox_own_key_remove(sandbox_own_key *own) {
    if (!own->dir[0])
        return;
    unlink(own->path);
    rmdir(own->dir);
    own->dir[0] = own->path[0] = 0;
}
