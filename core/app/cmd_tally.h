/* cmd_tally.h: counts the outcomes of the record of calls, from its start and further as it grows. */
#ifndef KP_APP_CMD_TALLY_H
#define KP_APP_CMD_TALLY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "policy/tally.h"

/* Zeroed at its start. */
typedef struct cmd_tally {
    kp_tally tally;
    dev_t device;
    ino_t file; /* that was read last, up to */
    off_t done;
    kp_buf line; /* the part of a line that is there */
    bool skips;  /* a line that is too long for a record */
} cmd_tally;

/* Reads what came since the last time; a file that was rotated is read from its start, what was counted stays. Only
   outcomes of the provider count. false: the file cannot be read. */
bool cmd_tally_read(cmd_tally *, const char *path, const char *provider);
void cmd_tally_free(cmd_tally *);

#endif
