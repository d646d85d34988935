/* audit_report_grid.c: measures and prints the cells of a table. */
#include "app/audit_report_grid.h"

#include <string.h>

#include "base/text.h"

enum { NARROWEST = 8 };

void report_grid_init(report_grid *grid, size_t columns) {
    if (!grid)
        return;
    *grid = (report_grid){.columns = columns < GRID_COLUMNS ? columns : GRID_COLUMNS, .left = {true}};
    kp_buf_init(&grid->cells, NULL);
}

void report_grid_free(report_grid *grid) {
    if (grid)
        kp_buf_free(&grid->cells);
}

static unsigned point_of(const char *text, size_t step) {
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned point = (unsigned char)text[0] & masks[step];
    for (size_t i = 1; i < step; i++)
        point = point << 6 | ((unsigned char)text[i] & 0x3f);
    return point;
}

/* Columns that a character takes. The locale does not say, so that a report is the same everywhere. */
static size_t columns_of(unsigned point) {
    static const struct {
        unsigned first, last;
        size_t columns;
    } ranges[] = {{0x0300, 0x036f, 0},   {0x200b, 0x200f, 0},   {0x20d0, 0x20ff, 0},  {0xfe00, 0xfe0f, 0},
                  {0x1100, 0x115f, 2},   {0x2e80, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},  {0xf900, 0xfaff, 2},
                  {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},  {0x1f300, 0x1f64f, 2},
                  {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1faff, 2}, {0x20000, 0x3fffd, 2}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return ranges[i].columns;
    return 1;
}

/* How many bytes fit into so many columns; *used: how many columns they take. */
static size_t fit(const char *text, size_t columns, size_t *used) {
    size_t at = 0;
    size_t len = strlen(text);
    for (*used = 0; at < len;) {
        size_t step = kp_utf8_step(text + at, len - at);
        size_t wide = step ? columns_of(point_of(text + at, step)) : 1;
        if (*used + wide > columns)
            break;
        *used += wide;
        at += step ? step : 1;
    }
    return at;
}

void report_grid_add(report_grid *grid, kp_buf *text) {
    size_t width = 0;
    if (!grid || !text || grid->columns == 0)
        return;
    fit(kp_buf_text(text), SIZE_MAX, &width);
    size_t *widest = &grid->widths[grid->count % grid->columns];
    *widest = width > *widest ? width : *widest;
    kp_buf_add(&grid->cells, kp_buf_text(text), strlen(kp_buf_text(text)) + 1);
    grid->cells.failed = grid->cells.failed || text->failed;
    grid->count++;
    kp_buf_clear(text);
}

void report_grid_str(report_grid *grid, const char *text) {
    kp_buf cell;
    kp_buf_init(&cell, NULL);
    kp_buf_str(&cell, text);
    report_grid_add(grid, &cell);
    kp_buf_free(&cell);
}

void report_grid_u64(report_grid *grid, uint64_t number) {
    kp_buf cell;
    kp_buf_init(&cell, NULL);
    kp_buf_fmt(&cell, "%llu", (unsigned long long)number);
    report_grid_add(grid, &cell);
    kp_buf_free(&cell);
}

static void add_times(kp_buf *out, char c, size_t times) {
    for (size_t i = 0; i < times; i++)
        kp_buf_char(out, c);
}

static const char *colour_of(const report_grid *grid, size_t column, const char *cell, bool bold) {
    static const char *const codes[] = {[GRID_PLAIN] = "", [GRID_RED] = "\033[31m", [GRID_YELLOW] = "\033[33m"};
    if (bold)
        return "\033[1m";
    return kp_same(cell, "0") ? "" : codes[grid->colours[column]];
}

/* Blanks at the end of a line would be no use to anybody. */
static void print_cell(const report_grid *grid, kp_buf *out, const char *cell, size_t column, size_t width,
                       const char *colour) {
    size_t used = 0;
    size_t len = strlen(cell);
    size_t fits = fit(cell, width, &used);
    bool cut = fits < len;
    if (cut)
        fits = fit(cell, width - 2, &used);
    used += cut ? 2 : 0;
    if (!grid->left[column])
        add_times(out, ' ', width - used);
    kp_buf_str(out, colour);
    kp_buf_add(out, cell, fits);
    kp_buf_str(out, cut ? ".." : "");
    kp_buf_str(out, colour[0] ? "\033[0m" : "");
    if (grid->left[column] && column + 1 < grid->columns)
        add_times(out, ' ', width - used);
}

/* What the other columns take, with a gap in front of each. */
static size_t others_width(const report_grid *grid, size_t gap) {
    size_t others = 0;
    for (size_t i = 1; i < grid->columns; i++)
        others += grid->widths[i] + gap;
    return others;
}

static size_t first_width(const report_grid *grid, size_t others, size_t width) {
    size_t left = width > others + NARROWEST ? width - others : NARROWEST;
    return grid->widths[0] < left ? grid->widths[0] : left;
}

void report_grid_print(const report_grid *grid, kp_buf *out, size_t width, bool total, bool colour) {
    if (!grid || !out || grid->columns == 0)
        return;
    size_t gap = grid->widths[0] + others_width(grid, 2) <= width ? 2 : 1;
    size_t others = others_width(grid, gap);
    size_t first = first_width(grid, others, width);
    const char *cell = kp_buf_text(&grid->cells);
    size_t rows = grid->cells.failed ? 0 : grid->count / grid->columns;
    for (size_t row = 0; row < rows; row++) {
        bool last = total && row + 1 == rows;
        if (last) {
            add_times(out, '-', first + others);
            kp_buf_char(out, '\n');
        }
        for (size_t i = 0; i < grid->columns; i++, cell += strlen(cell) + 1) {
            add_times(out, ' ', i > 0 ? gap : 0);
            print_cell(grid, out, cell, i, i ? grid->widths[i] : first,
                       colour ? colour_of(grid, i, cell, row == 0 || last) : "");
        }
        kp_buf_char(out, '\n');
    }
    out->failed = out->failed || grid->cells.failed;
}
