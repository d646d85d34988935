/* read.h: does a READ step: an environment variable, a file, a file descriptor. */
#ifndef KP_LOCAL_READ_H
#define KP_LOCAL_READ_H

#include <stddef.h>

/* Reads what name says ("env:NAME", "file:PATH", "fd:N") into the room of size bytes and nowhere else; *len gets the
   length. Returns KP_FOUND, KP_FOUND_OPEN, KP_ABSENT, KP_UNFIT or KP_FAILED; *why the KP_WHY_*. Never blocks: a FIFO,
   device, directory or socket is UNFIT, larger than the room is UNFIT. A path beginning with "~/" is in the home
   folder. fd:N is read to its end once (a regular file or a pipe whose writer closed it) and may block on a pipe; it
   must be above 2. */
int kp_read_local(const char *name, char *room, size_t size, size_t *len, int *why);

#endif
