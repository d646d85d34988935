/* keycheck.h: whether what was found can be a key. */
#ifndef KP_POLICY_KEYCHECK_H
#define KP_POLICY_KEYCHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Trims the ends, then checks. 0, KP_E_BAD_KEY or KP_E_PLACEHOLDER; *why gets the reason as part of a sentence ("it has
   quotes around it"), never the value. */
int kp_key_check(const char **key, size_t *len, const char **why);
/* Whether this looks like a key itself, where a name belongs: somebody wrote env:$NAME for env:NAME. 20 or more letters
   and digits in a row, at least three of them digits, or a UUID (RFC 9562): the usual keys of both services are one of
   these. A guess, for refusing early: a key of another shape passes. */
bool kp_key_is_like(const char *text, size_t len);

#endif
