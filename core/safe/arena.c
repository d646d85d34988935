/* arena.c: hands out locked memory from mapped chunks by size class, and large blocks from mappings of their own. */
#include "safe/arena.h"

#include <pthread.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "safe/pages.h"

enum {
    ALIGNMENT = 16,
    CHUNK = 64 * 1024,
    KEPT_MOST = 4 * 1024 * 1024 /* bytes of free large blocks kept for reuse; half of the usual RLIMIT_MEMLOCK */
};

/* Sizes of small blocks, their head included. */
static const size_t classes[] = {32,  48,   64,   96,   128,  192,  256,  384, 512,
                                 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192};
enum { CLASSES = sizeof classes / sizeof classes[0] };

/* The head of every block. Bytes past the size are always zero, and so is all of a free block. */
typedef struct head {
    _Alignas(ALIGNMENT) size_t room; /* most bytes that fit behind the head */
    union {
        size_t size;       /* in use */
        struct head *next; /* free   */
    };
} head;

/* The head of every mapping: a chunk of small blocks, or one large block. */
typedef struct mapping {
    _Alignas(ALIGNMENT) struct mapping *next;
    struct mapping *before;
    size_t size;
} mapping;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static mapping *mappings; /* all of them, for the child after fork */
static head *free_small[CLASSES];
static char *chunk_at; /* the part of the newest chunk that is not yet cut into blocks */
static size_t chunk_left;
static head *kept; /* free large blocks, the newest first */
static size_t kept_bytes;
static size_t in_use;

static mapping *map(size_t size) {
    void *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    kp_pages_lock(start, size);
    mapping *m = start;
    m->size = size;
    m->before = NULL;
    m->next = mappings;
    if (mappings)
        mappings->before = m;
    mappings = m;
    return m;
}

static void unmap(mapping *m) {
    if (m->before)
        m->before->next = m->next;
    else
        mappings = m->next;
    if (m->next)
        m->next->before = m->before;
    munmap(m, m->size);
}

/* The class of a block of so many bytes, CLASSES for a large one. */
static size_t class_of(size_t bytes) {
    size_t i = 0;
    while (i < CLASSES && classes[i] < bytes)
        i++;
    return i;
}

static head *take_small(size_t class) {
    head *b = free_small[class];
    if (b) {
        free_small[class] = b->next;
        return b;
    }
    size_t bytes = classes[class];
    if (chunk_left < bytes) {
        mapping *m = map(CHUNK);
        if (!m)
            return NULL;
        chunk_at = (char *)(m + 1);
        chunk_left = CHUNK - sizeof *m;
    }
    b = (head *)(void *)chunk_at;
    chunk_at += bytes;
    chunk_left -= bytes;
    b->room = bytes - sizeof *b;
    return b;
}

static mapping *mapping_of(head *large) {
    return (mapping *)(void *)large - 1;
}

/* The kept block that fits best, and wastes less than half of itself. */
static head *take_kept(size_t size) {
    head **best = NULL;
    for (head **b = &kept; *b; b = &(*b)->next)
        if ((*b)->room >= size && (*b)->room / 2 <= size && (!best || (*b)->room < (*best)->room))
            best = b;
    if (!best)
        return NULL;
    head *found = *best;
    *best = found->next;
    kept_bytes -= mapping_of(found)->size;
    return found;
}

static head *take_large(size_t size) {
    head *b = take_kept(size);
    if (b)
        return b;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = (size + sizeof(mapping) + sizeof(head) + page - 1) / page * page;
    mapping *m = map(bytes);
    if (!m)
        return NULL;
    b = (head *)(void *)(m + 1);
    b->room = bytes - sizeof *m - sizeof *b;
    return b;
}

static void unmap_oldest_kept(void) {
    head **last = &kept;
    while ((*last)->next)
        last = &(*last)->next;
    mapping *m = mapping_of(*last);
    *last = NULL;
    kept_bytes -= m->size;
    unmap(m);
}

static void give_large(head *b) {
    mapping *m = mapping_of(b);
    if (m->size > KEPT_MOST) {
        unmap(m);
        return;
    }
    b->next = kept;
    kept = b;
    kept_bytes += m->size;
    while (kept && kept_bytes > KEPT_MOST)
        unmap_oldest_kept();
}

static head *head_of(void *block) {
    return (head *)block - 1;
}

static void *take(size_t size) {
    if (size > SIZE_MAX / 4 || !kp_pages_start())
        return NULL;
    if (size == 0)
        size = 1;
    pthread_mutex_lock(&mutex);
    size_t class = class_of(size + sizeof(head));
    head *b = class < CLASSES ? take_small(class) : take_large(size);
    if (b) {
        b->size = size;
        in_use++;
    }
    pthread_mutex_unlock(&mutex);
    return b ? b + 1 : NULL;
}

void *kp_safe_alloc(size_t size) {
    return kp_mem_must_fail() ? NULL : take(size);
}

void *kp_safe_resize(void *block, size_t new_size) {
    if (kp_mem_must_fail())
        return NULL;
    if (!block)
        return take(new_size);
    head *b = head_of(block);
    if (new_size == 0)
        new_size = 1;
    if (new_size <= b->room) {
        if (new_size < b->size)
            kp_wipe((char *)block + new_size, b->size - new_size);
        b->size = new_size;
        return block;
    }
    void *moved = take(new_size);
    if (!moved)
        return NULL;
    memcpy(moved, block, b->size);
    kp_safe_free(block);
    return moved;
}

void kp_safe_free(void *block) {
    if (!block)
        return;
    head *b = head_of(block);
    kp_wipe(block, b->size);
    pthread_mutex_lock(&mutex);
    size_t class = class_of(b->room + sizeof *b);
    if (class < CLASSES) {
        b->next = free_small[class];
        free_small[class] = b;
    } else
        give_large(b);
    in_use--;
    pthread_mutex_unlock(&mutex);
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
    pthread_mutex_lock(&mutex);
    size_t n = in_use;
    pthread_mutex_unlock(&mutex);
    return n;
}

void kp_arena_before_fork(void) {
    pthread_mutex_lock(&mutex);
}

void kp_arena_after_fork(bool in_child) {
    if (!in_child) {
        pthread_mutex_unlock(&mutex);
        return;
    }
    pthread_mutex_init(&mutex, NULL);
    for (mapping *m = mappings; m; m = m->next)
        kp_pages_lock(m, m->size);
}
