/* mem.c: takes memory from the heap and lets a test make any allocation fail. */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int (*kp_mem_test_hook)(void);

int kp_mem_must_fail(void) {
    return kp_mem_test_hook && kp_mem_test_hook() != 0;
}

void *kp_alloc(size_t size) {
    return kp_mem_must_fail() ? NULL : malloc(size ? size : 1);
}

void *kp_zalloc(size_t count, size_t size) {
    if (kp_mem_must_fail() || (size && count > SIZE_MAX / size))
        return NULL;
    return count && size ? calloc(count, size) : calloc(1, 1);
}

void *kp_realloc(void *block, size_t size) {
    return kp_mem_must_fail() ? NULL : realloc(block, size ? size : 1);
}

void kp_free(void *block) {
    free(block);
}

char *kp_strndup(const char *text, size_t len) {
    if (!text || len == SIZE_MAX)
        return NULL;
    char *copy = kp_alloc(len + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *kp_strdup(const char *text) {
    return text ? kp_strndup(text, strlen(text)) : NULL;
}

static void *heap_resize(void *block, size_t old_size, size_t new_size) {
    (void)old_size;
    return kp_realloc(block, new_size);
}

static void heap_release(void *block, size_t size) {
    (void)size;
    kp_free(block);
}

const kp_allocator kp_heap = {heap_resize, heap_release};
