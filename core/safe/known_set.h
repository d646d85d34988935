/* known_set.h: the secrets themselves, as those who look for them in text need them. Under the lock of known.h only. */
#ifndef KP_SAFE_KNOWN_SET_H
#define KP_SAFE_KNOWN_SET_H

#include "safe/known.h"
#include "safe/known_forms.h"

struct kp_known {
    size_t len;
    kp_forms forms;
    size_t holders;
    struct kp_known *older, *newer; /* of the retired ones */
};

/* A form of a secret, found by its first character. */
typedef struct kp_start {
    const kp_known *of;
    int kind;
} kp_start;

typedef struct kp_start_list {
    kp_start *list;
    size_t count, room;
} kp_start_list;

/* Forms of secrets of KP_LEAST_ANYWHERE characters or more that can begin with this character, not escaped. */
const kp_start_list *kp_known_starts(char first);
/* Shorter secrets, in their plain form. */
const kp_start_list *kp_known_short(void);

#endif
