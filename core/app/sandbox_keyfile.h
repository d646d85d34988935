/* sandbox_keyfile.h: key files that are given, and the one that the sandbox makes. */
#ifndef KP_APP_SANDBOX_KEYFILE_H
#define KP_APP_SANDBOX_KEYFILE_H

#include <stdbool.h>

#include "base/buf.h"

#define SANDBOX_KEY_MAX 255

/* Opens a key file and keeps it open: *fd, also when it is no key file (-1: it could not even be opened). Its keys, one
   a line, go into keys, each with a NUL behind it. false: problem says why. */
bool sandbox_keys_read(const char *path, int *fd, kp_buf *keys, const char **problem);

/* A key of 32 hex digits in a file that only its owner can read. */
typedef struct sandbox_own_key {
    char dir[256], path[272]; /* empty: none was made */
} sandbox_own_key;

/* false: problem says why. */
bool sandbox_own_key_make(sandbox_own_key *, const char **problem);
void sandbox_own_key_remove(sandbox_own_key *);

#endif
