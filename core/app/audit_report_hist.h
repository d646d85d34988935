/* audit_report_hist.h: how long calls took, as a histogram of fixed size: its percentiles are right to about 3 %. */
#ifndef KP_APP_AUDIT_REPORT_HIST_H
#define KP_APP_AUDIT_REPORT_HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 16 cells for each doubling, and one for each millisecond below 16; up to 2^32 ms. */
enum { REPORT_CELLS = 464 };

typedef struct report_hist {
    uint32_t cells[REPORT_CELLS];
    uint64_t count, least, most;
} report_hist;

void report_hist_add(report_hist *, uint64_t ms);
void report_hist_merge(report_hist *into, const report_hist *from);
/* The duration below or at which so many of a hundred lie. false if there is none at all. */
bool report_hist_at(const report_hist *, unsigned percent, uint64_t *ms);

#endif
