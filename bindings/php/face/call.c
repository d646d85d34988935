/* call.c: the methods of a client that block: set an operation up, drive it, give its result. */
#include "face.h"

#include <math.h>
#include <string.h>

/* ---- Operations ---- */

kpp_call *kpp_call_begin(kpp_client *c, int kind) {
    kpp_call *call = calloc(1, sizeof *call);
    kp_op *op = call ? kp_op_new(c->core->client, kind) : NULL;
    if (!kpp_has_memory(op) || !call) {
        free(call);
        return NULL;
    }
    call->op = op;
    call->kind = kind;
    call->next = c->calls;
    c->calls = call;
    return call;
}

void kpp_call_end(kpp_client *c, kpp_call *call) {
    for (kpp_call **at = &c->calls; *at; at = &(*at)->next)
        if (*at == call) {
            *at = call->next;
            break;
        }
    kp_op_free(call->op);
    if (call->why)
        zend_string_release(call->why);
    free(call);
}

void kpp_set(kpp_call *call, const char *name, const char *value, size_t len) {
    /* What the core refuses, it says when the operation runs. */
    (void)kp_op_set(call->op, name, value, len);
}

/* ---- What the caller sets ---- */

/* Seconds. Whether they can be so many is for the core to say. name: the caller's word for it; fact: the core's.
   Throws, and gives false. */
static bool set_seconds(kpp_call *call, const zval *seconds, const char *name, const char *fact) {
    const double most = 1e15;
    if (!seconds)
        return true;
    double ms = ceil(zval_get_double((zval *)seconds) * 1000);
    if (!(ms > 0)) {
        kpp_throw_own("misuse", "%s: seconds above 0 are expected", name);
        return false;
    }
    char text[24];
    int len = snprintf(text, sizeof text, "%lld", (long long)(ms > most ? most : ms));
    kpp_set(call, fact, text, (size_t)len);
    return true;
}

static void set_string(kpp_call *call, const char *fact, const zend_string *text) {
    if (text)
        kpp_set(call, fact, ZSTR_VAL(text), ZSTR_LEN(text));
}

/* Each with a name and a text of its own, for the record. Throws. */
static void set_tags(kpp_call *call, HashTable *tags) {
    zend_string *name;
    zval *value;
    ZEND_HASH_FOREACH_STR_KEY_VAL(tags, name, value) {
        ZVAL_DEREF(value);
        if (!name || strlen(ZSTR_VAL(name)) != ZSTR_LEN(name) || Z_TYPE_P(value) != IS_STRING) {
            kpp_throw_own("misuse", "tags: each has a name, and a string");
            return;
        }
        zend_string *fact = zend_strpprintf(0, "tag.%s", ZSTR_VAL(name));
        set_string(call, ZSTR_VAL(fact), Z_STR_P(value));
        zend_string_release(fact);
    }
    ZEND_HASH_FOREACH_END();
}

/* file has the bytes of an upload; all others are JSON. Throws. */
static void set_params(kpp_call *call, HashTable *params) {
    const zval *file = zend_hash_str_find_deref(params, ZEND_STRL("file"));
    kpp_writer w = {.what = "parameter"};
    if (file && Z_TYPE_P(file) != IS_STRING) {
        kpp_throw_own("bad_parameter", "file: a string with the bytes of an upload is expected");
        return;
    }
    if (file)
        kpp_set(call, "file", Z_STRVAL_P(file), Z_STRLEN_P(file));
    if (kpp_write_object(&w, params, "file"))
        kpp_set(call, "params", ZSTR_VAL(w.text.s), ZSTR_LEN(w.text.s));
    kpp_writer_end(&w);
}

/* ---- Results ---- */

static void make_result(const kpp_call *call, zval *out) {
    size_t len = 0;
    const char *value;
    zend_string *cost;
    zval solution;
    switch (call->kind) {
    case KP_BALANCE:
    case KP_VERIFY:
        value = kp_op_get(call->op, "balance", &len);
        ZVAL_STRINGL(out, value ? value : "", len);
        break;
    case KP_SUBMIT:
        /* A service can answer a submit at once, without a task to ask for. */
        cost = kpp_cost(call->op);
        value = kp_op_get(call->op, "task", &len);
        ZVAL_NULL(&solution);
        if (!value)
            kpp_make_solution(&solution, call->op);
        kpp_make_task(out, value ? value : "", len, value ? NULL : &solution, cost);
        zval_ptr_dtor(&solution);
        break;
    case KP_RESULT:
    case KP_WAIT:
    case KP_SOLVE: kpp_make_solution(out, call->op); break;
    case KP_TELL:
    case KP_REFRESH:
        if (!call->text) {
            kpp_decode(out, call->op, "answer");
            break;
        }
        value = kp_op_get(call->op, "answer", &len);
        ZVAL_STRINGL(out, value ? value : "", len);
        break;
    default: ZVAL_NULL(out);
    }
}

