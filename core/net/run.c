/* run.c: the driver that blocks: asks the operation what it needs, does it, tells the outcome. */
#include <poll.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/client.h"
#include "keyplate_run.h"
#include "net/line.h"
#include "net/transfer.h"
#include "net/wake.h"

struct kp_runner {
    const kp_client *client; /* kept alive by local */
    kp_local *local;
    kp_line_stack idle;
};

kp_runner *kp_runner_new(kp_client *client) {
    kp_line *line = client ? kp_line_new() : NULL; /* a libcurl that cannot start is noticed here */
    kp_runner *runner = line ? kp_zalloc(1, sizeof *runner) : NULL;
    if (runner && (runner->local = kp_local_new(client))) {
        runner->client = client;
        kp_line_give(&runner->idle, line);
        return runner;
    }
    kp_line_free(line);
    kp_free(runner);
    return NULL;
}

void kp_runner_free(kp_runner *runner) {
    if (!runner)
        return;
    kp_line_stack_free(&runner->idle);
    kp_local_free(runner->local);
    kp_free(runner);
}

kp_local *kp_runner_local(kp_runner *runner) {
    return runner ? runner->local : NULL;
}

static void call(kp_runner *runner, kp_op *op, kp_wake *wake) {
    kp_line *line = kp_line_take(&runner->idle);
    if (!line) {
        kp_local_time(op);
        kp_on_end(op, KP_NET_CONNECT, KP_UNSENT);
        return;
    }
    kp_transfer(line, op, wake);
    kp_line_give(&runner->idle, line);
}

static void sleep_until(uint64_t until, kp_wake *wake) {
    uint64_t now = kp_local_mono_ms(), most = (uint64_t)kp_wake_most_ms(wake);
    uint64_t wait = until > now ? until - now : 0;
    struct pollfd fd = {kp_wake_fd(wake), POLLIN, 0};
    if (wait > 0 && poll(&fd, wake ? 1 : 0, (int)(wait < most ? wait : most)) > 0)
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
            bool pauses = pause && until > pause;
            if (!kp_op_cancelled(op)) {
                if (pauses && kp_local_mono_ms() >= pause)
                    break;
                sleep_until(pauses ? pause : until, wake);
            }
            kp_local_time(op);
        } else
            kp_local_step(runner->local, op);
    }
    kp_wake_give(wake);
    return step;
}

int kp_run(kp_runner *runner, kp_op *op) {
    if (!runner || !kp_client_has(runner->client, op))
        return KP_E_MISUSE;
    drive(runner, op, 0);
    return kp_op_error(op);
}

int kp_run_for(kp_runner *runner, kp_op *op, uint32_t at_most_ms) {
    return runner && kp_client_has(runner->client, op) && drive(runner, op, kp_local_mono_ms() + at_most_ms) != KP_DONE;
}
