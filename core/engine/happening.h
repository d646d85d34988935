/* happening.h: one thing that happened to an operation, as facts that become JSON when somebody wants them. */
#ifndef KP_ENGINE_HAPPENING_H
#define KP_ENGINE_HAPPENING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Texts that are NULL or "" are left out. */
typedef struct kp_happening {
    const char *name, *level, *provider, *class_name; /* live for ever */
    const char *message, *operation, *method, *key_name, *fingerprint, *task, *status;
    int64_t unix_ms;
    int64_t balance_micro;
    uint64_t duration_ms;
    unsigned attempts, polls;
    bool tells_balance; /* the message goes on with it */
    bool is_end;        /* of the operation: attempts, polls, duration and unknown count */
    bool unknown;
} kp_happening;

/* Adds it as a JSON object in which all keys that are known by now are masked. */
void kp_happening_add(kp_buf *out, const kp_happening *);

#endif
