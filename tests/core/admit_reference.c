/* admit_reference.c: the store verbs by lists of grants. */
#include "admit_reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit_reference_sums.h"

reference *ref_new(void) {
    return calloc(1, sizeof(reference));
}

void ref_free(reference *r) {
    free(r);
}

void ref_begin(reference *r, bool calm) {
    r->calm = calm;
    memset(r->gate, 0, sizeof r->gate);
    memset(r->rate_us, 0, sizeof r->rate_us);
    for (int i = 0; i < REF_NAMES; i++)
        r->budget[i].count = r->slot[i].count = r->slot[i].doubts = 0;
    for (int i = 0; i < REF_IDS_MOST; i++)
        r->id[i].known = false;
}

void ref_gate(reference *r, int64_t now_ms, int name, int64_t opens_ms, int64_t expires_ms) {
    (void)now_ms;
    r->gate[name].opens_ms = opens_ms;
    r->gate[name].expires_ms = expires_ms;
}

/* ---- Looking at the items of an ask ---- */

/* What is known of one item: values from least to most. */
typedef struct {
    bool surely_takes, may_take, surely_refuses, may_refuse;
    int64_t used_least, used_most, retry_least, retry_most;
    int64_t count_least, count_most; /* with what it takes */
} view;

/* What earlier items of the same ask take. */
typedef struct {
    int64_t rate_us[REF_NAMES], added[REF_NAMES], slot_least[REF_NAMES], slot_most[REF_NAMES], slot_ends[REF_NAMES];
} earlier;

static view view_of_gate(const reference *r, const ref_item *it, int64_t now_ms) {
    int64_t opens = r->gate[it->name].expires_ms > now_ms ? r->gate[it->name].opens_ms : 0;
    bool shut = opens > now_ms;
    return (view){.surely_refuses = shut,
                  .may_refuse = shut,
                  .used_least = shut,
                  .used_most = shut,
                  .retry_least = opens,
                  .retry_most = opens};
}

static view view_of_rate(const ref_item *it, earlier *e, int64_t now_ms, int64_t wait_ms) {
    int64_t now_us = now_ms * 1000, *booked = &e->rate_us[it->name];
    int64_t used = *booked > now_us ? ceil_div(*booked - now_us, it->period_us) : 0;
    /* There is room as soon as no more than burst - 1 are still booked. */
    int64_t start = larger(now_ms, ceil_div(*booked - (it->burst - 1) * it->period_us, 1000));
    bool room = start <= now_ms + wait_ms;
    if (room)
        *booked = larger(*booked, now_us) + it->period_us;
    return (view){room, room, !room && !it->soft, !room && !it->soft, used, used, start, start, used + 1, used + 1};
}

static view view_of_budget(reference *r, const ref_item *it, earlier *e, int64_t now_ms) {
    budget *b = &r->budget[it->name];
    look_at_budget(b, it, now_ms);
    int64_t before = e->added[it->name], used = spent(b, it, now_ms) + before;
    bool room = used + it->add <= it->limit, takes = room || it->soft;
    int64_t retry = room_at(b, it, before, now_ms);
    if (takes)
        e->added[it->name] += it->add;
    int64_t after = takes ? used + it->add : used;
    return (view){takes, takes, !takes, !takes, used, used, retry, retry, after, after};
}

static view view_of_slot(reference *r, const ref_item *it, earlier *e, int64_t now_ms) {
    slots *s = &r->slot[it->name];
    look_at_slots(s, now_ms);
    view v = {.retry_most = now_ms + second_ms};
    slots_taken(s, now_ms, &v.used_least, &v.used_most);
    v.used_least += e->slot_least[it->name];
    v.used_most += e->slot_most[it->name];
    v.retry_least = slot_ends_least(s, now_ms);
    if (e->slot_most[it->name])
        v.retry_least = smaller(v.retry_least, larger(e->slot_ends[it->name], now_ms + 1));
    v.surely_takes = it->soft || v.used_most < it->limit;
    v.may_take = it->soft || v.used_least < it->limit;
    v.surely_refuses = !v.may_take;
    v.may_refuse = !v.surely_takes;
    if (v.may_take && (!e->slot_most[it->name] || now_ms + it->ttl_ms < e->slot_ends[it->name]))
        e->slot_ends[it->name] = now_ms + it->ttl_ms;
    e->slot_least[it->name] += v.surely_takes;
    e->slot_most[it->name] += v.may_take;
    v.count_least = v.used_least + 1;
    v.count_most = v.used_most + 1;
    return v;
}

static void view_all(reference *r, int64_t now_ms, int64_t wait_ms, const ref_item *items, int count, view *views) {
    earlier e = {.added = {0}};
    memcpy(e.rate_us, r->rate_us, sizeof e.rate_us);
    for (int i = 0; i < count; i++)
        switch (items[i].kind) {
        case REF_GATE: views[i] = view_of_gate(r, &items[i], now_ms); break;
        case REF_RATE: views[i] = view_of_rate(&items[i], &e, now_ms, wait_ms); break;
        case REF_BUDGET: views[i] = view_of_budget(r, &items[i], &e, now_ms); break;
        case REF_SLOT: views[i] = view_of_slot(r, &items[i], &e, now_ms); break;
        }
}

/* ---- The verbs ---- */

static const char *wrong(reference *r, const char *what, int index, int64_t got, int64_t least, int64_t most) {
    snprintf(r->why, sizeof r->why, "item %d: %s is %lld, and should be %lld to %lld", index, what, (long long)got,
             (long long)least, (long long)most);
    return r->why;
}

static bool within(int64_t value, int64_t least, int64_t most) {
    return value >= least && value <= most;
}

