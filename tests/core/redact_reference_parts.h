/* redact_reference_parts.h: the reference's rules about contexts, each at one place of a whole text. */
#ifndef REDACT_REFERENCE_PARTS_H
#define REDACT_REFERENCE_PARTS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct reference_text {
    const char *text;
    size_t len;
} reference_text;

/* The byte at a place, -1 outside of the text. */
int ref_at(const reference_text *, size_t at);
/* The length of the first of these texts (case aside; a NULL ends the list) that stands at the place, 0 if none does.
 */
size_t ref_one_of(const reference_text *, size_t at, const char *const *list, size_t *which);
/* Whether the text stands in front of the place, case aside. */
bool ref_before(const reference_text *, size_t at, const char *what);
bool ref_escape_before(const reference_text *, size_t at);
bool ref_alnum(int c);
bool ref_in(int c, const char *set);

/* The value whose name ends at this place. */
bool reference_value(const reference_text *, size_t at, size_t *start, size_t *end);
/* The login behind the "://" at this place. */
bool reference_url(const reference_text *, size_t at, size_t *start, size_t *end);
/* The end of a login that begins at this place, 0 if there is none; stops: bytes that end it, percent: %2F, %3F and %23
   end it too. */
size_t reference_login(const reference_text *, size_t at, const char *stops, bool percent);
/* Whether a run of bare hex has to go here. */
bool reference_bare(const reference_text *, size_t at, int way);

#endif
