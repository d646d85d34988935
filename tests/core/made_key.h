/* made_key.h: keys made at run time, and what masking has to make of text with them. */
#ifndef MADE_KEY_H
#define MADE_KEY_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "safe/known.h"

enum { LONGEST = 200, SHAPES = 6 };

typedef struct key {
    char text[LONGEST + 1];
    size_t len;
} key;

/* The same numbers in every run. */
static uint32_t seed = 20261120;

static inline unsigned below(unsigned n) {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % n;
}

static const char *const alphabets[SHAPES] = {
    "0123456789abcdef",
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "abcxyzABCXYZ019/+=%",
    "ab%25/+\\u0041\"'&#",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ab09AZ ",
    "0123456789abcdefABCDEF-_",
};

/* A key of this shape and length, made here: none stands in the source. */
static inline key make_key(unsigned shape, size_t len) {
    key k = {.len = len};
    for (size_t i = 0; i < len; i++)
        k.text[i] = alphabets[shape][below((unsigned)strlen(alphabets[shape]))];
    return k;
}

static inline key make_uuid_key(void) {
    key k = {.len = 0};
    int n = snprintf(k.text, sizeof k.text, "acme-");
    for (int i = 0; i < 36; i++)
        k.text[n++] = i == 8 || i == 13 || i == 18 || i == 23 ? '-' : alphabets[0][below(16)];
    k.len = (size_t)n;
    return k;
}

static inline char upper(char c) {
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* form: 0 as it is, 1 upper case, 2 lower case. */
static inline void add_in_case(kp_buf *b, const char *text, size_t len, int form) {
    for (size_t i = 0; i < len; i++)
        kp_buf_char(b, form == 0 ? text[i] : form == 1 ? upper(text[i]) : kp_lower(text[i]));
}

/* Lent until the next call. */
static inline const char *masked(const char *text, size_t len) {
    static kp_buf out;
    kp_buf_clear(&out);
    kp_known_mask(&out, text, len);
    assert_false(out.failed);
    return kp_buf_text(&out);
}

static inline void assert_masked(const char *text, const char *expected) {
    assert_string_equal(masked(text, strlen(text)), expected);
}

/* Byte for byte. */
static inline void assert_untouched(const char *text, size_t len) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_known_mask(&out, text, len);
    assert_false(out.failed);
    assert_int_equal(out.len, len);
    assert_memory_equal(kp_buf_text(&out), text, len);
    kp_buf_free(&out);
}

#endif
