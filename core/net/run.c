/* run.c: the driver that blocks: asks the operation what it needs, does it, tells the outcome. */
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "base/mem.h"
#include "keyplate_run.h"
#include "net/transfer.h"
#include "net/wake.h"

enum { LINES = 64 };

/* A connection cache cannot be shared by threads, so there is a stack of idle lines; each call borrows one. */
struct kp_runner {
    kp_local *local;
    pthread_mutex_t lock;
    kp_line *idle[LINES];
    size_t count;
    pid_t process;
};

kp_runner *kp_runner_new(kp_client *client) {
    kp_runner *runner = client && kp_transfer_start() ? kp_zalloc(1, sizeof *runner) : NULL;
    if (!runner)
        return NULL;
    runner->local = kp_local_new(client);
    runner->process = getpid();
    if (runner->local && pthread_mutex_init(&runner->lock, NULL) == 0)
        return runner;
    kp_local_free(runner->local);
    kp_free(runner);
    return NULL;
}

void kp_runner_free(kp_runner *runner) {
    if (!runner)
        return;
    for (size_t i = 0; i < runner->count && runner->process == getpid(); i++)
        kp_line_free(runner->idle[i]);
    kp_local_free(runner->local);
    pthread_mutex_destroy(&runner->lock);
    kp_free(runner);
}

kp_local *kp_runner_local(kp_runner *runner) {
    return runner ? runner->local : NULL;
}

/* After a fork the connections belong to the parent: the child leaves them alone and opens its own. */
static kp_line *borrow(kp_runner *runner) {
    if (runner->process != getpid()) {
        pthread_mutex_init(&runner->lock, NULL);
        runner->process = getpid();
        runner->count = 0;
    }
    pthread_mutex_lock(&runner->lock);
    kp_line *line = runner->count ? runner->idle[--runner->count] : NULL;
    pthread_mutex_unlock(&runner->lock);
    return line ? line : kp_line_new();
}

static void give_back(kp_runner *runner, kp_line *line) {
    pthread_mutex_lock(&runner->lock);
    bool room = runner->count < LINES;
    if (room)
        runner->idle[runner->count++] = line;
    pthread_mutex_unlock(&runner->lock);
    if (!room)
        kp_line_free(line);
}

static void call(kp_runner *runner, kp_op *op, kp_wake *wake) {
    kp_line *line = borrow(runner);
    if (!line) {
        kp_local_time(op);
        kp_on_end(op, KP_NET_CONNECT, KP_UNSENT);
        return;
    }
    kp_transfer(line, op, wake);
    give_back(runner, line);
}

static void sleep_until(uint64_t until, kp_wake *wake) {
    uint64_t now = kp_local_mono_ms(), most = (uint64_t)kp_wake_most_ms(wake);
    uint64_t wait = until > now ? until - now : 0;
    struct pollfd fd = {kp_wake_fd(wake), POLLIN, 0};
    if (wait > 0)
        poll(&fd, wake ? 1 : 0, (int)(wait < most ? wait : most));
    kp_wake_clear(wake);
}

/* Until DONE, or until a wait begins or goes on after the moment pause (0: never). */
static int drive(kp_runner *runner, kp_op *op, uint64_t pause) {
    kp_wake *wake = kp_wake_take(op);
    kp_local_time(op);
    int step;
    while ((step = kp_op_step(op)) != KP_DONE) {
        if (step == KP_HTTP)
            call(runner, op, wake);
        else if (step == KP_TIME) {
            uint64_t until = kp_op_until(op);
            if (pause && until > pause && !kp_op_cancelled(op)) {
                sleep_until(pause, wake);
                kp_local_time(op);
                if (kp_local_mono_ms() >= pause)
                    break;
                continue;
            }
            if (!kp_op_cancelled(op))
                sleep_until(until, wake);
            kp_local_time(op);
        } else
            kp_local_step(runner->local, op);
    }
    kp_wake_give(wake);
    return step;
}

int kp_run(kp_runner *runner, kp_op *op) {
    if (runner && op)
        drive(runner, op, 0);
    return kp_op_error(op);
}

int kp_run_for(kp_runner *runner, kp_op *op, uint32_t at_most_ms) {
    return runner && op && drive(runner, op, kp_local_mono_ms() + at_most_ms) != KP_DONE;
}
