/* finder.h: finds the key behind one reference: says what to read next, takes what was read, and in the end has the
 * key or the reason. Pure: the reads are done by whoever drives it. */
#ifndef KP_POLICY_FINDER_H
#define KP_POLICY_FINDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "policy/keyref.h"

#define KP_ROOM_SIZE 65536 /* the largest key file */

typedef enum kp_found { KP_LOOKING = 0, KP_THERE, KP_NOT_THERE, KP_NOT_USABLE } kp_found;

typedef struct kp_finder {
    const kp_keyref *ref;
    int stage;   /* which read of this kind of reference is next */
    kp_buf read; /* "env:NAME", "file:PATH", "fd:N", "exec:...", "held:NAME", "host:NAME" */
    kp_buf path; /* learnt by a read: NAME_FILE, CREDENTIALS_DIRECTORY */
    kp_found state;
    int error;   /* NOT_USABLE: the code */
    kp_buf note; /* THERE: the place ("file:/run/secrets/x, named by X_FILE"); else the place and why not ("env:X: the
                    variable is not set"); never a value */
    bool open;   /* readable by other users: a warning, in strict mode a refusal */
    size_t key_at, key_len; /* THERE: the key within the room, trimmed */
} kp_finder;

void kp_finder_init(kp_finder *);
void kp_finder_free(kp_finder *);
/* Begins with a reference, which must outlive the search. */
void kp_finder_start(kp_finder *, const kp_keyref *);
/* What to read ("env:NAME"), NULL once state is no longer LOOKING. */
const char *kp_finder_read(const kp_finder *);
/* how, why: as kp_on_read. room holds len bytes and may be changed in place. Rules: env:X looks at X_FILE, then X
   (in this order, because the room holds one value); both set is KP_E_KEY_TWICE; an empty variable is as good as
   absent. cred: is $CREDENTIALS_DIRECTORY/NAME. A key is trimmed at its ends (blanks, CR, LF); then refused with
   KP_E_BAD_KEY and the reason: quotes around it, a BOM, blanks or control characters within, bytes that are not
   printable ASCII, more than 1024 characters; KP_E_PLACEHOLDER for the samples of the documentation. A .env line that
   names the variable and that dialects read differently: KP_E_BAD_KEY with file and line. Not a regular file, too big
   and so on: KP_E_KEY_FILE with the reason. */
void kp_finder_on_read(kp_finder *, int how, int why, char *room, size_t len);

#endif
