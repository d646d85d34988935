/* store.h: a place for the shared state of clients: gates, rates, records of what was admitted. */
#ifndef KP_LOCAL_STORE_H
#define KP_LOCAL_STORE_H

#include "base/buf.h"
#include "local/patience.h"
#include "policy/admit.h"

typedef struct kp_store {
    /* Does one verb atomically: 0 and the reply, or -1 with a sentence in *problem. Others are waited for while the
       patience lasts, and 5 s at most. Safe from any thread. */
    int (*call)(struct kp_store *, const kp_arg *args, size_t count, const kp_patience *, kp_buf *reply,
                kp_buf *problem);
    /* In a child after fork: forgets what was inherited without touching it. */
    void (*forked)(struct kp_store *);
    void (*close)(struct kp_store *);
    /* NULL, or adds what happened to the state since it was opened, as a sentence; nothing if all is well. */
    void (*remark)(struct kp_store *, kp_buf *out);
    char *text;    /* "memory:", "sqlite:PATH" */
    char *trouble; /* NULL, or why it is not the shared store that was wanted */
} kp_store;

/* One process. NULL when memory is short. */
kp_store *kp_store_memory(void);
/* One host. Opens nothing yet: the first call does, and tells why if it cannot. NULL when memory is short. */
kp_store *kp_store_sqlite(const char *path);
/* The same for a file that nobody but keyplate chose: one that is damaged is moved aside (store_aside.h) and a new one
   made. */
kp_store *kp_store_sqlite_own(const char *path);
/* "memory:" or "sqlite:PATH"; NULL or "" is the default path of this host (paths.h). NULL with a sentence in *problem.
 */
kp_store *kp_store_open(const char *text, kp_buf *problem);
/* Whether the text names a server, which kp_store_open cannot open. */
bool kp_store_is_remote(const char *text);
void kp_store_close(kp_store *);

#endif
