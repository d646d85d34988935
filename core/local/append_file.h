/* append_file.h: a file that lines are added to, and its sidecar: opened, locked, and its end read. */
#ifndef KP_LOCAL_APPEND_FILE_H
#define KP_LOCAL_APPEND_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "local/patience.h"

typedef struct kp_append_file {
    char *path;
    int fd, tail_fd; /* -1: not open */
    dev_t device, tail_device;
    ino_t inode, tail_inode;
    unsigned forks; /* of this process when it was opened: a child shares the lock with its parent */
    bool remote;    /* on a file system of another machine */
    off_t size;     /* of the file that is locked */
    bool torn;      /* its last line has no line end */
    kp_buf last;    /* the checkpoint and the last lines, a line each */
    off_t last_at;  /* the size that the file had with them; -1: they are not known */
    kp_buf tail;    /* room for the sidecar's text */
    kp_buf tail_path;
} kp_append_file;

/* NULL when memory is short. Opens nothing yet. */
kp_append_file *kp_append_file_new(const char *path);
void kp_append_file_free(kp_append_file *);
/* Whether it is that path's, and of this process. */
bool kp_append_file_is(const kp_append_file *, const char *path);
/* Takes the lock that all writers of the path take, that of its sidecar, and opens what the path names now; what is not
   there is made. Sets size. */
bool kp_append_file_lock(kp_append_file *, const kp_patience *);
void kp_append_file_unlock(kp_append_file *);
/* The file, not the sidecar. false if the system tells an error of what was written. */
bool kp_append_file_close(kp_append_file *);

/* Under the lock. Sets last and torn. */
bool kp_append_file_read_end(kp_append_file *);
void kp_append_file_write_tail(kp_append_file *, const char *checkpoint, size_t len);
/* What last is from now on, if nobody else writes. */
void kp_append_file_remember(kp_append_file *, const char *checkpoint, size_t checkpoint_len, const char *line,
                             size_t len);
void kp_append_file_forget(kp_append_file *);

#endif
