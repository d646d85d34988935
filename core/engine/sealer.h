/* sealer.h: the key that seals the audit record of a client: where it is, and the key once it was read. */
#ifndef KP_ENGINE_SEALER_H
#define KP_ENGINE_SEALER_H

#include <stdbool.h>

#include "base/buf.h"
#include "policy/audit_chain.h"
#include "policy/keyref.h"
#include "safe/known.h"

typedef struct kp_sealer {
    kp_keyref ref;
    bool has_ref;      /* else the key is that of the state folder */
    kp_chain_key *key; /* in safe memory; NULL until it was read; it stays while the client lives */
    kp_known *known;   /* no text shows what the key was made of */
} kp_sealer;

/* reference: the option audit.key. 0, or an error code with a sentence in *problem. */
int kp_sealer_make(kp_sealer *, const char *reference, kp_buf *problem);
void kp_sealer_free(kp_sealer *);
/* Takes the secret; false when memory is short. */
bool kp_sealer_take(kp_sealer *, const char *secret, size_t len);

#endif
