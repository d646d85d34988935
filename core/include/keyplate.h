/* keyplate.h: operations as steps, no I/O.
 *
 * An operation (kp_op) says what it needs next; a driver does it and tells the outcome. keyplate_run.h has a driver
 * that blocks; write your own where something else moves the bytes (an event loop, nginx, a test).
 *
 * Every function takes NULL. Objects ending in _new are owned by the caller and end with the matching _free.
 * Strings that a function returns are lent: those of an operation live until its next kp_on_* or kp_op_free (those of
 * an HTTP step until kp_on_end, facts until the next kp_op_get), those of the error list live for ever. All text is
 * UTF-8, all times are milliseconds, all money is micro-dollars.
 */
#ifndef KEYPLATE_H
#define KEYPLATE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && !defined(SWIG)
#define KP_API __attribute__((visibility("default")))
#else
#define KP_API
#endif

#define KP_VERSION "0.1.0"
#define KP_ABI 1

typedef struct kp_config kp_config;
typedef struct kp_client kp_client;
typedef struct kp_op kp_op;
typedef struct kp_secret kp_secret;
typedef struct kp_redactor kp_redactor;

/* The ABI number of the library that is loaded; a host compares it with the KP_ABI that it was built with. */
KP_API int kp_abi(void);
/* The version of the library that is loaded, such as "0.1.0". */
KP_API const char *kp_version(void);

/* ---- Errors. A code is an int above 0 out of one list; 0 is no error. An unknown number is told as such. ---- */

/* The name of a code as users see it: the service's own word (ERROR_ZERO_BALANCE) or ours (no_key). */
KP_API const char *kp_error_name(int code);
/* Its class: usage input key funds address busy quota task pending network protocol server timeout limit store
   cancelled unknown internal; "none" for 0. */
KP_API const char *kp_error_class(int code);
/* What it means, one sentence without a full stop at the end. */
KP_API const char *kp_error_text(int code);
/* What to do about it, one or two sentences. */
KP_API const char *kp_error_advice(int code);
/* The i-th code of the list in its order, 0 past the last one: for those who print the list or make exceptions of it.
 */
KP_API int kp_error_at(size_t i);

/* ---- Configuration: dotted names, text values. The caller loads lowest precedence first; the last set wins. ---- */

/* NULL when memory is short. */
KP_API kp_config *kp_config_new(void);
KP_API void kp_config_free(kp_config *);
/* Sets one option ("timeout", "poll.first", "keys"). 0, or an error code; kp_config_problem then says what and why.
   A list or an object ("keys", "tags") is JSON text. The first problem sticks: kp_client_new refuses. */
KP_API int kp_config_set(kp_config *, const char *name, const char *value);
/* Sets every option of a JSON object; nested objects give dotted names. */
KP_API int kp_config_load(kp_config *, const char *json, size_t len);
/* The first problem as a sentence, without any value that could be a key; "" if there is none. */
KP_API const char *kp_config_problem(const kp_config *);
/* The value in force (its default if never set) as text, NULL for a name that does not exist. Lent until the next set.
 */
KP_API const char *kp_config_get(const kp_config *, const char *name);
/* The i-th option: its name, and through the pointers (each may be NULL) type, default, range and text. NULL past the
   last one. */
KP_API const char *kp_config_option(size_t i, const char **type, const char **fallback, const char **range,
                                    const char **text);

/* ---- Secrets by value, for programs whose framework holds the key already. A reference to a place is better. ---- */

/* A copy in guarded memory, and known to all redactors from now on. The caller's own copy is the caller's to wipe. Not
   checked here: an operation that wants to use it says what is wrong with it. NULL when memory is short, or value is
   NULL. */
KP_API kp_secret *kp_secret_new(const char *value, size_t len);
KP_API void kp_secret_free(kp_secret *);
/* "***ab12", or "***" if it is shorter than 16 characters: the only thing that a secret shows. */
KP_API const char *kp_secret_mask(const kp_secret *);
/* From now on the reference "held:NAME" finds this secret in clients made of the configuration, which keep copies of
   their own. name: letters, digits, '.', '_', '-', at most 32. The last one of a name wins. 0, or an error code. */
