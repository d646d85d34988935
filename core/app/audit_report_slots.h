/* audit_report_slots.h: sums by time: hours, or longer slots when the records span so much time that they must be. */
#ifndef KP_APP_AUDIT_REPORT_SLOTS_H
#define KP_APP_AUDIT_REPORT_SLOTS_H

#include "app/audit_report_list.h"

enum {
    REPORT_SLOTS_MAX = 4096,
    REPORT_CODES_MAX = 64, /* error codes that are told apart */
    REPORT_PURSES_MAX = 4  /* balances that are told apart */
};

typedef struct report_balance {
    bool known;
    int64_t unix_ms, micro; /* the last one in the slot */
} report_balance;

typedef struct report_slot {
    int64_t start; /* hours since 1970-01-01 */
    report_sum sum;
    uint64_t codes[REPORT_CODES_MAX + 1]; /* calls, by the index of the code's entry */
    report_balance balances[REPORT_PURSES_MAX + 1];
} report_slot;

typedef struct report_slots {
    report_slot **all; /* by time; only those with records */
    size_t count, room, most;
    int64_t hours; /* how long a slot is */
} report_slots;

/* most: 2 to REPORT_SLOTS_MAX. */
void report_slots_init(report_slots *, size_t most);
void report_slots_free(report_slots *);
/* The slot of a time, made if need be; when there are too many, they become longer. NULL when memory is short. */
report_slot *report_slots_at(report_slots *, int64_t unix_ms);

/* Slots without gaps from the first to the last. */
typedef struct report_view {
    report_slot *slots;
    size_t count;
    int64_t hours;
} report_view;

/* At most so many slots (at least 2), as short as that allows. false when memory is short. */
bool report_view_make(report_view *, const report_slots *, size_t most);
void report_view_free(report_view *);

#endif
