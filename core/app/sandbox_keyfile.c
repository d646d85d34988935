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

#define FILE_MAX (64u << 10)

static const char not_keys[] = "not a key a line (1 to 255 printable characters; 64 KiB at most)";

/* Adds the key of a line; a line without one is passed. false: it has something else. */
static bool add_line(kp_buf *keys, const char *line, size_t len) {
    kp_trim(&line, &len);
    if (!len)
        return true;
    for (size_t i = 0; i < len; i++)
        if (line[i] <= ' ' || line[i] >= 0x7f)
            return false;
    kp_buf_add(keys, line, len);
    kp_buf_char(keys, '\0');
    return len <= SANDBOX_KEY_MAX;
}

static bool add_lines(kp_buf *keys, const char *text, size_t len) {
    bool fine = true;
    while (fine && len) {
        const char *end = memchr(text, '\n', len);
        size_t line = end ? (size_t)(end - text) : len;
        fine = add_line(keys, text, line);
        text += end ? line + 1 : line;
        len -= end ? line + 1 : line;
    }
    return fine && keys->len;
}

/* The whole file. false: errno says why, or it is too big. */
static bool read_all(int fd, kp_buf *text) {
    ssize_t got = 1;
    while (got > 0 && text->len <= FILE_MAX && kp_buf_reserve(text, 4096)) {
        got = read(fd, text->data + text->len, 4096);
        text->len += got > 0 ? (size_t)got : 0;
    }
    return got == 0;
}

bool sandbox_keys_read(const char *path, int *fd, kp_buf *keys, const char **problem) {
    struct stat about;
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO without a writer must not hold us up */
    if (*fd < 0 || fstat(*fd, &about) != 0) {
        *problem = strerror(errno);
        return false;
    }
    if (!S_ISREG(about.st_mode)) {
        *problem = "not a file";
        return false;
    }
    kp_buf text;
    kp_buf_init(&text, &kp_safe);
    errno = 0;
    bool fine = read_all(*fd, &text);
    *problem = text.failed ? "memory is short" : !fine && errno ? strerror(errno) : not_keys;
    fine = fine && !text.failed && add_lines(keys, kp_buf_text(&text), text.len);
    if (keys->failed)
        *problem = "memory is short";
    kp_buf_free(&text);
    return fine && !keys->failed;
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
