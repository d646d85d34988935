/* client.c: clients as PHP objects: made of options, shared, closed, shown without a key. */
#include "face.h"

zend_class_entry *kpp_client_ce;
static zend_object_handlers handlers;

kpp_client *kpp_client_of(zend_object *object) {
    return (kpp_client *)((char *)object - XtOffsetOf(kpp_client, std));
}

/* ---- What outlives the object ---- */

kpp_core *kpp_core_new(kp_client *client, kp_runner *runner) {
    kpp_core *core = client && runner ? calloc(1, sizeof *core) : NULL;
    if (!core) {
        kp_runner_free(runner);
        kp_client_free(client);
        return NULL;
    }
    *core = (kpp_core){client, runner, 1};
    return core;
}

void kpp_core_release(kpp_core *core) {
    if (!core || --core->users > 0)
        return;
    kp_runner_free(core->runner);
    kp_client_free(core->client);
    free(core);
}

/* ---- The object ---- */

static zend_object *client_create(zend_class_entry *ce) {
    return kpp_object_new(ce, sizeof(kpp_client), &handlers);
}

static void forget(kpp_client *c) {
    if (c->functions) {
        HashTable *functions = c->functions;
        c->functions = NULL;
        zend_array_release(functions);
    }
    zval log = c->log;
    ZVAL_NULL(&c->log);
    zval_ptr_dtor(&log);
}

static void close_client(kpp_client *c) {
    /* A fatal error has left what is still here in the midst of its call. */
    while (c->calls)
        kpp_call_end(c, c->calls);
    kpp_core_release(c->core);
    c->core = NULL;
    forget(c);
}

static void client_free(zend_object *object) {
    close_client(kpp_client_of(object));
    zend_object_std_dtor(object);
}

static HashTable *client_gc(zend_object *object, zval **table, int *count) {
    kpp_client *c = kpp_client_of(object);
    zend_get_gc_buffer *buffer = zend_get_gc_buffer_create();
    zend_get_gc_buffer_add_zval(buffer, &c->log);
    if (c->functions) {
        zval *function;
        ZEND_HASH_FOREACH_VAL(c->functions, function) {
            zend_get_gc_buffer_add_zval(buffer, function);
        }
        ZEND_HASH_FOREACH_END();
    }
    zend_get_gc_buffer_use(buffer, table, count);
    return zend_std_get_properties(object);
}

void kpp_client_minit(zend_class_entry *ce) {
    kpp_client_ce = ce;
    ce->create_object = client_create;
    kpp_handlers_init(&handlers, XtOffsetOf(kpp_client, std), client_free);
    handlers.get_gc = client_gc;
}

kpp_client *kpp_client_ready(zend_object *object) {
    kpp_client *c = kpp_client_of(object);
    const char *why = !c->constructed ? "the client was not constructed: call parent::__construct()"
                      : !c->core      ? "the client is closed"
                      : c->asking     ? "the client waits for the function that gives its key, which cannot use it"
                                      : NULL;
    if (!why)
        return c;
    kpp_throw_own("misuse", "%s", why);
    return NULL;
}

/* ---- Made ---- */

/* Throws what is wrong with the configuration: every operation would end with it. */
static bool check(kp_client *client) {
    kpp_call call = {.op = kp_op_new(client, KP_BALANCE), .kind = KP_BALANCE};
    if (!kpp_has_memory(call.op))
        return false;
    kpp_set(&call, "dry_run", "1", 1);
    kp_local_time(call.op);
    if (kp_op_error(call.op))
        kpp_throw_error(&call);
    kp_op_free(call.op);
    return !EG(exception);
}

static kpp_core *make_core(const kp_config *config) {
    kp_client *client = kp_client_new(config);
    if (!kpp_has_memory(client))
        return NULL;
    if (!check(client)) {
        kp_client_free(client);
        return NULL;
    }
    kpp_core *core = kpp_core_new(client, kp_runner_new(client));
    kpp_has_memory(core);
    return core;
}

static kpp_core *core_for(const kpp_made *made, bool shared) {
    kpp_core *core = shared ? kpp_shared_find(made->name) : NULL;
    if (core) {
        core->users++;
        return core;
    }
    core = make_core(made->config);
    if (core && shared && !kpp_shared_keep(made->name, core)) {
        kpp_core_release(core);
        core = NULL;
    }
    return core;
}

