/* hostkey.c: keys that a closure gives when they are needed. */
#include "face.h"

#include <string.h>

/* Keeps the text, without what could be a key, as the reason of the error to come. Takes it over. */
static void fail(kpp_call *call, zend_string *why) {
    if (call->why)
        zend_string_release(call->why);
    call->why = kpp_redacted(why);
    zend_string_release(why);
    kp_local_time(call->op);
    kp_on_read(call->op, KP_FAILED, KP_WHY_IO, 0);
}

static void give(kpp_call *call, const char *value, size_t len) {
    kp_local_time(call->op);
    kp_read_give(call->op, value, len);
}

/* What it threw becomes the reason. The exception itself is not kept: a key may be in it. */
static void take_exception(kpp_call *call) {
    zval room;
    zend_object *thrown = EG(exception);
    if (kpp_is_exit(thrown))
        return;
    const zval *message = zend_read_property_ex(thrown->ce, thrown, ZSTR_KNOWN(ZEND_STR_MESSAGE), true, &room);
    zend_string *why = zend_strpprintf(0, "%s: %s", ZSTR_VAL(thrown->ce->name),
                                       Z_TYPE_P(message) == IS_STRING ? Z_STRVAL_P(message) : "");
    zend_clear_exception();
    fail(call, why);
}

void kpp_answer_read(kpp_client *c, kpp_call *call) {
    const char *name = kp_read_name(call->op) + strlen("host:");
    const zval *function = c->functions ? zend_hash_str_find(c->functions, name, strlen(name)) : NULL;
    if (!function) {
        give(call, NULL, 0);
        return;
    }
    zval closure, key;
    ZVAL_COPY(&closure, function);
    ZVAL_UNDEF(&key);
    c->asking = true;
    call_user_function(NULL, NULL, &closure, &key, 0, NULL);
    c->asking = false;
    zval_ptr_dtor(&closure);
    if (EG(exception))
        take_exception(call);
    else if (Z_TYPE(key) == IS_STRING)
        give(call, Z_STRVAL(key), Z_STRLEN(key));
    else if (Z_TYPE(key) == IS_NULL)
        give(call, NULL, 0);
    else if (Z_TYPE(key) != IS_UNDEF)
        fail(call, zend_strpprintf(0, "it returned %s, not a string", zend_zval_type_name(&key)));
    else
        fail(call, zend_strpprintf(0, "it could not be called"));
    zval_ptr_dtor(&key);
}
