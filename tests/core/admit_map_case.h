/* admit_map_case.h: a fast map behind the store verbs, for tests that ask millions of times. */
#ifndef KP_TESTS_ADMIT_MAP_CASE_H
#define KP_TESTS_ADMIT_MAP_CASE_H

#include <stdlib.h>
#include <string.h>

#include "policy/admit.h"

enum { BUCKETS = 4096 };

typedef struct row {
    struct row *next;
    int64_t expires;
    size_t name_len, len, room;
    char name[40];
    char *value;
} row;

static struct {
    row *bucket[BUCKETS];
    row *spare; /* rows of walks that are over, with their room */
} table;

static row **find(kp_arg name) {
    uint64_t hash = 14695981039346656037U; /* FNV-1a */
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.text[i]) * 1099511628211U;
    row **at = &table.bucket[(hash ^ hash >> 32) % BUCKETS];
    while (*at && ((*at)->name_len != name.len || memcmp((*at)->name, name.text, name.len) != 0))
        at = &(*at)->next;
    return at;
}

static int get(void *self, kp_arg name, int64_t now_ms, kp_buf *value) {
    (void)self;
    const row *there = *find(name);
    if (!there || there->expires <= now_ms)
        return 0;
    kp_buf_add(value, there->value, there->len);
    return 1;
}

static void spare(row **at) {
    row *gone = *at;
    *at = gone->next;
    gone->next = table.spare;
    table.spare = gone;
}

static row *fresh(kp_arg name) {
    row *r = table.spare;
    if (r)
        table.spare = r->next;
    else
        r = calloc(1, sizeof *r);
    if (!r || name.len > sizeof r->name)
        abort();
    memcpy(r->name, name.text, name.len);
    r->name_len = name.len;
    return r;
}

static int put(void *self, kp_arg name, kp_arg value, int64_t expires_ms) {
    (void)self;
    row **at = find(name);
    if (!value.text) {
        if (*at)
            spare(at);
        return 0;
    }
    if (!*at) {
        *at = fresh(name);
        (*at)->next = NULL;
    }
    row *r = *at;
    if (r->room < value.len) {
        r->room = value.len + 64;
        r->value = realloc(r->value, r->room);
        if (!r->value)
            abort();
    }
    memcpy(r->value, value.text, value.len);
    r->len = value.len;
    r->expires = expires_ms;
    return 0;
}

static void empty_table(void) {
    for (size_t i = 0; i < BUCKETS; i++)
        while (table.bucket[i])
            spare(&table.bucket[i]);
}

static void free_table(void) {
    empty_table();
    while (table.spare) {
        row *r = table.spare;
        table.spare = r->next;
        free(r->value);
        free(r);
    }
}

#endif
