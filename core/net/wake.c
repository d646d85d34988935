/* wake.c: a list of pipes, one for each operation that is being driven. Places are added and never taken away, so that
 * a signal handler can walk the list without a lock; a pipe stays open with its place, so that a late write hits
 * nothing else. */
#include "net/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#include "base/mem.h"
#include "keyplate_run.h"

enum { BLIND_MS = 100, MOST_MS = 60000 };

struct kp_wake {
    _Atomic(kp_op *) op; /* NULL: free */
    int fd[2];
    kp_wake *next;
};

static _Atomic(kp_wake *) places;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A pipe shared with the parent would swallow the other's wakes: a child starts a list of its own. */
static void forget_places(void) {
    for (kp_wake *place = atomic_exchange(&places, NULL); place;) {
        kp_wake *next = place->next;
        close(place->fd[0]);
        close(place->fd[1]);
        kp_free(place);
        place = next;
    }
}

static void start(void) {
    pthread_atfork(NULL, NULL, forget_places);
}

static kp_wake *new_place(kp_op *op) {
    kp_wake *place = kp_zalloc(1, sizeof *place);
    if (!place)
        return NULL;
    if (pipe2(place->fd, O_CLOEXEC | O_NONBLOCK) != 0) {
        kp_free(place);
        return NULL;
    }
    atomic_init(&place->op, op);
    place->next = atomic_load(&places);
    while (!atomic_compare_exchange_weak(&places, &place->next, place)) {
    }
    return place;
}

kp_wake *kp_wake_take(kp_op *op) {
    pthread_once(&once, start);
    for (kp_wake *place = atomic_load(&places); place; place = place->next) {
        kp_op *nobody = NULL;
        if (atomic_compare_exchange_strong(&place->op, &nobody, op)) {
            kp_wake_clear(place);
            atomic_thread_fence(memory_order_seq_cst);
            return place;
        }
    }
    kp_wake *place = new_place(op);
    atomic_thread_fence(memory_order_seq_cst);
    return place;
}

void kp_wake_give(kp_wake *wake) {
    if (wake)
        atomic_store(&wake->op, NULL);
}

int kp_wake_fd(const kp_wake *wake) {
    return wake ? wake->fd[0] : -1;
}

void kp_wake_clear(kp_wake *wake) {
    char sink[64];
    while (wake && read(wake->fd[0], sink, sizeof sink) > 0) {
    }
}

int kp_wake_most_ms(const kp_wake *wake) {
    return wake ? MOST_MS : BLIND_MS;
}

void kp_run_cancel(kp_op *op) {
    if (!op)
        return;
    int saved = errno;
    kp_op_cancel(op);
    /* With the fence in kp_wake_take: either this sees the place, or the driver sees the cancel before it sleeps. */
    atomic_thread_fence(memory_order_seq_cst);
    for (kp_wake *place = atomic_load(&places); place; place = place->next)
        if (atomic_load(&place->op) == op) {
            ssize_t n = write(place->fd[1], "", 1);
            (void)n; /* a full pipe wakes as well */
        }
    errno = saved;
}
