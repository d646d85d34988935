/* fetch_gcp.h: what the halves of the source gcp-sm: share; for fetch_gcp.c and gcp_token.c only. */
#ifndef KP_POLICY_FETCH_GCP_H
#define KP_POLICY_FETCH_GCP_H

#include "policy/fetch_parts.h"

/* Variables, in the order in which they are read. */
enum { GCP_CREDENTIALS, GCP_METADATA_HOST, GCP_ENDPOINT, GCP_VARIABLES };
/* Reads and calls. */
enum { GCP_AT_FILE, GCP_AT_TOKEN, GCP_AT_METADATA, GCP_AT_SECRET };
/* The source's texts. */
enum { GCP_THE_TOKEN, GCP_MADE_FROM, GCP_KEY, GCP_KEY_ID, GCP_EMAIL, GCP_TOKEN_URI };

/* Finds an access token: asks for the secret at once, or for a read or call before. */
void kp_gcp_find_token(kp_fetch *);
/* The token was refused: a new one if it was one that was kept. false: it was not. */
bool kp_gcp_find_again(kp_fetch *);
void kp_gcp_on_file(kp_fetch *, int how, int why, const char *text, size_t len);
void kp_gcp_on_token(kp_fetch *, const kp_fetch_answer *);
/* With the token that was found. */
void kp_gcp_ask_secret(kp_fetch *);

#endif
