/* meter.c: counts how the operations of a client ended, and tells it as metrics. */
#include "engine/meter.h"

#include "base/text.h"
#include "engine/moves.h"
#include "engine/op.h"
#include "policy/metrics.h"

bool kp_is_telling_metrics(const kp_op *op) {
    return op->kind == KP_TELL && kp_same(kp_buf_text(&op->what), "metrics");
}

bool kp_is_telling_itself(const kp_op *op) {
    return kp_is_telling_events(op) || kp_is_telling_metrics(op);
}

/* A captcha's method of what is paid, else the name of the call. NULL: it is none that counts. */
static const char *method_of(const kp_op *op) {
    switch (op->kind) {
    case KP_SUBMIT:
    case KP_SOLVE: return kp_op_method(op) ? kp_op_method(op) : "unknown";
    case KP_BALANCE: return "balance";
    case KP_VERIFY: return "verify";
    case KP_RESULT: return "result";
    case KP_WAIT: return "wait";
    case KP_REPORT: return "report";
    default: return NULL;
    }
}

static const char *limit_of(const kp_op *op) {
    const char *limit = kp_op_get(op, "limit", NULL);
    return limit && limit[0] ? limit : kp_error_name(op->error);
}

void kp_meter_end(const kp_op *op) {
    const char *method = method_of(op);
    if (!method || op->dry_run)
        return;
    kp_client *client = op->client;
    bool refused = kp_op_is_paid(op) && kp_error_find(op->error)->cls == KP_CLASS_LIMIT;
    const char *limit = refused ? limit_of(op) : NULL;
    pthread_mutex_lock(&client->lock);
    kp_tally_call(&client->tally, method, op->error ? kp_error_name(op->error) : "ok", op->elapsed_ms);
    kp_tally_refused(&client->tally, limit);
    if (op->kind == KP_BALANCE && !op->error) {
        client->balance_micro = op->balance_micro;
        client->balance_ms = op->unix_ms;
    }
    pthread_mutex_unlock(&client->lock);
}

void kp_do_tell_metrics(kp_op *op) {
    kp_client *client = op->client;
    pthread_mutex_lock(&client->lock);
    kp_metrics m = {.provider = client->provider->name,
                    .version = kp_version(),
                    .success_ms = client->balance_ms,
                    .balance = client->balance_micro,
                    .calls = &client->tally,
                    .store_up = -1};
    kp_metrics_write(&m, &op->answer);
    pthread_mutex_unlock(&client->lock);
    op->has_answer = true;
    if (op->answer.failed)
        kp_op_fail(op, KP_E_MEMORY, "%s", "");
}
