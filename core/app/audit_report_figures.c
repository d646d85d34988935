/* audit_report_figures.c: says what each plot of the page shows, and writes its figures as a table below it. */
#include "app/audit_report_figures.h"

#include "app/audit_report_plot.h"
#include "base/decimal.h"
#include "base/text.h"

enum { CODES_SHOWN = PLOT_SERIES - 1 }; /* the rest is one series */

static const char *const colours[PLOT_SERIES] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6"};

/* ---- Values ---- */

static bool spent_of(const report_plot *p, size_t series, const report_slot *slot, int64_t *value) {
    (void)p;
    (void)series;
    *value = slot->sum.spent;
    return true;
}

static void add_dollars(const report_plot *p, kp_buf *out, int64_t value) {
    (void)p;
    kp_buf_str(out, value < 0 ? "-$" : "$");
    kp_add_micro(out, value < 0 ? -value : value);
}

/* What became of the calls. */
static bool outcome_of(const report_plot *p, size_t series, const report_slot *slot, int64_t *value) {
    const uint64_t counts[] = {slot->sum.ok, slot->sum.errors, slot->sum.refused, report_open_calls(&slot->sum)};
    (void)p;
    *value = (int64_t)counts[series];
    return true;
}

/* Codes other than ok, each with the place of its entry. */
typedef struct bad_codes {
    const report_list *all;
    size_t count, places[REPORT_CODES_MAX + 1];
} bad_codes;

static bool code_of(const report_plot *p, size_t series, const report_slot *slot, int64_t *value) {
    const bad_codes *codes = p->more;
    uint64_t calls = 0;
    for (size_t i = series; i < codes->count && (i == series || series == CODES_SHOWN); i++)
        calls += slot->codes[codes->all->entries[codes->places[i]]->index];
    *value = (int64_t)calls;
    return true;
}

static void add_number(const report_plot *p, kp_buf *out, int64_t value) {
    (void)p;
    kp_buf_i64(out, value);
}

static bool latency_of(const report_plot *p, size_t series, const report_slot *slot, int64_t *value) {
    static const unsigned percents[] = {50, 90, 99};
    uint64_t ms = 0;
    (void)p;
    if (series >= sizeof percents / sizeof percents[0] || !report_hist_at(&slot->sum.took, percents[series], &ms))
        return false;
    *value = (int64_t)ms;
    return true;
}

static void add_duration(const report_plot *p, kp_buf *out, int64_t value) {
    (void)p;
    if (value % 1000 == 0 && value < 600000)
        kp_buf_fmt(out, "%llds", (long long)(value / 1000));
    else
        report_add_ms(out, (uint64_t)value);
}

static bool balance_of(const report_plot *p, size_t series, const report_slot *slot, int64_t *value) {
    (void)p;
    if (series > REPORT_PURSES_MAX || !slot->balances[series].known)
        return false;
    *value = slot->balances[series].micro;
    return true;
}

static void add_amount(const report_plot *p, kp_buf *out, int64_t value) {
    (void)p;
    kp_add_micro(out, value);
}

/* ---- A figure ---- */

static void add_legend(kp_buf *out, const report_plot *p) {
    if (!p->names[0])
        return;
    kp_buf_str(out, "<ul class=\"legend\" aria-label=\"Legend\">");
    for (size_t i = 0; i < p->series; i++) {
        kp_buf_fmt(out, "<li><span class=\"s%c\"></span>", p->colours[i][1]);
        report_html_str(out, p->names[i]);
        kp_buf_str(out, "</li>");
    }
    kp_buf_str(out, "</ul>\n");
}

static void add_table_head(kp_buf *out, const report_plot *p) {
    kp_buf_str(out, "<details><summary>The figures as a table</summary><div class=\"scroll\" role=\"region\" "
                    "tabindex=\"0\" aria-labelledby=\"");
    kp_buf_fmt(out, "%s-h\"><table>\n<thead><tr><th scope=\"col\" class=\"n\">from (UTC)</th>", p->id);
    for (size_t i = 0; i < p->series; i++) {
        kp_buf_str(out, "<th scope=\"col\">");
        report_html_str(out, p->names[i] ? p->names[i] : p->title);
        kp_buf_str(out, "</th>");
    }
    kp_buf_str(out, "</tr></thead>\n<tbody>\n");
}

/* Slots without anything have no row. */
static bool is_empty(const report_plot *p, const report_slot *slot) {
    for (size_t i = 0; i < p->series; i++) {
        int64_t value = 0;
        if (p->value(p, i, slot, &value) && (value != 0 || p->lines))
            return false;
    }
    return true;
}

