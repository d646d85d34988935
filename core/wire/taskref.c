/* taskref.c: reads and writes task references. */
#include "wire/taskref.h"

#include <string.h>

#include "base/text.h"
#include "wire/answer.h"

enum { PROVIDER_MAX = 32 };

static bool is_id(const char *id, size_t len) {
    if (len < 1 || len > KP_ID_MAX || !kp_utf8_valid(id, len))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)id[i] <= ' ' || id[i] == 0x7f)
            return false;
    return true;
}

static bool read_key_name(const char *text, size_t len, kp_taskref *out) {
    if (len < 1 || len >= sizeof out->key_name)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!kp_is_alpha(text[i]) && !kp_is_digit(text[i]) && !memchr("._-", text[i], 3))
            return false;
    memcpy(out->key_name, text, len);
    return true;
}

static bool read_fingerprint(const char *text, size_t len, kp_taskref *out) {
    if (len != KP_FINGERPRINT_SIZE - 1)
        return false;
    for (size_t i = 0; i < len; i++)
        if (kp_hex_value(text[i]) < 0 || text[i] != kp_lower(text[i]))
            return false;
    memcpy(out->fingerprint, text, len);
    return true;
}

static const kp_provider *read_provider(const char *text, size_t len) {
    char name[PROVIDER_MAX + 1] = "";
    if (len > PROVIDER_MAX)
        return NULL;
    memcpy(name, text, len);
    return kp_provider_find(name);
}

bool kp_taskref_parse(const char *text, size_t len, kp_taskref *out) {
    if (!text || !out)
        return false;
    *out = (kp_taskref){.id = text, .id_len = len};
    const char *first = memchr(text, '/', len);
    if (!first)
        return is_id(text, len);
    const char *end = text + len;
    const char *key = first + 1;
    const char *second = memchr(key, '/', (size_t)(end - key));
    const char *tilde = second ? memchr(key, '~', (size_t)(second - key)) : NULL;
    if (!tilde)
        return false;
    out->provider = read_provider(text, (size_t)(first - text));
    out->id = second + 1;
    out->id_len = (size_t)(end - out->id);
    return out->provider && read_key_name(key, (size_t)(tilde - key), out) &&
           read_fingerprint(tilde + 1, (size_t)(second - tilde - 1), out) && is_id(out->id, out->id_len);
}

void kp_taskref_add(kp_buf *out, const kp_provider *provider, const char *key_name, const char *fingerprint,
                    const char *id, size_t id_len) {
    if (provider) {
        kp_buf_str(out, provider->name);
        kp_buf_char(out, '/');
        kp_buf_str(out, key_name);
        kp_buf_char(out, '~');
        kp_buf_str(out, fingerprint);
        kp_buf_char(out, '/');
    }
    kp_buf_add(out, id, id_len);
}
