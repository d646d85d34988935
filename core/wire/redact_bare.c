/* redact_bare.c: runs of exactly 32 hex digits that stand by themselves, and the contexts that say what else they are.
 */
#include <string.h>

#include "base/text.h"
#include "wire/redact_parts.h"

enum { DIGITS = 32, MOST_BETWEEN = 8, MOST_NAME = 64, MOST_BLANKS = 4, MOST_FILE = 128, CONTEXT = 64 };

static size_t hex_run(kp_window *w, size_t at, size_t most) {
    size_t n = 0;
    for (int c; n < most && (c = kp_peek(w, at + n)) != KP_NO_CHAR && kp_hex_value((char)c) >= 0;)
        n++;
    return n;
}

static bool stands_alone(kp_window *w, size_t at) {
    if (kp_is_alnum(kp_back(w, at, 1)) && !kp_escape_ends(w, at))
        return false;
    return hex_run(w, at, DIGITS) == DIGITS && !kp_is_alnum(kp_peek(w, at + DIGITS));
}

/* Back over what may stand between a name and its value. */
static size_t skip_back(const kp_window *w, size_t at) {
    for (int i = 0; i < MOST_BETWEEN; i++) {
        int c = kp_back(w, at, 1);
        if (c > 0 && strchr("\"' \t=:>([\\", c))
            at--;
        else if (kp_text_before(w, at, "w/"))
            at -= 2;
        else if (kp_text_before(w, at, "00-"))
            at -= 3;
        else
            break;
    }
    return at;
}

/* Whether the name that ends here has one of the words in it, _ and - aside. */
static bool name_has(const kp_window *w, size_t end) {
    static const char *const words[] = {"traceid", "traceparent", "etag", "md5"};
    char name[MOST_NAME + 1];
    size_t n = 0, low = end;
    while (low > 0 && end - low < MOST_NAME && kp_is_word_char(kp_back(w, low, 1)))
        low--;
    for (; low < end; low++)
        if (w->text[low] != '_' && w->text[low] != '-')
            name[n++] = kp_lower(w->text[low]);
    name[n] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(name, words[i]))
            return true;
    return false;
}

static bool is_traceparent(kp_window *w, size_t at) {
    size_t end = at + DIGITS;
    return kp_text_before(w, at, "00-") && !kp_is_alnum(kp_back(w, at, 4)) && kp_peek(w, end) == '-' &&
           hex_run(w, end + 1, 17) == 16 && kp_peek(w, end + 17) == '-' && hex_run(w, end + 18, 3) == 2 &&
           !kp_is_alnum(kp_peek(w, end + 20));
}

static size_t skip_blanks_back(const kp_window *w, size_t at) {
    for (int i = 0; i < MOST_BLANKS && (kp_back(w, at, 1) == ' ' || kp_back(w, at, 1) == '\t'); i++)
        at--;
    return at;
}

/* MD5 (FILE) = */
static bool is_sum_of_file(const kp_window *w, size_t at) {
    at = skip_blanks_back(w, at);
    if (kp_back(w, at, 1) != '=')
        return false;
    at = skip_blanks_back(w, at - 1);
    if (kp_back(w, at, 1) != ')')
        return false;
    at--;
    for (size_t i = 0; i <= MOST_FILE; i++, at--) {
        int c = kp_back(w, at, 1);
        if (c == KP_NO_CHAR || c == '\n')
            return false;
        if (c == '(' && kp_text_before(w, skip_blanks_back(w, at - 1), "md5"))
            return true;
    }
    return false;
}

static bool is_context_word(kp_window *w, size_t at, size_t end, const char *word) {
    size_t n = strlen(word);
    if (n > end - at || (kp_is_alnum(kp_back(w, at, 1)) && !kp_escape_ends(w, at)))
        return false;
    return kp_text_at(w, at, word) && !kp_is_alnum(kp_peek(w, at + n));
}

static bool line_speaks_of_keys(kp_window *w, size_t end) {
    static const char *const words[] = {"key", "captcha", "captchaai", "nocaptchaai", "in.php", "res.php"};
    for (size_t at = end; at > 0 && end - at < CONTEXT && kp_back(w, at, 1) != '\n';) {
        at--;
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            if (is_context_word(w, at, end, words[i]))
                return true;
    }
    return false;
}

size_t kp_redact_bare(kp_window *w, size_t at, kp_bare_hex way) {
    if (way == KP_BARE_OFF || !stands_alone(w, at))
        return 0;
    if (name_has(w, skip_back(w, at)) || is_traceparent(w, at) || is_sum_of_file(w, at))
        return 0;
    return way == KP_BARE_ALWAYS || line_speaks_of_keys(w, at) ? DIGITS : 0;
}
