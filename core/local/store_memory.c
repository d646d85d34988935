/* store_memory.c: a store in the memory of one process: a hash table whose changes take effect all or none. */
#include <pthread.h>
#include <string.h>

#include "local/store.h"
#include "local/store_clock.h"
#include "local/store_fork.h"

enum { FIRST_BUCKETS = 64, SWEEP = 4 };

typedef struct entry {
    struct entry *next;
    int64_t expires_ms;
    size_t hash;
    size_t name_len;
    size_t value_len;
    bool removal; /* in the list of changes: takes the name away */
    char text[];  /* name, then value */
} entry;

typedef struct {
    kp_store store;
    pthread_mutex_t lock;
    kp_store_clock clock;
    entry **buckets;
    size_t bucket_count; /* a power of two */
    size_t entry_count;
    size_t sweep_at;
    entry *changes; /* of the call that is under way, oldest first */
    entry **changes_end;
} memory_store;

static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u; /* 2^64 by the golden ratio */
    return hash ^ hash >> 32;
}

/* Eight bytes at a time: the names are long, and each verb looks for several. */
static size_t hash_of(kp_arg name) {
    uint64_t hash = mix(0, name.len), word = 0;
    size_t at = 0;
    for (; name.len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, name.text + at, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, name.text + at, name.len - at);
    return (size_t)mix(hash, word);
}

static bool has_name(const entry *e, kp_arg name, size_t hash) {
    return e->hash == hash && e->name_len == name.len && memcmp(e->text, name.text, name.len) == 0;
}

/* What the call that is under way sees: its own changes first. NULL if there is none. */
static const entry *find(const memory_store *m, kp_arg name) {
    size_t hash = hash_of(name);
    const entry *found = NULL;
    for (const entry *e = m->changes; e; e = e->next)
        if (has_name(e, name, hash))
            found = e;
    if (found || !m->buckets)
        return found;
    for (const entry *e = m->buckets[hash & (m->bucket_count - 1)]; e; e = e->next)
        if (has_name(e, name, hash))
            return e;
    return NULL;
}

static int get(void *self, kp_arg name, int64_t now_ms, kp_buf *value) {
    const entry *e = find(self, name);
    if (!e || e->removal || e->expires_ms <= now_ms)
        return 0;
    kp_buf_add(value, e->text + e->name_len, e->value_len);
    return value->failed ? -1 : 1;
}

static int put(void *self, kp_arg name, kp_arg value, int64_t expires_ms) {
    memory_store *m = self;
    if (name.len > SIZE_MAX / 4 || value.len > SIZE_MAX / 4)
        return -1;
    entry *e = kp_alloc(sizeof *e + name.len + value.len);
    if (!e)
        return -1;
    *e = (entry){.expires_ms = expires_ms, .hash = hash_of(name), .name_len = name.len, .removal = !value.text};
    e->value_len = value.text ? value.len : 0;
    memcpy(e->text, name.text, name.len);
    if (value.text)
        memcpy(e->text + name.len, value.text, value.len);
    *m->changes_end = e;
    m->changes_end = &e->next;
    return 0;
}

static void unlink_entry(memory_store *m, entry **at) {
    entry *gone = *at;
    *at = gone->next;
    kp_free(gone);
    m->entry_count--;
}

/* Makes room for the changes. Once there is a table, a failure only makes it slower. */
static bool grow(memory_store *m) {
    if (m->buckets && m->entry_count < m->bucket_count)
        return true;
    size_t count = m->buckets ? m->bucket_count * 2 : FIRST_BUCKETS;
    entry **buckets = count <= SIZE_MAX / 2 / sizeof *buckets ? kp_zalloc(count, sizeof *buckets) : NULL;
    if (!buckets)
        return m->buckets != NULL;
    for (size_t i = 0; m->buckets && i < m->bucket_count; i++) {
        while (m->buckets[i]) {
            entry *e = m->buckets[i];
            m->buckets[i] = e->next;
            entry **to = &buckets[e->hash & (count - 1)];
            e->next = *to;
            *to = e;
        }
    }
    kp_free(m->buckets);
    m->buckets = buckets;
    m->bucket_count = count;
    return true;
}

static void forget_changes(memory_store *m) {
    while (m->changes) {
        entry *e = m->changes;
        m->changes = e->next;
        kp_free(e);
    }
    m->changes_end = &m->changes;
}

/* Cannot fail: every entry is allocated. */
static void commit(memory_store *m) {
    while (m->changes) {
        entry *e = m->changes;
        m->changes = e->next;
        entry **at = &m->buckets[e->hash & (m->bucket_count - 1)];
        kp_arg name = {e->text, e->name_len};
        while (*at && !has_name(*at, name, e->hash))
            at = &(*at)->next;
        if (*at)
            unlink_entry(m, at);
        if (e->removal) {
            kp_free(e);
            continue;
        }
        e->next = *at;
        *at = e;
        m->entry_count++;
    }
    m->changes_end = &m->changes;
}

/* A few buckets a call, so that no call pays for all. */
static void sweep(memory_store *m, int64_t now_ms) {
    for (int i = 0; i < SWEEP; i++) {
        entry **at = &m->buckets[m->sweep_at++ & (m->bucket_count - 1)];
        while (*at) {
            if ((*at)->expires_ms <= now_ms)
                unlink_entry(m, at);
            else
                at = &(*at)->next;
        }
    }
}

static int call(kp_store *store, const kp_arg *args, size_t count, const kp_patience *patience, kp_buf *reply,
                kp_buf *problem) {
    (void)patience;
    memory_store *m = (memory_store *)store;
    kp_kv kv = {m, get, put};
    int64_t now = 0;
    kp_fork_enter();
    pthread_mutex_lock(&m->lock);
    kp_store_clock before = m->clock;
    bool done = kp_store_time(&m->clock, &kv, &now) == 0 && kp_admit(&kv, now, args, count, reply) == 0;
    if (done && m->changes)
        done = grow(m);
    if (done && m->changes) {
        commit(m);
        sweep(m, now);
    }
    if (!done) {
        forget_changes(m);
        m->clock = before;
    }
    pthread_mutex_unlock(&m->lock);
    kp_fork_leave();
    if (!done)
        kp_buf_str(problem, "memory is short");
    return done ? 0 : -1;
}

/* Nothing to forget: no fork takes place within a call, so the child has a sound copy of its own. */
static void forked(kp_store *store) {
    (void)store;
}

static void close_store(kp_store *store) {
    memory_store *m = (memory_store *)store;
    for (size_t i = 0; i < m->bucket_count; i++)
        while (m->buckets[i])
            unlink_entry(m, &m->buckets[i]);
    kp_free(m->buckets);
    pthread_mutex_destroy(&m->lock);
    kp_free(m->store.text);
    kp_free(m);
}

kp_store *kp_store_memory(void) {
    memory_store *m = kp_zalloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->store = (kp_store){.call = call, .forked = forked, .close = close_store, .text = kp_strdup("memory:")};
    m->changes_end = &m->changes;
    if (!m->store.text || pthread_mutex_init(&m->lock, NULL) != 0) {
        kp_free(m->store.text);
        kp_free(m);
        return NULL;
    }
    return &m->store;
}
