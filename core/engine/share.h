/* share.h: what a process may do by itself of limits whose store is away: one part in N, counted in its own memory. */
#ifndef KP_ENGINE_SHARE_H
#define KP_ENGINE_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/client.h"

typedef struct kp_share kp_share;

/* Does the ADMIT whose arguments, each ended by a NUL, are these. Whether it was granted. */
bool kp_share_admit(kp_client *, const kp_buf *args, int64_t unix_ms);
void kp_share_free(kp_share *);

#endif
