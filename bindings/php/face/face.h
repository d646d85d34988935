/* face.h: what the files of the PHP extension share: its classes, and who makes, checks and ends what is behind them.
 *
 * PHP's fatal errors jump past C frames: what is not PHP's hangs on an object or on the globals, never on the stack
 * alone. Functions that throw say so, and set PHP's exception; the caller returns at once.
 */
#ifndef KPP_FACE_H
#define KPP_FACE_H

#include <stdbool.h>
#include <stddef.h>

#include <php.h>

#include <zend_closures.h>
#include <zend_exceptions.h>
#include <zend_smart_str.h>

#include "keyplate_run.h"

/* ---- Objects: object.c ---- */

/* A new one, with zeroes where ours is; size is that of the whole. */
zend_object *kpp_object_new(zend_class_entry *, size_t size, const zend_object_handlers *);
/* Handlers of objects that can be neither cloned nor compared. offset: where PHP's part is. */
void kpp_handlers_init(zend_object_handlers *, size_t offset, zend_object_free_obj_t end);

/* ---- Clients: client.c, shared.c ---- */

/* What outlives the object: a client with its runner. Counted: objects and the list of shared ones. */
typedef struct kpp_core {
    kp_client *client;
    kp_runner *runner;
    unsigned users;
} kpp_core;

/* An operation that has begun: it hangs on its client, so that no jump loses it. */
typedef struct kpp_call {
    kp_op *op;
    int kind;
    bool text;        /* its answer is text, not JSON */
    zend_string *why; /* what the function that gives the key said, if it failed */
    struct kpp_call *next;
} kpp_call;

typedef struct kpp_client {
    kpp_core *core; /* NULL: closed, or never constructed */
    bool constructed, shared;
    bool asking;          /* its key function runs: it cannot be used meanwhile */
    bool logging;         /* its log function runs: it is not called meanwhile */
    HashTable *functions; /* the closures that give keys, by name; NULL: none */
    zval log;             /* a closure, an object with a method log, or null */
    kpp_call *calls;
    zend_object std;
} kpp_client;

extern zend_class_entry *kpp_client_ce;
void kpp_client_minit(zend_class_entry *);
kpp_client *kpp_client_of(zend_object *);
/* One that can be used now. Throws, and gives NULL. */
kpp_client *kpp_client_ready(zend_object *);

/* Takes both over; NULL (and they are freed) when memory is short. */
kpp_core *kpp_core_new(kp_client *, kp_runner *);
void kpp_core_release(kpp_core *);

/* The shared core of that name (32 bytes), NULL if there is none yet. */
kpp_core *kpp_shared_find(const unsigned char *name);
/* Keeps it for the life of the process. Throws, and gives false, if there are too many. */
bool kpp_shared_keep(const unsigned char *name, kpp_core *);

/* ---- Options: options.c, json.c ---- */

/* What a caller gives for a client. */
typedef struct kpp_given {
    zend_string *provider; /* NULL: not given */
    zval *key, *keys, *config, *log, *options;
    HashTable *more;
    bool shared; /* of a client that lives on in the process */
} kpp_given;

/* What is made of it. */
typedef struct kpp_made {
    kp_config *config;
    HashTable *functions;
    zval *log;
    unsigned char name[32]; /* of a shared client made of the same */
} kpp_made;

/* Throws, and gives false. made is to be ended in any case. */
bool kpp_configure(const kpp_given *, kpp_made *);
void kpp_made_end(kpp_made *);
/* The configuration of this machine (local: its file and variables too); *code says what is wrong with it. NULL when
   memory is short. */
kp_config *kpp_local_config(const char *path, bool local, int *code);

typedef struct kpp_writer kpp_writer;
struct kpp_writer {
    smart_str text;
    const char *what; /* "parameter", "option": for messages */
    /* Writes an object that only the caller knows and says true; false: it cannot be written. */
    bool (*special)(kpp_writer *, zend_object *);
    void *with;
};
/* JSON of an array as an object, without the member that is skipped (NULL: all). Throws, and gives false. */
bool kpp_write_object(kpp_writer *, HashTable *, const char *skipped);
/* The same of any value. */
bool kpp_write(kpp_writer *, zval *, int depth);
/* Wipes and frees the text. */
void kpp_writer_end(kpp_writer *);

