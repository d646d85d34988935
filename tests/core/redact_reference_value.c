/* redact_reference_value.c: values in context, as the reference sees them. */
#include <string.h>

#include "base/text.h"
#include "redact_reference_parts.h"

#define PERCENT(xx) "%" xx, "%25" xx, "%2525" xx

enum { BARE = 1, LINE, ENCODED, QUOTED };

/* How a value was opened. */
typedef struct opening {
    size_t at;
    int kind;
    const char *const *closing; /* ENCODED */
    char quote;                 /* QUOTED */
    size_t level;
} opening;

static bool is_word(int c) {
    return ref_alnum(c) || c == '_' || c == '-';
}

/* ---- Names ---- */

/* The word from start to end without _ and -, in lower case. */
static void fold(const reference_text *t, size_t start, size_t end, char out[65]) {
    size_t n = 0;
    for (; start < end; start++)
        if (ref_alnum(ref_at(t, start)))
            out[n++] = kp_lower(t->text[start]);
    out[n] = '\0';
}

/* Takes away one of the words that may stand behind; which counts from 0, false past the last. */
static bool without_suffix(char *name, int which) {
    static const char *const suffixes[] = {"", "backup", "2", "3", "4", "5", "6", "7", "8", "9"};
    size_t len = strlen(name), n = strlen(suffixes[which]);
    if (n > len || strcmp(name + len - n, suffixes[which]) != 0)
        return false;
    name[len - n] = '\0';
    return true;
}

static bool ends_with(const char *name, const char *ending) {
    size_t len = strlen(name), n = strlen(ending);
    return n <= len && strcmp(name + len - n, ending) == 0;
}

/* Whether a word that ends here is this one, from any place where a word can begin. */
static bool has_word(const reference_text *t, size_t end, const char *word, bool suffixes, bool dashes) {
    char name[65];
    for (size_t start = end; start-- > 0 && end - start <= 64 && is_word(ref_at(t, start));) {
        if (start > 0 && is_word(ref_at(t, start - 1)) && !ref_escape_before(t, start))
            continue;
        for (int i = 0; i < (suffixes ? 10 : 1); i++) {
            fold(t, start, end, name);
            if (without_suffix(name, i) && (!word || strcmp(name, word) == 0) &&
                (!dashes || (end - start > 2 && t->text[start] == '-' && t->text[start + 1] == '-')))
                return true;
        }
        if (dashes)
            return false; /* the nearest beginning counts */
    }
    return false;
}

static bool has_ending(const reference_text *t, size_t end) {
    static const char *const endings[] = {"apikey",  "clientkey",  "accesskey",  "secretkey",
                                          "authkey", "privatekey", "proxylogin", "proxypassword"};
    char name[65];
    size_t start = end;
    while (start > 0 && end - start < 64 && is_word(ref_at(t, start - 1)))
        start--;
    for (int i = 0; i < 10; i++)
        for (size_t k = 0; k < sizeof endings / sizeof endings[0]; k++) {
            fold(t, start, end, name);
            if (without_suffix(name, i) && ends_with(name, endings[k]))
                return true;
        }
    return false;
}

static bool is_proxy(const reference_text *t, size_t end) {
    char name[65];
    size_t start = end;
    while (start > 0 && end - start < 64 && is_word(ref_at(t, start - 1)))
        start--;
    fold(t, start, end, name);
    return ends_with(name, "proxy");
}

/* ---- Between name and value ---- */

static const char *const separators[] = {"=>",
                                         "=",
                                         ":",
                                         PERCENT("3d"),
                                         PERCENT("3a"),
                                         "\\u003d",
                                         "\\\\u003d",
                                         "\\\\\\u003d",
                                         "\\\\\\\\u003d",
                                         "\\u003a",
                                         "\\\\u003a",
                                         "\\\\\\u003a",
                                         "\\\\\\\\u003a",
                                         NULL};
static const char *const closers[] = {"\"",     "'",     "]",           "\\",          "&quot;",      "&#34;",
                                      "&apos;", "&#39;", PERCENT("22"), PERCENT("27"), PERCENT("5d"), NULL};
static const char *const doubles[] = {PERCENT("22"), NULL};
static const char *const singles[] = {PERCENT("27"), NULL};
static const char *const html_doubles[] = {"&quot;", "&#34;", NULL};
static const char *const html_singles[] = {"&apos;", "&#39;", NULL};
static const char *const bare_ends[] = {PERCENT("22"), PERCENT("26"), NULL};

static size_t blanks(const reference_text *t, size_t at, size_t most) {
    size_t n = 0;
    while (n < most && ref_in(ref_at(t, at + n), " \t"))
        n++;
    return n;
}

static bool quote_at(const reference_text *t, size_t at, opening *o) {
    static const char *const *const encoded[] = {doubles, singles, html_doubles, html_singles};
    size_t level = 0;
    while (ref_at(t, at + level) == '\\')
        level++;
    if (level < 8 && ref_in(ref_at(t, at + level), "\"'")) {
        *o = (opening){at + level + 1, QUOTED, NULL, t->text[at + level], level};
        return true;
    }
    for (size_t i = 0; i < 4; i++) {
        size_t n = ref_one_of(t, at, encoded[i], NULL);
        if (n) {
            *o = (opening){at + n, ENCODED, encoded[i], 0, 0};
            return true;
        }
    }
    return false;
}

