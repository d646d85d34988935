/* keyref_remote.c: takes references to stores over HTTP and to programs apart. */
#include <string.h>

#include "base/text.h"
#include "policy/keycheck.h"
#include "policy/keyref_parts.h"

enum { NAME_MAX_AWS = 2048, REGION_MAX = 40, STAGE_MAX = 256, SECRET_MAX = 255, WORDS_MAX = 64 };

static const char vault_form[] =
    "vault: needs a mount and a path of plain segments, such as vault://secret/captchaai or"
    " vault://secret/captchaai#api_key; a mount of several segments ends with two slashes";
static const char aws_form[] = "aws-sm: needs the name or ARN of a secret, such as aws-sm://captchaai/key or "
                               "aws-sm://captchaai/key?region=eu-west-1&stage=AWSCURRENT#api_key";
static const char gcp_form[] = "gcp-sm: needs project, secret and version, such as "
                               "gcp-sm://projects/my-project/secrets/captchaai/versions/latest";
static const char exec_form[] =
    "exec: needs a program and its arguments, such as exec:pass show captchaai; the program "
    "is an absolute path or a name without '/', and quotes come in pairs";

static bool all_of(const char *text, size_t len, const char *besides) {
    for (size_t i = 0; i < len; i++)
        if (!kp_is_alpha(text[i]) && !kp_is_digit(text[i]) && (!text[i] || !strchr(besides, text[i])))
            return false;
    return len > 0;
}

static bool skip(kp_ref_parts *p, const char *head) {
    size_t len = strlen(head);
    if (p->place_len < len || memcmp(p->place, head, len) != 0)
        return false;
    p->place += len;
    p->place_len -= len;
    return true;
}

/* Cuts the place at the first '#'. false: nothing stands behind it. */
static bool take_field(kp_ref_parts *p) {
    const char *hash = memchr(p->place, '#', p->place_len);
    if (!hash)
        return true;
    p->field = hash + 1;
    p->field_len = (size_t)(p->place + p->place_len - p->field);
    p->place_len = (size_t)(hash - p->place);
    return p->field_len > 0 && kp_utf8_valid(p->field, p->field_len);
}

/* Segments between slashes, none of them empty, "." or "..": a server or a proxy would read those as another path. */
static bool is_path(const char *text, size_t len) {
    const char *end = text + len;
    while (text <= end) {
        const char *slash = memchr(text, '/', (size_t)(end - text));
        size_t size = (size_t)((slash ? slash : end) - text);
        if (size == 0 || kp_same_n(text, size, ".") || kp_same_n(text, size, ".."))
            return false;
        if (!slash)
            return true;
        text = slash + 1;
    }
    return false;
}

static const char *take_vault(kp_ref_parts *p) {
    if (!skip(p, "//") || !take_field(p) || memchr(p->place, '?', p->place_len))
        return vault_form;
    if (!p->field) {
        p->field = "api_key";
        p->field_len = strlen(p->field);
    }
    const char *cut = memmem(p->place, p->place_len, "//", 2);
    size_t gap = cut ? 2 : 1;
    if (!cut)
        cut = memchr(p->place, '/', p->place_len);
    if (!cut)
        return vault_form;
    p->mount = p->place;
    p->mount_len = (size_t)(cut - p->place);
    p->place = cut + gap;
    p->place_len -= p->mount_len + gap;
    bool good = is_path(p->mount, p->mount_len) && is_path(p->place, p->place_len) &&
                kp_utf8_valid(p->mount, p->mount_len) && kp_utf8_valid(p->place, p->place_len);
    return good ? NULL : vault_form;
}

static bool take_option(kp_ref_parts *p, const char *text, size_t len) {
    const char *value = memchr(text, '=', len);
    if (!value)
        return false;
    size_t name_len = (size_t)(value - text);
    size_t value_len = len - name_len - 1;
    value++;
    if (kp_same_n(text, name_len, "region") && !p->region) {
        p->region = value;
        p->region_len = value_len;
        return value_len <= REGION_MAX && all_of(value, value_len, "-");
    }
    if (kp_same_n(text, name_len, "stage") && !p->stage) {
        p->stage = value;
        p->stage_len = value_len;
        return value_len <= STAGE_MAX && all_of(value, value_len, "/_+=.@-");
    }
    return false;
}

/* arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME */
static bool take_arn(kp_ref_parts *p) {
    const char *at = p->place, *end = p->place + p->place_len;
    for (int part = 0; part < 6; part++) {
        const char *colon = memchr(at, ':', (size_t)(end - at));
        size_t len = colon ? (size_t)(colon - at) : 0;
        if (!colon || (part == 2 && !kp_same_n(at, len, "secretsmanager")) ||
            (part == 5 && !kp_same_n(at, len, "secret")))
            return false;
        if (part == 3) {
            if (len > REGION_MAX || !all_of(at, len, "-"))
                return false;
            if (!p->region) {
                p->region = at;
                p->region_len = len;
            }
        }
        at = colon + 1;
    }
    return at < end;
}

