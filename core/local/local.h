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

#endif
