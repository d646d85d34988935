/* transfer.h: does one HTTP step over libcurl. */
#ifndef KP_NET_TRANSFER_H
#define KP_NET_TRANSFER_H

#include <stdbool.h>

#include "keyplate.h"
#include "net/wake.h"

/* One connection cache and the handle that uses it; used by one thread at a time. */
typedef struct kp_line kp_line;

/* Once for the process; may be called again. false: libcurl cannot start. */
bool kp_transfer_start(void);
/* NULL when memory is short. */
kp_line *kp_line_new(void);
void kp_line_free(kp_line *);
/* Sends what the operation's HTTP step says, hands it the answer, and tells time and end. */
void kp_transfer(kp_line *, kp_op *, kp_wake *);

#endif
