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
    KP_REF_HOST,
    KP_REF_VAULT,
    KP_REF_AWS,
    KP_REF_GCP,
    KP_REF_EXEC
} kp_ref_kind;

typedef struct kp_keyref {
    kp_ref_kind kind;
    char
        *place; /* variable, path, credential name, number, or the name that a program gave to it; vault: the path below
                   the mount; aws-sm: name or ARN; gcp-sm: projects/P/secrets/S/versions/V; exec: the command line */
    char *field;          /* behind '#': variable of a .env file, JSON pointer, field of a secret; NULL: none */
    char *text;           /* as it was written: for messages */
    char *mount;          /* vault */
    char *region, *stage; /* aws-sm; NULL: not given */
} kp_keyref;

/* env:NAME · dotenv:PATH#NAME · file:PATH · cred:NAME · json:PATH#/pointer · fd:N · exec:PROGRAM ARG...; for programs
   that hand a key in, not for files: held:NAME (by value) and host:NAME (when it is needed)
   json_home: folder for relative json: paths ("~/.captchaai"); a json: without #/pointer means #/api_key. 0, or
   KP_E_REFERENCE with a sentence in *problem that never repeats the text (it may be a key that somebody put there by
   mistake: the sentence says so, and how to write a reference); KP_E_MEMORY. A name that looks like a key is refused.

   vault://MOUNT/PATH#FIELD           without #FIELD it is api_key. The mount is the first segment; one of several
                                      segments ends with two slashes: vault://team/kv//captchaai
   aws-sm://SECRET?region=R&stage=S#FIELD
                                      SECRET is a name or an ARN (which also says the region); a field is a member of
                                      the JSON that the secret is, without one the whole secret is the key
   gcp-sm://projects/P/secrets/S/versions/V#FIELD
                                      V is latest, a number or an alias; the field as for aws-sm
   exec:PROGRAM ARGUMENT...           what the program writes is the key. Words end at blanks; "..." and '...' keep them
                                      together, as they stand: no escapes, no variables, no shell. PROGRAM is an
   absolute path, one that begins with ~/, or a name without '/', looked for in PATH. An argument that looks like a key
   is refused: other users see the arguments of a program. In the first three nothing is percent-decoded, a field ends
   the text, and the first '#' begins it. */
int kp_keyref_parse(const char *text, size_t len, const char *json_home, kp_keyref *out, kp_buf *problem);
void kp_keyref_free(kp_keyref *);
/* Whether this can be the NAME of held: and host:. 1 to 32 letters, digits, '.', '_', '-'. */
bool kp_is_held_name(const char *text, size_t len);

/* The next word of an exec: place, added to the buffer; *at starts at 0. false: there is none. */
bool kp_exec_word(const char *place, size_t *at, kp_buf *word);

#endif
