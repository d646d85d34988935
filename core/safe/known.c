/* known.c: keeps the set of known secrets and puts [REDACTED] where text shows one. */
#include "safe/known.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "safe/arena.h"
#include "safe/crypto.h"
#include "safe/known_forms.h"

/* Shorter ones are also words of ordinary text. */
enum { LEAST_ANYWHERE = 12 };

/* Bounds for the look back, so that masking stays linear. */
enum { MOST_NAME = 64, MOST_QUOTES = 8 };

/* Never changed and never freed once it is in the list: reading needs no lock, and nothing can be locked after fork. */
typedef struct secret {
    const struct secret *older;
    const char *text;
    size_t len;
    kp_forms forms;
    unsigned char first[256]; /* as in the forms, of this and all older ones */
} secret;

/* How much of the text at a place is this secret, 0 if it is not there. */
typedef size_t (*matcher)(const secret *, const char *text, size_t len);

static _Atomic(const secret *) newest;

static bool is_known(const secret *s, const char *text, size_t len) {
    for (; s; s = s->older)
        if (s->len == len && kp_equal(s->text, text, len))
            return true;
    return false;
}

static secret *make_secret(const char *text, size_t len) {
    if (len > SIZE_MAX / 16)
        return NULL;
    secret *s = kp_safe_alloc(sizeof *s + kp_forms_room(len));
    if (!s)
        return NULL;
    kp_forms_make(&s->forms, (char *)(s + 1), text, len);
    s->text = s->forms.form[KP_FORM_PLAIN].text;
    s->len = len;
    return s;
}

static void put_in_front(secret *s, const secret *older) {
    s->older = older;
    for (size_t c = 0; c < 256; c++)
        s->first[c] = (unsigned char)(s->forms.first[c] | (older ? older->first[c] : 0));
}

bool kp_known_add(const char *text, size_t len) {
    const secret *seen = atomic_load(&newest);
    if (!text || len == 0 || is_known(seen, text, len))
        return true;
    secret *s = make_secret(text, len);
    if (!s)
        return false;
    do {
        if (is_known(seen, text, len)) {
            kp_safe_free(s);
            return true;
        }
        put_in_front(s, seen);
    } while (!atomic_compare_exchange_weak(&newest, &seen, s));
    return true;
}

size_t kp_known_count(void) {
    size_t n = 0;
    for (const secret *s = atomic_load(&newest); s; s = s->older)
        n++;
    return n;
}

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

static size_t match_any_form(const secret *s, const char *text, size_t len) {
    return kp_forms_match(&s->forms, text, len);
}

static size_t match_exact(const secret *s, const char *text, size_t len) {
    return text[0] == s->text[0] && len >= s->len && memcmp(text, s->text, s->len) == 0 ? s->len : 0;
}

/* The longest match of all secrets at this place. */
static size_t match_at(const secret *s, matcher match, const char *text, size_t at, size_t len) {
    size_t longest = 0;
    for (; s; s = s->older) {
        size_t n = match(s, text + at, len - at);
        if (n > longest && (s->len >= LEAST_ANYWHERE || in_context(text, at, at + n, len)))
            longest = n;
    }
    return longest;
}

/* Every place is looked at, also those inside a match: matches that overlap become one. The forms (a bit each) are
   those that the matcher finds. */
static void mask(kp_buf *out, const char *text, size_t len, matcher match, unsigned forms) {
    const secret *s = atomic_load(&newest);
    size_t masked = 0; /* the end of the last match: all before it is written */
    if (!out || !text)
        return;
    for (size_t at = 0; s && at < len; at++) {
        size_t n = s->first[(unsigned char)text[at]] & forms ? match_at(s, match, text, at, len) : 0;
        if (n == 0 || at + n <= masked)
            continue;
        if (at >= masked) {
            kp_buf_add(out, text + masked, at - masked);
            kp_buf_str(out, KP_MASK_TEXT);
        }
        masked = at + n;
    }
    kp_buf_add(out, text + masked, len - masked);
}

void kp_known_mask(kp_buf *out, const char *text, size_t len) {
    mask(out, text, len, match_any_form, ~0U);
}

void kp_known_mask_exact(kp_buf *out, const char *text, size_t len) {
    mask(out, text, len, match_exact, 1U << KP_FORM_PLAIN);
}
