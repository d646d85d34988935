/* told.h: what KP_TELL knows of one value of a key. */
#ifndef KP_ENGINE_TOLD_H
#define KP_ENGINE_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "safe/crypto.h"

/* Why nothing can be said of a value, where the store is away. */
#define KP_NOT_ASKED "the shared state could not be asked"

typedef enum kp_told_role { KP_TOLD_NOW, KP_TOLD_NEXT, KP_TOLD_BEFORE, KP_TOLD_ELSEWHERE } kp_told_role;

typedef struct kp_told {
    size_t member;
    kp_told_role role; /* ELSEWHERE: this process does not have it, others have used it */
    bool there;        /* false: the member has no key, or it is ELSEWHERE */
    bool open;
    char mask[KP_MASK_SIZE], fingerprint[KP_FINGERPRINT_SIZE];
    char *source, *version;
    int64_t first_seen_ms;
} kp_told;

#endif
