/* sigv4.c: writes the canonical request, the text to sign and the signature as AWS documents them ("Create a signed AWS
 * API request"). */
#include "wire/sigv4.h"

#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "safe/arena.h"
#include "safe/crypto.h"

static const char algorithm[] = "AWS4-HMAC-SHA256";

typedef struct span {
    const char *text;
    size_t len;
} span;

typedef struct pair {
    span name, value;
} pair;

static char *add_digits(char *at, int64_t number, int count) {
    for (int i = count - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + count;
}

void kp_sigv4_date(int64_t unix_ms, char out[KP_SIGV4_DATE_SIZE]) {
    enum { DAY_S = 86400 };
    static const int64_t last_s = 253402300799; /* of the year 9999 */
    int64_t seconds = unix_ms < 0 ? 0 : unix_ms / 1000;
    if (seconds > last_s)
        seconds = last_s;
    kp_date date = kp_date_of_day(seconds / DAY_S);
    int64_t in_day = seconds % DAY_S;
    char *at = add_digits(out, date.year, 4);
    at = add_digits(at, date.month, 2);
    at = add_digits(at, date.day, 2);
    *at++ = 'T';
    at = add_digits(at, in_day / 3600, 2);
    at = add_digits(at, in_day / 60 % 60, 2);
    at = add_digits(at, in_day % 60, 2);
    *at++ = 'Z';
    *at = '\0';
}

static void add_hash(kp_buf *out, const void *data, size_t len) {
    unsigned char digest[32];
    kp_sha256(data, len, digest);
    kp_add_hex(out, digest, sizeof digest);
}

/* ---- The path ---- */

static bool is_dots(span s, size_t count) {
    return s.len == count && memcmp(s.text, "..", count) == 0;
}

/* As RFC 3986, 5.2.4, has it, but without empty segments, and with a '/' at the end only where one was: so AWS's own
 * clients do it. */
static void add_normal_path(kp_buf *out, const char *path, size_t len) {
    const char *end = path + len;
    for (const char *at = path; at < end;) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        span s = {at, (size_t)((slash ? slash : end) - at)};
        at = slash ? slash + 1 : end;
        if (is_dots(s, 2)) {
            while (out->len > 0 && out->data[--out->len] != '/')
                continue;
        } else if (s.len > 0 && !is_dots(s, 1)) {
            kp_buf_char(out, '/');
            kp_buf_add(out, s.text, s.len);
        }
    }
    if (out->len == 0 || path[len - 1] == '/')
        kp_buf_char(out, '/');
}

/* Percent-encodes once more what is sent percent-encoded: that is the rule for all services but S3. */
static void add_path(kp_buf *out, const kp_sigv4 *s) {
    kp_buf normal;
    kp_buf_init(&normal, &kp_safe);
    if (s->keep_path && s->path_len > 0)
        kp_buf_add(&normal, s->path, s->path_len);
    else
        add_normal_path(&normal, s->path, s->path_len);
    const char *at = kp_buf_text(&normal), *end = at + normal.len;
    while (at < end) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        kp_add_percent(out, at, (size_t)((slash ? slash : end) - at));
        if (slash)
            kp_buf_char(out, '/');
        at = slash ? slash + 1 : end;
    }
    out->failed = out->failed || normal.failed;
    kp_buf_free(&normal);
}

/* ---- The query ---- */

/* What is percent-encoded already stays; the rest is encoded as AWS wants it. */
static span add_encoded(kp_buf *room, const char *text, size_t len) {
    size_t start = room->len;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '%' && len - i > 2 && kp_hex_value(text[i + 1]) >= 0 && kp_hex_value(text[i + 2]) >= 0)
            kp_buf_char(room, '%');
        else
            kp_add_percent(room, text + i, 1);
    }
    return (span){room->data ? room->data + start : "", room->len - start};
}

