/* append_case.h: for tests that add lines without a seal. */
#ifndef KP_TESTS_APPEND_CASE_H
#define KP_TESTS_APPEND_CASE_H

#include <string.h>

#include "local/append.h"

static inline const char *append_case_line(void *self, const char *last, size_t last_len, size_t *len) {
    (void)last;
    (void)last_len;
    *len = strlen(self);
    return self;
}

static inline const char *append_case_checkpoint(void *self, size_t *len) {
    (void)self;
    *len = 2;
    return "{}";
}

/* The text ends with a line end. Opens the file anew. */
static inline int append_text(const char *path, const char *text, const kp_patience *patience) {
    kp_append_source source = {(void *)(uintptr_t)text, append_case_line, append_case_checkpoint};
    return kp_append(NULL, path, &source, patience);
}

#endif
