/* known_mask.c: finds known secrets in text and puts [REDACTED] in their place. */
#include <string.h>

#include "base/text.h"
#include "safe/known.h"
#include "safe/known_set.h"
#include "safe/known_spell.h"

/* Bounds for the look back, so that masking stays linear. */
enum { MOST_NAME = 64, MOST_QUOTES = 8 };

/* ---- Any form ---- */

/* Whether the second character, where nothing is escaped, already speaks against a form. */
static bool differs(const kp_start *start, int second) {
    if (second == KP_NO_CHAR || second == 0 || kp_spell_begins((char)second))
        return false;
    return !kp_form_has(start->kind, (char)second, start->of->forms.form[start->kind].text[1]);
}

static size_t match_starts(const kp_start_list *from, kp_window *w, size_t at, bool fragments) {
    size_t longest = 0;
    int first = kp_peek(w, at), second = from->count ? kp_peek(w, at + 1) : KP_NO_CHAR;
    bool escaped = first == 0 || kp_spell_begins((char)first);
    for (size_t i = 0; i < from->count; i++) {
        const kp_start *start = &from->list[i];
        const kp_form *form = &start->of->forms.form[start->kind];
        if (!escaped && (!kp_form_has(start->kind, (char)first, form->text[0]) || differs(start, second)))
            continue;
        size_t n = kp_form_match(form, start->kind, w, at, fragments);
        if (n > longest)
            longest = n;
    }
    return longest;
}

/* An escape says which characters it could mean. */
static size_t match_escaped(kp_window *w, size_t at, bool fragments) {
    size_t longest = 0;
    for (int units = 0; units < KP_UNITS; units++) {
        kp_chars chars = kp_spell_chars(w, (kp_units)units, at);
        for (size_t i = 0; i < chars.n; i++) {
            size_t n = match_starts(kp_known_starts((char)chars.at[i]), w, at, fragments);
            if (n > longest)
                longest = n;
        }
    }
    return longest;
}

static size_t match(kp_window *w, size_t at, bool fragments) {
    int c = kp_peek(w, at);
    if (c == 0)
        c = kp_peek(w, at + 1);
    if (c == KP_NO_CHAR)
        return 0;
    if (kp_spell_begins((char)c))
        return match_escaped(w, at, fragments);
    return match_starts(kp_known_starts((char)c), w, at, fragments);
}

size_t kp_known_match(kp_window *w, size_t at) {
    return w ? match(w, at, true) : 0;
}

/* ---- Context of short secrets ---- */

static bool is_upper(char c) {
    return kp_is_alpha(c) && kp_lower(c) != c;
}

static bool is_name_char(char c) {
    return kp_is_alpha(c) || kp_is_digit(c) || c == '_' || c == '-';
}

/* Whether one word of a name ends and another begins between these two: "client" and "Key", "API_" and "KEY". */
static bool is_seam(char left, char right) {
    return !kp_is_alpha(left) || !kp_is_alpha(right) || (!is_upper(left) && is_upper(right));
}

/* Whether the name that ends here has a word such as "key" in it: apikey, clientKey, API_KEY_2, but not monkey. */
static bool names_secret(const char *text, size_t end) {
    static const char *const words[] = {"key", "apikey", "clientkey", "token", "secret", "password"};
    size_t start = end;
    while (start > 0 && end - start < MOST_NAME && is_name_char(text[start - 1]))
        start--;
    for (size_t at = start; at < end; at++)
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            size_t n = strlen(words[i]);
            if (n <= end - at && kp_same_nocase(text + at, n, words[i]) &&
                (at == start || is_seam(text[at - 1], text[at])) &&
                (at + n == end || is_seam(text[at + n - 1], text[at + n])))
                return true;
        }
    return false;
}

/* Back over blanks, quotes and the like. */
static size_t skip_back(const char *text, size_t at) {
    for (int i = 0; i < MOST_QUOTES && at > 0; i++, at--) {
        char c = text[at - 1];
        if (!kp_is_space(c) && c != '"' && c != '\'' && c != '\\' && c != '>')
            break;
    }
    return at;
}

/* Whether what stands in front says that a key comes: key=, "apikey": ", clientKey%3D. */
static bool key_comes(const char *text, size_t at) {
    at = skip_back(text, at);
    if (at >= 1 && (text[at - 1] == '=' || text[at - 1] == ':'))
        at--;
    else if (at >= 3 && (kp_same_nocase(text + at - 3, 3, "%3d") || kp_same_nocase(text + at - 3, 3, "%3a")))
        at -= 3;
    else
        return false;
    return names_secret(text, skip_back(text, at));
}

/* Whether a short secret that begins and ends here is the whole value. */
static bool in_context(const char *text, size_t at, size_t end, size_t len) {
    return (end == len || !is_name_char(text[end])) && key_comes(text, at);
}

/* ---- Whole texts ---- */

/* The longest match at this place of a whole text. */
typedef size_t (*matcher)(kp_window *, size_t at);

static size_t match_any_form(kp_window *w, size_t at) {
    size_t longest = match(w, at, false);
    const kp_start_list *brief = kp_known_short();
    for (size_t i = 0; i < brief->count; i++) {
        size_t n = kp_form_match(&brief->list[i].of->forms.form[KP_FORM_PLAIN], KP_FORM_PLAIN, w, at, false);
        if (n > longest && in_context(w->text, at, at + n, w->len))
            longest = n;
    }
    return longest;
}

static size_t longest_exact(const kp_start_list *from, const kp_window *w, size_t at) {
    size_t longest = 0;
    for (size_t i = 0; i < from->count; i++) {
        const kp_form *plain = &from->list[i].of->forms.form[KP_FORM_PLAIN];
        size_t n = plain->len;
        if (from->list[i].kind == KP_FORM_PLAIN && n > longest && n <= w->len - at &&
            memcmp(w->text + at, plain->text, n) == 0 &&
            (n >= KP_LEAST_ANYWHERE || in_context(w->text, at, at + n, w->len)))
            longest = n;
    }
    return longest;
}

static size_t match_exact(kp_window *w, size_t at) {
    size_t longest = longest_exact(kp_known_starts(w->text[at]), w, at);
    size_t short_one = longest_exact(kp_known_short(), w, at);
    return short_one > longest ? short_one : longest;
}

/* Every place is looked at, also those inside a match: matches that overlap become one. */
static void mask(kp_buf *out, const char *text, size_t len, matcher find) {
    kp_window w = {text, len, true, false};
    size_t masked = 0; /* the end of the last match: all before it is written */
    if (!out || !text)
        return;
    kp_known_begin();
    const bool *first = kp_known_first();
    bool all_may = kp_known_short()->count > 0;
    for (size_t at = 0; at < len; at++) {
        size_t n = all_may || first[(unsigned char)text[at]] ? find(&w, at) : 0;
        if (n == 0 || at + n <= masked)
            continue;
        if (at >= masked) {
            kp_buf_add(out, text + masked, at - masked);
            kp_buf_str(out, KP_MASK_TEXT);
        }
        masked = at + n;
    }
    kp_known_end();
    kp_buf_add(out, text + masked, len - masked);
}

void kp_known_mask(kp_buf *out, const char *text, size_t len) {
    mask(out, text, len, match_any_form);
}

void kp_known_mask_exact(kp_buf *out, const char *text, size_t len) {
    mask(out, text, len, match_exact);
}
