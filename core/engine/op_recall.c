/* op_recall.c: what a place over HTTP, or a program, failed with is remembered for a while. A store that refuses is not
 * asked by every call with what it refuses: each login makes a token, and some stores lock out who is refused too
 * often. Whoever waited while another operation asked has its answer. Whoever asks for a look (KP_REFRESH, now,
 * key=REFERENCE) gets one.
 */
#include "base/when.h"
#include "engine/moves.h"
#include "engine/op.h"

enum { REFUSED_MS = 30000, REFUSED_MOST_MS = 300000, TOLD_MOST_MS = 300000, COUNT_MOST = 8, TIME_LEAST_MS = 10000 };

static bool wants_a_look(const kp_op *op) {
    return op->kind == KP_REFRESH || op->now || op->ring != &op->client->ring;
}

bool kp_is_refusal(int code) {
    return code == KP_E_SOURCE_REFUSED || code == KP_E_SOURCE_DELETED;
}

/* How long it is not asked again. */
static uint64_t rest_of(const kp_trouble *t, uint64_t told_ms) {
    if (!kp_is_refusal(t->code))
        return told_ms < TOLD_MOST_MS ? told_ms : TOLD_MOST_MS;
    uint64_t wait = (uint64_t)REFUSED_MS << (t->count - 1);
    return wait < REFUSED_MOST_MS ? wait : REFUSED_MOST_MS;
}

/* A look that was cancelled, or that had too little time to try again, says nothing of the place. */
static bool is_cut_short(const kp_op *op) {
    return !kp_is_refusal(op->finder.error) && (kp_is_stopping(op) || op->mono_ms + TIME_LEAST_MS > op->deadline_ms);
}

void kp_op_remember(kp_op *op, bool failed) {
    kp_trouble *t = &op->ring->slots[op->member].trouble;
    if (!failed || is_cut_short(op) || !kp_is_slow(op->ring->members.list[op->member].from[op->place].kind)) {
        kp_trouble_clear(t);
        return;
    }
    unsigned count = kp_is_refusal(op->finder.error) && t->count < COUNT_MOST ? t->count + 1 : t->count;
    char *note = kp_strdup(kp_buf_text(&op->finder.note));
    kp_trouble_clear(t);
    if (!note)
        return; /* then it is asked again */
    *t = (kp_trouble){.note = note, .code = op->finder.error, .place = op->place, .count = count, .at_ms = op->mono_ms};
    op->ask_again_ms = rest_of(t, op->ask_again_ms);
    t->until_ms = op->mono_ms + op->ask_again_ms;
}

/* Under the client's lock. */
static bool is_recalled(const kp_op *op, const kp_trouble *t) {
    if (!t->code || t->place != op->place || wants_a_look(op))
        return false;
    return op->mono_ms < t->until_ms || (op->state == KP_S_LOADING && op->start_ms < t->at_ms);
}

bool kp_op_recall(kp_op *op) {
    kp_finder *f = &op->finder;
    pthread_mutex_lock(&op->client->lock);
    const kp_trouble *t = &op->ring->slots[op->member].trouble;
    bool is = is_recalled(op, t);
    if (is) {
        op->ask_again_ms = t->until_ms > op->mono_ms ? t->until_ms - op->mono_ms : 0;
        f->state = KP_NOT_USABLE;
        f->error = t->code;
        kp_buf_clear(&f->note);
        kp_buf_str(&f->note, t->note);
    }
    if (op->ask_again_ms > 0 && is) {
        kp_buf_str(&f->note, "; that was ");
        kp_add_duration(&f->note, op->mono_ms - t->at_ms);
        kp_buf_str(&f->note, " ago, and it is asked again in ");
        kp_add_duration(&f->note, op->ask_again_ms);
    }
    pthread_mutex_unlock(&op->client->lock);
    return is;
}
