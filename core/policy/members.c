/* members.c: makes the list of key ring members, from the option "keys" or by default. */
#include "policy/members.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "policy/age.h"
#include "policy/keycheck.h"
#include "safe/arena.h"
#include "wire/json.h"

enum { MEMBERS_MAX = 64, ACCOUNT_MAX = 64, DEFAULT_MEMBERS = 10 };

/* One making of a list. */
typedef struct maker {
    const kp_provider *provider;
    kp_buf home; /* folder of relative json: paths */
    kp_members *out;
    kp_buf *problem;
    size_t item; /* of the option, for messages: 1 is the first */
} maker;

static int bad(maker *m, const char *sentence) {
    kp_buf_fmt(m->problem, "keys: item %zu: %s", m->item, sentence);
    return KP_E_CONFIG;
}

/* "primary", "backup", "key2", ... */
static void name_by_place(kp_member *member, size_t place) {
    if (place == 0)
        snprintf(member->name, sizeof member->name, "primary");
    else if (place == 1)
        snprintf(member->name, sizeof member->name, "backup");
    else
        snprintf(member->name, sizeof member->name, "key%zu", place);
}

static bool is_account(const char *text, size_t len) {
    if (len == 0 || len > ACCOUNT_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
            return false;
    return true;
}

/* The next member of the list, with room for its references. NULL when memory is short. */
static kp_member *add_member(maker *m, size_t references) {
    kp_member *member = &m->out->list[m->out->count];
    member->from = kp_zalloc(references, sizeof *member->from);
    if (!member->from)
        return NULL;
    name_by_place(member, m->out->count);
    member->not_after_ms = KP_NO_EXPIRY;
    m->out->count++;
    return member;
}

static int add_reference(maker *m, kp_member *member, const char *text, size_t len) {
    kp_buf sentence;
    kp_buf_init(&sentence, NULL);
    kp_keyref *ref = &member->from[member->from_count];
    int error = kp_keyref_parse(text, len, kp_buf_text(&m->home), ref, &sentence);
    if (!error)
        member->from_count++;
    else if (sentence.failed)
        error = KP_E_MEMORY;
    else if (error == KP_E_REFERENCE)
        kp_buf_fmt(m->problem, "keys: item %zu: %s", m->item, kp_buf_text(&sentence));
    kp_buf_free(&sentence);
    return error;
}

/* The text of a JSON string goes through safe memory: somebody may have put a key there by mistake. */
static int add_json_reference(maker *m, kp_member *member, kp_json value) {
    kp_buf text;
    if (value.type != KP_JSON_STRING)
        return bad(m, "a reference is a text, such as \"env:NAME\"");
    kp_buf_init(&text, &kp_safe);
    int error = KP_E_MEMORY;
    if (kp_json_string(value, &text) && !text.failed)
        error = add_reference(m, member, kp_buf_text(&text), text.len);
    kp_buf_free(&text);
    return error;
}

static size_t count_items(kp_json array) {
    size_t at = 0, count = 0;
    kp_json name, value;
    while (kp_json_next(array, &at, &name, &value))
        count++;
    return count;
}

static int add_from(maker *m, kp_json from, kp_member **out) {
    size_t at = 0, count = from.type == KP_JSON_ARRAY ? count_items(from) : 1;
    kp_json name, value;
    int error = 0;
    if (from.type == KP_JSON_NONE)
        return bad(m, "\"from\" is missing: the list of references of this member");
    if (count == 0)
        return bad(m, "\"from\" is an empty list");
    *out = add_member(m, count);
    if (!*out)
        return KP_E_MEMORY;
    if (from.type != KP_JSON_ARRAY)
        return add_json_reference(m, *out, from);
    while (!error && kp_json_next(from, &at, &name, &value))
        error = add_json_reference(m, *out, value);
    return error;
}

static int set_name(maker *m, kp_member *member, kp_json value) {
    kp_buf text;
    int error = 0;
    kp_buf_init(&text, NULL);
    if (value.type == KP_JSON_STRING && (!kp_json_string(value, &text) || text.failed))
        error = KP_E_MEMORY;
    else if (value.type != KP_JSON_STRING || !kp_is_held_name(kp_buf_text(&text), text.len))
        error = bad(m, "\"name\" is 1 to 32 letters, digits, '.', '_' or '-'");
    else if (kp_key_is_like(kp_buf_text(&text), text.len))
        error = bad(m, "\"name\" looks like a key itself; name the key by what it is for, such as \"primary\"");
    else
        memcpy(member->name, text.data, text.len + 1);
    kp_buf_free(&text);
    return error;
}

static int set_account(maker *m, kp_member *member, kp_json value) {
    kp_buf text;
    int error = 0;
    kp_buf_init(&text, NULL);
    if (value.type == KP_JSON_STRING && (!kp_json_string(value, &text) || text.failed))
        error = KP_E_MEMORY;
    else if (value.type != KP_JSON_STRING || !is_account(kp_buf_text(&text), text.len))
        error = bad(m, "\"account\" is a text of 1 to 64 characters");
    else
        member->account = kp_buf_take(&text);
    kp_buf_free(&text);
    return error;
}

static int set_not_after(maker *m, kp_member *member, kp_json value) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    const char *wrong = "it is a text";
    int error = 0;
    if (value.type == KP_JSON_STRING && (!kp_json_string(value, &text) || text.failed))
        error = KP_E_MEMORY;
    else if (value.type == KP_JSON_STRING)
        wrong = kp_not_after_parse(kp_buf_text(&text), text.len, &member->not_after_ms);
    kp_buf_free(&text);
    if (error || !wrong)
        return error;
    kp_buf_fmt(m->problem, "keys: item %zu: \"not_after\": %s", m->item, wrong);
    return KP_E_CONFIG;
}

