/* op_call.c: builds the HTTP call of a state and tells what its end means. */
#include <string.h>

#include "base/text.h"
#include "engine/moves.h"
#include "engine/op.h"
#include "safe/crypto.h"

enum { SHORT_WAIT_MS = 500, READ_TRIES = 3, UNSENT_TRIES = 3 };

static kp_call_kind call_kind(const kp_op *op) {
    if (op->state == KP_S_SUBMIT)
        return op->checked.call;
    if (op->state == KP_S_PROBE || kp_is_proves_itself(op))
        return KP_CALL_BALANCE;
    if (op->kind == KP_REPORT)
        return op->good ? KP_CALL_REPORT_GOOD : KP_CALL_REPORT_BAD;
    return KP_CALL_RESULT;
}

void kp_op_build(kp_op *op) {
    kp_call_kind kind = call_kind(op);
    bool needs_id = kind == KP_CALL_RESULT || kind == KP_CALL_REPORT_GOOD || kind == KP_CALL_REPORT_BAD;
    const kp_params *params = op->state == KP_S_SUBMIT ? &op->checked : NULL;
    kp_request_clear(&op->request);
    kp_buf_clear(&op->body);
    kp_answer_clear(&op->read);
    op->http_status = 0;
    op->head_bytes = 0;
    op->too_big = false;
    op->framing = (kp_framing){.length = -1};
    op->retry_after_ms = 0;
    size_t len = 0;
    pthread_mutex_lock(&op->client->lock);
    const char *key = kp_cell_open(op->cell, &len);
    op->code = key ? kp_request_build(&op->request, op->client->provider, kind, op->client->base_url, key, len, params,
                                      needs_id ? kp_buf_text(&op->bare_id) : NULL)
                   : KP_E_MEMORY;
    kp_cell_close(op->cell);
    pthread_mutex_unlock(&op->client->lock);
    op->built = op->code == KP_OK;
    op->url_masked = false;
    op->attempts += op->built;
    op->tries += op->built;
}

static int net_code(const kp_op *op) {
    switch (op->net) {
    case KP_NET_RESOLVE: return KP_E_RESOLVE;
    case KP_NET_CONNECT: return KP_E_CONNECT;
    case KP_NET_TLS: return KP_E_TLS;
    case KP_NET_PROXY: return KP_E_PROXY;
    case KP_NET_LATE: return KP_E_TIMEOUT;
    case KP_NET_STOPPED: return KP_E_CANCELLED;
    case KP_NET_NO_CA: return KP_E_NO_CA;
    default: return KP_E_LOST;
    }
}

static int read_answer(kp_op *op) {
    if (op->too_big || op->head_bytes > kp_op_limit(op))
        return KP_E_ANSWER_TOO_BIG;
    /* No status line, or only that of a 100: whatever came is not HTTP. */
    if (op->http_status < 200)
        return KP_E_ANSWER;
    if (op->body.failed)
        return KP_E_MEMORY;
    bool matters = op->http_status < 300 || (op->state == KP_S_SUBMIT && op->http_status == 429);
    if (matters && !kp_op_answer_is_whole(op))
        return KP_E_ANSWER;
    kp_answer_read(&op->read, op->client->provider, call_kind(op), op->http_status, kp_buf_text(&op->body),
                   op->body.len);
    kp_op_hide(op, &op->read.provider_text);
    kp_op_hide(op, &op->read.provider_code);
    if (op->read.retry_after_ms > op->retry_after_ms) {
        uint64_t most = kp_op_in(op, UINT64_MAX) - op->mono_ms;
        op->retry_after_ms = op->read.retry_after_ms < most ? op->read.retry_after_ms : most;
    }
    return op->read.error;
}

/* xorshift64*: only the spread of waits depends on it. */
static uint64_t draw(kp_op *op, uint64_t below) {
    uint64_t x = op->random ? op->random : 88172645463325252ULL;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    op->random = x;
    return below ? (x * 2685821657736338717ULL >> 11) % below : 0;
}

