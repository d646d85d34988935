/* audit_report_html.c: the report as one page that needs nothing else: its words, tables and style. */
#include "app/audit_report_figures.h"
#include "app/audit_report_plot.h"
#include "base/decimal.h"
#include "base/when.h"
#include "keyplate.h"

/* Colours have a contrast of at least 3 with their ground, texts of 4.5. */
static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
    "<title>keyplate: audit report</title>\n<style>\n"
    ":root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--ink:#1d2430;--soft:#596273;--line:#dfe2e8;--grid:#e9ebf0;"
    "--bad:#b3261e;--warn:#8a5a00;"
    "--c0:#2463b4;--c1:#c4490f;--c2:#7a4fc0;--c3:#9a6b00;--c4:#b0307a;--c5:#0b7a75;--c6:#6b7280}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#12151b;--card:#1a1f28;--ink:#e6e9ef;--soft:#a3adbd;--line:#333b48;"
    "--grid:#272e3a;--bad:#ff8f84;--warn:#e9b94f;"
    "--c0:#6ea8fe;--c1:#ff8f5c;--c2:#b99aff;--c3:#e6b422;--c4:#ff85c0;--c5:#4fd1c5;--c6:#9aa4b2}}\n"
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"
    "main{max-width:74rem;margin:0 auto;padding:2rem 1.25rem 3rem}h1{font-size:1.6rem;line-height:1.2;margin:0 0 "
    ".25rem}\n"
    "h2{font-size:1.1rem;margin:2.25rem 0 .75rem}p{margin:.25rem "
    "0}.soft,.notes{color:var(--soft)}.notes{font-size:.9rem}\n"
    ".sums{display:grid;grid-template-columns:repeat(4,1fr);gap:.75rem;margin:1.5rem 0 "
    "0;padding:0}\n"
    ".sums div,figure,.scroll{background:var(--card);border:1px solid var(--line);border-radius:.5rem}\n"
    ".sums div{padding:.6rem .9rem}.sums dt{color:var(--soft);font-size:.85rem}\n"
    ".sums dd{margin:0;font-size:1.35rem;font-weight:600;overflow-wrap:anywhere}\n"
    "figure{margin:0;padding:.75rem 1rem .5rem}svg{display:block;width:100%;height:auto}.scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.35rem .55rem;text-align:right;border-top:1px solid var(--line);white-space:nowrap}\n"
    "thead th{border-top:0;color:var(--soft);font-weight:600}th.n,td.n{text-align:left;font-weight:400}\n"
    "thead th.n,tfoot th.n{font-weight:600}th.w{white-space:normal;overflow-wrap:anywhere;min-width:15rem}\n"
    "tfoot th,tfoot td{font-weight:600;border-top:2px solid var(--soft)}\n"
    ".bad{color:var(--bad)}.warn{color:var(--warn)}\n"
    "details{margin:.25rem 0 0}summary{cursor:pointer;color:var(--soft);font-size:.9rem;padding:.25rem 0}\n"
    "details .scroll{border-width:0;border-radius:0;max-height:24rem;overflow-y:auto}\n"
    "summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--c0);outline-offset:2px}\n"
    ".legend{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;margin:0 0 "
    ".35rem;padding:0;list-style:none;font-size:.85rem}\n"
    ".legend span{display:inline-block;width:.75rem;height:.75rem;border-radius:.15rem;margin-right:.4rem}\n"
    ".grid,.axis{stroke:var(--grid);stroke-width:8;fill:none}.axis{stroke:var(--soft)}\n"
    ".tick{fill:var(--soft);font-size:115px}.end{text-anchor:end}.mid{text-anchor:middle}\n"
    ".l{fill:none;stroke-width:22;stroke-linejoin:round;stroke-linecap:round}\n"
    ".f.c0{fill:var(--c0)}.f.c1{fill:var(--c1)}.f.c2{fill:var(--c2)}.f.c3{fill:var(--c3)}.f.c4{fill:var(--c4)}"
    ".f.c5{fill:var(--c5)}.f.c6{fill:var(--c6)}\n"
    ".l.c0{stroke:var(--c0)}.l.c1{stroke:var(--c1)}.l.c2{stroke:var(--c2)}.l.c3{stroke:var(--c3)}.l.c4{stroke:var(--c4)"
    "}"
    ".l.c5{stroke:var(--c5)}.l.c6{stroke:var(--c6)}\n"
    ".s0{background:var(--c0)}.s1{background:var(--c1)}.s2{background:var(--c2)}.s3{background:var(--c3)}"
    ".s4{background:var(--c4)}.s5{background:var(--c5)}.s6{background:var(--c6)}\n"
    "@media(max-width:40rem){.sums{grid-template-columns:repeat(2,1fr)}.tick{font-size:190px}.l{stroke-width:34}}\n"
    "@media print{details>*{display:block}main{max-width:none}figure,.sums div{break-inside:avoid}}\n"
    "</style>\n</head>\n<body>\n<main>\n";

