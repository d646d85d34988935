/* json.h: a strict scanner of JSON (RFC 8259) that copies nothing: values are spans of the raw text.
 *
 * Strict means: the whole text is checked before any value is lent; well-formed UTF-8; no duplicate names in an
 * object; no NUL (raw or \u0000), no lone surrogates; nothing after the value; nesting up to KP_JSON_DEPTH; a number is
 * a number by the grammar (no 012, no +1, no NaN) and at most 40 characters long with an exponent of at most 2 digits.
 */
#ifndef KP_WIRE_JSON_H
#define KP_WIRE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define KP_JSON_DEPTH 32

typedef enum kp_json_type {
    KP_JSON_NONE = 0, /* absent, or not valid */
    KP_JSON_NULL,
    KP_JSON_FALSE,
    KP_JSON_TRUE,
    KP_JSON_NUMBER,
    KP_JSON_STRING,
    KP_JSON_ARRAY,
    KP_JSON_OBJECT
} kp_json_type;

/* A value: the raw text from its first to its last character (a string with its quotes). */
typedef struct kp_json {
    kp_json_type type;
    const char *raw;
    size_t len;
} kp_json;

/* Checks the text whole (blanks around the value allowed, a BOM is not). If it is not valid: type NONE, raw is the
   place where it breaks, and *problem (may be NULL) gets a constant sentence without any of the text. No recursion, no
   memory but for an object of more than 64 names (when memory is short: refused). Time: len by its logarithm at the
   worst, because duplicate names are found by sorting, which no choice of names can slow down as it could a hash table.
 */
kp_json kp_json_parse(const char *text, size_t len, const char **problem);
/* The member of a checked object; names are compared after decoding. NONE if absent or not an object. */
kp_json kp_json_get(kp_json object, const char *name);
/* Walks a checked array or object: *at starts at 0 and is the scanner's own. For objects *name is the raw string. false
   past the last. */
bool kp_json_next(kp_json container, size_t *at, kp_json *name, kp_json *value);
/* RFC 6901 ("/a/0/b", "" is the whole). NONE if absent. */
kp_json kp_json_pointer(kp_json, const char *pointer);
/* Adds the decoded text of a string (escapes resolved). false if it is no string. */
bool kp_json_string(kp_json, kp_buf *out);
/* true if the decoded string equals text. */
bool kp_json_is(kp_json, const char *text);
/* A number that is an integer without exponent or fraction, in range. */
bool kp_json_i64(kp_json, int64_t *out);

#endif
