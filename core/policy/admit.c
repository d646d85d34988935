/* admit.c: does the store verbs over a map: GET, PUT, MARK, ADMIT, SETTLE. */
#include "policy/admit.h"

#include <stdbool.h>
#include <string.h>

#include "policy/admit_map.h"
#include "policy/admit_mark.h"
#include "policy/admit_rate.h"

/* The record of an id: "open START {rate NAME PERIOD}..." with what it took, "done START" once it is settled. */
static const char id_kind[] = "id";

enum { VALUE_MOST = 4096, ITEMS_MOST = 256 };

static const int64_t clock_most_ms = 253402300799999; /* the end of the year 9999 */
static const int64_t keep_ms = 48 * 3600000LL, keep_empty_ms = 3600000LL;

static int bad(kp_verb *v, const char *reason) {
    kp_buf_clear(v->reply);
    kp_buf_str(v->reply, "bad ");
    kp_buf_str(v->reply, reason);
    return 0;
}

static void add_number(kp_buf *out, int64_t number) {
    kp_buf_char(out, ' ');
    kp_buf_i64(out, number);
}

static int ok(kp_verb *v) {
    kp_buf_str(v->reply, "ok");
    add_number(v->reply, v->now_ms);
    return 0;
}

static int ok_start(kp_verb *v, int64_t start) {
    ok(v);
    add_number(v->reply, start);
    return 0;
}

/* ---- GET and PUT ---- */

static const char wrong_name[] = "a name is empty, too long or has a blank in it";

static int do_get(kp_verb *v) {
    if (v->count < 2)
        return bad(v, "GET needs a name");
    for (size_t i = 1; i < v->count; i++)
        if (!kp_arg_name(v->args[i]))
            return bad(v, wrong_name);
    ok(v);
    for (size_t i = 1; i < v->count; i++) {
        kp_buf_char(v->reply, ' ');
        int there = v->kv->get(v->kv->self, v->args[i], v->now_ms, v->reply);
        if (there < 0)
            return -1;
        if (there == 0)
            kp_buf_char(v->reply, '-');
    }
    return 0;
}

/* Reads one {name value ttl_ms}; the value goes to v->value. NULL, or what is wrong. */
static const char *read_put(kp_verb *v, const kp_arg *args, int64_t *ttl) {
    int64_t ahead = 0;
    if (!kp_arg_name(args[0]))
        return wrong_name;
    if (!kp_arg_number(args[2], 0, KP_SPAN_MOST_MS, ttl))
        return "a ttl is no number of ms from 0 to 100 years";
    kp_buf_clear(&v->value);
    if (*ttl == 0)
        return NULL;
    if (!kp_arg_word(args[1], VALUE_MOST) || kp_arg_is(args[1], "-"))
        return "a value is empty, too long, a dash or has a blank in it";
    if (args[1].text[0] != '+')
        kp_buf_add(&v->value, args[1].text, args[1].len);
    else if (kp_arg_number((kp_arg){args[1].text + 1, args[1].len - 1}, 0, KP_SPAN_MOST_MS, &ahead))
        kp_buf_i64(&v->value, v->now_ms + ahead);
    else
        return "a value that begins with + is no number of ms from 0 to 100 years";
    return NULL;
}

static int do_put(kp_verb *v) {
    int64_t ttl = 0;
    if (v->count < 4 || v->count % 3 != 1)
        return bad(v, "PUT needs name, value and ttl of each");
    for (size_t i = 1; i < v->count; i += 3) {
        const char *wrong = read_put(v, v->args + i, &ttl);
        if (wrong)
            return bad(v, wrong);
    }
    for (size_t i = 1; i < v->count; i += 3) {
        read_put(v, v->args + i, &ttl);
        int failed = ttl == 0 ? kp_map_drop(v, v->args[i]) : kp_map_put(v, v->args[i], v->now_ms + ttl);
        if (failed)
            return -1;
    }
    return ok(v);
}

/* ---- MARK ---- */

static int do_mark(kp_verb *v) {
    kp_mark mark;
    if (v->count < 5 || v->count % 4 != 1)
        return bad(v, "MARK needs name, field, value and ttl of each");
    for (size_t i = 1; i < v->count; i += 4) {
        const char *wrong = kp_arg_name(v->args[i]) ? kp_mark_parse(v->args + i + 1, &mark) : wrong_name;
        if (wrong)
            return bad(v, wrong);
    }
    for (size_t i = 1; i < v->count; i += 4) {
        kp_mark_parse(v->args + i + 1, &mark);
        if (kp_mark_write(v, v->args[i], mark))
            return -1;
    }
    return ok(v);
}

/* ---- ADMIT ---- */

typedef struct {
    bool is_rate;
    bool soft;
    bool takes;
    kp_arg name;
    kp_rate rate;
    int64_t time_us; /* of the rate: stored, then with what this item takes */
} item;

