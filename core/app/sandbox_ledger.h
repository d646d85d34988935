/* sandbox_ledger.h: files of JSON lines: what was charged, and which requests were read. */
#ifndef KP_APP_SANDBOX_LEDGER_H
#define KP_APP_SANDBOX_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "app/sandbox_account.h"
#include "app/sandbox_address.h"

/* A file of lines; several threads and processes may append to it. */
typedef struct sandbox_lines {
    int fd; /* -1: no file was asked for, lines go nowhere */
} sandbox_lines;

/* path NULL: no file. false: it cannot be opened, errno says why. */
bool sandbox_lines_open(sandbox_lines *, const char *path);
/* Brings what was written to the disk. */
void sandbox_lines_close(sandbox_lines *);

/* One charged task. task: the id as the caller knows it. false: the line could not be written. */
bool sandbox_ledger_add(const sandbox_lines *, int provider, const char *method, size_t method_len, const char *task,
                        const sandbox_key *, int64_t cost_micro);

/* One request that was read whole. Nothing of it that the caller could have put a key into. */
typedef struct sandbox_record {
    const char *http_method, *path, *call;
    uint64_t connection;
    const sandbox_address *client;
    const char *fingerprint; /* of a key that is known; NULL: none */
    const char *wrong_key;   /* fingerprint of one that is not; NULL: none */
    int status;              /* 0: no answer was begun */
} sandbox_record;
bool sandbox_record_add(const sandbox_lines *, const sandbox_record *);

#endif
