/* hostile_text.c: puts secrets in every disguise beside innocent text that looks like them. */
#include "hostile_text.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "hostile_parts.h"

static void add_hex(kp_buf *b, chance *c, size_t len) {
    hostile_add_random(b, c, chance_below(c, 3) ? hostile_hex_lower : hostile_hex_upper, len);
}

/* ---- Pieces: each adds a text and its truth ---- */

typedef struct pieces {
    const hostile_keys *keys;
    chance *c;
    kp_buf *text, *truth;
} pieces;

static void both(pieces *p, const char *text) {
    kp_buf_str(p->text, text);
    kp_buf_str(p->truth, text);
}

static void both_added(pieces *p, size_t from) {
    kp_buf_add(p->truth, p->text->data + from, p->text->len - from);
}

static void hidden(pieces *p) {
    kp_buf_str(p->truth, "[REDACTED]");
}

static void known_key(pieces *p) {
    size_t i = chance_below(p->c, HOSTILE_KEYS - 1);
    if (p->keys->len[i] < 12)
        i = 0;
    hostile_add_disguised(p->text, p->c, p->keys->text[i], p->keys->len[i]);
    hidden(p);
}

static void keys_in_a_row(pieces *p) {
    for (size_t n = 2 + chance_below(p->c, 2); n > 0; n--) {
        size_t i = chance_below(p->c, 6);
        kp_buf_add(p->text, p->keys->text[i], p->keys->len[i]);
        hidden(p);
    }
}

static void overlapping_keys(pieces *p) {
    kp_buf_add(p->text, p->keys->text[0], 32);
    hidden(p);
    both(p, ".");
    kp_buf_add(p->text, p->keys->text[2], 32); /* the longer one of two that begin alike */
    hidden(p);
}

static void bare_hex(pieces *p) {
    static const char *const fronts[] = {"(", "x=", "\\n", "%3d", "\\u003d", "\"", "_", "id-"};
    both(p, ONE_OF(p->c, fronts));
    add_hex(p->text, p->c, 32);
    hidden(p);
}

/* A value that nobody knows: of any shape and length, by chance a short known key. */
static void add_value(pieces *p, const char *more) {
    char alphabet[96];
    snprintf(alphabet, sizeof alphabet, "%s%s", hostile_letters, more);
    if (chance_below(p->c, 8) == 0)
        kp_buf_str(p->text, "te5t");
    else {
        kp_buf_char(p->text, 'v');
        hostile_add_random(p->text, p->c, alphabet,
                           chance_below(p->c, 30) ? chance_below(p->c, 30) : chance_below(p->c, 900));
    }
    hidden(p);
}

static const char *const names[] = {"key",
                                    "KEY",
                                    "apikey",
                                    "api_key",
                                    "API-KEY",
                                    "clientKey",
                                    "ClientKey",
                                    "x-api-key",
                                    "secretKey",
                                    "access_key",
                                    "key_2",
                                    "authKey",
                                    "Key",
                                    "--api-key",
                                    "--key",
                                    "api_key_backup",
                                    "CAPTCHAAI_API_KEY_2",
                                    "private_key",
                                    "NOCAPTCHAAI_API_KEY_BACKUP",
                                    "proxyPassword",
                                    "Proxy_Login"};

static void bare_value(pieces *p) {
    static const char *const fronts[] = {"", "?", "&", "%26", "\\n", "a.", "$", "export ", "%3F", "\\u0026"};
    static const char *const separators[] = {"=",   ":",   ": ",      " = ",   "=>",  " => ",
                                             "%3D", "%3a", "\\u003d", "%253D", " :  "};
    both(p, ONE_OF(p->c, fronts));
    both(p, ONE_OF(p->c, names));
    both(p, ONE_OF(p->c, separators));
    add_value(p, "+/=.~!@$^*?-_");
    static const char *const ends[] = {"&x=1", "\n", " ", ",", ";", ")", "}", "|", "<", "\\n", "\t", "\"", "%26a"};
    both(p, ONE_OF(p->c, ends));
}

static void quoted_value(pieces *p) {
    static const struct {
        const char *before, *open, *close, *more;
    } ways[] = {
        {"\": ", "\"", "\"", " ,;&'"},
        {"':", "'", "'", " ,;&\""},
        {"\\\":", "\\\"", "\\\"", " ,;&'"},
        {"\"] => ", "\"", "\"", " ,'"},
        {"&quot;:", "&quot;", "&quot;", " ,;"},
        {"%22%3A", "%22", "%22", " ,;&"},
        {"\"]=>\n  ", "string(40) \"", "\"", " '"},
        {"=", "'", "'", " &;,\""},
        {"=", "b'", "'", " "},
        {"\\\\\\\":", "\\\\\\\"", "\\\\\\\"", " ',"},
        {"%2522%253A", "%2522", "%2522", " &,"},
        {"': [", "'", "'", " "},
    };
    size_t i = chance_below(p->c, sizeof ways / sizeof ways[0]);
    both(p, "\n");
    both(p, ONE_OF(p->c, names));
    both(p, ways[i].before);
    both(p, ways[i].open);
    add_value(p, ways[i].more);
    both(p, ways[i].close);
}

