/* audit_report_figures.h: the figures of the page: each a plot, its legend, and its figures as a table. */
#ifndef KP_APP_AUDIT_REPORT_FIGURES_H
#define KP_APP_AUDIT_REPORT_FIGURES_H

#include "app/audit_report_text.h"

/* Money, calls by code, and latency, over time. The view must have a slot. */
void report_figures_calls(kp_buf *, const report *, const report_view *);
/* Balances, if the records have any. */
void report_figures_balance(kp_buf *, const report *, const report_view *);

#endif
