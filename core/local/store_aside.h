/* store_aside.h: puts a damaged state file out of the way, once, however many processes notice the damage. */
#ifndef KP_LOCAL_STORE_ASIDE_H
#define KP_LOCAL_STORE_ASIDE_H

#include "base/buf.h"
#include "local/store_db.h"

typedef enum kp_aside {
    KP_ASIDE_DONE,
    KP_ASIDE_BUSY, /* another process is at it: try again */
    KP_ASIDE_FAILED
} kp_aside;

/* Renames the file at path to PATH.damaged-SECONDS, and its journal with it, if it still is the one that db has open;
   another one has been put in its place otherwise. DONE: path can be opened anew; *name has the new name if it was this
   call that renamed it, and *held (-1 at first) a descriptor to be kept open as long as possible: it locks out those
   who still have the damaged file open. Call it only alone (store_fork.h). */
kp_aside kp_store_aside(kp_db *, const char *path, kp_buf *name, int *held);

#endif
