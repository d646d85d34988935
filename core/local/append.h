/* append.h: does an APPEND step: one line, whole, at the end of a file that other processes write and rotate. */
#ifndef KP_LOCAL_APPEND_H
#define KP_LOCAL_APPEND_H

#include <stddef.h>

#include "local/patience.h"

/* Makes the line once the end of the file is known. */
typedef struct kp_append_source {
    void *self;
    /* last: the checkpoint of the sidecar and the last lines of the file, a line each, what is there of them. The line,
       with its line end, lent until the next call; NULL refuses. */
    const char *(*line)(void *self, const char *last, size_t last_len, size_t *len);
    /* The checkpoint that belongs to that line, for the sidecar (audit_tail.h). */
    const char *(*checkpoint)(void *self, size_t *len);
} kp_append_source;

/* Descriptors that stay open between two lines. For any thread, and for a child after fork. */
typedef struct kp_append_files kp_append_files;
kp_append_files *kp_append_files_new(void);
void kp_append_files_free(kp_append_files *);

/* Takes the lock of the sidecar (both are made with mode 0600), opens what the path names now (rotation) unless it is
   open, asks for the line, sets a torn last line off by a line end, writes in one write, checks that all of it went,
   and brings the sidecar up to date: one that then cannot be written stays behind, for the line is in the file. The
   lock is waited for while the patience lasts (NULL: for ever). files may be NULL. 0, or -1. */
int kp_append(kp_append_files *files, const char *path, const kp_append_source *, const kp_patience *);

#endif
