/* cmd_run.h: opens what a call needs, drives one operation with progress and signals, and closes all again. */
#ifndef KP_APP_CMD_RUN_H
#define KP_APP_CMD_RUN_H

#include "app/cmd.h"

/* Loads the configuration and makes client and runner. provider: the one that a task reference names, or NULL. 0, or
   the exit status after a message. A configuration that is not valid is told by the operation. */
int cmd_open(cmd_app *, const kp_provider *provider);
void cmd_close(cmd_app *);
/* The provider that the open client talks to. */
const kp_provider *cmd_provider(const cmd_app *);
/* A new operation with what the options say; NULL when memory is short. */
kp_op *cmd_op(cmd_app *, int kind);
/* Drives it to DONE: its error code. what: for the progress line ("solving turnstile"). */
int cmd_drive(cmd_app *, kp_op *, const char *what);

#endif
