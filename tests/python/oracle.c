/* oracle.c: the reference of the redactor (tests/core/redact_reference.h) for Python's ctypes: the rules a second time,
 * by brute force, with nothing of the code that the package runs. */
#include <stdlib.h>
#include <string.h>

#include "redact_reference.h"

/* The text, redacted, or NULL; oracle_free frees it. bare: REFERENCE_ALWAYS and so on. */
char *oracle_redact(const char *text, size_t len, const char *const *keys, const size_t *lens, size_t count, int bare,
                    size_t *out_len);
void oracle_free(char *text);

char *oracle_redact(const char *text, size_t len, const char *const *keys, const size_t *lens, size_t count, int bare,
                    size_t *out_len) {
    reference_key *known = calloc(count + 1, sizeof *known);
    if (!known)
        return NULL;
    for (size_t i = 0; i < count; i++)
        known[i] = (reference_key){keys[i], lens[i]};
    kp_buf out = {0};
    redact_reference(&out, text, len, known, count, bare);
    free(known);
    char *copy = out.failed ? NULL : malloc(out.len + 1);
    if (copy) {
        memcpy(copy, kp_buf_text(&out), out.len);
        copy[out.len] = '\0';
        *out_len = out.len;
    }
    kp_buf_free(&out);
    return copy;
}

void oracle_free(char *text) {
    free(text);
}
