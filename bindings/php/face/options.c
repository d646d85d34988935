/* options.c: the configuration of a client: that of this machine, then what the caller gives. */
#include "face.h"

#include <SAPI.h>
#include <string.h>

/* Where options are being written: what stands for keys by value and for functions, and what tells two clients apart.
 */
typedef struct making {
    kpp_made *made;
    unsigned count;
    smart_str keys; /* ids of keys by value */
    bool asks;      /* functions are asked for their key at once */
} making;

/* ---- Members of the ring that are objects ---- */

static bool hold(const making *m, const char *name, const kpp_key *key) {
    if (kp_config_hold(m->made->config, name, key->secret) == 0)
        return true;
    kpp_throw_own("out_of_memory", "memory is short");
    return false;
}

/* Of a shared client, which outlives the function and all that it has captured: it is asked now, and two values are two
   clients. Throws, and gives false. */
static bool ask_now(making *m, zend_object *closure, const char *name) {
    zval function, key;
    ZVAL_OBJ_COPY(&function, closure);
    ZVAL_UNDEF(&key);
    call_user_function(NULL, NULL, &function, &key, 0, NULL);
    zval_ptr_dtor(&function);
    bool good = !EG(exception) && Z_TYPE(key) == IS_STRING;
    if (good) {
        kpp_key held = {.secret = kp_secret_new(Z_STRVAL(key), Z_STRLEN(key))};
        const kpp_part part = {Z_STRVAL(key), Z_STRLEN(key)};
        kpp_digest(&part, 1, held.id);
        smart_str_appendl(&m->keys, (const char *)held.id, sizeof held.id);
        good = kpp_has_memory(held.secret) && hold(m, name, &held);
        kp_secret_free(held.secret);
    } else if (!EG(exception))
        kpp_throw_own("bad_key", "the function that gives a key returned %s, not a string", zend_zval_type_name(&key));
    zval_ptr_dtor(&key);
    return good;
}

static bool write_key(kpp_writer *w, zend_object *object) {
    making *m = w->with;
    const kpp_key *key = kpp_key_of(object);
    char name[24];
    if (!key && object->ce != zend_ce_closure)
        return false;
    if (++m->count == 1)
        snprintf(name, sizeof name, "key");
    else
        snprintf(name, sizeof name, "key%u", m->count);
    smart_str_append_printf(&w->text, "\"%s:%s\"", key || m->asks ? "held" : "host", name);
    if (key) {
        smart_str_appendl(&m->keys, (const char *)key->id, sizeof key->id);
        return hold(m, name, key);
    }
    if (m->asks)
        return ask_now(m, object, name);
    zval function;
    ZVAL_OBJ_COPY(&function, object);
    if (!m->made->functions)
        m->made->functions = zend_new_array(2);
    zend_hash_str_update(m->made->functions, name, strlen(name), &function);
    return true;
}

/* ---- Loading ---- */

static bool right(const kp_config *config, int code) {
    if (code)
        kpp_throw_code(code, kp_config_problem(config));
    return code == 0;
}

static const char *host(void) {
    return sapi_module.name && strcmp(sapi_module.name, "fpm-fcgi") == 0 ? "php-fpm" : "php-cli";
}

kp_config *kpp_local_config(const char *path, bool local, int *code) {
    kp_config *config = kp_config_new();
    *code = kp_config_set(config, "host", host());
    if (config && *code == 0 && local)
        *code = kp_local_configure(config, path);
    return config;
}

/* "keys" of one member or of a list. */
static bool write_keys(kpp_writer *w, zval *one, zval *list) {
    smart_str_appends(&w->text, "{\"keys\":");
    if (one)
        smart_str_appendc(&w->text, '[');
    if (!kpp_write(w, one ? one : list, 1))
        return false;
    smart_str_appends(&w->text, one ? "]}" : "}");
    smart_str_0(&w->text);
    return true;
}

static bool load(kpp_writer *w, kp_config *config) {
    const char *json = w->text.s ? ZSTR_VAL(w->text.s) : "{}";
    return right(config, kp_config_load(config, json, strlen(json)));
}

static bool is_given(const zval *value) {
    return value && Z_TYPE_P(value) != IS_NULL;
}

/* A member of the array options, where the argument of that name was not given. */
static zval *option(const kpp_given *given, const char *name, zval *argument) {
    if (is_given(argument) || !given->options)
        return argument;
    return zend_hash_str_find_deref(Z_ARRVAL_P(given->options), name, strlen(name));
}

static bool is_key(const zval *value) {
    if (Z_TYPE_P(value) == IS_STRING || Z_TYPE_P(value) == IS_ARRAY)
        return true;
    return Z_TYPE_P(value) == IS_OBJECT && (Z_OBJCE_P(value) == kpp_key_ce || Z_OBJCE_P(value) == zend_ce_closure);
}

static bool is_log(zval *value) {
    if (Z_TYPE_P(value) != IS_OBJECT)
        return false;
    zend_string *name = zend_string_init(ZEND_STRL("Psr\\Log\\LoggerInterface"), 0);
    const zend_class_entry *logger = zend_lookup_class_ex(name, NULL, ZEND_FETCH_CLASS_NO_AUTOLOAD);
    zend_string_release(name);
    return Z_OBJCE_P(value) == zend_ce_closure || (logger && instanceof_function(Z_OBJCE_P(value), logger));
}

typedef struct settled {
    zval *key, *keys, *config, *log;
} settled;

