/* raw.c: the functions that SWIG makes of the public headers, as Keyplate\Raw\kp_..., and the handles that they share.
 *
 * Of what SWIG makes only the functions are used. Its own start is never run: it would declare classes and constants
 * outside of our namespace, and objects that hold bare pointers.
 */
#include "raw.h"

#include <string.h>
#include <zend_attributes.h>

extern zend_module_entry keyplate_raw_module_entry;

typedef struct holder {
    kph *handle;
    zend_object std;
} holder;

static zend_class_entry *handle_ce;
static zend_object_handlers handlers;

static holder *of(zend_object *object) {
    return (holder *)((char *)object - XtOffsetOf(holder, std));
}

static zend_object *handle_create(zend_class_entry *ce) {
    return kpp_object_new(ce, sizeof(holder), &handlers);
}

static void handle_free(zend_object *object) {
    kph_drop(of(object)->handle);
    of(object)->handle = NULL;
    zend_object_std_dtor(object);
}

/* ---- What the functions take and give ---- */

void kpp_raw_refuse(const char *text) {
    zend_value_error("%s", text);
}

static kph *find(const zval *value, const kph_type *type) {
    kph *handle = Z_TYPE_P(value) == IS_OBJECT && Z_OBJCE_P(value) == handle_ce ? of(Z_OBJ_P(value))->handle : NULL;
    if (handle && strcmp(handle->type->name, type->name) == 0)
        return handle;
    zend_type_error("%s expected, got %s", type->name, handle ? handle->type->name : zend_zval_type_name(value));
    return NULL;
}

static bool allowed(kph_use use, const kph_type *type) {
    if (use == KPH_CLOSED)
        zend_value_error("%s: it is closed", type->name);
    if (use == KPH_BUSY)
        zend_value_error("%s: another call uses it", type->name);
    return use == KPH_OK;
}

kph *kpp_raw_enter(const zval *value, const kph_type *type, bool any) {
    kph *handle = find(value, type);
    return handle && allowed(kph_enter(handle, any), type) ? handle : NULL;
}

bool kpp_raw_close(const zval *value, const kph_type *type) {
    kph *handle = find(value, type);
    return handle && allowed(kph_close(handle), type);
}

void kpp_raw_return(zval *out, kph *handle) {
    ZVAL_NULL(out);
    if (!kpp_has_memory(handle))
        return;
    object_init_ex(out, handle_ce);
    of(Z_OBJ_P(out))->handle = handle;
}

const char *kpp_raw_text(const zval *value, size_t *len) {
    if (Z_TYPE_P(value) != IS_STRING) {
        zend_type_error("string expected, got %s", zend_zval_type_name(value));
        return NULL;
    }
    if (len)
        *len = Z_STRLEN_P(value);
    else if (strlen(Z_STRVAL_P(value)) != Z_STRLEN_P(value)) {
        zend_value_error("a string without NUL expected");
        return NULL;
    }
    return Z_STRVAL_P(value);
}

bool kpp_raw_number(const zval *value, zend_long low, zend_ulong high, zend_long *out) {
    if (Z_TYPE_P(value) != IS_LONG) {
        zend_type_error("int expected, got %s", zend_zval_type_name(value));
        return false;
    }
    *out = Z_LVAL_P(value);
    if (*out < low || (*out > 0 && (zend_ulong)*out > high)) {
        zend_value_error("the number is out of its range");
        return false;
    }
    return true;
}

void kpp_raw_append(zval *result, const char *text) {
    if (Z_TYPE_P(result) == IS_NULL)
        return;
    if (Z_TYPE_P(result) != IS_ARRAY) {
        zval first = *result;
        array_init(result);
        add_next_index_zval(result, &first);
    }
    if (text)
        add_next_index_string(result, text);
    else
        add_next_index_null(result);
}

/* ---- Registered ---- */

static const struct {
    const char *name;
    zend_long value;
} constants[] = {
    {"KP_ABI", KP_ABI},       {"KP_BALANCE", KP_BALANCE}, {"KP_VERIFY", KP_VERIFY}, {"KP_SUBMIT", KP_SUBMIT},
    {"KP_RESULT", KP_RESULT}, {"KP_WAIT", KP_WAIT},       {"KP_SOLVE", KP_SOLVE},   {"KP_REPORT", KP_REPORT},
    {"KP_TELL", KP_TELL},     {"KP_REFRESH", KP_REFRESH}, {"KP_DONE", KP_DONE},     {"KP_TIME", KP_TIME},
    {"KP_HTTP", KP_HTTP},     {"KP_READ", KP_READ},       {"KP_STORE", KP_STORE},   {"KP_APPEND", KP_APPEND}};

static void register_constants(int module_number) {
    char name[64];
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
        int len = snprintf(name, sizeof name, "Keyplate\\Raw\\%s", constants[i].name);
        zend_register_long_constant(name, (size_t)len, constants[i].value, CONST_CS | CONST_PERSISTENT, module_number);
    }
}

/* Keys go in as text here, and PHP's own errors have traces: they show no argument of these functions. */
static void hide_arguments(const char *function, uint32_t count) {
#if PHP_VERSION_ID >= 80200
    char name[96];
    zend_str_tolower_copy(name, function, strlen(function));
    zend_function *found = zend_hash_str_find_ptr(CG(function_table), name, strlen(name));
    for (uint32_t i = 0; found && i < count; i++)
        zend_add_parameter_attribute(found, i, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);
#else
    (void)function;
    (void)count;
#endif
}

/* One at a time: PHP copies name and entry, and keeps only what SWIG's own table keeps too. */
static bool register_function(const zend_function_entry *entry) {
    char name[96];
    snprintf(name, sizeof name, "Keyplate\\Raw\\%s", entry->fname);
    zend_function_entry list[2] = {*entry, ZEND_FE_END};
    list[0].fname = name;
    if (zend_register_functions(NULL, list, NULL, MODULE_PERSISTENT) != SUCCESS)
        return false;
    hide_arguments(name, entry->num_args);
    return true;
}

bool kpp_raw_minit(int module_number) {
    zend_class_entry ce;
    INIT_NS_CLASS_ENTRY(ce, "Keyplate\\Raw", "Handle", NULL);
    handle_ce = zend_register_internal_class(&ce);
    handle_ce->ce_flags |= ZEND_ACC_FINAL | ZEND_ACC_NO_DYNAMIC_PROPERTIES | ZEND_ACC_NOT_SERIALIZABLE;
    handle_ce->create_object = handle_create;
    kpp_handlers_init(&handlers, XtOffsetOf(holder, std), handle_free);
    register_constants(module_number);
    for (const zend_function_entry *at = keyplate_raw_module_entry.functions; at && at->fname; at++)
        if (!register_function(at))
            return false;
    return true;
}
