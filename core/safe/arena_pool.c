/* arena_pool.c: cuts small blocks from mapped chunks by size class, and gives large ones mappings of their own. */
#include "safe/arena_pool.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "safe/arena.h"
#include "safe/pages.h"

enum {
    ALIGNMENT = 16,
    CHUNK = 64 * 1024,
    STEP = 1024,
    SMALL_MOST = 8192,          /* blocks up to here, head included, are cut from chunks */
    KEPT_MOST = 4 * 1024 * 1024 /* bytes of free large blocks kept for reuse; half of the usual RLIMIT_MEMLOCK */
};

/* The head of every block. Bytes past the size are always zero, and so is all of a free block. */
typedef struct kp_pool_head {
    _Alignas(ALIGNMENT) size_t room; /* most bytes that fit behind the head */
    union {
        size_t size;               /* in use */
        struct kp_pool_head *next; /* free */
    };
} head;

/* The head of every mapping: a chunk of small blocks, or one large block. */
typedef struct kp_pool_mapping {
    _Alignas(ALIGNMENT) struct kp_pool_mapping *next;
    struct kp_pool_mapping *before;
    size_t size;
} mapping;

/* ---- Size classes: each power of two, and the middle between it and the next ---- */

/* The smallest class whose blocks have so many bytes; more than KP_POOL_CLASSES - 1: none. */
static size_t class_of(size_t bytes) {
    if (bytes <= 32)
        return 0;
    unsigned top = 63U - (unsigned)__builtin_clzll((unsigned long long)bytes - 1);
    return 2 * (size_t)(top - 5) + ((bytes - 1) >> (top - 1) & 1) + 1;
}

static size_t class_bytes(size_t class) {
    return class % 2 ? (size_t)48 << class / 2 : (size_t)32 << class / 2;
}

/* ---- Mappings ---- */

static mapping *map(kp_pool *pool, size_t size) {
    void *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    if (pool->locked)
        kp_pages_lock(start, size);
    else
        kp_pages_hide(start, size);
    mapping *m = start;
    m->size = size;
    m->before = NULL;
    m->next = pool->mappings;
    if (m->next)
        m->next->before = m;
    pool->mappings = m;
    return m;
}

static void unmap(kp_pool *pool, mapping *m) {
    if (m->before)
        m->before->next = m->next;
    else
        pool->mappings = m->next;
    if (m->next)
        m->next->before = m->before;
    munmap(m, m->size);
}

/* ---- Blocks ---- */

static head *pop(kp_pool *pool, size_t class) {
    head *b = pool->free[class];
    if (b)
        pool->free[class] = b->next;
    return b;
}

static void push(kp_pool *pool, size_t class, head *b) {
    b->next = pool->free[class];
    pool->free[class] = b;
}

static head *take_small(kp_pool *pool, size_t class) {
    head *b = pop(pool, class);
    if (b)
        return b;
    size_t bytes = class_bytes(class);
    if (pool->chunk_left < bytes) {
        mapping *m = map(pool, CHUNK);
        if (!m)
            return NULL;
        pool->chunk_at = (char *)(m + 1);
        pool->chunk_left = CHUNK - sizeof *m;
    }
    b = (head *)(void *)pool->chunk_at;
    pool->chunk_at += bytes;
    pool->chunk_left -= bytes;
    b->room = bytes - sizeof *b;
    return b;
}

static mapping *mapping_of(head *large) {
    return (mapping *)(void *)large - 1;
}

/* Room for both heads is in bytes. A class of at least one page is whole pages. */
static head *take_large(kp_pool *pool, size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    bytes = (bytes + page - 1) / page * page;
    size_t class = class_of(bytes);
    head *b = class < KP_POOL_CLASSES ? pop(pool, class) : NULL;
    if (b) {
        pool->kept_bytes -= mapping_of(b)->size;
        return b;
    }
    if (class < KP_POOL_CLASSES)
        bytes = class_bytes(class);
    mapping *m = map(pool, bytes);
    if (!m)
        return NULL;
    b = (head *)(void *)(m + 1);
    b->room = bytes - sizeof *m - sizeof *b;
    return b;
}

