/* redact_name.c: which names announce a secret, and where its value begins. */
#include <string.h>

#include "base/text.h"
#include "wire/redact_parts.h"

enum {
    MOST_NAME = 64,
    MOST_CLOSERS = 8,
    MOST_BLANKS_BEFORE = 4,
    MOST_BLANKS_BEHIND = 8,
    MOST_BACKSLASHES = 4,
    MOST_INDENT = 64,
    MOST_LENGTH_DIGITS = 10,
    MOST_SCHEME = 32
};

/* ---- Names ---- */

/* Whether a word begins here. */
static bool word_begins(const kp_window *w, size_t at) {
    return !kp_is_word_char(kp_back(w, at, 1)) || kp_escape_ends(w, at);
}

/* The letters of a word looked at from the back: the place where they begin, 0 length if they are not there. */
static bool strip(const kp_window *w, size_t *at, size_t low, const char *lower) {
    size_t place = *at;
    for (size_t i = strlen(lower); i > 0; i--) {
        while (place > low && (kp_back(w, place, 1) == '_' || kp_back(w, place, 1) == '-'))
            place--;
        if (place == low || kp_lower((char)kp_back(w, place, 1)) != lower[i - 1])
            return false;
        place--;
    }
    *at = place;
    return true;
}

/* Whether nothing but _ and - is between here and the beginning of the word. */
static bool is_whole(const kp_window *w, size_t at, size_t low) {
    while (!word_begins(w, at)) {
        int c = kp_back(w, at, 1);
        if (at == low || (c != '_' && c != '-'))
            return false;
        at--;
    }
    return true;
}

static bool is_word(const kp_window *w, size_t end, size_t low, const char *lower) {
    return strip(w, &end, low, lower) && is_whole(w, end, low);
}

static bool names_key(const kp_window *w, size_t end, size_t low) {
    static const char *const endings[] = {"apikey",  "clientkey",  "accesskey",  "secretkey",
                                          "authkey", "privatekey", "proxylogin", "proxypassword"};
    static const char *const behind[] = {"", "backup", "2", "3", "4", "5", "6", "7", "8", "9"};
    for (size_t b = 0; b < sizeof behind / sizeof behind[0]; b++) {
        size_t at = end;
        if (!strip(w, &at, low, behind[b]))
            continue;
        if (is_word(w, at, low, "key"))
            return true;
        for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
            size_t start = at;
            if (strip(w, &start, low, endings[i]))
                return true;
        }
    }
    return false;
}

static bool is_dashed(const kp_window *w, size_t end, size_t low) {
    size_t at = end;
    while (at > low && !word_begins(w, at))
        at--;
    return word_begins(w, at) && at + 2 < end && w->text[at] == '-' && w->text[at + 1] == '-';
}

/* ---- From the name to the value ---- */

static size_t closer_at(kp_window *w, size_t at) {
    static const char *const encoded[] = {"22", "27", "5d"};
    char quote;
    int c = kp_peek(w, at);
    if (c == '"' || c == '\'' || c == ']' || c == '\\')
        return 1;
    for (size_t i = 0; i < sizeof encoded / sizeof encoded[0]; i++) {
        size_t n = kp_percent_at(w, at, encoded[i]);
        if (n > 0)
            return n;
    }
    return kp_html_quote_at(w, at, &quote);
}

static size_t separator_at(kp_window *w, size_t at) {
    size_t n;
    int c = kp_peek(w, at);
    if (c == '=')
        return kp_peek(w, at + 1) == '>' ? 2 : 1;
    if (c == ':')
        return 1;
    if ((n = kp_percent_at(w, at, "3d")) > 0 || (n = kp_percent_at(w, at, "3a")) > 0)
        return n;
    for (n = 0; n < MOST_BACKSLASHES && kp_peek(w, at + n) == '\\';)
        n++;
    return n > 0 && (kp_text_at(w, at + n, "u003d") || kp_text_at(w, at + n, "u003a")) ? n + 5 : 0;
}

static size_t skip_blanks(kp_window *w, size_t at, size_t most) {
    size_t end = at + most;
    while (at < end && kp_is_blank_at(w, at))
        at++;
    return at;
}

/* Behind closers, blanks and a separator; *arrow: the separator was "=>". 0 if there is no separator. */
static size_t behind_separator(kp_window *w, size_t at, bool *arrow) {
    for (int i = 0; i < MOST_CLOSERS && separator_at(w, at) == 0; i++) {
        size_t n = closer_at(w, at);
        if (n == 0)
            break;
        at += n;
    }
    at = skip_blanks(w, at, MOST_BLANKS_BEFORE);
    size_t n = separator_at(w, at);
    *arrow = n == 2;
    return n > 0 ? at + n : 0;
}

