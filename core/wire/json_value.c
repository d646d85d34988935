/* json_value.c: lends the values of a checked JSON text: members, elements, strings and integers. */
#include <string.h>

#include "base/text.h"
#include "wire/json_parts.h"

enum { UTF8_MAX = 4 };

/* Reads a checked string byte by byte, decoded. */
typedef struct reader {
    const char *at;
    char decoded[UTF8_MAX];
    size_t count, used;
} reader;

bool kp_json_is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int kp_json_unit(const char *digits) {
    int unit = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = kp_hex_value(digits[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static size_t encode_utf8(unsigned point, char out[UTF8_MAX]) {
    static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t count = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = count; i-- > 1; point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)(marks[count] | point);
    return count;
}

/* Decodes the escape at *at, which then is behind it. Returns how many bytes it stands for. */
static size_t decode_escape(const char **at, char out[UTF8_MAX]) {
    static const char letters[] = "bfnrt";
    static const char meanings[] = "\b\f\n\r\t";
    char letter = (*at)[1];
    if (letter != 'u') {
        const char *found = strchr(letters, letter);
        out[0] = found ? meanings[found - letters] : letter;
        *at += 2;
        return 1;
    }
    unsigned point = (unsigned)kp_json_unit(*at + 2);
    *at += 6;
    if (point >= 0xd800 && point <= 0xdfff) {
        point = 0x10000 + ((point - 0xd800) << 10) + ((unsigned)kp_json_unit(*at + 2) - 0xdc00);
        *at += 6;
    }
    return encode_utf8(point, out);
}

static reader read_from(const char *quote) {
    return (reader){.at = quote + 1};
}

/* The next byte, -1 at the end of the string. */
static int next_byte(reader *r) {
    if (r->used < r->count)
        return (unsigned char)r->decoded[r->used++];
    if (*r->at == '"')
        return -1;
    if (*r->at != '\\')
        return (unsigned char)*r->at++;
    r->count = decode_escape(&r->at, r->decoded);
    r->used = 1;
    return (unsigned char)r->decoded[0];
}

int kp_json_compare(const char *a, const char *b) {
    reader left = read_from(a);
    reader right = read_from(b);
    int difference;
    int byte;
    do {
        byte = next_byte(&left);
        difference = byte - next_byte(&right);
    } while (difference == 0 && byte >= 0);
    return difference;
}

static const char *skip_string(const char *at, const char *end) {
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\' && at + 1 < end)
            at++;
    return at < end ? at + 1 : end;
}

static const char *skip_blanks(const char *at, const char *end) {
    while (at < end && kp_json_is_blank(*at))
        at++;
    return at;
}

static const char *skip_container(const char *at, const char *end) {
    size_t depth = 0;
    while (at < end) {
        if (*at == '"') {
            at = skip_string(at, end);
            continue;
        }
        if (*at == '[' || *at == '{')
            depth++;
        else if ((*at == ']' || *at == '}') && --depth == 0)
            return at + 1;
        at++;
    }
    return end;
}

static const char *skip_word(const char *at, const char *end) {
    while (at < end && *at != ',' && *at != ']' && *at != '}' && !kp_json_is_blank(*at))
        at++;
    return at;
}

static kp_json value_at(const char *at, const char *end) {
    kp_json value = {.raw = at};
    switch (*at) {
    case '"':
        value.type = KP_JSON_STRING;
        value.len = (size_t)(skip_string(at, end) - at);
        return value;
    case '[':
    case '{':
        value.type = *at == '[' ? KP_JSON_ARRAY : KP_JSON_OBJECT;
        value.len = (size_t)(skip_container(at, end) - at);
        return value;
    case 't': value.type = KP_JSON_TRUE; break;
    case 'f': value.type = KP_JSON_FALSE; break;
    case 'n': value.type = KP_JSON_NULL; break;
    default: value.type = KP_JSON_NUMBER; break;
    }
    value.len = (size_t)(skip_word(at, end) - at);
    return value;
}

bool kp_json_next(kp_json container, size_t *at, kp_json *name, kp_json *value) {
    bool object = container.type == KP_JSON_OBJECT;
    if ((!object && container.type != KP_JSON_ARRAY) || !at || !value || *at >= container.len)
        return false;
    const char *end = container.raw + container.len;
    const char *next = skip_blanks(container.raw + (*at ? *at : 1), end);
    if (next < end && *next == ',')
        next = skip_blanks(next + 1, end);
    if (next == end || *next == ']' || *next == '}')
        return false;
    if (object) {
        kp_json key = value_at(next, end);
        if (name)
            *name = key;
        next = skip_blanks(next + key.len, end);
        next = next < end ? skip_blanks(next + 1, end) : next;
        if (next == end)
            return false;
    } else if (name)
        *name = (kp_json){.type = KP_JSON_NONE};
    *value = value_at(next, end);
    *at = (size_t)(next - container.raw) + value->len;
    return true;
}

bool kp_json_is(kp_json value, const char *text) {
    if (value.type != KP_JSON_STRING || !text)
        return false;
    reader r = read_from(value.raw);
    for (;; text++) {
        int byte = next_byte(&r);
        if (byte < 0 || byte != (unsigned char)*text)
            return byte < 0 && *text == '\0';
    }
}

kp_json kp_json_get(kp_json object, const char *name) {
    kp_json found;
    kp_json value;
    size_t at = 0;
    while (object.type == KP_JSON_OBJECT && kp_json_next(object, &at, &found, &value))
        if (kp_json_is(found, name))
            return value;
    return (kp_json){.type = KP_JSON_NONE};
}

/* true if a name equals a token of a pointer, which ends with the pointer or at a '/' and writes ~ as ~0 and / as ~1.
 */
static bool is_token(kp_json name, const char *token) {
    reader r = read_from(name.raw);
    for (;; token++) {
        int byte = next_byte(&r);
        if (*token == '\0' || *token == '/')
            return byte < 0;
        char c = *token;
        if (c == '~') {
            token++;
            if (*token != '0' && *token != '1')
                return false;
            c = *token == '0' ? '~' : '/';
        }
        if (byte != (unsigned char)c)
            return false;
    }
}

static kp_json member_of(kp_json object, const char *token) {
    kp_json name;
    kp_json value;
    size_t at = 0;
    while (kp_json_next(object, &at, &name, &value))
        if (is_token(name, token))
            return value;
    return (kp_json){.type = KP_JSON_NONE};
}

static kp_json element_of(kp_json array, const char *token, size_t len) {
    int64_t index;
    kp_json value;
    size_t at = 0;
    bool plain = len > 0 && kp_is_digit(token[0]) && (len == 1 || token[0] != '0');
    if (plain && kp_parse_i64(token, len, &index))
        for (; kp_json_next(array, &at, NULL, &value); index--)
            if (index == 0)
                return value;
    return (kp_json){.type = KP_JSON_NONE};
}

kp_json kp_json_pointer(kp_json value, const char *pointer) {
    if (!pointer)
        return (kp_json){.type = KP_JSON_NONE};
    while (*pointer == '/' && value.type != KP_JSON_NONE) {
        const char *token = pointer + 1;
        size_t len = strcspn(token, "/");
        value = value.type == KP_JSON_OBJECT ? member_of(value, token) : element_of(value, token, len);
        pointer = token + len;
    }
    return *pointer == '\0' ? value : (kp_json){.type = KP_JSON_NONE};
}

bool kp_json_string(kp_json value, kp_buf *out) {
    if (value.type != KP_JSON_STRING || !out)
        return false;
    const char *at = value.raw + 1;
    const char *end = value.raw + value.len - 1;
    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        kp_buf_add(out, at, (size_t)((escape ? escape : end) - at));
        if (!escape)
            break;
        char decoded[UTF8_MAX];
        kp_buf_add(out, decoded, decode_escape(&escape, decoded));
        at = escape;
    }
    return true;
}

bool kp_json_i64(kp_json value, int64_t *out) {
    return value.type == KP_JSON_NUMBER && kp_parse_i64(value.raw, value.len, out);
}
