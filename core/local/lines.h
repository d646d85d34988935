/* lines.h: reads a file line by line, fast, in memory that does not grow with the file. */
#ifndef KP_LOCAL_LINES_H
#define KP_LOCAL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

typedef struct kp_lines kp_lines;

/* NULL with a sentence in *problem: a file that is not there, cannot be read, is no regular file. */
kp_lines *kp_lines_open(const char *path, kp_buf *problem);
void kp_lines_close(kp_lines *);
/* The next line without its line end, lent until the next call. *ended (may be NULL): there was a line end. false at
   the end, or after an error: kp_lines_problem tells them apart. */
bool kp_lines_next(kp_lines *, const char **line, size_t *len, bool *ended);
/* Why reading ended early, as a sentence; NULL: it did not. */
const char *kp_lines_problem(const kp_lines *);
/* The size of the file when it was opened, and how many bytes were handed out. */
uint64_t kp_lines_size(const kp_lines *);
uint64_t kp_lines_done(const kp_lines *);

#endif
