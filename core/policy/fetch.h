/* fetch.h: fetches a key from a store over HTTP (vault:, aws-sm:, gcp-sm:): says what to read and to call next, takes
 * the outcome, and in the end has the key or the reason. Pure: reads and calls are done by whoever drives it.
 *
 * Where credentials for a store come from: fetch_vault.c, aws_credentials.c and gcp_token.c, at their top.
 */
#ifndef KP_POLICY_FETCH_H
#define KP_POLICY_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/keyref.h"
#include "policy/sessions.h"
#include "wire/request.h"

typedef struct kp_fetch kp_fetch;

/* Which version. previous: the one before the current one (AWSPREVIOUS; else the version with the number before);
   pending: AWSPENDING, and absent where a store has none. */
typedef enum kp_fetch_want { KP_FETCH_CURRENT = 0, KP_FETCH_PREVIOUS, KP_FETCH_PENDING } kp_fetch_want;
typedef enum kp_fetch_now { KP_FETCH_END = 0, KP_FETCH_READ, KP_FETCH_HTTP } kp_fetch_now;
/* ABSENT: there is no such secret, so the next place is tried. FAILED: an error, which never falls through. */
typedef enum kp_fetched { KP_FETCH_GOT = 0, KP_FETCH_ABSENT, KP_FETCH_FAILED } kp_fetched;

/* The variables that hold credentials of stores themselves: no other process has to see them. NULL behind the last. */
const char *kp_fetch_credential(size_t i);

/* NULL when memory is short. All that can be secret in it is safe memory, wiped at the end of a fetch, the value at the
   next start. */
kp_fetch *kp_fetch_new(void);
void kp_fetch_free(kp_fetch *);
/* Begins. ref, sessions and allow_http_hosts (may be NULL) must outlive the fetch. random: 8 bytes by chance. */
void kp_fetch_start(kp_fetch *, const kp_keyref *ref, kp_sessions *sessions, kp_fetch_want want,
                    const char *allow_http_hosts, uint64_t mono_ms, int64_t unix_ms, uint64_t random);
/* What now? Free of effects. NULL is END. */
kp_fetch_now kp_fetch_step(const kp_fetch *);

/* READ: "env:NAME" or "file:PATH" (PATH may begin with "~/"); NULL in other steps. */
const char *kp_fetch_read(const kp_fetch *);
/* how, why: as kp_on_read. The room is not changed and not needed afterwards. */
void kp_fetch_on_read(kp_fetch *, int how, int why, const char *room, size_t len);

/* HTTP: one GET, POST or PUT. No redirects, no proxy to a metadata service. Header values, url and body can be secret,
   shown_url is for people. Host and Content-Length are the driver's to add: Host as the URL has it, without the port if
   that is the scheme's own, for it is signed. NULL in other steps. */
const kp_request *kp_fetch_request(const kp_fetch *);
/* Whether the call goes to the metadata service of this machine's cloud: a connect that takes over a second means that
   there is none, and the configured proxy is not for it. */
bool kp_fetch_is_local(const kp_fetch *);
/* net: KP_NET_*; with KP_NET_OK a status (0: what came was no HTTP) and the whole body. retry_after_ms: 0 if not told.
   sent: as kp_on_end; these calls can all be made again. */
void kp_fetch_on_end(kp_fetch *, int net, int sent, int status, uint64_t retry_after_ms, const char *body, size_t len,
                     uint64_t mono_ms, int64_t unix_ms);

/* END. */
kp_fetched kp_fetch_result(const kp_fetch *);
/* FAILED: KP_E_SOURCE_SETUP, KP_E_SOURCE_REFUSED, KP_E_SOURCE_DELETED, KP_E_SOURCE_THROTTLED, KP_E_SOURCE_AWAY,
   KP_E_SOURCE_ANSWER; KP_E_BAD_KEY and KP_E_PLACEHOLDER for a value that is no key; KP_E_CANCELLED, KP_E_MEMORY,
   KP_E_MISUSE. Else 0. */
int kp_fetch_error(const kp_fetch *);
/* Whether the last good value may serve in its place for a while, and the fetch may be begun again: AWAY, THROTTLED. */
bool kp_fetch_may_pass(const kp_fetch *);
/* THROTTLED and AWAY: what the store told, 0 if it did not. */
uint64_t kp_fetch_retry_after_ms(const kp_fetch *);
/* GOT: the key, trimmed and checked as the finder checks keys; NULL else. Lent until the next start or free. */
const char *kp_fetch_value(const kp_fetch *, size_t *len);
/* GOT: "version 7", or the id that the store gives it; "" if it gives none. */
const char *kp_fetch_version(const kp_fetch *);
/* GOT: the place with its version; else the place and why. Never a value or what a server wrote in its own words. */
const char *kp_fetch_note(const kp_fetch *);
/* A file that a token or credentials were read from is readable by other users: a warning, in strict mode a refusal. */
bool kp_fetch_open(const kp_fetch *);

#endif
