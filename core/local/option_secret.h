/* option_secret.h: finds the secret that an option of a client refers to: the password of a store, the URL of a hook.
 */
#ifndef KP_LOCAL_OPTION_SECRET_H
#define KP_LOCAL_OPTION_SECRET_H

#include "base/buf.h"
#include "engine/client.h"
#include "local/patience.h"

/* Adds it to out, which is of safe memory; nothing if the option is empty. Only what can be read again and again: env:,
   dotenv:, file:, cred:, json:, exec:, and held: of the client. what: "its password", for the sentence in *problem when
   the result is false. */
bool kp_option_secret(const kp_client *, const char *option, const char *what, const kp_patience *, kp_buf *out,
                      kp_buf *problem);

#endif
