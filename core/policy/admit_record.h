/* admit_record.h: the record of an admitted id: what it took, until it is settled.
 *
 *   "open START {rate NAME PERIOD} {budget NAME ADD KEY} {slot NAME KEY}..."      "done START" */
#ifndef KP_POLICY_ADMIT_RECORD_H
#define KP_POLICY_ADMIT_RECORD_H

#include "policy/admit_map.h"

typedef struct kp_record {
    kp_buf text;
    size_t at; /* where the list of what was taken begins */
    bool open;
    int64_t start;
} kp_record;

/* 1; there is none: 0; failed: -1; damaged: -2. */
int kp_record_read(kp_verb *, kp_arg id, kp_record *);
/* Keeps what was taken, each thing with a blank in front. 0, or -1 when it failed. */
int kp_record_open(kp_verb *, kp_arg id, int64_t start, const kp_buf *taken);
/* Gives back what was taken, or its slots only, and closes the record. 0, or -1 when it failed. */
int kp_record_settle(kp_verb *, kp_arg id, kp_record *, bool back);

#endif
