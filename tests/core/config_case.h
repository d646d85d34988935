/* config_case.h: for tests of options: a configuration of its own for each test. */
#ifndef KP_TESTS_CONFIG_CASE_H
#define KP_TESTS_CONFIG_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "engine/config.h"
#include "failing.h"

static kp_config *config;

static inline void again(void) {
    kp_config_free(config);
    config = kp_config_new();
}

static inline int config_begin(void **state) {
    (void)state;
    again();
    return config ? 0 : -1;
}

static inline int config_end(void **state) {
    (void)state;
    kp_mem_test_hook = NULL;
    kp_config_free(config);
    config = NULL;
    return 0;
}

static inline int load(const char *json) {
    return kp_config_load(config, json, strlen(json));
}

#endif
