/* chance.h: random numbers for tests, the same in every run. */
#ifndef KP_TESTS_CHANCE_H
#define KP_TESTS_CHANCE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct chance {
    uint64_t state; /* never 0 */
} chance;

/* xorshift64* */
static inline uint64_t chance_u64(chance *c) {
    c->state ^= c->state >> 12;
    c->state ^= c->state << 25;
    c->state ^= c->state >> 27;
    return c->state * 0x2545F4914F6CDD1DULL;
}

/* 0 to below - 1 */
static inline size_t chance_below(chance *c, size_t below) {
    return (size_t)(chance_u64(c) >> 16) % below;
}

static inline void chance_bytes(chance *c, void *out, size_t len) {
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)out)[i] = (unsigned char)(chance_u64(c) >> 40);
}

/* len digits and a NUL */
static inline void chance_hex(chance *c, char *out, size_t len) {
    for (size_t i = 0; i < len; i++)
        out[i] = "0123456789abcdef"[chance_below(c, 16)];
    out[len] = '\0';
}

/* So many rounds of a random test; fifty times as many in make test-long. */
static inline int chance_rounds(int rounds) {
    return getenv("KP_LONG") ? 50 * rounds : rounds;
}

#endif
