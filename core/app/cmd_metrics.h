/* cmd_metrics.h: gathers the figures that the command shows as metrics. */
#ifndef KP_APP_CMD_METRICS_H
#define KP_APP_CMD_METRICS_H

#include "app/cmd_tally.h"
#include "app/cmd_watch.h"

/* Adds the metrics: the balance as the watch saw it last, keys and budgets as the client tells them, calls of the
   record if one is configured. What cannot be had is left out. */
void cmd_metrics_add(cmd_watch *, cmd_tally *, cmd_driver *, kp_buf *out);

#endif
