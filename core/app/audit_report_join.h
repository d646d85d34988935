/* audit_report_join.h: the operations of which one of their two lines was read and the other was not yet. */
#ifndef KP_APP_AUDIT_REPORT_JOIN_H
#define KP_APP_AUDIT_REPORT_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/audit_report_list.h"

enum { REPORT_ID_MAX = 64 };

/* An operation of which the intent was read, or the outcome before the intent: files may be given in any order. */
typedef struct report_half {
    char id[REPORT_ID_MAX];
    uint8_t len; /* 0: a free place */
    bool outcome;
    int64_t unix_ms, cost;
    report_entry *group;
} report_half;

typedef struct report_join {
    report_half *places; /* a hash table that is never more than half full */
    size_t room, count;
} report_join;

void report_join_free(report_join *);
/* The half of an operation, NULL if there is none. Lent until the next change. */
report_half *report_join_find(const report_join *, const char *id, size_t len);
/* A new half, its id set and all else 0. NULL when memory is short, or no such id can be. */
report_half *report_join_add(report_join *, const char *id, size_t len);
void report_join_drop(report_join *, report_half *);

#endif
