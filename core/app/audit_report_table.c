/* audit_report_table.c: the report as tables of 80 columns for a terminal. */
#include <string.h>

#include "app/audit_report_grid.h"
#include "app/audit_report_text.h"
#include "app/cmd_pages.h"
#include "base/text.h"

enum { BAR = 16 };

/* Cells are written into one buffer, which each call hands to the grid. */
typedef struct writer {
    const report *report;
    report_grid grid;
    kp_buf cell;
    unsigned decimals;
} writer;

static void begin(writer *w, const char *const *heads, size_t columns) {
    report_grid_init(&w->grid, columns);
    for (size_t i = 0; i < columns; i++)
        report_grid_str(&w->grid, heads[i]);
}

static void end(writer *w, kp_buf *out, bool total, bool colour) {
    report_grid_print(&w->grid, out, REPORT_WIDTH, total, colour);
    report_grid_free(&w->grid);
    out->failed = out->failed || w->cell.failed;
    kp_buf_char(out, '\n');
}

static void add_money(writer *w, int64_t micro) {
    report_add_money(&w->cell, micro, w->decimals);
    report_grid_add(&w->grid, &w->cell);
}

static void add_percentiles(writer *w, const report_hist *took) {
    static const unsigned percents[] = {50, 90, 99};
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        report_add_percentile(&w->cell, took, percents[i]);
        report_grid_add(&w->grid, &w->cell);
    }
}

static void add_counts(writer *w, const report_sum *sum) {
    report_grid_u64(&w->grid, sum->calls);
    report_grid_u64(&w->grid, sum->errors);
    report_grid_u64(&w->grid, sum->refused);
    report_grid_u64(&w->grid, report_open_calls(sum));
    add_money(w, sum->spent);
}

static void add_groups(writer *w, kp_buf *out, bool colour) {
    char head[REPORT_CLASS_MAX] = "";
    const char *name = report_by_name(w->report->by);
    for (size_t i = 0; name[i] && i + 1 < sizeof head; i++)
        head[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i]);
    const char *const heads[] = {head, "CALLS", "ERRORS", "REFUSED", "UNKNOWN", "SPENT USD", "P50", "P90", "P99"};
    begin(w, heads, sizeof heads / sizeof heads[0]);
    w->grid.colours[2] = GRID_RED;
    w->grid.colours[4] = GRID_YELLOW;
    for (size_t i = 0; i < w->report->groups.count; i++) {
        const report_entry *entry = w->report->groups.entries[i];
        if (entry->sum.calls == 0) /* of an operation whose outcome names another */
            continue;
        report_add_label(&w->cell, entry);
        report_grid_add(&w->grid, &w->cell);
        add_counts(w, &entry->sum);
        add_percentiles(w, &entry->sum.took);
    }
    report_grid_str(&w->grid, "total");
    add_counts(w, &w->report->total);
    add_percentiles(w, &w->report->total.took);
    end(w, out, true, colour);
}

static void add_codes(writer *w, kp_buf *out, bool colour) {
    static const char *const heads[] = {"CODE", "CLASS", "CALLS", "SHARE", "SPENT USD", "P50", "P90", "P99"};
    begin(w, heads, sizeof heads / sizeof heads[0]);
    w->grid.left[1] = true;
    for (size_t i = 0; i < w->report->codes.count; i++) {
        const report_entry *entry = w->report->codes.entries[i];
        report_add_code(&w->cell, entry);
        report_grid_add(&w->grid, &w->cell);
        kp_add_shown(&w->cell, entry->cls, strlen(entry->cls), REPORT_CLASS_MAX);
        report_grid_add(&w->grid, &w->cell);
        report_grid_u64(&w->grid, entry->sum.calls);
        report_add_share(&w->cell, entry->sum.calls, w->report->total.calls);
        report_grid_add(&w->grid, &w->cell);
        add_money(w, entry->sum.spent);
        add_percentiles(w, &entry->sum.took);
    }
    end(w, out, false, colour);
}

static void add_bar(writer *w, int64_t part, int64_t most) {
    int64_t unit = most / BAR > 0 ? most / BAR : 1;
    int64_t full = part / unit < BAR ? part / unit : BAR;
    bool any = part > 0 && full == 0;
    for (int64_t i = 0; i < full; i++)
        kp_buf_char(&w->cell, '#');
    kp_buf_str(&w->cell, any ? "." : "");
    report_grid_add(&w->grid, &w->cell);
}

static void add_slots(writer *w, kp_buf *out, const report_view *view, bool colour) {
    static const char *const heads[] = {"FROM (UTC)", "CALLS", "ERRORS", "REFUSED", "UNKNOWN", "SPENT USD", "SPENT"};
    int64_t most = 0;
    for (size_t i = 0; i < view->count; i++)
        most = view->slots[i].sum.spent > most ? view->slots[i].sum.spent : most;
    kp_buf_str(out, "By ");
    report_add_length(out, view->hours);
    kp_buf_str(out, ":\n");
    begin(w, heads, sizeof heads / sizeof heads[0]);
    w->grid.left[6] = true;
    w->grid.colours[2] = GRID_RED;
    w->grid.colours[4] = GRID_YELLOW;
    for (size_t i = 0; i < view->count; i++) {
        report_add_hour(&w->cell, view->slots[i].start);
        report_grid_add(&w->grid, &w->cell);
        add_counts(w, &view->slots[i].sum);
        add_bar(w, view->slots[i].sum.spent, most);
    }
    end(w, out, false, colour);
}

/* The last balance of each provider. */
static void add_balances(writer *w, kp_buf *out, const report_view *view, bool colour) {
    static const char *const heads[] = {"BALANCE AT", "LAST READ (UTC)", "BALANCE"};
    if (w->report->purses.count == 0)
        return;
    begin(w, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < w->report->purses.count; i++) {
        const report_balance *last = NULL;
        for (size_t k = 0; k < view->count; k++)
            if (view->slots[k].balances[i].known)
                last = &view->slots[k].balances[i];
        if (!last)
            continue;
        report_add_label(&w->cell, w->report->purses.entries[i]);
        report_grid_add(&w->grid, &w->cell);
        report_add_minute(&w->cell, last->unix_ms);
        report_grid_add(&w->grid, &w->cell);
        report_add_money(&w->cell, last->micro, report_digits(last->micro));
        report_grid_add(&w->grid, &w->cell);
    }
    end(w, out, false, colour);
}

bool report_add_table(kp_buf *out, const report *r, bool colour) {
    report_view view;
    if (!out || !r || !report_view_make(&view, &r->slots, REPORT_ROWS))
        return false;
    writer w = {.report = r, .decimals = report_decimals(r)};
    kp_buf_init(&w.cell, NULL);
    kp_buf_str(out, "Audit report: ");
    report_add_period(out, r);
    kp_buf_str(out, "\n\n");
    if (r->total.calls > 0) {
        add_groups(&w, out, colour);
        add_codes(&w, out, colour);
        add_slots(&w, out, &view, colour);
    }
    add_balances(&w, out, &view, colour);
    for (size_t i = 0; report_add_note(&w.cell, r, i); i++) {
        cmd_add_wrapped(out, kp_buf_text(&w.cell), 0, 0);
        kp_buf_clear(&w.cell);
    }
    kp_buf_free(&w.cell);
    report_view_free(&view);
    return !out->failed;
}
