/* admit_record.c: keeps what an id took, and gives it back. */
#include "policy/admit_record.h"

#include <string.h>

#include "policy/admit_budget.h"
#include "policy/admit_rate.h"
#include "policy/admit_slot.h"

static const char id_kind[] = "id";
static const int64_t keep_ms = 48 * 3600000LL, keep_empty_ms = 3600000LL;

/* The next word of text, from *at on; empty at its end. */
static kp_arg next_word(const kp_buf *text, size_t *at) {
    const char *from = kp_buf_text(text) + *at;
    size_t len = strcspn(from, " ");
    *at += len + (from[len] == ' ');
    return (kp_arg){from, len};
}

int kp_record_read(kp_verb *v, kp_arg id, kp_record *r) {
    int there = kp_map_get(v, kp_map_name(v, id_kind, id));
    if (there <= 0)
        return there;
    kp_buf_add(&r->text, v->value.data, v->value.len);
    if (r->text.failed)
        return -1;
    kp_arg state = next_word(&r->text, &r->at);
    r->open = kp_arg_is(state, "open");
    bool sound = r->open || kp_arg_is(state, "done");
    return sound && kp_arg_number(next_word(&r->text, &r->at), 0, INT64_MAX, &r->start) ? 1 : -2;
}

/* The record of an id that took something is worth its room. */
static int put(kp_verb *v, kp_arg id, bool took) {
    return kp_map_put(v, kp_map_name(v, id_kind, id), v->now_ms + (took ? keep_ms : keep_empty_ms));
}

static void begin(kp_verb *v, const char *state, int64_t start) {
    kp_buf_clear(&v->value);
    kp_buf_str(&v->value, state);
    kp_buf_char(&v->value, ' ');
    kp_buf_i64(&v->value, start);
}

int kp_record_open(kp_verb *v, kp_arg id, int64_t start, const kp_buf *taken) {
    begin(v, "open", start);
    kp_buf_add(&v->value, taken->data, taken->len);
    return put(v, id, taken->len > 0);
}

static int give_back_rate(kp_verb *v, kp_arg name, int64_t period) {
    int64_t time_us = 0;
    int there = kp_rate_read(v, name, &time_us);
    if (there == 1 && time_us > v->now_ms * 1000)
        return kp_rate_write(v, name, time_us - period);
    return there == -1 ? -1 : 0;
}

/* The next thing that was taken, and gives it back: 1; the list is over, or cannot be read on: 0; failed: -1. What
   cannot be read stays charged. */
static int give_back_next(kp_verb *v, kp_record *r, bool back) {
    kp_arg kind = next_word(&r->text, &r->at), name = next_word(&r->text, &r->at);
    kp_arg first = next_word(&r->text, &r->at);
    int64_t number = 0, key = 0;
    if (!kp_arg_name(name) || !kp_arg_number(first, -1, KP_SPAN_MOST_US, &number))
        return 0;
    if (kp_arg_is(kind, "rate"))
        return number < 1 ? 0 : back && give_back_rate(v, name, number) ? -1 : 1;
    if (kp_arg_is(kind, "slot"))
        return kp_slot_give_back(v, name, number) ? -1 : 1;
    if (!kp_arg_is(kind, "budget") || number < 0 ||
        !kp_arg_number(next_word(&r->text, &r->at), -1, KP_SPAN_MOST_MS, &key))
        return 0;
    return back && kp_budget_give_back(v, name, key, number) ? -1 : 1;
}

int kp_record_settle(kp_verb *v, kp_arg id, kp_record *r, bool back) {
    bool took = r->at < r->text.len;
    int more = 1;
    while (more == 1 && r->at < r->text.len)
        more = give_back_next(v, r, back);
    if (more < 0)
        return -1;
    begin(v, "done", r->start);
    return put(v, id, took);
}