static void begin_card(kp_buf *out, const char *name, const char *cls) {
    kp_buf_fmt(out, "<div><dt>%s</dt><dd%s>", name, cls);
}

static void end_card(kp_buf *out) {
    kp_buf_str(out, "</dd></div>\n");
}

static void add_card(kp_buf *out, const char *name, uint64_t number, const char *cls) {
    begin_card(out, name, number ? cls : "");
    kp_buf_fmt(out, "%llu", (unsigned long long)number);
    end_card(out);
}

static void add_cards(kp_buf *out, const report *r) {
    static const unsigned percents[] = {50, 90, 99};
    kp_buf_str(out, "<dl class=\"sums\">\n");
    begin_card(out, "Spent", "");
    kp_buf_char(out, '$');
    report_add_money(out, r->total.spent, report_decimals(r));
    end_card(out);
    add_card(out, "Calls", r->total.calls, "");
    add_card(out, "Errors", r->total.errors, " class=\"bad\"");
    add_card(out, "Refused by a limit", r->total.refused, "");
    add_card(out, "Outcome unknown", report_open_calls(&r->total), " class=\"warn\"");
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        kp_buf_fmt(out, "<div><dt>p%u latency</dt><dd>", percents[i]);
        report_add_percentile(out, &r->total.took, percents[i]);
        end_card(out);
    }
    kp_buf_str(out, "</dl>\n");
}

/* ---- Tables ---- */

static void add_count(kp_buf *out, uint64_t number, const char *cls) {
    kp_buf_fmt(out, "<td%s>%llu</td>", number ? cls : "", (unsigned long long)number);
}

static void add_cells(kp_buf *out, const report *r, const report_sum *sum) {
    add_count(out, sum->calls, "");
    add_count(out, sum->ok, "");
    add_count(out, sum->errors, " class=\"bad\"");
    add_count(out, sum->refused, "");
    add_count(out, report_open_calls(sum), " class=\"warn\"");
    kp_buf_str(out, "<td>");
    report_add_money(out, sum->spent, report_decimals(r));
    kp_buf_str(out, "</td>");
}

static void add_percentiles(kp_buf *out, const report_hist *took) {
    static const unsigned percents[] = {50, 90, 99};
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        kp_buf_str(out, "<td>");
        report_add_percentile(out, took, percents[i]);
        kp_buf_str(out, "</td>");
    }
}

static void begin_table(kp_buf *out, const char *label, const char *first, const char *second) {
    kp_buf_fmt(out, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"%s\"><table>\n<thead><tr>",
               label);
    kp_buf_fmt(out, "<th scope=\"col\" class=\"n\">%s</th>%s", first, second);
    kp_buf_str(
        out, "<th scope=\"col\">Calls</th><th scope=\"col\">OK</th><th scope=\"col\">Errors</th>"
             "<th scope=\"col\">Refused</th><th scope=\"col\">Unknown</th><th scope=\"col\">Spent USD</th>"
             "<th scope=\"col\">p50</th><th scope=\"col\">p90</th><th scope=\"col\">p99</th></tr></thead>\n<tbody>\n");
}

static void end_table(kp_buf *out) {
    kp_buf_str(out, "</table></div>\n");
}

/* A name of a group or code, as a cell that heads its row. */
static void add_row_name(kp_buf *out, const report_entry *entry, bool code) {
    kp_buf name;
    kp_buf_init(&name, NULL);
    (code ? report_add_code : report_add_label)(&name, entry);
    kp_buf_str(out, "<tr><th scope=\"row\" class=\"n w\">");
    report_html_add(out, kp_buf_text(&name), name.len);
    kp_buf_str(out, "</th>");
    out->failed = out->failed || name.failed;
    kp_buf_free(&name);
}

