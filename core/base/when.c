/* when.c: turns unix time, durations and HTTP dates into each other. */
#include "base/when.h"

#include <string.h>

#include "base/text.h"

static const int64_t ms_per_day = 86400000;
static const int64_t latest_ms = 253402300799999; /* the end of year 9999 */
static const uint64_t longest_ms = 366ULL * 86400000;

/* The Gregorian calendar in years that begin in March, so that the leap day is the last of its year. Eras of 400 years
   are 146097 days; day 0 is 1970-01-01, 719468 days after the first of March of year 0. */
kp_date kp_date_of_day(int64_t days) {
    int64_t shifted = days + 719468;
    int64_t era = shifted / 146097;
    int64_t in_era = shifted % 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int month = (int)((5 * in_year + 2) / 153);
    kp_date d = {.month = month < 10 ? month + 3 : month - 9, .day = (int)(in_year - (153 * month + 2) / 5 + 1)};
    d.year = year + era * 400 + (d.month <= 2);
    return d;
}

int64_t kp_day_of_date(kp_date d) {
    int64_t year = d.year - (d.month <= 2);
    int64_t month = d.month > 2 ? d.month - 3 : d.month + 9;
    int64_t in_year = (153 * month + 2) / 5 + d.day - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + in_year - 719468;
}

void kp_add_rfc3339(kp_buf *b, int64_t unix_ms) {
    int64_t ms = unix_ms < 0 ? 0 : unix_ms > latest_ms ? latest_ms : unix_ms;
    kp_date d = kp_date_of_day(ms / ms_per_day);
    int rest = (int)(ms % ms_per_day);
    kp_buf_fmt(b, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)d.year, d.month, d.day, rest / 3600000, rest / 60000 % 60,
               rest / 1000 % 60, rest % 1000);
}

static uint64_t ms_of_unit(const char *unit, size_t len) {
    if (len == 0 || kp_same_n(unit, len, "s"))
        return 1000;
    if (kp_same_n(unit, len, "ms"))
        return 1;
    if (kp_same_n(unit, len, "m"))
        return 60000;
    return kp_same_n(unit, len, "h") ? 3600000 : 0;
}

bool kp_parse_duration(const char *text, size_t len, uint64_t *ms) {
    if (!text || !ms || len == 0 || !kp_is_digit(text[0]))
        return false;
    size_t at = 0;
    uint64_t whole = 0;
    for (; at < len && kp_is_digit(text[at]); at++) {
        whole = whole * 10 + (uint64_t)(text[at] - '0');
        if (whole > longest_ms)
            return false;
    }
    uint64_t part = 0;
    uint64_t parts = 1;
    if (at < len && text[at] == '.') {
        size_t point = at++;
        for (; at < len && kp_is_digit(text[at]); at++)
            if (parts < 1000000000) { /* what follows is far below a millisecond */
                part = part * 10 + (uint64_t)(text[at] - '0');
                parts *= 10;
            }
        if (at == point + 1)
            return false;
    }
    uint64_t unit = ms_of_unit(text + at, len - at);
    if (unit == 0)
        return false;
    uint64_t sum = whole * unit + part * unit / parts;
    if (sum > longest_ms)
        return false;
    *ms = sum;
    return true;
}

static uint64_t divided_up(uint64_t a, uint64_t b) {
    return a / b + (a % b != 0);
}

/* Rounded up, because who comes back after the time shown must not be early. Below two of a unit the smaller one is
   more exact. */
void kp_add_duration(kp_buf *b, uint64_t ms) {
    uint64_t s = divided_up(ms, 1000);
    uint64_t min = divided_up(s, 60);
    if (ms < 1000)
        kp_buf_fmt(b, "%d ms", (int)ms);
    else if (s < 120 && s % 60 != 0)
        kp_buf_fmt(b, "%d s", (int)s);
    else if (min < 120 && min % 60 != 0)
        kp_buf_fmt(b, "%d min", (int)min);
    else
        kp_buf_fmt(b, "%llu h", (unsigned long long)divided_up(min, 60));
}

/* A place in a date text; bad sticks. */
typedef struct reader {
    const char *at;
    const char *end;
    bool bad;
} reader;

static void expect(reader *r, const char *text) {
    size_t len = strlen(text);
    r->bad = r->bad || (size_t)(r->end - r->at) < len || memcmp(r->at, text, len) != 0;
    if (!r->bad)
        r->at += len;
}

static int digits(reader *r, size_t count) {
    int value = 0;
    r->bad = r->bad || (size_t)(r->end - r->at) < count;
    for (size_t i = 0; i < count && !r->bad; i++) {
        r->bad = !kp_is_digit(*r->at);
        value = value * 10 + (*r->at++ - '0');
    }
    return value;
}

/* The number of the name that stands there, counted from 1. */
static int name_of(reader *r, const char *const *names, int count) {
    for (int i = 0; i < count && !r->bad; i++) {
        size_t len = strlen(names[i]);
        if ((size_t)(r->end - r->at) >= len && memcmp(r->at, names[i], len) == 0) {
            r->at += len;
            return i + 1;
        }
    }
    r->bad = true;
    return 0;
}

