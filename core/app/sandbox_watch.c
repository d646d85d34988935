/* sandbox_watch.c: looks whether key files have changed, and reads those that have. */
#include "app/sandbox_watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/sandbox_keyfile.h"
#include "base/mem.h"
#include "safe/arena.h"

/* What tells one state of a file from another. */
typedef struct mark {
    bool there;
    struct stat about;
} mark;

typedef struct watched {
    const char *path;
    int fd; /* kept open, so that no other file gets its number; -1: none */
    mark seen;
} watched;

struct sandbox_watch {
    pthread_mutex_t lock;
    sandbox_accounts *accounts;
    size_t count;
    watched *files;
    kp_buf *keys; /* of each file, as it was when it could last be used */
};

/* false: nobody can say. */
static bool look(const char *path, mark *now) {
    *now = (mark){0};
    now->there = stat(path, &now->about) == 0;
    return now->there || errno == ENOENT || errno == ENOTDIR;
}

static bool same_time(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_same(const mark *a, const mark *b) {
    if (!a->there || !b->there)
        return a->there == b->there;
    return a->about.st_dev == b->about.st_dev && a->about.st_ino == b->about.st_ino &&
           a->about.st_size == b->about.st_size && same_time(&a->about.st_mtim, &b->about.st_mtim) &&
           same_time(&a->about.st_ctim, &b->about.st_ctim);
}

static void say(const char *path, const char *problem) {
    fprintf(stderr, "keyplate sandbox: key file %s: %s\n", path, problem);
}

/* false: the keys stay as they are; problem says why. */
static bool read_file(sandbox_watch *watch, size_t i, const char **problem) {
    watched *file = &watch->files[i];
    kp_buf fresh;
    kp_buf_init(&fresh, &kp_safe);
    int fd = -1;
    bool fine = sandbox_keys_read(file->path, &fd, &fresh, problem);
    if (fine) {
        kp_buf_free(&watch->keys[i]);
        watch->keys[i] = fresh;
    } else
        kp_buf_free(&fresh);
    if (file->fd >= 0)
        close(file->fd);
    file->fd = fd;
    return fine;
}

sandbox_watch *sandbox_watch_new(sandbox_accounts *accounts, const char *const *paths, size_t count,
                                 bool *memory_short) {
    const char *problem = NULL;
    sandbox_watch *watch = kp_zalloc(1, sizeof *watch);
    *memory_short = !watch;
    if (!watch)
        return NULL;
    pthread_mutex_init(&watch->lock, NULL);
    watch->accounts = accounts;
    watch->files = kp_zalloc(count, sizeof *watch->files);
    watch->keys = kp_zalloc(count, sizeof *watch->keys);
    *memory_short = !watch->files || !watch->keys;
    if (*memory_short) {
        sandbox_watch_free(watch);
        return NULL;
    }
    bool fine = true;
    for (; fine && watch->count < count; watch->count++) {
        size_t i = watch->count;
        watch->files[i] = (watched){.path = paths[i], .fd = -1};
        look(paths[i], &watch->files[i].seen);
        kp_buf_init(&watch->keys[i], &kp_safe);
        fine = read_file(watch, i, &problem);
        if (!fine)
            say(paths[i], problem);
    }
    if (fine && !sandbox_accounts_set(accounts, watch->keys)) {
        *memory_short = true;
        fine = false;
    }
    if (fine)
        return watch;
    sandbox_watch_free(watch);
    return NULL;
}

void sandbox_watch_free(sandbox_watch *watch) {
    if (!watch)
        return;
    for (size_t i = 0; watch->files && watch->keys && i < watch->count; i++) {
        if (watch->files[i].fd >= 0)
            close(watch->files[i].fd);
        kp_buf_free(&watch->keys[i]);
    }
    kp_free(watch->files);
    kp_free(watch->keys);
    pthread_mutex_destroy(&watch->lock);
    kp_free(watch);
}

/* Whether the keys of this file are others now. */
static bool look_at(sandbox_watch *watch, size_t i) {
    watched *file = &watch->files[i];
    const char *problem = NULL;
    mark now;
    if (!look(file->path, &now) || is_same(&now, &file->seen))
        return false;
    file->seen = now;
    if (!now.there) {
        kp_buf_clear(&watch->keys[i]);
        return true;
    }
    bool fine = read_file(watch, i, &problem);
    if (!fine)
        say(file->path, problem);
    return fine;
}

void sandbox_watch_look(sandbox_watch *watch) {
    bool changed = false;
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    for (size_t i = 0; i < watch->count; i++)
        changed |= look_at(watch, i);
    if (changed && !sandbox_accounts_set(watch->accounts, watch->keys))
        fprintf(stderr, "keyplate sandbox: too many keys (4096 in its life at most), or memory is short\n");
    pthread_mutex_unlock(&watch->lock);
}
