/* balance_form.c: what the watch over a balance remembers, as one word and back. */
#include <string.h>

#include "base/decimal.h"
#include "base/text.h"
#include "policy/balance_watch.h"

/* w1;WHO;BEGUN,SUCCESS,BALANCE;FLAGS;LEVEL,...;BOOKS,MS,FELL,HAD,MOST,CREDIT,BAD;MS,BALANCE,GONE,...;HOUR,COVERED,GONE,
   GREATEST,... */
#define FORM "w1;"

static const int64_t most = 2000000000000000000;

static void add_list(kp_buf *out, const int64_t *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            kp_buf_char(out, ',');
        kp_buf_i64(out, values[i]);
    }
}

void kp_watch_write(const kp_watch *w, kp_buf *out) {
    if (!w || !out)
        return;
    kp_buf_str(out, FORM);
    kp_buf_str(out, w->who);
    kp_buf_char(out, ';');
    add_list(out, (const int64_t[]){w->begun_ms, w->success_ms, w->balance}, 3);
    kp_buf_char(out, ';');
    for (size_t i = 0; i < KP_WATCH_KINDS; i++)
        kp_buf_char(out, w->open[i] ? '1' : '0');
    kp_buf_char(out, ';');
    add_list(out, w->below, w->below_count);
    kp_buf_char(out, ';');
    add_list(out,
             (const int64_t[]){w->books, w->books_ms, w->books_fell, w->books_had, w->books_most, w->books_credit,
                               w->books_bad},
             7);
    kp_buf_char(out, ';');
    for (size_t i = 0; i < w->point_count; i++) {
        kp_buf_str(out, i ? "," : "");
        add_list(out, (const int64_t[]){w->points[i].ms, w->points[i].balance, w->points[i].gone}, 3);
    }
    kp_buf_char(out, ';');
    for (size_t i = 0; i < w->hour_count; i++) {
        const kp_watch_hour *hour = &w->hours[i];
        kp_buf_str(out, i ? "," : "");
        add_list(out, (const int64_t[]){hour->number, hour->covered_ms, hour->gone, hour->greatest}, 4);
    }
}

/* The part up to the next ';' or the end. false: there is none any more. */
static bool next_part(const char **text, size_t *len, const char **part, size_t *part_len) {
    if (!*text)
        return false;
    const char *end = memchr(*text, ';', *len);
    *part = *text;
    *part_len = end ? (size_t)(end - *text) : *len;
    *len -= end ? *part_len + 1 : *len;
    *text = end ? end + 1 : NULL;
    return true;
}

/* The numbers of the next part: at most limit, in whole groups. */
static bool next_list(const char **text, size_t *len, int64_t *values, size_t limit, size_t group, size_t *count) {
    const char *part = NULL;
    size_t left = 0;
    *count = 0;
    if (!next_part(text, len, &part, &left))
        return false;
    while (left > 0) {
        const char *comma = memchr(part, ',', left);
        size_t digits = comma ? (size_t)(comma - part) : left;
        if (*count == limit || !kp_parse_i64(part, digits, &values[*count]) || values[*count] > most ||
            values[*count] < -most)
            return false;
        ++*count;
        part += digits + (comma ? 1 : 0);
        left -= digits + (comma ? 1 : 0);
        if (comma && left == 0)
            return false;
    }
    return *count % group == 0;
}

static bool read_flags(kp_watch *w, const char **text, size_t *len) {
    const char *part = NULL;
    size_t part_len = 0;
    if (!next_part(text, len, &part, &part_len) || part_len != KP_WATCH_KINDS)
        return false;
    for (size_t i = 0; i < KP_WATCH_KINDS; i++) {
        if (part[i] != '0' && part[i] != '1')
            return false;
        w->open[i] = part[i] == '1';
    }
    return true;
}

static const int64_t latest_ms = 9000000000000; /* in 2255 */

static bool is_time(int64_t ms) {
    return ms >= 0 && ms <= latest_ms;
}

static bool is_amount(int64_t micro) {
    return micro >= -KP_MICRO_MAX && micro <= KP_MICRO_MAX;
}

static bool read_points(kp_watch *w, const int64_t *values, size_t count) {
    for (size_t i = 0; i < count; i += 3) {
        kp_watch_point *point = &w->points[w->point_count++];
        *point = (kp_watch_point){.ms = values[i], .balance = values[i + 1], .gone = values[i + 2]};
        bool later = i == 0 || point->ms > point[-1].ms;
        if (!later || !is_time(point->ms) || !is_amount(point->balance) || point->gone < 0)
            return false;
    }
    return true;
}

static bool read_hours(kp_watch *w, const int64_t *values, size_t count) {
    for (size_t i = 0; i < count; i += 4) {
        kp_watch_hour *hour = &w->hours[w->hour_count++];
        *hour = (kp_watch_hour){values[i], values[i + 1], values[i + 2], values[i + 3]};
        bool later = i == 0 || hour->number > hour[-1].number;
        if (!later || hour->number < 0 || !is_time(hour->covered_ms) || hour->gone < 0 || hour->greatest < 0)
            return false;
    }
    return true;
}

static bool read_whole(kp_watch *w, const char *text, size_t len) {
    int64_t v[KP_WATCH_HOURS * 4];
    const char *part = NULL;
    size_t part_len = 0, count = 0;
    if (len < sizeof FORM - 1 || len > KP_WATCH_TEXT || memcmp(text, FORM, sizeof FORM - 1) != 0)
        return false;
    text += sizeof FORM - 1;
    len -= sizeof FORM - 1;
    if (!next_part(&text, &len, &part, &part_len) || part_len >= sizeof w->who)
        return false;
    memcpy(w->who, part, part_len);
    if (!next_list(&text, &len, v, 3, 3, &count) || count != 3 || !is_time(v[0]) || !is_time(v[1]) || !is_amount(v[2]))
        return false;
    w->begun_ms = v[0];
    w->success_ms = v[1];
    w->balance = v[2];
    if (!read_flags(w, &text, &len) || !next_list(&text, &len, w->below, KP_WATCH_LEVELS, 1, &w->below_count))
        return false;
    if (!next_list(&text, &len, v, 7, 7, &count) || count != 7 || v[0] < -1 || !is_time(v[1]) || v[2] < 0 || v[3] < 0 ||
        v[4] < 0 || v[5] < -1 || v[6] < 0 || v[6] > 1)
        return false;
    w->books = v[0];
    w->books_ms = v[1];
    w->books_fell = v[2];
    w->books_had = v[3];
    w->books_most = v[4];
    w->books_credit = v[5];
    w->books_bad = v[6] != 0;
    if (!next_list(&text, &len, v, (size_t)KP_WATCH_POINTS * 3, 3, &count) || !read_points(w, v, count))
        return false;
    return next_list(&text, &len, v, (size_t)KP_WATCH_HOURS * 4, 4, &count) && read_hours(w, v, count) && !text;
}

bool kp_watch_read(kp_watch *w, const char *text, size_t len) {
    if (!w)
        return false;
    *w = (kp_watch){.books = -1};
    if (text && read_whole(w, text, len))
        return true;
    *w = (kp_watch){.books = -1};
    return false;
}
