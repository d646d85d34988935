/* balance_watch.c: judges readings of a balance. */
#include "policy/balance_watch.h"

#include <string.h>

#include "base/text.h"

static const int64_t hour_ms = 3600000;
static const int64_t sum_most = 1000000000000000000; /* sums stop there: no overflow */
static const int64_t cent = 10000;
enum { APART_MS = 30000, DAY_HOURS = 24, TENFOLD = 10 };

/* ---- Amounts ---- */

static int64_t plus(int64_t a, int64_t b) {
    return a >= sum_most - b ? sum_most : a + b;
}

/* a * b / c without overflow for the amounts and spans of this file. */
static int64_t share(int64_t a, int64_t b, int64_t c) {
    return a / c * b + a % c * b / c;
}

static int64_t greater(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t fall(const kp_watch_point *from, const kp_watch_point *to) {
    return from->balance > to->balance ? from->balance - to->balance : 0;
}

/* ---- News ---- */

static kp_watch_alert *tell(kp_watch_news *news, const kp_watch *w, kp_watch_kind kind, bool over, int64_t now_ms) {
    static kp_watch_alert nowhere;
    kp_watch_alert *alert = news->count < KP_WATCH_NEWS ? &news->list[news->count++] : &nowhere;
    *alert = (kp_watch_alert){.kind = kind, .over = over, .balance = w->balance, .now_ms = now_ms};
    return alert;
}

/* ---- Thresholds ---- */

static bool is_above(int64_t balance, int64_t level) {
    return balance >= level + level / 20;
}

static bool was_below(const kp_watch *w, int64_t level) {
    for (size_t i = 0; i < w->below_count; i++)
        if (w->below[i] == level)
            return true;
    return false;
}

/* The list is made anew from the rules: what was configured away is forgotten without a word. */
static void judge_levels(kp_watch *w, const kp_watch_rules *rules, int64_t now_ms, bool silent, kp_watch_news *news) {
    int64_t lowest = 0, highest = 0, list[KP_WATCH_LEVELS];
    size_t count = 0;
    for (size_t i = 0; i < rules->below_count && i < KP_WATCH_LEVELS; i++) {
        int64_t level = rules->below[i];
        bool before = was_below(w, level), now = w->balance < level || (before && !is_above(w->balance, level));
        if (now)
            list[count++] = level;
        if (now && !before && (lowest == 0 || level < lowest))
            lowest = level;
        if (before && !now)
            highest = greater(highest, level);
    }
    memcpy(w->below, list, count * sizeof list[0]);
    w->below_count = count;
    w->open[KP_WATCH_BELOW] = count > 0;
    if (lowest && !silent)
        tell(news, w, KP_WATCH_BELOW, false, now_ms)->level = lowest;
    if (highest)
        tell(news, w, KP_WATCH_BELOW, true, now_ms)->level = highest;
}

/* true: it was just crossed downwards. */
static bool judge_floor(kp_watch *w, const kp_watch_rules *rules, int64_t now_ms, kp_watch_news *news) {
    bool *open = &w->open[KP_WATCH_FLOOR];
    bool begins = !*open && rules->floor > 0 && w->balance < rules->floor;
    bool ends = *open && (rules->floor <= 0 || is_above(w->balance, rules->floor));
    if (begins || ends)
        tell(news, w, KP_WATCH_FLOOR, ends, now_ms)->level = rules->floor;
    *open = begins || (*open && !ends);
    return begins;
}

/* ---- Drops ---- */

static void forget_series(kp_watch *w) {
    w->point_count = w->hour_count = 0;
    w->books = -1;
    w->books_ms = 0;
    w->books_bad = false;
}

static kp_watch_hour *hour_of(kp_watch *w, int64_t ms) {
    int64_t number = ms / hour_ms;
    if (w->hour_count && w->hours[w->hour_count - 1].number == number)
        return &w->hours[w->hour_count - 1];
    size_t old = 0;
    while (old < w->hour_count && w->hours[old].number <= number - DAY_HOURS)
        old++;
    if (old == 0 && w->hour_count == KP_WATCH_HOURS)
        old = 1;
    memmove(w->hours, w->hours + old, (w->hour_count - old) * sizeof w->hours[0]);
    w->hour_count -= old;
    w->hours[w->hour_count] = (kp_watch_hour){.number = number};
    return &w->hours[w->hour_count++];
}

/* Takes the oldest reading off: what went between it and the next belongs to what is usual from now on. A gap says
   nothing of what is usual. */
static void fold(kp_watch *w) {
    const kp_watch_point *from = &w->points[0], *to = &w->points[1];
    if (to->ms - from->ms <= hour_ms) {
        kp_watch_hour *hour = hour_of(w, to->ms);
        hour->covered_ms += to->ms - from->ms;
        hour->gone = plus(hour->gone, fall(from, to));
        hour->greatest = greater(hour->greatest, to->gone);
    }
    memmove(w->points, w->points + 1, --w->point_count * sizeof w->points[0]);
}

static int64_t gone_lately(const kp_watch *w, int64_t now_ms) {
    int64_t sum = 0, start = now_ms - KP_WATCH_SPAN;
    for (size_t i = 1; i < w->point_count; i++) {
        const kp_watch_point *from = &w->points[i - 1], *to = &w->points[i];
        if (to->ms > start)
            sum = plus(sum, share(fall(from, to), to->ms - greater(from->ms, start), to->ms - from->ms));
    }
    return sum;
}

/* Readings that come fast replace each other. */
static void add_point(kp_watch *w, int64_t now_ms) {
    size_t n = w->point_count;
    if (n >= 2 && now_ms - w->points[n - 2].ms < APART_MS)
        w->point_count = --n;
    while (w->point_count >= 2 && (w->point_count == KP_WATCH_POINTS || w->points[1].ms <= now_ms - KP_WATCH_SPAN))
        fold(w);
    n = w->point_count++;
    w->points[n] = (kp_watch_point){.ms = now_ms, .balance = w->balance};
    w->points[n].gone = gone_lately(w, now_ms);
}

static void judge_drop(kp_watch *w, int64_t now_ms, kp_watch_news *news) {
    int64_t covered = 0, gone = 0, greatest = 0, lately = w->points[w->point_count - 1].gone;
    for (size_t i = 0; i < w->hour_count; i++)
        if (w->hours[i].number > now_ms / hour_ms - DAY_HOURS) {
            covered += w->hours[i].covered_ms;
            gone = plus(gone, w->hours[i].gone);
            greatest = greater(greatest, w->hours[i].greatest);
        }
    bool known = covered >= hour_ms, *open = &w->open[KP_WATCH_DROP];
    int64_t usual = known ? share(gone, KP_WATCH_SPAN, covered) : 0;
    int64_t much = greater(greater(usual * TENFOLD, cent), plus(w->balance > 0 ? w->balance : 0, lately) / 1000);
    bool begins = !*open && known && lately >= much && lately > greatest;
    bool ends = *open && lately < much / 2;
    if (begins || ends) {
        kp_watch_alert *alert = tell(news, w, KP_WATCH_DROP, ends, now_ms);
        alert->level = usual;
        alert->amount = lately;
    }
    *open = begins || (*open && !ends);
}

/* ---- The books ---- */

static void start_books(kp_watch *w, int64_t now_ms, int64_t credit) {
    w->books_ms = now_ms;
    w->books_fell = w->books_had = w->books_most = 0;
    w->books_credit = credit;
    w->books_bad = false;
}

/* An hour is over. By how much the balance was ahead of the books at the most, it may be so again: that was charged
   later than it was booked. */
static void turn_books(kp_watch *w, int64_t now_ms, kp_watch_news *news) {
    if (w->open[KP_WATCH_UNEXPLAINED] && !w->books_bad) {
        w->open[KP_WATCH_UNEXPLAINED] = false;
        tell(news, w, KP_WATCH_UNEXPLAINED, true, now_ms)->since_ms = w->books_ms;
    }
    start_books(w, now_ms, w->books_most - (w->books_fell - w->books_had));
}

static void judge_books(kp_watch *w, int64_t before, int64_t books, int64_t now_ms, kp_watch_news *news) {
    int64_t had = books - w->books;
    bool known = books >= 0 && w->books >= 0 && had >= 0 && w->books_ms > 0;
    w->books = books;
    if (books >= 0 && w->books_ms == 0)
        start_books(w, now_ms, -1);
    if (!known || before < w->balance) /* a rise hides what went */
        return;
    w->books_fell = plus(w->books_fell, before - w->balance);
    w->books_had = plus(w->books_had, had);
    w->books_most = greater(w->books_most, w->books_fell - w->books_had);
    int64_t explained = plus(w->books_had, greater(w->books_credit, 0));
    if (w->books_credit >= 0 && w->books_fell > plus(plus(explained, w->books_had / 10), cent)) {
        w->books_bad = true;
        if (!w->open[KP_WATCH_UNEXPLAINED]) {
            kp_watch_alert *alert = tell(news, w, KP_WATCH_UNEXPLAINED, false, now_ms);
            alert->level = explained;
            alert->amount = w->books_fell;
            alert->since_ms = w->books_ms;
        }
        w->open[KP_WATCH_UNEXPLAINED] = true;
    }
    if (now_ms - w->books_ms >= hour_ms)
        turn_books(w, now_ms, news);
}

/* ---- Readings ---- */

static void begin(kp_watch *w, int64_t now_ms) {
    if (w->begun_ms == 0 || w->begun_ms > now_ms) {
        w->begun_ms = now_ms > 0 ? now_ms : 1;
        w->books = w->point_count == 0 ? -1 : w->books;
    }
}

static void follow(kp_watch *w, const char *who, int64_t now_ms) {
    bool same = kp_same(w->who, who);
    if (w->point_count && (!same || w->points[w->point_count - 1].ms >= now_ms))
        forget_series(w);
    if (same)
        return;
    size_t len = strlen(who) < sizeof w->who ? strlen(who) : sizeof w->who - 1;
    memcpy(w->who, who, len);
    w->who[len] = '\0';
}

void kp_watch_success(kp_watch *w, const kp_watch_rules *rules, const char *who, int64_t now_ms, int64_t balance,
                      int64_t books, kp_watch_news *news) {
    if (!w || !rules || !who || !news)
        return;
    begin(w, now_ms);
    follow(w, who, now_ms);
    bool first = w->point_count == 0;
    int64_t before = w->balance;
    w->balance = balance;
    w->success_ms = now_ms;
    if (w->open[KP_WATCH_STALE])
        tell(news, w, KP_WATCH_STALE, true, now_ms)->since_ms = now_ms;
    w->open[KP_WATCH_STALE] = false;
    judge_levels(w, rules, now_ms, judge_floor(w, rules, now_ms, news), news);
    judge_books(w, first ? balance : before, books, now_ms, news);
    add_point(w, now_ms);
    judge_drop(w, now_ms, news);
}

void kp_watch_failure(kp_watch *w, const kp_watch_rules *rules, int64_t now_ms, kp_watch_news *news) {
    if (!w || !rules || !news)
        return;
    begin(w, now_ms);
    int64_t since = greater(w->success_ms, w->begun_ms);
    if (rules->stale_ms <= 0 || w->open[KP_WATCH_STALE] || now_ms - since < rules->stale_ms)
        return;
    w->open[KP_WATCH_STALE] = true;
    tell(news, w, KP_WATCH_STALE, false, now_ms)->since_ms = w->success_ms;
}
