/* config.c: sets, checks and gives options. */
#include "engine/config.h"

#include <stdarg.h>
#include <string.h>

#include "base/decimal.h"
#include "base/error.h"
#include "base/text.h"
#include "base/url.h"
#include "base/when.h"
#include "policy/keycheck.h"
#include "policy/keyref.h"
#include "safe/arena.h"
#include "safe/known.h"

typedef enum {
    WORD,
    KEYS,
    BASE_URL,
    TEXT,
    DURATION,
    PROXY,
    ADDRESS,
    SIZE,
    FLAG,
    STORE,
    REFERENCE,
    NAME,
    PROFILES,
    MONEY,
    OBJECT,
    AMOUNTS
} option_type;

static const char *const type_names[] = {"word",    "list",    "URL",    "text",  "duration",  "URL",
                                         "address", "number",  "flag",   "store", "reference", "name",
                                         "object",  "dollars", "object", "list"};

typedef struct {
    const char *name;
    option_type type;
    const char *fallback;
    uint64_t low, high;
    const char *range;
    const char *text;
} option_row;

static const option_row rows[KP_OPTIONS] = {
#define X(symbol, name, type, fallback, low, high, range, text) {name, type, fallback, low, high, range, text},
#include "engine/option_list.h"
#undef X
};

kp_config *kp_config_new(void) {
    kp_config *config = kp_zalloc(1, sizeof *config);
    if (config)
        kp_buf_init(&config->problem, NULL);
    return config;
}

/* Values can hold the credentials of a proxy. */
static char *copy_value(const char *value) {
    size_t size = strlen(value) + 1;
    char *copy = kp_safe_alloc(size);
    if (copy)
        memcpy(copy, value, size);
    return copy;
}

void kp_config_free(kp_config *config) {
    if (!config)
        return;
    for (size_t i = 0; i < KP_OPTIONS; i++)
        kp_safe_free(config->value[i]);
    kp_held_free(config->held);
    kp_buf_free(&config->problem);
    kp_free(config);
}

int kp_config_fail(kp_config *config, const char *format, ...) {
    if (!config)
        return KP_E_MISUSE;
    if (config->error)
        return KP_E_CONFIG;
    /* Masked whole: half a key that a cut leaves over would not be known any more. */
    kp_buf line;
    va_list args;
    kp_buf_init(&line, &kp_safe);
    va_start(args, format);
    kp_buf_vfmt(&line, format, args);
    va_end(args);
    config->error = KP_E_CONFIG;
    kp_known_mask(&config->problem, kp_buf_text(&line), line.len);
    config->out_of_memory = config->out_of_memory || line.failed || config->problem.failed;
    kp_buf_free(&line);
    return KP_E_CONFIG;
}

int kp_config_no_memory(kp_config *config) {
    config->out_of_memory = true;
    return KP_E_MEMORY;
}

int kp_config_find(const char *name) {
    for (int i = 0; name && i < KP_OPTIONS; i++)
        if (strcmp(rows[i].name, name) == 0)
            return i;
    return -1;
}

/* A name that is neither close to an option nor a plain word may be a key that somebody put there by mistake: it is not
   repeated. */
static bool is_plain_word(const char *name) {
    size_t len = strlen(name);
    return len <= 24 && strspn(name, "abcdefghijklmnopqrstuvwxyz._") == len;
}

