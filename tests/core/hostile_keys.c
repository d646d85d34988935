/* hostile_keys.c: keys of many shapes, and every disguise in which one can stand in a text. */
#include <string.h>

#include "base/text.h"
#include "hostile_parts.h"

const char hostile_hex_lower[] = "0123456789abcdef";
const char hostile_hex_upper[] = "0123456789ABCDEF";
const char hostile_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

const char *hostile_one_of(chance *c, const char *const *list, size_t count) {
    return list[chance_below(c, count)];
}

void hostile_add_random(kp_buf *b, chance *c, const char *alphabet, size_t len) {
    size_t n = strlen(alphabet);
    while (len-- > 0)
        kp_buf_char(b, alphabet[chance_below(c, n)]);
}

/* ---- Keys ---- */

static void set_key(hostile_keys *keys, size_t i, const char *text, size_t len) {
    memcpy(keys->text[i], text, len);
    keys->text[i][len] = '\0';
    keys->len[i] = len;
}

void hostile_keys_make(hostile_keys *keys, chance *c) {
    static const char *const shapes[] = {hostile_hex_lower, hostile_hex_upper,       hostile_letters,
                                         "abcXYZ019-_",     "ab01+/=%&\"'<>\\;,.:|", "abcdefghjkmnpqrstuvwxyz"};
    kp_buf b;
    kp_buf_init(&b, NULL);
    for (size_t i = 0; i < HOSTILE_KEYS; i++) {
        kp_buf_clear(&b);
        hostile_add_random(&b, c, i < 6 ? shapes[i] : ONE_OF(c, shapes), i < 3 ? 32 : 12 + chance_below(c, 25));
        /* no key begins or ends as a text around it could: the truth must be sure */
        b.data[0] = b.data[b.len - 1] = 'k';
        set_key(keys, i, b.data, b.len);
    }
    set_key(keys, 7, keys->text[2], 20);      /* the beginning of another */
    set_key(keys, 8, keys->text[0] + 16, 16); /* overlapping another one and the next */
    memcpy(keys->text[9], keys->text[0] + 24, 8);
    set_key(keys, 10, keys->text[5] + 2, keys->len[5] - 2 < 12 ? 10 : 12); /* inside another */
    set_key(keys, 11, "te5t", 4);
    kp_buf_free(&b);
}

/* ---- Disguises: the whole of it has to go ---- */

static void add_char_as(kp_buf *b, chance *c, char one, int way) {
    unsigned value = (unsigned char)one;
    switch (way) {
    case 0: kp_buf_char(b, one); break;
    case 1: kp_buf_fmt(b, "%%%02x", value); break;
    case 2: kp_buf_fmt(b, "%%25%02X", value); break;
    case 3: kp_buf_fmt(b, "%%2525%02x", value); break;
    case 4: kp_buf_fmt(b, "\\u%04x", value); break;
    case 5: kp_buf_fmt(b, "\\\\u%04X", value); break;
    case 6: kp_buf_fmt(b, "\\x%02x", value); break;
    case 7: kp_buf_fmt(b, "&#%u;", value); break;
    case 8: kp_buf_fmt(b, "&#%s%u;", chance_below(c, 2) ? "0" : "00", value); break;
    default: kp_buf_fmt(b, "&#x%x;", value); break;
    }
}
enum { WAYS = 10 };

static void add_spelt(kp_buf *b, chance *c, const char *text, size_t len) {
    int way = (int)chance_below(c, WAYS + 1), share = 1 + (int)chance_below(c, 4);
    for (size_t i = 0; i < len; i++)
        add_char_as(b, c, text[i],
                    chance_below(c, 4) < (size_t)share ? way == WAYS ? (int)chance_below(c, WAYS) : way : 0);
}

static void add_in_case(kp_buf *b, chance *c, const char *text, size_t len) {
    size_t way = chance_below(c, 4);
    for (size_t i = 0; i < len; i++) {
        bool turn = way == 1 || (way == 3 && chance_below(c, 2));
        char one = way == 2 ? kp_lower(text[i]) : text[i];
        kp_buf_char(b, turn && one >= 'a' && one <= 'z' ? (char)(one - 32) : one);
    }
}

/* UTF-16 of either order around any other disguise. */
static void widen(kp_buf *b, const kp_buf *narrow, bool big) {
    for (size_t i = 0; i < narrow->len; i++) {
        if (big)
            kp_buf_char(b, '\0');
        kp_buf_char(b, narrow->data[i]);
        if (!big)
            kp_buf_char(b, '\0');
    }
}

void hostile_add_disguised(kp_buf *b, chance *c, const char *text, size_t len) {
    kp_buf form, spelt;
    kp_buf_init(&form, NULL);
    kp_buf_init(&spelt, NULL);
    size_t kind = chance_below(c, 8);
    if (kind == 0)
        kp_add_hex(&form, text, len);
    else if (kind == 1)
        kp_add_base64(&form, text, len, chance_below(c, 2));
    else
        kp_buf_add(&form, text, len);
    if (kind != 1)
        add_in_case(&spelt, c, form.data, form.len);
    else
        kp_buf_add(&spelt, form.data, form.len);
    kp_buf_clear(&form);
    if (chance_below(c, 2))
        add_spelt(&form, c, spelt.data, spelt.len);
    else
        kp_buf_add(&form, spelt.data, spelt.len);
    if (chance_below(c, 6) == 0)
        widen(b, &form, chance_below(c, 2));
    else
        kp_buf_add(b, form.data, form.len);
    kp_buf_free(&form);
    kp_buf_free(&spelt);
}