static void construct(kpp_client *c, const kpp_given *given) {
    kpp_made made;
    if (kpp_configure(given, &made)) {
        kpp_core *core = core_for(&made, given->shared);
        if (core) {
            c->core = core;
            c->constructed = true;
            c->shared = given->shared;
            c->functions = made.functions;
            made.functions = NULL;
            if (made.log)
                ZVAL_COPY(&c->log, made.log);
        }
    }
    kpp_made_end(&made);
}

static bool parse(INTERNAL_FUNCTION_PARAMETERS, kpp_given *given) {
    zval *rest = NULL;
    uint32_t count = 0;
    *given = (kpp_given){0};
    (void)return_value;
    ZEND_PARSE_PARAMETERS_START(0, -1)
    Z_PARAM_OPTIONAL
    Z_PARAM_STR_OR_NULL(given->provider)
    Z_PARAM_ZVAL_OR_NULL(given->key)
    Z_PARAM_ARRAY_OR_NULL(given->keys)
    Z_PARAM_ZVAL_OR_NULL(given->config)
    Z_PARAM_ZVAL_OR_NULL(given->log)
    Z_PARAM_ARRAY(given->options)
    Z_PARAM_VARIADIC_WITH_NAMED(rest, count, given->more)
    ZEND_PARSE_PARAMETERS_END_EX(return false);
    (void)rest;
    /* What is above goes as far as arguments are given by place; these come behind all of them. */
    if (ZEND_CALL_INFO(execute_data) & ZEND_CALL_HAS_EXTRA_NAMED_PARAMS)
        given->more = execute_data->extra_named_params;
    if (count > 0) {
        zend_argument_count_error("options are given by name, or as the array options");
        return false;
    }
    return true;
}

ZEND_METHOD(Keyplate_Client, __construct) {
    kpp_client *c = kpp_client_of(Z_OBJ_P(ZEND_THIS));
    kpp_given given;
    if (!parse(INTERNAL_FUNCTION_PARAM_PASSTHRU, &given))
        return;
    if (c->constructed)
        kpp_throw_own("misuse", "the client is constructed already");
    else
        construct(c, &given);
}

ZEND_METHOD(Keyplate_Client, shared) {
    kpp_given given;
    if (!parse(INTERNAL_FUNCTION_PARAM_PASSTHRU, &given))
        return;
    given.shared = true;
    if (object_init_ex(return_value, zend_get_called_scope(execute_data)) == SUCCESS)
        construct(kpp_client_of(Z_OBJ_P(return_value)), &given);
}

ZEND_METHOD(Keyplate_Client, close) {
    kpp_client *c = kpp_client_of(Z_OBJ_P(ZEND_THIS));
    ZEND_PARSE_PARAMETERS_NONE();
    if (c->calls)
        kpp_throw_own("misuse", "the client is in the midst of a call, which cannot close it");
    else
        close_client(c);
}

/* ---- What it tells ---- */

ZEND_METHOD(Keyplate_Client, hygiene) {
    ZEND_PARSE_PARAMETERS_NONE();
    const kpp_client *c = kpp_client_ready(Z_OBJ_P(ZEND_THIS));
    if (c)
        kpp_gaps(return_value, c->core->client);
}

ZEND_METHOD(Keyplate_Client, events) {
    ZEND_PARSE_PARAMETERS_NONE();
    kpp_client *c = kpp_client_ready(Z_OBJ_P(ZEND_THIS));
    if (c)
        kpp_events(c, return_value);
}

ZEND_METHOD(Keyplate_Client, option) {
    char *name;
    size_t len;
    ZEND_PARSE_PARAMETERS_START(1, 1)
    Z_PARAM_PATH(name, len)
    ZEND_PARSE_PARAMETERS_END();
    const kpp_client *c = kpp_client_ready(Z_OBJ_P(ZEND_THIS));
    const char *value = c ? kp_client_option(c->core->client, name) : NULL;
    if (value)
        RETURN_STRING(value);
}

ZEND_METHOD(Keyplate_Client, __debugInfo) {
    ZEND_PARSE_PARAMETERS_NONE();
    const kpp_client *c = kpp_client_of(Z_OBJ_P(ZEND_THIS));
    const char *provider = c->core ? kp_client_option(c->core->client, "provider") : NULL;
    array_init(return_value);
    if (provider)
        add_assoc_string(return_value, "provider", provider);
    add_assoc_bool(return_value, "shared", c->shared);
    add_assoc_bool(return_value, "closed", !c->core);
}
