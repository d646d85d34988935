/* audit_report_list.c: finds the entry of a name by hash, and sorts entries. */
#include "app/audit_report_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { TABLE = 2048, FIRST_ROOM = 16 }; /* the table is never more than half full */

int64_t report_money_sum(int64_t a, int64_t b) {
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

void report_sum_merge(report_sum *into, const report_sum *from) {
    if (!into || !from)
        return;
    into->calls += from->calls;
    into->ok += from->ok;
    into->errors += from->errors;
    into->refused += from->refused;
    into->unknown += from->unknown;
    into->unfinished += from->unfinished;
    into->spent = report_money_sum(into->spent, from->spent);
    report_hist_merge(&into->took, &from->took);
}

void report_list_init(report_list *list, size_t most) {
    if (list)
        *list = (report_list){.most = most < REPORT_LIST_MAX ? most : REPORT_LIST_MAX};
}

void report_list_free(report_list *list) {
    if (!list)
        return;
    for (size_t i = 0; i < list->count; i++) {
        kp_free(list->entries[i]->name);
        kp_free(list->entries[i]);
    }
    kp_free(list->entries);
    kp_free(list->table);
    report_list_init(list, list->most);
}

/* FNV-1a */
static size_t hash_of(const char *name, size_t len) {
    uint64_t hash = 14695981039346656037ULL;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)name[i]) * 1099511628211ULL;
    return (size_t)(hash ^ hash >> 32);
}

/* A name is cut between two characters. */
static size_t cut(const char *name, size_t len) {
    if (len <= REPORT_NAME_MAX)
        return len;
    size_t kept = 0;
    for (size_t step = 0; kept + step <= REPORT_NAME_MAX; kept += step) {
        step = kp_utf8_step(name + kept, len - kept);
        step = step ? step : 1;
        if (kept + step > REPORT_NAME_MAX)
            break;
    }
    return kept;
}

static bool make_room(report_list *list) {
    if (!list->table)
        list->table = kp_zalloc(TABLE, sizeof *list->table);
    if (!list->table)
        return false;
    if (list->count < list->room)
        return true;
    size_t room = list->room ? 2 * list->room : FIRST_ROOM;
    report_entry **entries = kp_realloc(list->entries, room * sizeof *entries);
    if (!entries)
        return false;
    list->entries = entries;
    list->room = room;
    return true;
}

static report_entry *append(report_list *list, const char *name, size_t len) {
    report_entry *entry = make_room(list) ? kp_zalloc(1, sizeof *entry) : NULL;
    char *copy = entry ? kp_strndup(name, len) : NULL;
    if (!copy) {
        kp_free(entry);
        return NULL;
    }
    entry->name = copy;
    entry->len = len;
    entry->index = list->count;
    list->entries[list->count++] = entry;
    return entry;
}

/* The place of a name in the table: its own, or the free one where it belongs. */
static uint16_t *place_of(report_list *list, const char *name, size_t len) {
    size_t at = hash_of(name, len) % TABLE;
    for (; list->table[at]; at = (at + 1) % TABLE) {
        const report_entry *entry = list->entries[list->table[at] - 1];
        if (entry->len == len && memcmp(entry->name, name, len) == 0)
            break;
    }
    return &list->table[at];
}

/* The entry behind the last name is of all the others; it is not in the table. */
static report_entry *others_of(report_list *list) {
    if (list->count > list->most)
        return list->entries[list->most];
    report_entry *entry = append(list, "", 0);
    if (entry)
        entry->others = true;
    return entry;
}

report_entry *report_list_entry(report_list *list, const char *name, size_t len) {
    if (!list || (!name && len > 0) || !make_room(list))
        return NULL;
    const char *text = name ? name : "";
    size_t kept = cut(text, len);
    uint16_t *place = place_of(list, text, kept);
    if (*place)
        return list->entries[*place - 1];
    if (list->count >= list->most)
        return others_of(list);
    report_entry *entry = append(list, text, kept);
    if (entry)
        *place = (uint16_t)list->count;
    return entry;
}

static int compare_names(const report_entry *a, const report_entry *b) {
    if (a->others != b->others)
        return a->others ? 1 : -1;
    int difference = memcmp(a->name, b->name, a->len < b->len ? a->len : b->len);
    return difference ? difference : (a->len > b->len) - (a->len < b->len);
}

static int compare(const report_entry *a, const report_entry *b, bool by_calls) {
    int money = (a->sum.spent < b->sum.spent) - (a->sum.spent > b->sum.spent);
    int calls = (a->sum.calls < b->sum.calls) - (a->sum.calls > b->sum.calls);
    int first = by_calls ? calls : money;
    int second = by_calls ? money : calls;
    return first ? first : second ? second : compare_names(a, b);
}

static int compare_money(const void *a, const void *b) {
    return compare(*(report_entry *const *)a, *(report_entry *const *)b, false);
}

static int compare_calls(const void *a, const void *b) {
    return compare(*(report_entry *const *)a, *(report_entry *const *)b, true);
}

void report_list_sort(report_list *list, bool by_calls) {
    if (list && list->count > 1)
        qsort(list->entries, list->count, sizeof(report_entry *), by_calls ? compare_calls : compare_money);
}
