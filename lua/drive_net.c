/* drive_net.c: drives operations over libcurl, in slices, so that interrupts and key functions get their turn. */
#include "interrupt.h"

enum { SLICE_MS = 100 };

bool kpl_driver_open(kpl_client *c) {
    c->runner = kp_runner_new(c->client);
    c->local = kp_runner_local(c->runner);
    return c->runner != NULL;
}

void kpl_driver_close(kpl_client *c) {
    kp_runner_free(c->runner);
    c->runner = NULL;
    c->local = NULL;
}

static void give_nothing(kp_op *op) {
    kp_local_time(op);
    kp_read_give(op, NULL, 0);
}

int kpl_driver_steps(lua_State *L) {
    const kpl_operation *o = kpl_check(L, 1, KPL_OPERATION, sizeof *o);
    const kpl_client *c = kpl_client_at(L, 2);
    kpl_watch watch;
    kpl_watch_begin(L, &watch);
    while (kp_run_for(c->runner, o->op, SLICE_MS)) {
        if (kp_op_step(o->op) == KP_READ && !kpl_answer_read(L, 1))
            give_nothing(o->op);
        kpl_watch_look(L, &watch);
    }
    return 0;
}

void kpl_driver_settle(kpl_client *c, kp_op *op) {
    if (kp_op_step(op) == KP_DONE)
        return;
    kp_run_cancel(op);
    while (kp_run_for(c->runner, op, SLICE_MS))
        if (kp_op_step(op) == KP_READ)
            give_nothing(op);
}

void kpl_cancel(kp_op *op) {
    kp_run_cancel(op);
}
