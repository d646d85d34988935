/* tally.c: counts what calls came to. */
#include "policy/tally.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static const int64_t bounds[KP_TALLY_BUCKETS] = {100,   250,   500,   1000,  2500,   5000,
                                                 10000, 15000, 30000, 60000, 120000, 300000};

int64_t kp_tally_bound(size_t bucket) {
    return bucket < KP_TALLY_BUCKETS ? bounds[bucket] : INT64_MAX;
}

static kp_tally_row *find(kp_tally_list *list, const char *method, const char *code) {
    for (size_t i = 0; i < list->count; i++)
        if (kp_same(list->rows[i].method, method) && kp_same(list->rows[i].code, code))
            return &list->rows[i];
    return NULL;
}

static kp_tally_row *add(kp_tally_list *list, const char *method, const char *code, size_t most) {
    size_t mlen = strlen(method), clen = strlen(code);
    if (list->count == most || mlen >= KP_TALLY_NAME || clen >= KP_TALLY_NAME)
        return NULL;
    if (list->count == list->room || !list->rows) {
        size_t room = list->room ? list->room * 2 : 8;
        kp_tally_row *rows = kp_realloc(list->rows, room * sizeof *rows);
        if (!rows)
            return NULL;
        list->rows = rows;
        list->room = room;
    }
    kp_tally_row *row = &list->rows[list->count++];
    memset(row, 0, sizeof *row);
    memcpy(row->method, method, mlen);
    memcpy(row->code, code, clen);
    return row;
}

static void count(kp_tally_list *list, const char *method, const char *code, size_t most) {
    kp_tally_row *row = find(list, method, code);
    if (!row)
        row = add(list, method, code, most);
    if (row)
        row->count++;
    else
        list->other++;
}

void kp_tally_call(kp_tally *tally, const char *method, const char *code, uint64_t took_ms) {
    if (!tally)
        return;
    count(&tally->calls, method ? method : "", code ? code : "", KP_TALLY_CALLS);
    size_t bucket = 0;
    while (bucket < KP_TALLY_BUCKETS && took_ms > (uint64_t)bounds[bucket])
        bucket++;
    tally->took[bucket]++;
    tally->took_count++;
    tally->took_ms += took_ms;
}

void kp_tally_refused(kp_tally *tally, const char *limit) {
    if (tally && limit)
        count(&tally->refused, limit, "", KP_TALLY_LIMITS);
}

static void restart(kp_tally_list *list) {
    list->count = 0;
    list->other = 0;
}

void kp_tally_restart(kp_tally *tally) {
    if (!tally)
        return;
    restart(&tally->calls);
    restart(&tally->refused);
    memset(tally->took, 0, sizeof tally->took);
    tally->took_count = tally->took_ms = 0;
}

void kp_tally_clear(kp_tally *tally) {
    if (!tally)
        return;
    kp_free(tally->calls.rows);
    kp_free(tally->refused.rows);
    memset(tally, 0, sizeof *tally);
}
