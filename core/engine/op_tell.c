/* op_tell.c: KP_TELL: which place of each member won and why the others did not, as JSON without a value; the events
 * that wait. */
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "engine/moves.h"
#include "engine/op.h"
#include "policy/admit_mark.h"
#include "safe/known.h"

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

/* ---- what=keys ---- */

/* The words of a reply of the store, one after the other. */
typedef struct word {
    const char *text;
    size_t len;
} word;

static word next_word(const char **at) {
    *at += strspn(*at, " ");
    word w = {*at, strcspn(*at, " ")};
    *at += w.len;
    return w;
}

static bool is_there(word w) {
    return w.len > 0 && !kp_same_n(w.text, w.len, "-");
}

/* What the store says of one value. */
typedef struct facts {
    bool known; /* the store could be asked */
    int64_t now;
    bool cooling, good, revoked;
    int64_t revoked_ms; /* 0: not known */
    word used;          /* marks */
} facts;

/* What the marks of the hosts say of a value. */
typedef struct uses {
    size_t hosts;
    int64_t last;
    bool damaged;
} uses;

/* Of a key that was given for this operation alone. */
static bool is_candidate(const kp_op *op) {
    return op->ring != &op->client->ring;
}

static const char *state_of(const kp_op *op, const kp_told *told, const facts *f) {
    int64_t last = op->ring->members.list[told->member].not_after_ms;
    if (!told->there && told->role != KP_TOLD_ELSEWHERE)
        return "absent";
    if (f->revoked)
        return "revoked";
    if (kp_expiry_of(last, op->unix_ms) == KP_EXPIRY_PAST && told->role != KP_TOLD_ELSEWHERE)
        return "expired";
    if (told->role == KP_TOLD_BEFORE)
        return "previous";
    if (told->role == KP_TOLD_ELSEWHERE)
        return op->told_first_ms > 0 && told->first_seen_ms > op->told_first_ms ? "pending" : "previous";
    if (!f->known)
        return "unknown";
    if (f->cooling || !f->good || told->role != KP_TOLD_NOW)
        return f->cooling ? "cooling" : "pending";
    return is_candidate(op) ? "candidate" : "current";
}

static void add_time(kp_buf *out, const char *name, int64_t unix_ms) {
    kp_buf_fmt(out, ",\"%s\":", name);
    if (unix_ms <= 0 || unix_ms == KP_NO_EXPIRY) {
        kp_buf_str(out, "null");
        return;
    }
    kp_buf_char(out, '"');
    kp_add_rfc3339(out, unix_ms);
    kp_buf_char(out, '"');
}

/* The hosts, the one that used it last first. */
static uses add_hosts(kp_buf *out, word used) {
    kp_mark marks[KP_MARKS_MOST];
    bool whole = true;
    uses u = {.hosts = 0};
    int64_t when = 0;
    size_t count = is_there(used) ? kp_mark_last((kp_arg){used.text, used.len}, marks, &whole) : 0;
    kp_buf_str(out, ",\"hosts\":[");
    while (count-- > 0) {
        if (!kp_parse_i64(marks[count].value.text, marks[count].value.len, &when)) {
            whole = false;
            continue;
        }
        kp_buf_str(out, u.hosts++ ? ",{\"host\":" : "{\"host\":");
        kp_add_json(out, marks[count].field.text, marks[count].field.len);
        add_time(out, "last_used", when);
        kp_buf_char(out, '}');
        u.last = when > u.last ? when : u.last;
    }
    kp_buf_char(out, ']');
    u.damaged = !whole;
    return u;
}

/* Whether one of the members has the value, to use it. */
static bool is_in_use(const kp_op *op, const char *fingerprint) {
    for (size_t i = 0; i < op->told_count; i++) {
        const kp_told *told = &op->told[i];
        if (told->there && (told->role == KP_TOLD_NOW || told->role == KP_TOLD_NEXT) &&
            kp_same(told->fingerprint, fingerprint))
            return !is_candidate(op);
    }
    return false;
}

static void add_use(kp_buf *out, const uses *u, uint64_t since_ms, bool rested) {
    if (u->damaged)
        kp_buf_str(out, "what is known of its use is damaged");
    else if (u->hosts == 0)
        kp_buf_str(out, "no use of it is known in the last 30 days");
    else {
        kp_buf_str(out, rested ? "not used for " : "last used ");
        kp_add_duration(out, since_ms);
        kp_buf_fmt(out, "%s by %zu host%s%s", rested ? "" : " ago", u->hosts, u->hosts == 1 ? "" : "s",
                   u->hosts == KP_MARKS_MOST ? " or more" : "");
    }
}

/* Whether it can be deleted at the service, as far as those who share the store tell: it is not in use here, and nobody
   has used it for a day. Uses are told every ten minutes. Of a candidate nothing is told: the ring was not looked at.
   */
