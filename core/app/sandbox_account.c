/* sandbox_account.c: keeps the sandbox's accounts, their keys and their balances. */
#include "app/sandbox_account.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "safe/crypto.h"

#define PLACES ((size_t)2 * SANDBOX_KEYS_MAX) /* of the hash table: twice as many, so that a search ends soon */

struct sandbox_account {
    uint32_t number;
    _Atomic int64_t balance[SANDBOX_PROVIDERS];
};

struct sandbox_key {
    char *text;
    size_t len;
    char mask[KP_MASK_SIZE];
    char fingerprints[SANDBOX_PROVIDERS][KP_FINGERPRINT_SIZE];
    sandbox_account *account; /* NULL: it is known no more */
};

struct sandbox_accounts {
    pthread_rwlock_t lock; /* of whose each key is */
    size_t count, key_count;
    sandbox_account *list;
    sandbox_key *places[PLACES]; /* open addressing; never full */
};

const char *sandbox_provider_name(int provider) {
    return provider == SANDBOX_CAPTCHAAI ? "captchaai" : "nocaptchaai";
}

sandbox_accounts *sandbox_accounts_new(size_t count, int64_t balance) {
    sandbox_accounts *accounts = kp_zalloc(1, sizeof *accounts);
    if (!accounts)
        return NULL;
    accounts->list = kp_zalloc(count, sizeof *accounts->list);
    if (!accounts->list) {
        kp_free(accounts);
        return NULL;
    }
    pthread_rwlock_init(&accounts->lock, NULL);
    accounts->count = count;
    for (size_t i = 0; i < count; i++) {
        accounts->list[i].number = (uint32_t)i;
        for (int provider = 0; provider < SANDBOX_PROVIDERS; provider++)
            atomic_init(&accounts->list[i].balance[provider], balance);
    }
    return accounts;
}

static void free_key(sandbox_key *key) {
    if (!key)
        return;
    kp_free(key->text);
    kp_free(key);
}

void sandbox_accounts_free(sandbox_accounts *accounts) {
    if (!accounts)
        return;
    for (size_t i = 0; i < PLACES; i++)
        free_key(accounts->places[i]);
    pthread_rwlock_destroy(&accounts->lock);
    kp_free(accounts->list);
    kp_free(accounts);
}

/* FNV-1a: the set of keys is small and the owner's own, so no keyed hash is needed. */
static size_t place_of(const char *text, size_t len) {
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3ULL;
    return (size_t)(hash ^ hash >> 32) % PLACES;
}

/* The place of the key, or the free one where it belongs. */
static size_t look_up(const sandbox_accounts *accounts, const char *text, size_t len) {
    size_t at = place_of(text, len);
    for (; accounts->places[at]; at = (at + 1) % PLACES)
        if (accounts->places[at]->len == len && kp_equal(accounts->places[at]->text, text, len))
            break;
    return at;
}

/* A key that is no account's yet, unless it is there already. */
static bool add_key(sandbox_accounts *accounts, const char *text, size_t len) {
    size_t at = look_up(accounts, text, len);
    if (accounts->places[at])
        return true;
    if (accounts->key_count == SANDBOX_KEYS_MAX)
        return false;
    sandbox_key *key = kp_zalloc(1, sizeof *key);
    if (!key)
        return false;
    key->text = kp_strndup(text, len);
    if (!key->text) {
        free_key(key);
        return false;
    }
    key->len = len;
    kp_mask(text, len, key->mask);
    for (int provider = 0; provider < SANDBOX_PROVIDERS; provider++)
        kp_fingerprint(text, len, sandbox_provider_name(provider), key->fingerprints[provider]);
    accounts->places[at] = key;
    accounts->key_count++;
    return true;
}

static bool add_keys(sandbox_accounts *accounts, const kp_buf *keys) {
    bool fine = !keys->failed;
    for (size_t at = 0; fine && at < keys->len; at += strlen(keys->data + at) + 1)
        fine = add_key(accounts, keys->data + at, strlen(keys->data + at));
    return fine;
}

bool sandbox_accounts_set(sandbox_accounts *accounts, const kp_buf *keys) {
    bool fine = true;
    pthread_rwlock_wrlock(&accounts->lock);
    for (size_t i = 0; fine && i < accounts->count; i++)
        fine = add_keys(accounts, &keys[i]);
    for (size_t at = 0; fine && at < PLACES; at++)
        if (accounts->places[at])
            accounts->places[at]->account = NULL;
    for (size_t i = 0; fine && i < accounts->count; i++)
        for (size_t at = 0; at < keys[i].len; at += strlen(keys[i].data + at) + 1) {
            const char *text = keys[i].data + at;
            sandbox_key *key = accounts->places[look_up(accounts, text, strlen(text))];
            if (!key->account)
                key->account = &accounts->list[i];
        }
    pthread_rwlock_unlock(&accounts->lock);
    return fine;
}

sandbox_account *sandbox_accounts_find(sandbox_accounts *accounts, const char *text, size_t len,
                                       const sandbox_key **key) {
    *key = NULL;
    if (!text)
        return NULL;
    pthread_rwlock_rdlock(&accounts->lock);
    const sandbox_key *found = accounts->places[look_up(accounts, text, len)];
    sandbox_account *account = found ? found->account : NULL;
    pthread_rwlock_unlock(&accounts->lock);
    if (account)
        *key = found;
    return account;
}

const char *sandbox_key_mask(const sandbox_key *key) {
    return key->mask;
}

const char *sandbox_key_fingerprint(const sandbox_key *key, int provider) {
    return key->fingerprints[provider];
}

uint32_t sandbox_account_number(const sandbox_account *account) {
    return account->number;
}

int64_t sandbox_account_balance(sandbox_account *account, int provider) {
    return atomic_load(&account->balance[provider]);
}

bool sandbox_account_charge(sandbox_account *account, int provider, int64_t micro) {
    int64_t have = atomic_load(&account->balance[provider]);
    do {
        if (have <= 0 || have < micro)
            return false;
    } while (!atomic_compare_exchange_weak(&account->balance[provider], &have, have - micro));
    return true;
}

void sandbox_account_refund(sandbox_account *account, int provider, int64_t micro) {
    atomic_fetch_add(&account->balance[provider], micro);
}
