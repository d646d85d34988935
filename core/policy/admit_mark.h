/* admit_mark.h: marks: under one name a few fields with a value each, as the text "field=value,field=value". */
#ifndef KP_POLICY_ADMIT_MARK_H
#define KP_POLICY_ADMIT_MARK_H

#include "policy/admit_map.h"

typedef struct kp_mark {
    kp_arg field;
    kp_arg value;
    int64_t ahead_ms; /* not negative: the value is the store's now and this */
    int64_t ttl_ms;
} kp_mark;

/* Reads field, value and ttl, three arguments. NULL, or what is wrong. */
const char *kp_mark_parse(const kp_arg *args, kp_mark *);
/* The mark of a text of marks that begins at *at and ends at a comma or the end; *at goes behind it. Lent by the text.
   false: none is there, or it is the end. */
bool kp_mark_next(kp_arg text, size_t *at, kp_mark *);
/* The marks of a text, those marked longest ago first, and of more than KP_MARKS_MOST the last ones. whole: not NULL,
   whether all of the text are marks. */
enum { KP_MARKS_MOST = 32 };
size_t kp_mark_last(kp_arg text, kp_mark out[KP_MARKS_MOST], bool *whole);
/* Adds the mark behind those that name holds. 0, or -1 when it failed. */
int kp_mark_write(kp_verb *, kp_arg name, kp_mark);

#endif
