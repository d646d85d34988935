/* redactor.c: takes keys out of the caller's own texts: whole ones, and streams. */
#include "face.h"

#include <string.h>

typedef struct redactor {
    kp_redactor *redactor; /* NULL: closed, or never constructed */
    kp_client *client;     /* whose options hold, if it is the redactor's own */
    kpp_core *core;        /* or that of a client */
    zend_object std;
} redactor;

static zend_object_handlers handlers;

static redactor *of(zend_object *object) {
    return (redactor *)((char *)object - XtOffsetOf(redactor, std));
}

static zend_object *redactor_create(zend_class_entry *ce) {
    return kpp_object_new(ce, sizeof(redactor), &handlers);
}

static void end(redactor *r) {
    kp_redactor_free(r->redactor);
    kp_client_free(r->client);
    kpp_core_release(r->core);
    r->redactor = NULL;
    r->client = NULL;
    r->core = NULL;
}

static void redactor_free(zend_object *object) {
    end(of(object));
    zend_object_std_dtor(object);
}

void kpp_redactor_minit(zend_class_entry *ce) {
    ce->create_object = redactor_create;
    kpp_handlers_init(&handlers, XtOffsetOf(redactor, std), redactor_free);
}

/* ---- The keys of this machine ---- */

static kp_config *local_config(void) {
    int code = 0;
    kp_config *config = kpp_local_config(NULL, true, &code);
    if (!config || code == 0)
        return config;
    /* A client says what is wrong with it; texts are redacted all the same. */
    kp_config_free(config);
    return kpp_local_config(NULL, false, &code);
}

/* The services, by the range of the option provider. */
static const char *providers(void) {
    const char *name, *range = "";
    for (size_t i = 0; (name = kp_config_option(i, NULL, NULL, &range, NULL)); i++)
        if (strcmp(name, "provider") == 0)
            return range;
    return "";
}

static void learn_provider(const char *name, size_t len) {
    char word[32];
    kp_config *config = local_config();
    if (config && len < sizeof word) {
        memcpy(word, name, len);
        word[len] = '\0';
        kp_config_set(config, "provider", word);
        kp_client *client = kp_client_new(config);
        kp_local_learn(client);
        kp_client_free(client);
    }
    kp_config_free(config);
}

/* Makes them known, those of each service, once in a process. NULL when memory is short. */
static kp_client *learn(void) {
    kpp_globals *g = kpp_globals_here();
    if (g->local)
        return g->local;
    for (const char *at = providers(); *at;) {
        size_t len = strcspn(at, " ");
        learn_provider(at, len);
        at += len + strspn(at + len, " ");
    }
    kp_config *config = local_config();
    g->local = config ? kp_client_new(config) : NULL;
    kp_config_free(config);
    return g->local;
}

/* ---- Whole texts ---- */

/* What comes of a part, a reference of the caller's own. NULL when memory is short. */
static zend_string *feed(kp_redactor *with, zend_string *text, bool final) {
    const char *out = NULL;
    size_t len = 0;
    switch (kp_redactor_feed(with, ZSTR_VAL(text), ZSTR_LEN(text), final, &out, &len)) {
    case 0: return zend_string_copy(text);
    case 1: return zend_string_init(out ? out : "", len, 0);
    default: return NULL;
    }
}

zend_string *kpp_redacted(zend_string *text) {
    kpp_globals *g = kpp_globals_here();
    kp_client *client = learn();
    if (client && !g->redactor)
        g->redactor = kp_redactor_new(client);
    return g->redactor ? feed(g->redactor, text, true) : NULL;
}

ZEND_FUNCTION(Keyplate_redact) {
    zend_string *text;
    ZEND_PARSE_PARAMETERS_START(1, 1)
    Z_PARAM_STR(text)
    ZEND_PARSE_PARAMETERS_END();
    zend_string *shown = kpp_redacted(text);
    if (kpp_has_memory(shown))
        RETURN_STR(shown);
}

/* ---- Streams ---- */

static void open(redactor *r, const kp_client *client) {
    r->redactor = kp_redactor_new(client);
    kpp_has_memory(r->redactor);
}

static void open_own(redactor *r, zend_string *bare_hex) {
    kp_config *config = local_config();
    int code = 0;
    if (!kpp_has_memory(config))
        return;
    if (bare_hex)
        code = kp_config_set(config, "redact.bare_hex", ZSTR_VAL(bare_hex));
    if (code)
        kpp_throw_code(code, kp_config_problem(config));
    else {
        r->client = kp_client_new(config);
        if (kpp_has_memory(r->client))
            open(r, r->client);
    }
    kp_config_free(config);
}

ZEND_METHOD(Keyplate_Redactor, __construct) {
    zend_object *object = NULL;
    zend_string *bare_hex = NULL;
    ZEND_PARSE_PARAMETERS_START(0, 2)
    Z_PARAM_OPTIONAL
    Z_PARAM_OBJ_OF_CLASS_OR_NULL(object, kpp_client_ce)
    Z_PARAM_STR_OR_NULL(bare_hex)
    ZEND_PARSE_PARAMETERS_END();
    redactor *r = of(Z_OBJ_P(ZEND_THIS));
    if (r->redactor) {
        kpp_throw_own("misuse", "the redactor is constructed already");
        return;
    }
    const kpp_client *c = object ? kpp_client_ready(object) : NULL;
    if (object && !c)
        return;
    learn();
    if (c)
        kp_local_learn(c->core->client);
    if (!c || bare_hex)
        open_own(r, bare_hex);
    else {
        r->core = c->core;
        r->core->users++;
        open(r, r->core->client);
    }
}

ZEND_METHOD(Keyplate_Redactor, feed) {
    zend_string *part;
    ZEND_PARSE_PARAMETERS_START(1, 1)
    Z_PARAM_STR(part)
    ZEND_PARSE_PARAMETERS_END();
    const redactor *r = of(Z_OBJ_P(ZEND_THIS));
    if (!r->redactor) {
        kpp_throw_own("misuse", "the redactor is closed");
        return;
    }
    zend_string *shown = feed(r->redactor, part, false);
    if (kpp_has_memory(shown))
        RETURN_STR(shown);
}

ZEND_METHOD(Keyplate_Redactor, close) {
    ZEND_PARSE_PARAMETERS_NONE();
    redactor *r = of(Z_OBJ_P(ZEND_THIS));
    if (!r->redactor)
        RETURN_EMPTY_STRING();
    zend_string *shown = feed(r->redactor, ZSTR_EMPTY_ALLOC(), true);
    end(r);
    if (kpp_has_memory(shown))
        RETURN_STR(shown);
}
