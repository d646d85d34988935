/* secret.c: keeps keys that were handed in by value in guarded cells, and copies them from one to the other. */
#include "engine/secret.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "safe/arena.h"
#include "safe/cell.h"
#include "safe/crypto.h"
#include "safe/known.h"
#include "safe/pages.h"

struct kp_secret {
    kp_cell *cell;
    kp_known *known;
    char mask[KP_MASK_SIZE];
};

struct kp_held {
    kp_held *next;
    char name[33];
    kp_secret *secret;
};

/* Held while a cell is open: one secret can be in configurations of several threads. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void before_fork(void) {
    pthread_mutex_lock(&opening);
}

static void after_fork(void) {
    pthread_mutex_unlock(&opening);
}

/* Taken before the locks of the cells, also by fork: its handlers are registered behind theirs. */
static void start(void) {
    kp_pages_start();
    pthread_atfork(before_fork, after_fork, after_fork);
}

static void lock_opening(void) {
    pthread_once(&once, start);
    pthread_mutex_lock(&opening);
}

kp_secret *kp_secret_new(const char *value, size_t len) {
    if (!value)
        return NULL;
    kp_secret *secret = kp_zalloc(1, sizeof *secret);
    if (!secret)
        return NULL;
    secret->cell = kp_cell_new(value, len);
    /* Blanks at the ends are no part of a key, wherever it comes from. */
    const char *key = value;
    kp_trim(&key, &len);
    secret->known = kp_known_hold(key, len);
    if (!secret->cell || (len > 0 && !secret->known)) {
        kp_secret_free(secret);
        return NULL;
    }
    kp_mask(key, len, secret->mask);
    return secret;
}

void kp_secret_free(kp_secret *secret) {
    if (!secret)
        return;
    kp_known_release(secret->known);
    kp_cell_drop(secret->cell);
    kp_free(secret);
}

const char *kp_secret_mask(const kp_secret *secret) {
    return secret ? secret->mask : "***";
}

/* Its text in safe memory, with a NUL behind it; NULL when memory is short. */
static char *text_of(const kp_secret *secret, size_t *len) {
    lock_opening();
    const char *text = kp_cell_open(secret->cell, len);
    char *copy = text ? kp_safe_alloc(*len + 1) : NULL;
    if (copy)
        memcpy(copy, text, *len + 1);
    if (text)
        kp_cell_close(secret->cell);
    pthread_mutex_unlock(&opening);
    return copy;
}

static kp_secret *copy_of(const kp_secret *secret) {
    size_t len = 0;
    char *text = text_of(secret, &len);
    kp_secret *copy = kp_secret_new(text, len);
    kp_safe_free(text);
    return copy;
}

bool kp_held_add(kp_held **list, const char *name, const kp_secret *secret) {
    kp_held *held = list && name && secret ? kp_zalloc(1, sizeof *held) : NULL;
    if (!held)
        return false;
    held->secret = copy_of(secret);
    if (!held->secret) {
        kp_free(held);
        return false;
    }
    memcpy(held->name, name, strnlen(name, sizeof held->name - 1));
    held->next = *list;
    *list = held;
    return true;
}

static const kp_held *find(const kp_held *list, const char *name) {
    while (list && !kp_same(list->name, name))
        list = list->next;
    return list;
}

bool kp_held_copy(const kp_held *list, kp_held **copy) {
    *copy = NULL;
    for (const kp_held *held = list; held; held = held->next) {
        if (find(*copy, held->name)) /* an older one, which nobody can find any more */
            continue;
        if (!kp_held_add(copy, held->name, held->secret)) {
            kp_held_free(*copy);
            *copy = NULL;
            return false;
        }
    }
    return true;
}

void kp_held_free(kp_held *list) {
    while (list) {
        kp_held *next = list->next;
        kp_secret_free(list->secret);
        kp_free(list);
        list = next;
    }
}

bool kp_held_read(const kp_held *list, const char *name, char *room, size_t size, size_t *len, bool *failed) {
    const kp_held *held = find(list, name);
    *len = 0;
    *failed = false;
    if (!held)
        return false;
    lock_opening();
    const char *text = kp_cell_open(held->secret->cell, len);
    if (text && *len > 0 && *len <= size)
        memcpy(room, text, *len);
    if (text)
        kp_cell_close(held->secret->cell);
    pthread_mutex_unlock(&opening);
    *failed = !text;
    return true;
}
