/* json.c: checks a JSON text whole and strictly before any value of it is lent. */
#include "wire/json.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "wire/json_parts.h"

enum { NAMES_ON_STACK = 64, NUMBER_MAX = 40, EXPONENT_DIGITS_MAX = 2 };

typedef struct scan {
    const char *at, *end;
    const char *problem;
} scan;

/* An array or object that is not closed yet. */
typedef struct container {
    const char *start;
    size_t names;
} container;

static bool fail(scan *s, const char *problem) {
    s->problem = problem;
    return false;
}

static bool is_next(const scan *s, char c) {
    return s->at < s->end && *s->at == c;
}

static void skip_blanks(scan *s) {
    while (s->at < s->end && kp_json_is_blank(*s->at))
        s->at++;
}

/* \uXXXX at the scan's place; surrogates only in pairs. */
static bool check_unicode(scan *s) {
    int unit = s->end - s->at < 6 ? -1 : kp_json_unit(s->at + 2);
    if (unit < 0)
        return fail(s, "four hex digits must follow \\u");
    if (unit == 0)
        return fail(s, "a string has a NUL character");
    if (unit >= 0xdc00 && unit <= 0xdfff)
        return fail(s, "a string has half a surrogate pair");
    s->at += 6;
    if (unit < 0xd800 || unit > 0xdfff)
        return true;
    bool escape = s->end - s->at >= 6 && s->at[0] == '\\' && s->at[1] == 'u';
    int second = escape ? kp_json_unit(s->at + 2) : -1;
    if (second < 0xdc00 || second > 0xdfff)
        return fail(s, "a string has half a surrogate pair");
    s->at += 6;
    return true;
}

static bool check_escape(scan *s) {
    if (s->end - s->at < 2)
        return fail(s, "the text ends within a string");
    if (s->at[1] == 'u')
        return check_unicode(s);
    if (s->at[1] == '\0' || !strchr("\"\\/bfnrt", s->at[1]))
        return fail(s, "a string has an escape that JSON does not know");
    s->at += 2;
    return true;
}

static bool check_string(scan *s) {
    const char *start = ++s->at;
    while (s->at < s->end && *s->at != '"') {
        if (*s->at == '\\') {
            if (!check_escape(s))
                return false;
        } else if ((unsigned char)*s->at < 0x20)
            return fail(s, "a string has a control character");
        else
            s->at++;
    }
    if (s->at == s->end)
        return fail(s, "the text ends within a string");
    if (!kp_utf8_valid(start, (size_t)(s->at - start))) {
        s->at = start;
        return fail(s, "a string is not valid UTF-8");
    }
    s->at++;
    return true;
}

static size_t skip_digits(scan *s) {
    const char *start = s->at;
    while (s->at < s->end && kp_is_digit(*s->at))
        s->at++;
    return (size_t)(s->at - start);
}

static bool check_number(scan *s) {
    const char *start = s->at;
    if (is_next(s, '-'))
        s->at++;
    bool zero = is_next(s, '0');
    size_t digits = skip_digits(s);
    if (digits == 0)
        return fail(s, "a value is expected");
    if (zero && digits > 1)
        return fail(s, "a number has a leading zero");
    if (is_next(s, '.')) {
        s->at++;
        if (skip_digits(s) == 0)
            return fail(s, "a number has no digit behind its point");
    }
    if (is_next(s, 'e') || is_next(s, 'E')) {
        s->at++;
        if (is_next(s, '+') || is_next(s, '-'))
            s->at++;
        digits = skip_digits(s);
        if (digits == 0 || digits > EXPONENT_DIGITS_MAX)
            return fail(s, "a number's exponent must have one or two digits");
    }
    return s->at - start <= NUMBER_MAX || fail(s, "a number is too long");
}

static bool check_word(scan *s, const char *word) {
    size_t len = strlen(word);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
        return fail(s, "a value is expected");
    s->at += len;
    return true;
}

static bool check_scalar(scan *s) {
    if (s->at == s->end)
        return fail(s, "the text ends where a value is expected");
    switch (*s->at) {
    case '"': return check_string(s);
    case 't': return check_word(s, "true");
    case 'f': return check_word(s, "false");
    case 'n': return check_word(s, "null");
    default: return check_number(s);
    }
}

