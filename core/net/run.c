/* run.c: the driver that blocks: asks the operation what it needs, does it, tells the outcome. */
#include <poll.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/client.h"
#include "keyplate_run.h"
#include "local/local.h"
#include "net/chores.h"
#include "net/line.h"
#include "net/store_redis.h"
#include "net/transfer.h"
#include "net/wake.h"
#include "safe/scrub.h"

#define NEVER UINT64_MAX

struct kp_runner {
    kp_client *client; /* kept alive by local */
    kp_chores *chores;
    kp_local *local;
    kp_line_stack idle;
};

kp_runner *kp_runner_new(kp_client *client) {
    kp_line *line = client ? kp_line_new() : NULL; /* a libcurl that cannot start is noticed here */
    kp_runner *runner = line ? kp_zalloc(1, sizeof *runner) : NULL;
    if (runner && (runner->local = kp_local_new_with(client, kp_store_redis)) &&
        (runner->chores = kp_chores_new(runner, client))) {
        runner->client = client;
        kp_line_give(&runner->idle, line);
        return runner;
    }
    kp_line_free(line);
    kp_local_free(runner ? runner->local : NULL);
    kp_free(runner);
    return NULL;
}

void kp_runner_free(kp_runner *runner) {
    if (!runner)
        return;
    kp_chores_free(runner->chores);
    kp_line_stack_free(&runner->idle);
    kp_local_free(runner->local);
    kp_free(runner);
}

kp_local *kp_runner_local(kp_runner *runner) {
    return runner ? runner->local : NULL;
}

static void sleep_until(uint64_t until, kp_wake *wake) {
    uint64_t now = kp_local_mono_ms(), most = (uint64_t)kp_wake_most_ms(wake);
    uint64_t wait = until > now ? until - now : 0;
    struct pollfd fd = {kp_wake_fd(wake), POLLIN, 0};
    kp_scrub();
    if (wait > 0 && poll(&fd, wake ? 1 : 0, (int)(wait < most ? wait : most)) > 0)
        kp_wake_clear(wake);
}

/* A READ that only the host can answer. false: it is to be asked. kp_run has nobody to ask, and what is over asks
   nobody. */
static bool tell_absent(kp_op *op, uint64_t pause) {
    if (pause != NEVER && !kp_op_cancelled(op) && kp_local_mono_ms() < kp_op_until(op))
        return false;
    kp_local_time(op);
    kp_on_read(op, KP_ABSENT, KP_WHY_NONE, 0);
    return true;
}

/* false: the moment pause is over. */
static bool wait_for_time(kp_op *op, kp_wake *wake, uint64_t pause) {
    uint64_t until = kp_op_until(op);
    if (!kp_op_cancelled(op)) {
        if (until > pause && kp_local_mono_ms() >= pause)
            return false;
        sleep_until(until < pause ? until : pause, wake);
    }
    kp_local_time(op);
    return true;
}

/* Until DONE, or until a wait or a call begins or goes on after the moment pause, or the host must be asked. */
static int drive(kp_runner *runner, kp_op *op, uint64_t pause) {
    kp_wake *wake = kp_wake_take(op);
    kp_local_time(op);
    int step;
    for (bool on = true; (step = kp_op_step(op)) != KP_DONE && on;) {
        if (step == KP_HTTP)
            on = kp_transfer(&runner->idle, op, wake, pause);
        else if (step == KP_TIME)
            on = wait_for_time(op, wake, pause);
        else
            on = kp_local_step(runner->local, op) || tell_absent(op, pause);
    }
    kp_wake_give(wake);
    kp_scrub();
    return step;
}

/* The end of a call is the moment to see what is due in the background. */
static int drive_mine(kp_runner *runner, kp_op *op, uint64_t pause) {
    int step = drive(runner, op, pause);
    if (step == KP_DONE)
        kp_chores_begin(runner->chores);
    return step;
}

int kp_run(kp_runner *runner, kp_op *op) {
    if (!runner || !kp_client_has(runner->client, op))
        return KP_E_MISUSE;
    drive_mine(runner, op, NEVER);
    return kp_op_error(op);
}

int kp_run_for(kp_runner *runner, kp_op *op, uint32_t at_most_ms) {
    return runner && kp_client_has(runner->client, op) &&
           drive_mine(runner, op, kp_local_mono_ms() + at_most_ms) != KP_DONE;
}
