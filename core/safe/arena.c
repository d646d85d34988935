/* arena.c: the two arenas of the process. */
#include "safe/arena.h"

#include <sodium.h>
#include <stdint.h>

#include "safe/arena_pool.h"
#include "safe/pages.h"

static kp_pool safe = KP_POOL_INIT(true);
static kp_pool nodump = KP_POOL_INIT(false);

void *kp_safe_alloc(size_t size) {
    return kp_mem_must_fail() ? NULL : kp_pool_take(&safe, size);
}

void *kp_safe_resize(void *block, size_t new_size) {
    return kp_mem_must_fail() ? NULL : kp_pool_resize(&safe, block, new_size);
}

void kp_safe_free(void *block) {
    kp_pool_give(&safe, block);
}

static void *safe_resize(void *data, size_t old_size, size_t new_size) {
    (void)old_size;
    return kp_safe_resize(data, new_size);
}

static void safe_release(void *data, size_t size) {
    (void)size;
    kp_safe_free(data);
}

const kp_allocator kp_safe = {safe_resize, safe_release};

void kp_wipe(void *data, size_t len) {
    if (data && len > 0)
        sodium_memzero(data, len);
}

bool kp_safe_all_locked(void) {
    return kp_pages_all_locked();
}

size_t kp_safe_in_use(void) {
    return kp_pool_in_use(&safe);
}

void *kp_nodump_alloc(size_t size) {
    return kp_mem_must_fail() ? NULL : kp_pool_take(&nodump, size);
}

void *kp_nodump_zalloc(size_t count, size_t size) {
    if (size && count > SIZE_MAX / size)
        return NULL;
    return kp_nodump_alloc(count * size); /* blocks of a pool are zeroed */
}

void *kp_nodump_resize(void *block, size_t new_size) {
    return kp_mem_must_fail() ? NULL : kp_pool_resize(&nodump, block, new_size);
}

void kp_nodump_free(void *block) {
    kp_pool_give(&nodump, block);
}

bool kp_nodump_owns(const void *address) {
    return kp_pool_owns(&nodump, address);
}

size_t kp_nodump_in_use(void) {
    return kp_pool_in_use(&nodump);
}

void kp_arena_before_fork(void) {
    kp_pool_before_fork(&safe);
    kp_pool_before_fork(&nodump);
}

void kp_arena_after_fork(bool in_child) {
    kp_pool_after_fork(&nodump, in_child);
    kp_pool_after_fork(&safe, in_child);
}
