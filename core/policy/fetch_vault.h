/* fetch_vault.h: what the halves of the source vault: share; for fetch_vault.c and vault_token.c only. */
#ifndef KP_POLICY_FETCH_VAULT_H
#define KP_POLICY_FETCH_VAULT_H

#include "policy/fetch_parts.h"

/* Variables, in the order in which they are read. */
enum {
    VAULT_ADDR,
    VAULT_NAMESPACE,
    VAULT_TOKEN,
    VAULT_ROLE_ID,
    VAULT_SECRET_ID,
    VAULT_SECRET_ID_FILE,
    VAULT_APPROLE_MOUNT,
    VAULT_K8S_ROLE,
    VAULT_K8S_MOUNT,
    VAULT_VARIABLES
};
/* Reads and calls. */
enum { VAULT_AT_TOKEN_FILE, VAULT_AT_CREDENTIAL, VAULT_AT_LOGIN, VAULT_AT_RENEWAL, VAULT_AT_DATA };
/* The source's texts. */
enum { VAULT_THE_TOKEN, VAULT_MADE_FROM, VAULT_CREDENTIAL };

/* Finds a token: asks for the secret at once, or for a read or call before. */
void kp_vault_find_token(kp_fetch *);
/* The token was refused: a new login if it came from one that was kept. false: it did not. */
bool kp_vault_login_again(kp_fetch *);
void kp_vault_on_file(kp_fetch *, int how, int why, const char *text, size_t len);
void kp_vault_on_login(kp_fetch *, const kp_fetch_answer *);
void kp_vault_on_renewal(kp_fetch *, const kp_fetch_answer *);
/* The headers that every request has. */
void kp_vault_headers(kp_fetch *);
/* Adds segments between slashes, percent-encoded each. */
void kp_vault_add_path(kp_buf *, const char *path);
/* With the token that was found. version 0: the latest. */
void kp_vault_ask_data(kp_fetch *, int64_t version);

#endif
