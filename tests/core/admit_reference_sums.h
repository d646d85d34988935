/* admit_reference_sums.h: what the reference of the store verbs keeps, and its budgets and slots. */
#ifndef KP_TESTS_ADMIT_REFERENCE_SUMS_H
#define KP_TESTS_ADMIT_REFERENCE_SUMS_H

#include <string.h>

#include "admit_reference.h"

static const int64_t second_ms = 1000, hour_ms = 3600000, half_hour_ms = 1800000, day_ms = 86400000, day_s = 86400;

/* What was spent, in a day or a half hour. */
typedef struct {
    int64_t when, amount;
} spending;

typedef struct {
    spending list[REF_GRANTS_MOST];
    int count;
    int64_t kept_until;
} budget;

/* A slot that was taken: it counts at least to least_ms, and no longer than most_ms. */
typedef struct {
    int64_t least_ms, most_ms;
    int id;       /* that may give it back; -1: none, its time was changed */
    bool certain; /* it was never looked at when its time may have been over */
} taken_slot;

typedef struct {
    taken_slot list[REF_GRANTS_MOST];
    int count;
    int doubts; /* slots that ids may have given back which had none any more */
} slots;

typedef struct {
    bool known, open;
    int64_t start, kept_until;
    int count;
    struct {
        ref_item item;
        int64_t when; /* of a budget */
    } took[REF_ITEMS_MOST];
} admission;

struct reference {
    bool calm;
    struct {
        int64_t opens_ms, expires_ms;
    } gate[REF_NAMES];
    int64_t rate_us[REF_NAMES]; /* until then it is booked */
    budget budget[REF_NAMES];
    slots slot[REF_NAMES];
    admission id[REF_IDS_MOST];
    char why[REF_WHY_SIZE];
};