static bool is_pending(const kpp_call *call) {
    const char *word = kp_op_get(call->op, "class", NULL);
    return call->kind == KP_RESULT && word && strcmp(word, "pending") == 0;
}

/* A new operation of the client whose method runs. Throws, and gives NULL. */
static kpp_call *begin(zval *client, int kind) {
    kpp_client *c = kpp_client_ready(Z_OBJ_P(client));
    return c ? kpp_call_begin(c, kind) : NULL;
}

/* Drives it, and gives its result, or throws. With a timeout that cannot be, or after something was thrown, it only
   ends it. */
static void finish(zval *client, kpp_call *call, const zval *timeout, zval *out) {
    kpp_client *c = kpp_client_of(Z_OBJ_P(client));
    if (!EG(exception) && set_seconds(call, timeout, "timeout", "timeout_ms")) {
        kpp_drive(c, call);
        if (!EG(exception))
            kpp_tell_log(c);
    }
    if (!EG(exception)) {
        if (!kp_op_error(call->op))
            make_result(call, out);
        else if (!is_pending(call))
            kpp_throw_error(call);
    }
    kpp_call_end(c, call);
}

/* ---- Methods ---- */

/* name, value: what the core is told; NULL: nothing. */
static void look(INTERNAL_FUNCTION_PARAMETERS, int kind, const char *name, const char *value) {
    zval *timeout = NULL;
    ZEND_PARSE_PARAMETERS_START(0, 1)
    Z_PARAM_OPTIONAL
    Z_PARAM_NUMBER_OR_NULL(timeout)
    ZEND_PARSE_PARAMETERS_END();
    kpp_call *call = begin(ZEND_THIS, kind);
    if (!call)
        return;
    if (name)
        kpp_set(call, name, value, strlen(value));
    call->text = name && strcmp(value, "metrics") == 0;
    finish(ZEND_THIS, call, timeout, return_value);
}

ZEND_METHOD(Keyplate_Client, balance) {
    look(INTERNAL_FUNCTION_PARAM_PASSTHRU, KP_BALANCE, NULL, NULL);
}

ZEND_METHOD(Keyplate_Client, verify) {
    zval *timeout = NULL;
    bool now = false;
    ZEND_PARSE_PARAMETERS_START(0, 2)
    Z_PARAM_OPTIONAL
    Z_PARAM_NUMBER_OR_NULL(timeout)
    Z_PARAM_BOOL(now)
    ZEND_PARSE_PARAMETERS_END();
    kpp_call *call = begin(ZEND_THIS, KP_VERIFY);
    if (!call)
        return;
    if (now)
        kpp_set(call, "now", "1", 1);
    finish(ZEND_THIS, call, timeout, return_value);
}

ZEND_METHOD(Keyplate_Client, rotate) {
    zend_string *name = NULL;
    zval *timeout = NULL;
    ZEND_PARSE_PARAMETERS_START(0, 2)
    Z_PARAM_OPTIONAL
    Z_PARAM_STR_OR_NULL(name)
    Z_PARAM_NUMBER_OR_NULL(timeout)
    ZEND_PARSE_PARAMETERS_END();
    kpp_call *call = begin(ZEND_THIS, KP_REFRESH);
    if (!call)
        return;
    set_string(call, "what", name);
    finish(ZEND_THIS, call, timeout, return_value);
}

ZEND_METHOD(Keyplate_Client, keys) {
    look(INTERNAL_FUNCTION_PARAM_PASSTHRU, KP_TELL, "what", "keys");
}

ZEND_METHOD(Keyplate_Client, metrics) {
    look(INTERNAL_FUNCTION_PARAM_PASSTHRU, KP_TELL, "what", "metrics");
}

ZEND_METHOD(Keyplate_Client, resume) {
    look(INTERNAL_FUNCTION_PARAM_PASSTHRU, KP_PAUSE, "undo", "1");
}

ZEND_METHOD(Keyplate_Client, limits) {
    zend_string *client_id = NULL, *method = NULL;
    zval *timeout = NULL;
    ZEND_PARSE_PARAMETERS_START(0, 3)
    Z_PARAM_OPTIONAL
    Z_PARAM_STR_OR_NULL(client_id)
    Z_PARAM_STR_OR_NULL(method)
    Z_PARAM_NUMBER_OR_NULL(timeout)
    ZEND_PARSE_PARAMETERS_END();
    kpp_call *call = begin(ZEND_THIS, KP_TELL);
    if (!call)
        return;
    kpp_set(call, "what", "limits", 6);
    set_string(call, "client_id", client_id);
    set_string(call, "method", method);
    finish(ZEND_THIS, call, timeout, return_value);
}

