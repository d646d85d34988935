/* redact_value.c: where values end, and the logins of URLs and proxies. */
#include <string.h>

#include "base/text.h"
#include "wire/redact_parts.h"

/* Whether the quote that closes a value stands here, with the backslashes that belong to it. What escapes a quote at
   one level of JSON in JSON is a longer run of backslashes: behind level backslashes a multiple of 2 * (level + 1)
   escapes nothing but each other. */
static bool closes(kp_window *w, size_t at, char quote, size_t level, size_t backslashes) {
    size_t here = 0;
    while (here < level && kp_peek(w, at + here) == '\\')
        here++;
    if (kp_peek(w, at + here) != quote)
        return false;
    size_t run = backslashes + here;
    if (run <= level)
        return backslashes == 0;
    return here == level && (run - level) % (2 * (level + 1)) == 0;
}

static bool is_quote_end(kp_window *w, size_t at, unsigned ends, size_t backslashes) {
    for (size_t level = 0; level < KP_QUOTE_LEVELS; level++) {
        if ((ends & (unsigned)KP_ENDS_DOUBLE << level) && closes(w, at, '"', level, backslashes))
            return true;
        if ((ends & (unsigned)KP_ENDS_SINGLE << level) && closes(w, at, '\'', level, backslashes))
            return true;
    }
    return false;
}

static bool is_bare_end(kp_window *w, size_t at, char c) {
    if (kp_is_space(c) || (c != 0 && strchr("&\"',;)}]<>|\\", c)))
        return true;
    return kp_percent_at(w, at, "26") > 0 || kp_percent_at(w, at, "22") > 0;
}

bool kp_redact_value_ends(kp_window *w, size_t at, unsigned ends, size_t backslashes) {
    int c = kp_peek(w, at);
    char quote = 0;
    if (c == KP_NO_CHAR)
        return w->ended;
    if (c == '\n' || c == '\r')
        return true;
    switch (ends) {
    case KP_ENDS_LINE: return false;
    case KP_ENDS_BARE: return is_bare_end(w, at, (char)c);
    case KP_ENDS_PERCENT_22: return kp_percent_at(w, at, "22") > 0;
    case KP_ENDS_PERCENT_27: return kp_percent_at(w, at, "27") > 0;
    case KP_ENDS_HTML_DOUBLE: return kp_html_quote_at(w, at, &quote) > 0 && quote == '"';
    case KP_ENDS_HTML_SINGLE: return kp_html_quote_at(w, at, &quote) > 0 && quote == '\'';
    default: return is_quote_end(w, at, ends, backslashes);
    }
}

bool kp_redact_is_own_mask(kp_window *w, size_t at, unsigned ends) {
    if (!kp_text_at(w, at, "***"))
        return false;
    at += 3;
    for (int i = 0; i < 4 && kp_is_alnum(kp_peek(w, at)); i++)
        at++;
    return kp_redact_value_ends(w, at, ends, 0);
}

/* A slash, maybe as JSON writes it: its length. */
static size_t slash_at(kp_window *w, size_t at) {
    size_t n = 0;
    while (n < 4 && kp_peek(w, at + n) == '\\')
        n++;
    return kp_peek(w, at + n) == '/' ? n + 1 : 0;
}

kp_value kp_redact_url(kp_window *w, size_t at) {
    static const kp_value none = {0, 0};
    if (!kp_is_alnum(kp_back(w, at, 1)))
        return none;
    if (kp_peek(w, at) == ':') {
        size_t first = slash_at(w, at + 1), second = first ? slash_at(w, at + 1 + first) : 0;
        return second ? (kp_value){at + 1 + first + second, KP_LOGIN} : none;
    }
    size_t n = kp_percent_at(w, at, "3a");
    for (int i = 0; i < 2 && n > 0; i++) {
        size_t slash = kp_percent_at(w, at + n, "2f");
        n = slash ? n + slash : 0;
    }
    return n ? (kp_value){at + n, KP_LOGIN_PERCENT} : none;
}

static bool ends_login(kp_window *w, size_t at, int c, unsigned kind) {
    if (c == KP_NO_CHAR || kp_is_space((char)c) || (c != 0 && strchr("/?#\"'<>", c)))
        return true;
    if (kind == KP_LOGIN_BARE)
        return c == '&';
    return kind == KP_LOGIN_PERCENT &&
           (kp_percent_at(w, at, "2f") > 0 || kp_percent_at(w, at, "3f") > 0 || kp_percent_at(w, at, "23") > 0);
}

size_t kp_redact_login(kp_window *w, size_t at, unsigned kind) {
    size_t len = 0;
    bool colon = false;
    for (size_t i = at; i - at < KP_REDACT_LOGIN_MOST; i++) {
        int c = kp_peek(w, i);
        if (ends_login(w, i, c, kind))
            break;
        colon = colon || c == ':' || kp_percent_at(w, i, "3a") > 0;
        if (colon && (c == '@' || kp_percent_at(w, i, "40") > 0))
            len = i - at;
    }
    return len;
}
