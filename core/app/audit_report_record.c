/* audit_report_record.c: takes the members that a report needs out of a line of JSON, in one walk over it. */
#include "app/audit_report_record.h"

#include <string.h>

#include "app/audit_report_join.h"
#include "base/decimal.h"
#include "base/text.h"
#include "base/when.h"
#include "wire/json.h"

typedef struct reader {
    report_record *record;
    report_by by;
    kp_buf *room;
    size_t len;           /* of the line: no text of it is longer */
    report_text tag, own; /* of the group: from the tags, or a member of the record itself */
    report_text time, event;
    bool bad;
} reader;

/* A text with escapes is decoded into the room, which is made once for all of a line: it must not move. */
static report_text decode(reader *r, kp_json value) {
    if (r->room->len == 0)
        r->bad = r->bad || !kp_buf_reserve(r->room, r->len);
    size_t before = r->room->len;
    if (r->bad || !kp_json_string(value, r->room))
        return (report_text){0};
    return (report_text){r->room->data + before, r->room->len - before};
}

/* null is as good as absent; any other type is none of ours. */
static void take_text(reader *r, kp_json value, report_text *out) {
    if (value.type == KP_JSON_STRING && !memchr(value.raw, '\\', value.len))
        *out = (report_text){value.raw + 1, value.len - 2};
    else if (value.type == KP_JSON_STRING)
        *out = decode(r, value);
    else
        r->bad = r->bad || value.type != KP_JSON_NULL;
}

static void take_number(reader *r, kp_json value, int64_t *out, bool *has) {
    if (value.type == KP_JSON_NULL)
        return;
    *has = kp_json_i64(value, out) && *out >= 0 && *out <= KP_MICRO_MAX;
    r->bad = r->bad || !*has;
}

static void take_flag(reader *r, kp_json value, bool *out) {
    *out = value.type == KP_JSON_TRUE;
    r->bad = r->bad || (value.type != KP_JSON_TRUE && value.type != KP_JSON_FALSE && value.type != KP_JSON_NULL);
}

/* "12.345" or 12.345 */
static void take_balance(reader *r, kp_json value) {
    const char *text = value.raw;
    size_t len = value.len;
    if (value.type == KP_JSON_NULL)
        return;
    if (value.type == KP_JSON_STRING) {
        text++;
        len -= 2;
    }
    r->record->has_balance = kp_parse_micro_json(text, len, &r->record->balance);
    r->bad = r->bad || !r->record->has_balance;
}

static bool is(kp_json name, const char *text) {
    return kp_same_n(name.raw + 1, name.len - 2, text);
}

static void take_tags(reader *r, kp_json tags) {
    static const char *const wanted[] = {
        [REPORT_BY_CLIENT] = "client_id", [REPORT_BY_ENV] = "env", [REPORT_BY_SERVICE] = "service"};
    const char *tag = r->by <= REPORT_BY_SERVICE ? wanted[r->by] : NULL;
    kp_json name;
    kp_json value;
    size_t at = 0;
    if (tags.type != KP_JSON_OBJECT) {
        r->bad = r->bad || tags.type != KP_JSON_NULL;
        return;
    }
    while (tag && kp_json_next(tags, &at, &name, &value))
        if (is(name, tag))
            take_text(r, value, &r->tag);
}

/* The record's own member that the group is named by. */
static const char *own_name(report_by by) {
    static const char *const names[] = {
        [REPORT_BY_CLIENT] = "client_id", [REPORT_BY_METHOD] = "method", [REPORT_BY_KEY] = "key"};
    return by <= REPORT_BY_KEY && names[by] ? names[by] : "";
}

typedef enum member {
    TIME,
    EVENT,
    OPERATION,
    CODE,
    CLASS,
    PROVIDER,
    TASK,
    LIMIT,
    TAGS,
    UNKNOWN,
    COST,
    DURATION,
    BALANCE,
    MEMBERS
} member;

/* Lengths are compared first: there are a million records with twenty names each. */
static member member_of(kp_json name) {
    static const struct {
        const char *name;
        size_t len;
    } names[MEMBERS] = {[TIME] = {"\"@timestamp\"", 12},
                        [EVENT] = {"\"event\"", 7},
                        [OPERATION] = {"\"operation\"", 11},
                        [CODE] = {"\"code\"", 6},
                        [CLASS] = {"\"class\"", 7},
                        [PROVIDER] = {"\"provider\"", 10},
                        [TASK] = {"\"task\"", 6},
                        [LIMIT] = {"\"limit\"", 7},
                        [TAGS] = {"\"tags\"", 6},
                        [UNKNOWN] = {"\"outcome_unknown\"", 17},
                        [COST] = {"\"cost_micro\"", 12},
                        [DURATION] = {"\"duration_ms\"", 13},
                        [BALANCE] = {"\"balance\"", 9}};
    size_t i = 0;
    while (i < MEMBERS && (name.len != names[i].len || memcmp(name.raw, names[i].name, name.len) != 0))
        i++;
    return (member)i;
}

static void take(reader *r, kp_json name, kp_json value) {
    report_record *record = r->record;
    switch (member_of(name)) {
    case TIME: take_text(r, value, &r->time); break;
    case EVENT: take_text(r, value, &r->event); break;
    case OPERATION: take_text(r, value, &record->operation); break;
    case CODE: take_text(r, value, &record->code); break;
    case CLASS: take_text(r, value, &record->cls); break;
    case PROVIDER: take_text(r, value, &record->provider); break;
    case TASK: take_text(r, value, &record->task); break;
    case LIMIT: take_text(r, value, &record->limit); break;
    case TAGS: take_tags(r, value); break;
    case UNKNOWN: take_flag(r, value, &record->outcome_unknown); break;
    case COST: take_number(r, value, &record->cost, &record->has_cost); break;
    case DURATION: take_number(r, value, &record->duration_ms, &record->has_duration); break;
    case BALANCE: take_balance(r, value); break;
    case MEMBERS:
        if (is(name, own_name(r->by)))
            take_text(r, value, &r->own);
        break;
    }
}

static report_event event_of(report_text event) {
    if (kp_same_n(event.text, event.len, "intent"))
        return REPORT_INTENT;
    return kp_same_n(event.text, event.len, "outcome") ? REPORT_OUTCOME : REPORT_OTHER;
}

/* Every record has a time and an event; those of calls name their operation, and an outcome has its code. */
static bool is_whole(const reader *r) {
    const report_record *record = r->record;
    if (r->bad || r->event.len == 0)
        return false;
    if (record->event == REPORT_OTHER)
        return true;
    return record->operation.len > 0 && record->operation.len <= REPORT_ID_MAX &&
           (record->event == REPORT_INTENT || record->code.len > 0);
}

bool report_record_read(report_record *record, const char *line, size_t len, report_by by, kp_buf *room) {
    if (!record || !line || !room)
        return false;
    kp_json whole = kp_json_parse(line, len, NULL);
    kp_json name;
    kp_json value;
    size_t at = 0;
    *record = (report_record){0};
    reader r = {.record = record, .by = by, .room = room, .len = len};
    if (whole.type != KP_JSON_OBJECT)
        return false;
    kp_buf_clear(room);
    while (kp_json_next(whole, &at, &name, &value))
        take(&r, name, value);
    record->event = event_of(r.event);
    record->by = r.own.len ? r.own : r.tag;
    return is_whole(&r) && kp_parse_rfc3339(r.time.text, r.time.len, &record->unix_ms);
}
