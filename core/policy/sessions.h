/* sessions.h: tokens and temporary credentials that were got for key sources, kept between fetches.
 *
 * Used by one fetch at a time: nothing here is locked. Each secret lies in a guarded cell and is known to redaction.
 */
#ifndef KP_POLICY_SESSIONS_H
#define KP_POLICY_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

typedef struct kp_sessions kp_sessions;

/* At most so many; the one that was used longest ago goes. */
enum { KP_SESSIONS_MOST = 32, KP_SESSION_PARTS = 3 };

typedef struct kp_session {
    uint64_t renew_ms;   /* monotonic: from then on it ought to be renewed */
    uint64_t expires_ms; /* monotonic; UINT64_MAX: never */
    uint64_t lease_ms;   /* what it was granted for at first */
    bool renewable;
} kp_session;

/* NULL when memory is short. */
kp_sessions *kp_sessions_new(void);
/* Wipes them all. */
void kp_sessions_free(kp_sessions *);
/* What it was made from (kind, address, role) is its name; only a hash is kept. NULL if there is none. Lent until the
   next put or drop. */
kp_session *kp_sessions_find(kp_sessions *, const char *made_from, size_t len);
/* Keeps copies of up to KP_SESSION_PARTS texts (of length 0: none) in place of what was kept under that name. NULL when
   memory is short: then nothing is kept under it. */
kp_session *kp_sessions_put(kp_sessions *, const char *made_from, size_t len, const kp_buf *parts, size_t count,
                            kp_session facts);
/* Adds a part to a buffer of safe memory. */
void kp_session_open(kp_session *, size_t part, kp_buf *out);
void kp_sessions_drop(kp_sessions *, kp_session *);

#endif
