/* transfer.h: does one HTTP step over libcurl, in parts if wanted. */
#ifndef KP_NET_TRANSFER_H
#define KP_NET_TRANSFER_H

#include "keyplate.h"
#include "net/line.h"
#include "net/wake.h"

/* Does the operation's HTTP step with a line of the stack, or goes on with it, in any thread: sends what it says, hands
   over the answer, tells time and end: true. After the moment pause (of kp_local_mono_ms) it comes back in the midst of
   the call, which stays with the operation until that is freed: false. The stack may be another one then. */
bool kp_transfer(kp_line_stack *, kp_op *, kp_wake *, uint64_t pause);

#endif
