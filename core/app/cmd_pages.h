/* cmd_pages.h: the long texts that are made from the tables. */
#ifndef KP_APP_CMD_PAGES_H
#define KP_APP_CMD_PAGES_H

#include "app/cmd.h"

/* Adds text in lines of at most 80 columns, each begun with indent blanks; used: columns of the first line that are
   taken. Ends with a line end. */
void cmd_add_wrapped(kp_buf *, const char *text, size_t indent, size_t used);
/* The tables of `help config`, `help errors` and `help methods` (provider NULL: of all). */
void cmd_add_config(kp_buf *);
void cmd_add_errors(kp_buf *);
void cmd_add_methods(kp_buf *, const kp_provider *);
/* The manual page. */
void cmd_add_man(kp_buf *);
/* The completion script. */
void cmd_add_completion(kp_buf *);

/* What the exit statuses mean; NULL past the last. */
const char *cmd_status_text(size_t i, int *status);

#endif
