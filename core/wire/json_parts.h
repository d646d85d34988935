/* json_parts.h: what the checking and the reading half of the JSON scanner share; for json*.c only. */
#ifndef KP_WIRE_JSON_PARTS_H
#define KP_WIRE_JSON_PARTS_H

#include "wire/json.h"

bool kp_json_is_blank(char);
/* The number of the four hex digits of a \u escape, -1 if they are none. */
int kp_json_unit(const char *digits);
/* Orders two checked strings, each given by its opening quote, by their decoded bytes: below 0, 0 or above 0. */
int kp_json_compare(const char *a, const char *b);

#endif
