/* error.c: the exceptions: one for each class of the list of errors in the core. */
#include "face.h"

#include <ext/spl/spl_exceptions.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const char *word; /* the class in the core */
    const char *name;
    bool logic; /* the program is wrong, not the world */
    zend_class_entry *ce;
} kinds[] = {{"internal", "InternalException", false, NULL},
             {"usage", "UsageException", true, NULL},
             {"input", "InvalidRequestException", true, NULL},
             {"key", "AuthenticationException", false, NULL},
             {"funds", "InsufficientFundsException", false, NULL},
             {"address", "AddressException", false, NULL},
             {"busy", "BusyException", false, NULL},
             {"quota", "QuotaException", false, NULL},
             {"task", "TaskException", false, NULL},
             {"pending", "TaskPendingException", false, NULL},
             {"network", "TransportException", false, NULL},
             {"protocol", "ProtocolException", false, NULL},
             {"server", "ServerException", false, NULL},
             {"timeout", "TaskTimeoutException", false, NULL},
             {"limit", "LimitExceededException", false, NULL},
             {"store", "StoreException", false, NULL},
             {"cancelled", "CancelledException", false, NULL},
             {"unknown", "UnknownException", false, NULL}};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static zend_class_entry *kind_of(const char *word) {
    for (size_t i = 0; word && i < KINDS; i++)
        if (strcmp(kinds[i].word, word) == 0)
            return kinds[i].ce;
    return kinds[0].ce;
}

/* ---- Facts: properties of the same names in each class ---- */

/* Whatever a program made of the object: the property of its type, or what stands for none. */
static void return_fact(zval *object, const char *name, uint32_t types, zval *out) {
    zval room, *value = zend_read_property(Z_OBJCE_P(object), Z_OBJ_P(object), name, strlen(name), true, &room);
    ZVAL_NULL(out);
    if (types & (1u << Z_TYPE_P(value)))
        ZVAL_COPY(out, value);
    else if (types == MAY_BE_STRING)
        ZVAL_EMPTY_STRING(out);
}

