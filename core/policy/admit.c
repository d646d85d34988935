/* admit.c: does the store verbs over a map: GET, PUT, MARK, LOOK, ADMIT, SETTLE. */
#include "policy/admit.h"

#include <stdbool.h>
#include <string.h>

#include "policy/admit_item.h"
#include "policy/admit_mark.h"
#include "policy/admit_record.h"

enum { VALUE_MOST = 4096, ITEMS_MOST = 256 };

static const int64_t clock_most_ms = 253402300799999; /* the end of the year 9999 */

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

/* ---- LOOK and ADMIT ---- */

/* The items of this verb, from the first-th argument on, each looked at: 0; -1 when that failed; -2 when it is bad,
   which the reply then says. */
static int look_at_all(kp_verb *v, size_t first, int64_t wait, kp_item *items, size_t *count) {
    const char *wrong = kp_items_read(v, first, items, count);
    if (!wrong && *count > ITEMS_MOST)
        wrong = "there are too many items";
    for (size_t i = 0; !wrong && i < *count; i++)
        if (kp_item_look(v, items, i, wait, &wrong))
            return -1;
    if (!wrong)
        return 0;
    bad(v, wrong);
    return -2;
}

static kp_item *make_items(const kp_verb *v, size_t first) {
    return kp_zalloc((v->count - first) / 2 + 1, sizeof(kp_item));
}

static int do_look(kp_verb *v) {
    size_t count = 0;
    kp_item *items = make_items(v, 1);
    int result = items ? look_at_all(v, 1, 0, items, &count) : -1;
    if (result == 0)
        ok(v);
    for (size_t i = 0; result == 0 && i < count; i++) {
        add_number(v->reply, items[i].used);
        kp_buf_char(v->reply, ':');
        kp_buf_i64(v->reply, items[i].start);
    }
    kp_items_free(items, count);
    return result == -1 ? -1 : 0;
}

static int refuse(kp_verb *v, const kp_item *it, size_t index) {
    kp_buf_str(v->reply, "no");
    add_number(v->reply, v->now_ms);
    kp_buf_char(v->reply, ' ');
    kp_buf_str(v->reply, kp_item_word(it->kind));
    add_number(v->reply, (int64_t)index);
    add_number(v->reply, it->kind == KP_ITEM_RATE ? 0 : it->left);
    add_number(v->reply, it->start);
    return 0;
}

/* The later of the moments at which the rates let it begin; 0: now. */
static int64_t start_of(const kp_verb *v, const kp_item *items, size_t count) {
    int64_t start = 0;
    for (size_t i = 0; i < count; i++)
        if (items[i].kind == KP_ITEM_RATE && !items[i].soft && items[i].start > v->now_ms && items[i].start > start)
            start = items[i].start;
    return start;
}

/* What is counted now; of a soft rate without room that it is full. */
static void add_count(kp_verb *v, const kp_item *it) {
    if (it->kind == KP_ITEM_RATE && !it->takes)
        kp_buf_str(v->reply, " full");
    else
        add_number(v->reply, it->sum ? kp_sum_total(it->sum) : it->used + 1);
}

static int take_all(kp_verb *v, const kp_item *items, size_t count) {
    int64_t start = start_of(v, items, count);
    kp_buf record;
    kp_buf_init(&record, NULL);
    int result = 0;
    for (size_t i = 0; result == 0 && i < count; i++)
        result = kp_item_take(v, &items[i], &record);
    if (result == 0 && !record.failed)
        result = kp_record_open(v, v->args[1], start, &record);
    result = record.failed ? -1 : result;
    kp_buf_free(&record);
    ok_start(v, start);
    for (size_t i = 0; i < count; i++)
        if (items[i].kind == KP_ITEM_BUDGET || items[i].soft)
            add_count(v, &items[i]);
    return result;
}

/* The item whose time comes last is the one to tell: coming back then can succeed. */
static int decide(kp_verb *v, const kp_item *items, size_t count) {
    size_t refusing = count;
    for (size_t i = 0; i < count; i++)
        if (items[i].refuses && (refusing == count || items[i].start > items[refusing].start))
            refusing = i;
    return refusing < count ? refuse(v, &items[refusing], refusing) : take_all(v, items, count);
}

static const char damaged[] = "the record of this id is damaged";

static int do_admit(kp_verb *v, kp_record *r) {
    int64_t wait = 0;
    if (v->count < 3 || !kp_arg_name(v->args[1]))
        return bad(v, "ADMIT needs an id without blanks and a time to wait");
    if (!kp_arg_number(v->args[2], 0, KP_SPAN_MOST_MS, &wait))
        return bad(v, "the time to wait is no number of ms from 0 to 100 years");
    int there = kp_record_read(v, v->args[1], r);
    if (there < 0)
        return there == -1 ? -1 : bad(v, damaged);
    if (there > 0)
        return ok_start(v, r->start);
    size_t count = 0;
    kp_item *items = make_items(v, 3);
    int result = items ? look_at_all(v, 3, wait, items, &count) : -1;
    if (result == 0)
        result = decide(v, items, count);
    kp_items_free(items, count);
    return result == -1 ? -1 : 0;
}

/* ---- SETTLE ---- */

static int do_settle(kp_verb *v, kp_record *r) {
    bool back = v->count == 3 && kp_arg_is(v->args[2], "0");
    if (v->count != 3 || !kp_arg_name(v->args[1]) || (!back && !kp_arg_is(v->args[2], "-")))
        return bad(v, "SETTLE needs an id without blanks and 0 or -");
    int there = kp_record_read(v, v->args[1], r);
    if (there < 0)
        return there == -1 ? -1 : bad(v, damaged);
    if (there > 0 && r->open && kp_record_settle(v, v->args[1], r, back))
        return -1;
    return ok(v);
}

static int do_verb(kp_verb *v, kp_record *r) {
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
    if (kp_arg_is(v->args[0], "LOOK"))
        return do_look(v);
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
    kp_record r = {.open = false};
    kp_buf_clear(reply);
    int result = do_verb(&v, &r);
    kp_buf_free(&v.name);
    kp_buf_free(&v.value);
    kp_buf_free(&r.text);
    return reply->failed ? -1 : result;
}
