/* answer.h: what an HTTP answer of a service means. */
#ifndef KP_WIRE_ANSWER_H
#define KP_WIRE_ANSWER_H

#include "base/buf.h"
#include "wire/provider.h"

#define KP_ID_MAX 255

typedef struct kp_answer {
    int error;               /* 0, KP_E_PENDING, or the code */
    bool has_task, has_text; /* id, text are meant */
    kp_buf id;               /* submit: the task id, exactly as the service wrote it (a string's decoded text) */
    kp_buf text;             /* the solution (an object or a list as JSON text), or the balance as decimal text */
    int64_t balance_micro;   /* BALANCE */
    const char *unit;        /* BALANCE: "USD" or "credits" */
    kp_buf provider_code;    /* the service's own word or number, cut and shown; "" if none */
    kp_buf provider_text;    /* error_text, errorDescription, message: cut and shown; "" if none */
    uint64_t retry_after_ms; /* of the body (retryAfterSec); 0 if none */
} kp_answer;

void kp_answer_init(kp_answer *);
void kp_answer_free(kp_answer *);
void kp_answer_clear(kp_answer *);
/* Reads the answer of a call: HTTP status and whole body. Sets error and the rest; KP_E_ANSWER for whatever is not in
   the grammar; KP_E_MEMORY. The error fields of a body count with every status; a body without a known error is only
   an answer with a 2xx status; 3xx is KP_E_REDIRECT, 429 KP_E_BUSY (KP_E_ANSWER with a success in the body), 5xx
   KP_E_SERVER, the rest KP_E_HTTP. A code that says nothing of the call ("not ready" anywhere but to RESULT, a wrong
   task id or too few solvers to a submit) is KP_E_ANSWER with every status. A balance that is not 0 is never 0 micro
   (see decimal.h), and two balances that differ are KP_E_ANSWER. provider_code and provider_text are masked; id and
   text come as the service sent them: the caller masks keys. */
void kp_answer_read(kp_answer *, const kp_provider *, kp_call_kind, int http_status, const char *body, size_t len);

#endif
