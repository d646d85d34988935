/* known_forms.h: the forms that one secret takes in text, and finding them at a place. */
#ifndef KP_SAFE_KNOWN_FORMS_H
#define KP_SAFE_KNOWN_FORMS_H

#include <stdbool.h>
#include <stddef.h>

#include "safe/known_window.h"

enum { KP_FORM_PLAIN = 0, KP_FORM_HEX, KP_FORM_BASE64, KP_FORM_COUNT = KP_FORM_BASE64 + 3 };

/* At the end of a text so many characters of a form are enough to be taken for it. */
enum { KP_FRAGMENT = 8 };

typedef struct kp_form {
    const char *text;
    size_t len;
    size_t sure; /* so many of its characters must be there; the rest is masked too if it is */
} kp_form;

typedef struct kp_forms {
    kp_form form[KP_FORM_COUNT]; /* base64 at the shifts 0, 1, 2 */
} kp_forms;

/* How much room the texts of all forms of a secret of this length need. len is at most SIZE_MAX / 16. */
size_t kp_forms_room(size_t len);
/* Writes the forms of a secret of at least one byte; their texts go into the room, which has to outlive them. */
void kp_forms_make(kp_forms *, char *room, const char *secret, size_t len);
/* Whether a character of the text can stand for this one of the form: plain and hex in either case, base64 in both
   alphabets. */
bool kp_form_has(int kind, char c, char wanted);
/* How much of the text at a place is this form: the longest match, 0 if there is none. Each character may be spelt in
   any of the ways of known_spell.h. fragments: a text that ends within the form, after KP_FRAGMENT of its characters,
   matches up to the end. */
size_t kp_form_match(const kp_form *, int kind, kp_window *, size_t at, bool fragments);
/* The same for all forms of a secret, at the beginning of a whole text, without fragments. */
size_t kp_forms_match(const kp_forms *, const char *text, size_t len);

#endif