static int set_window(maker *m, kp_member *member, kp_json value) {
    kp_buf text, wrong;
    kp_buf_init(&text, NULL);
    kp_buf_init(&wrong, NULL);
    int error = 0;
    if (value.type != KP_JSON_STRING)
        error = bad(m, "\"window\" is a text, such as \"Mon-Fri 09:00-17:00 Europe/Berlin\"");
    else if (!kp_json_string(value, &text) || text.failed)
        error = KP_E_MEMORY;
    else if ((error = kp_windows_parse(kp_buf_text(&text), text.len, &member->windows, &wrong)) == KP_E_CONFIG)
        kp_buf_fmt(m->problem, "keys: item %zu: \"window\": %s", m->item, kp_buf_text(&wrong));
    kp_buf_free(&text);
    kp_buf_free(&wrong);
    return error;
}

/* What a member can say besides "from". */
static const struct {
    const char *name;
    int (*set)(maker *, kp_member *, kp_json);
} fields[] = {
    {"from", NULL}, {"name", set_name}, {"account", set_account}, {"not_after", set_not_after}, {"window", set_window}};
enum { FIELDS = sizeof fields / sizeof fields[0] };

/* Says which name was meant. The name itself is not repeated: what resembles none could be a key. */
static int unknown_name(maker *m, kp_json raw_name) {
    const char *sentence = "a name that is not known; there are name, from, account, not_after and window";
    char near[64];
    kp_buf name;
    kp_buf_init(&name, &kp_safe);
    if (!kp_json_string(raw_name, &name) || name.failed) {
        kp_buf_free(&name);
        return KP_E_MEMORY;
    }
    for (size_t i = 0; i < FIELDS; i++)
        if (kp_distance(kp_buf_text(&name), fields[i].name, 2) <= 2) {
            snprintf(near, sizeof near, "a name that is not known; did you mean \"%s\"?", fields[i].name);
            sentence = near;
            break;
        }
    kp_buf_free(&name);
    return bad(m, sentence);
}

static bool is_field(kp_json name) {
    for (size_t i = 0; i < FIELDS; i++)
        if (kp_json_is(name, fields[i].name))
            return true;
    return false;
}

static int check_names(maker *m, kp_json object) {
    size_t at = 0;
    kp_json name, value;
    while (kp_json_next(object, &at, &name, &value))
        if (!is_field(name))
            return unknown_name(m, name);
    return 0;
}

static int add_object(maker *m, kp_json object) {
    kp_member *member = NULL;
    int error = check_names(m, object);
    if (!error)
        error = add_from(m, kp_json_get(object, "from"), &member);
    for (size_t i = 0; !error && i < FIELDS; i++) {
        kp_json value = kp_json_get(object, fields[i].name);
        if (fields[i].set && value.type != KP_JSON_NONE)
            error = fields[i].set(m, member, value);
    }
    return error;
}

static int add_item(maker *m, kp_json value) {
    kp_member *member;
    m->item++;
    if (value.type == KP_JSON_OBJECT)
        return add_object(m, value);
    if (value.type == KP_JSON_STRING)
        return add_from(m, value, &member);
    return bad(m, "neither a reference nor an object");
}

