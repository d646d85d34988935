/* text.h: comparing, encoding and checking text; no locale anywhere. */
#ifndef KP_BASE_TEXT_H
#define KP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

bool kp_is_space(char); /* blank, tab, CR, LF, VT, FF */
bool kp_is_digit(char);
bool kp_is_alpha(char); /* ASCII */
char kp_lower(char);    /* ASCII */
int kp_hex_value(char); /* -1 if it is no hex digit */
/* NULL equals only NULL. */
bool kp_same(const char *a, const char *b);
bool kp_same_n(const char *a, size_t alen, const char *b);      /* text of alen bytes against a C string */
bool kp_same_nocase(const char *a, size_t alen, const char *b); /* ASCII case aside */
bool kp_starts(const char *text, const char *start);
/* Moves *text and shortens *len past blanks at both ends. */
void kp_trim(const char **text, size_t *len);
/* Edit distance (insert, delete, replace, swap of neighbours = 1 each), at most limit + 1. Texts over 127 bytes are far
   from all but themselves. */
size_t kp_distance(const char *a, const char *b, size_t limit);
/* The size of the well-formed UTF-8 character that the text starts with, 0 if there is none. */
size_t kp_utf8_step(const char *text, size_t len);
/* true if the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool kp_utf8_valid(const char *text, size_t len);
/* A decimal integer without sign trouble: optional '-', digits, no blanks, no overflow. */
bool kp_parse_i64(const char *text, size_t len, int64_t *out);

/* RFC 3986 unreserved characters stay, the rest becomes %XX; for query and form values alike (space is %20). */
void kp_add_percent(kp_buf *, const char *data, size_t len);
/* RFC 4648 with padding; url: the - _ alphabet without padding. */
void kp_add_base64(kp_buf *, const void *data, size_t len, bool url);
/* Strict: alphabet, padding, length, no stray bits; blanks and line ends are refused. false: not base64; what was added
   stays. A NULL buffer checks only. */
bool kp_decode_base64(kp_buf *, const char *text, size_t len);
void kp_add_hex(kp_buf *, const void *data, size_t len); /* lower case */
/* A JSON string with its quotes; control characters escaped; bytes that are not UTF-8 become U+FFFD. */
void kp_add_json(kp_buf *, const char *text, size_t len);
/* For terminals and logs: control characters (ANSI escapes too), marks that reorder text and bytes that are not UTF-8
   become '?', a line end a blank. At most max bytes: a longer text is cut at a character and ends with "...". */
void kp_add_shown(kp_buf *, const char *text, size_t len, size_t max);

#endif
