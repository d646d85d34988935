/* transfer.h: does one HTTP step over libcurl. */
#ifndef KP_NET_TRANSFER_H
#define KP_NET_TRANSFER_H

#include "keyplate.h"
#include "net/line.h"
#include "net/wake.h"

/* Sends what the operation's HTTP step says, hands it the answer, and tells time and end. */
void kp_transfer(kp_line *, kp_op *, kp_wake *);

#endif
