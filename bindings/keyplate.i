/* keyplate.i: the public headers for SWIG: what is left out, which calls block, and what every language shares.
 *
 * Each pointer is a handle (handle.h). A language's own file, bindings/LANGUAGE/types.i, says with these macros how it
 * takes and gives them:
 *     KPH_ARG(input, type, any, handle)    a handle out of an argument, entered; raises, and goes to fail
 *     KPH_CLOSE(input, type)               closes one; raises, and goes to fail
 *     KPH_RESULT(it, type, needs)          a new handle as the result
 *     KPH_REFUSE(text)                     raises what stands for wrong use, and goes to fail
 * and has the typemaps for text and bytes.
 */
#ifdef SWIGPYTHON
%module(package="keyplate", threads="1") _raw
%nothread;
#else
%module keyplate
#endif

%{
#include <stdbool.h>
#include <string.h>

#include "handle.h"
#include "keyplate_run.h"

#define KPH_TYPE(type, free_it, alone)                                                                                 \
    static void kph_free_##type(void *it) {                                                                            \
        free_it(it);                                                                                                   \
    }                                                                                                                  \
    static const kph_type kph_type_##type = {#type, kph_free_##type, alone};

KPH_TYPE(kp_config, kp_config_free, true)
KPH_TYPE(kp_secret, kp_secret_free, false)
KPH_TYPE(kp_client, kp_client_free, false)
KPH_TYPE(kp_op, kp_op_free, true)
KPH_TYPE(kp_redactor, kp_redactor_free, true)
KPH_TYPE(kp_runner, kp_runner_free, false)
static const kph_type kph_type_kp_local = {"kp_local", NULL, false}; /* the runner's own */
%}

%include <stdint.i>
%include "types.i"

/* ---- What would hand out a key, or lets a program tell an operation what did not happen ---- */

%rename("$ignore", regextarget=1, fullname=1) "^kp_http_|^kp_store_|^kp_append_|^kp_on_";
%ignore kp_read_room;
/* What writes into memory of the caller: a redactor does the same. */
%ignore kp_redact_line;
/* The runner has one, and does what is due in the background. */
%ignore kp_client_chore;
%ignore kp_local_new;
%ignore kp_local_free;

/* ---- Handles ---- */

%define KP_HANDLE(type)
%typemap(in) type * (kph *handle = NULL), const type * (kph *handle = NULL) {
    KPH_ARG($input, &kph_type_##type, false, handle);
    $1 = (type *)handle->it;
}
%typemap(in) type *any (kph *handle = NULL), const type *any (kph *handle = NULL) {
    KPH_ARG($input, &kph_type_##type, true, handle);
    $1 = (type *)handle->it;
}
%typemap(in) const type *client (kph *handle = NULL) {
    if (!KPH_IS_NULL($input)) {
        KPH_ARG($input, &kph_type_##type, false, handle);
    }
    $1 = handle ? (type *)handle->it : NULL;
}
/* It is closed before the call; free takes NULL. */
%typemap(in) type *closing (kph *handle = NULL) {
    KPH_CLOSE($input, &kph_type_##type);
    $1 = NULL;
}
%typemap(freearg) type *, const type *, type *any, const type *any, const type *client, type *closing {
    kph_leave(handle$argnum);
}
%typemap(check) type *, const type *, type *any, const type *any, const type *client, type *closing "";
%typemap(out) type * {
    KPH_RESULT($1, &kph_type_##type, NULL);
}
%enddef

KP_HANDLE(kp_config)
KP_HANDLE(kp_secret)
KP_HANDLE(kp_client)
KP_HANDLE(kp_op)
KP_HANDLE(kp_redactor)
KP_HANDLE(kp_runner)
KP_HANDLE(kp_local)

/* What was made out of the first argument needs it. */
%typemap(out) kp_redactor *kp_redactor_new, kp_local *kp_runner_local, kp_runner *kp_runner_new {
    KPH_RESULT($1, &kph_type_$1_basetype, handle1);
}

/* An operation in the midst of a call ends before its runner does, and goes on with no other one. */
%apply kp_op * { kp_op *driven };
%typemap(check) kp_op *driven {
    if (!kph_bind(handle2, handle1))
        KPH_REFUSE("kp_op: it is driven by another kp_runner already");
}

/* ---- Declared before the headers, and so in place of theirs: arguments with names get typemaps of their own ---- */

void kp_config_free(kp_config *closing);
void kp_secret_free(kp_secret *closing);
void kp_client_free(kp_client *closing);
void kp_op_free(kp_op *closing);
void kp_redactor_free(kp_redactor *closing);
void kp_runner_free(kp_runner *closing);
void kp_op_cancel(kp_op *any);
int kp_op_cancelled(const kp_op *any);
void kp_read_give(kp_op *, const char *given, size_t len);

#ifdef SWIGPYTHON
/* What blocks lets other threads run. A handle is entered before and left after, so that they cannot free it. */
%thread kp_run;
%thread kp_run_for;
%thread kp_local_configure;
%thread kp_local_learn;
%thread kp_local_step;
%thread kp_redactor_feed;
#endif

void kp_run_cancel(kp_op *any);
int kp_run(kp_runner *, kp_op *driven);
int kp_run_for(kp_runner *, kp_op *driven, uint32_t at_most_ms);

%include "keyplate.h"
%include "keyplate_run.h"

/* The program was asked for the key of a "host:" name (kp_read_name), and could not say it. */
%inline %{
static void kp_read_fail(kp_op *op) {
    kp_local_time(op);
    kp_on_read(op, KP_FAILED, KP_WHY_IO, 0);
}
%}
