/* admit_case.h: for tests of the store verbs: a small map that can be made to fail, and a way to ask in one line. */
#ifndef KP_TESTS_ADMIT_CASE_H
#define KP_TESTS_ADMIT_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/admit.h"

enum { ROWS = 400, TEXT = 400, VALUE = 6000, WORDS = 1400 };

typedef struct {
    char name[TEXT];
    char value[VALUE];
    int64_t expires;
} map_row;

typedef struct {
    map_row row[ROWS];
    size_t count;
    int calls_left; /* then the map fails; -1: never */
    bool failed;
    int puts;
} map;

static inline map_row *map_find(map *m, const char *name, size_t len) {
    for (size_t i = 0; i < m->count; i++)
        if (strlen(m->row[i].name) == len && memcmp(m->row[i].name, name, len) == 0)
            return &m->row[i];
    return NULL;
}

static inline bool map_fails(map *m) {
    if (m->calls_left < 0)
        return false;
    if (m->calls_left-- == 0) {
        m->failed = true;
        m->calls_left = 0;
    }
    return m->failed;
}

static inline int map_get(void *self, kp_arg name, int64_t now_ms, kp_buf *value) {
    map *m = self;
    if (map_fails(m))
        return -1;
    map_row *row = map_find(m, name.text, name.len);
    if (!row || row->expires <= now_ms)
        return 0;
    kp_buf_str(value, row->value);
    return 1;
}

static inline int map_put(void *self, kp_arg name, kp_arg value, int64_t expires_ms) {
    map *m = self;
    if (map_fails(m))
        return -1;
    m->puts++;
    map_row *row = map_find(m, name.text, name.len);
    if (!value.text) {
        if (row)
            *row = m->row[--m->count];
        return 0;
    }
    if (!row) {
        assert_true(m->count < ROWS);
        row = &m->row[m->count++];
    }
    assert_true(name.len < TEXT && value.len < VALUE);
    snprintf(row->name, TEXT, "%.*s", (int)name.len, name.text);
    snprintf(row->value, VALUE, "%.*s", (int)value.len, value.text);
    row->expires = expires_ms;
    return 0;
}

static const int64_t T0 = 1790000000000;

static map the_map;
static int64_t now;
static kp_buf answer;

static inline int begin(void **state) {
    (void)state;
    memset(&the_map, 0, sizeof the_map);
    the_map.calls_left = -1;
    now = T0;
    kp_buf_init(&answer, NULL);
    return 0;
}

static inline int end(void **state) {
    (void)state;
    kp_mem_test_hook = NULL;
    kp_buf_free(&answer);
    return 0;
}

static inline int run_words(char *line, kp_buf *reply) {
    static kp_arg args[WORDS];
    size_t n = 0;
    kp_kv kv = {&the_map, map_get, map_put};
    for (char *save = NULL, *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        assert_true(n < WORDS);
        args[n++] = (kp_arg){word, strlen(word)};
    }
    return kp_admit(&kv, now, args, n, reply);
}

/* Does a verb, words with blanks between. */
static inline int run(const char *words) {
    char *line = strdup(words);
    int result = run_words(line, &answer);
    free(line);
    return result;
}

static const char *ask(const char *words) {
    assert_int_equal(run(words), 0);
    return kp_buf_text(&answer);
}

/* "@N" in the pattern stands for the unix ms T0 + N. */
static inline void expect(const char *words, const char *pattern) {
    char want[TEXT * 2];
    size_t n = 0;
    for (const char *p = pattern; *p;) {
        if (*p == '@') {
            char *rest;
            long long offset = strtoll(p + 1, &rest, 10);
            n += (size_t)snprintf(want + n, sizeof want - n, "%lld", (long long)(T0 + offset));
            p = rest;
        } else {
            want[n++] = *p++;
        }
    }
    want[n] = '\0';
    assert_string_equal(ask(words), want);
}

static inline void expect_bad(const char *words) {
    int puts = the_map.puts;
    const char *got = ask(words);
    if (strncmp(got, "bad ", 4) != 0)
        fail_msg("'%.80s' gave '%s'", words, got);
    assert_int_equal(the_map.puts, puts);
}

#endif
