/* secret.h: keys that a program hands in by value, and the names under which a configuration holds them. */
#ifndef KP_ENGINE_SECRET_H
#define KP_ENGINE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "keyplate.h"

/* One secret of a configuration; a list, the last one held first. */
typedef struct kp_held kp_held;

/* Puts the secret in front under this name (1 to 32 letters, digits, '.', '_', '-': not checked here). false when
   memory is short: the list is as before. */
bool kp_held_add(kp_held **list, const char *name, const kp_secret *);
/* The same list with cells of its own. false when memory is short: *copy is NULL then. */
bool kp_held_copy(const kp_held *list, kp_held **copy);
void kp_held_free(kp_held *list);
/* Whether there is one of this name. If it fits into the room of size bytes it is copied there, without a NUL; *len
   gets its length in any case. *failed: it is there, and could not be read. Safe from any thread. */
bool kp_held_read(const kp_held *list, const char *name, char *room, size_t size, size_t *len, bool *failed);

#endif
