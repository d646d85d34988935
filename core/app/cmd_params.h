/* cmd_params.h: turns NAME=VALUE words into the parameters of a submit. */
#ifndef KP_APP_CMD_PARAMS_H
#define KP_APP_CMD_PARAMS_H

#include "app/cmd.h"

/* Sets method, params and file of the operation from the command's arguments. 0, or the exit status after a message. */
int cmd_params(const cmd_app *, const kp_provider *, kp_op *);

#endif
