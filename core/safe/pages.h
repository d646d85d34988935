/* pages.h: keeps pages with secrets out of swap and core dumps, in a child after fork too. */
#ifndef KP_SAFE_PAGES_H
#define KP_SAFE_PAGES_H

#include <stdbool.h>
#include <stddef.h>

/* Once before the first page is locked; may be called again, from any thread. false: memory is short. */
bool kp_pages_start(void);
/* Locks the pages that hold these bytes and leaves them out of core dumps. A lock that fails is remembered. */
void kp_pages_lock(void *start, size_t len);
/* Only leaves them out of core dumps. */
void kp_pages_hide(void *start, size_t len);
/* true if every lock so far worked. */
bool kp_pages_all_locked(void);

/* A child has no memory locks after fork, and mutexes of threads that it does not have: arena and cells stand still
   while fork goes on, and each mends its part in the child. */
void kp_arena_before_fork(void);
void kp_arena_after_fork(bool in_child);
void kp_cells_before_fork(void);
void kp_cells_after_fork(bool in_child);

#endif
