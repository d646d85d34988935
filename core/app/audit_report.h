/* audit_report.h: the report of an audit record: it is fed with records and sums them up, in memory of bounded size. No
 * I/O. */
#ifndef KP_APP_AUDIT_REPORT_H
#define KP_APP_AUDIT_REPORT_H

#include "app/audit_report_join.h"
#include "app/audit_report_list.h"
#include "app/audit_report_record.h"
#include "app/audit_report_slots.h"

typedef struct report {
    /* What it is asked for. */
    report_by by;
    bool has_since;
    int64_t since_ms;
    int64_t made_ms; /* when the report is made */
    size_t files;
    /* What was read. */
    uint64_t records;    /* that count; those before since_ms do not */
    uint64_t others;     /* of them: records of other events than calls */
    uint64_t unreadable; /* lines */
    uint64_t earlier;    /* records before since_ms */
    int64_t first_ms, last_ms;
    /* The sums. */
    report_sum total;
    report_list groups, codes, purses; /* by group; by code ("": no outcome line); balances by provider */
    report_slots slots;
    report_join join;
} report;

/* "client_id", "method"... */
const char *report_by_name(report_by);
bool report_by_find(const char *name, report_by *);

void report_init(report *, report_by);
void report_free(report *);
/* Reads a line without its line end and sums it up; one that cannot be read is counted. false: memory is short. */
bool report_add_line(report *, const char *line, size_t len, kp_buf *room);
bool report_add(report *, const report_record *);
/* To be called once, behind the last record: operations without an outcome are summed up, lists are sorted. false:
   memory is short. */
bool report_finish(report *);

#endif
