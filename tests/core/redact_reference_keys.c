/* redact_reference_keys.c: writes out every form of a key and every spelling of a character, and compares with each. */
#include "redact_reference_keys.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { SPELLINGS = 64, SPELLING = 24, FORM = 2048 };

/* All spellings of a character but itself. */
typedef struct spellings {
    char text[SPELLINGS][SPELLING];
    size_t len[SPELLINGS];
    size_t count;
} spellings;

static spellings all[256];

static void add(spellings *s, const char *head, const char *tail) {
    int len = snprintf(s->text[s->count], SPELLING, "%s%s", head, tail);
    s->len[s->count++] = (size_t)len;
}

static void write_out(unsigned char c) {
    static const char *const percents[] = {"%", "%25", "%2525"};
    static const char *const slashes[] = {"\\", "\\\\", "\\\\\\", "\\\\\\\\"};
    static const char *const zeros[] = {"", "0", "00", "000", "0000"};
    static const char *const names[][2] = {
        {"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&apos;"}};
    static const char *const letters[][2] = {{"\"", "\""}, {"'", "'"},  {"\\", "\\"}, {"/", "/"}, {"\b", "b"},
                                             {"\f", "f"},  {"\n", "n"}, {"\r", "r"},  {"\t", "t"}};
    spellings *s = &all[c];
    char tail[12];
    for (size_t i = 0; i < 3; i++) {
        snprintf(tail, sizeof tail, "%02x", c);
        add(s, percents[i], tail);
    }
    for (size_t i = 0; i < 4; i++) {
        snprintf(tail, sizeof tail, "u%04x", c);
        add(s, slashes[i], tail);
        snprintf(tail, sizeof tail, "x%02x", c);
        add(s, slashes[i], tail);
        for (size_t k = 0; k < 9; k++)
            if (letters[k][0][0] == (char)c)
                add(s, slashes[i], letters[k][1]);
    }
    for (size_t i = 0; i < 5; i++) {
        snprintf(tail, sizeof tail, "%s%u;", zeros[i], c);
        add(s, "&#", tail);
        snprintf(tail, sizeof tail, "%s%x;", zeros[i], c);
        add(s, "&#x", tail);
    }
    for (size_t i = 0; i < 5; i++)
        if (names[i][0][0] == (char)c)
            add(s, names[i][1], "");
}

/* 1: the spelling stands there, *next is behind it. 0: not. -1: the text ends within it. In UTF-16 (units 1: little
   endian, 2: big endian) each character is two bytes, one of them NUL; the last NUL may be cut off. */
static int compare(const char *text, size_t len, size_t at, const char *spelling, size_t size, int units, bool fold,
                   size_t *next) {
    size_t width = units ? 2 : 1, n = size * width;
    for (size_t i = 0; i < n; i++) {
        bool nul = (units == 1 && i % 2 == 1) || (units == 2 && i % 2 == 0);
        char wanted = nul ? '\0' : spelling[i / width];
        if (at + i >= len) {
            if (units == 1 && i + 1 == n)
                break;
            return -1;
        }
        char c = text[at + i];
        if (c != wanted && (!fold || kp_lower(c) != kp_lower(wanted)))
            return 0;
    }
    *next = at + n;
    return 1;
}

/* What a character of a form can be: itself, the other case, or the other alphabet of base64. */
static size_t variants(int form, char c, char out[2]) {
    out[0] = c;
    out[1] = c;
    if (form >= 2)
        out[1] = (char)(c == '+' ? '-' : c == '/' ? '_' : c);
    else if (c >= 'a' && c <= 'z')
        out[1] = (char)(c - 32);
    else if (c >= 'A' && c <= 'Z')
        out[1] = (char)(c + 32);
    return out[0] == out[1] ? 1 : 2;
}

typedef struct search {
    const char *text;
    size_t len;
    const char *form;
    size_t size, sure;
    int kind, units;
    size_t best;
    bool cut;
} search;

static size_t behind_padding(const search *s, size_t at) {
    for (int i = 0; i < 2; i++) {
        size_t next = at;
        int there = compare(s->text, s->len, at, "=", 1, s->units, false, &next);
        for (size_t k = 0; k < all['='].count && there != 1; k++)
            there = compare(s->text, s->len, at, all['='].text[k], all['='].len[k], s->units, true, &next);
        if (there != 1)
            break;
        at = next;
    }
    return at;
}

static void search_from(search *s, size_t i, size_t at);

