/* sealer.c: keeps the key that seals the audit record in memory that is locked, not dumped, and wiped. */
#include "engine/sealer.h"

#include <string.h>

#include "base/error.h"
#include "safe/arena.h"

static bool is_remote(kp_ref_kind kind) {
    return kind == KP_REF_VAULT || kind == KP_REF_AWS || kind == KP_REF_GCP;
}

int kp_sealer_make(kp_sealer *sealer, const char *reference, kp_buf *problem) {
    if (!reference[0])
        return KP_OK;
    int error = kp_keyref_parse(reference, strlen(reference), NULL, &sealer->ref, problem);
    sealer->has_ref = error == KP_OK;
    if (error != KP_OK || !is_remote(sealer->ref.kind))
        return error;
    kp_buf_str(problem, "audit.key cannot be asked for over HTTP; exec:PROGRAM can, or put it into a file");
    return KP_E_CONFIG;
}

void kp_sealer_free(kp_sealer *sealer) {
    if (sealer->has_ref)
        kp_keyref_free(&sealer->ref);
    kp_known_release(sealer->known);
    kp_safe_free(sealer->key);
    *sealer = (kp_sealer){0};
}

bool kp_sealer_take(kp_sealer *sealer, const char *secret, size_t len) {
    if (sealer->key)
        return true;
    sealer->known = kp_known_hold(secret, len);
    sealer->key = sealer->known ? kp_safe_alloc(sizeof *sealer->key) : NULL;
    if (sealer->key)
        kp_chain_key_make(secret, len, sealer->key);
    return sealer->key != NULL;
}
