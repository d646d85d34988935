/* mem.h: the one place where keyplate takes memory, so that every allocation can be made to fail in tests. */
#ifndef KP_BASE_MEM_H
#define KP_BASE_MEM_H

#include <stddef.h>

/* All return NULL when memory is short (or a test says so). A size of 0 is treated as 1. */
void *kp_alloc(size_t size);
/* Zeroed; checks count * size for overflow. */
void *kp_zalloc(size_t count, size_t size);
/* As realloc: the old block lives on when NULL comes back. */
void *kp_realloc(void *block, size_t size);
void kp_free(void *block);
/* A copy of len bytes with a NUL behind it; NULL text gives NULL. */
char *kp_strndup(const char *text, size_t len);
char *kp_strdup(const char *text);

/* Where a kp_buf takes its memory. The safe floor has one that is locked, wiped and not dumped. */
typedef struct kp_allocator {
    void *(*resize)(void *block, size_t old_size, size_t new_size); /* block may be NULL; NULL: block lives on */
    void (*release)(void *block, size_t size);
} kp_allocator;
extern const kp_allocator kp_heap;

/* Tests only: asked before each allocation (safe memory included); not 0 makes it fail. NULL switches it off. */
extern int (*kp_mem_test_hook)(void);
/* For the allocators of other floors: 1 if a test wants this allocation to fail. */
int kp_mem_must_fail(void);

#endif
