/* known_spell.h: the ways in which texts spell one character, and reading one of them at a place.
 *
 *     itself      A
 *     percent     %41 %2541 %252541
 *     JSON        \u0041; \" \\ \/ and the like; with up to four backslashes: JSON in JSON
 *     others      \x41 (up to four backslashes), \'
 *     HTML        &#65; &#x41; (up to four zeros in front), &amp; &lt; &gt; &quot; &apos;
 *
 * Escapes in either case. All of that in bytes, or in UTF-16 of either order: then a NUL byte stands behind or before
 * each character.
 */
#ifndef KP_SAFE_KNOWN_SPELL_H
#define KP_SAFE_KNOWN_SPELL_H

#include <stdbool.h>
#include <stddef.h>

#include "safe/known_window.h"

typedef enum kp_units { KP_BYTES = 0, KP_UTF16_LE, KP_UTF16_BE, KP_UNITS } kp_units;

/* More places at a time than any secret needs but one with a dozen backslashes in a row. */
enum { KP_PLACES = 64 };

/* Where in the text the next character can begin, each once. Mostly that is one place; "%25" can be itself or an
   encoded "%". */
typedef struct kp_places {
    size_t at[KP_PLACES];
    size_t n;
} kp_places;

/* Adds every place behind one spelling of the character c at this place. true if the text ends within a spelling of
   it, or at the place itself. */
bool kp_spell_read(kp_window *, kp_units, size_t at, char c, kp_places *next);
/* Some characters, each perhaps more than once. */
typedef struct kp_chars {
    unsigned char at[16];
    size_t n;
} kp_chars;
/* The characters that a spelling at this place can mean. */
kp_chars kp_spell_chars(kp_window *, kp_units, size_t at);
/* How wide one character is, spelt as itself. */
size_t kp_units_width(kp_units);
/* The character that is written at this place as itself, KP_NO_CHAR if there is none. */
int kp_unit(kp_window *, kp_units, size_t at);
/* Whether a spelling that is longer than the character itself can begin with this character. */
bool kp_spell_begins(char c);

#endif
