/* audit_report_text.h: what all forms of the report say in the same words, and the forms themselves. */
#ifndef KP_APP_AUDIT_REPORT_TEXT_H
#define KP_APP_AUDIT_REPORT_TEXT_H

#include "app/audit_report.h"
#include "base/buf.h"

/* So many digits behind the point that an amount is exact: 2 to 6; and that every amount of the report is. */
unsigned report_digits(int64_t micro);
unsigned report_decimals(const report *);
void report_add_money(kp_buf *, int64_t micro, unsigned decimals);
/* "850ms", "12.3s", "5.2m", "3.1h" */
void report_add_ms(kp_buf *, uint64_t ms);
/* A percentile as report_add_ms, "-" if there is none. */
void report_add_percentile(kp_buf *, const report_hist *, unsigned percent);
/* "2026-11-20 14:00"; and the same of an hour since 1970-01-01 */
void report_add_minute(kp_buf *, int64_t unix_ms);
void report_add_hour(kp_buf *, int64_t hour);
/* How long a slot is: "hour", "3 hours", "day", "week", "4 weeks". */
void report_add_length(kp_buf *, int64_t hours);
/* A share of a whole: "12.3 %" */
void report_add_share(kp_buf *, uint64_t part, uint64_t whole);
/* The name of a group or of a balance's provider, and of a code: fit for a terminal, never empty. */
void report_add_label(kp_buf *, const report_entry *);
void report_add_code(kp_buf *, const report_entry *);
/* Calls of which nobody knows what became. */
uint64_t report_open_calls(const report_sum *);
/* One line that says over which time the report speaks. */
void report_add_period(kp_buf *, const report *);
/* The i-th sentence about what was read and what the figures mean. false past the last. */
bool report_add_note(kp_buf *, const report *, size_t i);

enum {
    REPORT_ROWS = 24,  /* slots that the terminal shows */
    REPORT_BARS = 192, /* and a plot */
    REPORT_WIDTH = 80
};

/* The forms. A report must be finished. false: memory is short (as kp_buf.failed says too). */
bool report_add_table(kp_buf *, const report *, bool colour);
bool report_add_csv(kp_buf *, const report *);
bool report_add_json(kp_buf *, const report *);
bool report_add_html(kp_buf *, const report *);

#endif
