/* arena.h: memory that is left out of core dumps and wiped when given back: kp_safe for secrets, locked where the
 * system allows it; kp_nodump for libraries that secrets pass through, not locked, because their buffers would use up
 * the limit of locked memory. */
#ifndef KP_SAFE_ARENA_H
#define KP_SAFE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

/* As malloc, realloc, free, from pages of their own (size classes over mapped chunks that are reused, so that a steady
   loop maps nothing). Safe from any thread, and in a child after fork. resize wipes what it leaves. NULL when memory
   is short. */
void *kp_safe_alloc(size_t size);
void *kp_safe_resize(void *block, size_t new_size);
void kp_safe_free(void *block); /* wipes all of it */
/* For kp_buf. */
extern const kp_allocator kp_safe;
/* Wipes memory in a way that the compiler keeps. NULL and 0 do nothing. */
void kp_wipe(void *data, size_t len);
/* false once a page could not be locked (RLIMIT_MEMLOCK): secrets could reach swap. */
bool kp_safe_all_locked(void);
/* Blocks that are in use now, for tests. */
size_t kp_safe_in_use(void);

/* The same from the arena that is not locked. zalloc is calloc: it checks count * size for overflow. */
void *kp_nodump_alloc(size_t size);
void *kp_nodump_zalloc(size_t count, size_t size);
void *kp_nodump_resize(void *block, size_t new_size);
void kp_nodump_free(void *block);
/* Whether the address is in that arena. Slow. */
bool kp_nodump_owns(const void *address);
size_t kp_nodump_in_use(void);

#endif
