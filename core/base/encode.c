/* encode.c: writes bytes as percent, base64, hex, JSON and shown text, and reads base64. */
#include <string.h>

#include "base/text.h"

static bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void kp_add_percent(kp_buf *b, const char *data, size_t len) {
    static const char digits[] = "0123456789ABCDEF";
    if (!data)
        return;
    for (size_t i = 0; i < len; i++) {
        size_t run = i;
        while (run < len && is_unreserved(data[run]))
            run++;
        kp_buf_add(b, data + i, run - i);
        i = run;
        if (i == len)
            return;
        unsigned char byte = (unsigned char)data[i];
        char out[3] = {'%', digits[byte >> 4], digits[byte & 15]};
        kp_buf_add(b, out, sizeof out);
    }
}

void kp_add_base64(kp_buf *b, const void *data, size_t len, bool url) {
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *letters = url ? safe : plain;
    const unsigned char *in = data;
    /* where len / 3 * 4 is too much the reserve fails, before any sum could overflow */
    if (!in || len == 0 || !kp_buf_reserve(b, len / 3 < SIZE_MAX / 8 ? len / 3 * 4 + 4 : SIZE_MAX / 2))
        return;
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        unsigned bits = (unsigned)in[i] << 16;
        if (left > 1)
            bits |= (unsigned)in[i + 1] << 8;
        if (left > 2)
            bits |= in[i + 2];
        char out[4] = {letters[bits >> 18], letters[bits >> 12 & 63], letters[bits >> 6 & 63], letters[bits & 63]};
        size_t used = left > 2 ? 4 : left + 1;
        if (!url)
            for (; used < 4; used++)
                out[used] = '=';
        kp_buf_add(b, out, used);
    }
}

static int base64_value(char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One group of 2, 3 or 4 letters without its padding. */
static bool decode_group(kp_buf *b, const char *text, size_t letters) {
    unsigned bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < letters ? base64_value(text[i]) : 0;
        if (value < 0)
            return false;
        bits = bits << 6 | (unsigned)value;
    }
    char out[3] = {(char)(bits >> 16), (char)(bits >> 8 & 255), (char)(bits & 255)};
    size_t size = letters - 1;
    /* bits behind the last whole byte would give one content two spellings */
    for (size_t i = size; i < 3; i++)
        if (out[i] != 0)
            return false;
    kp_buf_add(b, out, size);
    return true;
}

bool kp_decode_base64(kp_buf *b, const char *text, size_t len) {
    if (!text || len == 0)
        return len == 0;
    if (len % 4 != 0)
        return false;
    kp_buf_reserve(b, len / 4 * 3);
    size_t letters = 4;
    if (text[len - 1] == '=')
        letters = text[len - 2] == '=' ? 2 : 3;
    for (size_t i = 0; i < len; i += 4)
        if (!decode_group(b, text + i, i + 4 < len ? 4 : letters))
            return false;
    return true;
}

void kp_add_hex(kp_buf *b, const void *data, size_t len) {
    static const char digits[] = "0123456789abcdef";
    const unsigned char *in = data;
    if (!in || len == 0 || !kp_buf_reserve(b, len < SIZE_MAX / 2 ? len * 2 : SIZE_MAX))
        return;
    for (size_t i = 0; i < len; i++) {
        char out[2] = {digits[in[i] >> 4], digits[in[i] & 15]};
        kp_buf_add(b, out, sizeof out);
    }
}

/* The number of a control character (C0, DEL, C1), -1 for any other. Terminals obey C1 as they obey ESC. */
static int control(const char *at, size_t step) {
    unsigned char first = (unsigned char)at[0];
    if (step == 1)
        return first < 0x20 || first == 0x7f ? first : -1;
    unsigned char second = (unsigned char)at[1];
    return step == 2 && first == 0xc2 && second < 0xa0 ? second : -1;
}

static void add_json_control(kp_buf *b, int number) {
    switch (number) {
    case '\b': kp_buf_str(b, "\\b"); break;
    case '\f': kp_buf_str(b, "\\f"); break;
    case '\n': kp_buf_str(b, "\\n"); break;
    case '\r': kp_buf_str(b, "\\r"); break;
    case '\t': kp_buf_str(b, "\\t"); break;
    default: {
        char byte = (char)number;
        kp_buf_str(b, "\\u00");
        kp_add_hex(b, &byte, 1);
    }
    }
}

static bool is_plain_json(char c) {
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

void kp_add_json(kp_buf *b, const char *text, size_t len) {
    kp_buf_char(b, '"');
    for (size_t i = 0, step; text && i < len; i += step ? step : 1) {
        size_t run = 0;
        while (i + run < len && is_plain_json(text[i + run]))
            run++;
        kp_buf_add(b, text + i, run);
        i += run;
        if (i == len)
            break;
        step = kp_utf8_step(text + i, len - i);
        int number = step ? control(text + i, step) : -1;
        if (step == 0)
            kp_buf_str(b, "\xef\xbf\xbd");
        else if (number >= 0)
            add_json_control(b, number);
        else {
            if (text[i] == '"' || text[i] == '\\')
                kp_buf_char(b, '\\');
            kp_buf_add(b, text + i, step);
        }
    }
    kp_buf_char(b, '"');
}

/* The marks with which text is shown in another order than it has. */
static bool reorders(const char *at, size_t step) {
    if (step != 3 || at[0] != '\xe2')
        return false;
    unsigned char second = (unsigned char)at[1];
    unsigned char third = (unsigned char)at[2];
    return (second == 0x80 && (third == 0x8e || third == 0x8f || (third >= 0xa8 && third <= 0xae))) ||
           (second == 0x81 && third >= 0xa6 && third <= 0xa9);
}

void kp_add_shown(kp_buf *b, const char *text, size_t len, size_t max) {
    if (!b || !text)
        return;
    size_t start = b->len;
    size_t dots = max < 3 ? max : 3;
    size_t cut = start; /* the last place from which the dots still fit */
    for (size_t i = 0; i < len && !b->failed;) {
        size_t step = kp_utf8_step(text + i, len - i);
        size_t taken = step ? step : 1;
        if (text[i] == '\r' || text[i] == '\n') {
            taken = len - i > 1 && text[i] == '\r' && text[i + 1] == '\n' ? 2 : 1;
            kp_buf_char(b, ' ');
        } else if (step == 0 || control(text + i, step) >= 0 || reorders(text + i, step))
            kp_buf_char(b, '?');
        else
            kp_buf_add(b, text + i, step);
        i += taken;
        if (b->len - start <= max - dots)
            cut = b->len;
        if (b->len - start > max) {
            b->len = cut;
            b->data[cut] = '\0';
            kp_buf_add(b, "...", dots);
            return;
        }
    }
}
