/* append.h: does an APPEND step: one line, whole, at the end of a file that other processes write and rotate. */
#ifndef KP_LOCAL_APPEND_H
#define KP_LOCAL_APPEND_H

#include <stddef.h>

#include "local/patience.h"

/* Opens path (made with mode 0600), takes its lock, makes sure that it is still the file of that path (rotation), sets
   a torn last line off by a line end, writes the line in one write and checks that all of it went. The lock is waited
   for while the patience lasts (NULL: for ever). 0, or -1. */
int kp_append_file(const char *path, const char *line, size_t len, const kp_patience *);

#endif
