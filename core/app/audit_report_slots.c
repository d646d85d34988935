/* audit_report_slots.c: finds the slot of a time; makes longer slots out of shorter ones. */
#include "app/audit_report_slots.h"

#include <string.h>

#include "base/mem.h"

enum { FIRST_ROOM = 64, WEEK = 168, MONDAY = 72 }; /* hours; 1970-01-01 was a Thursday, three days behind a Monday */

static const int64_t ms_per_hour = 3600000;

/* Each length is a multiple of the one before, so that short slots fit whole into long ones. */
static int64_t longer(int64_t hours) {
    return hours < 24 ? 24 : hours < WEEK ? WEEK : 4 * hours;
}

/* The same in smaller steps, for what is shown. */
static int64_t a_bit_longer(int64_t hours) {
    return hours < 3 ? 3 : hours < 24 ? 2 * hours : longer(hours);
}

/* The first hour of the slot that an hour belongs to. Slots of a week or more begin on a Monday. */
static int64_t start_of(int64_t hour, int64_t hours) {
    int64_t shift = hours % WEEK == 0 ? MONDAY : 0;
    int64_t from = (hour + shift) % hours;
    return hour - (from < 0 ? from + hours : from);
}

void report_slots_init(report_slots *slots, size_t most) {
    if (slots)
        *slots = (report_slots){.most = most < REPORT_SLOTS_MAX ? most : REPORT_SLOTS_MAX, .hours = 1};
}

void report_slots_free(report_slots *slots) {
    if (!slots)
        return;
    for (size_t i = 0; i < slots->count; i++)
        kp_free(slots->all[i]);
    kp_free(slots->all);
    report_slots_init(slots, slots->most);
}

static void merge(report_slot *into, const report_slot *from) {
    report_sum_merge(&into->sum, &from->sum);
    for (size_t i = 0; i <= REPORT_CODES_MAX; i++)
        into->codes[i] += from->codes[i];
    for (size_t i = 0; i <= REPORT_PURSES_MAX; i++)
        if (from->balances[i].known &&
            (!into->balances[i].known || from->balances[i].unix_ms >= into->balances[i].unix_ms))
            into->balances[i] = from->balances[i];
}

/* Neighbours that now belong to one slot become one. */
static void lengthen(report_slots *slots) {
    size_t kept = 0;
    slots->hours = longer(slots->hours);
    for (size_t i = 0; i < slots->count; i++) {
        report_slot *slot = slots->all[i];
        slot->start = start_of(slot->start, slots->hours);
        if (kept > 0 && slots->all[kept - 1]->start == slot->start) {
            merge(slots->all[kept - 1], slot);
            kp_free(slot);
        } else
            slots->all[kept++] = slot;
    }
    slots->count = kept;
}

/* How many slots begin before that hour. Records come by time as a rule, so the end is looked at first. */
static size_t before(const report_slots *slots, int64_t start) {
    size_t low = 0;
    size_t high = slots->count;
    if (high > 0 && slots->all[high - 1]->start <= start)
        return slots->all[high - 1]->start == start ? high - 1 : high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slots->all[middle]->start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static report_slot *insert(report_slots *slots, size_t at, int64_t start) {
    if (slots->count == slots->room) {
        size_t room = slots->room ? 2 * slots->room : FIRST_ROOM;
        report_slot **all = kp_realloc(slots->all, room * sizeof *all);
        if (!all)
            return NULL;
        slots->all = all;
        slots->room = room;
    }
    report_slot *slot = kp_zalloc(1, sizeof *slot);
    if (!slot)
        return NULL;
    slot->start = start;
    memmove(slots->all + at + 1, slots->all + at, (slots->count - at) * sizeof(report_slot *));
    slots->all[at] = slot;
    slots->count++;
    return slot;
}

static int64_t hour_of(int64_t unix_ms) {
    return unix_ms / ms_per_hour - (unix_ms % ms_per_hour < 0);
}

report_slot *report_slots_at(report_slots *slots, int64_t unix_ms) {
    if (!slots || slots->most < 2)
        return NULL;
    for (;;) {
        int64_t start = start_of(hour_of(unix_ms), slots->hours);
        size_t at = before(slots, start);
        if (at < slots->count && slots->all[at]->start == start)
            return slots->all[at];
        if (slots->count < slots->most)
            return insert(slots, at, start);
        lengthen(slots);
    }
}

static size_t length_of(const report_slots *slots, int64_t hours) {
    int64_t first = start_of(slots->all[0]->start, hours);
    int64_t last = start_of(slots->all[slots->count - 1]->start, hours);
    return (size_t)((last - first) / hours) + 1;
}

bool report_view_make(report_view *view, const report_slots *slots, size_t most) {
    if (!view || !slots || most < 2)
        return false;
    *view = (report_view){.hours = slots->hours};
    if (slots->count == 0)
        return true;
    while (length_of(slots, view->hours) > most)
        view->hours = a_bit_longer(view->hours);
    view->count = length_of(slots, view->hours);
    view->slots = kp_zalloc(view->count, sizeof *view->slots);
    if (!view->slots)
        return false;
    int64_t first = start_of(slots->all[0]->start, view->hours);
    for (size_t i = 0; i < view->count; i++)
        view->slots[i].start = first + (int64_t)i * view->hours;
    for (size_t i = 0; i < slots->count; i++)
        merge(&view->slots[(slots->all[i]->start - first) / view->hours], slots->all[i]);
    return true;
}

void report_view_free(report_view *view) {
    if (!view)
        return;
    kp_free(view->slots);
    *view = (report_view){0};
}
