/* window_text.c: reads a text of windows, and says what is wrong with it without repeating it. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "policy/keycheck.h"
#include "policy/window_parts.h"

static const char *const day_names[KP_WEEK_DAYS] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

typedef struct piece {
    const char *text;
    size_t len;
} piece;

/* Cuts off and gives what stands before the first mark, or all; *more tells whether there was one. */
static piece cut(piece *rest, char mark, bool *more) {
    const char *at = rest->len > 0 ? memchr(rest->text, mark, rest->len) : NULL;
    piece first = {rest->text, at ? (size_t)(at - rest->text) : rest->len};
    *more = at != NULL;
    rest->text += first.len + *more;
    rest->len -= first.len + *more;
    return first;
}

/* The next word; empty at the end. */
static piece next_word(piece *rest) {
    kp_trim(&rest->text, &rest->len);
    size_t len = 0;
    while (len < rest->len && !kp_is_space(rest->text[len]))
        len++;
    piece word = {rest->text, len};
    rest->text += len;
    rest->len -= len;
    return word;
}

/* 0 for Monday; -1: no day. */
static int day_of(piece name) {
    for (int i = 0; i < KP_WEEK_DAYS; i++)
        if (kp_same_nocase(name.text, name.len, day_names[i]))
            return i;
    return -1;
}

static const char *read_days(piece text, unsigned *days) {
    bool more = true, range = false;
    while (more) {
        piece last = cut(&text, ',', &more);
        piece first = cut(&last, '-', &range);
        int from = day_of(first);
        int to = range ? day_of(last) : from;
        if (from < 0 || to < 0)
            return "days are Mon, Tue, Wed, Thu, Fri, Sat and Sun, such as Mon-Fri or Mon,Wed";
        for (int day = from;; day = (day + 1) % KP_WEEK_DAYS) {
            *days |= 1U << day;
            if (day == to)
                break;
        }
    }
    return NULL;
}

/* HH:MM as seconds; -1: it is none. */
static int32_t clock_of(piece t) {
    static const char pattern[] = "dd:dd";
    if (t.len != sizeof pattern - 1)
        return -1;
    for (size_t i = 0; i < t.len; i++)
        if (pattern[i] == 'd' ? !kp_is_digit(t.text[i]) : t.text[i] != pattern[i])
            return -1;
    int hour = (t.text[0] - '0') * 10 + t.text[1] - '0';
    int minute = (t.text[3] - '0') * 10 + t.text[4] - '0';
    return hour > 24 || minute > 59 || (hour == 24 && minute > 0) ? -1 : (hour * 60 + minute) * 60;
}

static const char *read_times(piece text, kp_window *w) {
    bool both = false;
    piece first = cut(&text, '-', &both);
    w->start = clock_of(first);
    w->end = both ? clock_of(text) : -1;
    if (w->start < 0 || w->end < 0)
        return "the times are HH:MM-HH:MM, such as 09:00-17:00, behind the days and before the zone";
    if (w->start == KP_DAY_SECONDS)
        return "no window starts at 24:00; say 00:00 of the next day";
    if (w->start == w->end)
        return "a window from a time to the same time is empty; all day is 00:00-24:00";
    return NULL;
}

static const char *read_zone(piece name, kp_windows *ws, kp_window *w) {
    w->zone = KP_ZONE_OF_UTC;
    if (name.len == 0 || kp_zone_is_utc(name.text, name.len))
        return NULL;
    unsigned days = 0;
    if (!read_days(name, &days))
        return "days stand before the times, such as Mon-Fri 09:00-17:00";
    if (!kp_zone_is_name(name.text, name.len) || kp_key_is_like(name.text, name.len))
        return "a zone is a name such as Europe/Berlin or UTC";
    size_t i = 0;
    while (i < ws->zone_count && !kp_same_n(name.text, name.len, ws->zone[i].name))
        i++;
    if (i == ws->zone_count) {
        memcpy(ws->zone[i].name, name.text, name.len);
        ws->zone_count++;
    }
    w->zone = (int)i;
    return NULL;
}

static const char *read_window(piece text, kp_windows *ws) {
    if (ws->count == KP_WINDOWS_MOST)
        return "there are more than 32 windows";
    kp_window *w = &ws->window[ws->count];
    piece word = next_word(&text);
    if (word.len == 0)
        return "nothing stands there; write it as Mon-Fri 09:00-17:00 Europe/Berlin";
    const char *wrong = NULL;
    if (kp_is_digit(word.text[0])) {
        w->days = (1U << KP_WEEK_DAYS) - 1;
    } else {
        wrong = read_days(word, &w->days);
        word = next_word(&text);
    }
    wrong = wrong ? wrong : read_times(word, w);
    wrong = wrong ? wrong : read_zone(next_word(&text), ws, w);
    if (!wrong && next_word(&text).len > 0)
        wrong = "more stands behind the zone; windows are joined by ';'";
    ws->count += !wrong;
    return wrong;
}

int kp_windows_parse(const char *text, size_t len, kp_windows **out, kp_buf *problem) {
    if (!out)
        return KP_E_MISUSE;
    *out = NULL;
    if (!text || len > KP_WINDOW_TEXT_MOST) {
        kp_buf_str(problem, text ? "the windows are longer than 2048 characters" : "there are no windows");
        return KP_E_CONFIG;
    }
    kp_windows *ws = kp_zalloc(1, sizeof *ws);
    if (!ws)
        return KP_E_MEMORY;
    piece rest = {text, len};
    const char *wrong = NULL;
    for (bool more = true; more && !wrong;)
        wrong = read_window(cut(&rest, ';', &more), ws);
    if (wrong) {
        kp_buf_fmt(problem, "window %zu: %s", ws->count + 1, wrong);
        kp_windows_free(ws);
        return KP_E_CONFIG;
    }
    *out = ws;
    return 0;
}

void kp_windows_free(kp_windows *ws) {
    for (size_t i = 0; ws && i < ws->zone_count; i++)
        kp_zone_free(ws->zone[i].zone);
    kp_free(ws);
}
