/* fleet_case.h: for tests of what processes that share a store tell each other of keys. */
#ifndef KP_TESTS_FLEET_CASE_H
#define KP_TESTS_FLEET_CASE_H

#include "op_case.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };
static const int64_t day = 24 * HOUR;

static inline void pass_time(int64_t ms) {
    t.w.mono_ms += (uint64_t)ms;
    t.w.unix_ms += ms;
}

static inline void good(int kind) {
    begin(kind);
    expect_error(KP_OK);
}

static inline void manage(int kind, const char *what) {
    make(kind);
    set("what", what);
    expect_error(KP_OK);
    assert_int_equal(t.w.https, 0);
}

static inline const char *tell(void) {
    begin(KP_TELL);
    expect_error(KP_OK);
    return fact("answer");
}

static inline void expect_told(const char *part) {
    const char *answer = tell();
    if (!strstr(answer, part))
        fail_msg("%s is not in %.1800s", part, answer);
}

/* What somebody wrote under the names that begin so. */
static inline void write_over(const char *start, const char *value) {
    for (size_t n = 0; n < WORLD_NAMES; n++)
        if (t.w.map[n].name[0] && strncmp(t.w.map[n].name, start, strlen(start)) == 0)
            snprintf(t.w.map[n].value, sizeof t.w.map[n].value, "%s", value);
}

#endif
