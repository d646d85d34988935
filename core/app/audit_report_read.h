/* audit_report_read.h: feeds a report with the lines of a file, in memory that no line makes larger. */
#ifndef KP_APP_AUDIT_REPORT_READ_H
#define KP_APP_AUDIT_REPORT_READ_H

#include "app/audit_report.h"

/* What the reader tells while it goes on: bytes that were read so far. */
typedef struct report_reader {
    report *report;
    void (*tell)(void *user, uint64_t bytes);
    void *user;
} report_reader;

typedef enum report_read {
    REPORT_READ_DONE = 0,
    REPORT_READ_FAILED,     /* errno says why */
    REPORT_READ_COMPRESSED, /* gzip, zstd, xz or bzip2 */
    REPORT_READ_MEMORY
} report_read;

/* Reads the descriptor to its end. */
report_read report_read_all(const report_reader *, int fd);

#endif
