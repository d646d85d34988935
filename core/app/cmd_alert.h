/* cmd_alert.h: tells what the watch over a balance found: on stderr, to a program, to a webhook. */
#ifndef KP_APP_CMD_ALERT_H
#define KP_APP_CMD_ALERT_H

#include "app/cmd_watch.h"

/* Tells each alert of the last round once. What does not go out is said on stderr, and nothing stops for it. */
void cmd_alert_all(const cmd_watch *);
/* Adds the alert as a JSON object. */
void cmd_alert_add(const cmd_watch *, const cmd_alert *, kp_buf *out);

#endif
