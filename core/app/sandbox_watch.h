/* sandbox_watch.h: the accounts' key files, read again when they change. */
#ifndef KP_APP_SANDBOX_WATCH_H
#define KP_APP_SANDBOX_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "app/sandbox_account.h"

typedef struct sandbox_watch sandbox_watch;

/* Reads the file of each account. NULL: it is said on stderr why; *memory_short says whose fault it was. paths live
   longer than the watch. */
sandbox_watch *sandbox_watch_new(sandbox_accounts *, const char *const *paths, size_t count, bool *memory_short);
void sandbox_watch_free(sandbox_watch *);
/* What has changed is read: whoever asks for a key afterwards has the keys that the files had when this was called. A
   file that is gone has no keys; one that cannot be used leaves things as they are, and it is said once on stderr. Safe
   from any thread. */
void sandbox_watch_look(sandbox_watch *);

#endif