#define FACT(name, types)                                                                                              \
    static ZEND_NAMED_FUNCTION(get_##name) {                                                                           \
        ZEND_PARSE_PARAMETERS_NONE();                                                                                  \
        return_fact(ZEND_THIS, #name, types, return_value);                                                            \
    }
FACT(errorCode, MAY_BE_STRING)
FACT(errorClass, MAY_BE_STRING)
FACT(text, MAY_BE_STRING)
FACT(advice, MAY_BE_STRING)
FACT(retryAfter, MAY_BE_DOUBLE | MAY_BE_NULL)
FACT(task, MAY_BE_OBJECT | MAY_BE_NULL)
FACT(providerCode, MAY_BE_STRING | MAY_BE_NULL)
FACT(httpStatus, MAY_BE_LONG | MAY_BE_NULL)
FACT(limit, MAY_BE_STRING | MAY_BE_NULL)
FACT(left, MAY_BE_LONG | MAY_BE_STRING | MAY_BE_NULL)

static ZEND_NAMED_FUNCTION(get_outcomeUnknown) {
    ZEND_PARSE_PARAMETERS_NONE();
    return_fact(ZEND_THIS, "outcomeUnknown", MAY_BE_TRUE, return_value);
    ZVAL_BOOL(return_value, Z_TYPE_P(return_value) == IS_TRUE);
}

static const struct {
    const char *method;
    zif_handler handler;
} methods[] = {{"getErrorCode", get_errorCode},
               {"getErrorClass", get_errorClass},
               {"getText", get_text},
               {"getAdvice", get_advice},
               {"getRetryAfter", get_retryAfter},
               {"getTask", get_task},
               {"isOutcomeUnknown", get_outcomeUnknown},
               {"getProviderCode", get_providerCode},
               {"getHttpStatus", get_httpStatus},
               {"getLimit", get_limit},
               {"getLeft", get_left}};
enum { METHODS = sizeof methods / sizeof methods[0] };

/* The functions of a class, with what the interface says of their arguments and results. */
static const zend_function_entry *list_methods(const zend_class_entry *interface) {
    static zend_function_entry list[METHODS + 1];
    for (const zend_function_entry *at = interface->info.internal.builtin_functions; at && at->fname; at++)
        for (size_t i = 0; i < METHODS; i++)
            if (strcmp(at->fname, methods[i].method) == 0) {
                list[i] = *at;
                list[i].handler = methods[i].handler;
                list[i].flags = ZEND_ACC_PUBLIC;
            }
    return list;
}

static void declare(zend_class_entry *ce, const char *name, zend_type type, zval *value) {
    zend_string *text = zend_string_init_interned(name, strlen(name), true);
    zend_declare_typed_property(ce, text, value, ZEND_ACC_PROTECTED, NULL, type);
    zend_string_release(text);
}

static void declare_facts(zend_class_entry *ce, const char *word) {
    zval none, empty, no, own;
    ZVAL_NULL(&none);
    ZVAL_EMPTY_STRING(&empty);
    ZVAL_FALSE(&no);
    ZVAL_INTERNED_STR(&own, zend_string_init_interned(word, strlen(word), true));
    const zend_type text = (zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_STRING);
    declare(ce, "errorCode", text, &empty);
    declare(ce, "errorClass", text, &own);
    declare(ce, "text", text, &empty);
    declare(ce, "advice", text, &empty);
    declare(ce, "retryAfter", (zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_DOUBLE | MAY_BE_NULL), &none);
    declare(ce, "task",
            (zend_type)ZEND_TYPE_INIT_CLASS(zend_string_init_interned(ZEND_STRL("Keyplate\\Task"), true), true, 0),
            &none);
    declare(ce, "outcomeUnknown", (zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_BOOL), &no);
    declare(ce, "providerCode", (zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_STRING | MAY_BE_NULL), &none);
    declare(ce, "httpStatus", (zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_LONG | MAY_BE_NULL), &none);
    declare(ce, "limit", (zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_STRING | MAY_BE_NULL), &none);
    declare(ce, "left", (zend_type)ZEND_TYPE_INIT_MASK(MAY_BE_LONG | MAY_BE_STRING | MAY_BE_NULL), &none);
}

void kpp_error_minit(zend_class_entry *interface) {
    const zend_function_entry *list = list_methods(interface);
    for (size_t i = 0; i < KINDS; i++) {
        zend_class_entry ce;
        zend_string *name = zend_strpprintf(0, "Keyplate\\Exception\\%s", kinds[i].name);
        INIT_CLASS_ENTRY_EX(ce, ZSTR_VAL(name), ZSTR_LEN(name), list);
        kinds[i].ce = zend_register_internal_class_ex(&ce, kinds[i].logic ? spl_ce_InvalidArgumentException
                                                                          : spl_ce_RuntimeException);
        zend_class_implements(kinds[i].ce, 1, interface);
        declare_facts(kinds[i].ce, kinds[i].word);
        zend_string_release(name);
    }
}

/* ---- Made ---- */

static void set(zend_object *error, const char *name, zval *value) {
    zend_update_property(error->ce, error, name, strlen(name), value);
    zval_ptr_dtor(value);
}

static void set_text(zend_object *error, const char *name, const char *text) {
    zval value;
    ZVAL_STRING(&value, text ? text : "");
    set(error, name, &value);
}

/* Keys of the program's own, which it handed to its own functions, are in no trace of ours; and so the exception can be
   serialized, whatever the program's objects can. */
static void drop_arguments(zend_object *error) {
    zval room, *frame;
    const zval *trace = zend_read_property_ex(zend_ce_exception, error, ZSTR_KNOWN(ZEND_STR_TRACE), true, &room);
    if (Z_TYPE_P(trace) != IS_ARRAY)
        return;
    ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(trace), frame) {
        if (Z_TYPE_P(frame) == IS_ARRAY) {
            SEPARATE_ARRAY(frame);
            zend_hash_del(Z_ARRVAL_P(frame), ZSTR_KNOWN(ZEND_STR_ARGS));
        }
    }
    ZEND_HASH_FOREACH_END();
}

/* "code: text. advice" */
static void make(zval *out, zend_class_entry *ce, const char *code, const char *word, const char *text,
                 const char *advice) {
    object_init_ex(out, ce);
    zend_object *error = Z_OBJ_P(out);
    const size_t len = strlen(text);
    const char *stop = len > 0 && strchr(".?!", text[len - 1]) ? "" : ".";
    zval message;
    ZVAL_STR(&message, zend_strpprintf(0, "%s: %s%s%s%s", code, text, stop, *advice ? " " : "", advice));
    set(error, "message", &message);
    set_text(error, "errorCode", code);
    set_text(error, "errorClass", word);
    set_text(error, "text", text);
    set_text(error, "advice", advice);
    drop_arguments(error);
}

