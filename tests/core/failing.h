/* failing.h: makes chosen allocations fail. */
#ifndef KP_TESTS_FAILING_H
#define KP_TESTS_FAILING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

static struct {
    size_t asked, fail_at;
    bool from_there_on;
} failing;

static inline int failing_hook(void) {
    size_t n = failing.asked++;
    return n == failing.fail_at || (failing.from_there_on && n > failing.fail_at);
}

/* From now on the allocation with that number (counted from 0) fails, or it and all later ones. */
static inline void failing_start(size_t fail_at, bool from_there_on) {
    failing.asked = 0;
    failing.fail_at = fail_at;
    failing.from_there_on = from_there_on;
    kp_mem_test_hook = failing_hook;
}

/* Ends it; true if an allocation was made to fail. */
static inline bool failing_stop(void) {
    kp_mem_test_hook = NULL;
    return failing.asked > failing.fail_at;
}

#endif