static opening open_at(const reference_text *t, size_t at) {
    opening o = {at, BARE, NULL, 0, 0};
    size_t bracket = ref_in(ref_at(t, at), "[(") ? 1 : 0;
    if (quote_at(t, at + bracket, &o))
        return o;
    if (ref_in(ref_at(t, at + bracket), "burBUR") && ref_in(ref_at(t, at + bracket + 1), "\"'"))
        quote_at(t, at + bracket + 1, &o);
    return o;
}

static bool dump_at(const reference_text *t, size_t at, opening *o) {
    if (ref_at(t, at) == '\r')
        at++;
    if (ref_at(t, at) != '\n')
        return false;
    at++;
    at += blanks(t, at, 64);
    static const char *const head[] = {"string(", NULL}, *const tail[] = {") \"", NULL};
    if (!ref_one_of(t, at, head, NULL))
        return false;
    at += 7;
    size_t digits = 0;
    while (digits < 10 && ref_in(ref_at(t, at + digits), "0123456789"))
        digits++;
    if (digits == 0 || !ref_one_of(t, at + digits, tail, NULL))
        return false;
    *o = (opening){at + digits + 3, QUOTED, NULL, '"', 0};
    return true;
}

/* ---- Where values end ---- */

/* The end of a quoted value that goes on at this place. */
static size_t quoted_end(const reference_text *t, size_t from, char quote, size_t level) {
    for (size_t at = from; at < t->len;) {
        size_t run = 0;
        while (ref_at(t, at + run) == '\\')
            run++;
        if (ref_in(ref_at(t, at + run), "\r\n"))
            return at + run;
        if (ref_at(t, at + run) == quote && (run <= level || (run - level) % (2 * level + 2) == 0))
            return at + run - (run < level ? run : level);
        at += run + 1;
    }
    return t->len;
}

static size_t end_of(const reference_text *t, size_t from, const opening *o) {
    if (o->kind == QUOTED)
        return quoted_end(t, from, o->quote, o->level);
    for (size_t at = from; at < t->len; at++) {
        if (ref_in(t->text[at], "\r\n"))
            return at;
        if (o->kind == BARE && (ref_in(t->text[at], " \t\v\f&\"',;)}]<>|\\") || ref_one_of(t, at, bare_ends, NULL)))
            return at;
        if (o->kind == ENCODED && ref_one_of(t, at, o->closing, NULL))
            return at;
    }
    return t->len;
}

static bool is_own_mask(const reference_text *t, size_t start, size_t end) {
    if (end - start < 3 || end - start > 7 || memcmp(t->text + start, "***", 3) != 0)
        return false;
    for (size_t i = start + 3; i < end; i++)
        if (!ref_alnum(ref_at(t, i)))
            return false;
    return true;
}

static bool take_value(const reference_text *t, const opening *o, size_t *start, size_t *end) {
    static const char mask[] = "[REDACTED]";
    *start = o->at;
    while (*start + 10 <= t->len && memcmp(t->text + *start, mask, 10) == 0)
        *start += 10;
    *end = end_of(t, *start, o);
    return *end > *start && !is_own_mask(t, *start, *end);
}

static bool take_credentials(const reference_text *t, opening *o) {
    if (o->kind == BARE && ref_at(t, o->at) == '[')
        o->at++;
    size_t n = 0;
    while (n < 32 && ref_alnum(ref_at(t, o->at + n)) && !ref_in(ref_at(t, o->at + n), "0123456789"))
        n++;
    size_t gap = blanks(t, o->at + n, 8);
    if (n == 0 || gap == 0)
        return false;
    if (o->kind == BARE && kp_same_nocase(t->text + o->at, n, "Digest"))
        o->kind = LINE;
    o->at += n + gap;
    return true;
}

static bool without_separator(const reference_text *t, size_t at, opening *o) {
    if (!has_word(t, at, "apikey", false, false) && !has_word(t, at, "clientkey", false, false) &&
        !has_word(t, at, NULL, false, true))
        return false;
    size_t n = blanks(t, at, 8);
    if (n == 0 || ref_in(ref_at(t, at + n), "=:"))
        return false;
    *o = open_at(t, at + n);
    return true;
}

bool reference_value(const reference_text *t, size_t at, size_t *start, size_t *end) {
    if (at == 0 || !is_word(ref_at(t, at - 1)) || is_word(ref_at(t, at)))
        return false;
    bool key = has_word(t, at, "key", true, false) || has_ending(t, at);
    bool login =
        !key && (has_word(t, at, "authorization", false, false) || has_word(t, at, "proxyauthorization", false, false));
    bool proxy = !key && !login && is_proxy(t, at);
    opening o;
    size_t place = at, which = 0;
    if (!key && !login && !proxy)
        return false;
    for (int i = 0; i < 8 && !ref_one_of(t, place, separators, NULL); i++)
        place += ref_one_of(t, place, closers, NULL);
    place += blanks(t, place, 4);
    size_t n = ref_one_of(t, place, separators, &which);
    if (n == 0)
        return key && without_separator(t, at, &o) && take_value(t, &o, start, end);
    place += n + blanks(t, place + n, 8);
    if (which != 0 || !dump_at(t, place, &o))
        o = open_at(t, place);
    if (login && !take_credentials(t, &o))
        return false;
    if (!proxy)
        return take_value(t, &o, start, end);
    *start = o.at;
    *end = reference_login(t, o.at, o.kind == BARE ? "/?#\"'<>& \t\n\r\v\f" : "/?#\"'<> \t\n\r\v\f", false);
    return *end > 0;
}
