/* chores.c: a thread for what is due in the background, so that no call of a user waits for it. */
#include "net/chores.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/client.h"
#include "local/store_fork.h"

struct kp_chores {
    kp_runner *runner;
    kp_client *client; /* kept alive by the runner */
    pthread_mutex_t lock;
    pthread_t thread;
    pid_t owner;   /* the process in which thread is one */
    bool started;  /* thread is to be joined */
    bool over;     /* it does nothing any more */
    bool stopping; /* no more of them */
    kp_op *op;     /* under way */
};

kp_chores *kp_chores_new(kp_runner *runner, kp_client *client) {
    kp_chores *c = runner && client ? kp_zalloc(1, sizeof *c) : NULL;
    if (!c)
        return NULL;
    if (pthread_mutex_init(&c->lock, NULL) != 0) {
        kp_free(c);
        return NULL;
    }
    c->runner = runner;
    c->client = client;
    c->owner = getpid();
    return c;
}

/* No fork takes place while it is held; no lock of a client is taken meanwhile, because fork takes those first. */
static void lock(kp_chores *c) {
    kp_fork_enter();
    pthread_mutex_lock(&c->lock);
    if (c->owner == getpid())
        return;
    /* A child has neither the thread nor what it did. */
    c->owner = getpid();
    c->started = false;
    c->op = NULL;
}

static void unlock(kp_chores *c) {
    pthread_mutex_unlock(&c->lock);
    kp_fork_leave();
}

/* The next one that is due, NULL if there is none: the thread is over then. */
static kp_op *next(kp_chores *c) {
    kp_op *op = kp_client_chore(c->client, kp_local_mono_ms(), NULL), *unwanted = NULL;
    lock(c);
    if (c->stopping) {
        unwanted = op;
        op = NULL;
    }
    c->op = op;
    c->over = !op;
    unlock(c);
    kp_op_free(unwanted);
    return op;
}

static void done(kp_chores *c, kp_op *op) {
    lock(c);
    c->op = NULL;
    unlock(c);
    kp_op_free(op);
}

static void *work(void *arg) {
    kp_chores *c = arg;
    for (kp_op *op = next(c); op; op = next(c)) {
        kp_run(c->runner, op);
        done(c, op);
    }
    return NULL;
}

/* Signals are for the threads of the program. */
static bool start(kp_chores *c) {
    sigset_t all, before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return false;
    bool started = pthread_create(&c->thread, NULL, work, c) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

void kp_chores_begin(kp_chores *c) {
    if (!c || !kp_client_is_chore_due(c->client, kp_local_mono_ms()))
        return;
    lock(c);
    if (c->started && c->over) {
        pthread_join(c->thread, NULL); /* it is on its last line */
        c->started = false;
    }
    if (!c->started && !c->stopping) {
        c->over = false;
        c->started = start(c);
    }
    unlock(c);
}

void kp_chores_free(kp_chores *c) {
    if (!c)
        return;
    lock(c);
    c->stopping = true;
    kp_run_cancel(c->op);
    bool started = c->started;
    unlock(c);
    if (started)
        pthread_join(c->thread, NULL);
    pthread_mutex_destroy(&c->lock);
    kp_free(c);
}
