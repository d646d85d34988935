/* redact_reference_parts.c: logins and bare hex of the reference, and what its rules share. */
#include "redact_reference_parts.h"

#include <string.h>

#include "base/text.h"
#include "redact_reference.h"

int ref_at(const reference_text *t, size_t at) {
    return at < t->len ? (unsigned char)t->text[at] : -1;
}

bool ref_alnum(int c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool ref_in(int c, const char *set) {
    return c > 0 && strchr(set, c);
}

size_t ref_one_of(const reference_text *t, size_t at, const char *const *list, size_t *which) {
    for (size_t i = 0; list[i]; i++) {
        size_t n = strlen(list[i]);
        if (at <= t->len && n <= t->len - at && kp_same_nocase(t->text + at, n, list[i])) {
            if (which)
                *which = i;
            return n;
        }
    }
    return 0;
}

bool ref_before(const reference_text *t, size_t at, const char *what) {
    size_t n = strlen(what);
    return n <= at && kp_same_nocase(t->text + at - n, n, what);
}

static bool is_hex(const reference_text *t, size_t at, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!ref_in(ref_at(t, at + i), "0123456789abcdefABCDEF"))
            return false;
    return true;
}

bool ref_escape_before(const reference_text *t, size_t at) {
    static const struct {
        const char *head;
        size_t digits;
    } escapes[] = {{"%", 2}, {"%25", 2}, {"%2525", 2}, {"\\u", 4}, {"\\x", 2}};
    static const char *const letters[] = {"\\b", "\\f", "\\n", "\\r", "\\t"};
    for (size_t i = 0; i < 5; i++)
        if (at >= 2 && memcmp(t->text + at - 2, letters[i], 2) == 0)
            return true;
    for (size_t i = 0; i < 5; i++)
        if (escapes[i].digits <= at && is_hex(t, at - escapes[i].digits, escapes[i].digits) &&
            ref_before(t, at - escapes[i].digits, escapes[i].head))
            return true;
    return false;
}

/* ---- Logins ---- */

size_t reference_login(const reference_text *t, size_t at, const char *stops, bool percent) {
    static const char *const ats[] = {"@", "%40", "%2540", "%252540", NULL};
    static const char *const colons[] = {":", "%3a", "%253a", "%25253a", NULL};
    static const char *const ends[] = {"%2f",     "%252f", "%25252f", "%3f",     "%253f",
                                       "%25253f", "%23",   "%2523",   "%252523", NULL};
    size_t stop = at;
    while (stop < t->len && !ref_in(ref_at(t, stop), stops) && !(percent && ref_one_of(t, stop, ends, NULL)))
        stop++;
    for (size_t end = stop; end-- > at;) {
        if (end - at >= 512 || !ref_one_of(t, end, ats, NULL))
            continue;
        for (size_t i = at; i < end; i++)
            if (ref_one_of(t, i, colons, NULL))
                return end;
    }
    return 0;
}

bool reference_url(const reference_text *t, size_t at, size_t *start, size_t *end) {
    static const char *const slashes[] = {"/", "\\/", "\\\\/", "\\\\\\/", "\\\\\\\\/", NULL};
    static const char *const colons[] = {"%3a", "%253a", "%25253a", NULL};
    static const char *const encoded[] = {"%2f", "%252f", "%25252f", NULL};
    if (at == 0 || !ref_alnum(ref_at(t, at - 1)))
        return false;
    bool percent = ref_at(t, at) != ':';
    size_t n = percent ? ref_one_of(t, at, colons, NULL) : 1;
    if (n == 0)
        return false;
    for (int i = 0; i < 2; i++) {
        size_t slash = ref_one_of(t, at + n, percent ? encoded : slashes, NULL);
        if (slash == 0)
            return false;
        n += slash;
    }
    *start = at + n;
    *end = reference_login(t, *start, "/?#\"'<> \t\n\r\v\f", percent);
    return *end > 0;
}

/* ---- Bare hex ---- */

static bool name_has(const reference_text *t, size_t end) {
    char name[65];
    size_t start = end, n = 0;
    while (start > 0 && end - start < 64 && (ref_alnum(ref_at(t, start - 1)) || ref_in(ref_at(t, start - 1), "_-")))
        start--;
    for (; start < end; start++)
        if (ref_alnum(ref_at(t, start)))
            name[n++] = kp_lower(t->text[start]);
    name[n] = '\0';
    return strstr(name, "traceid") || strstr(name, "traceparent") || strstr(name, "etag") || strstr(name, "md5");
}

static bool is_exempt_by_name(const reference_text *t, size_t at) {
    for (int i = 0; i < 8; i++) {
        if (at > 0 && ref_in(ref_at(t, at - 1), "\"' \t=:>([\\"))
            at -= 1;
        else if (ref_before(t, at, "W/"))
            at -= 2;
        else if (ref_before(t, at, "00-"))
            at -= 3;
        else
            break;
    }
    return name_has(t, at);
}

static bool is_traceparent(const reference_text *t, size_t at) {
    return ref_before(t, at, "00-") && (at == 3 || !ref_alnum(ref_at(t, at - 4))) && ref_at(t, at + 32) == '-' &&
           is_hex(t, at + 33, 16) && ref_at(t, at + 49) == '-' && is_hex(t, at + 50, 2) &&
           !ref_alnum(ref_at(t, at + 52));
}

static size_t back_over_blanks(const reference_text *t, size_t at) {
    for (int i = 0; i < 4 && at > 0 && ref_in(ref_at(t, at - 1), " \t"); i++)
        at--;
    return at;
}

static bool is_sum(const reference_text *t, size_t at) {
    at = back_over_blanks(t, at);
    if (!ref_before(t, at, "="))
        return false;
    at = back_over_blanks(t, at - 1);
    if (!ref_before(t, at, ")"))
        return false;
    size_t close = at - 1;
    for (size_t open = close; open-- > 0 && close - open - 1 <= 128;) {
        if (t->text[open] == '\n')
            return false;
        if (t->text[open] == '(' && ref_before(t, back_over_blanks(t, open), "md5"))
            return true;
    }
    return false;
}

static bool speaks_of_keys(const reference_text *t, size_t at) {
    static const char *const words[] = {"key", "captcha", "captchaai", "nocaptchaai", "in.php", "res.php"};
    size_t low = at > 64 ? at - 64 : 0;
    for (size_t i = low; i < at; i++)
        if (t->text[i] == '\n')
            low = i + 1;
    for (size_t i = low; i < at; i++)
        for (size_t k = 0; k < 6; k++) {
            size_t n = strlen(words[k]);
            if (i + n <= at && kp_same_nocase(t->text + i, n, words[k]) && !ref_alnum(ref_at(t, i + n)) &&
                (i == 0 || !ref_alnum(ref_at(t, i - 1)) || ref_escape_before(t, i)))
                return true;
        }
    return false;
}

bool reference_bare(const reference_text *t, size_t at, int way) {
    if (way == REFERENCE_OFF || !is_hex(t, at, 32) || ref_alnum(ref_at(t, at + 32)))
        return false;
    if (at > 0 && ref_alnum(ref_at(t, at - 1)) && !ref_escape_before(t, at))
        return false;
    if (is_exempt_by_name(t, at) || is_traceparent(t, at) || is_sum(t, at))
        return false;
    return way == REFERENCE_ALWAYS || speaks_of_keys(t, at);
}
