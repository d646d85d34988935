/* sandbox_account.h: the accounts of the sandbox: the keys of each, and a balance at each service. */
#ifndef KP_APP_SANDBOX_ACCOUNT_H
#define KP_APP_SANDBOX_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define SANDBOX_KEYS_MAX 4096 /* that one sandbox ever knows; one that is known no more counts too */

enum { SANDBOX_CAPTCHAAI = 0, SANDBOX_NOCAPTCHAAI, SANDBOX_PROVIDERS };

typedef struct sandbox_account sandbox_account;
typedef struct sandbox_accounts sandbox_accounts;
typedef struct sandbox_key sandbox_key;

/* "captchaai", "nocaptchaai" */
const char *sandbox_provider_name(int provider);

/* So many accounts without a key, each with this balance at each service. NULL when memory is short. */
sandbox_accounts *sandbox_accounts_new(size_t count, int64_t balance);
void sandbox_accounts_free(sandbox_accounts *);
/* Which keys there are from now on: keys[i] has those of account i, each with a NUL behind it. Whoever asks knows the
   keys from before or those from now, never a mixture. One that several accounts have is the first one's. false, and
   nothing is changed: memory is short, or there are too many. Safe from any thread, as is the next. */
bool sandbox_accounts_set(sandbox_accounts *, const kp_buf *keys);
/* NULL if no account has this key; *key lives as long as the accounts. */
sandbox_account *sandbox_accounts_find(sandbox_accounts *, const char *text, size_t len, const sandbox_key **key);

/* "***ab12" */
const char *sandbox_key_mask(const sandbox_key *);
const char *sandbox_key_fingerprint(const sandbox_key *, int provider);

/* A small number that names the account. */
uint32_t sandbox_account_number(const sandbox_account *);
/* These three are safe from any thread. */
int64_t sandbox_account_balance(sandbox_account *, int provider);
/* false: not enough there, nothing is taken. */
bool sandbox_account_charge(sandbox_account *, int provider, int64_t micro);
void sandbox_account_refund(sandbox_account *, int provider, int64_t micro);

#endif
