/* keyref.c: takes references to keys apart, and tells the writer of a wrong one what to write, never what was written.
 */
#include "policy/keyref.h"

#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "policy/keycheck.h"
#include "policy/keyref_parts.h"

#define TEXT_MAX 4096
#define WORD_MAX 12

typedef struct scheme {
    const char *word;
    kp_ref_kind kind;
    bool internal; /* programs write it; it is suggested to nobody */
} scheme;

static const scheme schemes[] = {
    {"env", KP_REF_ENV, false},    {"dotenv", KP_REF_DOTENV, false}, {"file", KP_REF_FILE, false},
    {"cred", KP_REF_CRED, false},  {"json", KP_REF_JSON, false},     {"fd", KP_REF_FD, false},
    {"held", KP_REF_HELD, true},   {"host", KP_REF_HOST, true},      {"vault", KP_REF_VAULT, false},
    {"aws-sm", KP_REF_AWS, false}, {"gcp-sm", KP_REF_GCP, false},    {"exec", KP_REF_EXEC, false},
};

#define SCHEMES (sizeof schemes / sizeof schemes[0])

/* The scheme in front of ':' with ASCII case aside, or the nearest by spelling; *exact is true when it is written as it
 * must be. NULL when the text resembles none. */
static const scheme *find_scheme(const char *text, size_t len, bool *exact) {
    char word[WORD_MAX + 1];
    const char *colon = memchr(text, ':', len);
    size_t word_len = colon ? (size_t)(colon - text) : 0;
    *exact = false;
    if (word_len == 0 || word_len > WORD_MAX || memchr(text, 0, word_len))
        return NULL;
    for (size_t i = 0; i < word_len; i++)
        word[i] = kp_lower(text[i]);
    word[word_len] = 0;
    const scheme *best = NULL;
    size_t best_distance = 0;
    for (size_t i = 0; i < SCHEMES; i++) {
        size_t limit = schemes[i].internal ? 0 : strlen(schemes[i].word) < 5 ? 1 : 2;
        size_t distance = kp_distance(word, schemes[i].word, limit);
        if (distance <= limit && (!best || distance < best_distance)) {
            best = &schemes[i];
            best_distance = distance;
        }
    }
    *exact = best && kp_same_n(text, word_len, best->word);
    return best && best->internal && !*exact ? NULL : best;
}

static int no_reference(const char *text, size_t len, const scheme *near, kp_buf *problem) {
    if (near)
        kp_buf_fmt(problem, "a reference begins with a word that is not known; did you mean '%s:', in lower case?",
                   near->word);
    else if (len > 0 && (text[0] == '/' || (len > 1 && (text[0] == '.' || text[0] == '~') && text[1] == '/')))
        kp_buf_str(problem, "a path alone is no reference to a key; write file: in front of it");
    else
        kp_buf_str(problem,
                   "this is no reference to a key; if it is a key itself, take it out, because keys are never given"
                   " as text: write where the key is, such as env:NAME or file:PATH");
    return KP_E_REFERENCE;
}

static int refuse(kp_buf *problem, const char *sentence) {
    kp_buf_str(problem, sentence);
    return KP_E_REFERENCE;
}

static bool is_variable(const char *text, size_t len) {
    if (len == 0 || kp_is_digit(text[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!kp_is_alpha(text[i]) && !kp_is_digit(text[i]) && text[i] != '_')
            return false;
    return true;
}

bool kp_is_held_name(const char *text, size_t len) {
    if (!text || len == 0 || len > 32)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!kp_is_alpha(text[i]) && !kp_is_digit(text[i]) && text[i] != '.' && text[i] != '_' && text[i] != '-')
            return false;
    return true;
}

static bool is_credential(const char *text, size_t len) {
    return len > 0 && len <= 255 && !memchr(text, '/', len) && !kp_same_n(text, len, ".") &&
           !kp_same_n(text, len, "..");
}

/* RFC 6901: '/' first, and each '~' followed by 0 or 1. */
static bool is_pointer(const char *text, size_t len) {
    if (len == 0 || text[0] != '/')
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] == '~' && (i + 1 == len || (text[i + 1] != '0' && text[i + 1] != '1')))
            return false;
    return true;
}

static void split(kp_ref_parts *p, const char *hash) {
    if (!hash)
        return;
    p->field = hash + 1;
    p->field_len = (size_t)(p->place + p->place_len - p->field);
    p->place_len = (size_t)(hash - p->place);
}

static int check_dotenv(kp_ref_parts *p, kp_buf *problem) {
    /* The last '#': a path can have one, the name of a variable cannot. */
    split(p, memrchr(p->place, '#', p->place_len));
    if (!p->field || p->place_len == 0 || !is_variable(p->field, p->field_len))
        return refuse(problem, "dotenv: needs a path, '#' and the name of a variable, such as dotenv:.env#NAME");
    return 0;
}

static int check_json(kp_ref_parts *p, kp_buf *problem) {
    split(p, memchr(p->place, '#', p->place_len));
    if (!p->field) {
        p->field = "/api_key";
        p->field_len = strlen(p->field);
    }
    if (p->place_len == 0 || !is_pointer(p->field, p->field_len))
        return refuse(problem, "json: needs a path and, behind '#', a JSON pointer, such as json:config.json#/api_key");
    return 0;
}

