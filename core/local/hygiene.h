/* hygiene.h: what this machine and process could do better for the keys in memory. kp_hygiene of keyplate_run.h gives
 * the same list, name by name. */
#ifndef KP_LOCAL_HYGIENE_H
#define KP_LOCAL_HYGIENE_H

#include <stdbool.h>

#include "base/buf.h"

/* Adds what protects less than it should, one sentence a line: memory that could not be locked, core dumps. Strict mode
   refuses to work with these. Nothing added: all is well. */
void kp_hygiene_gaps(kp_buf *out);
/* Adds all gaps of the process, one sentence a line. */
void kp_hygiene_all(kp_buf *out);
/* The same with another file in place of /proc/swaps, for tests. */
void kp_hygiene_with(const char *swaps, kp_buf *out);

/* Whose memory has copies of keys while a call is under way. */
typedef enum kp_library { KP_LIBCURL, KP_TLS, KP_LIBRARIES } kp_library;
/* The floors above tell whether that memory is kept out of core dumps and wiped. A library that nobody tells of is not
   used. From any thread. */
void kp_hygiene_tell(kp_library, bool guarded);

#endif
