/* keyplate_run.h: the driver that blocks, over libcurl, and the local half that any driver can use.
 *
 *     kp_client *client = kp_client_new(config);
 *     kp_runner *runner = kp_runner_new(client);
 *     kp_op *op = kp_op_new(client, KP_BALANCE);
 *     if (kp_run(runner, op) == 0) puts(kp_op_get(op, "balance", NULL));
 */
#ifndef KEYPLATE_RUN_H
#define KEYPLATE_RUN_H

#include "keyplate.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kp_local kp_local;
typedef struct kp_runner kp_runner;

/* ---- keyplate-core: clock, files, environment, append, store. No libcurl. ---- */

/* Opens what the client's configuration names (the store lazily, at the first STORE). NULL when memory is short. */
KP_API kp_local *kp_local_new(kp_client *);
KP_API void kp_local_free(kp_local *);
/* Tells the operation the time of this machine. */
KP_API void kp_local_time(kp_op *);
/* The monotonic clock of kp_on_time, in milliseconds. */
KP_API uint64_t kp_local_mono_ms(void);
/* Does the step if it is READ (but not of a "host:" name), STORE or APPEND, and tells time and outcome: 1. Any other
   step: 0, nothing done. Others
   are waited for until kp_op_until, or until kp_op_cancel (up to half a second more for what settles the operation).
   Safe from several threads, each with its own operation. */
KP_API int kp_local_step(kp_local *, kp_op *);
/* Which store is in use, as text for people ("sqlite:/var/lib/keyplate/state.db"), with the reason if it is not the
   one that was wanted. Lent until the next step. */
KP_API const char *kp_local_store_text(kp_local *);
/* Why lockouts, counts and proofs are not shared with other processes though they should be, as text for people: the
   memory of this process stands in for the shared store, or the last verb could not be asked. NULL: all is well, or
   the store was not asked yet. Lent until the next call. */
KP_API const char *kp_local_store_trouble(kp_local *);
/* What happened to the shared state that people should know although it works, as a sentence: its file was damaged and
   replaced. NULL: nothing. Lent until the next call. */
KP_API const char *kp_local_store_note(kp_local *);
/* Loads ~/.config/keyplate/config.json (or path, or KEYPLATE_CONFIG), then KEYPLATE_… and the base URL variables of
   the environment, into the configuration. 0 or an error code; kp_config_problem says more. path may be NULL. */
KP_API int kp_local_configure(kp_config *, const char *path);

/* Reads every place of every member of the client's ring, so that redactors know its keys before the first call. Places
   that cannot be read are passed. How many keys were found. Does no network call and opens no store. */
KP_API size_t kp_local_learn(kp_client *);
/* What protects the keys of this process less than it should: the i-th gap by name, a sentence about it and what to do
   through the pointers (each may be NULL), NULL past the last. client may be NULL. Names: memory_unlocked, core_dumps,
   swap, libcurl_unguarded (the host started libcurl first), tls_unguarded, language_strings (the host's language keeps
   copies of strings that nobody can wipe). Looked at anew at each call; the texts live for ever. */
KP_API const char *kp_hygiene(const kp_client *client, size_t i, const char **text, const char **advice);

/* ---- keyplate: libcurl ---- */

/* Connections, store and record of one client; safe from any thread, each with its own operation. NULL when memory is
   short. */
KP_API kp_runner *kp_runner_new(kp_client *);
/* After the last kp_run with it has returned. */
KP_API void kp_runner_free(kp_runner *);
KP_API kp_local *kp_runner_local(kp_runner *);
/* Drives the operation to DONE and returns kp_op_error. Blocks; kp_run_cancel ends it. An operation of another client
   is left as it is: the code of misuse. A READ of a "host:" name finds nothing here: use kp_run_for. */
KP_API int kp_run(kp_runner *, kp_op *);
/* Same, but comes back after at_most_ms, in a wait or in the midst of a call: 1 if the operation is not DONE yet (call
   again, with the same runner), else 0. For hosts that look at signals or draw progress. It also comes back, at once,
   when the step is a READ of a "host:" name: answer it with kp_read_give, soon, for other operations of this client
   that need the same key wait for it, at most 10 s. An operation that is freed in the midst of a
   call ends that call: a submit may have been accepted. Free it before its runner. */
KP_API int kp_run_for(kp_runner *, kp_op *, uint32_t at_most_ms);
/* kp_op_cancel, and wakes the driver at once. From any thread, and from a signal handler. */
KP_API void kp_run_cancel(kp_op *);

#ifdef __cplusplus
}
#endif
#endif
