/* audit_report_plot.h: plots as inline SVG: whole numbers only, no script, every text escaped. */
#ifndef KP_APP_AUDIT_REPORT_PLOT_H
#define KP_APP_AUDIT_REPORT_PLOT_H

#include "app/audit_report_text.h"

enum { PLOT_SERIES = 7 };

/* What one plot shows: series of values over the slots of a view. */
typedef struct report_plot {
    const char *id;    /* of its title, unique in the page */
    const char *title; /* what is plotted, plain text */
    const report_view *view;
    size_t series;
    const char *names[PLOT_SERIES];   /* NULL: a plot of one series needs no legend */
    const char *colours[PLOT_SERIES]; /* classes of the style sheet: "c0" to "c6" */
    bool lines;                       /* lines; else bars that stand on each other */
    bool joined;                      /* a line goes on over slots without a value; else it has a gap there */
    /* The value of a series in a slot. false: there is none. */
    bool (*value)(const struct report_plot *, size_t series, const report_slot *, int64_t *value);
    /* A value as text for a tick of the axis or a tooltip. */
    void (*add_value)(const struct report_plot *, kp_buf *, int64_t value);
    const void *more; /* of the two functions above */
} report_plot;

/* Adds the <svg> element. */
void report_plot_add(kp_buf *, const report_plot *);
/* Text as HTML: control characters and marks that reorder text made harmless, & < > " ' escaped. */
void report_html_add(kp_buf *, const char *text, size_t len);
void report_html_str(kp_buf *, const char *text);

#endif
