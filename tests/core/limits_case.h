/* limits_case.h: for tests of limits: options as pairs of name and value. */
#ifndef KP_TESTS_LIMITS_CASE_H
#define KP_TESTS_LIMITS_CASE_H

#include "admit_case.h"

#include "base/error.h"
#include "policy/limits.h"

/* Pairs of name and value, ended by NULL. */
static inline const char *option_of(const void *self, const char *name) {
    for (const char *const *pair = self; *pair; pair += 2)
        if (strcmp(pair[0], name) == 0)
            return pair[1];
    return "";
}

static inline int read_options(const char *const *pairs, kp_limits **out, kp_buf *problem) {
    kp_buf_init(problem, NULL);
    return kp_limits_make(option_of, pairs, out, problem);
}

static inline kp_limits *sound(const char *const *pairs) {
    kp_limits *limits = NULL;
    kp_buf problem;
    if (read_options(pairs, &limits, &problem) != KP_OK)
        fail_msg("%s", kp_buf_text(&problem));
    assert_non_null(limits);
    assert_int_equal(problem.len, 0);
    kp_buf_free(&problem);
    return limits;
}

#define SOUND(...) sound((const char *const[]){__VA_ARGS__, NULL})

/* Refused, and the sentence has these words in it. */
static inline void refused(const char *const *pairs, const char *says) {
    kp_limits *limits = (void *)&limits;
    kp_buf problem;
    int code = read_options(pairs, &limits, &problem);
    if (code != KP_E_CONFIG || limits || !strstr(kp_buf_text(&problem), says))
        fail_msg("%s=%s: %d '%s' does not say '%s'", pairs[0], pairs[1], code, kp_buf_text(&problem), says);
    kp_buf_free(&problem);
}

#define REFUSED(says, ...) refused((const char *const[]){__VA_ARGS__, NULL}, says)

#define PRICED "prices", "{\"*\":\"0.001\"}"

#endif
