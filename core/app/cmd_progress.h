/* cmd_progress.h: one line on a terminal that tells how long an operation has been going on. */
#ifndef KP_APP_CMD_PROGRESS_H
#define KP_APP_CMD_PROGRESS_H

#include "app/cmd.h"

typedef struct cmd_progress {
    bool on;                    /* stderr is a terminal, and progress is wanted */
    bool drawn;                 /* the line is there now */
    const char *what;           /* "solving turnstile" */
    uint64_t start_ms, time_ms; /* time_ms: the deadline, 0 if it is not known */
} cmd_progress;

void cmd_progress_start(cmd_progress *, const cmd_app *, const char *what, uint64_t time_ms);
void cmd_progress_draw(cmd_progress *, const kp_op *);
void cmd_progress_erase(cmd_progress *);

#endif
