/* table.h: states and events of an operation, and the one function that moves it. */
#ifndef KP_ENGINE_TABLE_H
#define KP_ENGINE_TABLE_H

#include <stddef.h>

#include "keyplate.h"

/* X(state, step that it asks for, what it is) */
#define KP_STATE_LIST(X)                                                                                               \
    X(NEW, KP_TIME, "nothing has happened")                                                                            \
    X(ZONE, KP_READ, "reads a time zone that a window names")                                                          \
    X(AUDITKEY, KP_READ, "reads the key that seals the record")                                                        \
    X(LIMITS, KP_STORE, "asks what of the limits is used")                                                             \
    X(LOADING, KP_TIME, "another operation of the client looks for the key")                                           \
    X(READ, KP_READ, "looks for the key")                                                                              \
    X(FETCH, KP_HTTP, "asks a store for the key, or for the right to ask")                                             \
    X(REFETCH, KP_TIME, "waits before a store that did not answer is asked again")                                     \
    X(GATE, KP_STORE, "asks whether this key and this address may be used now")                                        \
    X(MARK, KP_STORE, "tells those who share the store what is to be known of a key")                                  \
    X(CLAIM, KP_STORE, "claims the right to prove the key")                                                            \
    X(PROVING, KP_TIME, "another process proves the key")                                                              \
    X(PROBE, KP_HTTP, "proves the key by one balance call")                                                            \
    X(ADMIT, KP_STORE, "asks the store to admit a paid call")                                                          \
    X(QUEUE, KP_TIME, "waits for one of the tasks that are under way to end")                                          \
    X(HOLD, KP_TIME, "admitted for a later moment")                                                                    \
    X(INTENT, KP_APPEND, "records that a paid call is about to be made")                                               \
    X(SUBMIT, KP_HTTP, "makes the paid call")                                                                          \
    X(AGAIN, KP_TIME, "waits before a submit that was certainly not accepted is sent again")                           \
    X(REFUND, KP_STORE, "gives back what the store took")                                                              \
    X(POLLWAIT, KP_TIME, "waits before the next free call")                                                            \
    X(RECHECK, KP_STORE, "asks before another free call whether the key may still be used")                            \
    X(POLL, KP_HTTP, "makes a free call: result, balance, report")                                                     \
    X(COOL, KP_STORE, "tells the store what the service said of the key or the address")                               \
    X(OUTCOME, KP_APPEND, "records how a paid call ended")                                                             \
    X(FREE, KP_STORE, "gives back its place among the tasks that are under way")                                       \
    X(DONE, KP_DONE, "over")

typedef enum kp_state {
#define X(name, step, text) KP_S_##name,
    KP_STATE_LIST(X)
#undef X
        KP_STATES
} kp_state;

/* X(event, name, what it is). Bits, so that a row of the table can stand for several. */
#define KP_EVENT_LIST(X)                                                                                               \
    X(TIME, 0, "time", "the moment has come")                                                                          \
    X(STOP, 1, "stop", "cancelled, or the deadline is over")                                                           \
    X(FOUND, 2, "found", "a key was found")                                                                            \
    X(MORE, 3, "more", "the place needs another read")                                                                 \
    X(ABSENT, 4, "absent", "the place has no key")                                                                     \
    X(UNUSABLE, 5, "unusable", "the place or what is there cannot be used")                                            \
    X(YES, 6, "yes", "the store grants")                                                                               \
    X(LATER, 7, "later", "the store grants for a later moment")                                                        \
    X(NO, 8, "no", "the store refuses")                                                                                \
    X(AWAY, 9, "away", "the store could not be asked")                                                                 \
    X(WRITTEN, 10, "written", "the line is in the record, or there is none to be kept")                                \
    X(UNWRITTEN, 11, "unwritten", "the line could not be written")                                                     \
    X(UNBUILT, 12, "unbuilt", "the request could not be put together")                                                 \
    X(TASK, 13, "task", "accepted, with a task id")                                                                    \
    X(ANSWER, 14, "answer", "the answer that was asked for")                                                           \
    X(PENDING, 15, "pending", "the task is not ready")                                                                 \
    X(UNSENT, 16, "unsent", "no byte of the request can have left")                                                    \
    X(BUSY, 17, "busy", "not accepted: busy")                                                                          \
    X(BADKEY, 18, "badkey", "not accepted: the key")                                                                   \
    X(FUNDS, 19, "funds", "not accepted: the account's funds")                                                         \
    X(ADDRESS, 20, "address", "not accepted: this address")                                                            \
    X(REFUSED, 21, "refused", "not accepted for another reason")                                                       \
    X(FAILED, 22, "failed", "the task failed")                                                                         \
    X(TRANSIENT, 23, "transient", "lost, or a trouble that may pass")                                                  \
    X(OTHER, 24, "other", "anything else")                                                                             \
    X(CALL, 25, "call", "the place needs a call")

typedef enum kp_event {
#define X(name, bit, word, text) KP_EV_##name = 1 << (bit),
    KP_EVENT_LIST(X)
#undef X
        KP_EV_NONE = 0
} kp_event;

/* Moves the operation by the first row of the table that fits; an event without a row changes nothing. */
void kp_fire(kp_op *, kp_event);
/* The name and the step of a state. */
const char *kp_state_name(kp_state);
int kp_state_step(kp_state);
/* The i-th row as words, for the diagram: false past the last. */
typedef struct kp_row_text {
    const char *from, *guard, *action, *to;
    unsigned events;
} kp_row_text;
int kp_table_row(size_t i, kp_row_text *out);
/* What a state or an event is, for the diagram: NULL past the last. */
const char *kp_state_text(size_t i);
const char *kp_event_name(size_t bit, const char **text);

#endif
