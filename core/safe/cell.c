/* cell.c: keeps one secret between guard pages and takes the access away while it is closed. */
#include "safe/cell.h"

#include <pthread.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "safe/crypto.h"
#include "safe/pages.h"

struct kp_cell {
    char *secret;
    size_t len;
    size_t owners;
    size_t opens;
    kp_cell *next, *before;
};

/* Guards the list and all counts. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static kp_cell *cells; /* all of them, for the child after fork */

static void link_cell(kp_cell *cell) {
    pthread_mutex_lock(&mutex);
    cell->next = cells;
    if (cells)
        cells->before = cell;
    cells = cell;
    pthread_mutex_unlock(&mutex);
}

static void unlink_cell(kp_cell *cell) {
    if (cell->before)
        cell->before->next = cell->next;
    else
        cells = cell->next;
    if (cell->next)
        cell->next->before = cell->before;
}

/* A closed copy, ended by a NUL. */
static char *guarded_copy(const char *secret, size_t len) {
    char *copy = kp_mem_must_fail() ? NULL : sodium_malloc(len + 1);
    if (!copy)
        return NULL;
    kp_pages_lock(copy, len + 1); /* sodium_malloc has tried to, and does not say how it went */
    memcpy(copy, secret, len);
    copy[len] = '\0';
    if (sodium_mprotect_noaccess(copy) == 0)
        return copy;
    sodium_free(copy);
    return NULL;
}

kp_cell *kp_cell_new(const char *secret, size_t len) {
    if (!secret || len > SIZE_MAX / 4 || !kp_crypto_start() || !kp_pages_start())
        return NULL;
    kp_cell *cell = kp_zalloc(1, sizeof *cell);
    if (!cell)
        return NULL;
    cell->secret = guarded_copy(secret, len);
    if (!cell->secret) {
        kp_free(cell);
        return NULL;
    }
    cell->len = len;
    cell->owners = 1;
    link_cell(cell);
    return cell;
}

kp_cell *kp_cell_keep(kp_cell *cell) {
    if (!cell)
        return NULL;
    pthread_mutex_lock(&mutex);
    cell->owners++;
    pthread_mutex_unlock(&mutex);
    return cell;
}

void kp_cell_drop(kp_cell *cell) {
    if (!cell)
        return;
    pthread_mutex_lock(&mutex);
    bool last = --cell->owners == 0;
    if (last)
        unlink_cell(cell);
    pthread_mutex_unlock(&mutex);
    if (!last)
        return;
    sodium_free(cell->secret);
    kp_free(cell);
}

const char *kp_cell_open(kp_cell *cell, size_t *len) {
    const char *secret = NULL;
    if (len)
        *len = 0;
    if (!cell)
        return NULL;
    pthread_mutex_lock(&mutex);
    if (cell->opens > 0 || sodium_mprotect_readonly(cell->secret) == 0) {
        cell->opens++;
        secret = cell->secret;
        if (len)
            *len = cell->len;
    }
    pthread_mutex_unlock(&mutex);
    return secret;
}

void kp_cell_close(kp_cell *cell) {
    if (!cell)
        return;
    pthread_mutex_lock(&mutex);
    if (cell->opens > 0 && --cell->opens == 0)
        sodium_mprotect_noaccess(cell->secret);
    pthread_mutex_unlock(&mutex);
}

void kp_cells_before_fork(void) {
    pthread_mutex_lock(&mutex);
}

void kp_cells_after_fork(bool in_child) {
    if (!in_child) {
        pthread_mutex_unlock(&mutex);
        return;
    }
    pthread_mutex_unlock(&mutex);
    for (kp_cell *cell = cells; cell; cell = cell->next) {
        /* A page that may not be read cannot be brought in, and mlock would report that as its failure. */
        if (cell->opens == 0)
            sodium_mprotect_readonly(cell->secret);
        kp_pages_lock(cell->secret, cell->len + 1);
        if (cell->opens == 0)
            sodium_mprotect_noaccess(cell->secret);
    }
}
