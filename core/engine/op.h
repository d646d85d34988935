/* op.h: the inside of an operation, shared by the files of this floor. */
#ifndef KP_ENGINE_OP_H
#define KP_ENGINE_OP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/client.h"
#include "engine/table.h"
#include "engine/told.h"
#include "keyplate.h"
#include "policy/age.h"
#include "policy/fetch.h"
#include "policy/finder.h"
#include "wire/answer.h"
#include "wire/params.h"
#include "wire/request.h"
#include "wire/taskref.h"

/* An operation goes through three keys that are refused, and as many that are shut out. */
enum { KP_TRIED_MOST = 8 };

/* What COOL goes on with. */
typedef enum kp_after { KP_AFTER_PROBE, KP_AFTER_SUBMIT, KP_AFTER_TASK, KP_AFTER_ACCEPT, KP_AFTER_POLL } kp_after;

/* What the head says of where the body ends. */
typedef struct kp_framing {
    int64_t length;      /* -1: none was given */
    bool coded, chunked; /* there is a Transfer-Encoding; it is chunked and nothing else */
    bool contradicts;
} kp_framing;

struct kp_op {
    kp_client *client;
    int kind;
    atomic_int cancelled;
    kp_state state;
    bool started;

    /* what the caller set */
    kp_buf secrets;                             /* of the task, each ended by a NUL; safe memory */
    kp_buf method, params, file, task, key_ref; /* safe memory: they can hold secrets, or a key in the wrong place */
    kp_buf what;
    kp_buf client_id, tags; /* tags: name and value of each, each ended by a NUL */
    uint64_t for_ms;        /* KP_PAUSE; 0: until it is undone */
    bool good, sync, dry_run, undo, now;
    uint64_t timeout_ms; /* 0: what suits */
    int misuse;          /* code of a kp_op_set that failed */
    kp_buf misuse_text;

    /* time */
    uint64_t mono_ms, start_ms, begun_ms, deadline_ms, when_ms; /* begun: the state; when: the end of a wait */
    int64_t unix_ms;
    int32_t zone_s;
    uint64_t random;

    /* the key */
    kp_ring own;        /* of key=REFERENCE */
    kp_ring *ring;      /* the client's, or own */
    size_t member;      /* in use or being looked for: that of the turn */
    kp_when_used value; /* of that member's key */
    size_t place;       /* in its list of references */
    size_t hint;        /* reads that only explain a missing key: the next one is hint - 1 */
    unsigned hints;     /* bits: which of them were there */
    bool loading;       /* holds the client's lease */
    bool wants_one;     /* a task's own key: only this fingerprint will do */
    char wanted[KP_FINGERPRINT_SIZE];
    bool substituted;      /* that key is gone: one of the same account is tried in its place */
    bool refreshing;       /* a key is at hand, and its places are read again */
    size_t refresh_member; /* KP_REFRESH: whose places are read */
    bool chore_looks;      /* it asks a slow place again */
    bool is_chore;         /* KP_REFRESH that nobody waits for: it only proves what was found */
    char tried[KP_TRIED_MOST][KP_FINGERPRINT_SIZE]; /* keys that this operation is done with */
    unsigned tried_count;
    size_t turn;       /* of the member in use, in the order in which this operation tries them */
    bool out_of_funds; /* the account of payer: members of other accounts are passed */
    size_t payer;
    kp_finder finder;
    kp_fetch *fetch;       /* of a place over HTTP; what it comes to is told by finder */
    kp_sessions *sessions; /* the client's, while this operation fetches */
    bool fetching;
    bool left_out;         /* a slow place that is not asked now */
    bool recalled;         /* what it failed with lately is told again */
    uint64_t ask_again_ms; /* of a look that failed: how long the place is not asked again */
    unsigned fetch_tries;
    kp_fetch_want fetch_want;
    char *room;
    size_t zone; /* of the windows: the next one to read */
    kp_buf zone_path;
    kp_buf former;    /* KP_TELL: the first reply of the store */
    kp_buf looked_at; /* the places that had nothing, for the message */
    kp_buf *reports;  /* KP_TELL: for each member what its places had, as JSON */
    kp_told *told;    /* KP_TELL: the values of the keys */
    size_t told_count, told_preferred;
    int64_t told_first_ms; /* when the value in use of the member that is told now was first seen */
    char mask[KP_MASK_SIZE], fingerprint[KP_FINGERPRINT_SIZE];
    const char *key_name; /* lent by the ring; "" before a key is in use */
    kp_buf key_source;
    kp_cell *cell; /* of the key in use */

