/* audit_report_record.h: one line of an audit record, as far as a report needs it. */
#ifndef KP_APP_AUDIT_REPORT_RECORD_H
#define KP_APP_AUDIT_REPORT_RECORD_H

#include "base/buf.h"

/* By what a report sums up. */
typedef enum report_by {
    REPORT_BY_CLIENT = 0,
    REPORT_BY_METHOD,
    REPORT_BY_ENV,
    REPORT_BY_SERVICE,
    REPORT_BY_KEY
} report_by;

typedef enum report_event { REPORT_OTHER = 0, REPORT_INTENT, REPORT_OUTCOME } report_event;

/* Text of a record: lent, until the next line is read. */
typedef struct report_text {
    const char *text;
    size_t len;
} report_text;

typedef struct report_record {
    report_event event;
    int64_t unix_ms;
    report_text operation, code, cls, by, provider, task, limit; /* of length 0: the record has none */
    bool outcome_unknown;
    bool has_cost, has_duration, has_balance;
    int64_t cost, balance; /* micro-dollars; a balance may be in credits */
    int64_t duration_ms;
} report_record;

/* Reads a line without its line end. room: for texts with escapes, reused. false: it is no record, or torn. */
bool report_record_read(report_record *, const char *line, size_t len, report_by, kp_buf *room);

#endif
