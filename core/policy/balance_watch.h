/* balance_watch.h: what readings of a balance mean: below a threshold, below the floor, a sudden drop, spending that
 * the books do not explain, no readings at all. Pure; what it remembers is one word that any store can keep.
 *
 * Each thing that is wrong is an incident: it is told once when it begins and once when it is over.
 *
 * Below a threshold, below the floor: a reading is; over: a reading is 5 % above it. Of several thresholds that one
 * reading crosses the lowest is told when they begin, the highest when they are over.
 *
 * Drop: what went within the last 5 minutes is ten times what is usual in 5 minutes, more than any 5 minutes of the
 * last 24 hours took, and at least a cent and a thousandth of what was there; over: it is half of that. What went is
 * the sum of the falls from reading to reading. A rise (somebody topped up) counts as nothing; of a fall between
 * readings that lie further apart only the share of those 5 minutes counts. Usual is the mean of the last 24 hours
 * without the last 5 minutes, known once there is an hour of readings that are at most an hour apart.
 *
 * Unexplained: within an hour the balance fell by more than the books grew, by a tenth of that and a cent at least.
 * A service may charge later than it accepts: by how much the balance was ahead of the books at the most in the hour
 * before, it may be so again, and the first hour is not judged. Only where the caller knows the books of all who spend;
 * over: an hour without it.
 *
 * Stale: no reading for stale_ms; over: a reading.
 *
 * Amounts are micro-units of the service's currency, times unix ms. A clock that goes back begins the series anew.
 */
#ifndef KP_POLICY_BALANCE_WATCH_H
#define KP_POLICY_BALANCE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
    KP_WATCH_LEVELS = 16,  /* thresholds */
    KP_WATCH_POINTS = 24,  /* readings of the last minutes */
    KP_WATCH_HOURS = 25,   /* sums of an hour each */
    KP_WATCH_NEWS = 8,     /* more cannot come of one reading */
    KP_WATCH_WHO = 33,     /* room for the name of an account */
    KP_WATCH_TEXT = 4096,  /* the longest text form */
    KP_WATCH_SPAN = 300000 /* the 5 minutes of a drop */
};

typedef enum kp_watch_kind {
    KP_WATCH_BELOW = 0,
    KP_WATCH_FLOOR,
    KP_WATCH_DROP,
    KP_WATCH_UNEXPLAINED,
    KP_WATCH_STALE,
    KP_WATCH_KINDS
} kp_watch_kind;

typedef struct kp_watch_rules {
    int64_t below[KP_WATCH_LEVELS];
    size_t below_count;
    int64_t floor;    /* 0: none */
    int64_t stale_ms; /* 0: never */
} kp_watch_rules;

typedef struct kp_watch_alert {
    kp_watch_kind kind;
    bool over;
    int64_t balance;  /* the last one that was read */
    int64_t level;    /* BELOW, FLOOR: the threshold; DROP: what is usual; UNEXPLAINED: what the books have */
    int64_t amount;   /* DROP, UNEXPLAINED: what went */
    int64_t since_ms; /* UNEXPLAINED: since when; STALE: the last reading, 0: there was none */
    int64_t now_ms;
} kp_watch_alert;

typedef struct kp_watch_news {
    kp_watch_alert list[KP_WATCH_NEWS];
    size_t count;
} kp_watch_news;

typedef struct kp_watch_point {
    int64_t ms, balance;
    int64_t gone; /* within the 5 minutes before */
} kp_watch_point;

typedef struct kp_watch_hour {
    int64_t number; /* unix ms / an hour */
    int64_t covered_ms, gone, greatest;
} kp_watch_hour;

/* All zero: nothing was ever read. */
typedef struct kp_watch {
    char who[KP_WATCH_WHO];
    int64_t begun_ms, success_ms, balance;
    bool open[KP_WATCH_KINDS]; /* incidents; of BELOW the list counts */
    int64_t below[KP_WATCH_LEVELS];
    size_t below_count;
    int64_t books;    /* as they were told last, -1: they were not */
    int64_t books_ms; /* since when the sums are kept, 0: no sums */
    int64_t books_fell, books_had;
    int64_t books_most;   /* by which the balance was ahead of them since then */
    int64_t books_credit; /* by which it may be; -1: it is the first hour */
    bool books_bad;       /* this hour was unexplained */
    kp_watch_point points[KP_WATCH_POINTS];
    size_t point_count;
    kp_watch_hour hours[KP_WATCH_HOURS];
    size_t hour_count;
} kp_watch;

/* A reading. who: a word for the account; another one than last time begins the series anew. books: all that was ever
   spent by the books, -1: not known; when it goes back (a new day) what went meanwhile is passed. */
void kp_watch_success(kp_watch *, const kp_watch_rules *, const char *who, int64_t now_ms, int64_t balance,
                      int64_t books, kp_watch_news *);
/* It could not be read. */
void kp_watch_failure(kp_watch *, const kp_watch_rules *, int64_t now_ms, kp_watch_news *);

/* Adds the text form: printable characters without blanks, at most KP_WATCH_TEXT. */
void kp_watch_write(const kp_watch *, kp_buf *out);
/* Reads it back. false: it is none, and the watch begins anew. */
bool kp_watch_read(kp_watch *, const char *text, size_t len);

/* "balance_below" and so on. */
const char *kp_watch_name(kp_watch_kind);
/* "warning", "error"; what is over is "info". */
const char *kp_watch_level(const kp_watch_alert *);
/* Adds what happened as a sentence without a full stop. */
void kp_watch_say(const kp_watch_alert *, kp_buf *out);
/* What to do next. */
const char *kp_watch_advice(const kp_watch_alert *);

#endif
