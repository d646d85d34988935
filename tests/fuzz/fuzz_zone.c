/* fuzz_zone.c: no file may lead the zone's clock astray: what it shows at a time it shows at that time again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "policy/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact) {
    if (!fact)
        abort();
}

static void check_time(const kp_zone *zone, int64_t at) {
    int64_t next = 0, change = 0;
    int32_t offset = kp_zone_offset(zone, at);
    must(offset > -93600 && offset < 93600);
    int64_t first = kp_zone_unix(zone, at + offset);
    must(first <= at && first + kp_zone_offset(zone, first) >= at + offset);
    int64_t then = kp_zone_unix(zone, at);
    must(then + kp_zone_offset(zone, then) >= at);
    must(then - 1 + kp_zone_offset(zone, then - 1) < at);
    if (!kp_zone_boundary(zone, at, &next)) {
        must(!kp_zone_transition(zone, at, &change));
        return;
    }
    must(next > at && kp_zone_offset(zone, next - 1) == offset);
    if (kp_zone_offset(zone, next) != offset)
        must(kp_zone_transition(zone, at, &change) && change == next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *problem = NULL;
    kp_zone *zone = kp_zone_new(data, size, &problem);
    must((zone != NULL) == (problem == NULL));
    for (int64_t at = -5000000000; zone && at < 9000000000; at += 345678901)
        check_time(zone, at);
    int64_t turn = -5000000000;
    for (int i = 0; zone && i < 50 && kp_zone_boundary(zone, turn, &turn) && turn < 200000000000; i++)
        check_time(zone, turn);
    kp_zone_free(zone);
    return 0;
}
