/* zone_rule.c: reads a TZ string, and finds the turns of the years around a time. */
#include "policy/zone_rule.h"

#include "base/text.h"
#include "base/when.h"

enum { DAY = 86400, HOUR = 3600, EPOCH_WEEKDAY = 4, OFFSET_HOURS = 24, TIME_HOURS = 167, TWO_O_CLOCK = 2 * HOUR };

/* A place in the string; bad sticks. */
typedef struct reader {
    const char *at;
    const char *end;
    bool bad;
} reader;

static bool is_next(const reader *r, char c) {
    return !r->bad && r->at < r->end && *r->at == c;
}

static bool take(reader *r, char c) {
    bool there = is_next(r, c);
    r->at += there;
    return there;
}

static void expect(reader *r, char c) {
    r->bad = !take(r, c) || r->bad;
}

static int number(reader *r, int least, int most) {
    int value = 0;
    const char *from = r->at;
    for (; !r->bad && r->at < r->end && kp_is_digit(*r->at); r->at++) {
        value = value * 10 + (*r->at - '0');
        r->bad = value > most;
    }
    r->bad = r->bad || r->at == from || value < least;
    return r->bad ? 0 : value;
}

/* CET, or <+03>: three characters at least. */
static void name(reader *r) {
    bool quoted = take(r, '<');
    const char *from = r->at;
    while (r->at < r->end &&
           (kp_is_alpha(*r->at) || (quoted && (kp_is_digit(*r->at) || *r->at == '+' || *r->at == '-'))))
        r->at++;
    r->bad = r->bad || r->at - from < 3;
    if (quoted)
        expect(r, '>');
}

/* [+-]hh[:mm[:ss]] */
static int32_t seconds(reader *r, int hours_most) {
    bool minus = take(r, '-');
    if (!minus)
        take(r, '+');
    int32_t value = number(r, 0, hours_most) * HOUR;
    if (take(r, ':')) {
        value += number(r, 0, 59) * 60;
        if (take(r, ':'))
            value += number(r, 0, 59);
    }
    return minus ? -value : value;
}

static kp_zone_turn turn(reader *r) {
    kp_zone_turn t = {.seconds = TWO_O_CLOCK};
    expect(r, ',');
    if (take(r, 'M')) {
        t.kind = KP_DAY_MONTH;
        t.month = number(r, 1, 12);
        expect(r, '.');
        t.week = number(r, 1, 5);
        expect(r, '.');
        t.weekday = number(r, 0, 6);
    } else if (take(r, 'J')) {
        t.kind = KP_DAY_JULIAN;
        t.day = number(r, 1, 365);
    } else {
        t.kind = KP_DAY_COUNT;
        t.day = number(r, 0, 365);
    }
    if (take(r, '/'))
        t.seconds = seconds(r, TIME_HOURS);
    return t;
}

/* The string counts its offsets west of Greenwich. */
bool kp_zone_rule_parse(const char *text, size_t len, kp_zone_rule *rule) {
    if (!text || !rule)
        return false;
    reader r = {text, text + len, false};
    *rule = (kp_zone_rule){.has_summer = false};
    name(&r);
    rule->standard = -seconds(&r, OFFSET_HOURS);
    rule->summer = rule->standard;
    if (r.bad || r.at == r.end)
        return !r.bad;
    rule->has_summer = true;
    name(&r);
    rule->summer = is_next(&r, ',') ? rule->standard + HOUR : -seconds(&r, OFFSET_HOURS);
    rule->start = turn(&r);
    rule->end = turn(&r);
    return !r.bad && r.at == r.end;
}

static bool is_leap(int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t day_of_turn(const kp_zone_turn *t, int64_t year) {
    int64_t january = kp_day_of_date((kp_date){year, 1, 1});
    if (t->kind == KP_DAY_COUNT)
        return january + t->day;
    if (t->kind == KP_DAY_JULIAN)
        return january + t->day - 1 + (t->day > 59 && is_leap(year));
    int64_t first = kp_day_of_date((kp_date){year, t->month, 1});
    int64_t next =
        t->month == 12 ? kp_day_of_date((kp_date){year + 1, 1, 1}) : kp_day_of_date((kp_date){year, t->month + 1, 1});
    int64_t weekday = ((first + EPOCH_WEEKDAY) % 7 + 7) % 7;
    int64_t day = first + (t->weekday - weekday + 7) % 7 + ((int64_t)t->week - 1) * 7;
    return day < next ? day : day - 7;
}

/* The turns of five years: times of -167 to 167 hours carry a turn into a neighbouring one, so that the nearest before
   and behind a time can be of the second year from it. */
enum { YEARS = 5, TURNS = 2 * YEARS };

typedef struct event {
    int64_t at;
    bool starts;
} event;

/* In the order of time. Of an end and a start at once the start counts: so is summer all the year written. */
static void list_turns(const kp_zone_rule *rule, int64_t unix_s, event *events) {
    int64_t days = unix_s / DAY - (unix_s % DAY < 0);
    int64_t year = kp_date_of_day(days).year - YEARS / 2;
    for (int i = 0; i < TURNS; i += 2, year++) {
        events[i] = (event){day_of_turn(&rule->end, year) * DAY + rule->end.seconds - rule->summer, false};
        events[i + 1] = (event){day_of_turn(&rule->start, year) * DAY + rule->start.seconds - rule->standard, true};
    }
    for (int i = 1; i < TURNS; i++)
        for (int k = i; k > 0 && (events[k].at < events[k - 1].at ||
                                  (events[k].at == events[k - 1].at && events[k].starts < events[k - 1].starts));
             k--) {
            event swap = events[k];
            events[k] = events[k - 1];
            events[k - 1] = swap;
        }
}

int32_t kp_zone_rule_offset(const kp_zone_rule *rule, int64_t unix_s) {
    if (!rule)
        return 0;
    if (!rule->has_summer)
        return rule->standard;
    event events[TURNS];
    list_turns(rule, unix_s, events);
    bool summer = false;
    for (int i = 0; i < TURNS && events[i].at <= unix_s; i++)
        summer = events[i].starts;
    return summer ? rule->summer : rule->standard;
}

bool kp_zone_rule_next(const kp_zone_rule *rule, int64_t unix_s, int64_t *turn_s) {
    if (!rule || !turn_s || !rule->has_summer)
        return false;
    event events[TURNS];
    list_turns(rule, unix_s, events);
    for (int i = 0; i < TURNS; i++)
        if (events[i].at > unix_s) {
            *turn_s = events[i].at;
            return true;
        }
    return false;
}