static int check_twice(maker *m) {
    const kp_member *list = m->out->list;
    for (size_t i = 0; i < m->out->count; i++)
        for (size_t j = 0; j < i; j++)
            if (kp_same(list[i].name, list[j].name)) {
                kp_buf_fmt(m->problem,
                           "keys: items %zu and %zu have the same name, %s; an item without a name is called by its "
                           "place: primary, backup, key2 and so on",
                           j + 1, i + 1, list[i].name);
                return KP_E_CONFIG;
            }
    return 0;
}

static int make_list(maker *m, size_t count) {
    m->out->list = kp_zalloc(count, sizeof *m->out->list);
    return m->out->list ? 0 : KP_E_MEMORY;
}

static int make_json(maker *m, const char *text, size_t len) {
    const char *problem = NULL;
    size_t at = 0;
    kp_json name, value, root = kp_json_parse(text, len, &problem);
    if (root.type == KP_JSON_NONE) {
        kp_buf_fmt(m->problem, "keys: %s", problem ? problem : "not valid JSON");
        return KP_E_CONFIG;
    }
    size_t count = root.type == KP_JSON_ARRAY ? count_items(root) : 1;
    if (count == 0 || count > MEMBERS_MAX) {
        kp_buf_str(m->problem, count == 0 ? "keys: the list is empty" : "keys: the list has more than 64 items");
        return KP_E_CONFIG;
    }
    int error = make_list(m, count);
    if (!error && root.type != KP_JSON_ARRAY)
        error = add_item(m, root);
    else
        while (!error && kp_json_next(root, &at, &name, &value))
            error = add_item(m, value);
    return error ? error : check_twice(m);
}

/* A reference without JSON around it. */
static int make_one(maker *m, const char *text, size_t len) {
    int error = make_list(m, 1);
    if (error)
        return error;
    m->item = 1;
    kp_member *member = add_member(m, 1);
    return member ? add_reference(m, member, text, len) : KP_E_MEMORY;
}

static int add_default(maker *m, kp_member *member, const char *head, const char *middle, const char *tail) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_fmt(&text, "%s%s%s", head, middle, tail);
    int error = text.failed ? KP_E_MEMORY : add_reference(m, member, kp_buf_text(&text), text.len);
    kp_buf_free(&text);
    return error;
}

static int add_default_member(maker *m, size_t place) {
    const kp_provider *p = m->provider;
    char suffix[24] = "";
    if (place == 1)
        snprintf(suffix, sizeof suffix, "_BACKUP");
    else if (place > 1)
        snprintf(suffix, sizeof suffix, "_%zu", place);
    kp_member *member = add_member(m, 5);
    if (!member)
        return KP_E_MEMORY;
    member->by_default = true;
    int error = add_default(m, member, "env:", p->key_env, suffix);
    if (!error && place == 0)
        error = add_default(m, member, "cred:", p->key_cred, "");
    if (!error && place == 0)
        error = add_default(m, member, "file:/run/secrets/", p->key_cred, "");
    if (!error)
        error = add_default(m, member, "dotenv:.env#", p->key_env, suffix);
    if (!error && place == 0)
        error = add_default(m, member, "json:~/", p->home, "/config.json#/api_key");
    return error;
}

static int make_defaults(maker *m) {
    int error = make_list(m, DEFAULT_MEMBERS);
    for (size_t place = 0; !error && place < DEFAULT_MEMBERS; place++)
        error = add_default_member(m, place);
    return error;
}

int kp_members_make(const kp_provider *provider, const char *keys_json, kp_members *out, kp_buf *problem) {
    if (!out)
        return KP_E_MISUSE;
    memset(out, 0, sizeof *out);
    if (!provider)
        return KP_E_MISUSE;
    maker m = {.provider = provider, .out = out, .problem = problem};
    const char *text = keys_json ? keys_json : "";
    size_t len = strlen(text);
    kp_trim(&text, &len);
    kp_buf_init(&m.home, NULL);
    kp_buf_fmt(&m.home, "~/%s", provider->home);
    int error;
    if (m.home.failed)
        error = KP_E_MEMORY;
    else if (len == 0)
        error = make_defaults(&m);
    else if (text[0] == '[' || text[0] == '{' || text[0] == '"')
        error = make_json(&m, text, len);
    else
        error = make_one(&m, text, len);
    kp_buf_free(&m.home);
    if (error)
        kp_members_free(out);
    return error;
}

void kp_members_free(kp_members *members) {
    if (!members)
        return;
    for (size_t i = 0; i < members->count; i++) {
        kp_member *member = &members->list[i];
        for (size_t j = 0; j < member->from_count; j++)
            kp_keyref_free(&member->from[j]);
        kp_free(member->from);
        kp_free(member->account);
        kp_windows_free(member->windows);
    }
    kp_free(members->list);
    memset(members, 0, sizeof *members);
}