static int compare(span a, span b) {
    size_t least = a.len < b.len ? a.len : b.len;
    int order = least ? memcmp(a.text, b.text, least) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static bool comes_before(const pair *a, const pair *b) {
    int order = compare(a->name, b->name);
    return order < 0 || (order == 0 && compare(a->value, b->value) < 0);
}

/* Sorted as they are added: there are few. */
static void insert(pair *list, size_t count, pair p) {
    while (count > 0 && comes_before(&p, &list[count - 1])) {
        list[count] = list[count - 1];
        count--;
    }
    list[count] = p;
}

static bool add_query(kp_buf *out, const char *query, size_t len) {
    pair list[KP_SIGV4_PAIRS];
    size_t count = 0;
    kp_buf room;
    kp_buf_init(&room, &kp_safe);
    /* the spans point into the room, so it must not move */
    bool ok = len < SIZE_MAX / 16 && kp_buf_reserve(&room, len * 3 + 1);
    const char *end = query + len;
    for (const char *at = query; ok && at && at < end;) {
        const char *and = memchr(at, '&', (size_t)(end - at));
        size_t size = (size_t)((and? and : end) - at);
        const char *is = memchr(at, '=', size);
        pair p = {.name = add_encoded(&room, at, is ? (size_t)(is - at) : size)};
        p.value = is ? add_encoded(&room, is + 1, size - (size_t)(is + 1 - at)) : (span){"", 0};
        at = and? and+1 : end;
        if (size == 0)
            continue;
        ok = count < KP_SIGV4_PAIRS;
        if (ok)
            insert(list, count++, p);
    }
    for (size_t i = 0; ok && i < count; i++) {
        if (i > 0)
            kp_buf_char(out, '&');
        kp_buf_add(out, list[i].name.text, list[i].name.len);
        kp_buf_char(out, '=');
        kp_buf_add(out, list[i].value.text, list[i].value.len);
    }
    ok = ok && !room.failed;
    kp_buf_free(&room);
    return ok;
}

/* ---- The headers ---- */

static int compare_names(const char *a, const char *b) {
    size_t i = 0;
    while (a[i] && kp_lower(a[i]) == kp_lower(b[i]))
        i++;
    return (unsigned char)kp_lower(a[i]) - (unsigned char)kp_lower(b[i]);
}

/* In order of their names; those of one name stay as they stand. */
static bool sort_headers(const kp_sigv4 *s, const kp_sigv4_header **sorted) {
    if (s->header_count > KP_SIGV4_HEADERS)
        return false;
    for (size_t i = 0; i < s->header_count; i++) {
        const kp_sigv4_header *h = &s->header[i];
        if (!h->name || !h->value)
            return false;
        size_t at = i;
        for (; at > 0 && compare_names(h->name, sorted[at - 1]->name) < 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = h;
    }
    return true;
}

static void add_lower(kp_buf *out, const char *text) {
    for (; *text; text++)
        kp_buf_char(out, kp_lower(*text));
}

/* Blanks at the ends go, and several in a row become one. */
static void add_value(kp_buf *out, const char *text) {
    bool blank = false, any = false;
    for (; *text; text++) {
        if (kp_is_space(*text)) {
            blank = any;
            continue;
        }
        if (blank)
            kp_buf_char(out, ' ');
        kp_buf_char(out, *text);
        blank = false;
        any = true;
    }
}

static void add_headers(kp_buf *out, const kp_sigv4_header *const *sorted, size_t count) {
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && compare_names(sorted[i]->name, sorted[i - 1]->name) == 0;
        if (again)
            kp_buf_char(out, ',');
        else {
            if (i > 0)
                kp_buf_char(out, '\n');
            add_lower(out, sorted[i]->name);
            kp_buf_char(out, ':');
        }
        add_value(out, sorted[i]->value);
    }
    kp_buf_char(out, '\n');
}

static void add_names(kp_buf *out, const kp_sigv4_header *const *sorted, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && compare_names(sorted[i]->name, sorted[i - 1]->name) == 0)
            continue;
        if (i > 0)
            kp_buf_char(out, ';');
        add_lower(out, sorted[i]->name);
    }
}

