/* cmd_pause.h: pauses paid calls while the balance is below its floor. */
#ifndef KP_APP_CMD_PAUSE_H
#define KP_APP_CMD_PAUSE_H

#include "app/cmd_watch.h"

/* over: the balance is above it again, and a pause that was made for this ends; one that somebody else made stays as it
   is. What became of it, as half a sentence, or NULL; *due: it is still to be made. */
const char *cmd_pause_for_floor(cmd_app *, cmd_driver *, bool over, bool *due);
/* Makes a pause that was made for this last on, or one that is due. One that somebody ended is not made again. false:
   one is still due. */
bool cmd_pause_hold(cmd_app *, cmd_driver *, bool due);

#endif
