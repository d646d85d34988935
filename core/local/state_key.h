/* state_key.h: keys that a host makes for itself, once: files of the state folder with random content. */
#ifndef KP_LOCAL_STATE_KEY_H
#define KP_LOCAL_STATE_KEY_H

#include <stdbool.h>

#include "base/buf.h"

/* Adds the path of the file of that name in the state folder (mode 0600, one line of 64 hex digits). make: it is made
   if it is not there, whole or not at all; of several processes that want to, one does. false with errno if the folder
   or the file cannot be had. */
bool kp_state_key_path(const char *name, bool make, kp_buf *out);

#endif
