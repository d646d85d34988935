/* audit_report_list.h: sums by name: a list of bounded length, with one more entry for the names that it has no room
 * for.
 */
#ifndef KP_APP_AUDIT_REPORT_LIST_H
#define KP_APP_AUDIT_REPORT_LIST_H

#include "app/audit_report_hist.h"

/* What is summed up of calls: calls = ok + errors + refused + unknown + unfinished. */
typedef struct report_sum {
    uint64_t calls, ok, errors;
    uint64_t refused;    /* by a limit of keyplate: nothing was sent */
    uint64_t unknown;    /* sent, and nobody knows with what outcome */
    uint64_t unfinished; /* an intent line without an outcome line */
    int64_t spent;       /* micro-dollars; stays at INT64_MAX rather than overflow */
    report_hist took;
} report_sum;

void report_sum_merge(report_sum *into, const report_sum *from);
/* a + b, neither negative, at most INT64_MAX. */
int64_t report_money_sum(int64_t a, int64_t b);

enum {
    REPORT_NAME_MAX = 200, /* bytes of a name; the rest does not count */
    REPORT_CLASS_MAX = 16,
    REPORT_LIST_MAX = 1000
};

typedef struct report_entry {
    char *name; /* "": the records have none */
    size_t len;
    bool others;                /* of all names that found no room */
    char cls[REPORT_CLASS_MAX]; /* of a code: its error class */
    size_t index;               /* in the order in which the names came */
    report_sum sum;
} report_entry;

typedef struct report_list {
    report_entry **entries; /* in the order in which they came, until they are sorted */
    size_t count, room, most;
    uint16_t *table; /* hash table: index + 1, 0 for none */
} report_list;

/* most: at most REPORT_LIST_MAX. */
void report_list_init(report_list *, size_t most);
void report_list_free(report_list *);
/* The entry of a name, made if need be. NULL when memory is short. It stays where it is. */
report_entry *report_list_entry(report_list *, const char *name, size_t len);
/* By money, then calls, then name; by calls first if told so. No name can be looked up afterwards. */
void report_list_sort(report_list *, bool by_calls);

#endif