    /* the call */
    kp_params checked;
    kp_taskref ref;
    kp_buf bare_id; /* this and task_ref in safe memory: a service may give the key as an id */
    kp_request request;
    bool built, url_masked; /* the URL for people is masked when somebody asks for it */
    int http_status;
    kp_buf body; /* safe memory: an answer can echo the key */
    size_t head_bytes;
    kp_framing framing;
    bool too_big;
    uint64_t retry_after_ms; /* of the answer */
    kp_answer read;
    int net, sent;
    int code;          /* what the last call came to */
    uint64_t delay_ms; /* before it would be tried again */
    unsigned tries, polls, attempts, admissions, claims;
    uint64_t first_poll_ms, every_ms;

    /* the store */
    char id[33];
    kp_buf args;           /* of the verb, each ended by a NUL */
    size_t arg, arg_at;    /* the one that was asked for last, and where it begins */
    bool away;             /* the last verb could not be asked */
    bool unproven, proven; /* what the store says of the key; what this operation found out */
    bool banned, cooling;
    bool was_revoked;   /* KP_REVOKE: the store was asked before */
    bool changes;       /* KP_REVOKE: it is not what is wanted, so the last verb changes it */
    int barred;         /* what speaks against the key besides the service; 0: nothing */
    bool asks_seen;     /* the last verb asked when the key was first seen */
    bool moved;         /* to the member that somebody prefers */
    size_t chosen_with; /* what was preferred when the key was chosen */
    int64_t store_ms;   /* unix: the clock of the store at its last reply */
    uint64_t gate_ms;   /* how long the gate stays shut */
    unsigned refusals;  /* how often this key was refused before */
    int refused_with;   /* the code of that refusal */
    uint64_t hold_ms;
    bool claimed;          /* a proof was claimed, and nothing is known of it yet */
    bool crowded;          /* too many keys were refused lately */
    unsigned refused_keys; /* by this operation */
    kp_after after;

    /* the limits */
    int64_t cost_micro; /* of the call, if it is priced */
    bool priced;
    unsigned slots;    /* that it holds */
    kp_buf limit;      /* that refused, as people call it */
    char limit_letter; /* its kind; NUL: none */
    bool limit_waits;  /* its scope says wait */
    bool paused;       /* all paid calls are */
    bool denied;       /* what cannot be counted is not allowed */
    int64_t left;      /* of that limit */
    unsigned looks;    /* KP_TELL what=limits: verbs that were answered */

    /* the record */
    kp_buf line;
    kp_buf sealed;     /* the line as it is written, a NUL, and the checkpoint of it */
    size_t sealed_len; /* of the line; 0: there is none */
    bool intended;

    /* the outcome */
    int error;
    int first_error; /* of an earlier key, that of first_member */
    size_t first_member;
    uint64_t first_come_back_ms;
    kp_buf first_detail, first_source;
    char first_mask[KP_MASK_SIZE], first_fingerprint[KP_FINGERPRINT_SIZE];
    kp_buf detail; /* what this case adds to the error's text */
    kp_buf task_ref, answer, text, fact;
    bool has_answer, unknown, accepted, uncounted;
    int64_t balance_micro;
    uint64_t come_back_ms, elapsed_ms;

