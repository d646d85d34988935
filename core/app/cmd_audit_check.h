/* cmd_audit_check.h: checks the files of one chain of the audit record, whatever their order. */
#ifndef KP_APP_CMD_AUDIT_CHECK_H
#define KP_APP_CMD_AUDIT_CHECK_H

#include "app/cmd.h"
#include "local/audit_tail.h"
#include "policy/audit_chain.h"

typedef struct audit_file {
    const char *path;
    uint64_t first; /* the number of its first record; UINT64_MAX: it has none */
    uint64_t device, inode, size;
    bool is_sidecar; /* it was named beside its file; it is no part of the chain */
    bool has_tail;
    char tail_text[KP_TAIL_SIZE]; /* the sidecar */
    size_t tail_len;
} audit_file;

typedef enum audit_end {
    AUDIT_END_UNCHECKED, /* there is no sidecar */
    AUDIT_END_CHECKED,
    AUDIT_END_NO_RECORD /* the file was just begun: the last record is in the one before */
} audit_end;

typedef struct audit_check {
    audit_file *files; /* in the order of the chain once it was checked */
    size_t count;
    kp_chain_check chain;
    audit_end end;
    uint64_t standing; /* NO_RECORD: the number of the last record */
    void (*progress)(void *user, uint64_t done, uint64_t whole);
    void *user;
    const char *failed; /* the path of a file that could not be read */
    kp_buf problem;     /* and why */
} audit_check;

/* Checks them with this key. false: a file could not be read; see failed and problem. */
bool audit_check_run(audit_check *, char **paths, size_t count, const kp_chain_key *);
void audit_check_free(audit_check *);

#endif
