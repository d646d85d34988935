/* sandbox_request.h: one request as it is read: its parameters, whichever way they came, and the answer to it. */
#ifndef KP_APP_SANDBOX_REQUEST_H
#define KP_APP_SANDBOX_REQUEST_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/sandbox_account.h"
#include "app/sandbox_address.h"
#include "base/buf.h"
#include "safe/crypto.h"

struct cJSON;

typedef enum sandbox_call {
    SANDBOX_NO_CALL = 0,
    SANDBOX_SUBMIT,
    SANDBOX_RESULT,
    SANDBOX_GET_BALANCE,
    SANDBOX_REPORT,
    SANDBOX_CREATE_TASK,
    SANDBOX_GET_TASK_RESULT,
    SANDBOX_SOLVE,
    SANDBOX_CALLS
} sandbox_call;

typedef struct sandbox_field {
    char *name;
    kp_buf value;
} sandbox_field;

typedef struct sandbox_request {
    struct MHD_Connection *connection;
    const char *http_method; /* "GET", "POST", else "other" */
    const char *path;        /* a path that the sandbox serves, else "other": never the caller's own text */
    sandbox_address client;
    struct MHD_PostProcessor *form;
    sandbox_field *fields;
    size_t field_count, field_room;
    bool multipart;
    size_t kept;  /* bytes of the body so far */
    bool too_big; /* more than is kept came; what was over is dropped */
    bool short_of_memory;
    kp_buf body; /* of a JSON call */
    struct cJSON *json;

    /* Found out while it is worked on. */
    const sandbox_key *key;              /* NULL: none that is known */
    char wrong_key[KP_FINGERPRINT_SIZE]; /* of one that is not known; else "" */

    /* The answer. */
    int status;
    const char *type;
    kp_buf answer;
    uint64_t wait_ms; /* before it is sent */
} sandbox_request;

/* req is all zero. */
void sandbox_request_init(sandbox_request *req, struct MHD_Connection *, const char *path, const char *http_method);
/* Gives back what it holds. */
void sandbox_request_clear(sandbox_request *);
/* The next piece of the body. */
void sandbox_request_feed(sandbox_request *, const char *data, size_t len);
/* The body is complete. */
void sandbox_request_end(sandbox_request *);

/* A parameter of the query or the form (the query goes first); NULL if there is none. */
const char *sandbox_request_value(const sandbox_request *, const char *name, size_t *len);
/* true if the parameter is there and is exactly this text. */
bool sandbox_request_is(const sandbox_request *, const char *name, const char *text);
/* Which call this is: by path and, at res.php, action. */
sandbox_call sandbox_request_call(const sandbox_request *);
/* The captcha method or task type that is asked for; NULL if none is. */
const char *sandbox_request_task_method(const sandbox_request *, size_t *len);
/* "submit", "result", "balance", "report", "create_task", "get_task_result", "solve"; "other". */
const char *sandbox_call_name(sandbox_call);

#endif