/* ---- Calls: call.c, drive.c, hostkey.c, log.c ---- */

/* A new operation of the client. Throws, and gives NULL. */
kpp_call *kpp_call_begin(kpp_client *, int kind);
void kpp_call_end(kpp_client *, kpp_call *);
void kpp_set(kpp_call *, const char *name, const char *value, size_t len);
/* Drives it to its end; interrupts and key functions get their turn. What is thrown meanwhile stays thrown, and what
   was paid is settled first. */
void kpp_drive(kpp_client *, kpp_call *);
/* Answers a READ step of a "host:" name. */
void kpp_answer_read(kpp_client *, kpp_call *);
/* Hands the events that wait to the log. Throws only what ends the program. */
void kpp_tell_log(kpp_client *);
/* All events that wait, as an array. */
void kpp_events(kpp_client *, zval *out);

/* ---- Results: result.c, error.c ---- */

extern zend_class_entry *kpp_task_ce, *kpp_solution_ce;
/* Takes the cost over (kpp_cost, or NULL). */
void kpp_make_task(zval *out, const char *reference, size_t len, zval *solution, zend_string *cost);
/* What an operation cost, in dollars; NULL if that is not known. */
zend_string *kpp_cost(const kp_op *);
void kpp_make_solution(zval *out, const kp_op *);
/* Micro-dollars as dollars, exact. */
zend_string *kpp_dollars(long long micro);
/* The reference of the task of an operation as an object, or null. */
void kpp_task_of(zval *out, const kp_op *);
/* A fact as an array. */
void kpp_decode(zval *out, const kp_op *, const char *fact);
void kpp_gaps(zval *out, const kp_client *);

void kpp_error_minit(zend_class_entry *interface);
/* The exception of an operation that failed. */
void kpp_make_error(zval *out, const kpp_call *);
void kpp_throw_error(const kpp_call *);
/* An error that is found on this side of the core, by its code there.. */
void kpp_throw_own(const char *code, const char *format, ...) __attribute__((format(printf, 2, 3)));
void kpp_throw_code(int code, const char *text);
void kpp_errors(zval *out);
/* True for what ends the program or a fiber, and is no exception that may be caught. */
bool kpp_is_exit(const zend_object *thrown);
/* False when memory is short; then it has thrown. */
bool kpp_has_memory(const void *);

/* ---- Keys and redaction: key.c, redactor.c ---- */

typedef struct kpp_key {
    kp_secret *secret;
    unsigned char id[32]; /* tells keys of this process apart */
    zend_object std;
} kpp_key;

extern zend_class_entry *kpp_key_ce;
void kpp_key_minit(zend_class_entry *);
/* The key if the object is one that was made, else NULL. */
kpp_key *kpp_key_of(zend_object *);

void kpp_redactor_minit(zend_class_entry *);
/* The text without keys, a reference of the caller's own. NULL when memory is short. */
zend_string *kpp_redacted(zend_string *);

/* ---- globals.c ---- */

typedef struct kpp_globals {
    HashTable *shared; /* kpp_core by name */
    kp_client *local;  /* what whole texts are redacted with: the options and keys of this machine */
    kp_redactor *redactor;
    unsigned char salt[32]; /* random, once there is one */
    bool salted;
} kpp_globals;
/* Those of this thread. */
kpp_globals *kpp_globals_here(void);
void kpp_globals_minit(void);
void kpp_globals_mshutdown(void);
/* SHA-256 of parts, each with its length, and of a secret of this process. */
typedef struct kpp_part {
    const void *data;
    size_t len;
} kpp_part;
void kpp_digest(const kpp_part *, size_t count, unsigned char out[32]);

/* ---- raw.c ---- */

/* Registers what SWIG made, in the namespace Keyplate\Raw. */
bool kpp_raw_minit(int module_number);

#endif
