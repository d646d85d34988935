/* zone_file.c: reads a TZif file; every count, index and offset in it is checked before it is used. */
#include "policy/zone_file.h"

#include <string.h>

enum { HEADER = 44, TYPE = 6, RULE_MOST = 256 };

/* The six counts of a header, in its order, and where the parts of its block begin. */
typedef struct block {
    size_t ut_marks, wall_marks, leaps, times, types, chars;
    const uint8_t *time_at, *index_at, *type_at, *name_at;
    size_t time_size; /* 4 or 8 */
} block;

typedef struct reader {
    const uint8_t *at;
    size_t left;
    const char *problem; /* sticks */
} reader;

static const uint8_t *take(reader *r, size_t len) {
    const uint8_t *from = r->at;
    if (r->problem || len > r->left) {
        r->problem = r->problem ? r->problem : "the file ends too early";
        return NULL;
    }
    r->at += len;
    r->left -= len;
    return from;
}

static uint32_t number(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Two's complement of 32 bits. */
static int64_t number_signed(const uint8_t *p) {
    uint32_t value = number(p);
    return value < 0x80000000u ? (int64_t)value : (int64_t)value - 0x100000000LL;
}

static int64_t time_of(const block *b, size_t i) {
    const uint8_t *p = b->time_at + i * b->time_size;
    return b->time_size == 4 ? number_signed(p) : number_signed(p) * 0x100000000LL + number(p + 4);
}

static void must(reader *r, bool fact, const char *problem) {
    if (!fact && !r->problem)
        r->problem = problem;
}

/* The counts are below the size of the largest file, so that their products do not overflow. */
static char read_header(reader *r, block *b) {
    const uint8_t *h = take(r, HEADER);
    must(r, h && memcmp(h, "TZif", 4) == 0, "it is no time zone file");
    if (r->problem)
        return '\0';
    size_t *counts[] = {&b->ut_marks, &b->wall_marks, &b->leaps, &b->times, &b->types, &b->chars};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        uint32_t count = number(h + 20 + i * 4);
        must(r, count <= KP_ZONE_FILE_MOST, "the file counts more than it can hold");
        *counts[i] = count;
    }
    return (char)h[4];
}

static void read_block(reader *r, block *b, size_t time_size) {
    b->time_size = time_size;
    b->time_at = take(r, b->times * time_size);
    b->index_at = take(r, b->times);
    b->type_at = take(r, b->types * TYPE);
    b->name_at = take(r, b->chars);
    take(r, b->leaps * (time_size + 4));
    take(r, b->wall_marks);
    take(r, b->ut_marks);
}

static int64_t offset_of(const block *b, size_t type) {
    return number_signed(b->type_at + type * TYPE);
}

static void check_block(reader *r, const block *b) {
    must(r, b->types > 0 && b->types <= 256, "the file has no types of local time, or too many");
    must(r, b->wall_marks == 0 || b->wall_marks == b->types, "the file has a wrong count");
    must(r, b->ut_marks == 0 || b->ut_marks == b->types, "the file has a wrong count");
    must(r, b->leaps == 0, "the file counts leap seconds, which unix time does not");
    for (size_t i = 0; i < b->types && !r->problem; i++) {
        const uint8_t *type = b->type_at + i * TYPE;
        int64_t offset = offset_of(b, i);
        must(r, offset >= -KP_ZONE_OFFSET_MOST && offset <= KP_ZONE_OFFSET_MOST,
             "the file has an offset over 26 hours");
        must(r, type[4] <= 1, "the file has a wrong mark of summer time");
        must(r, type[5] < b->chars && memchr(b->name_at + type[5], '\0', b->chars - type[5]),
             "the file has a name without an end");
    }
    for (size_t i = 0; i < b->times && !r->problem; i++) {
        must(r, b->index_at[i] < b->types, "the file names a type of local time that it does not have");
        must(r, i == 0 || time_of(b, i) > time_of(b, i - 1), "the times in the file are not in order");
    }
}

/* A line end, the rule or nothing, a line end. */
static void read_rule(reader *r, kp_zone_rule *rule, bool *there) {
    const uint8_t *first = take(r, 1);
    const char *text = (const char *)r->at;
    const uint8_t *end = r->left > 0 ? memchr(r->at, '\n', r->left) : NULL;
    must(r, first && *first == '\n' && end, "the file's last line is missing");
    if (r->problem)
        return;
    size_t len = (size_t)(end - r->at);
    *there = len > 0;
    must(r, !*there || (len <= RULE_MOST && kp_zone_rule_parse(text, len, rule)), "the file's last line is no rule");
}

static kp_zone *build(const block *b) {
    kp_zone *zone = kp_zalloc(1, sizeof *zone + b->times * sizeof zone->changes[0]);
    if (!zone)
        return NULL;
    zone->first = (int32_t)offset_of(b, 0);
    zone->count = b->times;
    for (size_t i = 0; i < b->times; i++)
        zone->changes[i] = (kp_zone_change){time_of(b, i), (int32_t)offset_of(b, b->index_at[i])};
    return zone;
}

/* From version 2 on the block is there twice, the second time with times of 64 bits, and the rule follows. */
kp_zone *kp_zone_new(const void *data, size_t len, const char **problem) {
    const char *unused;
    if (!problem)
        problem = &unused;
    *problem = NULL;
    reader r = {data, data ? len : 0, NULL};
    block b = {.time_size = 0};
    kp_zone_rule rule = {.has_summer = false};
    bool has_rule = false;
    must(&r, r.left <= KP_ZONE_FILE_MOST, "the file is larger than a time zone file can be");
    char version = read_header(&r, &b);
    read_block(&r, &b, 4);
    must(&r, version == '\0' || (version >= '2' && version <= '9'), "the file has a version that is not known");
    if (!r.problem && version != '\0') {
        must(&r, read_header(&r, &b) == version, "the two parts of the file differ in their version");
        read_block(&r, &b, 8);
        read_rule(&r, &rule, &has_rule);
    }
    check_block(&r, &b);
    *problem = r.problem;
    if (r.problem)
        return NULL;
    kp_zone *zone = build(&b);
    if (zone && has_rule) {
        zone->rule = rule;
        zone->has_rule = true;
    }
    return zone;
}

void kp_zone_free(kp_zone *zone) {
    kp_free(zone);
}