KP_API int kp_config_hold(kp_config *, const char *name, const kp_secret *);

/* ---- Client: one provider, one profile. It copies the configuration. Safe to use from any thread. ---- */

/* Never NULL but when memory is short: a bad configuration gives a client whose operations are DONE with the reason. */
KP_API kp_client *kp_client_new(const kp_config *);
/* Operations keep their client alive: it goes with the last of them. */
KP_API void kp_client_free(kp_client *);
/* The value of an option of this client; see kp_config_get. Lent as long as the client lives. */
KP_API const char *kp_client_option(const kp_client *, const char *name);
/* Work in the background that is due now: the proof of a new value of a key, a look at a store over HTTP. An operation
   of the client, to be driven as any other and then freed, or NULL. *next_ms: when to ask again, at the latest;
   UINT64_MAX: nothing is to be expected. mono_ms: as for kp_on_time. No call of a user waits for it. */
KP_API kp_op *kp_client_chore(kp_client *, uint64_t mono_ms, uint64_t *next_ms);
/* How many events wait in the client's queue: what happened, for the log of the host. KP_TELL with what=events takes
   them out. The queue keeps as many as the option "events" says; older ones go, and are counted. */
KP_API size_t kp_client_events(kp_client *);

/* ---- Operation: used by one thread at a time, kp_op_cancel excepted. ---- */

enum {
    KP_BALANCE = 1, /* the balance of the account                                                            */
    KP_VERIFY,      /* proves a key by one balance call                                                      */
    KP_SUBMIT,      /* submits a task and gives its reference: method, params, file                          */
    KP_RESULT,      /* asks for the answer of task once                                                      */
    KP_WAIT,        /* asks for the answer of task until it is there                                         */
    KP_SOLVE,       /* submits and waits: method, params, file, sync                                         */
    KP_REPORT,      /* reports an answer: task, good=1 or good=0                                             */
    KP_TELL,        /* tells about the client itself: what=keys, places, limits, events, metrics             */
    KP_REFRESH,     /* reads the places of a key again (what=NAME of a member; none: the first), proves a new
                       value, and puts it in use; answer: that key as JSON, masked                           */
    KP_USE,         /* from now on all that share the store prefer this member: what=NAME; none: their order again */
    KP_REVOKE,      /* from now on nobody who shares the store uses this key: what=FINGERPRINT; undo=1: again;
                       answer: {"fingerprint","state":"revoked" or "given back","changed":false if it was so before} */
    KP_PAUSE        /* no paid calls of all that share the store: for_ms (none: until it is undone), what=REASON;
                       undo=1: they go on                                                                    */
};
/* NULL only when memory is short. Wrong use gives an operation that ends with the reason at its first kp_on_time. */
KP_API kp_op *kp_op_new(kp_client *, int kind);
/* Before the first event only. Names: method, params (a JSON object), file (bytes of an upload), task, good, sync,
   timeout_ms, key (a reference to use in place of the configured members), dry_run, what, undo, now (1: a key that
   cools off is proven now, once; at most one proof a minute is made all the same), client_id (who the call is for:
   limits and the record go by it), tag.NAME (for the record), for_ms. The value is copied. 0, or an error code. */
KP_API int kp_op_set(kp_op *, const char *name, const char *value, size_t len);
/* Before DONE: what was charged stays charged, as after kill -9. */
KP_API void kp_op_free(kp_op *);
/* From any thread, and from a signal handler. The operation still has to be driven to DONE (refund, record). */
KP_API void kp_op_cancel(kp_op *);

/* What now? Free of effects and repeatable; only kp_on_* changes the answer. NULL is DONE. */
enum { KP_DONE = 0, KP_TIME, KP_HTTP, KP_READ, KP_STORE, KP_APPEND };
KP_API int kp_op_step(const kp_op *);
/* TIME: call kp_on_time at that moment of the monotonic clock (0: now). Other steps: give up then, and say so. */
KP_API uint64_t kp_op_until(const kp_op *);
/* HTTP: most bytes of the answer, head and body. READ: the size of the room. Else 0. */
KP_API size_t kp_op_limit(const kp_op *);
/* 1 once kp_op_cancel was called: a driver stops waiting, tells KP_NET_STOPPED, or calls kp_on_time. */
KP_API int kp_op_cancelled(const kp_op *);