static void add_safety(const kp_op *op, kp_buf *out, const kp_told *told, const facts *f, const uses *u) {
    enum { DAY_MS = 86400000 };
    bool in_use = !f->revoked && is_in_use(op, told->fingerprint), candidate = is_candidate(op);
    uint64_t since = f->now > u->last ? (uint64_t)(f->now - u->last) : 0;
    bool rested = since >= DAY_MS;
    bool waits = f->known && !in_use && !u->damaged && !candidate, safe = waits && rested;
    kp_buf_str(out, ",\"safe_in\":");
    if (waits)
        kp_buf_fmt(out, "%llu", (unsigned long long)(safe ? 0 : (DAY_MS - since + 999) / 1000));
    else
        kp_buf_str(out, "null");
    kp_buf_fmt(out, ",\"safe_to_revoke\":%s,\"safety\":\"%s",
               candidate ? "null"
               : safe    ? "true"
                         : "false",
               candidate ? "it is a candidate; " : "");
    if (f->known)
        add_use(out, u, since, rested);
    else
        kp_buf_str(out, KP_NOT_ASKED);
    kp_buf_str(out, in_use ? "; it is in use here\"" : "\"");
}

static void add_age(const kp_op *op, kp_buf *out, int64_t first_seen) {
    static const char *const words[] = {"fresh", "warn", "old"};
    add_time(out, "first_seen", first_seen);
    if (first_seen > 0)
        kp_buf_fmt(out, ",\"age_days\":%lld,\"age\":\"%s\"", (long long)kp_age_days(first_seen, op->unix_ms),
                   words[kp_op_age(op, first_seen)]);
    else
        kp_buf_str(out, ",\"age_days\":null,\"age\":null");
}

static void add_value(kp_op *op, const kp_told *told, const facts *f) {
    const kp_member *member = &op->ring->members.list[told->member];
    bool first = told->role == KP_TOLD_NOW;
    kp_buf *out = &op->answer;
    kp_buf_str(out, out->len > 1 ? ",{" : "{");
    add_name(out, "name", member->name);
    kp_buf_char(out, ',');
    add_name(out, "masked", told->mask[0] ? told->mask : NULL);
    kp_buf_char(out, ',');
    add_name(out, "fingerprint", told->fingerprint[0] ? told->fingerprint : NULL);
    kp_buf_char(out, ',');
    add_name(out, "source", told->source);
    kp_buf_char(out, ',');
    add_name(out, "version", told->version);
    kp_buf_char(out, ',');
    add_name(out, "state", state_of(op, told, f));
    kp_buf_fmt(out, ",\"preferred\":%s", told->member == op->told_preferred ? "true" : "false");
    add_age(op, out, told->first_seen_ms);
    add_time(out, "expires", member->not_after_ms);
    add_time(out, "revoked", f->revoked_ms);
    uses u = add_hosts(out, f->used);
    add_time(out, "last_used", u.last);
    if (told->there || told->role == KP_TOLD_ELSEWHERE)
        add_safety(op, out, told, f, &u);
    else
        kp_buf_str(out, ",\"safe_in\":null,\"safe_to_revoke\":null,\"safety\":null");
    kp_buf_fmt(out, ",\"readable_by_others\":%s,\"default\":%s,\"from\":[", told->open ? "true" : "false",
               member->by_default ? "true" : "false");
    kp_buf_str(out, first && op->reports ? kp_buf_text(&op->reports[told->member]) : "");
    kp_buf_str(out, "]}");
}

/* The value of a member that is in use, by which others are newer or older. */
static void note_first(kp_op *op, size_t member) {
    for (size_t i = 0; i < op->told_count; i++)
        if (op->told[i].member == member && op->told[i].role == KP_TOLD_NOW)
            op->told_first_ms = op->told[i].first_seen_ms;
}

/* What a store of keys says of a version or a place could repeat a secret. */
void kp_op_mask_answer(kp_op *op) {
    kp_buf plain = op->answer;
    kp_buf_init(&op->answer, plain.from);
    kp_known_mask(&op->answer, kp_buf_text(&plain), plain.len);
    op->answer.failed = op->answer.failed || plain.failed;
    kp_buf_free(&plain);
}

/* Replies: of ask_states, then of ask_values. */
void kp_do_tell_states(kp_op *op) {
    const char *at = kp_buf_text(&op->former), *values = kp_buf_text(&op->text);
    int64_t now = 0;
    kp_op_collect_told(op);
    next_word(&at);
    word time = next_word(&at);
    bool known = kp_parse_i64(time.text, time.len, &now);
    next_word(&values);
    word second = next_word(&values);
    known = known && kp_parse_i64(second.text, second.len, &now);
    kp_buf_char(&op->answer, '[');
    for (size_t i = 0; i < op->told_count; i++) {
        const kp_told *told = &op->told[i];
        facts f = {.known = known, .now = now};
        word cool = next_word(&values), good = next_word(&values);
        f.used = next_word(&values);
        int64_t until = 0;
        f.cooling = is_there(cool) && kp_parse_i64(cool.text, cool.len, &until) && until > now;
        f.good = is_there(good);
        word revoked = next_word(&values);
        f.revoked = is_there(revoked);
        if (f.revoked)
            kp_parse_i64(revoked.text, revoked.len, &f.revoked_ms);
        note_first(op, told->member);
        if (told->role != KP_TOLD_ELSEWHERE || is_there(f.used))
            add_value(op, told, &f);
    }
    kp_buf_char(&op->answer, ']');
    op->has_answer = true;
    kp_op_mask_answer(op);
    if (op->answer.failed || !op->reports || !op->told)
        kp_op_fail(op, KP_E_MEMORY, "%s", "");
}
