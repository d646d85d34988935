/* audit_report_plot.c: draws axes, bars and lines. Units are tenths of a point, so that all numbers are whole. */
#include "app/audit_report_plot.h"

#include <string.h>

#include "base/text.h"

enum {
    WIDTH = 7600,
    HEIGHT = 2500,
    LEFT = 800, /* where the axes cross */
    RIGHT = 7560,
    TOP = 150, /* room for half a label in large type */
    BOTTOM = 2040,
    TICKS = 5,
    LABEL_WIDE = 850, /* a label of the time axis needs so much */
    MARKED = 64,      /* up to so many points have large marks */
    DATE = 10         /* characters of a date */
};

void report_html_add(kp_buf *out, const char *text, size_t len) {
    kp_buf shown;
    kp_buf_init(&shown, NULL);
    kp_add_shown(&shown, text, len, 4 * (len + 1));
    for (size_t i = 0; i < shown.len; i++)
        switch (shown.data[i]) {
        case '&': kp_buf_str(out, "&amp;"); break;
        case '<': kp_buf_str(out, "&lt;"); break;
        case '>': kp_buf_str(out, "&gt;"); break;
        case '"': kp_buf_str(out, "&quot;"); break;
        case '\'': kp_buf_str(out, "&#39;"); break;
        default: kp_buf_char(out, shown.data[i]);
        }
    out->failed = out->failed || shown.failed;
    kp_buf_free(&shown);
}

void report_html_str(kp_buf *out, const char *text) {
    report_html_add(out, text, text ? strlen(text) : 0);
}

/* ---- The axis of values: from 0, in steps of 1, 2 or 5 times a power of ten ---- */

typedef struct axis {
    int64_t low, high, step;
} axis;

static int64_t nice_step(int64_t range) {
    static const int64_t factors[] = {1, 2, 5};
    int64_t unit = 1;
    for (;; unit *= 10)
        for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++)
            if (unit > INT64_MAX / 100 || unit * factors[i] >= range / TICKS + (range % TICKS != 0))
                return unit * factors[i];
}

static axis make_axis(int64_t least, int64_t most) {
    axis a = {0, 0, 1};
    int64_t low = least < 0 ? least : 0;
    int64_t high = most > 0 ? most : low < 0 ? 0 : 1;
    low = low < -INT64_MAX / 4 ? -INT64_MAX / 4 : low;
    high = high > INT64_MAX / 4 ? INT64_MAX / 4 : high;
    a.step = nice_step(high - low);
    while (a.low > low)
        a.low -= a.step;
    while (a.high < high)
        a.high += a.step;
    return a;
}

/* Multiplied and divided in parts: amounts are too large for one product. */
static int64_t y_of(const axis *a, int64_t value) {
    int64_t range = a->high - a->low;
    int64_t above = (value < a->low ? a->low : value > a->high ? a->high : value) - a->low;
    int64_t room = BOTTOM - TOP;
    int64_t height = range < INT64_MAX / room ? above * room / range : above / (range / room);
    return BOTTOM - (height > room ? room : height);
}

/* Where slot i begins; i may be the count. */
static int64_t x_of(const report_plot *p, size_t i) {
    return LEFT + (RIGHT - LEFT) * (int64_t)i / (int64_t)p->view->count;
}

static int64_t middle_of(const report_plot *p, size_t i) {
    return (x_of(p, i) + x_of(p, i + 1)) / 2;
}

static axis axis_of(const report_plot *p) {
    int64_t least = 0;
    int64_t most = 0;
    for (size_t i = 0; i < p->view->count; i++) {
        int64_t sum = 0;
        for (size_t k = 0; k < p->series; k++) {
            int64_t value = 0;
            if (!p->value(p, k, &p->view->slots[i], &value))
                continue;
            sum = p->lines || value < 0 ? value : report_money_sum(sum, value);
            least = sum < least ? sum : least;
            most = sum > most ? sum : most;
        }
    }
    return make_axis(least, most);
}

