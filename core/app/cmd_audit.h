/* cmd_audit.h: the command audit. */
#ifndef KP_APP_CMD_AUDIT_H
#define KP_APP_CMD_AUDIT_H

#include "app/cmd.h"

int cmd_audit(cmd_app *);

#endif
