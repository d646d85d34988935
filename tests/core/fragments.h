/* fragments.h: looks for fragments of a key in the memory of another process, as a core dump or somebody else would. */
#ifndef KP_TESTS_FRAGMENTS_H
#define KP_TESTS_FRAGMENTS_H

#include <fcntl.h>

#include "base/text.h"
#include "probe.h"

/* FRAGMENT characters of a key must not be together anywhere: plain, in hex, in base64 at each of the three shifts. */
enum { FRAGMENT = 8, FRAGMENT_FORMS = 6, FRAGMENT_PIECE = 1 << 20, FRAGMENT_LONGEST = 2 * FRAGMENT };

typedef struct fragments {
    kp_buf text[FRAGMENT_FORMS];
    size_t size[FRAGMENT_FORMS]; /* of a fragment in that form */
    unsigned char first[65536];  /* whether a fragment begins with these two bytes */
} fragments;

static inline void fragments_make(fragments *f, const char *key, size_t len) {
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < FRAGMENT_FORMS; i++)
        kp_buf_init(&f->text[i], NULL);
    kp_buf_add(&f->text[0], key, len);
    f->size[0] = FRAGMENT;
    kp_add_hex(&f->text[1], key, len);
    for (size_t i = 0; i < f->text[1].len; i++) {
        char c = f->text[1].data[i];
        kp_buf_char(&f->text[2], c >= 'a' ? (char)(c - 'a' + 'A') : c);
    }
    f->size[1] = f->size[2] = (size_t)2 * FRAGMENT;
    for (size_t shift = 0; shift < 3; shift++) {
        kp_buf all;
        kp_buf_init(&all, NULL);
        kp_buf_add(&all, "\0\0", shift);
        kp_buf_add(&all, key, len);
        kp_buf *coded = &f->text[3 + shift];
        kp_add_base64(coded, all.data, all.len, false);
        kp_buf_free(&all);
        /* Characters that bytes before or behind the key have a part in are left out. */
        size_t from = (shift * 8 + 5) / 6, to = (shift + len) * 8 / 6;
        memmove(coded->data, coded->data + from, to - from);
        coded->len = to - from;
        f->size[3 + shift] = (size_t)FRAGMENT * 8 / 6;
    }
    for (size_t i = 0; i < FRAGMENT_FORMS; i++)
        for (size_t k = 0; k + f->size[i] <= f->text[i].len; k++)
            f->first[(unsigned char)f->text[i].data[k] << 8 | (unsigned char)f->text[i].data[k + 1]] = 1;
}

static inline void fragments_free(fragments *f) {
    for (size_t i = 0; i < FRAGMENT_FORMS; i++)
        kp_buf_free(&f->text[i]);
}

/* How many places of the data begin with a fragment. */
static inline size_t fragments_in(const fragments *f, const char *data, size_t len) {
    size_t found = 0;
    for (size_t at = 0; at + 1 < len; at++) {
        if (!f->first[(unsigned char)data[at] << 8 | (unsigned char)data[at + 1]])
            continue;
        for (size_t i = 0; i < FRAGMENT_FORMS; i++)
            for (size_t k = 0; k + f->size[i] <= f->text[i].len && at + f->size[i] <= len; k++)
                found += memcmp(data + at, f->text[i].data + k, f->size[i]) == 0;
    }
    return found;
}

/* Pieces overlap, so that none is missed at their ends; one there may count twice. */
static inline size_t fragments_in_mapping(const fragments *f, int memory, const probe_mapping *m) {
    static char piece[FRAGMENT_PIECE + FRAGMENT_LONGEST];
    size_t found = 0;
    for (uintptr_t at = m->start; at < m->end; at += FRAGMENT_PIECE) {
        size_t want = m->end - at < sizeof piece ? m->end - at : sizeof piece;
        ssize_t n = pread(memory, piece, want, (off_t)at);
        size_t here = n > 0 ? fragments_in(f, piece, (size_t)n) : 0;
        if (here)
            fprintf(stderr, "%zu fragments at %" PRIxPTR " of %" PRIxPTR "-%" PRIxPTR "%s\n", here, at, m->start,
                    m->end, m->flags);
        found += here;
    }
    return found;
}

typedef enum fragments_where {
    IN_A_CORE_DUMP,       /* all that is not left out of core dumps */
    IN_ALL_BUT_THE_LOCKED /* all but the memory for secrets, which has what stays known */
} fragments_where;

/* How many fragments are in the readable memory of the process; SIZE_MAX if it cannot be read. */
static inline size_t fragments_of_process(const fragments *f, pid_t pid, fragments_where where) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/mem", (long)pid);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%ld/smaps", (long)pid);
    FILE *smaps = fopen(path, "re");
    size_t found = 0, seen = 0;
    probe_mapping m;
    while (memory >= 0 && smaps && probe_next(smaps, &m)) {
        bool hidden = probe_has_flag(&m, "dd"), secret = hidden && probe_has_flag(&m, "lo");
        if (!probe_has_flag(&m, "rd") || (where == IN_A_CORE_DUMP ? hidden : secret))
            continue;
        found += fragments_in_mapping(f, memory, &m);
        seen += m.end - m.start;
    }
    if (smaps)
        fclose(smaps);
    if (memory >= 0)
        close(memory);
    return seen > 0 ? found : SIZE_MAX;
}

#endif
