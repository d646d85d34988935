/* store_redis_away.c: remembers that a server could not be reached, so that the callers of a process neither wait for
 * it one after the other nor flood it when it comes back. */
#include "net/store_redis_away.h"

#include <stdio.h>

#include "safe/crypto.h"

bool kp_away_may_ask(kp_away *away, uint64_t now_ms, kp_buf *problem) {
    if (away->failures == 0)
        return true;
    if (now_ms >= away->until_ms && now_ms >= away->tried_ms) {
        away->tried_ms = now_ms + KP_AWAY_TRY_MS;
        return true;
    }
    kp_buf_str(problem, away->why);
    if (now_ms < away->until_ms)
        kp_buf_fmt(problem, " (so it was a moment ago; it is asked again in %llu ms)",
                   (unsigned long long)(away->until_ms - now_ms));
    else
        kp_buf_str(problem, " (so it was a moment ago; another call is asking it again)");
    return false;
}

void kp_away_reached(kp_away *away) {
    *away = (kp_away){.failures = 0};
}

/* From half of the time to all of it, so that the processes of a fleet do not come back together. */
static uint64_t with_jitter(uint64_t ms) {
    uint32_t luck = 0;
    kp_random(&luck, sizeof luck);
    return ms / 2 + luck % (ms / 2 + 1);
}

void kp_away_failed(kp_away *away, uint64_t now_ms, uint64_t took_ms, const char *why) {
    uint64_t ms = KP_AWAY_FIRST_MS;
    for (unsigned i = 0; i < away->failures && ms < KP_AWAY_MOST_MS; i++)
        ms *= 2;
    if (ms < took_ms)
        ms = took_ms;
    away->failures += away->failures < KP_AWAY_MOST_MS;
    away->until_ms = now_ms + with_jitter(ms < KP_AWAY_MOST_MS ? ms : KP_AWAY_MOST_MS);
    away->tried_ms = 0;
    snprintf(away->why, sizeof away->why, "%s", why);
}

void kp_away_unknown(kp_away *away) {
    away->tried_ms = 0;
}
