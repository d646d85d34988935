/* op_pause.c: KP_PAUSE: stops the paid calls of all that share the store, for a time and with a reason, or lets them go
 * on. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/moves.h"
#include "engine/names.h"
#include "engine/op.h"
#include "safe/known.h"

/* Who says nothing means until somebody resumes. */
static const uint64_t usual_ms = 10ULL * 366 * 86400000;
enum { REASON_MOST = 300 };

/* The reason as one word; a key in it is masked, for it is shown to others. */
static bool add_reason(const kp_op *op, kp_buf *word) {
    kp_buf masked;
    kp_buf_init(&masked, NULL);
    size_t len = op->what.len < REASON_MOST ? op->what.len : REASON_MOST;
    kp_known_mask(&masked, kp_buf_text(&op->what), len);
    kp_add_percent(word, kp_buf_text(&masked), masked.len);
    bool whole = !masked.failed && !word->failed;
    kp_buf_free(&masked);
    return whole;
}

void kp_op_ask_pause(kp_op *op) {
    char gate[KP_NAME_SIZE], why[KP_NAME_SIZE], value[32], ttl[32];
    kp_name_pause(op->client, gate);
    kp_name_pause_reason(op->client, why);
    if (op->undo) {
        kp_op_ask(op, "PUT", gate, "-", "0", why, "-", "0", NULL);
        return;
    }
    uint64_t ms = op->for_ms ? op->for_ms : usual_ms;
    kp_buf reason;
    kp_buf_init(&reason, NULL);
    bool whole = add_reason(op, &reason);
    snprintf(ttl, sizeof ttl, "%llu", (unsigned long long)ms);
    snprintf(value, sizeof value, "+%llu", (unsigned long long)ms);
    kp_op_ask(op, "PUT", gate, value, ttl, why, reason.len ? kp_buf_text(&reason) : "-", reason.len ? ttl : "0", NULL);
    op->args.failed = op->args.failed || !whole;
    kp_buf_free(&reason);
}
