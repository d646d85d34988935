/* sandbox_script.h: scenarios: which requests get a slow, broken or made-up answer. */
#ifndef KP_APP_SANDBOX_SCRIPT_H
#define KP_APP_SANDBOX_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/sandbox_request.h"
#include "base/buf.h"

#define SANDBOX_ENDLESS UINT64_MAX

typedef struct sandbox_header {
    char *name, *value;
} sandbox_header;

typedef enum sandbox_reset { SANDBOX_NO_RESET = 0, SANDBOX_RESET_BEFORE_READ, SANDBOX_RESET_AFTER_READ } sandbox_reset;

typedef struct sandbox_rule {
    /* What it matches; NULL and -1: anything. */
    char *path, *method;
    int call;
    uint64_t *nth; /* which of the requests that match the rest; none: all of them */
    size_t nth_count;
    uint64_t times;      /* how often it is used at most; 0: always */
    uint64_t seen, used; /* under the script's lock */

    /* What the answer becomes; what is not given stays as the service has it. */
    int status; /* 0: not given */
    sandbox_header *headers;
    size_t header_count;
    bool has_body, has_raw;
    kp_buf body, raw;  /* raw: instead of the whole answer, head included */
    kp_buf unit;       /* repeated behind it */
    uint64_t repeat;   /* how often; SANDBOX_ENDLESS: until the client goes */
    uint64_t delay_ms; /* before the first byte */
    uint64_t drip_ms;  /* before each byte; 0: at once */
    uint64_t cut;      /* the answer ends after so many bytes, head included; UINT64_MAX: whole */
    sandbox_reset reset;
    bool carry_out; /* the request is carried out (and charged) as always, whatever the answer becomes */
    bool by_hand;   /* not an answer that an HTTP server gives: written to the socket byte by byte */
} sandbox_rule;

typedef struct sandbox_script sandbox_script;

/* NULL: problem says why. */
sandbox_script *sandbox_script_read(const char *path, kp_buf *problem);
void sandbox_script_free(sandbox_script *);
/* The rule for a request, NULL if none is; counts. before_read: only rules that reset before reading; else only the
   others. Safe from any thread. */
const sandbox_rule *sandbox_script_match(sandbox_script *, const sandbox_request *, bool before_read);
/* true if a rule writes bytes past TLS. */
bool sandbox_script_needs_plain(const sandbox_script *);

#endif