/* The only clock. MUST be called first in an operation's life and, after anything that may have taken time, right
   before the outcome is told. mono_ms: a clock that also counts while the machine sleeps (CLOCK_BOOTTIME); going back
   is ignored. unix_ms: wall clock. zone_s: local offset from UTC in seconds. */
KP_API void kp_on_time(kp_op *, uint64_t mono_ms, int64_t unix_ms, int32_t zone_s);

/* HTTP. KP_ONCE: a paid call: no layer may send it again, and a connection idle for over 2 s MUST NOT be used.
   kp_http_shown_url has no key in it; the other getters may lend one: never log them. */
enum { KP_ONCE = 1 };
KP_API int kp_http_flags(const kp_op *);
KP_API const char *kp_http_method(const kp_op *);
KP_API const char *kp_http_url(const kp_op *);
KP_API const char *kp_http_shown_url(const kp_op *);
/* The configured proxy, source address and file of CA certificates, or NULL: nothing else may decide them. */
KP_API const char *kp_http_proxy(const kp_op *);
KP_API const char *kp_http_source(const kp_op *);
KP_API const char *kp_http_ca_file(const kp_op *);
/* Milliseconds that a connect may take. */
KP_API uint32_t kp_http_connect_ms(const kp_op *);
/* The i-th header's name, its value through *value; NULL past the last one. */
KP_API const char *kp_http_header(const kp_op *, size_t i, const char **value);
/* The body and its length; NULL if there is none. */
KP_API const char *kp_http_body(const kp_op *, size_t *len);

KP_API void kp_on_status(kp_op *, int status);
KP_API void kp_on_header(kp_op *, const char *name, size_t nlen, const char *value, size_t vlen);
/* Not 0: stop reading, then tell kp_on_end(KP_NET_OK, KP_MAYBE_SENT). */
KP_API int kp_on_body(kp_op *, const char *data, size_t len);
enum {
    KP_NET_OK = 0,
    KP_NET_RESOLVE,
    KP_NET_CONNECT,
    KP_NET_TLS,
    KP_NET_PROXY,
    KP_NET_RESET,
    KP_NET_LATE,
    KP_NET_STOPPED,
    KP_NET_NO_CA /* https, no kp_http_ca_file, and the system has no CA certificates */
};
/* UNSENT only if no byte of the request can have reached a socket. */
enum { KP_UNSENT = 0, KP_MAYBE_SENT = 1 };
KP_API void kp_on_end(kp_op *, int net, int sent);

/* READ: "env:NAME", "file:PATH" (PATH may begin with "~/"), "fd:N", "exec:PROGRAM ARGUMENT..." (what the program
   writes; no shell), "state:audit.key" (a file of the state folder, made with random content if it is not there). The
   driver reads into the room (locked, not in core dumps), and nowhere else. "host:NAME": the program that keyplate is
   part of hands it in, with kp_read_give. A NUL byte makes a place UNFIT, but not the file of a time zone
   ("file:/usr/share/zoneinfo/..."). */
KP_API const char *kp_read_name(const kp_op *);
KP_API void *kp_read_room(kp_op *);
/* Answers a READ step with a value that the host has: copies it into the room and tells KP_FOUND (KP_UNFIT if it is too
   big or has a NUL byte in it). NULL: KP_ABSENT. Tell the time first. */