/* Those of other sizes go first: what was given back just now is wanted again, as a rule. */
static void unmap_one_kept(kp_pool *pool, size_t but) {
    size_t class = KP_POOL_CLASSES;
    while (--class > 0 && (class == but || class_bytes(class) <= SMALL_MOST || !pool->free[class])) {
    }
    head *b = pop(pool, class > 0 ? class : but);
    pool->kept_bytes -= mapping_of(b)->size;
    unmap(pool, mapping_of(b));
}

static void give_large(kp_pool *pool, head *b) {
    mapping *m = mapping_of(b);
    size_t class = class_of(m->size);
    if (class >= KP_POOL_CLASSES) {
        unmap(pool, m);
        return;
    }
    push(pool, class, b);
    pool->kept_bytes += m->size;
    while (pool->kept_bytes > KEPT_MOST)
        unmap_one_kept(pool, class);
}

static head *head_of(void *block) {
    return (head *)block - 1;
}

void *kp_pool_take(kp_pool *pool, size_t size) {
    if (size > SIZE_MAX / 4 || !kp_pages_start())
        return NULL;
    if (size == 0)
        size = 1;
    size_t bytes = size + sizeof(head);
    pthread_mutex_lock(&pool->mutex);
    head *b = bytes <= SMALL_MOST ? take_small(pool, class_of(bytes)) : take_large(pool, bytes + sizeof(mapping));
    if (b) {
        b->size = size;
        pool->in_use++;
    }
    pthread_mutex_unlock(&pool->mutex);
    return b ? b + 1 : NULL;
}

void *kp_pool_resize(kp_pool *pool, void *block, size_t new_size) {
    if (!block)
        return kp_pool_take(pool, new_size);
    head *b = head_of(block);
    if (new_size == 0)
        new_size = 1;
    if (new_size <= b->room) {
        if (new_size < b->size)
            kp_wipe((char *)block + new_size, b->size - new_size);
        b->size = new_size;
        return block;
    }
    void *moved = kp_pool_take(pool, new_size);
    if (!moved)
        return NULL;
    memcpy(moved, block, b->size);
    kp_pool_give(pool, block);
    return moved;
}

/* Buffers are rarely full. Their last bytes that were never written are not written here either: that is cheaper, and
   their pages stay unused. */
static void wipe_used(char *block, size_t size) {
    static const char zeros[STEP];
    while (size >= STEP && memcmp(block + size - STEP, zeros, STEP) == 0)
        size -= STEP;
    kp_wipe(block, size);
}

void kp_pool_give(kp_pool *pool, void *block) {
    if (!block)
        return;
    head *b = head_of(block);
    wipe_used(block, b->size);
    size_t bytes = b->room + sizeof *b;
    pthread_mutex_lock(&pool->mutex);
    if (bytes <= SMALL_MOST)
        push(pool, class_of(bytes), b);
    else
        give_large(pool, b);
    pool->in_use--;
    pthread_mutex_unlock(&pool->mutex);
}

bool kp_pool_owns(kp_pool *pool, const void *address) {
    pthread_mutex_lock(&pool->mutex);
    const mapping *m = pool->mappings;
    while (m && (uintptr_t)address - (uintptr_t)m >= m->size)
        m = m->next;
    pthread_mutex_unlock(&pool->mutex);
    return m != NULL;
}

size_t kp_pool_in_use(kp_pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    size_t n = pool->in_use;
    pthread_mutex_unlock(&pool->mutex);
    return n;
}

void kp_pool_before_fork(kp_pool *pool) {
    pthread_mutex_lock(&pool->mutex);
}

void kp_pool_after_fork(kp_pool *pool, bool in_child) {
    if (!in_child) {
        pthread_mutex_unlock(&pool->mutex);
        return;
    }
    pthread_mutex_unlock(&pool->mutex);
    for (mapping *m = pool->locked ? pool->mappings : NULL; m; m = m->next)
        kp_pages_lock(m, m->size);
}
