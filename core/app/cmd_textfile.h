/* cmd_textfile.h: writes a file whole, so that whoever reads it never sees half of it. */
#ifndef KP_APP_CMD_TEXTFILE_H
#define KP_APP_CMD_TEXTFILE_H

#include "base/buf.h"

/* Beside it, mode 0644, then by a rename in its place. 0, or the errno. */
int cmd_textfile_write(const char *path, const kp_buf *text);

#endif