static const char *take_aws(kp_ref_parts *p) {
    if (!skip(p, "//") || !take_field(p))
        return aws_form;
    const char *options = memchr(p->place, '?', p->place_len);
    size_t left = options ? (size_t)(p->place + p->place_len - options) : 0;
    p->place_len -= left;
    while (left > 0) { /* options is at '?' or '&' */
        const char *next = memchr(options + 1, '&', left - 1);
        size_t len = next ? (size_t)(next - options) : left;
        if (!take_option(p, options + 1, len - 1))
            return aws_form;
        options = next;
        left -= len;
    }
    if (p->place_len > NAME_MAX_AWS || !all_of(p->place, p->place_len, "/_+=.@-:"))
        return aws_form;
    bool arn = p->place_len > 4 && memcmp(p->place, "arn:", 4) == 0;
    bool good = arn ? take_arn(p) : !memchr(p->place, ':', p->place_len);
    return good ? NULL : aws_form;
}

static const char *take_gcp(kp_ref_parts *p) {
    static const char *const words[] = {"projects", NULL, "secrets", NULL, "versions", NULL};
    if (!skip(p, "//") || !take_field(p))
        return gcp_form;
    const char *at = p->place, *end = p->place + p->place_len;
    for (size_t i = 0; i < 6; i++) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        size_t len = (size_t)((slash ? slash : end) - at);
        if ((i < 5) != (slash != NULL) || len > SECRET_MAX)
            return gcp_form;
        bool good = words[i] ? kp_same_n(at, len, words[i]) : all_of(at, len, i == 1 ? "-_.:" : "-_");
        if (!good || kp_same_n(at, len, ".") || kp_same_n(at, len, ".."))
            return gcp_form;
        at += len + 1;
    }
    return NULL;
}

/* The word from *at on. 1: there was one; 0: there is none; -1: a quote without its pair. */
static int next_word(const char *text, size_t len, size_t *at, kp_buf *word) {
    size_t i = *at;
    while (i < len && kp_is_space(text[i]))
        i++;
    bool any = i < len;
    while (i < len && !kp_is_space(text[i])) {
        size_t run = 1;
        if (text[i] == '"' || text[i] == '\'') {
            const char *end = memchr(text + i + 1, text[i], len - i - 1);
            if (!end)
                return -1;
            run = (size_t)(end - text) - i - 1;
            if (word)
                kp_buf_add(word, text + i + 1, run);
            run += 2;
        } else if (word)
            kp_buf_char(word, text[i]);
        i += run;
    }
    *at = i;
    return any;
}

bool kp_exec_word(const char *place, size_t *at, kp_buf *word) {
    return place && at && next_word(place, strlen(place), at, word) == 1;
}

static const char *take_exec(kp_ref_parts *p) {
    size_t at = 0;
    int words = 0, got;
    while ((got = next_word(p->place, p->place_len, &at, NULL)) == 1)
        words++;
    if (got < 0 || words == 0 || words > WORDS_MAX)
        return exec_form;
    kp_trim(&p->place, &p->place_len);
    /* the program as it is written: one in quotes begins with them */
    const char *first = p->place;
    size_t len = 0;
    char quote = first[0] == '"' || first[0] == '\'' ? first[0] : 0;
    if (quote)
        first++;
    while (first + len < p->place + p->place_len && (quote ? first[len] != quote : !kp_is_space(first[len])))
        len++;
    bool path = memchr(first, '/', len) != NULL;
    bool rooted = len > 1 && (first[0] == '/' || (first[0] == '~' && first[1] == '/'));
    return len > 0 && (!path || rooted) ? NULL : exec_form;
}

const char *kp_ref_remote(kp_ref_parts *p) {
    switch (p->kind) {
    case KP_REF_VAULT: return take_vault(p);
    case KP_REF_AWS: return take_aws(p);
    case KP_REF_GCP: return take_gcp(p);
    default: return take_exec(p);
    }
}

/* Of exec: what has a '/' or a '-' is a path, an option, or the UUID of an entry in a password manager. */
static bool has_key_argument(const kp_ref_parts *p) {
    for (size_t at = 0; at < p->place_len;) {
        size_t start = at, len;
        while (at < p->place_len && !kp_is_space(p->place[at]))
            at++;
        len = at - start;
        if (!memchr(p->place + start, '/', len) && !memchr(p->place + start, '-', len) &&
            kp_key_is_like(p->place + start, len))
            return true;
        at++;
    }
    return false;
}

bool kp_ref_remote_is_key(const kp_ref_parts *p) {
    if (p->kind == KP_REF_EXEC)
        return has_key_argument(p);
    bool arn = p->kind == KP_REF_AWS && memchr(p->place, ':', p->place_len);
    return (p->field && kp_key_is_like(p->field, p->field_len)) ||
           (!arn && !memchr(p->place, '/', p->place_len) && kp_key_is_like(p->place, p->place_len));
}
