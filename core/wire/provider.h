/* provider.h: what keyplate knows of a service, as data: endpoints, where the key goes, parameters, timings. */
#ifndef KP_WIRE_PROVIDER_H
#define KP_WIRE_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef enum kp_call_kind {
    KP_CALL_SUBMIT = 0,
    KP_CALL_SUBMIT_FILE, /* multipart */
    KP_CALL_SYNC,        /* submit and answer in one */
    KP_CALL_RESULT,
    KP_CALL_BALANCE,
    KP_CALL_REPORT_GOOD,
    KP_CALL_REPORT_BAD,
    KP_CALLS
} kp_call_kind;

typedef enum kp_place { KP_IN_QUERY, KP_IN_FORM, KP_IN_MULTIPART, KP_IN_JSON, KP_IN_HEADER } kp_place;
typedef enum kp_grammar {
    KP_GRAMMAR_OK_PIPE, /* in.php/res.php: OK|..., bare codes, or {"status":..,"request":..} */
    KP_GRAMMAR_TASK     /* {"errorId":..,"status":..,"taskId"/"solution":..} and the other error shapes */
} kp_grammar;

typedef struct kp_call {
    const char *http_method; /* NULL: this service has no such call */
    const char *path;
    kp_place key_in;
    const char *key_name;        /* name of the field, member or header that carries the key */
    kp_place params_in;          /* QUERY, FORM, MULTIPART or JSON */
    const char *fixed;           /* fields that keyplate sets, "json=1&action=get", not in JSON; NULL for none */
    const char *id_name;         /* field or member that carries the task id; NULL for none */
    const char *method_name;     /* field or member that carries the method; NULL for none */
    const char *wrap;            /* JSON: the member that holds method and parameters; NULL: the body itself does */
    const char *const *reserved; /* names that a caller may not set on this call, ended by NULL */
} kp_call;

typedef enum kp_value {
    KP_VALUE_TEXT = 0,
    KP_VALUE_URL,     /* absolute http or https */
    KP_VALUE_FLAG,    /* 0 or 1 */
    KP_VALUE_INT,     /* low..high */
    KP_VALUE_DECIMAL, /* low..high */
    KP_VALUE_WORD,    /* one of words, '|' between */
    KP_VALUE_IMAGE,   /* base64 of 1 byte to 1 MiB; @FILE reads and encodes it */
    KP_VALUE_FILE     /* bytes of a file, 1 byte to 1 MiB; @FILE reads it */
} kp_value;

typedef struct kp_param {
    const char *name;
    bool required;
    const char *unless; /* "version=4": not required where that parameter has that value; NULL: always */
    kp_value type;
    int low, high;
    const char *words;
    bool secret; /* a proxy with its credentials: masked wherever it would be shown */
    const char *text;
} kp_param;

typedef struct kp_method {
    const char *name;
    kp_call_kind call;
    uint32_t first_poll_ms;
    uint32_t deadline_ms;
    const kp_param *params; /* ended by a NULL name; the provider's common ones come beside */
    const char *text;
} kp_method;

typedef struct kp_provider {
    const char *name;  /* "captchaai" */
    const char *title; /* "CaptchaAI" */
    kp_origin origin;
    const char *base_url;
    const char *url_env;  /* CAPTCHAAI_URL */
    const char *key_env;  /* CAPTCHAAI_API_KEY; further ones: _BACKUP, _2 .. _9 */
    const char *key_cred; /* captchaai_key */
    const char *home;     /* ".captchaai" */
    const char *unit;     /* of the balance */
    kp_grammar grammar;
    kp_call calls[KP_CALLS];
    const kp_method *methods;                           /* ended by a NULL name */
    const kp_param *common;                             /* ended by a NULL name */
    bool open_methods;                                  /* methods that are not listed pass through unchecked */
    uint32_t first_poll_ms, every_poll_ms, deadline_ms; /* for what a method does not say */
} kp_provider;

/* One file each. */
extern const kp_provider kp_provider_captchaai, kp_provider_nocaptchaai;

/* By name, NULL if there is none. */
const kp_provider *kp_provider_find(const char *name);
/* The i-th, NULL past the last. */
const kp_provider *kp_provider_at(size_t i);
/* NULL if it is not listed. */
const kp_method *kp_method_find(const kp_provider *, const char *name);
/* The parameter of a method or a common one; NULL if it is not listed. method may be NULL. */
const kp_param *kp_param_find(const kp_provider *, const kp_method *, const char *name);

#endif
