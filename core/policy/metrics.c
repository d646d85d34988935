/* metrics.c: writes figures as the text that Prometheus reads. */
#include "policy/metrics.h"

#include <string.h>

#include "base/decimal.h"
#include "base/mem.h"
#include "base/text.h"

static const char *const key_states[] = {"pending", "current", "previous", "cooling",
                                         "expired", "revoked", "absent",   "unknown"};
enum { STATES = sizeof key_states / sizeof key_states[0] };

/* ---- Lines ---- */

static void head(kp_buf *out, const char *name, const char *type, const char *help) {
    kp_buf_fmt(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* In a label's value a backslash, a quote and a line end are escaped, and nothing else may be. */
static void label(kp_buf *out, char before, const char *name, const char *value) {
    size_t len = strlen(value);
    kp_buf_char(out, before);
    kp_buf_str(out, name);
    kp_buf_str(out, "=\"");
    for (size_t step; len > 0; value += step, len -= step) {
        step = kp_utf8_step(value, len);
        if (step == 0) {
            kp_buf_char(out, '?');
            step = 1;
        } else if (*value == '\n')
            kp_buf_str(out, "\\n");
        else {
            if (*value == '\\' || *value == '"')
                kp_buf_char(out, '\\');
            kp_buf_add(out, value, step);
        }
    }
    kp_buf_char(out, '"');
}

static void count(kp_buf *out, uint64_t number) {
    kp_buf_fmt(out, "} %llu\n", (unsigned long long)number);
}

static void dollars(kp_buf *out, int64_t micro) {
    kp_buf_str(out, "} ");
    kp_add_micro(out, micro);
    kp_buf_char(out, '\n');
}

static void begin(kp_buf *out, const char *name, const kp_metrics *m) {
    kp_buf_str(out, name);
    label(out, '{', "provider", m->provider ? m->provider : "");
}

/* ---- Families ---- */

static void add_balance(kp_buf *out, const kp_metrics *m) {
    if (m->success_ms <= 0)
        return;
    head(out, "keyplate_balance_dollars", "gauge",
         "Balance of the account at its last reading (NoCaptchaAI: credits).");
    begin(out, "keyplate_balance_dollars", m);
    dollars(out, m->balance);
    head(out, "keyplate_balance_last_success_timestamp_seconds", "gauge", "When the balance was last read.");
    begin(out, "keyplate_balance_last_success_timestamp_seconds", m);
    dollars(out, m->success_ms * 1000);
}

/* The next row in the order of method and code behind *last; NULL: there is none. Rows differ in one of both. */
static const kp_tally_row *next_row(const kp_tally_list *list, const kp_tally_row *last) {
    const kp_tally_row *next = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const kp_tally_row *row = &list->rows[i], *other = next;
        int behind = last ? strcmp(row->method, last->method) : 1;
        if (behind == 0)
            behind = strcmp(row->code, last->code);
        int before = other ? strcmp(row->method, other->method) : -1;
        if (before == 0)
            before = strcmp(row->code, other->code);
        if (behind > 0 && before < 0)
            next = row;
    }
    return next;
}

static void add_calls(kp_buf *out, const kp_metrics *m) {
    static const char name[] = "keyplate_calls_total";
    const kp_tally_row *row = NULL;
    head(out, name, "counter", "Calls that ended, by method and by code (ok, or that of the error).");
    while ((row = next_row(&m->calls->calls, row))) {
        begin(out, name, m);
        label(out, ',', "method", row->method);
        label(out, ',', "code", row->code);
        count(out, row->count);
    }
    if (m->calls->calls.other == 0)
        return;
    begin(out, name, m);
    label(out, ',', "method", "other");
    label(out, ',', "code", "other");
    count(out, m->calls->calls.other);
}

static void add_durations(kp_buf *out, const kp_metrics *m) {
    uint64_t sum = 0;
    head(out, "keyplate_call_duration_seconds", "histogram", "How long calls took, waiting for the answer included.");
    for (size_t i = 0; i <= KP_TALLY_BUCKETS; i++) {
        kp_buf bound;
        kp_buf_init(&bound, NULL);
        if (i < KP_TALLY_BUCKETS)
            kp_add_micro(&bound, kp_tally_bound(i) * 1000);
        else
            kp_buf_str(&bound, "+Inf");
        sum += m->calls->took[i];
        begin(out, "keyplate_call_duration_seconds_bucket", m);
        label(out, ',', "le", kp_buf_text(&bound));
        count(out, sum);
        out->failed = out->failed || bound.failed;
        kp_buf_free(&bound);
    }
    begin(out, "keyplate_call_duration_seconds_sum", m);
    dollars(out, (int64_t)(m->calls->took_ms < INT64_MAX / 1000 ? m->calls->took_ms * 1000 : INT64_MAX));
    begin(out, "keyplate_call_duration_seconds_count", m);
    count(out, m->calls->took_count);
}

static void add_refused(kp_buf *out, const kp_metrics *m) {
    static const char name[] = "keyplate_refused_total";
    const kp_tally_row *row = NULL;
    head(out, name, "counter", "Calls that a limit refused.");
    while ((row = next_row(&m->calls->refused, row))) {
        begin(out, name, m);
        label(out, ',', "limit", row->method);
        count(out, row->count);
    }
    if (m->calls->refused.other == 0)
        return;
    begin(out, name, m);
    label(out, ',', "limit", "other");
    count(out, m->calls->refused.other);
}

static void add_budgets(kp_buf *out, const kp_metrics *m) {
    static const char *const names[2] = {"keyplate_budget_spent_dollars", "keyplate_budget_limit_dollars"};
    static const char *const helps[2] = {"What was spent of a budget in its present span.", "What a budget allows."};
    for (size_t k = 0; k < 2 && m->budget_count; k++) {
        head(out, names[k], "gauge", helps[k]);
        for (size_t i = 0; i < m->budget_count; i++) {
            const kp_metric_budget *budget = &m->budgets[i];
            begin(out, names[k], m);
            label(out, ',', "scope", budget->scope ? budget->scope : "");
            label(out, ',', "limit", budget->limit ? budget->limit : "");
            dollars(out, k == 0 ? budget->spent : budget->most);
        }
    }
}

static size_t state_of(const char *text) {
    for (size_t i = 0; i < STATES; i++)
        if (kp_same(key_states[i], text))
            return i;
    return STATES - 1;
}

static bool has_earlier(const kp_metrics *m, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (kp_same(m->keys[k].name, m->keys[i].name))
            return true;
    return false;
}

/* A member can have several values, each with a state of its own: 1 if one of them has it. */
static bool has_state(const kp_metrics *m, const char *name, size_t state) {
    for (size_t i = 0; i < m->key_count; i++)
        if (kp_same(m->keys[i].name, name) && state_of(m->keys[i].state) == state)
            return true;
    return false;
}

static void add_keys(kp_buf *out, const kp_metrics *m) {
    static const char name[] = "keyplate_key_state";
    if (m->key_count)
        head(out, name, "gauge", "1: a value of this key is in this state.");
    for (size_t i = 0; i < m->key_count; i++)
        for (size_t state = 0; m->keys[i].name && !has_earlier(m, i) && state < STATES; state++) {
            begin(out, name, m);
            label(out, ',', "key", m->keys[i].name);
            label(out, ',', "state", key_states[state]);
            count(out, has_state(m, m->keys[i].name, state) ? 1 : 0);
        }
}

static void add_rest(kp_buf *out, const kp_metrics *m) {
    if (m->store_up >= 0) {
        head(out, "keyplate_store_up", "gauge", "1: the shared state could be asked.");
        begin(out, "keyplate_store_up", m);
        count(out, m->store_up > 0 ? 1 : 0);
    }
    head(out, "keyplate_build_info", "gauge", "Always 1; the version as a label.");
    begin(out, "keyplate_build_info", m);
    label(out, ',', "version", m->version ? m->version : "");
    count(out, 1);
}

void kp_metrics_write(const kp_metrics *m, kp_buf *out) {
    if (!m || !out)
        return;
    add_balance(out, m);
    if (m->calls) {
        add_calls(out, m);
        add_durations(out, m);
        add_refused(out, m);
    }
    add_budgets(out, m);
    add_keys(out, m);
    add_rest(out, m);
}
