/* known_forms.c: encodes a secret in the ways in which it could appear, and compares text with them. */
#include "safe/known_forms.h"

#include <string.h>

#include "base/text.h"
#include "safe/known_spell.h"

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

void kp_forms_make(kp_forms *forms, char *room, const char *secret, size_t len) {
    memset(forms, 0, sizeof *forms);
    memcpy(room, secret, len);
    forms->form[KP_FORM_PLAIN] = (kp_form){room, len, len};
    room = make_hex(&forms->form[KP_FORM_HEX], room + len, secret, len);
    for (size_t shift = 0; shift < 3; shift++)
        room = make_base64(&forms->form[KP_FORM_BASE64 + shift], room, secret, len, shift);
}

/* The other character that can stand for this one; itself if there is none. */
static char twin(int kind, char c) {
    if (kind >= KP_FORM_BASE64)
        return (char)(c == '+' ? '-' : c == '/' ? '_' : c);
    if (!kp_is_alpha(c))
        return c;
    return (char)(c ^ ('a' ^ 'A'));
}

bool kp_form_has(int kind, char c, char wanted) {
    return c == wanted || c == twin(kind, wanted);
}

/* The padding that ends a base64 text, at most two signs. */
static size_t skip_padding(kp_window *w, kp_units units, size_t at) {
    for (int i = 0; i < 2; i++) {
        kp_places behind = {.n = 0};
        kp_spell_read(w, units, at, '=', &behind);
        if (behind.n == 0)
            break;
        at = behind.at[0];
    }
    return at;
}

static size_t last_of(const kp_places *p) {
    size_t last = 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->at[i] > last)
            last = p->at[i];
    return last;
}

/* Adds the places behind one character of the form. true if the text ends within it. */
static bool step(kp_window *w, kp_units units, int kind, char wanted, const kp_places *now, kp_places *next) {
    char other = twin(kind, wanted);
    bool cut = false;
    next->n = 0;
    for (size_t i = 0; i < now->n; i++) {
        cut |= kp_spell_read(w, units, now->at[i], wanted, next);
        if (other != wanted)
            cut |= kp_spell_read(w, units, now->at[i], other, next);
    }
    return cut;
}

/* The end of the longest match that begins here in these units; at if there is none. */
static size_t match_units(const kp_form *form, int kind, kp_window *w, kp_units units, size_t at, bool fragments) {
    kp_places places[2];
    size_t longest = at;
    places[0].at[0] = at;
    places[0].n = 1;
    places[1].n = 0;
    for (size_t i = 0; i < form->len; i++) {
        const kp_places *now = &places[i % 2];
        kp_places *next = &places[(i + 1) % 2];
        bool cut = step(w, units, kind, form->text[i], now, next);
        if (cut && fragments && i >= KP_FRAGMENT)
            return w->len;
        if (next->n == 0)
            break;
        if (i + 1 >= form->sure)
            longest = last_of(next);
        if (i + 1 > form->sure)
            longest = skip_padding(w, units, longest);
    }
    return longest < w->len ? longest : w->len;
}

size_t kp_form_match(const kp_form *form, int kind, kp_window *w, size_t at, bool fragments) {
    size_t longest = at;
    for (int units = 0; units < KP_UNITS; units++) {
        size_t end = match_units(form, kind, w, (kp_units)units, at, fragments);
        if (end > longest)
            longest = end;
    }
    return longest - at;
}

size_t kp_forms_match(const kp_forms *forms, const char *text, size_t len) {
    kp_window w = {text, len, true, false};
    size_t longest = 0;
    for (int kind = 0; kind < KP_FORM_COUNT; kind++) {
        size_t n = kp_form_match(&forms->form[kind], kind, &w, 0, false);
        if (n > longest)
            longest = n;
    }
    return longest;
}