static void add_table(kp_buf *out, const report_plot *p) {
    add_table_head(out, p);
    for (size_t i = 0; i < p->view->count; i++) {
        const report_slot *slot = &p->view->slots[i];
        if (is_empty(p, slot))
            continue;
        kp_buf_str(out, "<tr><th scope=\"row\" class=\"n\">");
        report_add_hour(out, slot->start);
        kp_buf_str(out, "</th>");
        for (size_t k = 0; k < p->series; k++) {
            int64_t value = 0;
            kp_buf_str(out, "<td>");
            if (p->value(p, k, slot, &value))
                p->add_value(p, out, value);
            kp_buf_str(out, "</td>");
        }
        kp_buf_str(out, "</tr>\n");
    }
    kp_buf_str(out, "</tbody></table></div></details>\n");
}

static void add_figure(kp_buf *out, report_plot *p) {
    for (size_t i = 0; i < PLOT_SERIES; i++)
        p->colours[i] = colours[i];
    kp_buf_fmt(out, "<h2 id=\"%s-h\">", p->id);
    report_html_str(out, p->title);
    kp_buf_str(out, "</h2>\n<figure>\n");
    add_legend(out, p);
    report_plot_add(out, p);
    add_table(out, p);
    kp_buf_str(out, "</figure>\n");
}

/* "Spent, by 3 hours" */
static const char *title(kp_buf *room, const char *what, const report_view *view) {
    room->len = 0; /* unlike kp_buf_clear: a failure is kept */
    kp_buf_str(room, what);
    report_add_length(room, view->hours);
    return kp_buf_text(room);
}

static void add_outcomes(kp_buf *out, const report_view *view, kp_buf *room) {
    report_plot p = {.id = "calls",
                     .title = title(room, "Calls, each ", view),
                     .view = view,
                     .series = 4,
                     .names = {"ok", "errors", "refused by a limit", "outcome unknown"},
                     .value = outcome_of,
                     .add_value = add_number};
    add_figure(out, &p);
}

/* The names of series are texts of their own: entries hold raw bytes. */
static void add_codes(kp_buf *out, const report *r, const report_view *view, kp_buf *room) {
    kp_buf names[PLOT_SERIES];
    bad_codes codes = {.all = &r->codes};
    for (size_t i = 0; i < r->codes.count && i <= REPORT_CODES_MAX; i++)
        if (!kp_same_n(r->codes.entries[i]->name, r->codes.entries[i]->len, "ok"))
            codes.places[codes.count++] = i;
    report_plot p = {.id = "codes",
                     .title = title(room, "Calls that were not ok, by code, each ", view),
                     .view = view,
                     .value = code_of,
                     .add_value = add_number,
                     .more = &codes};
    p.series = codes.count < PLOT_SERIES ? codes.count : PLOT_SERIES;
    for (size_t i = 0; i < p.series; i++) {
        kp_buf_init(&names[i], NULL);
        if (i < CODES_SHOWN)
            report_add_code(&names[i], r->codes.entries[codes.places[i]]);
        else
            kp_buf_str(&names[i], "all other codes");
        p.names[i] = kp_buf_text(&names[i]);
        out->failed = out->failed || names[i].failed;
    }
    if (p.series > 0)
        add_figure(out, &p);
    for (size_t i = 0; i < p.series; i++)
        kp_buf_free(&names[i]);
}

void report_figures_calls(kp_buf *out, const report *r, const report_view *view) {
    if (!out || !r || !view || view->count == 0)
        return;
    kp_buf room;
    kp_buf_init(&room, NULL);
    report_plot spent = {.id = "spent",
                         .title = title(&room, "Spent, in dollars each ", view),
                         .view = view,
                         .series = 1,
                         .value = spent_of,
                         .add_value = add_dollars};
    add_figure(out, &spent);
    add_outcomes(out, view, &room);
    add_codes(out, r, view, &room);
    report_plot latency = {.id = "latency",
                           .title = title(&room, "Latency percentiles, each ", view),
                           .view = view,
                           .series = 3,
                           .names = {"p50", "p90", "p99"},
                           .lines = true,
                           .value = latency_of,
                           .add_value = add_duration};
    if (r->total.took.count > 0)
        add_figure(out, &latency);
    out->failed = out->failed || room.failed;
    kp_buf_free(&room);
}

void report_figures_balance(kp_buf *out, const report *r, const report_view *view) {
    kp_buf names[REPORT_PURSES_MAX + 1];
    if (!out || !r || !view || view->count == 0 || r->purses.count == 0)
        return;
    report_plot p = {.id = "balance",
                     .title = "Balance",
                     .view = view,
                     .series = r->purses.count,
                     .lines = true,
                     .joined = true,
                     .value = balance_of,
                     .add_value = add_amount};
    for (size_t i = 0; i < p.series; i++) {
        kp_buf_init(&names[i], NULL);
        report_add_label(&names[i], r->purses.entries[i]);
        p.names[i] = kp_buf_text(&names[i]);
        out->failed = out->failed || names[i].failed;
    }
    add_figure(out, &p);
    for (size_t i = 0; i < p.series; i++)
        kp_buf_free(&names[i]);
}
