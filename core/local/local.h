/* local.h: the local half of a driver that opens more stores than this floor knows. */
#ifndef KP_LOCAL_LOCAL_H
#define KP_LOCAL_LOCAL_H

#include "engine/client.h"
#include "keyplate_run.h"
#include "local/store.h"

/* Opens a store of which kp_store_is_remote; NULL with a sentence in *problem. */
typedef kp_store *kp_store_opener(const kp_client *, const char *text, kp_buf *problem);

/* As kp_local_new. remote NULL: stores of other machines cannot be opened. */
kp_local *kp_local_new_with(kp_client *, kp_store_opener *remote);

/* One verb of the client's store for the program itself, which may wait for ms: 0 and the reply, or -1 with a sentence
   in *problem. */
int kp_local_verb(kp_local *, const kp_arg *args, size_t count, uint64_t ms, kp_buf *reply, kp_buf *problem);

#endif