/* Reads the items. NULL, or what is wrong. */
static const char *read_items(const kp_verb *v, item *items, size_t *count) {
    size_t n = 0;
    for (size_t i = 3; i < v->count; n++) {
        const kp_arg *at = v->args + i;
        item *it = &items[n];
        it->is_rate = kp_arg_is(at[0], "rate");
        size_t words = it->is_rate ? 5 : 2;
        if (!it->is_rate && !kp_arg_is(at[0], "gate"))
            return "there is no such kind of item";
        if (v->count - i < words)
            return "an item is incomplete";
        if (!kp_arg_name(at[1]))
            return wrong_name;
        it->name = at[1];
        i += words;
        if (!it->is_rate)
            continue;
        const char *wrong = kp_rate_parse(at[2], at[3], &it->rate);
        if (wrong)
            return wrong;
        it->soft = kp_arg_is(at[4], "1");
        if (!it->soft && !kp_arg_is(at[4], "0"))
            return "soft is neither 0 nor 1";
    }
    *count = n;
    return NULL;
}

typedef struct {
    const char *kind; /* NULL: nothing refused */
    size_t index;
    int64_t retry;
    int64_t start;
    const char *wrong;
} decision;

/* The item whose time comes last is the one to tell: coming back then can succeed. */
static void refuse(decision *d, const char *kind, size_t i, int64_t retry) {
    if (d->kind && retry <= d->retry)
        return;
    d->kind = kind;
    d->index = i;
    d->retry = retry;
}

static int look_at_gate(kp_verb *v, const item *items, size_t i, decision *d) {
    int64_t until = 0;
    int there = kp_map_get(v, items[i].name);
    if (there < 0)
        return -1;
    if (there > 0 && !kp_arg_number(kp_arg_of(&v->value), 0, INT64_MAX, &until))
        d->wrong = "a gate's value is no time";
    if (until > v->now_ms)
        refuse(d, "gate", i, until);
    return 0;
}

/* The item before i that is the same rate: it has taken its part already. */
static const item *same_rate(const item *items, size_t i) {
    kp_arg name = items[i].name;
    while (i-- > 0)
        if (items[i].is_rate && items[i].name.len == name.len && memcmp(items[i].name.text, name.text, name.len) == 0)
            return &items[i];
    return NULL;
}

/* A soft rate without room takes nothing, like a hard one that refuses, so that it can be made hard at any time. */
static int look_at_rate(kp_verb *v, item *items, size_t i, int64_t wait, decision *d) {
    item *it = &items[i];
    const item *same = same_rate(items, i);
    int there = same ? 1 : kp_rate_read(v, it->name, &it->time_us);
    if (there == -1)
        return -1;
    if (there == -2)
        d->wrong = "a stored rate is damaged";
    if (same)
        it->time_us = same->time_us;
    int64_t start = kp_rate_start(it->rate, it->time_us, v->now_ms);
    it->takes = start <= v->now_ms + wait;
    if (it->takes)
        it->time_us = kp_rate_take(it->rate, it->time_us, v->now_ms);
    if (it->soft)
        return 0;
    if (!it->takes)
        refuse(d, "rate", i, start);
    else if (start > v->now_ms && start > d->start)
        d->start = start;
    return 0;
}

/* The record of an id that took something is worth its room. */
static int put_record(kp_verb *v, bool took) {
    return kp_map_put(v, kp_map_name(v, id_kind, v->args[1]), v->now_ms + (took ? keep_ms : keep_empty_ms));
}

static int take_all(kp_verb *v, const item *items, size_t count, int64_t start) {
    for (size_t i = 0; i < count; i++)
        if (items[i].takes && kp_rate_write(v, items[i].name, items[i].time_us))
            return -1;
    kp_buf_clear(&v->value);
    kp_buf_str(&v->value, "open");
    add_number(&v->value, start);
    bool took = false;
    for (size_t i = 0; i < count; i++) {
        if (!items[i].takes)
            continue;
        took = true;
        kp_buf_str(&v->value, " rate ");
        kp_buf_add(&v->value, items[i].name.text, items[i].name.len);
        add_number(&v->value, items[i].rate.period_us);
    }
    return put_record(v, took) ? -1 : ok_start(v, start);
}

static int decide(kp_verb *v, item *items, int64_t wait) {
    size_t count = 0;
    decision d = {.wrong = read_items(v, items, &count)};
    for (size_t i = 0; i < count; i++)
        if (items[i].is_rate ? look_at_rate(v, items, i, wait, &d) : look_at_gate(v, items, i, &d))
            return -1;
    if (d.wrong)
        return bad(v, d.wrong);
    if (!d.kind)
        return take_all(v, items, count, d.start);
    kp_buf_str(v->reply, "no");
    add_number(v->reply, v->now_ms);
    kp_buf_char(v->reply, ' ');
    kp_buf_str(v->reply, d.kind);
    add_number(v->reply, (int64_t)d.index);
    add_number(v->reply, 0);
    add_number(v->reply, d.retry);
    return 0;
}

