/* keycheck.c: decides whether what was found can be a key, without assuming what a key of a service looks like. */
#include "policy/keycheck.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

enum { KEY_MAX = 1024, LIKE_RUN = 20, LIKE_DIGITS = 3 };

/* Samples of the services' documentation and of the usual configuration templates, compared without case. */
static const char *const samples[] = {
    "your_api_key",
    "your_key",
    "your_api_key_here",
    "your_key_here",
    "your-api-key",
    "your-api-key-here",
    "your_captchaai_api_key",
    "your_nocaptchaai_api_key",
    "api_key_here",
    "abc123def456",
    "abc123def456ghi789jkl012mno345pq",
    "changeme",
};

static bool is_sample(const char *key, size_t len) {
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        if (kp_same_nocase(key, len, samples[i]))
            return true;
    return false;
}

static bool is_wrapped(const char *key, size_t len, const char *head, const char *tail) {
    size_t head_len = strlen(head);
    size_t tail_len = strlen(tail);
    return len >= head_len + tail_len && memcmp(key, head, head_len) == 0 &&
           memcmp(key + len - tail_len, tail, tail_len) == 0;
}

/* "xxxxxxxx", "****", "...": what people put where a key was cut out. */
static bool is_filler(const char *key, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (kp_lower(key[i]) != 'x' && key[i] != '*' && key[i] != '.')
            return false;
    return true;
}

static const char *placeholder_reason(const char *key, size_t len) {
    if (len == 0)
        return "it is empty";
    if (is_sample(key, len))
        return "it is a sample of the documentation";
    if (is_wrapped(key, len, "<", ">") || is_wrapped(key, len, "${", "}") || is_wrapped(key, len, "{{", "}}"))
        return "it is a template that nobody filled in";
    if (is_filler(key, len))
        return "it has only fill characters";
    return NULL;
}

static bool is_quote(char c) {
    return c == '"' || c == '\'' || c == '`';
}

static bool has_bom(const char *key, size_t len) {
    return (len >= 3 && memcmp(key, "\xEF\xBB\xBF", 3) == 0) ||
           (len >= 2 && (memcmp(key, "\xFF\xFE", 2) == 0 || memcmp(key, "\xFE\xFF", 2) == 0));
}

static const char *form_reason(const char *key, size_t len) {
    if (has_bom(key, len))
        return "it begins with a byte order mark";
    if (is_quote(key[0]) || is_quote(key[len - 1]))
        return "it has quotes around it";
    if (len > KEY_MAX)
        return "it is longer than 1024 characters";
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)key[i];
        if (kp_is_space(key[i]))
            return c == '\n' || c == '\r' ? "it has more than one line" : "it has a blank within";
        if (c < 0x20 || c == 0x7F)
            return "it has a control character within";
        if (c > 0x7F)
            return "it has characters that are not ASCII";
    }
    return NULL;
}

int kp_key_check(const char **key, size_t *len, const char **why) {
    const char *unused;
    if (!why)
        why = &unused;
    *why = NULL;
    if (!key || !len || !*key) {
        *why = "it is empty";
        return KP_E_PLACEHOLDER;
    }
    kp_trim(key, len);
    *why = placeholder_reason(*key, *len);
    if (*why)
        return KP_E_PLACEHOLDER;
    *why = form_reason(*key, *len);
    return *why ? KP_E_BAD_KEY : 0;
}

/* 8-4-4-4-12 hex digits. */
static bool is_uuid(const char *text, size_t len) {
    static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (len < sizeof pattern - 1)
        return false;
    for (size_t i = 0; i < sizeof pattern - 1; i++)
        if (pattern[i] == 'x' ? kp_hex_value(text[i]) < 0 : text[i] != '-')
            return false;
    return true;
}

bool kp_key_is_like(const char *text, size_t len) {
    size_t run = 0, digits = 0;
    for (size_t i = 0; text && i < len; i++) {
        if (is_uuid(text + i, len - i))
            return true;
        bool digit = kp_is_digit(text[i]);
        bool inside = digit || kp_is_alpha(text[i]);
        run = inside ? run + 1 : 0;
        digits = inside ? digits + digit : 0;
        if (run >= LIKE_RUN && digits >= LIKE_DIGITS)
            return true;
    }
    return false;
}
