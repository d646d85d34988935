/* random_verbs.h: for tests that hold a store against another: random verbs of stores, most of them sound. */
#ifndef KP_TESTS_RANDOM_VERBS_H
#define KP_TESTS_RANDOM_VERBS_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "chance.h"

/* A walk of FRESH verbs with some FRESH / 2 ids, and the room for one. */
enum { FRESH = 250, LINE = 2048 };

static chance luck;

static inline size_t any(size_t below) {
    return chance_below(&luck, below);
}

static inline const char *one_of(const char *const *list, size_t count) {
    return list[any(count)];
}

#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define ONE_OF(list) one_of(list, COUNT(list))
/* One of the first ones, and seldom of them all: the last ones are wrong. */
#define MOSTLY(list, sound) ((list)[any(any(60) ? (sound) : COUNT(list))])

static const char *const names[] = {"a", "b", "c", "rate", "x:y", "id", "slot"};
static const char *const values[] = {"one",
                                     "a=b",
                                     "a=b,c=d",
                                     "a=b,",
                                     "=,",
                                     "+0",
                                     "+12",
                                     "+30000",
                                     "0",
                                     "-0",
                                     "007",
                                     "x=1,x=2",
                                     "9223372036854775807",
                                     "9223372036854775808",
                                     "1790000000000",
                                     "4611686018427387904",
                                     "-",
                                     "+x",
                                     "00"};
static const char *const marks[] = {"v", "+0", "+12", "no,", "+x"};
static const char *const ttls[] = {"5", "20", "60000", "0", "3155760000000", "3155760000001", "x", "-1", "-0"};
static const char *const waits[] = {"0", "0", "0", "7", "1000", "3155760000000", "03", "-0", "z"};
static const char *const periods[] = {"1000",  "1500", "25001", "200000",           "3600000000", "3155760000000000",
                                      "00999", "1",    "0",     "1577880000000000", "-5"};
static const char *const bursts[] = {"1", "2", "3", "10", "1000", "31557600000", "0"};
static const char *const adds[] = {"0", "1", "400", "017", "999999999999999", "1000000000000000", "1000000000000001",
                                   "x"};
static const char *const limits[] = {"1000", "3000", "0", "1", "1000000000000000", "1000000000000001", "-1"};
static const char *const zones[] = {"0", "24h", "7200", "24h", "-39600", "86400", "-86400", "-0", "86401", "24"};
static const char *const slots[] = {"1", "3", "10", "0", "1000000", "1000001"};
static const char *const slot_ttls[] = {"60000", "1", "999", "5000", "120001", "86400000", "86400001", "0"};

static inline void add(char *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void add(char *line, const char *format, ...) {
    size_t len = strlen(line);
    va_list args;
    va_start(args, format);
    vsnprintf(line + len, LINE - len, format, args);
    va_end(args);
}

static inline const char *soft(void) {
    return any(4) ? "0" : any(40) ? "1" : "2";
}

static inline void add_item(char *line) {
    size_t kind = any(10);
    if (kind < 2)
        add(line, " gate %s", ONE_OF(names));
    else if (kind < 5)
        add(line, " rate %s %s %s %s", ONE_OF(names), ONE_OF(periods), any(3) ? bursts[any(4)] : ONE_OF(bursts),
            soft());
    else if (kind < 8)
        add(line, " budget %s %s %s %s %s", names[any(4)], any(2) ? adds[any(4)] : MOSTLY(adds, 6), MOSTLY(limits, 5),
            MOSTLY(zones, 8), soft());
    else
        add(line, " slot %s %s %s %s", names[any(3)], MOSTLY(slots, 5), MOSTLY(slot_ttls, 6), soft());
}

static inline void add_puts(char *line) {
    add(line, "PUT");
    for (size_t i = 1 + any(3); i > 0; i--)
        add(line, " %s %s %s", ONE_OF(names), values[any(any(3) ? 13 : 19)], ttls[any(any(6) ? 5 : 9)]);
}

static inline void add_marks(char *line) {
    add(line, "MARK");
    for (size_t i = 1 + any(3); i > 0; i--)
        add(line, " %s f%d %s %s", ONE_OF(names), (int)any(any(2) ? 4 : 45), marks[any(any(30) ? 3 : 5)],
            ttls[any(any(30) ? 3 : 9)]);
}

/* The step-th of a walk. */
static inline void make_verb(char *line, int step) {
    size_t id = (size_t)(step % FRESH) / 2;
    size_t chosen = any(24);
    line[0] = '\0';
    if (chosen < 3) {
        add(line, "GET");
        for (size_t i = any(40) ? 1 + any(6) : 0; i > 0; i--)
            add(line, " %s", ONE_OF(names));
    } else if (chosen < 5) {
        add_puts(line);
    } else if (chosen < 7) {
        add_marks(line);
    } else if (chosen < 16) {
        add(line, "ADMIT i%d %s", (int)(any(5) ? id : any(FRESH / 2)), waits[any(any(9) ? 7 : 9)]);
        for (size_t i = any(5); i > 0; i--)
            add_item(line);
    } else if (chosen < 19) {
        add(line, "LOOK");
        for (size_t i = any(5); i > 0; i--)
            add_item(line);
    } else if (chosen < 23)
        add(line, "SETTLE i%d %s", (int)(any(3) ? id : any(FRESH / 2)), any(20) ? (any(2) ? "0" : "-") : "1");
    else
        add(line, "%s", any(2) ? "NONSENSE a" : "ADMIT i 0 gate");
}

#endif
