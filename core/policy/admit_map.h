/* admit_map.h: what the verbs share: one call's context, its arguments, and the names and numbers in the map.
 *
 * Names in the map: those of GET, PUT and gates are as the caller gave them; rates and ids stand behind a word and a
 * blank ("rate NAME", "id ID"), which no name of a caller can have. */
#ifndef KP_POLICY_ADMIT_MAP_H
#define KP_POLICY_ADMIT_MAP_H

#include <stdbool.h>

#include "policy/admit.h"

#define KP_SPAN_MOST_MS 3155760000000LL    /* 100 years */
#define KP_SPAN_MOST_US 3155760000000000LL /* the same; added to today's time it is still exact in a double */

typedef struct kp_verb {
    const kp_kv *kv;
    int64_t now_ms;
    const kp_arg *args;
    size_t count;
    kp_buf *reply;
    kp_buf name;  /* scratch of kp_map_name */
    kp_buf value; /* scratch of kp_map_get and kp_map_put */
} kp_verb;

bool kp_arg_is(kp_arg, const char *text);
/* A word without blanks and control characters, at most `most` bytes long. */
bool kp_arg_word(kp_arg, size_t most);
bool kp_arg_name(kp_arg);
bool kp_arg_number(kp_arg, int64_t least, int64_t most, int64_t *out);
kp_arg kp_arg_of(const kp_buf *);

/* The name in the map of a rate or an id; its text is NULL when memory is short. Lent until the next call. */
kp_arg kp_map_name(kp_verb *, const char *kind, kp_arg name);
/* The value of name into v->value: 1; absent: 0; failed: -1. */
int kp_map_get(kp_verb *, kp_arg name);
/* Sets name to v->value. 0, or -1 when it failed. */
int kp_map_put(kp_verb *, kp_arg name, int64_t expires_ms);
int kp_map_drop(kp_verb *, kp_arg name);

#endif
