/* cmd_keys_manage.h: keys use, rotate, revoke. */
#ifndef KP_APP_CMD_KEYS_MANAGE_H
#define KP_APP_CMD_KEYS_MANAGE_H

#include "app/cmd.h"

/* what: the word behind keys. The exit status. */
int cmd_keys_manage(cmd_app *, const char *what);

#endif
