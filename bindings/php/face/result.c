/* result.c: what an operation that is over gives to PHP: tasks, solutions, lists. */
#include "face.h"

#include <ext/json/php_json.h>
#include <stdlib.h>
#include <string.h>

zend_class_entry *kpp_task_ce, *kpp_solution_ce;

/* ---- Tasks ---- */

static void set(zend_object *object, const char *name, zval *value) {
    zend_update_property(object->ce, object, name, strlen(name), value);
    zval_ptr_dtor(value);
}

static void set_text(zend_object *object, const char *name, const char *text, size_t len) {
    zval value;
    ZVAL_STRINGL(&value, text, len);
    set(object, name, &value);
}

/* PROVIDER/NAME~FINGERPRINT/ID, or an id alone. It takes the cost over; NULL: it is not known. */
static void fill_task(zend_object *task, const char *reference, size_t len, zval *solution, zend_string *cost) {
    const char *end = reference + len, *key = memchr(reference, '/', len);
    const char *id = key ? memchr(key + 1, '/', (size_t)(end - key - 1)) : NULL;
    const char *mark = id ? memchr(key, '~', (size_t)(id - key)) : NULL;
    zval none, price;
    ZVAL_NULL(&none);
    ZVAL_NULL(&price);
    if (cost)
        ZVAL_STR(&price, cost);
    set_text(task, "reference", reference, len);
    if (!EG(exception)) {
        set_text(task, "provider", reference, id ? (size_t)(key - reference) : 0);
        set_text(task, "key", id ? key + 1 : "", id ? (size_t)((mark ? mark : id) - key - 1) : 0);
        set_text(task, "id", id ? id + 1 : reference, id ? (size_t)(end - id - 1) : len);
        zend_update_property(kpp_task_ce, task, ZEND_STRL("solution"), solution ? solution : &none);
        zend_update_property(kpp_task_ce, task, ZEND_STRL("costUsd"), &price);
    }
    zval_ptr_dtor(&price);
}

void kpp_make_task(zval *out, const char *reference, size_t len, zval *solution, zend_string *cost) {
    if (object_init_ex(out, kpp_task_ce) == SUCCESS)
        fill_task(Z_OBJ_P(out), reference, len, solution, cost);
    else if (cost)
        zend_string_release(cost);
}

void kpp_task_of(zval *out, const kp_op *op) {
    size_t len = 0;
    const char *reference = kp_op_get(op, "task", &len);
    ZVAL_NULL(out);
    if (reference)
        kpp_make_task(out, reference, len, NULL, NULL);
}

ZEND_METHOD(Keyplate_Task, __construct) {
    zend_string *reference, *cost = NULL;
    zval *solution = NULL;
    ZEND_PARSE_PARAMETERS_START(1, 3)
    Z_PARAM_STR(reference)
    Z_PARAM_OPTIONAL
    Z_PARAM_OBJECT_OF_CLASS_OR_NULL(solution, kpp_solution_ce)
    Z_PARAM_STR_OR_NULL(cost)
    ZEND_PARSE_PARAMETERS_END();
    fill_task(Z_OBJ_P(ZEND_THIS), ZSTR_VAL(reference), ZSTR_LEN(reference), solution,
              cost ? zend_string_copy(cost) : NULL);
}

/* A property that is not there yet reads as empty text. */
static void return_text(zval *object, const char *name, zval *out) {
    zval room, *value = zend_read_property(Z_OBJCE_P(object), Z_OBJ_P(object), name, strlen(name), true, &room);
    if (Z_TYPE_P(value) == IS_STRING)
        ZVAL_COPY(out, value);
    else
        ZVAL_EMPTY_STRING(out);
}

ZEND_METHOD(Keyplate_Task, __toString) {
    ZEND_PARSE_PARAMETERS_NONE();
    return_text(ZEND_THIS, "reference", return_value);
}

ZEND_METHOD(Keyplate_Task, jsonSerialize) {
    ZEND_PARSE_PARAMETERS_NONE();
    return_text(ZEND_THIS, "reference", return_value);
}

/* ---- Solutions ---- */

zend_string *kpp_dollars(long long micro) {
    const long long whole = micro < 0 ? -(micro / 1000000) : micro / 1000000;
    char text[48];
    int len = snprintf(text, sizeof text, "%s%lld.%06lld", micro < 0 ? "-" : "", whole, llabs(micro % 1000000));
    while (len > 2 && text[len - 1] == '0')
        len--;
    if (text[len - 1] == '.')
        len--;
    return zend_string_init(text, (size_t)len, 0);
}

