/* audit_report_text.c: amounts, durations, times, labels and notes of a report, as text. */
#include "app/audit_report_text.h"

#include <string.h>

#include "base/decimal.h"
#include "base/text.h"
#include "base/when.h"

enum { DIGITS = 6, LEAST_DIGITS = 2, TIME_LEN = 16, DAY = 24, WEEK = 168 };

static const int64_t million = 1000000;

unsigned report_digits(int64_t micro) {
    unsigned digits = DIGITS;
    for (int64_t part = micro % million; digits > LEAST_DIGITS && part % 10 == 0; part /= 10)
        digits--;
    return digits;
}

static void widen(unsigned *digits, int64_t micro) {
    unsigned needed = report_digits(micro);
    *digits = needed > *digits ? needed : *digits;
}

unsigned report_decimals(const report *r) {
    unsigned digits = LEAST_DIGITS;
    if (!r)
        return digits;
    widen(&digits, r->total.spent);
    for (size_t i = 0; i < r->groups.count; i++)
        widen(&digits, r->groups.entries[i]->sum.spent);
    for (size_t i = 0; i < r->codes.count; i++)
        widen(&digits, r->codes.entries[i]->sum.spent);
    for (size_t i = 0; i < r->slots.count; i++)
        widen(&digits, r->slots.all[i]->sum.spent);
    return digits;
}

void report_add_money(kp_buf *out, int64_t micro, unsigned decimals) {
    char part[DIGITS + 1] = "000000";
    bool minus = micro < 0;
    uint64_t amount = minus ? 0 - (uint64_t)micro : (uint64_t)micro;
    uint64_t rest = amount % (uint64_t)million;
    for (size_t i = DIGITS; i-- > 0; rest /= 10)
        part[i] = (char)('0' + rest % 10);
    part[decimals < DIGITS ? decimals : DIGITS] = '\0';
    kp_buf_fmt(out, "%s%llu.%s", minus ? "-" : "", (unsigned long long)(amount / (uint64_t)million), part);
}

/* One digit behind the point, rounded. */
static void add_tenths(kp_buf *out, uint64_t ms, uint64_t unit, const char *name) {
    uint64_t tenths = (ms * 10 + unit / 2) / unit;
    if (tenths < 1000)
        kp_buf_fmt(out, "%llu.%llu%s", (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10), name);
    else
        kp_buf_fmt(out, "%llu%s", (unsigned long long)((tenths + 5) / 10), name);
}

void report_add_ms(kp_buf *out, uint64_t ms) {
    if (ms < 1000)
        kp_buf_fmt(out, "%llums", (unsigned long long)ms);
    else if (ms < 600000)
        add_tenths(out, ms, 1000, "s");
    else if (ms < 36000000)
        add_tenths(out, ms, 60000, "m");
    else
        add_tenths(out, ms, 3600000, "h");
}

void report_add_percentile(kp_buf *out, const report_hist *h, unsigned percent) {
    uint64_t ms = 0;
    if (report_hist_at(h, percent, &ms))
        report_add_ms(out, ms);
    else
        kp_buf_char(out, '-');
}

/* "2026-11-20 14:00" out of "2026-11-20T14:00:00.000Z" */
void report_add_minute(kp_buf *out, int64_t unix_ms) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_add_rfc3339(&text, unix_ms);
    if (text.len > TIME_LEN) {
        text.data[10] = ' ';
        kp_buf_add(out, text.data, TIME_LEN);
    }
    out->failed = out->failed || text.failed;
    kp_buf_free(&text);
}

void report_add_hour(kp_buf *out, int64_t hour) {
    report_add_minute(out, hour * 3600000);
}

void report_add_length(kp_buf *out, int64_t hours) {
    int64_t unit = hours % WEEK == 0 ? WEEK : hours % DAY == 0 ? DAY : 1;
    const char *name = unit == WEEK ? "week" : unit == DAY ? "day" : "hour";
    if (hours == unit)
        kp_buf_str(out, name);
    else
        kp_buf_fmt(out, "%lld %ss", (long long)(hours / unit), name);
}

void report_add_share(kp_buf *out, uint64_t part, uint64_t whole) {
    uint64_t tenths = whole ? (part * 1000 + whole / 2) / whole : 0;
    kp_buf_fmt(out, "%llu.%llu %%", (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10));
}

