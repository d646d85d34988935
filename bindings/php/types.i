/* types.i: how PHP gives and takes handles, text and numbers. Nothing is converted: another type is a TypeError.
 *
 * A handle is an object of Keyplate\Raw\Handle (face/raw.h): nothing in PHP can make one, copy one, or look into one.
 */
%{
#include "face/raw.h"
%}

/* SWIG would write the types of a result without those beside it. */
%feature("php:type", "0");

/* ---- Handles ---- */

%{
#define KPH_IS_NULL(input) (Z_TYPE(input) == IS_NULL)
#define KPH_ARG(input, type, any, handle)                                                                              \
    do {                                                                                                               \
        if (!((handle) = kpp_raw_enter(&(input), type, any)))                                                          \
            SWIG_fail;                                                                                                 \
    } while (0)
#define KPH_CLOSE(input, type)                                                                                         \
    do {                                                                                                               \
        if (!kpp_raw_close(&(input), type))                                                                            \
            SWIG_fail;                                                                                                 \
    } while (0)
#define KPH_REFUSE(text)                                                                                               \
    do {                                                                                                               \
        kpp_raw_refuse(text);                                                                                          \
        SWIG_fail;                                                                                                     \
    } while (0)
%}
%define KPH_RESULT(it, type, needs)
kpp_raw_return($result, kph_new(type, (void *)it, needs));
%enddef

/* ---- Numbers ---- */

%define KPH_NUMBER(type, low, high)
%typemap(in) type (zend_long number = 0) {
    if (!kpp_raw_number(&$input, low, high, &number))
        SWIG_fail;
    $1 = ($1_ltype)number;
}
%enddef

KPH_NUMBER(int, INT32_MIN, INT32_MAX)
KPH_NUMBER(size_t, 0, ZEND_LONG_MAX)
KPH_NUMBER(uint32_t, 0, UINT32_MAX)
%typemap(out) uint64_t {
    RETVAL_LONG((zend_long)($1 > ZEND_LONG_MAX ? ZEND_LONG_MAX : $1));
}

/* ---- Text in and out ---- */

%typemap(in) const char * {
    if (!($1 = (char *)kpp_raw_text(&$input, NULL)))
        SWIG_fail;
}
%typemap(in) const char *path {
    $1 = NULL;
    if (!KPH_IS_NULL($input) && !($1 = (char *)kpp_raw_text(&$input, NULL)))
        SWIG_fail;
}
%typemap(freearg) const char *, const char *path "";
%typemap(out) const char * {
    if ($1)
        RETVAL_STRING($1);
    else
        RETVAL_NULL();
}

%typemap(in) (const char *value, size_t len) (size_t size = 0) {
    if (!($1 = (char *)kpp_raw_text(&$input, &size)))
        SWIG_fail;
    $2 = size;
}
%apply (const char *value, size_t len) { (const char *json, size_t len), (const char *text, size_t len) };
/* null: NULL. */
%typemap(in) (const char *given, size_t len) (size_t size = 0) {
    $1 = NULL;
    if (!KPH_IS_NULL($input) && !($1 = (char *)kpp_raw_text(&$input, &size)))
        SWIG_fail;
    $2 = size;
}

/* Results beside the result: texts; the length that belongs to the result. */
%typemap(in, numinputs=0) const char ** (const char *text = NULL) {
    $1 = (char **)&text;
}
%typemap(argout) const char ** {
    kpp_raw_append(return_value, text$argnum);
}
%typemap(in, numinputs=0) size_t *len (size_t size = 0) {
    $1 = &size;
}
%typemap(out) const char *kp_op_get {
    if ($1)
        RETVAL_STRINGL($1, size3);
    else
        RETVAL_NULL();
}

/* null: the text is its own result. */
%typemap(in, numinputs=0) (const char **out, size_t *out_len) (const char *shown = NULL, size_t shown_len = 0) {
    $1 = (char **)&shown;
    $2 = &shown_len;
}
%typemap(argout) (const char **out, size_t *out_len) "";
%typemap(out) int kp_redactor_feed {
    if ($1 < 0)
        kpp_has_memory(NULL);
    else if ($1 == 0)
        RETVAL_NULL();
    else
        RETVAL_STRINGL(shown5 ? shown5 : "", shown_len5);
}