static bool has_control(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

static int unknown_name(kp_config *config, const char *name) {
    const char *nearest = NULL;
    size_t best = 4;
    for (size_t i = 0; i < KP_OPTIONS; i++) {
        size_t distance = kp_distance(name, rows[i].name, 3);
        if (distance < best) {
            best = distance;
            nearest = rows[i].name;
        }
    }
    if (nearest && has_control(name)) /* a terminal might obey it */
        return kp_config_fail(config, "there is no option of the name given; did you mean '%s'?", nearest);
    if (nearest)
        return kp_config_fail(config, "there is no option '%s'; did you mean '%s'?", name, nearest);
    if (is_plain_word(name))
        return kp_config_fail(config, "there is no option '%s'; 'keyplate help config' lists them all", name);
    return kp_config_fail(config, "there is no option of the name given; 'keyplate help config' lists them all");
}

static bool is_word_of(const char *list, const char *word) {
    size_t len = strlen(word);
    for (const char *at = list; len && *at;) {
        size_t n = strcspn(at, " ");
        if (n == len && memcmp(at, word, n) == 0)
            return true;
        at += n + (at[n] == ' ');
    }
    return false;
}

static bool is_address(const char *text) {
    size_t len = strlen(text);
    bool v6 = strchr(text, ':') != NULL;
    const char *allowed = v6 ? "0123456789abcdefABCDEF:." : "0123456789.";
    return len >= 2 && len <= 45 && strspn(text, allowed) == len && (v6 || strchr(text, '.'));
}

/* NULL if a proxy URL can be used, else why not. Its password is made known, so that no text ever shows it. */
static const char *proxy_problem(const char *value) {
    static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://"};
    const char *rest = NULL;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (kp_starts(value, schemes[i]))
            rest = value + strlen(schemes[i]);
    if (!rest)
        return "it must begin with http://, https://, socks5:// or socks5h://";
    const char *at = strrchr(rest, '@');
    const char *host = at ? at + 1 : rest;
    const char *colon = at ? memchr(rest, ':', (size_t)(at - rest)) : NULL;
    if (colon && at - colon > 1 && !kp_known_add(colon + 1, (size_t)(at - colon - 1)))
        return "memory is short";
    size_t host_len = strcspn(host, "/?#");
    if (host_len == 0 || host[host_len + (host[host_len] == '/')] != '\0')
        return "it must be scheme, host and port, nothing behind";
    return NULL;
}

/* NULL if a store's text can be used as far as its form tells, else why not. A password in it is made known. */
static const char *store_problem(const char *value) {
    const char *rest = kp_starts(value, "redis") ? strstr(value, "://") : NULL;
    const char *at = rest ? memrchr(rest + 3, '@', strcspn(rest + 3, "/")) : NULL;
    const char *colon = at ? memchr(rest + 3, ':', (size_t)(at - rest) - 3) : NULL;
    if (!colon)
        return NULL;
    if (at - colon > 1 && !kp_known_add(colon + 1, (size_t)(at - colon - 1)))
        return "memory is short";
    return "it has a password in it; take it out, and name its place in the option redis.password";
}

/* The same of a reference. What is none may be the secret itself. */
static const char *reference_problem(const char *value) {
    kp_keyref ref;
    int error = kp_keyref_parse(value, strlen(value), NULL, &ref, NULL);
    kp_keyref_free(&ref);
    if (!error)
        return NULL;
    if (error == KP_E_MEMORY || !kp_known_add(value, strlen(value)))
        return "memory is short";
    return "it is no reference such as env:NAME or file:PATH; the secret itself does not belong there";
}

static bool is_json(const option_row *row) {
    return row->type == KEYS || row->type == PROFILES || row->type == OBJECT || row->type == AMOUNTS;
}

bool kp_config_is_json(int i) {
    return i >= 0 && i < KP_OPTIONS && is_json(&rows[i]);
}

/* NULL if the value suits the type, else why not. What is in it is looked at by those who use it. */
static const char *json_problem(const char *value, kp_json_type type, const char *range) {
    const char *problem = NULL;
    kp_json root = kp_json_parse(value, strlen(value), &problem);
    return problem ? problem : root.type == type ? NULL : range;
}

static const char *money_problem(const char *value, size_t len, const char *range) {
    int64_t micro = 0;
    return kp_parse_dollars(value, len, &micro) && micro >= 1 ? NULL : range;
}

/* NULL if the value suits the type, else why not. */
static const char *value_problem(const option_row *row, const char *value) {
    uint64_t number = 0;
    int64_t size = 0;
    size_t len = strlen(value);
    if (!is_json(row) && has_control(value))
        return "it has a control character in it";
    if (len == 0)
        return row->type == WORD || row->type == FLAG || row->type == BASE_URL || row->type == SIZE ? "it is empty"
                                                                                                    : NULL;
    switch (row->type) {
    case WORD: return is_word_of(row->range, value) ? NULL : row->range;
    case FLAG: return is_word_of("true false 1 0 yes no", value) ? NULL : row->range;
    case DURATION:
        if (!kp_parse_duration(value, len, &number))
            return "it is no duration such as 30, 1.5s, 500ms or 2m";
        return number < row->low || number > row->high ? row->range : NULL;
    case SIZE:
        if (!kp_parse_i64(value, len, &size) || size < 0 || (uint64_t)size < row->low || (uint64_t)size > row->high)
            return row->range;
        return NULL;
    case ADDRESS: return is_address(value) ? NULL : row->range;
    case PROXY: return proxy_problem(value);
    case STORE: return store_problem(value);
    case REFERENCE: return reference_problem(value);
    case NAME:
        if (kp_key_is_like(value, len))
            return "it looks like a key itself";
        return kp_is_held_name(value, len) ? NULL : row->range;
    case PROFILES: return kp_profiles_problem(value);
    case MONEY: return money_problem(value, len, row->range);
    case OBJECT: return json_problem(value, KP_JSON_OBJECT, row->range);
    case AMOUNTS: return json_problem(value, KP_JSON_ARRAY, row->range);
    case KEYS:
    case BASE_URL:
    case TEXT: return NULL;
    }
    return NULL;
}

int kp_config_set(kp_config *config, const char *name, const char *value) {
    if (!config || !name || !value)
        return KP_E_MISUSE;
    int i = kp_config_find(name);
    if (i < 0)
        return unknown_name(config, name);
    const char *why = value_problem(&rows[i], value);
    if (why)
        return kp_config_fail(config, "option %s cannot have this value: %s", name, why);
    char *copy = copy_value(value);
    if (!copy)
        return kp_config_no_memory(config);
    kp_safe_free(config->value[i]);
    config->value[i] = copy;
    if (!config->loading)
        config->calls++;
    config->set_at[i] = config->calls;
    return KP_OK;
}

int kp_config_hold(kp_config *config, const char *name, const kp_secret *secret) {
    if (!config || !name || !secret)
        return KP_E_MISUSE;
    if (!kp_is_held_name(name, strlen(name)))
        return kp_config_fail(config, "the name of a key by value is 1 to 32 letters, digits, '.', '_' or '-'");
    return kp_held_add(&config->held, name, secret) ? KP_OK : kp_config_no_memory(config);
}

const char *kp_config_problem(const kp_config *config) {
    if (!config)
        return "there is no configuration";
    return config->out_of_memory ? "memory is short" : kp_buf_text(&config->problem);
}

const char *kp_config_value(const kp_config *config, kp_option i) {
    return config && config->value[i] ? config->value[i] : rows[i].fallback;
}

const char *kp_config_get(const kp_config *config, const char *name) {
    int i = kp_config_find(name);
    return config && i >= 0 ? kp_config_value(config, (kp_option)i) : NULL;
}

static bool read_number(const kp_config *config, kp_option i, uint64_t *number) {
    const char *value = kp_config_value(config, i);
    int64_t size = 0;
    if (rows[i].type == DURATION)
        return kp_parse_duration(value, strlen(value), number);
    if (rows[i].type != SIZE || !kp_parse_i64(value, strlen(value), &size) || size < 0)
        return false;
    *number = (uint64_t)size;
    return true;
}

uint64_t kp_config_number(const kp_config *config, kp_option i, uint64_t fallback) {
    uint64_t number = 0;
    if (config->settled)
        return config->is_number[i] ? config->number[i] : fallback;
    return read_number(config, i, &number) ? number : fallback;
}

static void settle(kp_config *config) {
    for (size_t i = 0; i < KP_OPTIONS; i++)
        config->is_number[i] = read_number(config, (kp_option)i, &config->number[i]);
    config->settled = true;
}

bool kp_config_flag(const kp_config *config, kp_option i) {
    return is_word_of("true 1 yes", kp_config_value(config, i));
}

/* Behind a proxy, a loopback name means the proxy's own machine: plain http to it would cross the network. */
static const char *base_url_problem(const kp_config *config, const char *value) {
    const char *hosts = kp_config_value(config, KP_OPT_ALLOW_HTTP_HOSTS);
    const char *why = kp_url_base_problem(value, strlen(value), hosts);
    kp_url url;
    if (why || !kp_config_value(config, KP_OPT_PROXY)[0] || !kp_url_parse(value, strlen(value), &url) || url.https)
        return why;
    return kp_url_http_allowed(&url, hosts) ? NULL : "plain http through a proxy would show the key to the network";
}

static void check_base_url(kp_config *config, kp_option i) {
    const char *why = base_url_problem(config, kp_config_value(config, i));
    if (why)
        kp_config_fail(config, "option %s cannot have this value: %s", rows[i].name, why);
}

kp_config *kp_config_copy(const kp_config *config) {
    kp_config *copy = kp_config_new();
    if (!copy)
        return NULL;
    for (size_t i = 0; config && i < KP_OPTIONS; i++) {
        if (config->value[i] && !(copy->value[i] = copy_value(config->value[i]))) {
            kp_config_free(copy);
            return NULL;
        }
        copy->set_at[i] = config->set_at[i];
    }
    if (config) {
        if (!kp_held_copy(config->held, &copy->held)) {
            kp_config_free(copy);
            return NULL;
        }
        copy->error = config->error;
        copy->out_of_memory = config->out_of_memory;
        kp_buf_str(&copy->problem, kp_buf_text(&config->problem));
    }
    kp_profile_apply(copy);
    check_base_url(copy, KP_OPT_URL_CAPTCHAAI);
    check_base_url(copy, KP_OPT_URL_NOCAPTCHAAI);
    settle(copy);
    return copy;
}

const char *kp_config_option(size_t i, const char **type, const char **fallback, const char **range,
                             const char **text) {
    if (i >= KP_OPTIONS)
        return NULL;
    if (type)
        *type = type_names[rows[i].type];
    if (fallback)
        *fallback = rows[i].fallback;
    if (range)
        *range = rows[i].range;
    if (text)
        *text = rows[i].text;
    return rows[i].name;
}