static void add_value_axis(kp_buf *out, const report_plot *p, const axis *a) {
    for (int64_t value = a->low; value <= a->high; value += a->step) {
        long long y = y_of(a, value);
        kp_buf_fmt(out, "<path class=\"%s\" d=\"M%d %lldH%d\"/>", value == 0 ? "axis" : "grid", LEFT, y, RIGHT);
        kp_buf_fmt(out, "<text class=\"tick end\" x=\"%d\" y=\"%lld\">", LEFT - 60, y + 38);
        p->add_value(p, out, value);
        kp_buf_str(out, "</text>");
    }
}

/* ---- The axis of time: a label each few slots, the date where it changes ---- */

/* "2026-11-20 14:00": the time and the date below it, or, where labels are whole days apart, alone. */
static void add_time_label(kp_buf *out, const report_plot *p, size_t i, bool days, kp_buf *date) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    report_add_hour(&text, p->view->slots[i].start);
    bool changed = days || strncmp(kp_buf_text(&text), kp_buf_text(date), DATE) != 0;
    long long x = middle_of(p, i);
    kp_buf_fmt(out, "<path class=\"axis\" d=\"M%lld %dv40\"/>", x, BOTTOM);
    if (!days && text.len > DATE + 1)
        kp_buf_fmt(out, "<text class=\"tick mid\" x=\"%lld\" y=\"%d\">%.5s</text>", x, BOTTOM + 170,
                   kp_buf_text(&text) + DATE + 1);
    if (changed)
        kp_buf_fmt(out, "<text class=\"tick mid\" x=\"%lld\" y=\"%d\">%.10s</text>", x, BOTTOM + (days ? 170 : 360),
                   kp_buf_text(&text));
    kp_buf_clear(date);
    kp_buf_add(date, kp_buf_text(&text), text.len);
    out->failed = out->failed || text.failed || date->failed;
    kp_buf_free(&text);
}

/* Labels of hours stand at hours that divide the day. */
static size_t label_step(const report_plot *p) {
    static const size_t hours[] = {1, 2, 3, 6, 12, 24, 48, 96};
    size_t slot = (size_t)p->view->hours;
    size_t fit = (RIGHT - LEFT) / LABEL_WIDE;
    for (size_t i = 0; slot < 24 && i < sizeof hours / sizeof hours[0]; i++)
        if (hours[i] % slot == 0 && p->view->count / (hours[i] / slot) <= fit)
            return hours[i] / slot;
    return p->view->count / fit + 1;
}

static void add_time_axis(kp_buf *out, const report_plot *p) {
    size_t step = label_step(p);
    size_t first = 0;
    int64_t hours = (int64_t)step * p->view->hours;
    kp_buf date;
    kp_buf_init(&date, NULL);
    while (p->view->hours < 24 && first < p->view->count &&
           p->view->slots[first].start % (hours < 24 ? hours : 24) != 0)
        first++;
    for (size_t i = first < p->view->count ? first : 0; i < p->view->count; i += step)
        if (middle_of(p, i) < RIGHT - LABEL_WIDE / 3 || p->view->count == 1)
            add_time_label(out, p, i, hours % 24 == 0, &date);
    kp_buf_free(&date);
}

/* ---- Bars and lines ---- */

static void add_tip(kp_buf *out, const report_plot *p, size_t series, const report_slot *slot, int64_t value) {
    kp_buf_str(out, "<title>");
    report_add_hour(out, slot->start);
    kp_buf_str(out, " UTC: ");
    if (p->names[series]) {
        report_html_str(out, p->names[series]);
        kp_buf_str(out, ": ");
    }
    p->add_value(p, out, value);
    kp_buf_str(out, "</title>");
}