/* ---- The signature ---- */

bool kp_sigv4_canonical(const kp_sigv4 *s, kp_buf *out) {
    const kp_sigv4_header *sorted[KP_SIGV4_HEADERS];
    if (!s || !out || !s->method || !s->path || !sort_headers(s, sorted))
        return false;
    kp_buf_str(out, s->method);
    kp_buf_char(out, '\n');
    add_path(out, s);
    kp_buf_char(out, '\n');
    if (!add_query(out, s->query, s->query ? s->query_len : 0))
        return false;
    kp_buf_char(out, '\n');
    add_headers(out, sorted, s->header_count);
    kp_buf_char(out, '\n');
    add_names(out, sorted, s->header_count);
    kp_buf_char(out, '\n');
    add_hash(out, s->body, s->body_len);
    return !out->failed;
}

/* 20150830/us-east-1/service/aws4_request */
static void add_scope(kp_buf *out, const kp_sigv4 *s, const char *date) {
    kp_buf_add(out, date, 8);
    kp_buf_char(out, '/');
    kp_buf_str(out, s->region);
    kp_buf_char(out, '/');
    kp_buf_str(out, s->service);
    kp_buf_str(out, "/aws4_request");
}

static void chain(unsigned char key[32], const char *text, size_t len) {
    unsigned char next[32];
    kp_hmac_sha256(key, 32, text, len, next);
    memcpy(key, next, 32);
    kp_wipe(next, sizeof next);
}

static bool add_signature(const kp_sigv4 *s, const char *date, const kp_buf *to_sign, kp_buf *out) {
    unsigned char key[32];
    kp_buf first;
    kp_buf_init(&first, &kp_safe);
    kp_buf_str(&first, "AWS4");
    kp_buf_add(&first, s->secret, s->secret_len);
    bool ok = !first.failed && !to_sign->failed;
    kp_hmac_sha256(first.data, first.len, date, 8, key);
    kp_buf_free(&first);
    chain(key, s->region, strlen(s->region));
    chain(key, s->service, strlen(s->service));
    chain(key, "aws4_request", strlen("aws4_request"));
    chain(key, kp_buf_text(to_sign), to_sign->len);
    if (ok)
        kp_add_hex(out, key, sizeof key);
    kp_wipe(key, sizeof key);
    return ok && !out->failed;
}

bool kp_sigv4_authorization(const kp_sigv4 *s, kp_buf *out) {
    const kp_sigv4_header *sorted[KP_SIGV4_HEADERS];
    if (!s || !out || !s->region || !s->service || !s->access_id || !s->secret || !sort_headers(s, sorted))
        return false;
    char date[KP_SIGV4_DATE_SIZE];
    kp_sigv4_date(s->unix_ms, date);
    kp_buf canonical, to_sign;
    kp_buf_init(&canonical, &kp_safe);
    kp_buf_init(&to_sign, &kp_safe);
    bool ok = kp_sigv4_canonical(s, &canonical);
    kp_buf_str(&to_sign, algorithm);
    kp_buf_char(&to_sign, '\n');
    kp_buf_str(&to_sign, date);
    kp_buf_char(&to_sign, '\n');
    add_scope(&to_sign, s, date);
    kp_buf_char(&to_sign, '\n');
    add_hash(&to_sign, canonical.data, canonical.len);
    kp_buf_str(out, algorithm);
    kp_buf_str(out, " Credential=");
    kp_buf_str(out, s->access_id);
    kp_buf_char(out, '/');
    add_scope(out, s, date);
    kp_buf_str(out, ", SignedHeaders=");
    add_names(out, sorted, s->header_count);
    kp_buf_str(out, ", Signature=");
    ok = ok && add_signature(s, date, &to_sign, out);
    kp_buf_free(&canonical);
    kp_buf_free(&to_sign);
    return ok && !out->failed;
}
