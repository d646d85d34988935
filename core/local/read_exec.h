/* read_exec.h: runs a program for what it writes ("exec:PROGRAM ARGUMENT..."), or for what it does. */
#ifndef KP_LOCAL_READ_EXEC_H
#define KP_LOCAL_READ_EXEC_H

#include <stddef.h>

#include "engine/client.h"
#include "local/patience.h"

/* Runs the command line (as keyref.h takes it apart; no shell) and reads what it writes into the room and nowhere else.
   A name without '/' is looked for in the absolute folders of PATH, never in the working directory. The program's
   environment is ours without the variables of keyplate and those that hold keys; stdin is empty, stderr is ours.
   KP_FOUND once it ended with status 0, UNFIT for more than the room takes or a NUL byte, else FAILED: *why says
   whether there is no such program (NO_PROGRAM), it failed (EXIT), how it ended is not known (NO_STATUS), or the
   patience was over (IO): then it was ended with all its group. */
int kp_read_exec(const char *command, char *room, size_t size, const kp_patience *, size_t *len, int *why);

/* The same for a program that gets a text (at most 4096 bytes) on its stdin; what it writes is not kept, and may be
   64 KiB at most. client: whose secrets its environment must not have, may be NULL. */
int kp_exec_with(const kp_client *client, const char *command, const char *text, size_t len, const kp_patience *,
                 int *why);

#endif
