/* store.h: a place for the shared state of clients: gates, rates, records of what was admitted. */
#ifndef KP_LOCAL_STORE_H
#define KP_LOCAL_STORE_H

#include "base/buf.h"
#include "policy/admit.h"

typedef struct kp_store {
    /* Does one verb atomically: 0 and the reply, or -1 with a sentence in *problem. Safe from any thread. */
    int (*call)(struct kp_store *, const kp_arg *args, size_t count, kp_buf *reply, kp_buf *problem);
    /* In a child after fork: forgets what was inherited without touching it. */
    void (*forked)(struct kp_store *);
    void (*close)(struct kp_store *);
    char *text; /* "memory:", "sqlite:PATH" */
} kp_store;

/* One process. NULL when memory is short. */
kp_store *kp_store_memory(void);
/* One host. Opens nothing yet: the first call does, and tells why if it cannot. NULL when memory is short. */
kp_store *kp_store_sqlite(const char *path);
/* "memory:" or "sqlite:PATH"; NULL or "" is the default path of this host (paths.h). NULL with a sentence in *problem.
 */
kp_store *kp_store_open(const char *text, kp_buf *problem);
void kp_store_close(kp_store *);

#endif
