/* sandbox_keyfile.h: key files that are given, and the one that the sandbox makes. */
#ifndef KP_APP_SANDBOX_KEYFILE_H
#define KP_APP_SANDBOX_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>

#define SANDBOX_KEY_MAX 255

/* The key in a file, without blanks at its ends. false: problem says why. */
bool sandbox_key_read(const char *path, char key[SANDBOX_KEY_MAX + 1], size_t *len, const char **problem);

/* A key of 32 hex digits in a file that only its owner can read. */
typedef struct sandbox_own_key {
    char dir[256], path[272]; /* empty: none was made */
} sandbox_own_key;

/* false: problem says why. */
bool sandbox_own_key_make(sandbox_own_key *, const char **problem);
void sandbox_own_key_remove(sandbox_own_key *);

#endif