static void add_name(kp_buf *out, const report_entry *entry, const char *none) {
    if (!entry)
        return;
    if (entry->others)
        kp_buf_str(out, "(others)");
    else if (entry->len == 0)
        kp_buf_str(out, none);
    else
        kp_add_shown(out, entry->name, entry->len, REPORT_NAME_MAX);
}

void report_add_label(kp_buf *out, const report_entry *entry) {
    add_name(out, entry, "(none)");
}

void report_add_code(kp_buf *out, const report_entry *entry) {
    add_name(out, entry, "(no outcome line)");
}

uint64_t report_open_calls(const report_sum *sum) {
    return sum ? sum->unknown + sum->unfinished : 0;
}

void report_add_period(kp_buf *out, const report *r) {
    if (!r)
        return;
    if (r->records == 0)
        kp_buf_str(out, "no records");
    else {
        report_add_minute(out, r->first_ms);
        kp_buf_str(out, " to ");
        report_add_minute(out, r->last_ms);
        kp_buf_str(out, " UTC");
    }
    if (r->has_since) {
        kp_buf_str(out, ", asked for since ");
        report_add_minute(out, r->since_ms);
        kp_buf_str(out, r->records ? "" : " UTC");
    }
}

static const char *plural(uint64_t n) {
    return n == 1 ? "" : "s";
}

static void add_read(kp_buf *out, const report *r) {
    kp_buf_fmt(out, "%llu record%s of %llu call%s in %zu file%s.", (unsigned long long)r->records, plural(r->records),
               (unsigned long long)r->total.calls, plural(r->total.calls), r->files, plural(r->files));
    if (r->earlier)
        kp_buf_fmt(out, " %llu record%s from before that time %s left out.", (unsigned long long)r->earlier,
                   plural(r->earlier), r->earlier == 1 ? "was" : "were");
    if (r->others)
        kp_buf_fmt(out, " %llu of the records %s of no call.", (unsigned long long)r->others,
                   r->others == 1 ? "is" : "are");
}

static void add_unreadable(kp_buf *out, const report *r) {
    kp_buf_fmt(out, "%llu line%s could not be read (torn, or no audit record) and %s not counted.",
               (unsigned long long)r->unreadable, plural(r->unreadable), r->unreadable == 1 ? "is" : "are");
}

static void add_unfinished(kp_buf *out, const report *r) {
    bool one = r->total.unfinished == 1;
    kp_buf_fmt(out,
               "%llu call%s %s no outcome line (still running when the record was read, or %s process ended): %s "
               "as spent.",
               (unsigned long long)r->total.unfinished, one ? "" : "s", one ? "has" : "have", one ? "its" : "their",
               one ? "it counts" : "they count");
}

static void add_unknown(kp_buf *out, const report *r) {
    bool one = r->total.unknown == 1;
    kp_buf_fmt(out, "%llu call%s ended with an unknown outcome: %s as spent.", (unsigned long long)r->total.unknown,
               one ? "" : "s", one ? "it counts" : "they count");
}

static void add_others(kp_buf *out, const report *r) {
    kp_buf_fmt(out, "Only the first %d names are told apart; the rest is in \"(others)\".", REPORT_LIST_MAX);
    (void)r;
}

static bool always(const report *r) {
    (void)r;
    return true;
}

static bool has_unreadable(const report *r) {
    return r->unreadable > 0;
}

static bool has_unfinished(const report *r) {
    return r->total.unfinished > 0;
}

static bool has_unknown(const report *r) {
    return r->total.unknown > 0;
}

static bool has_others(const report *r) {
    return r->groups.count > r->groups.most;
}

static void add_meaning(kp_buf *out, const report *r) {
    (void)r;
    kp_buf_str(out, "Dollars are the prices configured for what was or may have been accepted; times are UTC; "
                    "percentiles are right to about 3 %.");
}

static void add_chain(kp_buf *out, const report *r) {
    (void)r;
    kp_buf_str(out, "The chain was not checked: keyplate audit verify FILE");
}

bool report_add_note(kp_buf *out, const report *r, size_t i) {
    static const struct {
        bool (*holds)(const report *);
        void (*add)(kp_buf *, const report *);
    } notes[] = {{always, add_read},         {has_unreadable, add_unreadable}, {has_unfinished, add_unfinished},
                 {has_unknown, add_unknown}, {has_others, add_others},         {always, add_meaning},
                 {always, add_chain}};
    for (size_t k = 0; r && k < sizeof notes / sizeof notes[0]; k++)
        if (notes[k].holds(r) && i-- == 0) {
            notes[k].add(out, r);
            return true;
        }
    return false;
}
