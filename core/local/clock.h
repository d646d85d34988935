/* clock.h: the wall clock and the time zone of this machine; the monotonic clock is kp_local_mono_ms. */
#ifndef KP_LOCAL_CLOCK_H
#define KP_LOCAL_CLOCK_H

#include <stdint.h>

int64_t kp_unix_ms(void);
/* The offset of the local zone from UTC at that moment, in seconds; 0 if the system does not know. */
int32_t kp_zone_s(int64_t unix_ms);

#endif
