/* redact_chars.c: the small things that the rules of redaction look for at a place. */
#include <string.h>

#include "base/text.h"
#include "wire/redact_parts.h"

enum { MOST_ENCODED_AGAIN = 2 };

bool kp_is_alnum(int c) {
    return c != KP_NO_CHAR && (kp_is_alpha((char)c) || kp_is_digit((char)c));
}

bool kp_is_word_char(int c) {
    return kp_is_alnum(c) || c == '_' || c == '-';
}

bool kp_is_blank_at(kp_window *w, size_t at) {
    int c = kp_peek(w, at);
    return c == ' ' || c == '\t';
}

int kp_back(const kp_window *w, size_t at, size_t by) {
    return by <= at ? (unsigned char)w->text[at - by] : KP_NO_CHAR;
}

bool kp_text_at(kp_window *w, size_t at, const char *lower) {
    for (; *lower; lower++, at++) {
        int c = kp_peek(w, at);
        if (c == KP_NO_CHAR || kp_lower((char)c) != *lower)
            return false;
    }
    return true;
}

bool kp_text_before(const kp_window *w, size_t at, const char *lower) {
    size_t len = strlen(lower);
    return len <= at && kp_same_nocase(w->text + at - len, len, lower);
}

size_t kp_percent_at(kp_window *w, size_t at, const char *xx) {
    if (kp_peek(w, at) != '%')
        return 0;
    size_t len = 1;
    for (int i = 0; i < MOST_ENCODED_AGAIN && kp_text_at(w, at + len, "25"); i++)
        len += 2;
    return kp_text_at(w, at + len, xx) ? len + 2 : 0;
}

size_t kp_html_quote_at(kp_window *w, size_t at, char *quote) {
    static const struct {
        const char *text;
        char quote;
    } all[] = {{"&quot;", '"'}, {"&#34;", '"'}, {"&apos;", '\''}, {"&#39;", '\''}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (kp_text_at(w, at, all[i].text)) {
            *quote = all[i].quote;
            return strlen(all[i].text);
        }
    return 0;
}

static bool hex_before(const kp_window *w, size_t at, size_t digits) {
    for (size_t i = 1; i <= digits; i++) {
        int c = kp_back(w, at, i);
        if (c == KP_NO_CHAR || kp_hex_value((char)c) < 0)
            return false;
    }
    return true;
}

static bool percent_ends(const kp_window *w, size_t at) {
    if (!hex_before(w, at, 2))
        return false;
    at -= 2;
    for (int i = 0; i < MOST_ENCODED_AGAIN && kp_text_before(w, at, "25"); i++)
        at -= 2;
    return kp_back(w, at, 1) == '%';
}

bool kp_escape_ends(const kp_window *w, size_t at) {
    int last = kp_back(w, at, 1);
    if (last == KP_NO_CHAR)
        return false;
    if (last != 0 && kp_back(w, at, 2) == '\\' && strchr("bfnrt", last))
        return true;
    if (percent_ends(w, at))
        return true;
    return (hex_before(w, at, 4) && kp_text_before(w, at - 4, "\\u")) ||
           (hex_before(w, at, 2) && kp_text_before(w, at - 2, "\\x"));
}
