/* params.h: the parameters of a submit, checked against the provider's table before anything is sent. */
#ifndef KP_WIRE_PARAMS_H
#define KP_WIRE_PARAMS_H

#include <stdbool.h>

#include "base/buf.h"
#include "wire/json.h"
#include "wire/provider.h"

/* What a submit consists of. Spans of the caller, which outlive the check and the request. */
typedef struct kp_params {
    const kp_provider *provider;
    const kp_method *method; /* NULL: not listed, passes through */
    const char *method_name;
    kp_call_kind call; /* SUBMIT, SUBMIT_FILE or SYNC */
    kp_json object;    /* the parameters; type NONE or an object */
    const char *file;  /* bytes of the upload, NULL if none */
    size_t file_len;
} kp_params;

/* Resolves the method and checks everything. params_json may be NULL. sync: the synchronous call. 0 and *out filled,
   or the error code with a sentence in *problem that names the parameter and never its value (values may be secrets).
   Refuses: reserved names; control characters CR, LF, NUL in any text; missing and ill-formed values; a misspelt method
   or a misspelt name of a required parameter, with the nearest name. Unknown extra parameters pass. */
int kp_params_check(const kp_provider *, const char *method, const char *params_json, size_t json_len, const char *file,
                    size_t file_len, bool sync, kp_params *out, kp_buf *problem);
/* Adds the text form of a value for query and form fields: strings decoded, numbers raw, true/false as 1/0, arrays and
   objects as JSON text. */
void kp_params_text(kp_json value, kp_buf *out);

#endif
