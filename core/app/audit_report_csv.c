/* audit_report_csv.c: the report as one table of comma-separated values (RFC 4180). */
#include <string.h>

#include "app/audit_report_text.h"
#include "base/decimal.h"
#include "base/text.h"
#include "base/when.h"
#include "keyplate.h"

static const char *const separators = "\t;,\"'";

/* What a spreadsheet takes for the start of a formula. */
static bool starts_formula(const char *text, size_t len) {
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};
    if (len > 0 && text[0] && strchr("=+-@|%", text[0]))
        return true;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (len >= 3 && memcmp(text, wide[i], 3) == 0)
            return true;
    return false;
}

/* In quotes. Where a cell would be taken for a formula, there is an apostrophe in front; a spreadsheet that splits at
   another separator makes cells of the pieces, so it is also within. */
static void add_text(kp_buf *out, const char *text, size_t len) {
    kp_buf shown;
    kp_buf_init(&shown, NULL);
    kp_add_shown(&shown, text, len, 4 * (len + 1));
    bool first = true;
    kp_buf_char(out, '"');
    for (size_t i = 0; i < shown.len; i++) {
        char c = shown.data[i];
        if (first && starts_formula(shown.data + i, shown.len - i))
            kp_buf_char(out, '\'');
        if (c == '"')
            kp_buf_char(out, '"');
        kp_buf_char(out, c);
        first = strchr(separators, c) != NULL || (first && c == ' ');
    }
    kp_buf_char(out, '"');
    out->failed = out->failed || shown.failed;
    kp_buf_free(&shown);
}

static void add_buf(kp_buf *out, kp_buf *text) {
    add_text(out, kp_buf_text(text), text->len);
    out->failed = out->failed || text->failed;
    kp_buf_clear(text);
}

static void add_ms(kp_buf *out, const report_hist *took, unsigned percent) {
    uint64_t ms = 0;
    kp_buf_char(out, ',');
    if (report_hist_at(took, percent, &ms))
        kp_buf_fmt(out, "%llu", (unsigned long long)ms);
}

static void add_sum(kp_buf *out, const report_sum *sum) {
    const uint64_t counts[] = {sum->calls, sum->ok, sum->errors, sum->refused, sum->unknown, sum->unfinished};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        kp_buf_fmt(out, ",%llu", (unsigned long long)counts[i]);
    kp_buf_char(out, ',');
    kp_add_micro(out, sum->spent);
    add_ms(out, &sum->took, 50);
    add_ms(out, &sum->took, 90);
    add_ms(out, &sum->took, 99);
    kp_buf_str(out, ",\r\n");
}

static void begin(kp_buf *out, const char *section, kp_buf *name, const char *text) {
    kp_buf_fmt(out, "%s,", section);
    add_buf(out, name);
    kp_buf_char(out, ',');
    add_text(out, text, strlen(text));
}

/* A row without figures. */
static void add_fact(kp_buf *out, const char *name, kp_buf *value) {
    kp_buf_fmt(out, "about,\"%s\",", name);
    add_buf(out, value);
    kp_buf_str(out, ",,,,,,,,,,,\r\n");
}

static void add_number(kp_buf *out, const char *name, uint64_t number, kp_buf *cell) {
    kp_buf_fmt(cell, "%llu", (unsigned long long)number);
    add_fact(out, name, cell);
}

static void add_time(kp_buf *out, const char *name, bool known, int64_t unix_ms, kp_buf *cell) {
    if (known)
        kp_add_rfc3339(cell, unix_ms);
    add_fact(out, name, cell);
}

static void add_about(kp_buf *out, const report *r, kp_buf *cell) {
    kp_buf_fmt(cell, "keyplate %s", kp_version());
    add_fact(out, "made_by", cell);
    add_time(out, "made_at", true, r->made_ms, cell);
    add_time(out, "since", r->has_since, r->since_ms, cell);
    add_time(out, "from", r->records > 0, r->first_ms, cell);
    add_time(out, "to", r->records > 0, r->last_ms, cell);
    kp_buf_str(cell, report_by_name(r->by));
    add_fact(out, "by", cell);
    kp_buf_i64(cell, r->slots.hours);
    add_fact(out, "slot_hours", cell);
    add_number(out, "files", r->files, cell);
    add_number(out, "records", r->records, cell);
    add_number(out, "other_records", r->others, cell);
    add_number(out, "earlier_records", r->earlier, cell);
    add_number(out, "unreadable_lines", r->unreadable, cell);
    for (size_t i = 0; report_add_note(cell, r, i); i++)
        add_fact(out, "note", cell);
}

static void add_slots(kp_buf *out, const report *r, kp_buf *cell) {
    for (size_t i = 0; i < r->slots.count; i++) {
        const report_slot *slot = r->slots.all[i];
        kp_add_rfc3339(cell, slot->start * 3600000);
        begin(out, "time", cell, "");
        add_sum(out, &slot->sum);
        for (size_t k = 0; k < r->purses.count; k++) {
            if (!slot->balances[k].known)
                continue;
            kp_add_rfc3339(cell, slot->balances[k].unix_ms);
            kp_buf_str(out, "balance,");
            add_buf(out, cell);
            kp_buf_char(out, ',');
            report_add_label(cell, r->purses.entries[k]);
            add_buf(out, cell);
            kp_buf_str(out, ",,,,,,,,,,,");
            kp_add_micro(out, slot->balances[k].micro);
            kp_buf_str(out, "\r\n");
        }
    }
}

bool report_add_csv(kp_buf *out, const report *r) {
    kp_buf cell;
    if (!out || !r)
        return false;
    kp_buf_init(&cell, NULL);
    kp_buf_str(out, "section,name,text,calls,ok,errors,refused,unknown,unfinished,spent_usd,p50_ms,p90_ms,p99_ms,"
                    "balance\r\n");
    for (size_t i = 0; i < r->groups.count; i++) {
        if (r->groups.entries[i]->sum.calls == 0)
            continue;
        report_add_label(&cell, r->groups.entries[i]);
        begin(out, "group", &cell, "");
        add_sum(out, &r->groups.entries[i]->sum);
    }
    kp_buf_str(&cell, "total");
    begin(out, "total", &cell, "");
    add_sum(out, &r->total);
    for (size_t i = 0; i < r->codes.count; i++) {
        report_add_code(&cell, r->codes.entries[i]);
        begin(out, "code", &cell, r->codes.entries[i]->cls);
        add_sum(out, &r->codes.entries[i]->sum);
    }
    add_slots(out, r, &cell);
    add_about(out, r, &cell);
    out->failed = out->failed || cell.failed;
    kp_buf_free(&cell);
    return !out->failed;
}