static void value_without_separator(pieces *p) {
    static const char *const fronts[] = {"apikey ",    "clientKey  ",     "--key ",
                                         "--api-key ", "--client-key   ", "ApiKey\t"};
    both(p, ONE_OF(p->c, fronts));
    add_value(p, "+/=-_");
    both(p, "\n");
}

static void credentials(pieces *p) {
    static const char *const fronts[] = {"Authorization: Bearer ",      "authorization: Basic ",
                                         "Proxy-Authorization: Basic ", "\"Authorization\": \"Token ",
                                         "'authorization': 'Bearer ",   "Authorization: Digest "};
    both(p, ONE_OF(p->c, fronts));
    add_value(p, "+/=-_.");
    both(p, "\n");
}

/* Users are spelt without y: one called "key" would make all behind the colon a value. */
static void login(pieces *p) {
    static const char *const fronts[] = {"http://", "socks5://",   "https:\\/\\/", "ftp%3A%2F%2F",
                                         "proxy=",  "proxy\": \"", "http_proxy: "};
    static const char *const colons[] = {":", "%3A"}, *const ats[] = {"@", "%40"};
    both(p, ONE_OF(p->c, fronts));
    hostile_add_random(p->text, p->c, "abcdefghikmnoprstuvABEIKMOP", 1 + chance_below(p->c, 9));
    kp_buf_str(p->text, ONE_OF(p->c, colons));
    hostile_add_random(p->text, p->c, "abcXYZ019-_.!~$;,(", chance_below(p->c, 30));
    hidden(p);
    both(p, ONE_OF(p->c, ats));
    both(p, "proxy.example.com\n");
}

static void digests(pieces *p) {
    static const size_t runs[] = {1, 8, 16, 30, 31, 33, 34, 40, 64, 128};
    size_t from = p->text->len;
    add_hex(p->text, p->c, runs[chance_below(p->c, 10)]);
    both_added(p, from);
}

static void uuid(pieces *p) {
    size_t from = p->text->len;
    for (int i = 0; i < 5; i++) {
        if (i)
            kp_buf_char(p->text, '-');
        add_hex(p->text, p->c, i == 0 ? 8 : i == 4 ? 12 : 4);
    }
    both_added(p, from);
}

static void exempt_hex(pieces *p) {
    static const char *const fronts[] = {
        "trace_id=",    "\"traceId\":\"",      "X-B3-TraceId: ", "ETag: \"",         "etag: W/\"", "md5: ",
        "Content-MD5=", "MD5 (a file.txt) = ", "MD5(x)= ",       "traceparent: 00-", "TraceID\t"};
    both(p, ONE_OF(p->c, fronts));
    size_t from = p->text->len;
    add_hex(p->text, p->c, 32);
    both_added(p, from);
}

static void traceparent(pieces *p) {
    size_t from = p->text->len;
    kp_buf_str(p->text, "00-");
    add_hex(p->text, p->c, 32);
    kp_buf_char(p->text, '-');
    add_hex(p->text, p->c, 16);
    kp_buf_str(p->text, "-01");
    both_added(p, from);
}

/* All of a key but its last or its first character, or one of them changed. */
static void near_miss(pieces *p) {
    size_t way = chance_below(p->c, 3), from = p->text->len;
    const char *key = p->keys->text[1]; /* no part of it is a key */
    kp_buf_add(p->text, key + (way == 1), 32 - (way < 2));
    if (way == 2)
        p->text->data[from + 8] = '_';
    both_added(p, from);
}

static void innocent_words(pieces *p) {
    static const char *const words[] = {"sitekey=6Lc_aCMTAAAAABx7u2N0D1XnVbI",
                                        "googlekey: abc",
                                        "monkey: business",
                                        "primary_key = 5",
                                        "public_key: abc",
                                        "keys: [a, b]",
                                        "the key of the matter",
                                        "turkey=1",
                                        "keyboard: de",
                                        "API_KEY_FILE=/run/secrets/x",
                                        "key=",
                                        "key: ",
                                        "\"key\":\"\"",
                                        "key=[REDACTED]",
                                        "\"apikey\": \"[REDACTED]\"",
                                        "\"key\":\"***ab12\"",
                                        "key: *** ",
                                        "key=***",
                                        "[REDACTED]",
                                        "http://example.com/a?b=c@d",
                                        "user@example.com",
                                        "ssh://git@example.com",
                                        "https://a.example:8080/x",
                                        "proxy=1.2.3.4:80",
                                        "%zz %4 \\u12 \\ &#; &amp; &lt;",
                                        "caf\xc3\xa9 \xff\xfe\x80",
                                        "2026-11-20T14:00:00.123Z INFO",
                                        "Authorization: ",
                                        "Authorization: Bearer [REDACTED]",
                                        "{\"status\":1,\"request\":\"OK|71234567890\"}",
                                        "tokens",
                                        "a:b",
                                        "http://[REDACTED]@host:1",
                                        "\\/in.php?a=b&json=1",
                                        "x://",
                                        "=",
                                        "key",
                                        "apikey",
                                        "--key\n",
                                        "===",
                                        "::",
                                        "\"\"\"\\\\"};
    both(p, ONE_OF(p->c, words));
}