static bool check_name(scan *s, container *object) {
    skip_blanks(s);
    if (!is_next(s, '"'))
        return fail(s, "a name in quotes is expected");
    if (!check_string(s))
        return false;
    skip_blanks(s);
    if (!is_next(s, ':'))
        return fail(s, "a colon is expected behind a name");
    s->at++;
    object->names++;
    return true;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Merges two sorted runs that lie one behind the other. */
static void merge(const char *const *from, size_t first, size_t both, const char **to) {
    size_t i = 0;
    size_t j = first;
    for (size_t k = 0; k < both; k++) {
        bool left = j == both || (i < first && kp_json_compare(from[i], from[j]) <= 0);
        to[k] = left ? from[i++] : from[j++];
    }
}

/* Merge sort from the bottom up: no recursion, and every name is compared a bounded number of times. The names end up
   in one of the two rooms, which is returned. */
static const char **sort_names(const char **names, const char **other, size_t count) {
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t i = 0; i < count; i += 2 * width) {
            size_t both = least(2 * width, count - i);
            merge(names + i, least(width, both), both, other + i);
        }
        const char **sorted = other;
        other = names;
        names = sorted;
    }
    return names;
}

static bool has_twins(kp_json object, const char **room, size_t count) {
    kp_json name;
    kp_json value;
    size_t at = 0;
    for (size_t i = 0; i < count && kp_json_next(object, &at, &name, &value); i++)
        room[i] = name.raw;
    const char **names = sort_names(room, room + count, count);
    for (size_t i = 1; i < count; i++)
        if (kp_json_compare(names[i - 1], names[i]) == 0)
            return true;
    return false;
}

/* The object ends at the scan's place, with its brace. */
static bool check_names(scan *s, const container *c) {
    if (c->names < 2)
        return true;
    const char *few[2 * NAMES_ON_STACK];
    const char **room = c->names <= NAMES_ON_STACK ? few : kp_zalloc(c->names, 2 * sizeof *room);
    if (!room)
        return fail(s, "memory is too short to check the names of an object");
    kp_json object = {KP_JSON_OBJECT, c->start, (size_t)(s->at + 1 - c->start)};
    bool twins = has_twins(object, room, c->names);
    if (room != few)
        kp_free(room);
    if (!twins)
        return true;
    s->at = c->start;
    return fail(s, "an object has a name twice");
}

/* What follows a value that ended: the ends of containers, then the comma before the next value. *more: a value is
   expected next. */
static bool check_ends(scan *s, container *open, size_t *depth, bool *more) {
    for (*more = false; *depth > 0 && !*more;) {
        container *inner = &open[*depth - 1];
        bool object = *inner->start == '{';
        skip_blanks(s);
        if (is_next(s, object ? '}' : ']')) {
            if (object && !check_names(s, inner))
                return false;
            s->at++;
            --*depth;
        } else if (is_next(s, ',')) {
            s->at++;
            if (object && !check_name(s, inner))
                return false;
            *more = true;
        } else
            return fail(s, s->at == s->end ? "the text ends within an array or object" : "a comma is expected");
    }
    return true;
}

/* The value at the scan's place, containers and all that is in them included. */
static bool check_value(scan *s) {
    container open[KP_JSON_DEPTH];
    size_t depth = 0;
    for (bool more = true; more;) {
        skip_blanks(s);
        if (is_next(s, '[') || is_next(s, '{')) {
            if (depth == KP_JSON_DEPTH)
                return fail(s, "the text is nested too deep");
            container *inner = &open[depth++];
            *inner = (container){.start = s->at++};
            skip_blanks(s);
            bool object = *inner->start == '{';
            if (!is_next(s, object ? '}' : ']')) {
                if (object && !check_name(s, inner))
                    return false;
                continue;
            }
        } else if (!check_scalar(s))
            return false;
        if (!check_ends(s, open, &depth, &more))
            return false;
    }
    return true;
}

static kp_json_type type_of(char first) {
    switch (first) {
    case '{': return KP_JSON_OBJECT;
    case '[': return KP_JSON_ARRAY;
    case '"': return KP_JSON_STRING;
    case 't': return KP_JSON_TRUE;
    case 'f': return KP_JSON_FALSE;
    case 'n': return KP_JSON_NULL;
    default: return KP_JSON_NUMBER;
    }
}

kp_json kp_json_parse(const char *text, size_t len, const char **problem) {
    if (!text) {
        text = "";
        len = 0;
    }
    scan s = {.at = text, .end = text + len};
    skip_blanks(&s);
    kp_json value = {.raw = s.at};
    bool valid = check_value(&s);
    value.len = (size_t)(s.at - value.raw);
    if (valid) {
        skip_blanks(&s);
        valid = s.at == s.end || fail(&s, "something follows the value");
    }
    if (problem)
        *problem = s.problem;
    if (!valid)
        return (kp_json){.raw = s.at};
    value.type = type_of(*value.raw);
    return value;
}
