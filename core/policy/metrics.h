/* metrics.h: figures as the text that Prometheus reads (exposition format 0.0.4), in a stable order. */
#ifndef KP_POLICY_METRICS_H
#define KP_POLICY_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "policy/tally.h"

typedef struct kp_metric_key {
    const char *name, *state; /* a state that is none of those of 'keyplate keys' counts as unknown */
} kp_metric_key;

typedef struct kp_metric_budget {
    const char *scope, *limit; /* "all", "client_id:a"; "usd_per_day" */
    int64_t spent, most;       /* micro-dollars */
} kp_metric_budget;

/* What is not known is left out: no figure is ever 0 for want of knowledge. */
typedef struct kp_metrics {
    const char *provider, *version;
    int64_t success_ms; /* of the last reading of the balance, unix ms; 0: there was none */
    int64_t balance;
    const kp_tally *calls; /* NULL: not known */
    const kp_metric_key *keys;
    size_t key_count;
    const kp_metric_budget *budgets;
    size_t budget_count;
    int store_up; /* -1: not known */
} kp_metrics;

void kp_metrics_write(const kp_metrics *, kp_buf *out);

#endif