static void any_bytes(pieces *p) {
    static const char safe[] = "\x01\x02\x7f\x80\xc3\xa9\xff\xfe !#$()*,./;?@^`{|}~";
    size_t from = p->text->len;
    for (size_t n = chance_below(p->c, 12); n > 0; n--)
        kp_buf_char(p->text, safe[chance_below(p->c, sizeof safe - 1)]);
    both_added(p, from);
}

static void nul_bytes(pieces *p) {
    for (size_t n = 1 + chance_below(p->c, 3); n > 0; n--) {
        kp_buf_char(p->text, '\0');
        kp_buf_char(p->truth, '\0');
    }
}

void hostile_text_make(const hostile_keys *keys, chance *c, kp_buf *text, kp_buf *truth) {
    static void (*const all[])(pieces *) = {known_key,
                                            known_key,
                                            known_key,
                                            keys_in_a_row,
                                            overlapping_keys,
                                            bare_hex,
                                            bare_value,
                                            bare_value,
                                            quoted_value,
                                            quoted_value,
                                            value_without_separator,
                                            credentials,
                                            login,
                                            digests,
                                            uuid,
                                            exempt_hex,
                                            traceparent,
                                            near_miss,
                                            innocent_words,
                                            innocent_words,
                                            any_bytes,
                                            nul_bytes};
    /* no name, no key and no hex goes on behind one of these, and no value begins with one */
    static const char *const between[] = {"\n", "\r\n", "\n\n", "\n(", "\n<", "\n\t", "\n  ", "\n- "};
    pieces p = {keys, c, text, truth};
    kp_buf_clear(text);
    kp_buf_clear(truth);
    for (size_t n = 1 + chance_below(c, 5) / 3 * (1 + chance_below(c, 2)); n > 0; n--) {
        all[chance_below(c, sizeof all / sizeof all[0])](&p);
        both(&p, ONE_OF(c, between));
    }
}

/* ---- Spoiling ---- */

static void insert(kp_buf *text, size_t at, const char *what, size_t len) {
    kp_buf rest;
    kp_buf_init(&rest, NULL);
    kp_buf_add(&rest, text->data + at, text->len - at);
    text->len = at;
    kp_buf_add(text, what, len);
    kp_buf_add(text, rest.data, rest.len);
    kp_buf_free(&rest);
}

static void cut(kp_buf *text, size_t at, size_t len) {
    len = len < text->len - at ? len : text->len - at;
    memmove(text->data + at, text->data + at + len, text->len - at - len);
    text->len -= len;
    text->data[text->len] = '\0';
}

void hostile_text_spoil(const hostile_keys *keys, chance *c, kp_buf *text) {
    static const char *const bits[] = {"key",
                                       "apikey",
                                       "=",
                                       ":",
                                       "\"",
                                       "'",
                                       "\\",
                                       "\\\\",
                                       "%",
                                       "%2",
                                       "%25",
                                       "%3D",
                                       "%22",
                                       "&quot;",
                                       "&",
                                       "&#",
                                       "@",
                                       "://",
                                       "\n",
                                       " ",
                                       "[REDACTED]",
                                       "***",
                                       "=>",
                                       "=>\n  string(3) \"",
                                       "proxy=",
                                       "u:p@",
                                       "\\u003d",
                                       "\\u00",
                                       "Authorization: Basic ",
                                       "00-",
                                       "md5",
                                       "etag=",
                                       "[",
                                       "]",
                                       "--",
                                       "backup",
                                       "_2",
                                       "%5D",
                                       "apikey ",
                                       "\r",
                                       "\t",
                                       "%26",
                                       "&amp;",
                                       ",",
                                       "{",
                                       "<",
                                       "b'"};
    for (size_t n = 1 + chance_below(c, 4); n > 0; n--) {
        size_t at = chance_below(c, text->len + 1), i = chance_below(c, HOSTILE_KEYS);
        size_t part = 1 + chance_below(c, keys->len[i]);
        const char *bit = ONE_OF(c, bits);
        switch (chance_below(c, 6)) {
        case 0: cut(text, at, 1 + chance_below(c, 3)); break;
        case 1: cut(text, at, chance_below(c, text->len + 1)); break;
        case 2: insert(text, at, keys->text[i], part); break;
        case 3: insert(text, at, "\0", 1); break;
        default: insert(text, at, bit, strlen(bit)); break;
        }
    }
}