/* The value behind the quote here, with ends 0 if there is no quote. */
static kp_value behind_quote(kp_window *w, size_t at) {
    size_t level = 0;
    while (level < KP_QUOTE_LEVELS && kp_peek(w, at + level) == '\\')
        level++;
    int c = kp_peek(w, at + level);
    if (level < KP_QUOTE_LEVELS && (c == '"' || c == '\''))
        return (kp_value){at + level + 1, (c == '"' ? (unsigned)KP_ENDS_DOUBLE : (unsigned)KP_ENDS_SINGLE) << level};
    char quote = 0;
    size_t n = kp_html_quote_at(w, at, &quote);
    if (n > 0)
        return (kp_value){at + n, quote == '"' ? KP_ENDS_HTML_DOUBLE : KP_ENDS_HTML_SINGLE};
    if ((n = kp_percent_at(w, at, "22")) > 0)
        return (kp_value){at + n, KP_ENDS_PERCENT_22};
    if ((n = kp_percent_at(w, at, "27")) > 0)
        return (kp_value){at + n, KP_ENDS_PERCENT_27};
    return (kp_value){at, 0};
}

/* As PHP dumps it: a line end, blanks, string(LENGTH), a blank, the quote. */
static kp_value behind_dump(kp_window *w, size_t at) {
    static const kp_value none = {0, 0};
    at += kp_peek(w, at) == '\r';
    if (kp_peek(w, at) != '\n')
        return none;
    at = skip_blanks(w, at + 1, MOST_INDENT);
    if (!kp_text_at(w, at, "string("))
        return none;
    at += strlen("string(");
    size_t digits = 0;
    while (digits < MOST_LENGTH_DIGITS && kp_is_alnum(kp_peek(w, at + digits)) &&
           kp_is_digit((char)kp_peek(w, at + digits)))
        digits++;
    at += digits;
    return digits > 0 && kp_text_at(w, at, ") \"") ? (kp_value){at + 3, KP_ENDS_DOUBLE} : none;
}

/* The value here: behind what may open it, or bare. */
static kp_value opened(kp_window *w, size_t at) {
    size_t start = at;
    int c = kp_peek(w, at);
    at += c == '[' || c == '(';
    kp_value value = behind_quote(w, at);
    if (value.ends)
        return value;
    c = kp_peek(w, at);
    if (c != KP_NO_CHAR && strchr("bur", kp_lower((char)c)) && c != 0) {
        c = kp_peek(w, at + 1);
        if (c == '"' || c == '\'')
            return behind_quote(w, at + 1);
    }
    return (kp_value){start, KP_ENDS_BARE};
}

static kp_value without_separator(kp_window *w, size_t at) {
    size_t start = skip_blanks(w, at, MOST_BLANKS_BEHIND);
    int c = kp_peek(w, start);
    return start == at || c == '=' || c == ':' ? (kp_value){0, 0} : opened(w, start);
}

/* Behind the word that says what the credentials are. */
static kp_value credentials(kp_window *w, kp_value value) {
    size_t at = value.at + (value.ends == KP_ENDS_BARE && kp_peek(w, value.at) == '[');
    size_t scheme = at;
    for (int c; at - scheme < MOST_SCHEME && (c = kp_peek(w, at)) != KP_NO_CHAR && kp_is_alpha((char)c);)
        at++;
    size_t end = at;
    at = skip_blanks(w, at, MOST_BLANKS_BEHIND);
    if (end == scheme || at == end)
        return (kp_value){0, 0};
    if (value.ends == KP_ENDS_BARE && kp_same_nocase(w->text + scheme, end - scheme, "digest"))
        value.ends = KP_ENDS_LINE;
    return (kp_value){at, value.ends};
}

kp_value kp_redact_named(kp_window *w, size_t at) {
    static const kp_value none = {0, 0};
    size_t low = at;
    while (low > 0 && at - low < MOST_NAME && kp_is_word_char(kp_back(w, low, 1)))
        low--;
    bool key = names_key(w, at, low);
    bool login = !key && (is_word(w, at, low, "authorization") || is_word(w, at, low, "proxyauthorization"));
    size_t place = at;
    bool proxy = !key && !login && strip(w, &place, low, "proxy");
    if (!key && !login && !proxy)
        return none;
    bool arrow = false;
    size_t behind = behind_separator(w, at, &arrow);
    if (behind == 0) {
        bool bare = key && (is_word(w, at, low, "apikey") || is_word(w, at, low, "clientkey") || is_dashed(w, at, low));
        return bare ? without_separator(w, at) : none;
    }
    behind = skip_blanks(w, behind, MOST_BLANKS_BEHIND);
    kp_value value = arrow ? behind_dump(w, behind) : none;
    if (!value.ends)
        value = opened(w, behind);
    if (login)
        return credentials(w, value);
    if (proxy)
        value.ends = value.ends == KP_ENDS_BARE ? KP_LOGIN_BARE : KP_LOGIN;
    return value;
}
