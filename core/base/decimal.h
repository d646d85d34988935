/* decimal.h: amounts of money as integers of micro-dollars; no floating point, no locale. */
#ifndef KP_BASE_DECIMAL_H
#define KP_BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define KP_MICRO_MAX 1000000000000000LL /* 10^15: what a double of another system still holds exactly */

/* Decimal text (optional '-', digits, optional '.' and digits; nothing else) to micro-units. Digits past the sixth are
   cut towards zero, but what is not 0 never becomes 0: anything smaller counts as one micro-unit (or minus one). false:
   not a decimal, or beyond KP_MICRO_MAX. "-0", "-0.0" and texts of more than 40 digits are refused: no service means
   them. */
bool kp_parse_micro(const char *text, size_t len, int64_t *out);
/* The same for amounts that people write down: not negative, and no digits past the sixth, for a limit that is cut is
   another one. */
bool kp_parse_dollars(const char *text, size_t len, int64_t *out);
/* As kp_parse_micro, and also the JSON forms with exponent ("1.5e1", at most 40 either way); the value must fit exactly
   the same bounds. */
bool kp_parse_micro_json(const char *text, size_t len, int64_t *out);
/* The shortest decimal text: "12.345", "0", "-0.5". */
void kp_add_micro(kp_buf *, int64_t micro);

#endif
