/* audit_report_grid.h: a table for a terminal: columns as wide as what is in them, the first one gives way. */
#ifndef KP_APP_AUDIT_REPORT_GRID_H
#define KP_APP_AUDIT_REPORT_GRID_H

#include "base/buf.h"

enum { GRID_COLUMNS = 10 };

typedef enum grid_colour { GRID_PLAIN = 0, GRID_RED, GRID_YELLOW } grid_colour;

typedef struct report_grid {
    size_t columns;
    bool left[GRID_COLUMNS];           /* aligned left; numbers are aligned right */
    grid_colour colours[GRID_COLUMNS]; /* of cells that are not "0" */
    kp_buf cells;                      /* row by row, each ended by a NUL */
    size_t widths[GRID_COLUMNS];
    size_t count;
} report_grid;

void report_grid_init(report_grid *, size_t columns);
void report_grid_free(report_grid *);
/* The next cell; the buffer is empty afterwards. */
void report_grid_add(report_grid *, kp_buf *text);
void report_grid_str(report_grid *, const char *text);
void report_grid_u64(report_grid *, uint64_t);
/* The first row is the head; with total, the last one stands below a line. */
void report_grid_print(const report_grid *, kp_buf *out, size_t width, bool total, bool colour);

#endif