static bool settle(const kpp_given *given, settled *s) {
    *s = (settled){option(given, "key", given->key), option(given, "keys", given->keys),
                   option(given, "config", given->config), option(given, "log", given->log)};
    const char *wrong = NULL;
    if (is_given(s->key) && is_given(s->keys))
        wrong = "give key, for one member, or keys, for a list of them; not both";
    else if (is_given(s->key) && !is_key(s->key))
        wrong = "key: a reference, a Keyplate\\Key, a closure or an array is expected";
    else if (is_given(s->keys) && (Z_TYPE_P(s->keys) != IS_ARRAY || !zend_array_is_list(Z_ARRVAL_P(s->keys))))
        wrong = "keys: a list is expected; one key alone is given as key";
    else if (is_given(s->config) && Z_TYPE_P(s->config) != IS_STRING && Z_TYPE_P(s->config) != IS_TRUE &&
             Z_TYPE_P(s->config) != IS_FALSE)
        wrong = "config: a path, true or false is expected";
    else if (is_given(s->config) && Z_TYPE_P(s->config) == IS_STRING &&
             strlen(Z_STRVAL_P(s->config)) != Z_STRLEN_P(s->config))
        wrong = "config: a path has no NUL byte in it";
    else if (is_given(s->log) && !is_log(s->log))
        wrong = "log: a closure or a Psr\\Log\\LoggerInterface is expected";
    if (wrong)
        kpp_throw_own("misuse", "%s", wrong);
    return !wrong;
}

/* The options without the members that are arguments as well. */
static HashTable *bare(const kpp_given *given, HashTable *options) {
    static const char *const own[] = {"key", "keys", "config", "log"};
    HashTable *rest = zend_array_dup(options);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        zend_hash_str_del(rest, own[i], strlen(own[i]));
    if (given->provider)
        zend_hash_str_del(rest, "provider", strlen("provider"));
    return rest;
}

static bool load_object(kpp_writer *w, const kpp_given *given, kp_config *config, HashTable *options) {
    kpp_writer_end(w);
    HashTable *rest = bare(given, options);
    bool ok = kpp_write_object(w, rest, NULL) && load(w, config);
    zend_array_release(rest);
    return ok;
}

static bool load_keys(kpp_writer *w, kp_config *config, const settled *s) {
    if (!is_given(s->key) && !is_given(s->keys))
        return true;
    kpp_writer_end(w);
    return write_keys(w, is_given(s->key) ? s->key : NULL, s->keys) && load(w, config);
}

static bool load_provider(kpp_writer *w, const kpp_given *given, kp_config *config) {
    zval provider;
    if (!given->provider)
        return true;
    if (strlen(ZSTR_VAL(given->provider)) != ZSTR_LEN(given->provider)) {
        kpp_throw_own("bad_config", "provider: a name has no NUL byte in it");
        return false;
    }
    ZVAL_STR(&provider, given->provider);
    kpp_writer_end(w);
    smart_str_appends(&w->text, "{\"provider\":");
    if (!kpp_write(w, &provider, 1))
        return false;
    smart_str_appendc(&w->text, '}');
    smart_str_0(&w->text);
    return load(w, config);
}

/* ---- What tells two clients apart ---- */

static void add_text(smart_str *all, const kpp_writer *w) {
    if (w->text.s)
        smart_str_append(all, w->text.s);
    smart_str_appendc(all, '\n');
}

static void name_it(const kpp_given *given, const settled *s, const making *m, smart_str *all, unsigned char *name) {
    char folder[MAXPATHLEN];
    if (!VCWD_GETCWD(folder, sizeof folder))
        folder[0] = '\0';
    const char *path = is_given(s->config) && Z_TYPE_P(s->config) == IS_STRING  ? Z_STRVAL_P(s->config)
                       : is_given(s->config) && Z_TYPE_P(s->config) == IS_FALSE ? "\n"
                                                                                : "";
    smart_str_0(all);
    const kpp_part parts[] = {
        {folder, strlen(folder)},
        {path, strlen(path)},
        {given->provider ? ZSTR_VAL(given->provider) : "", given->provider ? ZSTR_LEN(given->provider) : 0},
        {m->keys.s ? ZSTR_VAL(m->keys.s) : "", m->keys.s ? ZSTR_LEN(m->keys.s) : 0},
        {all->s ? ZSTR_VAL(all->s) : "", all->s ? ZSTR_LEN(all->s) : 0},
    };
    kpp_digest(parts, sizeof parts / sizeof parts[0], name);
}

bool kpp_configure(const kpp_given *given, kpp_made *made) {
    settled s;
    *made = (kpp_made){0};
    if (!settle(given, &s))
        return false;
    const bool local = !is_given(s.config) || Z_TYPE_P(s.config) != IS_FALSE;
    const bool has_path = is_given(s.config) && Z_TYPE_P(s.config) == IS_STRING;
    int code = 0;
    made->config = kpp_local_config(has_path ? Z_STRVAL_P(s.config) : NULL, local, &code);
    if (!kpp_has_memory(made->config) || !right(made->config, code))
        return false;
    made->log = is_given(s.log) ? s.log : NULL;
    making m = {made, 0, {0}, given->shared};
    kpp_writer w = {.what = "option", .special = write_key, .with = &m};
    smart_str all = {0};
    /* A profile among the options goes before what was loaded before it. */
    bool ok = load_provider(&w, given, made->config) && load_keys(&w, made->config, &s);
    add_text(&all, &w);
    ok = ok && (!given->options || load_object(&w, given, made->config, Z_ARRVAL_P(given->options)));
    add_text(&all, &w);
    ok = ok && (!given->more || load_object(&w, given, made->config, given->more));
    add_text(&all, &w);
    if (ok)
        name_it(given, &s, &m, &all, made->name);
    kpp_writer_end(&w);
    w.text = all;
    kpp_writer_end(&w);
    smart_str_free(&m.keys);
    return ok;
}

void kpp_made_end(kpp_made *made) {
    kp_config_free(made->config);
    if (made->functions)
        zend_array_release(made->functions);
    *made = (kpp_made){0};
}
