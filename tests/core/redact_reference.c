/* redact_reference.c: finds every interval of every rule in a whole text, sorts them, unites what overlaps. */
#include "redact_reference.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "redact_reference_keys.h"
#include "redact_reference_parts.h"

typedef struct intervals {
    size_t (*list)[2];
    size_t count, room;
} intervals;

static void add(intervals *all, size_t start, size_t end) {
    if (end <= start)
        return;
    if (all->count == all->room) {
        all->room = all->room * 2 + 64;
        all->list = realloc(all->list, all->room * sizeof *all->list);
        if (!all->list)
            abort();
    }
    all->list[all->count][0] = start;
    all->list[all->count++][1] = end;
}

static int by_start(const void *a, const void *b) {
    const size_t *left = a, *right = b;
    return left[0] < right[0] ? -1 : left[0] > right[0];
}

static void write_result(kp_buf *out, const char *text, size_t len, intervals *all) {
    size_t done = 0;
    if (all->count)
        qsort(all->list, all->count, sizeof *all->list, by_start);
    for (size_t i = 0; i < all->count;) {
        size_t start = all->list[i][0], end = all->list[i][1];
        for (i++; i < all->count && all->list[i][0] < end; i++)
            if (all->list[i][1] > end)
                end = all->list[i][1];
        kp_buf_add(out, text + done, start - done);
        kp_buf_str(out, "[REDACTED]");
        done = end;
    }
    kp_buf_add(out, text + done, len - done);
}

void redact_reference(kp_buf *out, const char *text, size_t len, const reference_key *keys, size_t count, int bare) {
    static intervals all;
    reference_text t = {text, len};
    all.count = 0;
    for (size_t at = 0; at < len; at++) {
        size_t start, end;
        add(&all, at, reference_known_end(text, len, at, keys, count));
        if (reference_value(&t, at, &start, &end))
            add(&all, start, end);
        if (reference_url(&t, at, &start, &end))
            add(&all, start, end);
        if (reference_bare(&t, at, bare))
            add(&all, at, at + 32);
    }
    write_result(out, text, len, &all);
}
