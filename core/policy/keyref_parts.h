/* keyref_parts.h: what the halves of the reader of references share; for keyref*.c only. */
#ifndef KP_POLICY_KEYREF_PARTS_H
#define KP_POLICY_KEYREF_PARTS_H

#include "policy/keyref.h"

/* A reference while it is taken apart: spans of the text given, NULL for what it does not have. */
typedef struct kp_ref_parts {
    kp_ref_kind kind;
    const char *place;
    size_t place_len;
    const char *field;
    size_t field_len;
    const char *mount;
    size_t mount_len;
    const char *region;
    size_t region_len;
    const char *stage;
    size_t stage_len;
} kp_ref_parts;

/* Takes what stands behind the ':' of vault, aws-sm, gcp-sm and exec apart (kind, place and place_len are set). NULL,
   or what is wrong with it as a sentence. */
const char *kp_ref_remote(kp_ref_parts *);
/* Whether a name in it looks like a key. */
bool kp_ref_remote_is_key(const kp_ref_parts *);

#endif
