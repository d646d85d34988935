/* patience.c: tells whether a step may go on waiting for others. */
#include "local/patience.h"

#include <time.h>

#include "keyplate_run.h"

kp_patience kp_patience_of(const kp_op *op, uint64_t settle_ms) {
    return (kp_patience){.op = op, .until_ms = kp_op_until(op), .cancel_ms = kp_local_mono_ms() + settle_ms};
}

bool kp_patience_over(const kp_patience *p) {
    if (!p)
        return false;
    uint64_t now = kp_local_mono_ms();
    return now >= p->until_ms || (now >= p->cancel_ms && kp_op_cancelled(p->op));
}

void kp_patience_nap(const kp_patience *p, uint64_t ms) {
    uint64_t now = kp_local_mono_ms();
    uint64_t left = !p ? UINT64_MAX : p->until_ms > now ? p->until_ms - now : 0;
    if (ms > KP_SLICE_MS)
        ms = KP_SLICE_MS;
    if (ms > left)
        ms = left;
    nanosleep(&(struct timespec){0, (long)ms * 1000000}, NULL);
}