static void try_one(search *s, size_t i, size_t at, const char *spelling, size_t size, bool fold) {
    size_t next = at;
    int there = compare(s->text, s->len, at, spelling, size, s->units, fold, &next);
    if (there < 0 && i >= 8)
        s->cut = true;
    if (there > 0)
        search_from(s, i + 1, next);
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static void search_from(search *s, size_t i, size_t at) {
    if (i == s->sure)
        s->best = at > s->best ? at : s->best;
    if (i == s->size) {
        size_t end = i > s->sure ? behind_padding(s, at) : at;
        s->best = end > s->best ? end : s->best;
        return;
    }
    char options[2];
    size_t count = variants(s->kind, s->form[i], options);
    for (size_t k = 0; k < count; k++) {
        try_one(s, i, at, &options[k], 1, false);
        char there = at + (s->units == 2) < s->len ? s->text[at + (s->units == 2)] : '%';
        if (there != '%' && there != '\\' && there != '&')
            continue;
        const spellings *more = &all[(unsigned char)options[k]];
        for (size_t n = 0; n < more->count; n++)
            if (more->text[n][0] == there)
                try_one(s, i, at, more->text[n], more->len[n], true);
    }
}

/* The form as text; its length, and how many characters of it must be there. */
static size_t make_form(int form, const reference_key *key, char *out, size_t *sure) {
    kp_buf b;
    kp_buf_init(&b, NULL);
    if (form == 0)
        kp_buf_add(&b, key->text, key->len);
    else if (form == 1)
        kp_add_hex(&b, key->text, key->len);
    else {
        size_t shift = (size_t)form - 2;
        kp_buf_add(&b, "\0\0", shift);
        kp_buf_add(&b, key->text, key->len);
        kp_buf whole = b;
        kp_buf_init(&b, NULL);
        kp_add_base64(&b, whole.data, whole.len, true);
        *sure = whole.len * 8 / 6;
        size_t skipped = shift == 0 ? 0 : shift + 1; /* what the bytes in front have a part in */
        memmove(b.data, b.data + skipped, b.len - skipped + 1);
        b.len -= skipped;
        *sure -= skipped;
        kp_buf_free(&whole);
        for (size_t i = 0; i < b.len; i++)
            b.data[i] = (char)(b.data[i] == '-' ? '+' : b.data[i] == '_' ? '/' : b.data[i]);
    }
    size_t size = b.len;
    if (form < 2)
        *sure = size;
    memcpy(out, b.data, size);
    kp_buf_free(&b);
    return size;
}

/* ---- All keys ---- */

enum { FORMS = 5, PAIRS = 64 };

/* One form of one key. */
typedef struct pair {
    char form[FORM];
    size_t size, sure;
    int kind;
} pair;

static pair pairs[PAIRS];
static size_t pair_count;
static uint64_t beginning[256]; /* for each byte the pairs that can begin with it */

static void prepare(const reference_key *keys, size_t count) {
    char options[2];
    for (int c = 0; c < 256; c++)
        write_out((unsigned char)c);
    for (size_t i = 0; i < count; i++)
        for (int form = 0; form < FORMS && keys[i].len >= 12; form++) {
            pair *p = &pairs[pair_count];
            p->kind = form;
            p->size = make_form(form, &keys[i], p->form, &p->sure);
            for (size_t k = variants(form, p->form[0], options); k-- > 0;)
                beginning[(unsigned char)options[k]] |= UINT64_C(1) << pair_count;
            pair_count++;
        }
    beginning['%'] = beginning['\\'] = beginning['&'] = ~UINT64_C(0);
}

static size_t end_of_pair(const char *text, size_t len, size_t at, const pair *p, int units) {
    search s = {text, len, p->form, p->size, p->sure, p->kind, units, at, false};
    search_from(&s, 0, at);
    return s.cut ? len : smaller(s.best, len);
}

size_t reference_known_end(const char *text, size_t len, size_t at, const reference_key *keys, size_t count) {
    size_t best = at;
    if (pair_count == 0)
        prepare(keys, count);
    for (int units = 0; units < 3; units++) {
        size_t place = at + (units == 2);
        if (place >= len || (units == 2 && text[at] != '\0') || (units == 1 && at + 1 < len && text[at + 1] != '\0'))
            continue;
        for (size_t i = 0; i < pair_count; i++)
            if (beginning[(unsigned char)text[place]] >> i & 1) {
                size_t end = end_of_pair(text, len, at, &pairs[i], units);
                best = end > best ? end : best;
            }
    }
    return best;
}