static int64_t floor_div(int64_t a, int64_t b) {
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static int64_t ceil_div(int64_t a, int64_t b) {
    return a > 0 ? (a + b - 1) / b : -(-a / b);
}

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* A place in a list; a test that needs more is wrong. */
static int room_for(int count) {
    if (count >= REF_GRANTS_MOST)
        abort();
    return count;
}

/* ---- Budgets ---- */

static int64_t when_is(const ref_item *it, int64_t now_ms) {
    return it->rolling ? now_ms / half_hour_ms : floor_div(floor_div(now_ms, 1000) + it->zone_s, day_s);
}

static bool is_over(const ref_item *it, int64_t when, int64_t now_ms) {
    return it->rolling ? now_ms >= (when + 1) * half_hour_ms + day_ms : when < when_is(it, now_ms);
}

static int64_t latest(const budget *b) {
    int64_t last = INT64_MIN;
    for (int i = 0; i < b->count; i++)
        last = larger(last, b->list[i].when);
    return last;
}

/* The day that counts is today, or a later one that was begun; of 24 hours all that is not over does. */
static void forget_what_is_over(budget *b, const ref_item *it, int64_t now_ms) {
    int kept = 0;
    int64_t last = it->rolling ? 0 : latest(b);
    for (int i = 0; i < b->count; i++)
        if (!is_over(it, b->list[i].when, now_ms) && (it->rolling || b->list[i].when == last))
            b->list[kept++] = b->list[i];
    b->count = kept;
    b->kept_until = now_ms + 3 * day_ms;
}

/* What was spent more than a day ahead counts for now. */
static void look_at_budget(budget *b, const ref_item *it, int64_t now_ms) {
    int64_t now = when_is(it, now_ms), most = it->rolling ? now + day_ms / half_hour_ms : now + 1;
    bool moved = false;
    if (now_ms >= b->kept_until)
        return;
    for (int i = 0; i < b->count; i++)
        if (b->list[i].when > most) {
            b->list[i].when = now;
            moved = true;
        }
    if (moved)
        forget_what_is_over(b, it, now_ms);
}

static int64_t spent(const budget *b, const ref_item *it, int64_t now_ms) {
    int64_t sum = 0, last = it->rolling ? 0 : latest(b);
    for (int i = 0; i < b->count && now_ms < b->kept_until; i++)
        if (!is_over(it, b->list[i].when, now_ms) && (it->rolling || b->list[i].when == last))
            sum += b->list[i].amount;
    return sum;
}

static int64_t day_of(const budget *b, const ref_item *it, int64_t now_ms) {
    int64_t today = when_is(it, now_ms);
    return now_ms < b->kept_until ? larger(today, latest(b)) : today;
}

/* When there is room: with each half hour that is over, what was spent in it comes back. before: what this ask has
   taken of it already. */
static int64_t room_at(const budget *b, const ref_item *it, int64_t before, int64_t now_ms) {
    if (!it->rolling)
        return ((day_of(b, it, now_ms) + 1) * day_s - it->zone_s) * second_ms;
    int64_t left = spent(b, it, now_ms) + before, now = when_is(it, now_ms), last = INT64_MIN, at = now_ms;
    while (left + it->add > it->limit) {
        int64_t next = before > 0 && now > last ? now : INT64_MAX;
        for (int i = 0; i < b->count; i++)
            if (b->list[i].when > last && !is_over(it, b->list[i].when, now_ms))
                next = smaller(next, b->list[i].when);
        if (next == INT64_MAX)
            break;
        for (int i = 0; i < b->count; i++)
            if (b->list[i].when == next)
                left -= b->list[i].amount;
        left -= next == now ? before : 0;
        at = (next + 1) * half_hour_ms + day_ms;
        last = next;
    }
    return at;
}

static int64_t spend(budget *b, const ref_item *it, int64_t now_ms) {
    if (now_ms >= b->kept_until)
        b->count = 0;
    int64_t when = it->rolling ? when_is(it, now_ms) : day_of(b, it, now_ms);
    forget_what_is_over(b, it, now_ms);
    if (it->add > 0)
        b->list[room_for(b->count++)] = (spending){when, it->add};
    return when;
}

static void give_back_spent(budget *b, int64_t when, int64_t amount, int64_t now_ms) {
    int kept = 0;
    for (int i = 0; i < b->count && now_ms < b->kept_until; i++) {
        int64_t back = b->list[i].when == when ? smaller(amount, b->list[i].amount) : 0;
        amount -= back;
        b->list[i].amount -= back;
        if (b->list[i].amount > 0)
            b->list[kept++] = b->list[i];
    }
    b->count = kept;
    b->kept_until = now_ms + 3 * day_ms;
}

/* ---- Slots ---- */

/* A slot that ends later than two days from now was taken by a clock far ahead: it has a day left. */
static void look_at_slots(slots *s, int64_t now_ms) {
    for (int i = 0; i < s->count; i++) {
        taken_slot *t = &s->list[i];
        if (now_ms > t->least_ms)
            t->certain = false;
        if (t->most_ms <= now_ms + 2 * day_ms - second_ms)
            continue;
        bool surely = t->least_ms > now_ms + 2 * day_ms;
        t->least_ms = smaller(t->least_ms, now_ms + day_ms - second_ms);
        t->most_ms = surely ? now_ms + day_ms : larger(t->most_ms, now_ms + day_ms);
        t->id = -1;
    }
}

static void slots_taken(const slots *s, int64_t now_ms, int64_t *least, int64_t *most) {
    *least = *most = 0;
    for (int i = 0; i < s->count; i++) {
        *least += s->list[i].certain && now_ms <= s->list[i].least_ms;
        *most += now_ms < s->list[i].most_ms;
    }
    *least = larger(*least - s->doubts, 0);
}

static void forget_slots(slots *s, int64_t now_ms) {
    int kept = 0;
    for (int i = 0; i < s->count; i++)
        if (now_ms < s->list[i].most_ms)
            s->list[kept++] = s->list[i];
    s->count = kept;
    if (kept == 0)
        s->doubts = 0;
}

static void take_slot(slots *s, const ref_item *it, int id, int64_t now_ms) {
    forget_slots(s, now_ms);
    s->list[room_for(s->count++)] = (taken_slot){.least_ms = now_ms + it->ttl_ms,
                                                 .most_ms = now_ms + it->ttl_ms + it->ttl_ms / 8 + second_ms,
                                                 .id = id,
                                                 .certain = true};
}

/* Where the clock went back, an id whose slot is over may give back one of another that ends in the same second. */
static void give_back_slot(reference *r, slots *s, int id, int64_t now_ms) {
    look_at_slots(s, now_ms);
    int i = 0;
    while (i < s->count && s->list[i].id != id)
        i++;
    bool sure = i < s->count && s->list[i].certain;
    if (i < s->count && (sure || now_ms >= s->list[i].most_ms || r->calm))
        s->list[i] = s->list[--s->count];
    else if (i < s->count)
        s->list[i].id = -1;
    if (!sure && !r->calm)
        s->doubts++;
    forget_slots(s, now_ms);
}

/* The first that may end, and when at the latest one is looked for again. */
static int64_t slot_ends_least(const slots *s, int64_t now_ms) {
    int64_t least = now_ms + second_ms;
    for (int i = 0; i < s->count; i++)
        if (now_ms < s->list[i].most_ms)
            least = smaller(least, s->list[i].least_ms);
    return larger(least, now_ms + 1);
}

#endif
