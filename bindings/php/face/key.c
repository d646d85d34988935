/* key.c: keys by value: an object that holds one in guarded memory, and shows a mask. */
#include "face.h"

zend_class_entry *kpp_key_ce;
static zend_object_handlers handlers;

static kpp_key *of(zend_object *object) {
    return (kpp_key *)((char *)object - XtOffsetOf(kpp_key, std));
}

kpp_key *kpp_key_of(zend_object *object) {
    return object->ce == kpp_key_ce && of(object)->secret ? of(object) : NULL;
}

static zend_object *key_create(zend_class_entry *ce) {
    return kpp_object_new(ce, sizeof(kpp_key), &handlers);
}

static void key_free(zend_object *object) {
    kp_secret_free(of(object)->secret);
    zend_object_std_dtor(object);
}

void kpp_key_minit(zend_class_entry *ce) {
    kpp_key_ce = ce;
    ce->create_object = key_create;
    kpp_handlers_init(&handlers, XtOffsetOf(kpp_key, std), key_free);
}

ZEND_METHOD(Keyplate_Key, __construct) {
    ZEND_PARSE_PARAMETERS_NONE();
    kpp_throw_own("misuse", "keys are made by Key::fromValue");
}

ZEND_METHOD(Keyplate_Key, fromValue) {
    zend_string *value;
    ZEND_PARSE_PARAMETERS_START(1, 1)
    Z_PARAM_STR(value)
    ZEND_PARSE_PARAMETERS_END();
    object_init_ex(return_value, kpp_key_ce);
    kpp_key *key = of(Z_OBJ_P(return_value));
    const kpp_part part = {ZSTR_VAL(value), ZSTR_LEN(value)};
    key->secret = kp_secret_new(ZSTR_VAL(value), ZSTR_LEN(value));
    if (kpp_has_memory(key->secret))
        kpp_digest(&part, 1, key->id);
}

ZEND_METHOD(Keyplate_Key, __toString) {
    ZEND_PARSE_PARAMETERS_NONE();
    const kpp_key *key = of(Z_OBJ_P(ZEND_THIS));
    RETURN_STRING(key->secret ? kp_secret_mask(key->secret) : "***");
}

ZEND_METHOD(Keyplate_Key, __debugInfo) {
    ZEND_PARSE_PARAMETERS_NONE();
    const kpp_key *key = of(Z_OBJ_P(ZEND_THIS));
    array_init(return_value);
    add_assoc_string(return_value, "masked", key->secret ? kp_secret_mask(key->secret) : "***");
}
