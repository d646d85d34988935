/* hostile_parts.h: what the files that make hostile text share. */
#ifndef HOSTILE_PARTS_H
#define HOSTILE_PARTS_H

#include "hostile_text.h"

extern const char hostile_hex_lower[], hostile_hex_upper[], hostile_letters[];

const char *hostile_one_of(chance *, const char *const *list, size_t count);
#define ONE_OF(c, list) hostile_one_of(c, list, sizeof(list) / sizeof(list)[0])
void hostile_add_random(kp_buf *, chance *, const char *alphabet, size_t len);
/* Adds the secret in a disguise by chance: all of what is added has to go. */
void hostile_add_disguised(kp_buf *, chance *, const char *text, size_t len);

#endif
