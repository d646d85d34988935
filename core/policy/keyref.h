/* keyref.h: references to keys, such as env:NAME or json:PATH#/pointer. */
#ifndef KP_POLICY_KEYREF_H
#define KP_POLICY_KEYREF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

typedef enum kp_ref_kind {
    KP_REF_ENV,
    KP_REF_DOTENV,
    KP_REF_FILE,
    KP_REF_CRED,
    KP_REF_JSON,
    KP_REF_FD,
    KP_REF_HELD,
    KP_REF_HOST
} kp_ref_kind;

typedef struct kp_keyref {
    kp_ref_kind kind;
    char *place; /* variable, path, credential name, number, or the name that a program gave to it */
    char *field; /* behind '#': variable of a .env file, JSON pointer; NULL for the other kinds */
    char *text;  /* as it was written: for messages */
} kp_keyref;

/* env:NAME · dotenv:PATH#NAME · file:PATH · cred:NAME · json:PATH#/pointer · fd:N; for programs that hand a key in, not
   for files: held:NAME (by value) and host:NAME (when it is needed)
   json_home: folder for relative json: paths ("~/.captchaai"); a json: without #/pointer means #/api_key. 0, or
   KP_E_REFERENCE with a sentence in *problem that never repeats the text (it may be a key that somebody put there by
   mistake: the sentence says so, and how to write a reference); KP_E_MEMORY. A name that looks like a key is refused.
 */
int kp_keyref_parse(const char *text, size_t len, const char *json_home, kp_keyref *out, kp_buf *problem);
void kp_keyref_free(kp_keyref *);
/* Whether this can be the NAME of held: and host:. 1 to 32 letters, digits, '.', '_', '-'. */
bool kp_is_held_name(const char *text, size_t len);

#endif
