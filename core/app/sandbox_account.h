/* sandbox_account.h: the accounts of the sandbox: a key each, and a balance at each service. */
#ifndef KP_APP_SANDBOX_ACCOUNT_H
#define KP_APP_SANDBOX_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SANDBOX_CAPTCHAAI = 0, SANDBOX_NOCAPTCHAAI, SANDBOX_PROVIDERS };

typedef struct sandbox_account sandbox_account;
typedef struct sandbox_accounts sandbox_accounts;

/* "captchaai", "nocaptchaai" */
const char *sandbox_provider_name(int provider);

/* NULL when memory is short. */
sandbox_accounts *sandbox_accounts_new(void);
void sandbox_accounts_free(sandbox_accounts *);
/* Before the server runs: the set of keys does not change afterwards. A key that is there already stays as it is.
   false when memory is short or there are too many (1024). */
bool sandbox_accounts_add(sandbox_accounts *, const char *key, size_t len, int64_t balance);
/* NULL if no account has this key. */
sandbox_account *sandbox_accounts_find(const sandbox_accounts *, const char *key, size_t len);

/* A small number that names the account. */
uint32_t sandbox_account_number(const sandbox_account *);
/* "***ab12" */
const char *sandbox_account_mask(const sandbox_account *);
const char *sandbox_account_fingerprint(const sandbox_account *, int provider);
/* These three are safe from any thread. */
int64_t sandbox_account_balance(sandbox_account *, int provider);
/* false: not enough there, nothing is taken. */
bool sandbox_account_charge(sandbox_account *, int provider, int64_t micro);
void sandbox_account_refund(sandbox_account *, int provider, int64_t micro);

#endif
