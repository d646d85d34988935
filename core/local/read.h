/* read.h: does a READ step: an environment variable, a file, a file descriptor, a program. */
#ifndef KP_LOCAL_READ_H
#define KP_LOCAL_READ_H

#include <stddef.h>

#include "local/patience.h"

/* Reads what name says ("env:NAME", "file:PATH", "fd:N", "exec:PROGRAM ARGUMENT...",
   "state:audit.key") into the room of size bytes and
   nowhere else; *len gets the length. Returns KP_FOUND, KP_FOUND_OPEN, KP_ABSENT, KP_UNFIT or KP_FAILED; *why the
   KP_WHY_*. A FIFO, device, directory or socket is UNFIT, larger than the room is UNFIT, and so is a NUL byte but in
   the file of a time zone (policy/zone.h). "state:audit.key" is a file of the state folder that is made if it is not
   there (state_key.h). A path beginning with "~/" is in the home folder. fd:N is read to its end
   once (a regular file or a pipe whose writer closed it); it must be above 2. Only a pipe and a program (read_exec.h)
   are waited for, while the patience lasts (NULL: for ever); then it is FAILED. */
int kp_read_local(const char *name, char *room, size_t size, const kp_patience *, size_t *len, int *why);

#endif