/* The next word of text, from *at on; empty at its end. */
static kp_arg next_word(const kp_buf *text, size_t *at) {
    const char *from = kp_buf_text(text) + *at;
    size_t len = strcspn(from, " ");
    *at += len + (from[len] == ' ');
    return (kp_arg){from, len};
}

typedef struct {
    kp_buf text;
    size_t at; /* where the list of what was taken begins */
    bool open;
    int64_t start;
} record;

/* 1; there is none: 0; failed: -1; damaged: -2. */
static int read_record(kp_verb *v, kp_arg id, record *r) {
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

static const char damaged[] = "the record of this id is damaged";

static int do_admit(kp_verb *v, record *r) {
    int64_t wait = 0;
    if (v->count < 3 || !kp_arg_name(v->args[1]))
        return bad(v, "ADMIT needs an id without blanks and a time to wait");
    if (!kp_arg_number(v->args[2], 0, KP_SPAN_MOST_MS, &wait))
        return bad(v, "the time to wait is no number of ms from 0 to 100 years");
    if (v->count > 3 + 5 * ITEMS_MOST)
        return bad(v, "there are too many items");
    int there = read_record(v, v->args[1], r);
    if (there < 0)
        return there == -1 ? -1 : bad(v, damaged);
    if (there > 0)
        return ok_start(v, r->start);
    item *items = kp_zalloc((v->count - 3) / 2 + 1, sizeof *items);
    int result = items ? decide(v, items, wait) : -1;
    kp_free(items);
    return result;
}

/* ---- SETTLE ---- */

/* What cannot be read stays charged. */
static int give_back(kp_verb *v, record *r) {
    while (r->at < r->text.len) {
        kp_arg kind = next_word(&r->text, &r->at);
        kp_arg name = next_word(&r->text, &r->at);
        int64_t period = 0, time_us = 0;
        if (!kp_arg_number(next_word(&r->text, &r->at), 1, KP_SPAN_MOST_US, &period) || !kp_arg_is(kind, "rate"))
            return 0;
        int there = kp_rate_read(v, name, &time_us);
        if (there == -1)
            return -1;
        if (there == 1 && time_us > v->now_ms * 1000 && kp_rate_write(v, name, time_us - period))
            return -1;
    }
    return 0;
}

static int do_settle(kp_verb *v, record *r) {
    bool back = v->count == 3 && kp_arg_is(v->args[2], "0");
    if (v->count != 3 || !kp_arg_name(v->args[1]) || (!back && !kp_arg_is(v->args[2], "-")))
        return bad(v, "SETTLE needs an id without blanks and 0 or -");
    int there = read_record(v, v->args[1], r);
    if (there < 0)
        return there == -1 ? -1 : bad(v, damaged);
    if (there == 0 || !r->open)
        return ok(v);
    bool took = r->at < r->text.len;
    if (back && give_back(v, r))
        return -1;
    kp_buf_clear(&v->value);
    kp_buf_str(&v->value, "done");
    add_number(&v->value, r->start);
    return put_record(v, took) ? -1 : ok(v);
}

static int do_verb(kp_verb *v, record *r) {
    if (v->now_ms < 0 || v->now_ms > clock_most_ms)
        return bad(v, "the store's clock is out of range");
    if (!v->args || v->count == 0)
        return bad(v, "there is no verb");
    for (size_t i = 0; i < v->count; i++)
        if (!v->args[i].text)
            return bad(v, "an argument is missing");
    if (kp_arg_is(v->args[0], "GET"))
        return do_get(v);
    if (kp_arg_is(v->args[0], "PUT"))
        return do_put(v);
    if (kp_arg_is(v->args[0], "MARK"))
        return do_mark(v);
    if (kp_arg_is(v->args[0], "ADMIT"))
        return do_admit(v, r);
    if (kp_arg_is(v->args[0], "SETTLE"))
        return do_settle(v, r);
    return bad(v, "there is no such verb");
}

int kp_admit(const kp_kv *kv, int64_t now_ms, const kp_arg *args, size_t count, kp_buf *reply) {
    if (!kv || !reply)
        return -1;
    kp_verb v = {.kv = kv, .now_ms = now_ms, .args = args, .count = count, .reply = reply};
    record r = {.open = false};
    kp_buf_clear(reply);
    int result = do_verb(&v, &r);
    kp_buf_free(&v.name);
    kp_buf_free(&v.value);
    kp_buf_free(&r.text);
    return reply->failed ? -1 : result;
}
