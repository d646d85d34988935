/* sandbox_account.c: keeps the sandbox's keys and their balances. */
#include "app/sandbox_account.h"

#include <stdatomic.h>

#include "base/mem.h"
#include "safe/crypto.h"

#define ACCOUNTS_MAX 1024
#define PLACES 2048 /* of the hash table: twice as many, so that a search ends soon */

struct sandbox_account {
    uint32_t number;
    char *key;
    size_t len;
    char mask[KP_MASK_SIZE];
    char fingerprints[SANDBOX_PROVIDERS][KP_FINGERPRINT_SIZE];
    _Atomic int64_t balance[SANDBOX_PROVIDERS];
};

struct sandbox_accounts {
    uint32_t count;
    sandbox_account *places[PLACES]; /* open addressing; never full */
};

const char *sandbox_provider_name(int provider) {
    return provider == SANDBOX_CAPTCHAAI ? "captchaai" : "nocaptchaai";
}

sandbox_accounts *sandbox_accounts_new(void) {
    return kp_zalloc(1, sizeof(sandbox_accounts));
}

static void free_account(sandbox_account *account) {
    if (!account)
        return;
    kp_free(account->key);
    kp_free(account);
}

void sandbox_accounts_free(sandbox_accounts *accounts) {
    if (!accounts)
        return;
    for (size_t i = 0; i < PLACES; i++)
        free_account(accounts->places[i]);
    kp_free(accounts);
}

/* FNV-1a: the set of keys is small and the owner's own, so no keyed hash is needed. */
static size_t place_of(const char *key, size_t len) {
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)key[i]) * 0x100000001b3ULL;
    return (size_t)(hash ^ hash >> 32) % PLACES;
}

/* The place of the key, or the free one where it belongs. */
static size_t look_up(const sandbox_accounts *accounts, const char *key, size_t len) {
    size_t at = place_of(key, len);
    for (; accounts->places[at]; at = (at + 1) % PLACES)
        if (accounts->places[at]->len == len && kp_equal(accounts->places[at]->key, key, len))
            break;
    return at;
}

bool sandbox_accounts_add(sandbox_accounts *accounts, const char *key, size_t len, int64_t balance) {
    size_t at = look_up(accounts, key, len);
    if (accounts->places[at])
        return true;
    if (accounts->count == ACCOUNTS_MAX)
        return false;
    sandbox_account *account = kp_zalloc(1, sizeof *account);
    if (!account)
        return false;
    account->key = kp_strndup(key, len);
    if (!account->key) {
        free_account(account);
        return false;
    }
    account->number = accounts->count++;
    account->len = len;
    kp_mask(key, len, account->mask);
    for (int provider = 0; provider < SANDBOX_PROVIDERS; provider++) {
        kp_fingerprint(key, len, sandbox_provider_name(provider), account->fingerprints[provider]);
        atomic_init(&account->balance[provider], balance);
    }
    accounts->places[at] = account;
    return true;
}

sandbox_account *sandbox_accounts_find(const sandbox_accounts *accounts, const char *key, size_t len) {
    return key ? accounts->places[look_up(accounts, key, len)] : NULL;
}

uint32_t sandbox_account_number(const sandbox_account *account) {
    return account->number;
}

const char *sandbox_account_mask(const sandbox_account *account) {
    return account->mask;
}

const char *sandbox_account_fingerprint(const sandbox_account *account, int provider) {
    return account->fingerprints[provider];
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