/* For one use: the next fact that is asked for may take its place. */
static const char *fact(const kp_op *op, const char *name) {
    const char *value = kp_op_get(op, name, NULL);
    return value ? value : "";
}

/* What the function that gives the key said is more to the point than what the core knows of it. */
static zend_string *text_of(const kpp_call *call) {
    if (call->why && strcmp(fact(call->op, "class"), "key") == 0)
        return zend_strpprintf(0, "%s: the function that gives it failed: %s", kp_error_text(kp_op_error(call->op)),
                               ZSTR_VAL(call->why));
    return zend_string_init(fact(call->op, "text"), strlen(fact(call->op, "text")), 0);
}

/* The limit that refused, and what is left of it: dollars as text, or a count, as limits() has it. */
static void set_limit(zend_object *error, const kp_op *op) {
    zval value;
    const bool in_dollars = strncmp(fact(op, "limit"), "usd_", 4) == 0;
    if (*fact(op, "limit"))
        set_text(error, "limit", fact(op, "limit"));
    if (!*fact(op, "left"))
        return;
    const long long left = strtoll(fact(op, "left"), NULL, 10);
    if (in_dollars)
        ZVAL_STR(&value, kpp_dollars(left));
    else
        ZVAL_LONG(&value, (zend_long)left);
    set(error, "left", &value);
}

void kpp_make_error(zval *out, const kpp_call *call) {
    const kp_op *op = call->op;
    const char *word = kp_error_class(kp_op_error(op));
    zend_string *text = text_of(call);
    zend_string *code = zend_string_init(fact(op, "code"), strlen(fact(op, "code")), 0);
    make(out, kind_of(word), ZSTR_VAL(code), word, ZSTR_VAL(text), kp_error_advice(kp_op_error(op)));
    zend_string_release(code);
    zend_string_release(text);
    zend_object *error = Z_OBJ_P(out);
    zval value;
    kpp_task_of(&value, op);
    set(error, "task", &value);
    ZVAL_BOOL(&value, kp_op_get(op, "unknown", NULL) != NULL);
    set(error, "outcomeUnknown", &value);
    if (*fact(op, "retry_after_ms")) {
        ZVAL_DOUBLE(&value, (double)strtoll(fact(op, "retry_after_ms"), NULL, 10) / 1000);
        set(error, "retryAfter", &value);
    }
    if (*fact(op, "provider_code"))
        set_text(error, "providerCode", fact(op, "provider_code"));
    if (*fact(op, "http_status")) {
        ZVAL_LONG(&value, (zend_long)strtoll(fact(op, "http_status"), NULL, 10));
        set(error, "httpStatus", &value);
    }
    set_limit(error, op);
}

void kpp_throw_error(const kpp_call *call) {
    zval error;
    kpp_make_error(&error, call);
    zend_throw_exception_object(&error);
}

void kpp_throw_code(int code, const char *text) {
    zval error;
    const char *word = kp_error_class(code);
    make(&error, kind_of(word), kp_error_name(code), word, text, kp_error_advice(code));
    zend_throw_exception_object(&error);
}

void kpp_throw_own(const char *code, const char *format, ...) {
    int number, i = 0;
    while ((number = kp_error_at((size_t)i)) != 0 && strcmp(kp_error_name(number), code) != 0)
        i++;
    va_list values;
    va_start(values, format);
    zend_string *text = zend_vstrpprintf(0, format, values);
    va_end(values);
    kpp_throw_code(number, ZSTR_VAL(text));
    zend_string_release(text);
}

bool kpp_is_exit(const zend_object *thrown) {
    return zend_is_unwind_exit(thrown) || zend_is_graceful_exit(thrown);
}

bool kpp_has_memory(const void *made) {
    if (!made && !EG(exception))
        kpp_throw_own("out_of_memory", "memory is short");
    return made != NULL;
}

/* ---- The list ---- */

void kpp_errors(zval *out) {
    int code;
    array_init(out);
    for (size_t i = 0; (code = kp_error_at(i)) != 0; i++) {
        zval row;
        array_init(&row);
        add_assoc_string(&row, "code", kp_error_name(code));
        add_assoc_string(&row, "class", kp_error_class(code));
        add_assoc_string(&row, "text", kp_error_text(code));
        add_assoc_string(&row, "advice", kp_error_advice(code));
        add_assoc_str(&row, "exception", zend_string_copy(kind_of(kp_error_class(code))->name));
        add_next_index_zval(out, &row);
    }
}
