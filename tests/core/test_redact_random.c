/* test_redact_random.c: for random and hostile text, redacting it whole, in pieces, by the reference, and the truth
 * that the text's maker knows are all the same. */
#include "wire/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <string.h>

#include "chance.h"
#include "hostile_text.h"
#include "redact_reference.h"
#include "safe/known.h"
#include "sanitized.h"

/* Each batch is a process with keys of its own. */
enum { BATCHES = 20, CASES = 5000 };

typedef struct bench {
    chance c;
    hostile_keys keys;
    reference_key known[HOSTILE_KEYS];
    kp_redact *redact[3];
    kp_buf text, truth, whole, split, reference;
} bench;

static void print_text(const char *name, const char *text, size_t len) {
    fprintf(stderr, "%s: ", name);
    for (size_t i = 0; i < len; i++)
        fprintf(stderr, text[i] >= ' ' && text[i] < 0x7f && text[i] != '\\' ? "%c" : "\\%03o", (unsigned char)text[i]);
    fprintf(stderr, "\n");
}

static bool same(const bench *b, const kp_buf *got, const kp_buf *wanted, const char *what) {
    if (got->len == wanted->len && memcmp(kp_buf_text(got), kp_buf_text(wanted), got->len) == 0)
        return true;
    fprintf(stderr, "not the same: %s\n", what);
    print_text("text  ", kp_buf_text(&b->text), b->text.len);
    print_text("got   ", kp_buf_text(got), got->len);
    print_text("wanted", kp_buf_text(wanted), wanted->len);
    return false;
}

/* Feeds the text in parts of at most so many bytes; 0: all at once. What is told as unchanged must be. */
static bool feed(bench *b, int way, size_t most, kp_buf *out) {
    size_t at = 0;
    kp_buf_clear(out);
    do {
        size_t left = b->text.len - at, n = most && left ? 1 + chance_below(&b->c, most) : left;
        n = n < left ? n : left;
        const char *part = kp_buf_text(&b->text) + at, *shown = NULL;
        size_t shown_len = 0;
        /* in a block of its own, so that a checker of memory sees whoever reads on */
        int result = kp_redact_feed(b->redact[way], part, n, at + n == b->text.len, &shown, &shown_len);
        if (result < 0 || (result == 0 && (shown != part || shown_len != n)))
            return false;
        kp_buf_add(out, shown, shown_len);
        at += n;
    } while (at < b->text.len);
    return true;
}

static bool check(bench *b, int way, bool truth) {
    kp_buf_clear(&b->reference);
    redact_reference(&b->reference, kp_buf_text(&b->text), b->text.len, b->known, HOSTILE_KEYS, way);
    if (!feed(b, way, 0, &b->whole) || !same(b, &b->whole, &b->reference, "whole and reference"))
        return false;
    if (truth && !same(b, &b->whole, &b->truth, "whole and truth"))
        return false;
    static const size_t most[] = {1, 3, 17, 80};
    return feed(b, way, most[chance_below(&b->c, 4)], &b->split) && same(b, &b->split, &b->whole, "split and whole");
}

static bool run_cases(bench *b, int cases) {
    for (int i = 0; i < cases; i++) {
        int way = chance_below(&b->c, 4) ? REFERENCE_ALWAYS : (int)chance_below(&b->c, 3);
        bool spoilt = chance_below(&b->c, 2);
        hostile_text_make(&b->keys, &b->c, &b->text, &b->truth);
        if (spoilt)
            hostile_text_spoil(&b->keys, &b->c, &b->text);
        if (!check(b, way, !spoilt && way == REFERENCE_ALWAYS))
            return false;
    }
    return true;
}

static bool run_batch(uint64_t seed, int cases) {
    static bench b;
    b.c.state = seed;
    hostile_keys_make(&b.keys, &b.c);
    for (size_t i = 0; i < HOSTILE_KEYS; i++) {
        b.known[i] = (reference_key){b.keys.text[i], b.keys.len[i]};
        kp_known_add(b.keys.text[i], b.keys.len[i]);
    }
    for (int way = 0; way < 3; way++)
        b.redact[way] = kp_redact_new((kp_bare_hex)way);
    bool good = run_cases(&b, cases);
    for (int way = 0; way < 3; way++)
        kp_redact_free(b.redact[way]);
    kp_buf_free(&b.text);
    kp_buf_free(&b.truth);
    kp_buf_free(&b.whole);
    kp_buf_free(&b.split);
    kp_buf_free(&b.reference);
    return good;
}

static int cases_of_batch(void) {
    if (getenv("KP_LONG"))
        return 100 * CASES;
    return KP_VALGRIND ? CASES / 250 : SANITIZED ? CASES / 20 : CASES;
}

static void start_batch(uint64_t seed) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool good = run_batch(seed, cases_of_batch());
        if (!good)
            fprintf(stderr, "the seed was %llu\n", (unsigned long long)seed);
        _exit(good ? 0 : 1);
    }
}

static void r4_r5_every_way_gives_the_same(void **state) {
    (void)state;
    const char *chosen = getenv("KP_SEED");
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t side_by_side = processors > 1 ? (size_t)processors : 1;
    size_t batches = chosen ? 1 : BATCHES, begun = 0, failed = 0;
    uint64_t seed = chosen ? strtoull(chosen, NULL, 10) : 20261120;
    for (size_t ended = 0; ended < batches; ended++) {
        for (; begun < batches && begun - ended < side_by_side; begun++)
            start_batch(seed + begun);
        int status = 1;
        assert_true(wait(&status) > 0);
        failed += status != 0;
    }
    assert_int_equal(failed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r4_r5_every_way_gives_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