static int check_fd(const kp_ref_parts *p, kp_buf *problem) {
    int64_t number;
    if (p->place_len == 0 || p->place[0] == '0' || !kp_parse_i64(p->place, p->place_len, &number) || number <= 2 ||
        number > INT_MAX)
        return refuse(problem, "fd: needs the number of an open file descriptor above 2, such as fd:3");
    return 0;
}

static int check(kp_ref_parts *p, kp_buf *problem) {
    switch (p->kind) {
    case KP_REF_ENV:
        if (is_variable(p->place, p->place_len))
            return 0;
        return refuse(problem,
                      "env: needs the name of a variable: letters, digits and '_', such as env:CAPTCHAAI_API_KEY");
    case KP_REF_FILE:
        return p->place_len > 0 ? 0 : refuse(problem, "file: needs a path, such as file:/run/secrets/captchaai_key");
    case KP_REF_CRED:
        if (is_credential(p->place, p->place_len))
            return 0;
        return refuse(problem, "cred: needs the name of a systemd credential, such as cred:captchaai_key");
    case KP_REF_DOTENV: return check_dotenv(p, problem);
    case KP_REF_JSON: return check_json(p, problem);
    case KP_REF_FD: return check_fd(p, problem);
    case KP_REF_HELD:
    case KP_REF_HOST:
        if (kp_is_held_name(p->place, p->place_len))
            return 0;
        return refuse(problem, "held: and host: need the name under which the program hands the key in: 1 to 32 "
                               "letters, digits, '.', '_' or '-'");
    case KP_REF_VAULT:
    case KP_REF_AWS:
    case KP_REF_GCP:
    case KP_REF_EXEC: {
        const char *sentence = kp_ref_remote(p);
        return sentence ? refuse(problem, sentence) : 0;
    }
    }
    return KP_E_INTERNAL;
}

/* A shell writes the key itself for env:$NAME. A path may well have such a name in it: only one without '/' is looked
 * at.
 */
static bool is_key_itself(const kp_ref_parts *p) {
    if (p->kind >= KP_REF_VAULT)
        return kp_ref_remote_is_key(p);
    bool is_path = memchr(p->place, '/', p->place_len) != NULL;
    return (!is_path && kp_key_is_like(p->place, p->place_len)) ||
           (p->kind == KP_REF_DOTENV && kp_key_is_like(p->field, p->field_len));
}

/* The place as it is read: a relative json: path is in the provider's folder. */
static char *make_place(const kp_ref_parts *p, const char *json_home) {
    bool relative = p->place[0] != '/' && !(p->place_len > 1 && p->place[0] == '~' && p->place[1] == '/');
    if (p->kind != KP_REF_JSON || !relative || !json_home)
        return kp_strndup(p->place, p->place_len);
    kp_buf path;
    kp_buf_init(&path, NULL);
    kp_buf_str(&path, json_home);
    kp_buf_char(&path, '/');
    kp_buf_add(&path, p->place, p->place_len);
    return kp_buf_take(&path);
}

static bool copy(char **to, const char *text, size_t len) {
    *to = text ? kp_strndup(text, len) : NULL;
    return *to || !text;
}

int kp_keyref_parse(const char *text, size_t len, const char *json_home, kp_keyref *out, kp_buf *problem) {
    bool exact;
    if (!out)
        return KP_E_MISUSE;
    memset(out, 0, sizeof *out);
    if (!text || len == 0)
        return refuse(problem, "a reference to a key is empty; write where the key is, such as env:NAME or file:PATH");
    if (len > TEXT_MAX)
        return refuse(problem, "a reference to a key is longer than 4096 characters");
    const scheme *s = find_scheme(text, len, &exact);
    if (!s || !exact)
        return no_reference(text, len, s, problem);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
            return refuse(problem, "a reference to a key has a control character in it, such as a line end");

    size_t head = strlen(s->word) + 1;
    kp_ref_parts p = {.kind = s->kind, .place = text + head, .place_len = len - head};
    int error = check(&p, problem);
    if (error)
        return error;
    if (is_key_itself(&p))
        return refuse(problem, "what follows the ':' looks like a key itself, not like the name of its place; write the"
                               " name without '$', such as env:CAPTCHAAI_API_KEY, and if the key was shown anywhere,"
                               " make a new one");
    out->kind = p.kind;
    out->place = make_place(&p, json_home);
    out->text = kp_strndup(text, len);
    bool copied = out->place && out->text && copy(&out->field, p.field, p.field_len) &&
                  copy(&out->mount, p.mount, p.mount_len) && copy(&out->region, p.region, p.region_len) &&
                  copy(&out->stage, p.stage, p.stage_len);
    if (copied)
        return 0;
    kp_keyref_free(out);
    return KP_E_MEMORY;
}

void kp_keyref_free(kp_keyref *ref) {
    if (!ref)
        return;
    kp_free(ref->place);
    kp_free(ref->field);
    kp_free(ref->text);
    kp_free(ref->mount);
    kp_free(ref->region);
    kp_free(ref->stage);
    memset(ref, 0, sizeof *ref);
}
