/* limits_read.h: what the readers of limits share. */
#ifndef KP_POLICY_LIMITS_READ_H
#define KP_POLICY_LIMITS_READ_H

#include "policy/limits.h"

#define KP_LIMIT_CALLS_MOST 1000000000
#define KP_LIMIT_RATE_MOST 1000000
#define KP_LIMIT_SLOTS_MOST 100000
#define KP_LIMIT_SHARES_MOST 1000000000

typedef struct kp_limit_reader {
    int code;          /* the first that went wrong */
    const char *where; /* the option, if it is not limits.* itself */
    kp_buf *problem;
    bool needs_price;
} kp_limit_reader;

/* Reads one option of a scope. false: there is none of that name. */
bool kp_limit_read(kp_limit_reader *, kp_limit_scope *, const char *name, const char *text, size_t len);
/* limits_by.c: reads "limits.by" into scopes behind the first, and the prices. NULL and "" are none. */
void kp_limits_read_by(kp_limit_reader *, const char *json, kp_limits *);
void kp_limits_read_prices(kp_limit_reader *, const char *json, kp_limits *);

#endif
