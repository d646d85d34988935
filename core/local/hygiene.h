/* hygiene.h: what this machine and process could do better for the keys in memory. */
#ifndef KP_LOCAL_HYGIENE_H
#define KP_LOCAL_HYGIENE_H

#include "base/buf.h"

/* Adds what protects less than it should, one sentence a line: memory that could not be locked, core dumps. Strict mode
   refuses to work with these. Nothing added: all is well. */
void kp_hygiene_gaps(kp_buf *out);
/* Adds the gaps, and behind them what is no gap while memory is locked but good to know: swap. One sentence a line. */
void kp_hygiene(kp_buf *out);
/* The same with another file in place of /proc/swaps, for tests. */
void kp_hygiene_with(const char *swaps, kp_buf *out);

#endif
