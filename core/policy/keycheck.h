/* keycheck.h: whether what was found can be a key. */
#ifndef KP_POLICY_KEYCHECK_H
#define KP_POLICY_KEYCHECK_H

#include <stddef.h>

/* Trims the ends, then checks. 0, KP_E_BAD_KEY or KP_E_PLACEHOLDER; *why gets the reason as part of a sentence ("it has
   quotes around it"), never the value. */
int kp_key_check(const char **key, size_t *len, const char **why);

#endif
