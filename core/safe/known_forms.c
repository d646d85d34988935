/* known_forms.c: encodes a secret in the ways in which it could appear, and compares text with all of them. */
#include "safe/known_forms.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

/* More places at a time than any secret but a row of backslashes needs. */
enum { PLACES = 8 };

/* Where in the text the next character of a form can begin, in rising order. Mostly that is one place; "%25" can be
   itself or an encoded "%". */
typedef struct places {
    size_t at[PLACES];
    size_t n;
} places;

size_t kp_forms_room(size_t len) {
    return len + 2 * len + 3 * (len / 3 * 4 + 4);
}

/* The character at this index of the base64 text of so many unknown bytes (the shift) and the secret. */
static char base64_at(const char *secret, size_t len, size_t shift, size_t index) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned value = 0;
    for (size_t bit = index * 6; bit < index * 6 + 6; bit++) {
        size_t byte = bit / 8;
        value <<= 1;
        if (byte >= shift && byte - shift < len)
            value |= (unsigned char)secret[byte - shift] >> (7 - bit % 8) & 1U;
    }
    return alphabet[value];
}

/* Sure are the characters that no neighbour of the secret has a part in. What the last bits of the secret give if
   nothing follows it stands behind them. */
static char *make_base64(kp_form *form, char *room, const char *secret, size_t len, size_t shift) {
    size_t first = (shift * 8 + 5) / 6;
    size_t end = (shift + len) * 8 / 6;
    bool rest = (shift + len) % 3 != 0;
    form->text = room;
    form->sure = end - first;
    form->len = form->sure + rest;
    for (size_t i = 0; i < form->len; i++)
        *room++ = base64_at(secret, len, shift, first + i);
    return room;
}

static char *make_hex(kp_form *form, char *room, const char *secret, size_t len) {
    static const char digits[] = "0123456789abcdef";
    *form = (kp_form){room, 2 * len, 2 * len};
    for (size_t i = 0; i < len; i++) {
        *room++ = digits[(unsigned char)secret[i] >> 4];
        *room++ = digits[(unsigned char)secret[i] & 15];
    }
    return room;
}

/* Whether a character of the text, decoded, can stand for this one of the form. */
static bool stands_for(int kind, char c, char wanted) {
    if (kind < KP_FORM_BASE64)
        return kp_lower(c) == kp_lower(wanted);
    return c == wanted || (c == '-' && wanted == '+') || (c == '_' && wanted == '/');
}

void kp_forms_make(kp_forms *forms, char *room, const char *secret, size_t len) {
    memset(forms, 0, sizeof *forms);
    memcpy(room, secret, len);
    forms->form[KP_FORM_PLAIN] = (kp_form){room, len, len};
    room = make_hex(&forms->form[KP_FORM_HEX], room + len, secret, len);
    for (size_t shift = 0; shift < 3; shift++)
        room = make_base64(&forms->form[KP_FORM_BASE64 + shift], room, secret, len, shift);
    for (int kind = 0; kind < KP_FORM_COUNT; kind++)
        for (int c = 0; c < 256; c++)
            if (c == '%' || c == '\\' || stands_for(kind, (char)c, forms->form[kind].text[0]))
                forms->first[c] |= (unsigned char)(1U << kind);
}

static bool read_hex(const char *text, size_t digits, unsigned *value) {
    *value = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = kp_hex_value(text[i]);
        if (digit < 0)
            return false;
        *value = *value << 4 | (unsigned)digit;
    }
    return true;
}

/* The length of the percent-encoding or JSON escape with which the text begins, and its character; 0 if it is none. */
static size_t read_escape(const char *text, size_t len, char *c) {
    static const char shorts[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    unsigned value;
    if (len >= 3 && text[0] == '%' && read_hex(text + 1, 2, &value)) {
        *c = (char)value;
        return 3;
    }
    if (len >= 6 && text[0] == '\\' && text[1] == 'u' && read_hex(text + 2, 4, &value) && value < 256) {
        *c = (char)value;
        return 6;
    }
    if (len < 2 || text[0] != '\\')
        return 0;
    for (const char *s = shorts; *s; s += 2)
        if (s[0] == text[1]) {
            *c = s[1];
            return 2;
        }
    return 0;
}

/* If there are too many, the first and the last survive: nothing escaped, and everything. */
static void add_place(places *p, size_t at) {
    for (size_t i = 0; i < p->n; i++)
        if (p->at[i] == at)
            return;
    if (p->n == PLACES)
        p->n--;
    p->at[p->n++] = at;
}

/* The places behind one character of a form. */
static places behind(const places *now, int kind, char wanted, const char *text, size_t len) {
    places next = {.n = 0};
    for (size_t i = 0; i < now->n; i++) {
        size_t at = now->at[i];
        char c;
        if (at == len)
            continue;
        size_t escape = read_escape(text + at, len - at, &c);
        if (stands_for(kind, text[at], wanted))
            add_place(&next, at + 1);
        if (escape > 0 && stands_for(kind, c, wanted))
            add_place(&next, at + escape);
    }
    return next;
}

/* The padding that ends a base64 text, at most two signs. */
static size_t skip_padding(const char *text, size_t len, size_t at) {
    for (int i = 0; i < 2 && at < len; i++) {
        char c = text[at];
        size_t escape = read_escape(text + at, len - at, &c);
        if (c != '=')
            break;
        at += escape > 0 ? escape : 1;
    }
    return at;
}

static size_t match_form(const kp_form *form, int kind, const char *text, size_t len) {
    places now = {.n = 1};
    size_t longest = 0;
    for (size_t i = 0; i < form->len; i++) {
        now = behind(&now, kind, form->text[i], text, len);
        if (now.n == 0)
            break;
        if (i + 1 >= form->sure)
            longest = now.at[now.n - 1];
        if (i + 1 > form->sure)
            longest = skip_padding(text, len, longest);
    }
    return longest;
}

size_t kp_forms_match(const kp_forms *forms, const char *text, size_t len) {
    size_t longest = 0;
    unsigned candidates = forms->first[(unsigned char)text[0]];
    for (int kind = 0; kind < KP_FORM_COUNT; kind++) {
        if ((candidates >> kind & 1) == 0)
            continue;
        size_t n = match_form(&forms->form[kind], kind, text, len);
        if (n > longest)
            longest = n;
    }
    return longest;
}
