/* text.c: compares and checks text by ASCII and UTF-8 rules alone. */
#include "base/text.h"

#include <string.h>

enum { DISTANCE_MAX = 127 }; /* longer texts are no names, so no one asks for their nearest */

bool kp_is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool kp_is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool kp_is_alpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

char kp_lower(char c) {
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c;
}

int kp_hex_value(char c) {
    if (kp_is_digit(c))
        return c - '0';
    c = kp_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool kp_same(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool kp_same_n(const char *a, size_t alen, const char *b) {
    return a && b ? strlen(b) == alen && memcmp(a, b, alen) == 0 : a == b;
}

bool kp_same_nocase(const char *a, size_t alen, const char *b) {
    if (!a || !b)
        return a == b;
    size_t i = 0;
    while (i < alen && b[i] && kp_lower(a[i]) == kp_lower(b[i]))
        i++;
    return i == alen && !b[i];
}

bool kp_starts(const char *text, const char *start) {
    return text && start && strncmp(text, start, strlen(start)) == 0;
}

void kp_trim(const char **text, size_t *len) {
    if (!text || !*text || !len)
        return;
    while (*len > 0 && kp_is_space(**text)) {
        ++*text;
        --*len;
    }
    while (*len > 0 && kp_is_space((*text)[*len - 1]))
        --*len;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t kp_distance(const char *a, const char *b, size_t limit) {
    size_t far = limit < SIZE_MAX ? limit + 1 : limit;
    if (!a || !b)
        return far;
    size_t alen = strlen(a);
    size_t blen = strlen(b);
    if (alen > DISTANCE_MAX || blen > DISTANCE_MAX)
        return strcmp(a, b) == 0 ? 0 : far;
    size_t rows[3][DISTANCE_MAX + 1];
    for (size_t j = 0; j <= blen; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= alen; i++) {
        const size_t *before = rows[(i + 1) % 3]; /* of i - 2 */
        const size_t *above = rows[(i + 2) % 3];  /* of i - 1 */
        size_t *row = rows[i % 3];
        row[0] = i;
        for (size_t j = 1; j <= blen; j++) {
            row[j] = least(above[j], row[j - 1]) + 1;
            row[j] = least(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return least(rows[alen % 3][blen], far);
}

static bool is_tail(char c) {
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t kp_utf8_step(const char *text, size_t len) {
    if (!text || len == 0)
        return 0;
    unsigned char first = (unsigned char)text[0];
    if (first < 0x80)
        return 1;
    size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size > len)
        return 0;
    for (size_t i = 1; i < size; i++)
        if (!is_tail(text[i]))
            return 0;
    unsigned char second = (unsigned char)text[1];
    bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    bool surrogate = first == 0xed && second >= 0xa0;
    bool beyond = first == 0xf4 && second >= 0x90;
    return overlong || surrogate || beyond ? 0 : size;
}

bool kp_utf8_valid(const char *text, size_t len) {
    if (!text)
        return len == 0;
    while (len > 0) {
        size_t step = (unsigned char)*text < 0x80 ? 1 : kp_utf8_step(text, len);
        if (step == 0)
            return false;
        text += step;
        len -= step;
    }
    return true;
}

bool kp_parse_i64(const char *text, size_t len, int64_t *out) {
    if (!text || !out)
        return false;
    bool minus = len > 0 && text[0] == '-';
    size_t i = minus ? 1 : 0;
    if (i == len)
        return false;
    size_t safe = i + 18; /* so many digits fit in any case */
    int64_t value = 0;    /* kept negative, because INT64_MIN has no positive twin */
    for (; i < len; i++) {
        int digit = text[i] - '0';
        if (digit < 0 || digit > 9 || (i >= safe && value < (INT64_MIN + digit) / 10))
            return false;
        value = value * 10 - digit;
    }
    if (!minus && value == INT64_MIN)
        return false;
    *out = minus ? value : -value;
    return true;
}
