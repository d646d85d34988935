/* cmd_env.h: moves key variables out of the environment block that other processes and core dumps can see. */
#ifndef KP_APP_CMD_ENV_H
#define KP_APP_CMD_ENV_H

#include "engine/client.h"

/* Takes the key variables of every service, the credentials of stores and the options of keyplate out of the block.
   getenv still finds them, in locked memory. */
void cmd_env_hide_known(void);
/* The same for the variables that the members of a client name (env:NAME). */
void cmd_env_hide_members(const kp_members *);
/* The same for one reference, if it is env:NAME. */
void cmd_env_hide_reference(const char *reference);

#endif