zend_string *kpp_cost(const kp_op *op) {
    const char *cost = kp_op_get(op, "cost_micro", NULL);
    return cost ? kpp_dollars(strtoll(cost, NULL, 10)) : NULL;
}

static long long number(const kp_op *op, const char *fact) {
    const char *value = kp_op_get(op, fact, NULL);
    return value ? strtoll(value, NULL, 10) : 0;
}

static void set_fact(zend_object *object, const kp_op *op, const char *fact) {
    size_t len = 0;
    const char *value = kp_op_get(op, fact, &len);
    set_text(object, fact, value ? value : "", value ? len : 0);
}

void kpp_make_solution(zval *out, const kp_op *op) {
    zval value;
    if (object_init_ex(out, kpp_solution_ce) != SUCCESS)
        return;
    zend_object *solution = Z_OBJ_P(out);
    set_fact(solution, op, "answer");
    set_fact(solution, op, "provider");
    set_fact(solution, op, "key");
    kpp_task_of(&value, op);
    set(solution, "task", &value);
    ZVAL_DOUBLE(&value, (double)number(op, "elapsed_ms") / 1000);
    set(solution, "elapsed", &value);
    ZVAL_LONG(&value, (zend_long)number(op, "polls"));
    set(solution, "polls", &value);
    ZVAL_NULL(&value);
    zend_string *cost = kpp_cost(op);
    if (cost)
        ZVAL_STR(&value, cost);
    set(solution, "costUsd", &value);
}

ZEND_METHOD(Keyplate_Solution, __construct) {
    zend_string *answer, *provider = NULL, *key = NULL, *cost = NULL;
    zval *task = NULL, value;
    double elapsed = 0;
    zend_long polls = 0;
    ZEND_PARSE_PARAMETERS_START(1, 7)
    Z_PARAM_STR(answer)
    Z_PARAM_OPTIONAL
    Z_PARAM_OBJECT_OF_CLASS_OR_NULL(task, kpp_task_ce)
    Z_PARAM_STR(provider)
    Z_PARAM_STR(key)
    Z_PARAM_DOUBLE(elapsed)
    Z_PARAM_LONG(polls)
    Z_PARAM_STR_OR_NULL(cost)
    ZEND_PARSE_PARAMETERS_END();
    zend_object *solution = Z_OBJ_P(ZEND_THIS);
    set_text(solution, "answer", ZSTR_VAL(answer), ZSTR_LEN(answer));
    if (EG(exception))
        return;
    set_text(solution, "provider", provider ? ZSTR_VAL(provider) : "", provider ? ZSTR_LEN(provider) : 0);
    set_text(solution, "key", key ? ZSTR_VAL(key) : "", key ? ZSTR_LEN(key) : 0);
    ZVAL_NULL(&value);
    zend_update_property(kpp_solution_ce, solution, ZEND_STRL("task"), task ? task : &value);
    ZVAL_DOUBLE(&value, elapsed);
    set(solution, "elapsed", &value);
    ZVAL_LONG(&value, polls);
    set(solution, "polls", &value);
    ZVAL_NULL(&value);
    if (cost)
        ZVAL_STR_COPY(&value, cost);
    set(solution, "costUsd", &value);
}

ZEND_METHOD(Keyplate_Solution, __toString) {
    ZEND_PARSE_PARAMETERS_NONE();
    return_text(ZEND_THIS, "answer", return_value);
}

/* ---- Lists ---- */

void kpp_decode(zval *out, const kp_op *op, const char *fact) {
    size_t len = 0;
    const char *json = kp_op_get(op, fact, &len);
    ZVAL_NULL(out);
    if (json)
        php_json_decode_ex(out, json, len, PHP_JSON_OBJECT_AS_ARRAY, 64);
    if (Z_TYPE_P(out) != IS_ARRAY) {
        zval_ptr_dtor(out);
        array_init(out);
    }
}

void kpp_gaps(zval *out, const kp_client *client) {
    const char *text = "", *advice = "", *name;
    array_init(out);
    for (size_t i = 0; (name = kp_hygiene(client, i, &text, &advice)); i++) {
        zval gap;
        array_init(&gap);
        add_assoc_string(&gap, "name", name);
        add_assoc_string(&gap, "text", text);
        add_assoc_string(&gap, "advice", advice);
        add_next_index_zval(out, &gap);
    }
}
