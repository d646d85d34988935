/* cmd_listen.h: serves a text at /metrics to programs of this machine. */
#ifndef KP_APP_CMD_LISTEN_H
#define KP_APP_CMD_LISTEN_H

#include "app/cmd.h"

typedef struct cmd_listen cmd_listen;

/* ADDR:PORT of this machine; port 0: a free one, which is told on stderr. 0 and *out, or the exit status after a
   message. Its thread takes no signals. */
int cmd_listen_start(const cmd_app *, const char *address, cmd_listen **out);
/* The text from now on; empty: there is none yet. */
void cmd_listen_show(cmd_listen *, const kp_buf *text);
void cmd_listen_stop(cmd_listen *);

#endif