    /* what a driver keeps while it does the HTTP step in parts; ended when the step or the operation ends */
    void *driving;
    void (*let_go)(kp_op *, void *driving);
};

bool kp_op_is_paid(const kp_op *); /* SUBMIT, SOLVE */
/* The method as events and the record name it. NULL: none, or one that the table does not know, which may be a key in
   the wrong place that no mask knows. */
const char *kp_op_method(const kp_op *);
bool kp_op_waits(const kp_op *); /* WAIT, SOLVE */
/* The moment that is ms from now, or the deadline if that comes first. */
uint64_t kp_op_in(const kp_op *, uint64_t ms);
/* Sets the error (the first stays) with what this case adds; the text passes the mask. */
void kp_op_fail(kp_op *, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* op_begin.c: everything that can be checked before a key is looked for. */
void kp_op_prepare(kp_op *);
/* op_look.c: looking for keys. What the driver shall read now; what it read; whether a member behind the present one
   can be tried, found already or not. */
const char *kp_op_place(const kp_op *);
kp_event kp_op_take_read(kp_op *, int how, int why, size_t len);
bool kp_op_has_other(const kp_op *, bool found);
void kp_op_end_look(kp_op *);
/* What a place had, kept: the event of it. */
kp_event kp_op_take_found(kp_op *);
/* op_fetch.c: places over HTTP. */
bool kp_is_remote(kp_ref_kind);
bool kp_is_slow(kp_ref_kind); /* over HTTP, or a program: no call of a user waits for it but the first */
bool kp_has_slow(const kp_member *);
void kp_op_start_fetch(kp_op *);
void kp_op_end_fetch(kp_op *);
kp_event kp_op_fetch_event(kp_op *);
void kp_op_build_fetch(kp_op *);
/* Whoever looks where that takes long does so alone until its deadline. */
void kp_op_keep_lease(kp_op *);
void kp_op_end_fetch_call(kp_op *);
/* op_recall.c: keeps what the look at a place failed with (under the client's lock), and tells it again, by the finder,
   while it is too early to ask. */
bool kp_is_refusal(int code);
void kp_op_remember(kp_op *, bool failed);
bool kp_op_recall(kp_op *);
/* op_held.c: if the place is a key that the configuration holds, reads it and gives the event of that, else
   KP_EV_NONE. */
kp_event kp_op_take_held(kp_op *);
/* op_key.c: the key of member and value is in use from now on; under the client's lock. Then, outside of it, the task
   is named by it. */
void kp_op_use_key(kp_op *);
void kp_op_name_task(kp_op *);
/* The service accepts the key in use. */
void kp_op_note_good(kp_op *);
/* What is wrong with the key in use, kept for the case that no other will do. */
void kp_op_set_aside(kp_op *);
/* op_gate.c: sets the verb of the next STORE step from words, ended by NULL. */
void kp_op_ask(kp_op *, const char *verb, ...) __attribute__((sentinel));
kp_event kp_op_take_reply(kp_op *, int failed, const char *reply, size_t len);
/* The id of the operation's number-th admission, or claim with the mark ".p". */
void kp_op_name_turn(const kp_op *, const char *mark, unsigned number, char out[64]);
/* op_admit.c: a refusal of ADMIT; the counts behind its grant; what may be done while the store is away. */
kp_event kp_op_take_refusal(kp_op *, int64_t index, int64_t left, uint64_t retry_ms);
void kp_op_take_counts(kp_op *, const char *text, size_t len);
void kp_op_admit_alone(kp_op *);
/* op_terms.c: client_id, tags, price. NULL, or what is wrong with a tag. */
const char *kp_op_add_tag(kp_op *, const char *name, const char *value, size_t len);
const char *kp_tags_problem(const char *json);
void kp_op_check_terms(kp_op *);
/* op_pause.c: the verb of KP_PAUSE. */
void kp_op_ask_pause(kp_op *);
/* op_done.c: what a limit came to. */
void kp_op_say_limit(kp_op *, int code);
/* Whether the service said that the task failed. */
bool kp_op_failed_there(const kp_op *);
/* op_fleet.c: which member the marks of the ring prefer; whether the key in use is revoked, a value of the store or
   "-"; when that key was first seen, and whether that is to be asked. */
void kp_op_read_ring(kp_op *, const char *marks, size_t len);
void kp_op_read_revoked(kp_op *, const char *value, size_t len);
void kp_op_read_seen(kp_op *, const char *marks, size_t len);
bool kp_op_asks_seen(const kp_op *);
/* When a member's marks say that the key was first seen, 0 if they do not. */
int64_t kp_seen_of(const char *marks, size_t len, const char *fingerprint);
/* op_bar.c: whether something speaks against the key in use besides the service; says so; warns of a key that is old
   or near its end; fails a proof of one that is too old. */
void kp_op_bar(kp_op *);
void kp_op_say_barred(kp_op *);
void kp_op_warn_of_age(kp_op *);
void kp_op_judge_age(kp_op *);
kp_age kp_op_age(const kp_op *, int64_t first_seen_ms);
/* op_refresh.c: the answer of KP_REFRESH. */
void kp_op_tell_refreshed(kp_op *);
/* op_zone.c: the first zone of the limits whose file was not given; NULL: none. Under the client's lock. */
const char *kp_op_missing_zone(const kp_op *);
kp_event kp_op_take_zone(kp_op *, int how, size_t len);
/* op_seal.c: where the key is that seals the record; what was read there. */
const char *kp_op_seal_place(const kp_op *);
kp_event kp_op_take_seal(kp_op *, int how, int why, size_t len);
/* op_call.c */
void kp_op_build(kp_op *);
kp_event kp_op_classify(kp_op *);
/* op_tell.c: adds a place to what is told of the member; no key stands in the answer from then on. */
void kp_op_tell_place(kp_op *);
void kp_op_mask_answer(kp_op *);
/* op_states.c: keeps a reply of the store; the values of the keys that KP_TELL knows. */
void kp_op_keep_reply(kp_op *, const char *reply, size_t len);
void kp_op_collect_told(kp_op *);
void kp_op_free_told(kp_op *);
/* op_done.c: what is settled when an operation is over. */
void kp_op_finish(kp_op *);
/* op_events.c: puts what happened into the client's queue: the end of the operation; what became of the key in use, or
   of the address; a call that is not counted; a key file that others can read. */
void kp_op_note_end(kp_op *);
void kp_op_note_proven(kp_op *);
void kp_op_note_refused(kp_op *);
void kp_op_note_banned(kp_op *);
void kp_op_note_uncounted(kp_op *);
void kp_op_note_budget(kp_op *, const kp_limit_item *, int percent, int64_t spent);
void kp_op_note_would_refuse(kp_op *, const kp_limit_item *);
void kp_op_note_open(kp_op *);
void kp_op_note_found(kp_op *);
void kp_op_note_stale(kp_op *);
void kp_op_note_current(kp_op *);
void kp_op_note_age(kp_op *, bool too_old, const kp_buf *message);
/* op_answer.c: false if what came may be a part only: half a task id is another task's id. */
bool kp_op_answer_is_whole(const kp_op *);
/* op_secrets.c: notes what of the parameters no text may show; takes it out of a text of the service. */
void kp_op_collect_secrets(kp_op *);
void kp_op_hide(const kp_op *, kp_buf *text);
/* record.c: the audit line of the present state (INTENT or OUTCOME); false when memory is short. */
bool kp_op_record(kp_op *);
bool kp_op_records(const kp_op *);
/* A paid call that a limit refused before it was begun: that is recorded too. */
bool kp_op_is_refused(const kp_op *);

#endif
