/* pages.c: locks pages, remembers a lock that failed, and sees to both again in a child after fork. */
#include "safe/pages.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static atomic_bool some_unlocked;
static pthread_once_t started = PTHREAD_ONCE_INIT;
static int problem;

static void before_fork(void) {
    kp_cells_before_fork();
    kp_arena_before_fork();
}

static void after_fork_in_parent(void) {
    kp_arena_after_fork(false);
    kp_cells_after_fork(false);
}

/* What failed in the parent is forgotten here, and known again if it fails again. */
static void after_fork_in_child(void) {
    atomic_store(&some_unlocked, false);
    kp_arena_after_fork(true);
    kp_cells_after_fork(true);
}

static void start(void) {
    problem = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

bool kp_pages_start(void) {
    return pthread_once(&started, start) == 0 && problem == 0;
}

/* Moves the start down to the beginning of its page, and returns how far. */
static size_t to_page(char **start) {
    size_t before = (uintptr_t)*start % (uintptr_t)sysconf(_SC_PAGESIZE);
    *start -= before;
    return before;
}

void kp_pages_hide(void *start_at, size_t len) {
    char *first = start_at;
    len += to_page(&first);
#ifdef MADV_DONTDUMP
    madvise(first, len, MADV_DONTDUMP);
#endif
}

void kp_pages_lock(void *start_at, size_t len) {
    char *first = start_at;
    len += to_page(&first);
    kp_pages_hide(first, len);
    if (mlock(first, len) != 0)
        atomic_store(&some_unlocked, true);
}

bool kp_pages_all_locked(void) {
    return !atomic_load(&some_unlocked);
}