static void add_groups(kp_buf *out, const report *r) {
    kp_buf_fmt(out, "<h2>By %s</h2>\n", report_by_name(r->by));
    begin_table(out, "Calls by group", report_by_name(r->by), "");
    for (size_t i = 0; i < r->groups.count; i++) {
        const report_entry *entry = r->groups.entries[i];
        if (entry->sum.calls == 0)
            continue;
        add_row_name(out, entry, false);
        add_cells(out, r, &entry->sum);
        add_percentiles(out, &entry->sum.took);
        kp_buf_str(out, "</tr>\n");
    }
    kp_buf_str(out, "</tbody>\n<tfoot><tr><th scope=\"row\" class=\"n\">total</th>");
    add_cells(out, r, &r->total);
    add_percentiles(out, &r->total.took);
    kp_buf_str(out, "</tr></tfoot>");
    end_table(out);
}

static void add_codes(kp_buf *out, const report *r) {
    kp_buf_str(out, "<h2>By code</h2>\n");
    begin_table(out, "Calls by code", "code", "<th scope=\"col\" class=\"n\">class</th><th scope=\"col\">Share</th>");
    for (size_t i = 0; i < r->codes.count; i++) {
        const report_entry *entry = r->codes.entries[i];
        add_row_name(out, entry, true);
        kp_buf_str(out, "<td class=\"n\">");
        report_html_str(out, entry->cls);
        kp_buf_str(out, "</td><td>");
        report_add_share(out, entry->sum.calls, r->total.calls);
        kp_buf_str(out, "</td>");
        add_cells(out, r, &entry->sum);
        add_percentiles(out, &entry->sum.took);
        kp_buf_str(out, "</tr>\n");
    }
    kp_buf_str(out, "</tbody>");
    end_table(out);
}

static void add_slots(kp_buf *out, const report *r, const report_view *view) {
    kp_buf_str(out, "<h2>By ");
    report_add_length(out, view->hours);
    kp_buf_str(out, "</h2>\n<details><summary>All figures over time</summary>\n");
    begin_table(out, "Calls over time", "from (UTC)", "");
    for (size_t i = 0; i < view->count; i++) {
        if (view->slots[i].sum.calls == 0)
            continue;
        kp_buf_str(out, "<tr><th scope=\"row\" class=\"n\">");
        report_add_hour(out, view->slots[i].start);
        kp_buf_str(out, "</th>");
        add_cells(out, r, &view->slots[i].sum);
        add_percentiles(out, &view->slots[i].sum.took);
        kp_buf_str(out, "</tr>\n");
    }
    kp_buf_str(out, "</tbody>");
    end_table(out);
    kp_buf_str(out, "</details>\n");
}

static void add_head(kp_buf *out, const report *r) {
    kp_buf_str(out, head);
    kp_buf_str(out, "<h1>Audit report</h1>\n<p>");
    report_add_period(out, r);
    kp_buf_str(out, "</p>\n<p class=\"soft\">made ");
    report_add_minute(out, r->made_ms);
    kp_buf_fmt(out, " UTC by keyplate %s</p>\n", kp_version());
}

static void add_notes(kp_buf *out, const report *r) {
    kp_buf note;
    kp_buf_init(&note, NULL);
    kp_buf_str(out, "<h2>What was read</h2>\n<div class=\"notes\">\n");
    for (size_t i = 0; report_add_note(&note, r, i); i++) {
        kp_buf_str(out, "<p>");
        report_html_add(out, kp_buf_text(&note), note.len);
        kp_buf_str(out, "</p>\n");
        out->failed = out->failed || note.failed;
        kp_buf_clear(&note);
    }
    kp_buf_str(out, "</div>\n");
    kp_buf_free(&note);
}

bool report_add_html(kp_buf *out, const report *r) {
    report_view view;
    if (!out || !r || !report_view_make(&view, &r->slots, REPORT_BARS))
        return false;
    add_head(out, r);
    if (r->total.calls > 0) {
        add_cards(out, r);
        report_figures_calls(out, r, &view);
        add_groups(out, r);
        add_codes(out, r);
        add_slots(out, r, &view);
    }
    report_figures_balance(out, r, &view);
    add_notes(out, r);
    kp_buf_str(out, "</main>\n</body>\n</html>\n");
    report_view_free(&view);
    return !out->failed;
}