/* Full jitter for troubles of the network; what a service asks for is kept as the least. */
static void choose_delay(kp_op *op) {
    const kp_error_row *row = kp_error_find(op->code);
    uint64_t first = row->first_ms ? row->first_ms : SHORT_WAIT_MS;
    uint64_t most = row->most_ms ? row->most_ms : 4 * SHORT_WAIT_MS;
    unsigned doublings = op->tries > 1 ? op->tries - 1 : 0;
    uint64_t wait = first << (doublings < 8 ? doublings : 8);
    if (wait > most)
        wait = most;
    if (row->cls == KP_CLASS_NETWORK || row->cls == KP_CLASS_TIMEOUT)
        op->delay_ms = draw(op, wait + 1);
    else
        op->delay_ms = wait + draw(op, wait / 8 + 1);
    if (op->retry_after_ms > op->delay_ms)
        op->delay_ms = op->retry_after_ms;
}

static kp_event event_of(const kp_op *op) {
    const kp_error_row *row = kp_error_find(op->code);
    /* What was answered was sent, whatever the driver says. */
    if (op->net != KP_NET_OK && op->sent == KP_UNSENT && op->http_status == 0)
        return KP_EV_UNSENT;
    if (op->code == KP_E_TIMEOUT)
        return kp_is_stopping(op) || op->state == KP_S_SUBMIT ? KP_EV_OTHER : KP_EV_TRANSIENT;
    if (op->code == KP_OK)
        return op->read.has_task && !op->read.has_text ? KP_EV_TASK : KP_EV_ANSWER;
    if (op->code == KP_E_PENDING || row->cls == KP_CLASS_PENDING)
        return KP_EV_PENDING;
    if (row->taken == KP_NOT_TAKEN) {
        switch (row->cls) {
        case KP_CLASS_BUSY: return KP_EV_BUSY;
        case KP_CLASS_KEY: return KP_EV_BADKEY;
        case KP_CLASS_FUNDS: return KP_EV_FUNDS;
        case KP_CLASS_ADDRESS: return KP_EV_ADDRESS;
        default: return KP_EV_REFUSED;
        }
    }
    if (row->cls == KP_CLASS_TASK)
        return KP_EV_FAILED;
    return row->first_ms ? KP_EV_TRANSIENT : KP_EV_OTHER;
}

kp_event kp_op_classify(kp_op *op) {
    op->code = op->net == KP_NET_OK || op->too_big ? read_answer(op) : net_code(op);
    if (call_kind(op) == KP_CALL_RESULT)
        op->polls += op->net == KP_NET_OK;
    if (op->code == KP_OK || op->code == KP_E_PENDING) {
        kp_client_success(op->client);
        op->tries = 0;
    }
    choose_delay(op);
    return event_of(op);
}

static bool time_for(const kp_op *op, uint64_t ms) {
    return !kp_is_stopping(op) && op->mono_ms + ms < op->deadline_ms;
}

/* What a submit needs behind it, so that its answer can be fetched. */
static uint64_t fetch_ms(const kp_op *op) {
    return op->kind == KP_SOLVE && !op->sync ? op->first_poll_ms + op->every_ms : 0;
}

bool kp_is_too_late(const kp_op *op) {
    return !time_for(op, fetch_ms(op));
}

bool kp_is_try_left(const kp_op *op) {
    const kp_error_row *row = kp_error_find(op->code);
    bool unsent = op->net != KP_NET_OK;
    return row->first_ms && (!unsent || op->tries < UNSENT_TRIES) && time_for(op, op->delay_ms + fetch_ms(op));
}

/* Whoever waits for a paid task goes on until its time is over; a single question is asked three times at most. */
bool kp_is_poll_left(const kp_op *op) {
    const kp_error_row *row = kp_error_find(op->code);
    if (!row->first_ms && op->code != KP_E_TIMEOUT)
        return false;
    return time_for(op, op->delay_ms) &&
           (kp_op_waits(op) || (op->tries < READ_TRIES && kp_client_may_retry(op->client)));
}

void kp_do_back_off(kp_op *op) {
    op->when_ms = kp_op_in(op, op->delay_ms);
    if (!kp_op_waits(op) && !kp_op_is_paid(op))
        kp_client_retry(op->client);
}

void kp_do_poll_later(kp_op *op) {
    op->when_ms = kp_op_in(op, op->retry_after_ms > op->every_ms ? op->retry_after_ms : op->every_ms);
}
