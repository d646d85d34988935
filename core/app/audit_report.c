/* audit_report.c: joins intents and outcomes and sums them up: in all, by group, by code, by time. */
#include "app/audit_report.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

static const char *const by_names[] = {[REPORT_BY_CLIENT] = "client_id",
                                       [REPORT_BY_METHOD] = "method",
                                       [REPORT_BY_ENV] = "env",
                                       [REPORT_BY_SERVICE] = "service",
                                       [REPORT_BY_KEY] = "key"};
enum { BYS = sizeof by_names / sizeof by_names[0] };

const char *report_by_name(report_by by) {
    return (size_t)by < BYS ? by_names[by] : "";
}

bool report_by_find(const char *name, report_by *by) {
    for (size_t i = 0; by && i < BYS; i++)
        if (kp_same(name, by_names[i])) {
            *by = (report_by)i;
            return true;
        }
    return false;
}

void report_init(report *r, report_by by) {
    if (!r)
        return;
    *r = (report){.by = by};
    report_list_init(&r->groups, REPORT_LIST_MAX);
    report_list_init(&r->codes, REPORT_CODES_MAX);
    report_list_init(&r->purses, REPORT_PURSES_MAX);
    report_slots_init(&r->slots, REPORT_SLOTS_MAX);
}

void report_free(report *r) {
    if (!r)
        return;
    report_list_free(&r->groups);
    report_list_free(&r->codes);
    report_list_free(&r->purses);
    report_slots_free(&r->slots);
    report_join_free(&r->join);
}

/* One call: what became of it, and what it cost. */
typedef struct call {
    int64_t unix_ms, spent;
    bool ok, refused, unknown, unfinished;
    bool has_duration;
    uint64_t duration_ms;
} call;

static void count(report_sum *sum, const call *c) {
    sum->calls++;
    if (c->unfinished)
        sum->unfinished++;
    else if (c->unknown)
        sum->unknown++;
    else if (c->refused)
        sum->refused++;
    else if (c->ok)
        sum->ok++;
    else
        sum->errors++;
    sum->spent = report_money_sum(sum->spent, c->spent);
    if (c->has_duration && !c->refused)
        report_hist_add(&sum->took, c->duration_ms);
}

static bool count_everywhere(report *r, const call *c, report_entry *group, report_entry *code) {
    report_slot *slot = report_slots_at(&r->slots, c->unix_ms);
    if (!group || !code || !slot)
        return false;
    count(&r->total, c);
    count(&group->sum, c);
    count(&code->sum, c);
    count(&slot->sum, c);
    slot->codes[code->index]++;
    return true;
}

static bool add_intent(report *r, const report_record *record) {
    report_half *half = report_join_find(&r->join, record->operation.text, record->operation.len);
    if (half && half->outcome) /* counted already; it may have more intents */
        return true;
    report_entry *group = report_list_entry(&r->groups, record->by.text, record->by.len);
    if (!half)
        half = report_join_add(&r->join, record->operation.text, record->operation.len);
    if (!half || !group)
        return false;
    half->unix_ms = record->unix_ms;
    half->cost = record->has_cost ? record->cost : half->cost;
    half->group = group;
    return true;
}

static bool is_text(report_text text, const char *other) {
    return kp_same_n(text.text, text.len, other);
}

/* The outcome says what was taken, or may have been; where it does not, that is told from what became of the call. */
static int64_t spent_by(const report_record *record, const call *c, const report_half *half) {
    if (c->refused)
        return 0;
    if (record->has_cost)
        return record->cost;
    return half && (c->ok || c->unknown || record->task.len > 0) ? half->cost : 0;
}

static void keep_class(report_entry *code, report_text cls) {
    if (code && !code->others && !code->cls[0] && cls.len > 0 && cls.len < sizeof code->cls)
        memcpy(code->cls, cls.text, cls.len);
}

/* The intent may still follow, from a file that was given later. A call that a limit refused has none. */
static bool settle(report *r, const report_record *record, report_half *half, bool refused) {
    if (half && !half->outcome) {
        report_join_drop(&r->join, half);
        return true;
    }
    if (half || refused)
        return true;
    half = report_join_add(&r->join, record->operation.text, record->operation.len);
    if (half)
        half->outcome = true;
    return half != NULL;
}

static bool add_outcome(report *r, const report_record *record) {
    report_half *half = report_join_find(&r->join, record->operation.text, record->operation.len);
    call c = {.unix_ms = record->unix_ms, .ok = is_text(record->code, "ok"), .unknown = record->outcome_unknown};
    c.refused =
        !c.ok && !c.unknown && record->task.len == 0 && (record->limit.len > 0 || is_text(record->cls, "limit"));
    c.has_duration = record->has_duration;
    c.duration_ms = (uint64_t)record->duration_ms;
    c.spent = spent_by(record, &c, half);
    report_entry *group = half && half->group && record->by.len == 0
                              ? half->group
                              : report_list_entry(&r->groups, record->by.text, record->by.len);
    report_entry *code = report_list_entry(&r->codes, record->code.text, record->code.len);
    keep_class(code, record->cls);
    return count_everywhere(r, &c, group, code) && settle(r, record, half, c.refused);
}

static bool add_balance(report *r, const report_record *record) {
    report_entry *purse = report_list_entry(&r->purses, record->provider.text, record->provider.len);
    report_slot *slot = report_slots_at(&r->slots, record->unix_ms);
    if (!purse || !slot)
        return false;
    report_balance *balance = &slot->balances[purse->index];
    if (!balance->known || record->unix_ms >= balance->unix_ms)
        *balance = (report_balance){true, record->unix_ms, record->balance};
    return true;
}

bool report_add(report *r, const report_record *record) {
    if (!r || !record)
        return false;
    if (r->has_since && record->unix_ms < r->since_ms) {
        r->earlier++;
        return true;
    }
    r->first_ms = r->records == 0 || record->unix_ms < r->first_ms ? record->unix_ms : r->first_ms;
    r->last_ms = r->records == 0 || record->unix_ms > r->last_ms ? record->unix_ms : r->last_ms;
    r->records++;
    r->others += record->event == REPORT_OTHER;
    if (record->has_balance && !add_balance(r, record))
        return false;
    switch (record->event) {
    case REPORT_INTENT: return add_intent(r, record);
    case REPORT_OUTCOME: return add_outcome(r, record);
    case REPORT_OTHER: break;
    }
    return true;
}

bool report_add_line(report *r, const char *line, size_t len, kp_buf *room) {
    report_record record;
    if (!r || !room)
        return false;
    if (report_record_read(&record, line, len, r->by, room))
        return report_add(r, &record);
    r->unreadable++;
    return !room->failed;
}

/* Operations without an outcome line count as spent: nobody knows better. */
bool report_finish(report *r) {
    if (!r)
        return false;
    for (size_t i = 0; i < r->join.room; i++) {
        const report_half *half = &r->join.places[i];
        if (!half->len || half->outcome)
            continue;
        call c = {.unix_ms = half->unix_ms, .spent = half->cost, .unfinished = true};
        if (!count_everywhere(r, &c, half->group, report_list_entry(&r->codes, "", 0)))
            return false;
    }
    report_join_free(&r->join);
    report_list_sort(&r->groups, false);
    report_list_sort(&r->codes, true);
    return true;
}
