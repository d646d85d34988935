/* cmd_grid.c: measures the cells of a table, then writes them. */
#include "app/cmd_grid.h"

#include <string.h>

#include "base/text.h"

void cmd_add_shown(kp_buf *out, kp_json value, size_t most) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    if (value.type == KP_JSON_NUMBER)
        kp_buf_add(out, value.raw, value.len);
    else if (kp_json_string(value, &text))
        kp_add_shown(out, kp_buf_text(&text), text.len, most);
    out->failed |= text.failed;
    kp_buf_free(&text);
}

static void add_padded(kp_buf *out, const char *text, size_t width, bool last) {
    kp_buf_str(out, text);
    for (size_t i = strlen(text); !last && i < width + 2; i++)
        kp_buf_char(out, ' ');
}

static void add_row(kp_buf *out, const cmd_grid *grid, kp_json item, size_t *width, bool measure) {
    for (size_t i = 0; i < grid->columns; i++) {
        kp_buf cell;
        kp_buf_init(&cell, NULL);
        grid->add_cell(&cell, item, i);
        if (!measure)
            add_padded(out, kp_buf_text(&cell), width[i], i + 1 == grid->columns);
        else if (cell.len > width[i])
            width[i] = cell.len;
        out->failed |= cell.failed;
        kp_buf_free(&cell);
    }
    if (!measure)
        kp_buf_char(out, '\n');
}

void cmd_add_grid(kp_buf *out, kp_json list, const cmd_grid *grid) {
    size_t width[CMD_GRID_COLUMNS];
    for (size_t i = 0; i < grid->columns; i++)
        width[i] = strlen(grid->headings[i]);
    for (int measure = 1; measure >= 0; measure--) {
        for (size_t i = 0; !measure && i < grid->columns; i++)
            add_padded(out, grid->headings[i], width[i], i + 1 == grid->columns);
        if (!measure)
            kp_buf_char(out, '\n');
        kp_json item;
        size_t at = 0;
        while (kp_json_next(list, &at, NULL, &item))
            if (!grid->is_shown || grid->is_shown(item))
                add_row(out, grid, item, width, measure);
    }
}
