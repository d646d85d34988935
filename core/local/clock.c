/* clock.c: reads the clocks of this machine. */
#include "local/clock.h"

#include <time.h>

#include "keyplate_run.h"

/* A clock that also counts while the machine sleeps, so that a deadline is one for people too. */
#ifdef CLOCK_BOOTTIME
#define AWAKE_OR_NOT CLOCK_BOOTTIME
#else
#define AWAKE_OR_NOT CLOCK_MONOTONIC
#endif

uint64_t kp_local_mono_ms(void) {
    struct timespec now;
    if (clock_gettime(AWAKE_OR_NOT, &now) != 0 && clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t kp_unix_ms(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int32_t kp_zone_s(int64_t unix_ms) {
    struct tm local;
    int64_t seconds = unix_ms / 1000 - (unix_ms % 1000 < 0);
    time_t when = (time_t)seconds;
    return localtime_r(&when, &local) ? (int32_t)local.tm_gmtoff : 0;
}

void kp_local_time(kp_op *op) {
    int64_t unix_ms = kp_unix_ms();
    kp_on_time(op, kp_local_mono_ms(), unix_ms, kp_zone_s(unix_ms));
}
