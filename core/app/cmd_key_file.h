/* cmd_key_file.h: stores a key in the home file of a service. */
#ifndef KP_APP_CMD_KEY_FILE_H
#define KP_APP_CMD_KEY_FILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "wire/provider.h"

/* Puts the key into ~/HOME/config.json as "api_key", and leaves the other members byte for byte. The file gets mode
   0600 and replaces the old one in one step; its folder is 0700. *path gets where it is, *note what else was changed
   (a folder's mode; empty if nothing was). false with a sentence in *problem: then the old file is as it was. */
bool cmd_key_store(const kp_provider *, const char *key, size_t len, kp_buf *path, kp_buf *note, kp_buf *problem);

#endif
