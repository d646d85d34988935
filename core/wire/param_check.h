/* param_check.h: whether the value of one parameter is of its type. */
#ifndef KP_WIRE_PARAM_CHECK_H
#define KP_WIRE_PARAM_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "wire/json.h"
#include "wire/provider.h"

#define KP_IMAGE_MAX ((size_t)1024 * 1024) /* bytes of an image after decoding */

/* type: what the value is in JSON; text: its text as kp_params_text has it; to_json: it goes out as JSON, where the
   service tells true from "1". 0, KP_E_PARAMETER, KP_E_TOO_BIG or KP_E_MEMORY; *problem then says what is wrong with
   the parameter, without the value. */
int kp_param_check(const kp_param *, kp_json_type type, const char *text, size_t len, bool to_json, kp_buf *problem);

#endif
