/* error.h: codes, classes and their facts, all made from the one table of error_list.h. */
#ifndef KP_BASE_ERROR_H
#define KP_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum kp_class {
    KP_CLASS_NONE = 0,
    KP_CLASS_USAGE,
    KP_CLASS_INPUT,
    KP_CLASS_KEY,
    KP_CLASS_FUNDS,
    KP_CLASS_ADDRESS,
    KP_CLASS_BUSY,
    KP_CLASS_QUOTA,
    KP_CLASS_TASK,
    KP_CLASS_PENDING,
    KP_CLASS_NETWORK,
    KP_CLASS_PROTOCOL,
    KP_CLASS_SERVER,
    KP_CLASS_TIMEOUT,
    KP_CLASS_LIMIT,
    KP_CLASS_STORE,
    KP_CLASS_CANCELLED,
    KP_CLASS_UNKNOWN,
    KP_CLASS_INTERNAL
} kp_class;

/* Whose word a code is. */
typedef enum kp_origin { KP_OWN = 0, KP_CAPTCHAAI, KP_NOCAPTCHAAI } kp_origin;

/* What an answer with this code says of a paid submit. */
typedef enum kp_taken {
    KP_NOT_TAKEN = 0, /* certainly not accepted, nothing is charged */
    KP_MAYBE_TAKEN    /* cannot be known: counts as spent */
} kp_taken;

typedef enum kp_code {
    KP_OK = 0,
#define X(number, symbol, origin, wire, name, class_, taken, first_ms, most_ms, text, advice) symbol = number,
#include "base/error_list.h"
#undef X
    KP_CODE_END_
} kp_code;

typedef struct kp_error_row {
    int code;
    kp_origin origin;
    int wire; /* the service's number, 0 if it uses words */
    const char *name;
    kp_class cls;
    kp_taken taken;
    uint32_t
        first_ms;     /* wait before the first retry of a read, or of a submit that was not taken; 0: never by itself */
    uint32_t most_ms; /* to which the wait doubles */
    const char *text;
    const char *advice;
} kp_error_row;

/* The row of a code; a row of class unknown for a number that is none. Never NULL. */
const kp_error_row *kp_error_find(int code);
/* The i-th row, NULL past the last. */
const kp_error_row *kp_error_row_at(size_t i);
/* The code of a service's word (compared with and without ERROR_ in front; exact case), KP_E_UNKNOWN_CODE if the
   list lacks it. */
int kp_error_of_word(kp_origin, const char *word, size_t len);
/* The code of a service's number, KP_E_UNKNOWN_CODE if the list lacks it. */
int kp_error_of_number(kp_origin, int number);
const char *kp_class_name(kp_class);

#endif
