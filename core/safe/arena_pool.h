/* arena_pool.h: one pool of blocks on pages of its own: locked or not, never in core dumps, wiped when given back. */
#ifndef KP_SAFE_ARENA_POOL_H
#define KP_SAFE_ARENA_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Sizes of blocks, all heads included: 32, 48, 64, 96, 128, 192 ... up to 4 MiB. */
enum { KP_POOL_CLASSES = 35 };

typedef struct kp_pool {
    pthread_mutex_t mutex; /* guards all below but locked */
    bool locked;           /* its pages are locked in memory */
    struct kp_pool_mapping *mappings;
    struct kp_pool_head *free[KP_POOL_CLASSES]; /* the newest first */
    char *chunk_at;                             /* the part of the newest chunk that is not yet cut into blocks */
    size_t chunk_left;
    size_t kept_bytes; /* in free large blocks */
    size_t in_use;
} kp_pool;

/* A pool at rest; for static storage. */
#define KP_POOL_INIT(lock)                                                                                             \
    { .mutex = PTHREAD_MUTEX_INITIALIZER, .locked = (lock) }

/* As malloc, realloc and free; size 0 counts as 1. What take gives is zeroed and aligned to 16 bytes, resize and give
   wipe what they leave. NULL when memory is short; the block that was to grow lives on. */
void *kp_pool_take(kp_pool *, size_t size);
void *kp_pool_resize(kp_pool *, void *block, size_t new_size);
void kp_pool_give(kp_pool *, void *block);
/* Whether the address is in this pool. Looks at every mapping. */
bool kp_pool_owns(kp_pool *, const void *address);
size_t kp_pool_in_use(kp_pool *);

/* The pool stands still while fork goes on; in the child its pages are locked again. */
void kp_pool_before_fork(kp_pool *);
void kp_pool_after_fork(kp_pool *, bool in_child);

#endif
