/* cmd_audit_report.h: the command audit report. */
#ifndef KP_APP_CMD_AUDIT_REPORT_H
#define KP_APP_CMD_AUDIT_REPORT_H

#include "app/cmd.h"

/* Its files are the arguments behind the first. Returns the exit status. */
int cmd_audit_report(cmd_app *);

#endif
