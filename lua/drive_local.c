/* drive_local.c: keyplate/core.so has no network: operations that need none are driven here, all others by the host. */
#include "module.h"

bool kpl_driver_open(kpl_client *c) {
    c->local = kp_local_new(c->client);
    return c->local != NULL;
}

void kpl_driver_close(kpl_client *c) {
    kp_local_free(c->local);
    c->local = NULL;
}

static void give_nothing(kp_op *op) {
    kp_local_time(op);
    kp_read_give(op, NULL, 0);
}

/* functions: whether Lua may be asked for keys. */
static void do_step(lua_State *L, const kpl_client *c, kp_op *op, bool functions) {
    int step = kp_op_step(op);
    if (step == KP_TIME)
        kp_local_time(op);
    else if (step == KP_HTTP)
        kp_on_end(op, KP_NET_CONNECT, KP_UNSENT);
    else if (!kp_local_step(c->local, op) && !(functions && kpl_answer_read(L, 1)))
        give_nothing(op);
}

int kpl_driver_steps(lua_State *L) {
    const kpl_operation *o = kpl_check(L, 1, KPL_OPERATION, sizeof *o);
    const kpl_client *c = kpl_client_at(L, 2);
    while (kp_op_step(o->op) != KP_DONE)
        do_step(L, c, o->op, true);
    return 0;
}

void kpl_driver_settle(kpl_client *c, kp_op *op) {
    kp_op_cancel(op);
    while (kp_op_step(op) != KP_DONE)
        do_step(NULL, c, op, false);
}

void kpl_cancel(kp_op *op) {
    kp_op_cancel(op);
}
