/* store_fork.c: one lock of the process that sections share and fork takes alone. */
#include "local/store_fork.h"

#include <pthread.h>

/* A waiting fork goes before new sections, or busy threads could keep it out for ever. */
static pthread_rwlock_t sections = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void before_fork(void) {
    pthread_rwlock_wrlock(&sections);
}

static void in_parent(void) {
    pthread_rwlock_unlock(&sections);
}

/* Those who waited for it are not in the child, so that it has to be new there. */
static void in_child(void) {
    pthread_rwlock_unlock(&sections);
    sections = (pthread_rwlock_t)PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
}

static void begin(void) {
    pthread_atfork(before_fork, in_parent, in_child);
}

void kp_fork_enter(void) {
    pthread_once(&once, begin);
    pthread_rwlock_rdlock(&sections);
}

void kp_fork_enter_alone(void) {
    pthread_once(&once, begin);
    pthread_rwlock_wrlock(&sections);
}

void kp_fork_leave(void) {
    pthread_rwlock_unlock(&sections);
}