static void add_bars(kp_buf *out, const report_plot *p, const axis *a) {
    for (size_t i = 0; i < p->view->count; i++) {
        int64_t below = 0;
        long long x = x_of(p, i);
        long long wide = x_of(p, i + 1) - x;
        wide -= wide > 80 ? wide / 8 : 0; /* narrow bars stand close */
        wide = wide > 400 ? 400 : wide;
        x = middle_of(p, i) - wide / 2;
        for (size_t k = 0; k < p->series; k++) {
            int64_t value = 0;
            if (!p->value(p, k, &p->view->slots[i], &value) || value <= 0)
                continue;
            long long foot = y_of(a, below);
            below = report_money_sum(below, value);
            long long top = y_of(a, below);
            if (top == foot && k == 0) /* what is there is seen */
                top -= 8;
            kp_buf_fmt(out, "<rect class=\"f %s\" x=\"%lld\" y=\"%lld\" width=\"%lld\" height=\"%lld\">", p->colours[k],
                       x, top, wide, foot - top);
            add_tip(out, p, k, &p->view->slots[i], value);
            kp_buf_str(out, "</rect>");
        }
    }
}

static void add_marks(kp_buf *out, const report_plot *p, const axis *a, size_t series) {
    for (size_t i = 0; i < p->view->count; i++) {
        int64_t value = 0;
        if (!p->value(p, series, &p->view->slots[i], &value))
            continue;
        kp_buf_fmt(out, "<circle class=\"f %s\" cx=\"%lld\" cy=\"%lld\" r=\"%d\">", p->colours[series],
                   (long long)middle_of(p, i), (long long)y_of(a, value), p->view->count > MARKED ? 18 : 30);
        add_tip(out, p, series, &p->view->slots[i], value);
        kp_buf_str(out, "</circle>");
    }
}

static void add_line(kp_buf *out, const report_plot *p, const axis *a, size_t series) {
    bool drawing = false;
    kp_buf_fmt(out, "<path class=\"l %s\" d=\"", p->colours[series]);
    for (size_t i = 0; i < p->view->count; i++) {
        int64_t value = 0;
        bool there = p->value(p, series, &p->view->slots[i], &value);
        if (there)
            kp_buf_fmt(out, "%c%lld %lld", drawing ? 'L' : 'M', (long long)middle_of(p, i), (long long)y_of(a, value));
        drawing = there || (drawing && p->joined);
    }
    kp_buf_str(out, "\"/>");
    add_marks(out, p, a, series);
}

static void add_description(kp_buf *out, const report_plot *p, const axis *a) {
    kp_buf_fmt(out, "<desc id=\"%s-d\">%s over time, by ", p->id, p->lines ? "Lines" : "Bars");
    report_add_length(out, p->view->hours);
    kp_buf_str(out, ", from ");
    report_add_hour(out, p->view->slots[0].start);
    kp_buf_str(out, " to ");
    report_add_hour(out, p->view->slots[p->view->count - 1].start);
    kp_buf_str(out, " UTC. The axis goes from ");
    p->add_value(p, out, a->low);
    kp_buf_str(out, " to ");
    p->add_value(p, out, a->high);
    kp_buf_str(out, ". The figures are in the table below.</desc>");
}

void report_plot_add(kp_buf *out, const report_plot *p) {
    if (!out || !p || !p->view || p->view->count == 0 || !p->value || !p->add_value || p->series > PLOT_SERIES)
        return;
    axis a = axis_of(p);
    kp_buf_fmt(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"%s-t %s-d\"><title id=\"%s-t\">", WIDTH,
               HEIGHT, p->id, p->id, p->id);
    report_html_str(out, p->title);
    kp_buf_str(out, "</title>");
    add_description(out, p, &a);
    add_value_axis(out, p, &a);
    add_time_axis(out, p);
    if (!p->lines)
        add_bars(out, p, &a);
    for (size_t k = 0; p->lines && k < p->series; k++)
        add_line(out, p, &a, k);
    kp_buf_str(out, "</svg>\n");
}
