/* known_forms.h: the forms that one secret takes in text, and finding them at a place. */
#ifndef KP_SAFE_KNOWN_FORMS_H
#define KP_SAFE_KNOWN_FORMS_H

#include <stddef.h>

enum { KP_FORM_PLAIN = 0, KP_FORM_HEX, KP_FORM_BASE64, KP_FORM_COUNT = KP_FORM_BASE64 + 3 };

typedef struct kp_form {
    const char *text;
    size_t len;
    size_t sure; /* so many of its characters must be there; the rest is masked too if it is */
} kp_form;

typedef struct kp_forms {
    kp_form form[KP_FORM_COUNT]; /* base64 at the shifts 0, 1, 2 */
    unsigned char first[256];    /* for each byte the forms that can begin with it, a bit each */
} kp_forms;

/* How much room the texts of all forms of a secret of this length need. len is at most SIZE_MAX / 16. */
size_t kp_forms_room(size_t len);
/* Writes the forms of a secret of at least one byte; their texts go into the room, which has to outlive them. */
void kp_forms_make(kp_forms *, char *room, const char *secret, size_t len);
/* How much of the beginning of the text (of at least one byte) is the secret in any of its forms: the longest match, 0
   if there is none. Each character of a form may also be percent-encoded or escaped as in a JSON string. */
size_t kp_forms_match(const kp_forms *, const char *text, size_t len);

#endif
