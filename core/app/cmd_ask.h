/* cmd_ask.h: takes one secret line from a person or a pipe. */
#ifndef KP_APP_CMD_ASK_H
#define KP_APP_CMD_ASK_H

#include "base/buf.h"

enum { CMD_SECRET_MAX = 4096 };

/* Reads a line of stdin (without its end) into the buffer, which should be of safe memory. On a terminal the prompt is
   shown on stderr, and what is typed is not shown. 0; -1 with a sentence in *why; the number of the signal that came,
   after the terminal is as it was. */
int cmd_ask_secret(const char *prompt, kp_buf *out, const char **why);

#endif
