/* taskref.h: task references, captchaai/primary~1a2b3c4d/123: provider, key name, fingerprint, the service's id. */
#ifndef KP_WIRE_TASKREF_H
#define KP_WIRE_TASKREF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "safe/crypto.h"
#include "wire/provider.h"

typedef struct kp_taskref {
    const kp_provider *provider; /* NULL: a bare id */
    char key_name[33];           /* "" for a bare id */
    char fingerprint[KP_FINGERPRINT_SIZE];
    const char *id; /* span of the text given: all behind the second slash */
    size_t id_len;
} kp_taskref;

/* false: neither a reference nor a bare id (1 to 255 characters; control characters and blanks are refused; a bare id
   has no '/'). */
bool kp_taskref_parse(const char *text, size_t len, kp_taskref *out);
void kp_taskref_add(kp_buf *, const kp_provider *, const char *key_name, const char *fingerprint, const char *id,
                    size_t id_len);

#endif
