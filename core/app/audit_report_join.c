/* audit_report_join.c: a hash table by operation id, with open places and no marks for what was dropped. */
#include "app/audit_report_join.h"

#include <string.h>

#include "base/mem.h"

enum { FIRST_ROOM = 256 };

void report_join_free(report_join *join) {
    if (!join)
        return;
    kp_free(join->places);
    *join = (report_join){0};
}

static size_t hash_of(const char *id, size_t len) {
    uint64_t hash = 14695981039346656037ULL;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)id[i]) * 1099511628211ULL;
    return (size_t)(hash ^ hash >> 29);
}

/* The place of an id, or the free one where it belongs. The room is a power of two. */
static report_half *place_of(const report_join *join, const char *id, size_t len) {
    size_t at = hash_of(id, len) & (join->room - 1);
    while (join->places[at].len && (join->places[at].len != len || memcmp(join->places[at].id, id, len) != 0))
        at = (at + 1) & (join->room - 1);
    return &join->places[at];
}

report_half *report_join_find(const report_join *join, const char *id, size_t len) {
    if (!join || !id || join->room == 0 || len == 0 || len > REPORT_ID_MAX)
        return NULL;
    report_half *half = place_of(join, id, len);
    return half->len ? half : NULL;
}

static bool grow(report_join *join) {
    report_join larger = {.room = join->room ? 2 * join->room : FIRST_ROOM, .count = join->count};
    larger.places = kp_zalloc(larger.room, sizeof *larger.places);
    if (!larger.places)
        return false;
    for (size_t i = 0; i < join->room; i++)
        if (join->places[i].len)
            *place_of(&larger, join->places[i].id, join->places[i].len) = join->places[i];
    kp_free(join->places);
    *join = larger;
    return true;
}

report_half *report_join_add(report_join *join, const char *id, size_t len) {
    if (!join || !id || len == 0 || len > REPORT_ID_MAX || (2 * join->count >= join->room && !grow(join)))
        return NULL;
    report_half *half = place_of(join, id, len);
    if (!half->len)
        join->count++;
    *half = (report_half){.len = (uint8_t)len};
    memcpy(half->id, id, len);
    return half;
}

/* Those that follow without a gap move up where that brings them nearer to where they belong. */
void report_join_drop(report_join *join, report_half *half) {
    if (!join || !half || !half->len)
        return;
    size_t mask = join->room - 1;
    size_t gap = (size_t)(half - join->places);
    for (size_t at = (gap + 1) & mask; join->places[at].len; at = (at + 1) & mask) {
        size_t home = hash_of(join->places[at].id, join->places[at].len) & mask;
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            join->places[gap] = join->places[at];
            gap = at;
        }
    }
    join->places[gap] = (report_half){0};
    join->count--;
}