static const char *const short_days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const long_days[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int64_t clock_of(reader *r) {
    int hour = digits(r, 2);
    expect(r, ":");
    int minute = digits(r, 2);
    expect(r, ":");
    int second = digits(r, 2);
    r->bad = r->bad || hour > 23 || minute > 59 || second > 60;
    return ((int64_t)hour * 60 + minute) * 60000 + (int64_t)second * 1000;
}

/* Sun, 06 Nov 1994 08:49:37 GMT, and with long names the obsolete Sunday, 06-Nov-94 08:49:37 GMT */
static int64_t read_comma_form(reader *r, bool is_long, kp_date *d) {
    const char *gap = is_long ? "-" : " ";
    name_of(r, is_long ? long_days : short_days, 7);
    expect(r, ", ");
    d->day = digits(r, 2);
    expect(r, gap);
    d->month = name_of(r, months, 12);
    expect(r, gap);
    d->year = digits(r, is_long ? 2 : 4);
    if (is_long)
        d->year += d->year < 70 ? 2000 : 1900;
    expect(r, " ");
    int64_t ms = clock_of(r);
    expect(r, " GMT");
    return ms;
}

/* Sun Nov  6 08:49:37 1994 */
static int64_t read_asctime(reader *r, kp_date *d) {
    name_of(r, short_days, 7);
    expect(r, " ");
    d->month = name_of(r, months, 12);
    expect(r, " ");
    bool one_digit = r->at < r->end && *r->at == ' ';
    if (one_digit)
        r->at++;
    d->day = digits(r, one_digit ? 1 : 2);
    expect(r, " ");
    int64_t ms = clock_of(r);
    expect(r, " ");
    d->year = digits(r, 4);
    return ms;
}

static bool exists(kp_date d) {
    if (d.year < 1 || d.month < 1 || d.month > 12 || d.day < 1)
        return false;
    kp_date next = d.month == 12 ? (kp_date){d.year + 1, 1, 1} : (kp_date){d.year, d.month + 1, 1};
    return d.day <= kp_day_of_date(next) - kp_day_of_date((kp_date){d.year, d.month, 1});
}

bool kp_parse_http_date(const char *text, size_t len, int64_t *unix_ms) {
    if (!text || !unix_ms)
        return false;
    reader r = {text, text + len, false};
    kp_date d = {0};
    const char *comma = memchr(text, ',', len);
    int64_t ms = comma ? read_comma_form(&r, comma - text > 3, &d) : read_asctime(&r, &d);
    if (r.bad || r.at != r.end || !exists(d))
        return false;
    *unix_ms = kp_day_of_date(d) * ms_per_day + ms;
    return true;
}

/* 2026-11-20 */
static void read_date(reader *r, kp_date *d) {
    d->year = digits(r, 4);
    expect(r, "-");
    d->month = digits(r, 2);
    expect(r, "-");
    d->day = digits(r, 2);
}

bool kp_parse_date(const char *text, size_t len, int64_t *days) {
    if (!text || !days)
        return false;
    reader r = {text, text + len, false};
    kp_date d = {0};
    read_date(&r, &d);
    if (r.bad || r.at != r.end || !exists(d))
        return false;
    *days = kp_day_of_date(d);
    return true;
}

/* The character that stands there, 0 at the end; it is taken if it is one of those. */
static char take_one_of(reader *r, const char *these) {
    char c = r->bad || r->at == r->end ? '\0' : *r->at;
    if (c == '\0' || !strchr(these, c))
        return '\0';
    r->at++;
    return c;
}

/* .123: of more digits the first three count. */
static int64_t read_fraction(reader *r) {
    int64_t ms = 0;
    int64_t unit = 100;
    if (!take_one_of(r, "."))
        return 0;
    r->bad = r->at == r->end || !kp_is_digit(*r->at);
    for (; r->at < r->end && kp_is_digit(*r->at); r->at++, unit /= 10)
        ms += unit * (*r->at - '0');
    return ms;
}

/* Z or +01:00, in milliseconds. */
static int64_t read_offset(reader *r) {
    char sign = take_one_of(r, "Zz+-");
    r->bad = r->bad || sign == '\0';
    if (sign != '+' && sign != '-')
        return 0;
    int hour = digits(r, 2);
    expect(r, ":");
    int minute = digits(r, 2);
    r->bad = r->bad || hour > 23 || minute > 59;
    int64_t ms = ((int64_t)hour * 60 + minute) * 60000;
    return sign == '-' ? -ms : ms;
}

bool kp_parse_rfc3339(const char *text, size_t len, int64_t *unix_ms) {
    if (!text || !unix_ms)
        return false;
    reader r = {text, text + len, false};
    kp_date d = {0};
    read_date(&r, &d);
    r.bad = r.bad || !take_one_of(&r, "Tt");
    int64_t ms = clock_of(&r);
    ms += read_fraction(&r);
    ms -= read_offset(&r);
    if (r.bad || r.at != r.end || !exists(d))
        return false;
    *unix_ms = kp_day_of_date(d) * ms_per_day + ms;
    return true;
}

bool kp_parse_retry_after(const char *text, size_t len, int64_t unix_now_ms, uint64_t most_ms, uint64_t *ms) {
    if (!text || !ms)
        return false;
    kp_trim(&text, &len);
    uint64_t wait = 0;
    size_t at = 0;
    for (; at < len && kp_is_digit(text[at]); at++)
        if (wait < UINT64_MAX / 20000) /* beyond it only the bound counts */
            wait = wait * 10 + (uint64_t)(text[at] - '0');
    int64_t then = 0;
    if (at == len && len > 0)
        wait *= 1000;
    else if (kp_parse_http_date(text, len, &then))
        wait = then > unix_now_ms ? (uint64_t)then - (uint64_t)unix_now_ms : 0;
    else
        return false;
    *ms = wait < most_ms ? wait : most_ms;
    return true;
}
