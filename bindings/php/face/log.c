/* log.c: the events of a client: as an array, and handed to its log. */
#include "face.h"

void kpp_events(kpp_client *c, zval *out) {
    kpp_call *call = kpp_call_begin(c, KP_TELL);
    array_init(out);
    if (!call)
        return;
    kpp_set(call, "what", "events", 6);
    kp_local_time(call->op);
    if (kp_op_error(call->op) == 0) {
        zval_ptr_dtor(out);
        kpp_decode(out, call->op, "answer");
    } else
        kpp_throw_error(call);
    kpp_call_end(c, call);
}

/* What goes wrong in a log is told where it can be seen, and does no harm to the call. */
static void say_trouble(void) {
    zval room;
    zend_object *thrown = EG(exception);
    const zval *message = zend_read_property_ex(thrown->ce, thrown, ZSTR_KNOWN(ZEND_STR_MESSAGE), true, &room);
    zend_string *text = zend_strpprintf(0, "keyplate: the log failed: %s: %s", ZSTR_VAL(thrown->ce->name),
                                        Z_TYPE_P(message) == IS_STRING ? Z_STRVAL_P(message) : "");
    zend_clear_exception();
    zend_string *shown = kpp_redacted(text);
    php_log_err(shown ? ZSTR_VAL(shown) : "keyplate: the log failed");
    if (shown)
        zend_string_release(shown);
    zend_string_release(text);
}

static void tell_one(kpp_client *c, zval *event) {
    zval none, log, arguments[3], result, *level, *message;
    if (Z_TYPE_P(event) != IS_ARRAY)
        return;
    ZVAL_EMPTY_STRING(&none);
    level = zend_hash_str_find(Z_ARRVAL_P(event), ZEND_STRL("level"));
    message = zend_hash_str_find(Z_ARRVAL_P(event), ZEND_STRL("message"));
    ZVAL_COPY(&arguments[0], level ? level : &none);
    ZVAL_COPY(&arguments[1], message ? message : &none);
    ZVAL_COPY(&arguments[2], event);
    ZVAL_COPY(&log, &c->log);
    ZVAL_UNDEF(&result);
    if (Z_OBJCE(log) == zend_ce_closure)
        call_user_function(NULL, NULL, &log, &result, 3, arguments);
    else {
        zval name;
        ZVAL_STRING(&name, "log");
        call_user_function(NULL, &log, &name, &result, 3, arguments);
        zval_ptr_dtor(&name);
    }
    zval_ptr_dtor(&result);
    zval_ptr_dtor(&log);
    for (size_t i = 0; i < 3; i++)
        zval_ptr_dtor(&arguments[i]);
    if (EG(exception) && !kpp_is_exit(EG(exception)))
        say_trouble();
}

void kpp_tell_log(kpp_client *c) {
    if (Z_TYPE(c->log) != IS_OBJECT || c->logging || kp_client_events(c->core->client) == 0)
        return;
    zval events, *event;
    c->logging = true;
    kpp_events(c, &events);
    if (EG(exception) && !kpp_is_exit(EG(exception)))
        say_trouble();
    ZEND_HASH_FOREACH_VAL(Z_ARRVAL(events), event) {
        if (!EG(exception))
            tell_one(c, event);
    }
    ZEND_HASH_FOREACH_END();
    zval_ptr_dtor(&events);
    c->logging = false;
}