KP_API void kp_read_give(kp_op *, const char *value, size_t len);
/* What is there. UNFIT and FAILED carry the reason in kp_on_read_why. OPEN: found, and readable by other users. */
enum { KP_FOUND = 0, KP_ABSENT, KP_UNFIT, KP_FAILED, KP_FOUND_OPEN };
/* why: one of KP_WHY_*, 0 for found and absent. */
enum {
    KP_WHY_NONE = 0,
    KP_WHY_NOT_REGULAR, /* directory, FIFO, device, socket    */
    KP_WHY_LINK_LOOP,   /* symbolic links in a circle         */
    KP_WHY_TOO_BIG,     /* larger than the room               */
    KP_WHY_FORBIDDEN,   /* no permission                      */
    KP_WHY_NUL,         /* a NUL byte in it                   */
    KP_WHY_IO,          /* anything else the system reports   */
    KP_WHY_EXIT,        /* the program failed                 */
    KP_WHY_NO_PROGRAM,  /* not there, or not to be run        */
    KP_WHY_NO_STATUS    /* others reaped it: did it succeed?  */
};
KP_API void kp_on_read(kp_op *, int how, int why, size_t len);

/* STORE: one verb, atomic, arguments as text; core/policy/admit.h has verbs and replies. failed: not 0 if the store
   could not be asked; reply is then not looked at. */
KP_API const char *kp_store_arg(const kp_op *, size_t i, size_t *len); /* [0] the verb; NULL past the last */
KP_API void kp_on_store(kp_op *, int failed, const char *reply, size_t len);

/* APPEND: under a lock that all who write to that path take, read the file's end, ask for the sealed line, write it
 * whole, once, at the end; then tell. */
KP_API const char *kp_append_path(const kp_op *);
/* The line, with its line end, sealed behind the end of the chain. last: what is there of the checkpoint (below) that
   was kept with the line before, and of the last lines of the file, at least one whole; a line each, the checkpoint
   first. NULL if it cannot be sealed: tell that the step failed. Repeatable; the key never leaves the client. */
KP_API const char *kp_append_seal(kp_op *, const char *last, size_t llen, size_t *len);
/* What is to be kept outside of the file once that line is written, in place of the one before: it shows whether the
   end of the file was cut, and carries the chain over into the next file. At most 256 bytes, no line end. NULL before
   kp_append_seal. */
KP_API const char *kp_append_checkpoint(const kp_op *, size_t *len);
KP_API void kp_on_append(kp_op *, int failed);

/* DONE. 0, or the error code; it sticks. Before DONE: 0. */
KP_API int kp_op_error(const kp_op *);
/* A fact by name, NULL if there is none: answer, task, key (masked), key_name, fingerprint, source, provider, balance,
   balance_micro, unit, cost_micro, polls, attempts, elapsed_ms, text, code, class, advice, provider_code, http_status,
   retry_after_ms, unknown ("1"), limit (that refused), left (of it), client_id, flags, state (of the machine, at any
   time). len may be NULL. Lent until the next kp_op_get or event of this operation. */
KP_API const char *kp_op_get(const kp_op *, const char *name, size_t *len);

/* ---- Redaction of the caller's own texts. Known keys in any encoding, values in context (key=, apikey:, clientKey,
   credentials of a proxy), bare runs of 32 hex digits (option redact.bare_hex): each becomes [REDACTED].
   core/wire/redact.h has the rules. All keys that this process has seen are known; kp_local_learn finds those of a
   client before its first call. Not found: a known key in base64 or hex of UTF-16, in base64 broken into lines, or
   under several layers that are not each percent or backslash (HTML entities inside percent, \u inside percent); an
   unknown secret that its context tells only across a line end (but PHP's dumps), or between XML tags. ---- */

/* For one text or stream at a time, by one thread. client: whose redact.* options hold; NULL: their defaults. NULL when
   memory is short. */
KP_API kp_redactor *kp_redactor_new(const kp_client *client);
KP_API void kp_redactor_free(kp_redactor *);
/* Takes the next part of a text, split anywhere. final (not 0) ends the text; the next part then begins a new one.
   0: nothing was changed and nothing is held back: the part is its own result, *out is the part itself.
   1: *out has what may be shown now; the rest is held back until more is known. Lent until the next feed.
   -1: memory is short: the part is lost, and must not be shown.
   out and out_len must not be NULL. The result does not depend on where the text was split. */
KP_API int kp_redactor_feed(kp_redactor *, const char *text, size_t len, int final, const char **out, size_t *out_len);
/* Copies text into out (size bytes with the NUL, always ended) redacted as a whole; returns the length that the whole
   result has. */
KP_API size_t kp_redact_line(const char *text, size_t len, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
