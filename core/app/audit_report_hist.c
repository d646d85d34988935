/* audit_report_hist.c: counts durations in cells that grow with them, and reads percentiles from the cells. */
#include "app/audit_report_hist.h"

enum { SHARE = 16, SHARE_BITS = 4 };

static const uint64_t longest = UINT32_MAX;

static unsigned log2_of(uint64_t value) {
    unsigned log = 0;
    while (value >>= 1)
        log++;
    return log;
}

static size_t cell_of(uint64_t ms) {
    if (ms < SHARE)
        return (size_t)ms;
    unsigned log = log2_of(ms);
    return (size_t)SHARE * (log - SHARE_BITS + 1) + ((ms >> (log - SHARE_BITS)) & (SHARE - 1));
}

/* The middle of a cell. */
static uint64_t ms_of(size_t cell) {
    if (cell < SHARE)
        return cell;
    unsigned shift = (unsigned)(cell / SHARE - 1);
    uint64_t first = (uint64_t)(SHARE + cell % SHARE) << shift;
    return first + (1ULL << shift) / 2;
}

static uint32_t sum_of(uint32_t a, uint32_t b) {
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static void widen(report_hist *h, uint64_t least, uint64_t most) {
    h->least = h->count == 0 || least < h->least ? least : h->least;
    h->most = h->count == 0 || most > h->most ? most : h->most;
}

void report_hist_add(report_hist *h, uint64_t ms) {
    if (!h)
        return;
    uint64_t kept = ms < longest ? ms : longest;
    uint32_t *cell = &h->cells[cell_of(kept)];
    widen(h, kept, kept);
    *cell = sum_of(*cell, 1);
    h->count++;
}

void report_hist_merge(report_hist *into, const report_hist *from) {
    if (!into || !from || from->count == 0)
        return;
    widen(into, from->least, from->most);
    for (size_t i = 0; i < REPORT_CELLS; i++)
        into->cells[i] = sum_of(into->cells[i], from->cells[i]);
    into->count += from->count;
}

bool report_hist_at(const report_hist *h, unsigned percent, uint64_t *ms) {
    if (!h || !ms || h->count == 0)
        return false;
    unsigned share = percent < 100 ? percent : 100;
    uint64_t rank = h->count / 100 * share + (h->count % 100 * share + 99) / 100; /* rounded up, without overflow */
    uint64_t seen = 0;
    size_t cell = 0;
    while (cell + 1 < REPORT_CELLS && (seen += h->cells[cell]) < (rank ? rank : 1))
        cell++;
    uint64_t middle = ms_of(cell);
    *ms = middle < h->least ? h->least : middle > h->most ? h->most : middle;
    return true;
}
