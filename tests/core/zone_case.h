/* zone_case.h: for tests of zones and windows: TZif files made in memory. */
#ifndef KP_TESTS_ZONE_CASE_H
#define KP_TESTS_ZONE_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/zone.h"

/* What stands in a file; the defaults (0) are those of a sound one. */
typedef struct {
    char version; /* 0: of version 1 */
    int count;
    int64_t at[8];
    int index[8];
    int types;
    int32_t offset[8];
    const char *rule; /* NULL: none, the last line stays empty */
    uint32_t leaps, wall_marks, ut_marks;
} zone_file;

static inline void zone_number(kp_buf *out, int64_t value, int size) {
    while (size-- > 0)
        kp_buf_char(out, (char)(unsigned char)(((uint64_t)value >> size * 8) & 0xff));
}

static inline void zone_zeros(kp_buf *out, uint32_t count) {
    while (count-- > 0)
        kp_buf_char(out, '\0');
}

static inline void zone_block(kp_buf *out, const zone_file *f, int size) {
    kp_buf_str(out, "TZif");
    kp_buf_char(out, f->version);
    zone_zeros(out, 15);
    zone_number(out, f->ut_marks, 4);
    zone_number(out, f->wall_marks, 4);
    zone_number(out, f->leaps, 4);
    zone_number(out, f->count, 4);
    zone_number(out, f->types, 4);
    zone_number(out, 4, 4);
    for (int i = 0; i < f->count; i++)
        zone_number(out, f->at[i], size);
    for (int i = 0; i < f->count; i++)
        zone_number(out, f->index[i], 1);
    for (int i = 0; i < f->types; i++) {
        zone_number(out, f->offset[i], 4);
        zone_number(out, 0, 2);
    }
    kp_buf_add(out, "ABC", 4);
    zone_zeros(out, f->leaps * (uint32_t)(size + 4));
    zone_zeros(out, f->wall_marks + f->ut_marks);
}

/* The bytes are the caller's (kp_buf_free). */
static inline kp_buf zone_bytes(const zone_file *f) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    zone_block(&out, f, 4);
    if (f->version) {
        zone_block(&out, f, 8);
        kp_buf_char(&out, '\n');
        kp_buf_str(&out, f->rule);
        kp_buf_char(&out, '\n');
    }
    assert_false(out.failed);
    return out;
}

/* The zone, or NULL and why. */
static inline kp_zone *zone_of_file(const zone_file *f, const char **problem) {
    kp_buf bytes = zone_bytes(f);
    kp_zone *zone = kp_zone_new(bytes.data, bytes.len, problem);
    kp_buf_free(&bytes);
    return zone;
}

/* A zone of a rule alone. */
static inline kp_zone *zone_of_rule(const char *rule) {
    zone_file f = {.version = '3', .types = 1, .rule = rule};
    const char *problem = NULL;
    kp_zone *zone = zone_of_file(&f, &problem);
    if (!zone)
        fail_msg("%s: %s", rule, problem);
    return zone;
}

#define RULE_BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
/* Sunday 2026-03-29 and 2026-10-25, 01:00 UTC: the clock of Berlin goes from 02:00 to 03:00, and from 03:00 to 02:00.
 */
enum { BERLIN_SPRING = 1774746000, BERLIN_AUTUMN = 1792890000 };

#endif
