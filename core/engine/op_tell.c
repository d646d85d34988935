/* op_tell.c: KP_TELL: which place of each member won and why the others did not, as JSON without a value; the events
 * that wait. */
#include <string.h>

#include "base/text.h"
#include "engine/moves.h"
#include "engine/op.h"

bool kp_is_telling(const kp_op *op) {
    return op->kind == KP_TELL;
}

bool kp_is_telling_places(const kp_op *op) {
    return op->kind == KP_TELL && kp_same(kp_buf_text(&op->what), "places");
}

bool kp_is_telling_events(const kp_op *op) {
    return op->kind == KP_TELL && kp_same(kp_buf_text(&op->what), "events");
}

static void add_name(kp_buf *out, const char *name, const char *text) {
    kp_buf_fmt(out, "\"%s\":", name);
    if (text)
        kp_add_json(out, text, strlen(text));
    else
        kp_buf_str(out, "null");
}

static void add_place(kp_buf *out, const char *place, const char *outcome, const char *note) {
    kp_buf_str(out, out->len ? ",{" : "{");
    add_name(out, "place", place);
    kp_buf_char(out, ',');
    add_name(out, "outcome", outcome);
    kp_buf_char(out, ',');
    add_name(out, "note", note);
    kp_buf_char(out, '}');
}

void kp_op_tell_place(kp_op *op) {
    if (!op->reports)
        op->reports = kp_zalloc(op->ring->members.count, sizeof *op->reports);
    if (!op->reports)
        return;
    const kp_member *member = &op->ring->members.list[op->member];
    kp_buf *report = &op->reports[op->member];
    static const char *const outcomes[] = {"", "used", "absent", "unusable"};
    add_place(report, member->from[op->place].text, outcomes[op->finder.state], kp_buf_text(&op->finder.note));
    if (op->finder.state == KP_NOT_THERE)
        return;
    for (size_t i = op->place + 1; i < member->from_count; i++)
        add_place(report, member->from[i].text, "not looked at", "a place before it comes first");
}

void kp_do_tell_events(kp_op *op) {
    pthread_mutex_lock(&op->client->lock);
    kp_event_queue taken = kp_event_queue_take(&op->client->events);
    pthread_mutex_unlock(&op->client->lock);
    op->has_answer = true;
    if (kp_event_queue_tell(&taken, &op->answer))
        return;
    pthread_mutex_lock(&op->client->lock);
    kp_event_queue_put_back(&op->client->events, &taken);
    pthread_mutex_unlock(&op->client->lock);
    kp_op_fail(op, KP_E_MEMORY, "the events stay where they are");
}

/* Gates come as in kp_do_ask_states: the ban, then cool and good of each member. */
static const char *next_value(const char **at) {
    *at += strspn(*at, " ");
    const char *value = *at;
    *at += strcspn(*at, " ");
    return value;
}

static bool is_there(const char *value) {
    return value[0] && value[0] != '-';
}

static const char *state_of(const char **at, int64_t now, bool known) {
    const char *cool = next_value(at), *good = next_value(at);
    int64_t until = 0;
    if (!known)
        return "unknown";
    if (is_there(cool) && kp_parse_i64(cool, strcspn(cool, " "), &until) && until > now)
        return "cooling";
    return is_there(good) ? "current" : "pending";
}

static void add_member(kp_op *op, size_t i, const char *state) {
    const kp_key *key = &op->ring->slots[i].key[KP_NOW];
    bool there = key->cell != NULL;
    kp_buf *out = &op->answer;
    kp_buf_str(out, i ? ",{" : "{");
    add_name(out, "name", op->ring->members.list[i].name);
    kp_buf_char(out, ',');
    add_name(out, "masked", there ? key->mask : NULL);
    kp_buf_char(out, ',');
    add_name(out, "fingerprint", there ? key->fingerprint : NULL);
    kp_buf_char(out, ',');
    add_name(out, "source", there ? key->source : NULL);
    kp_buf_str(out, ",\"version\":null,");
    add_name(out, "state", there ? state : "absent");
    kp_buf_fmt(out, ",\"readable_by_others\":%s,\"default\":%s,\"from\":[", there && key->open ? "true" : "false",
               op->ring->members.list[i].by_default ? "true" : "false");
    kp_buf_str(out, op->reports ? kp_buf_text(&op->reports[i]) : "");
    kp_buf_str(out, "]}");
}

void kp_do_tell_states(kp_op *op) {
    const char *at = kp_buf_text(&op->text);
    int64_t now = 0;
    next_value(&at);
    const char *word = next_value(&at);
    bool known = kp_parse_i64(word, strcspn(word, " "), &now);
    next_value(&at);
    kp_buf_char(&op->answer, '[');
    pthread_mutex_lock(&op->client->lock);
    for (size_t i = 0; i < op->ring->members.count; i++)
        add_member(op, i, state_of(&at, now, known));
    pthread_mutex_unlock(&op->client->lock);
    kp_buf_char(&op->answer, ']');
    op->has_answer = true;
    if (op->answer.failed || !op->reports)
        kp_op_fail(op, KP_E_MEMORY, "%s", "");
}