/* The refusing item whose time comes last is told, the first of several. */
static const char *check_refusal(reference *r, const ref_item *items, const view *views, int count,
                                 const ref_reply *reply) {
    int at = reply->index;
    if (at < 0 || at >= count || items[at].kind != reply->kind || !views[at].may_refuse)
        return "it names an item that does not refuse";
    bool is_sum = items[at].kind == REF_BUDGET || items[at].kind == REF_SLOT;
    int64_t least = is_sum ? larger(items[at].limit - views[at].used_most, 0) : 0;
    int64_t most = is_sum ? larger(items[at].limit - views[at].used_least, 0) : 0;
    if (!within(reply->left, least, most))
        return wrong(r, "what is left", at, reply->left, least, most);
    if (!within(reply->retry, views[at].retry_least, views[at].retry_most))
        return wrong(r, "the time to come back", at, reply->retry, views[at].retry_least, views[at].retry_most);
    for (int i = 0; i < count; i++)
        if (views[i].surely_refuses && i != at && views[i].retry_least + (i < at) > reply->retry)
            return wrong(r, "the time of the one to be told", at, reply->retry, views[i].retry_least, INT64_MAX);
    return NULL;
}

static const char *check_grant(reference *r, int64_t now_ms, const ref_item *items, const view *views, int count,
                               const ref_reply *reply) {
    int64_t start = 0;
    int told = 0;
    for (int i = 0; i < count; i++) {
        if (views[i].surely_refuses)
            return wrong(r, "a refusing item's use", i, views[i].used_least, 0, items[i].limit);
        if (items[i].kind == REF_RATE && !items[i].soft && views[i].retry_least > now_ms)
            start = larger(start, views[i].retry_least);
        if (items[i].kind == REF_GATE || (items[i].kind != REF_BUDGET && !items[i].soft))
            continue;
        if (told >= reply->counts)
            return "a count is missing";
        bool full = items[i].kind == REF_RATE && !views[i].surely_takes;
        if (reply->count[told].full != full)
            return "a rate is told to be full, or not";
        if (!full && !within(reply->count[told].used, views[i].count_least, views[i].count_most))
            return wrong(r, "its count", i, reply->count[told].used, views[i].count_least, views[i].count_most);
        told++;
    }
    if (told != reply->counts)
        return "there are too many counts";
    return reply->start == start ? NULL : wrong(r, "the start", -1, reply->start, start, start);
}

static void take(reference *r, int64_t now_ms, int number, const ref_item *items, const view *views, int count,
                 int64_t start) {
    admission *id = &r->id[number];
    *id = (admission){.known = true, .open = true, .start = start};
    for (int i = 0; i < count; i++) {
        const ref_item *it = &items[i];
        if (it->kind == REF_GATE || (it->kind == REF_RATE && !views[i].surely_takes))
            continue;
        if (it->kind == REF_RATE)
            r->rate_us[it->name] = larger(r->rate_us[it->name], now_ms * 1000) + it->period_us;
        else if (it->kind == REF_BUDGET)
            id->took[id->count].when = spend(&r->budget[it->name], it, now_ms);
        else
            take_slot(&r->slot[it->name], it, number, now_ms);
        id->took[id->count++].item = *it;
    }
    id->kept_until = now_ms + (id->count ? 48 * hour_ms : hour_ms);
}

const char *ref_admit(reference *r, int64_t now_ms, int64_t wait_ms, int id, const ref_item *items, int count,
                      const ref_reply *reply) {
    view views[REF_ITEMS_MOST];
    if (r->id[id].known && now_ms < r->id[id].kept_until) {
        bool same = reply->granted && reply->start == r->id[id].start && reply->counts == 0;
        return same ? NULL : "an id that was admitted gets another answer";
    }
    view_all(r, now_ms, wait_ms, items, count, views);
    if (!reply->granted) {
        for (int i = 0; i < count; i++)
            if (views[i].may_refuse)
                return check_refusal(r, items, views, count, reply);
        return "it is refused, and nothing refuses";
    }
    const char *why = check_grant(r, now_ms, items, views, count, reply);
    if (!why)
        take(r, now_ms, id, items, views, count, reply->start);
    return why;
}

const char *ref_look(reference *r, int64_t now_ms, const ref_item *items, int count, const ref_reply *reply) {
    view v = {.may_take = false};
    if (reply->counts != count)
        return "there are more or less items than were asked for";
    for (int i = 0; i < count; i++) {
        view_all(r, now_ms, 0, &items[i], 1, &v);
        if (!within(reply->count[i].used, v.used_least, v.used_most))
            return wrong(r, "what is used", i, reply->count[i].used, v.used_least, v.used_most);
        if (!within(reply->count[i].retry, v.retry_least, v.retry_most))
            return wrong(r, "when there is room", i, reply->count[i].retry, v.retry_least, v.retry_most);
    }
    return NULL;
}

void ref_settle(reference *r, int64_t now_ms, int number, bool back) {
    admission *id = &r->id[number];
    if (!id->known || !id->open || now_ms >= id->kept_until)
        return;
    for (int i = 0; i < id->count; i++) {
        const ref_item *it = &id->took[i].item;
        int64_t *booked = &r->rate_us[it->name];
        if (it->kind == REF_SLOT)
            give_back_slot(r, &r->slot[it->name], number, now_ms);
        else if (it->kind == REF_BUDGET && back)
            give_back_spent(&r->budget[it->name], id->took[i].when, it->add, now_ms);
        else if (it->kind == REF_RATE && back && *booked > now_ms * 1000)
            *booked = *booked - it->period_us > now_ms * 1000 ? *booked - it->period_us : 0;
    }
    id->open = false;
    id->kept_until = now_ms + (id->count ? 48 * hour_ms : hour_ms);
}
