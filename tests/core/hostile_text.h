/* hostile_text.h: random texts for the redactor that know their own truth: which spans are secrets, and in which
 * disguise, and which must stay byte for byte. */
#ifndef HOSTILE_TEXT_H
#define HOSTILE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "chance.h"

enum { HOSTILE_KEYS = 12, HOSTILE_KEY_MOST = 80 };

/* What the process knows: keys of many shapes, some of them beginnings or parts of others, the last one short. */
typedef struct hostile_keys {
    char text[HOSTILE_KEYS][HOSTILE_KEY_MOST + 1];
    size_t len[HOSTILE_KEYS];
} hostile_keys;

void hostile_keys_make(hostile_keys *, chance *);
/* Writes the text and what redacting it (bare hex always) has to make of it. */
void hostile_text_make(const hostile_keys *, chance *, kp_buf *text, kp_buf *truth);
/* Spoils the text anywhere, escapes and keys too: nobody knows the truth then. */
void hostile_text_spoil(const hostile_keys *, chance *, kp_buf *text);

#endif
