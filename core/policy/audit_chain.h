/* audit_chain.h: the chain of the audit record: each line is sealed with the key of the chain and names the line
 * before. Pure.
 *
 * A sealed line is the object of the record with up to four more members at its end, in this order and spelling:
 *     ,"first":true                  only in the first line of a file
 *     ,"seq":N                       1, 2, 3 ... over all files of the chain
 *     ,"prev":"64 hex digits"        the mac of line N - 1; zeros if N is 1
 *     ,"mac":"64 hex digits"}        HMAC-SHA-256 of all bytes of the line before ,"mac"
 */
#ifndef KP_POLICY_AUDIT_CHAIN_H
#define KP_POLICY_AUDIT_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
    KP_CHAIN_KEY_SIZE = 32,
    KP_CHAIN_MAC_SIZE = 64, /* hex digits, without a NUL */
    KP_CHAIN_SECRET_LEAST = 16
};

/* Made of a secret of any form; the caller wipes it. */
typedef struct kp_chain_key {
    unsigned char bytes[KP_CHAIN_KEY_SIZE];
} kp_chain_key;

void kp_chain_key_make(const char *secret, size_t len, kp_chain_key *out);

/* How far a chain has come: its last line. seq 0: no line yet, mac is zeros. */
typedef struct kp_chain_end {
    uint64_t seq;
    char mac[KP_CHAIN_MAC_SIZE + 1];
} kp_chain_end;

/* ---- Lines. All of them without their line end. ---- */

typedef enum kp_line_kind {
    KP_LINE_SEALED,   /* it ends as a sealed line does; whether the seal holds is not looked at here */
    KP_LINE_UNSEALED, /* a whole line, but no sealed one */
    KP_LINE_TORN,     /* the beginning of a record, from a writer that was killed or lost its power */
    KP_LINE_EMPTY
} kp_line_kind;

/* The seal of a line; prev and mac are spans of it. */
typedef struct kp_seal {
    uint64_t seq;
    bool first;       /* it says that it is the first line of its file */
    const char *prev; /* KP_CHAIN_MAC_SIZE digits each */
    const char *mac;
    size_t covered; /* so many bytes of the line the mac is of */
} kp_seal;

/* What the line is; *seal (may be NULL) is set if it is SEALED. For readers: only SEALED lines are records. Looks at
   the end of the line alone. */
kp_line_kind kp_line_read(const char *line, size_t len, kp_seal *seal);

/* Adds the line, an object of at least one member (its line end may be there), sealed behind *end, with a line end;
   *end is then this line. first: nothing of the chain is in the file yet. false if it is no object, memory is short, or
   seq is used up. */
bool kp_chain_seal(const kp_chain_key *, const char *line, size_t len, bool first, kp_chain_end *end, kp_buf *out);

/* ---- The checkpoint: how far the chain had come, kept outside of the file. ---- */

/* Adds it as one JSON object without a line end, at most KP_CHECKPOINT_MOST bytes. */
enum { KP_CHECKPOINT_MOST = 256 };
void kp_checkpoint_add(const kp_chain_key *, const kp_chain_end *, kp_buf *out);
/* Takes it apart; false if it is none. key NULL: the seal is not looked at. *sealed (may be NULL): it was made with
   this key. */
bool kp_checkpoint_read(const kp_chain_key *, const char *text, size_t len, kp_chain_end *out, bool *sealed);

/* What the chain goes on from: text has the checkpoint and the last lines of the file, a line each, what is there of
   them. The checkpoint counts only if it is sealed with this key and farther on than the file: then the tail was cut,
   and the gap stays to be seen. *first: no line of a chain is in the file. */
void kp_chain_find_end(const kp_chain_key *, const char *text, size_t len, kp_chain_end *out, bool *first);

/* ---- The check: fed line by line, file after file, oldest first. Names the first line that is wrong. ---- */

typedef enum kp_chain_fault {
    KP_CHAIN_SOUND = 0,
    KP_CHAIN_EDITED,    /* the seal does not hold: changed, or sealed with another key */
    KP_CHAIN_REMOVED,   /* lines from..to are missing before it */
    KP_CHAIN_REORDERED, /* the same, and line `from` stands farther down */
    KP_CHAIN_INSERTED,  /* no seal, or a copy of a line that was there before */
    KP_CHAIN_REPLACED,  /* its seal holds, but the line before it was another one */
    KP_CHAIN_HEAD_CUT,  /* the file does not begin with its first line */
    KP_CHAIN_TAIL_CUT,  /* lines from..to are missing at the end */
    KP_CHAIN_CHECKPOINT /* the checkpoint is not sealed with this key, or tells another last line */
} kp_chain_fault;

typedef struct kp_chain_check {
    kp_chain_key key;
    /* what was seen so far */
    uint64_t files, lines, records, torn, faults;
    uint64_t first_seq;               /* 0: none yet */
    kp_chain_end last;                /* the line that the next one has to name */
    bool has_last;                    /* false: the next record may be any */
    bool held;                        /* at least one seal held: the key is the right one */
    uint64_t file_line, file_records; /* of the present file */
    /* the first fault */
    kp_chain_fault fault;
    uint64_t fault_file;           /* from 0, in the order in which they were fed */
    uint64_t fault_line;           /* from 1; 0: the end */
    uint64_t fault_seq;            /* 0: the line has none */
    uint64_t from, to;             /* the lines that are missing */
    uint64_t moved_to, moved_file; /* REORDERED: where `from` stands */
} kp_chain_check;

void kp_chain_check_start(kp_chain_check *, const kp_chain_key *);
/* Before the lines of each file. */
void kp_chain_check_file(kp_chain_check *);
/* One line; what it is. *sound (may be NULL): nothing is wrong with it. */
kp_line_kind kp_chain_check_line(kp_chain_check *, const char *line, size_t len, bool *sound);
/* At the end of the last file, if there is a checkpoint that was read before the lines were: one that is behind them is
   in order, for a writer may be killed between the two. */
void kp_chain_check_end(kp_chain_check *, const char *checkpoint, size_t len);
/* Adds what the fault is, for people; nothing if there is none. */
void kp_chain_fault_text(const kp_chain_check *, kp_buf *out);
/* Its name: edited removed reordered inserted replaced head_cut tail_cut checkpoint; sound. */
const char *kp_chain_fault_name(kp_chain_fault);

#endif
