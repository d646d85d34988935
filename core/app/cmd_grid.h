/* cmd_grid.h: a JSON list as a table for a terminal: columns as wide as their widest cell, the last one not padded. */
#ifndef KP_APP_CMD_GRID_H
#define KP_APP_CMD_GRID_H

#include "base/buf.h"
#include "wire/json.h"

enum { CMD_GRID_COLUMNS = 8 };

typedef struct cmd_grid {
    const char *const *headings;
    size_t columns;                 /* at most CMD_GRID_COLUMNS */
    bool (*is_shown)(kp_json item); /* NULL: all are */
    /* Adds what the item has in this column. */
    void (*add_cell)(kp_buf *, kp_json item, size_t column);
} cmd_grid;

void cmd_add_grid(kp_buf *out, kp_json list, const cmd_grid *);
/* Adds a text or a number of an answer as people can read it, at most so many bytes; nothing if there is none. */
void cmd_add_shown(kp_buf *out, kp_json value, size_t most);

#endif
