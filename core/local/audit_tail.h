/* audit_tail.h: the sidecar of an audit file, FILE.tail: how far the chain had come, and in which file that was. */
#ifndef KP_LOCAL_AUDIT_TAIL_H
#define KP_LOCAL_AUDIT_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The sidecar is of this size, and written at once, so that no half of it is ever seen; the seal of the checkpoint
   would show one. */
enum { KP_TAIL_SIZE = 512 };

typedef struct kp_tail {
    const char *checkpoint; /* of policy/audit_chain.h */
    size_t len;
    uint64_t device, inode, size; /* of the audit file when the line was written */
} kp_tail;

/* Adds KP_TAIL_SIZE bytes, a JSON object and a line end; fails the buffer if the checkpoint is too long. */
void kp_tail_add(const kp_tail *, kp_buf *out);
/* Takes a sidecar apart; the checkpoint is a span of it. false if it is none. */
bool kp_tail_read(const char *text, size_t len, kp_tail *out);
/* Adds the path of the sidecar of an audit file. */
void kp_tail_path(const char *path, kp_buf *out);

#endif
