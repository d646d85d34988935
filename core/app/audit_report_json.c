/* audit_report_json.c: the report as one JSON object; audit-report.md beside this says what its members mean. */
#include <string.h>

#include "app/audit_report_text.h"
#include "base/decimal.h"
#include "base/text.h"
#include "base/when.h"
#include "keyplate.h"

static void add_name(kp_buf *out, const char *name) {
    char last = out->len ? out->data[out->len - 1] : '{';
    kp_buf_fmt(out, "%s\"%s\":", last == '{' ? "" : ",", name);
}

static void add_u64(kp_buf *out, const char *name, uint64_t number) {
    add_name(out, name);
    kp_buf_fmt(out, "%llu", (unsigned long long)number);
}

static void add_text(kp_buf *out, const char *name, const char *text, size_t len) {
    add_name(out, name);
    if (len > 0)
        kp_add_json(out, text, len);
    else
        kp_buf_str(out, "null");
}

static void add_micro(kp_buf *out, const char *name, int64_t micro) {
    add_name(out, name);
    kp_buf_char(out, '"');
    kp_add_micro(out, micro);
    kp_buf_char(out, '"');
}

static void add_time(kp_buf *out, const char *name, bool known, int64_t unix_ms) {
    add_name(out, name);
    if (known) {
        kp_buf_char(out, '"');
        kp_add_rfc3339(out, unix_ms);
        kp_buf_char(out, '"');
    } else
        kp_buf_str(out, "null");
}

static void add_percentile(kp_buf *out, const char *name, const report_hist *took, unsigned percent) {
    uint64_t ms = 0;
    if (report_hist_at(took, percent, &ms))
        add_u64(out, name, ms);
    else
        add_text(out, name, "", 0);
}

/* The members of a sum, into an object that is open. */
static void add_sum(kp_buf *out, const report_sum *sum) {
    add_u64(out, "calls", sum->calls);
    add_u64(out, "ok", sum->ok);
    add_u64(out, "errors", sum->errors);
    add_u64(out, "refused", sum->refused);
    add_u64(out, "unknown", sum->unknown);
    add_u64(out, "unfinished", sum->unfinished);
    add_micro(out, "spent_usd", sum->spent);
    add_percentile(out, "p50_ms", &sum->took, 50);
    add_percentile(out, "p90_ms", &sum->took, 90);
    add_percentile(out, "p99_ms", &sum->took, 99);
}

static void add_others(kp_buf *out, const report_entry *entry) {
    if (!entry->others)
        return;
    add_name(out, "others");
    kp_buf_str(out, "true");
}

/* A line for each, so that a report can be read and compared as text. */
static void add_comma(kp_buf *out, bool *first) {
    kp_buf_str(out, *first ? "\n" : ",\n");
    *first = false;
}

static void add_groups(kp_buf *out, const report_list *groups) {
    bool first = true;
    add_name(out, "groups");
    kp_buf_char(out, '[');
    for (size_t i = 0; i < groups->count; i++) {
        const report_entry *entry = groups->entries[i];
        if (entry->sum.calls == 0)
            continue;
        add_comma(out, &first);
        kp_buf_char(out, '{');
        add_text(out, "name", entry->name, entry->len);
        add_others(out, entry);
        add_sum(out, &entry->sum);
        kp_buf_char(out, '}');
    }
    kp_buf_char(out, ']');
}

static void add_codes(kp_buf *out, const report_list *codes) {
    bool first = true;
    add_name(out, "codes");
    kp_buf_char(out, '[');
    for (size_t i = 0; i < codes->count; i++) {
        const report_entry *entry = codes->entries[i];
        add_comma(out, &first);
        kp_buf_char(out, '{');
        add_text(out, "code", entry->name, entry->len);
        add_others(out, entry);
        add_text(out, "class", entry->cls, strlen(entry->cls));
        add_sum(out, &entry->sum);
        kp_buf_char(out, '}');
    }
    kp_buf_char(out, ']');
}

static void add_slots(kp_buf *out, const report_slots *slots) {
    bool first = true;
    add_name(out, "slots");
    kp_buf_char(out, '[');
    for (size_t i = 0; i < slots->count; i++) {
        add_comma(out, &first);
        kp_buf_char(out, '{');
        add_time(out, "from", true, slots->all[i]->start * 3600000);
        add_sum(out, &slots->all[i]->sum);
        kp_buf_char(out, '}');
    }
    kp_buf_char(out, ']');
}

static void add_balances(kp_buf *out, const report *r) {
    bool first = true;
    add_name(out, "balances");
    kp_buf_char(out, '[');
    for (size_t i = 0; i < r->slots.count; i++)
        for (size_t k = 0; k < r->purses.count; k++) {
            const report_balance *balance = &r->slots.all[i]->balances[k];
            if (!balance->known)
                continue;
            add_comma(out, &first);
            kp_buf_char(out, '{');
            add_time(out, "at", true, balance->unix_ms);
            add_text(out, "provider", r->purses.entries[k]->name, r->purses.entries[k]->len);
            add_micro(out, "balance", balance->micro);
            kp_buf_char(out, '}');
        }
    kp_buf_char(out, ']');
}

static void add_notes(kp_buf *out, const report *r) {
    kp_buf note;
    kp_buf_init(&note, NULL);
    add_name(out, "notes");
    kp_buf_char(out, '[');
    for (size_t i = 0; report_add_note(&note, r, i); i++) {
        kp_buf_str(out, i ? "," : "");
        kp_add_json(out, kp_buf_text(&note), note.len);
        out->failed = out->failed || note.failed;
        kp_buf_clear(&note);
    }
    kp_buf_char(out, ']');
    kp_buf_free(&note);
}

bool report_add_json(kp_buf *out, const report *r) {
    if (!out || !r)
        return false;
    kp_buf_char(out, '{');
    add_text(out, "made_by", "keyplate", 8);
    add_text(out, "version", kp_version(), strlen(kp_version()));
    add_time(out, "made_at", true, r->made_ms);
    add_time(out, "since", r->has_since, r->since_ms);
    add_time(out, "from", r->records > 0, r->first_ms);
    add_time(out, "to", r->records > 0, r->last_ms);
    add_text(out, "by", report_by_name(r->by), strlen(report_by_name(r->by)));
    add_u64(out, "slot_hours", (uint64_t)r->slots.hours);
    add_u64(out, "files", r->files);
    add_u64(out, "records", r->records);
    add_u64(out, "other_records", r->others);
    add_u64(out, "earlier_records", r->earlier);
    add_u64(out, "unreadable_lines", r->unreadable);
    add_name(out, "chain_checked");
    kp_buf_str(out, "false");
    add_name(out, "total");
    kp_buf_char(out, '{');
    add_sum(out, &r->total);
    kp_buf_char(out, '}');
    add_groups(out, &r->groups);
    add_codes(out, &r->codes);
    add_slots(out, &r->slots);
    add_balances(out, r);
    add_notes(out, r);
    kp_buf_str(out, "}\n");
    return !out->failed;
}