ZEND_METHOD(Keyplate_Client, pause) {
    zend_string *reason = NULL;
    zval *duration = NULL, *timeout = NULL;
    ZEND_PARSE_PARAMETERS_START(0, 3)
    Z_PARAM_OPTIONAL
    Z_PARAM_STR_OR_NULL(reason)
    Z_PARAM_NUMBER_OR_NULL(duration)
    Z_PARAM_NUMBER_OR_NULL(timeout)
    ZEND_PARSE_PARAMETERS_END();
    kpp_call *call = begin(ZEND_THIS, KP_PAUSE);
    if (!call)
        return;
    set_string(call, "what", reason);
    set_seconds(call, duration, "duration", "for_ms");
    finish(ZEND_THIS, call, timeout, return_value);
}

static void paid(INTERNAL_FUNCTION_PARAMETERS, int kind) {
    zend_string *method, *client_id = NULL;
    HashTable *params = NULL, *tags = NULL;
    zval *timeout = NULL;
    bool sync = false;
    ZEND_PARSE_PARAMETERS_START(1, 6)
    Z_PARAM_STR(method)
    Z_PARAM_OPTIONAL
    Z_PARAM_ARRAY_HT(params)
    Z_PARAM_NUMBER_OR_NULL(timeout)
    Z_PARAM_BOOL(sync)
    Z_PARAM_STR_OR_NULL(client_id)
    Z_PARAM_ARRAY_HT(tags)
    ZEND_PARSE_PARAMETERS_END();
    kpp_call *call = begin(ZEND_THIS, kind);
    if (!call)
        return;
    set_string(call, "method", method);
    set_string(call, "client_id", client_id);
    if (sync)
        kpp_set(call, "sync", "1", 1);
    if (params)
        set_params(call, params);
    if (tags && !EG(exception))
        set_tags(call, tags);
    finish(ZEND_THIS, call, timeout, return_value);
}

ZEND_METHOD(Keyplate_Client, submit) {
    paid(INTERNAL_FUNCTION_PARAM_PASSTHRU, KP_SUBMIT);
}

ZEND_METHOD(Keyplate_Client, solve) {
    paid(INTERNAL_FUNCTION_PARAM_PASSTHRU, KP_SOLVE);
}

/* What the service said already when the task was submitted. */
static bool known_answer(zend_object *task, zval *out) {
    zval room, *solution = zend_read_property(kpp_task_ce, task, ZEND_STRL("solution"), true, &room);
    if (Z_TYPE_P(solution) != IS_OBJECT)
        return false;
    ZVAL_COPY(out, solution);
    return true;
}

static void set_task(kpp_call *call, zend_object *task, zend_string *reference) {
    zval room;
    if (task) {
        const zval *text = zend_read_property(kpp_task_ce, task, ZEND_STRL("reference"), true, &room);
        reference = Z_TYPE_P(text) == IS_STRING ? Z_STR_P(text) : ZSTR_EMPTY_ALLOC();
    }
    kpp_set(call, "task", ZSTR_VAL(reference), ZSTR_LEN(reference));
}

static void about_task(INTERNAL_FUNCTION_PARAMETERS, int kind) {
    zend_object *task = NULL;
    zend_string *reference = NULL;
    zval *timeout = NULL;
    ZEND_PARSE_PARAMETERS_START(1, 2)
    Z_PARAM_OBJ_OF_CLASS_OR_STR(task, kpp_task_ce, reference)
    Z_PARAM_OPTIONAL
    Z_PARAM_NUMBER_OR_NULL(timeout)
    ZEND_PARSE_PARAMETERS_END();
    kpp_client *c = kpp_client_ready(Z_OBJ_P(ZEND_THIS));
    if (!c || (task && known_answer(task, return_value)))
        return;
    kpp_call *call = kpp_call_begin(c, kind);
    if (!call)
        return;
    set_task(call, task, reference);
    finish(ZEND_THIS, call, timeout, return_value);
}

ZEND_METHOD(Keyplate_Client, result) {
    about_task(INTERNAL_FUNCTION_PARAM_PASSTHRU, KP_RESULT);
}

ZEND_METHOD(Keyplate_Client, wait) {
    about_task(INTERNAL_FUNCTION_PARAM_PASSTHRU, KP_WAIT);
}

ZEND_METHOD(Keyplate_Client, report) {
    zend_object *task = NULL;
    zend_string *reference = NULL;
    zval *timeout = NULL;
    bool good;
    ZEND_PARSE_PARAMETERS_START(2, 3)
    Z_PARAM_OBJ_OF_CLASS_OR_STR(task, kpp_task_ce, reference)
    Z_PARAM_BOOL(good)
    Z_PARAM_OPTIONAL
    Z_PARAM_NUMBER_OR_NULL(timeout)
    ZEND_PARSE_PARAMETERS_END();
    kpp_call *call = begin(ZEND_THIS, KP_REPORT);
    if (!call)
        return;
    set_task(call, task, reference);
    kpp_set(call, "good", good ? "1" : "0", 1);
    finish(ZEND_THIS, call, timeout, return_value);
}
