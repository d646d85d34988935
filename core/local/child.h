/* child.h: a program that is started with its output in a pipe, read until it ends, and ended if it does not. */
#ifndef KP_LOCAL_CHILD_H
#define KP_LOCAL_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "local/patience.h"

typedef struct kp_child {
    pid_t pid;   /* its process group too */
    int out;     /* the end of the pipe from which its stdout is read */
    bool ended;  /* by itself or because it was made to */
    bool lost;   /* ended, and how is not known: somebody else in this process reaped it */
    bool failed; /* ended with a status that is not 0, or by a signal */
} kp_child;

typedef enum kp_child_read { KP_CHILD_ALL, KP_CHILD_TOO_MUCH, KP_CHILD_LATE, KP_CHILD_BROKEN } kp_child_read;

/* Starts the program of a path: stdin empty or, if in is not -1, that descriptor; stdout into a pipe, stderr ours, no
   other descriptor; all signals as in a new process; a session of its own, so that it cannot stop at a terminal. 0, or
   the errno of starting it. */
int kp_child_start(kp_child *, const char *path, char *const argv[], char *const envp[], int in);
/* Reads until the program itself has ended: ALL, with its length in *len. What others write who have its stdout too is
   not waited for. Otherwise the program may still run. */
kp_child_read kp_child_follow(kp_child *, char *room, size_t size, const kp_patience *, size_t *len);
/* Ends the program and its group if it still runs (SIGTERM, then SIGKILL after a second at the latest), waits for it
   and closes the pipe. One that this user may not end is waited for in later calls. */
void kp_child_end(kp_child *);

#endif
