/* op_fetch.c: gets a key from a store over HTTP: what there is to read and to call, and what it comes to. */
#include <string.h>

#include "base/text.h"
#include "engine/moves.h"
#include "engine/op.h"
#include "safe/arena.h"

/* A store that does not answer is asked three times. */
enum { FETCH_TRIES = 3, FETCH_WAIT_MS = 250, FETCH_WAIT_MOST_MS = 10000 };

bool kp_is_remote(kp_ref_kind kind) {
    return kind == KP_REF_VAULT || kind == KP_REF_AWS || kind == KP_REF_GCP;
}

bool kp_is_slow(kp_ref_kind kind) {
    return kp_is_remote(kind) || kind == KP_REF_EXEC;
}

bool kp_has_slow(const kp_member *member) {
    for (size_t i = 0; i < member->from_count; i++)
        if (kp_is_slow(member->from[i].kind))
            return true;
    return false;
}

/* One fetch at a time has the sessions of the client; another one that runs meanwhile logs in for itself. */
static bool take_sessions(kp_op *op) {
    if (op->sessions)
        return true;
    pthread_mutex_lock(&op->client->lock);
    op->sessions = op->client->sessions;
    op->client->sessions = NULL;
    pthread_mutex_unlock(&op->client->lock);
    if (!op->sessions)
        op->sessions = kp_sessions_new();
    return op->sessions != NULL;
}

static void give_sessions(kp_op *op) {
    kp_sessions *left = op->sessions;
    op->sessions = NULL;
    if (!left)
        return;
    pthread_mutex_lock(&op->client->lock);
    if (!op->client->sessions) {
        op->client->sessions = left;
        left = NULL;
    }
    pthread_mutex_unlock(&op->client->lock);
    kp_sessions_free(left);
}

void kp_op_start_fetch(kp_op *op) {
    if (!op->fetch)
        op->fetch = kp_fetch_new();
    op->fetching = op->fetch && take_sessions(op);
    if (!op->fetching)
        return;
    kp_fetch_start(op->fetch, &op->ring->members.list[op->member].from[op->place], op->sessions, op->fetch_want,
                   kp_config_value(op->client->config, KP_OPT_ALLOW_HTTP_HOSTS), op->mono_ms, op->unix_ms, op->random);
}

void kp_op_end_fetch(kp_op *op) {
    kp_fetch_free(op->fetch);
    op->fetch = NULL;
    op->fetching = false;
    give_sessions(op);
}

/* What came of it, told as the finder tells it. */
static void finish(kp_op *op) {
    kp_finder *f = &op->finder;
    size_t len = 0;
    const char *value = kp_fetch_value(op->fetch, &len);
    kp_fetched result = kp_fetch_result(op->fetch);
    kp_buf_clear(&f->note);
    kp_buf_str(&f->note, kp_fetch_note(op->fetch));
    f->open = kp_fetch_open(op->fetch);
    f->error = kp_fetch_error(op->fetch);
    f->state = result == KP_FETCH_ABSENT ? KP_NOT_THERE : KP_NOT_USABLE;
    op->ask_again_ms = kp_fetch_retry_after_ms(op->fetch);
    if (result != KP_FETCH_GOT)
        return;
    f->error = KP_E_INTERNAL;
    if (!value || len > KP_ROOM_SIZE)
        return;
    memcpy(op->room, value, len);
    f->key_at = 0;
    f->key_len = len;
    f->state = KP_THERE;
}

static bool may_try_again(kp_op *op) {
    uint64_t most = (uint64_t)FETCH_WAIT_MS << op->fetch_tries, told = kp_fetch_retry_after_ms(op->fetch);
    /* processes that met the same outage do not come back together */
    uint64_t wait = most / 2 + op->random % (most / 2 + 1);
    op->delay_ms = told > wait ? told : wait;
    return kp_fetch_may_pass(op->fetch) && op->fetch_tries + 1 < FETCH_TRIES && op->delay_ms <= FETCH_WAIT_MOST_MS &&
           op->mono_ms + op->delay_ms < op->deadline_ms && !kp_is_stopping(op);
}

kp_event kp_op_fetch_event(kp_op *op) {
    switch (kp_fetch_step(op->fetch)) {
    case KP_FETCH_READ: return KP_EV_MORE;
    case KP_FETCH_HTTP: return KP_EV_CALL;
    default: break;
    }
    if (kp_fetch_result(op->fetch) == KP_FETCH_FAILED && may_try_again(op))
        return KP_EV_TRANSIENT;
    op->fetching = false;
    op->fetch_tries = 0;
    finish(op);
    return kp_op_take_found(op);
}

void kp_do_fetch_later(kp_op *op) {
    op->fetch_tries++;
    op->when_ms = kp_op_in(op, op->delay_ms);
}

void kp_do_fetch_again(kp_op *op) {
    kp_op_start_fetch(op);
}

void kp_op_keep_lease(kp_op *op) {
    pthread_mutex_lock(&op->client->lock);
    if (op->client->loader == op)
        op->client->loader_until = op->deadline_ms + 1000;
    pthread_mutex_unlock(&op->client->lock);
}

void kp_op_build_fetch(kp_op *op) {
    kp_buf_clear(&op->body);
    op->http_status = 0;
    op->head_bytes = 0;
    op->too_big = false;
    op->framing = (kp_framing){.length = -1};
    op->retry_after_ms = 0;
    op->built = kp_fetch_request(op->fetch) != NULL;
    kp_op_keep_lease(op);
}

/* An answer that is no whole one is a connection that broke. */
void kp_op_end_fetch_call(kp_op *op) {
    bool whole = op->too_big || op->net != KP_NET_OK || (!op->body.failed && kp_op_answer_is_whole(op));
    kp_fetch_on_end(op->fetch, whole ? op->net : KP_NET_RESET, op->sent, op->http_status, op->retry_after_ms,
                    kp_buf_text(&op->body), op->too_big ? 0 : op->body.len, op->mono_ms, op->unix_ms);
    kp_buf_clear(&op->body);
}
