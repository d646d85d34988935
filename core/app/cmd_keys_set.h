/* cmd_keys_set.h: the command keys set. */
#ifndef KP_APP_CMD_KEYS_SET_H
#define KP_APP_CMD_KEYS_SET_H

#include "app/cmd.h"

int cmd_keys_set(cmd_app *);

#endif
