/* sandbox_ban.c: counts wrong keys for each client address and service, and bans after five in a minute. */
#include "app/sandbox_ban.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"

#define STRIKES 5
#define WINDOW_MS 60000
#define ENTRIES 1024 /* the address that was seen longest ago makes room */

typedef struct entry {
    sandbox_address address;
    int provider;
    unsigned count;            /* wrong keys since the last ban */
    uint64_t strikes[STRIKES]; /* times of the last ones, strike n at n % STRIKES */
    uint64_t until;            /* banned before this time */
    uint64_t seen;
} entry;

struct sandbox_bans {
    pthread_mutex_t lock;
    uint64_t ban_ms;
    atomic_size_t used; /* read without the lock: as long as it is 0 there is nothing to look up */
    entry entries[ENTRIES];
};

sandbox_bans *sandbox_bans_new(uint64_t ban_ms) {
    sandbox_bans *bans = kp_zalloc(1, sizeof *bans);
    if (!bans)
        return NULL;
    pthread_mutex_init(&bans->lock, NULL);
    bans->ban_ms = ban_ms;
    return bans;
}

void sandbox_bans_free(sandbox_bans *bans) {
    if (!bans)
        return;
    pthread_mutex_destroy(&bans->lock);
    kp_free(bans);
}

static entry *find(sandbox_bans *bans, int provider, const sandbox_address *address) {
    size_t used = atomic_load_explicit(&bans->used, memory_order_relaxed);
    for (size_t i = 0; i < used; i++)
        if (bans->entries[i].provider == provider && sandbox_address_same(&bans->entries[i].address, address))
            return &bans->entries[i];
    return NULL;
}

static entry *make(sandbox_bans *bans, int provider, const sandbox_address *address) {
    size_t used = atomic_load_explicit(&bans->used, memory_order_relaxed), at = used;
    if (used == ENTRIES) {
        at = 0;
        for (size_t i = 1; i < ENTRIES; i++)
            if (bans->entries[i].seen < bans->entries[at].seen)
                at = i;
    }
    bans->entries[at] = (entry){.address = *address, .provider = provider};
    if (at == used)
        atomic_store_explicit(&bans->used, used + 1, memory_order_relaxed);
    return &bans->entries[at];
}

bool sandbox_bans_ask(sandbox_bans *bans, int provider, const sandbox_address *address, uint64_t now) {
    if (!atomic_load_explicit(&bans->used, memory_order_relaxed))
        return false;
    pthread_mutex_lock(&bans->lock);
    entry *e = find(bans, provider, address);
    bool banned = e && now < e->until;
    if (banned) {
        e->until = now + bans->ban_ms;
        e->seen = now;
    }
    pthread_mutex_unlock(&bans->lock);
    return banned;
}

void sandbox_bans_wrong_key(sandbox_bans *bans, int provider, const sandbox_address *address, uint64_t now) {
    pthread_mutex_lock(&bans->lock);
    entry *e = find(bans, provider, address);
    if (!e)
        e = make(bans, provider, address);
    e->seen = now;
    e->strikes[e->count % STRIKES] = now;
    e->count++;
    bool many = e->count >= STRIKES && now - e->strikes[e->count % STRIKES] < WINDOW_MS;
    if (many && bans->ban_ms) { /* of 0 ms would ban those who took the time a moment ago */
        e->until = now + bans->ban_ms;
        e->count = 0;
    }
    pthread_mutex_unlock(&bans->lock);
}
