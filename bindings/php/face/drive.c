/* drive.c: drives operations in slices, so that signals, time limits and key functions of PHP get their turn; whatever
 * happens on the way, what was paid is settled first. */
#include "face.h"

#include <string.h>

enum { SLICE_MS = 100 };

#if PHP_VERSION_ID >= 80200
#define IS_SET(flag) zend_atomic_bool_load(&(flag))
#define CLEAR(flag) zend_atomic_bool_store(&(flag), false)
#else
#define IS_SET(flag) (flag)
#define CLEAR(flag) ((flag) = false)
#endif

static bool reads_from_host(const kp_op *op) {
    const char *name = kp_op_step(op) == KP_READ ? kp_read_name(op) : NULL;
    return name && strncmp(name, "host:", 5) == 0;
}

/* Ends it as if it had been cancelled. */
static void settle(const kpp_client *c, kp_op *op) {
    kp_run_cancel(op);
    while (kp_run_for(c->core->runner, op, SLICE_MS))
        if (reads_from_host(op)) {
            kp_local_time(op);
            kp_read_give(op, NULL, 0);
        }
}

/* What the virtual machine does between two opcodes. */
static void look(const kpp_client *c, kp_op *op) {
    if (!IS_SET(EG(vm_interrupt)))
        return;
    CLEAR(EG(vm_interrupt));
    if (IS_SET(EG(timed_out))) {
        settle(c, op);
        zend_timeout();
    } else if (zend_interrupt_function)
        zend_interrupt_function(EG(current_execute_data));
}

/* An exception that ended the call loses no task, and no submit of which nobody knows what came of it: what it came
   upon is in its chain. */
static void note(const kpp_call *call) {
    zval error;
    const bool paid = kp_op_get(call->op, "task", NULL) || kp_op_get(call->op, "unknown", NULL);
    if (kpp_is_exit(EG(exception)) || !paid || !kp_op_error(call->op))
        return;
    zend_object *thrown = EG(exception);
    EG(exception) = NULL;
    kpp_make_error(&error, call);
    EG(exception) = thrown;
    zend_exception_set_previous(thrown, Z_OBJ(error));
}

void kpp_drive(kpp_client *c, kpp_call *call) {
    kp_op *op = call->op;
    while (!EG(exception) && kp_run_for(c->core->runner, op, SLICE_MS)) {
        if (reads_from_host(op))
            kpp_answer_read(c, call);
        if (!EG(exception))
            look(c, op);
    }
    if (!EG(exception))
        return;
    if (kp_op_step(op) != KP_DONE)
        settle(c, op);
    note(call);
}
