/* table.c: every transition of an operation, in one table. */
#include "engine/table.h"

#include "engine/moves.h"
#include "engine/op.h"

typedef struct {
    kp_state from;
    unsigned events;
    bool (*guard)(const kp_op *);
    void (*action)(kp_op *);
    kp_state to;
    const char *guard_name, *action_name;
} table_row;

#define T KP_EV_TIME
#define STORE_ANY (KP_EV_YES | KP_EV_LATER | KP_EV_NO | KP_EV_AWAY)
#define HTTP_REST                                                                                                      \
    (KP_EV_TASK | KP_EV_ANSWER | KP_EV_PENDING | KP_EV_UNSENT | KP_EV_BUSY | KP_EV_BADKEY | KP_EV_FUNDS |              \
     KP_EV_ADDRESS | KP_EV_REFUSED | KP_EV_FAILED | KP_EV_TRANSIENT | KP_EV_OTHER)
#define ROW(from, events, guard, action, to)                                                                           \
    { KP_S_##from, events, kp_is_##guard, kp_do_##action, KP_S_##to, #guard, #action }
#define E(name) KP_EV_##name

/* clang-format off */
static const table_row rows[] = {
    /*  from      event                     guard            action        to       */
    ROW(NEW,      T,                        faulty,          nothing,      DONE),
    ROW(NEW,      T,                        dry_run,         show_request, DONE),
    ROW(NEW,      T,                        telling_events,  tell_events,  DONE),
    ROW(NEW,      T,                        telling_metrics, tell_metrics, DONE),
    ROW(NEW,      T,                        limits_zone_left, next_zone,   ZONE),
    ROW(NEW,      T,                        telling_limits,  ask_pause,    LIMITS),
    ROW(NEW,      T,                        telling,         begin_look,   READ),
    ROW(NEW,      T,                        managing,        ask_manage,   MARK),
    ROW(NEW,      T,                        zone_left,       next_zone,    ZONE),
    ROW(NEW,      T,                        seal_left,       ask_seal,     AUDITKEY),
    ROW(NEW,      T,                        chore_over,      nothing,      DONE),
    ROW(NEW,      T,                        chore,           take_key,     GATE),
    ROW(NEW,      T,                        key_ready,       take_key,     GATE),
    ROW(NEW,      T,                        other_looks,     look_later,   LOADING),
    ROW(NEW,      T,                        always,          begin_look,   READ),
    ROW(NEW,      E(STOP),                  always,          say_stop,     DONE),

    ROW(ZONE,     E(STOP),                  always,          say_stop,     DONE),
    ROW(ZONE,     E(FOUND) | E(ABSENT),     zone_left,       next_zone,    ZONE),
    ROW(ZONE,     E(FOUND) | E(ABSENT),     always,          end_zones,    NEW),

    ROW(AUDITKEY, E(STOP),                  always,          say_stop,     DONE),
    ROW(AUDITKEY, E(MORE),                  always,          nothing,      AUDITKEY),
    ROW(AUDITKEY, E(FOUND),                 always,          end_seal,     NEW),
    ROW(AUDITKEY, E(UNUSABLE),              always,          nothing,      DONE),

    ROW(LIMITS,   STORE_ANY,                look_left,       ask_look,     LIMITS),
    ROW(LIMITS,   STORE_ANY,                always,          tell_limits,  DONE),

    ROW(LOADING,  T,                        key_ready,       take_key,     GATE),
    ROW(LOADING,  T,                        other_looks,     look_later,   LOADING),
    ROW(LOADING,  T,                        always,          begin_look,   READ),
    ROW(LOADING,  E(STOP),                  always,          say_stop,     DONE),

    ROW(READ,     E(STOP),                  fell_back,       say_stop,     OUTCOME),
    ROW(READ,     E(STOP),                  always,          say_stop,     DONE),
    ROW(READ,     E(MORE),                  always,          nothing,      READ),
    ROW(READ,     E(FOUND),                 place_left_tell, next_place,   READ),
    ROW(READ,     E(FOUND),                 telling_places,  tell_states,  DONE),
    ROW(READ,     E(FOUND),                 telling,         ask_states,   GATE),
    ROW(READ,     E(FOUND) | E(ABSENT) | E(UNUSABLE), nothing_new, say_look, DONE),
    ROW(READ,     E(FOUND) | E(ABSENT) | E(UNUSABLE), refreshed, take_key, GATE),
    ROW(READ,     E(CALL),                  always,          nothing,      FETCH),
    ROW(READ,     E(TRANSIENT),             always,          fetch_later,  REFETCH),
    ROW(READ,     E(FOUND),                 wanted,          take_key,     GATE),
    ROW(READ,     E(FOUND),                 older_left,      look_older,   READ),
    ROW(READ,     E(UNUSABLE),              place_left_tell, next_place,   READ),
    ROW(READ,     E(UNUSABLE),              telling_places,  tell_states,  DONE),
    ROW(READ,     E(UNUSABLE),              telling,         ask_states,   GATE),
    ROW(READ,     E(UNUSABLE),              fell_back,       say_first,    OUTCOME),
    ROW(READ,     E(UNUSABLE),              always,          say_unusable, DONE),
    ROW(READ,     E(ABSENT) | E(FOUND),     other_is_next,   next_key,     GATE),
    ROW(READ,     E(ABSENT) | E(FOUND),     place_left,      next_place,   READ),
    ROW(READ,     E(ABSENT) | E(FOUND),     telling_places,  tell_states,  DONE),
    ROW(READ,     E(ABSENT) | E(FOUND),     telling,         ask_states,   GATE),
    ROW(READ,     E(ABSENT) | E(FOUND),     substitute_left, take_substitute, GATE),
    ROW(READ,     E(ABSENT) | E(FOUND),     fell_back,       say_first,    OUTCOME),
    ROW(READ,     E(ABSENT) | E(FOUND),     always,          say_no_key,   DONE),

    ROW(FETCH,    E(STOP),                  fell_back,       say_stop,     OUTCOME),
    ROW(FETCH,    E(STOP),                  always,          say_stop,     DONE),
    ROW(FETCH,    E(UNBUILT),               fell_back,       say_first,    OUTCOME),
    ROW(FETCH,    E(UNBUILT),               always,          say_no_memory, DONE),
    ROW(FETCH,    E(MORE),                  always,          nothing,      READ),

    ROW(REFETCH,  T,                        always,          fetch_again,  READ),
    ROW(REFETCH,  E(STOP),                  fell_back,       say_stop,     OUTCOME),
    ROW(REFETCH,  E(STOP),                  always,          say_stop,     DONE),

    ROW(GATE,     STORE_ANY,                telling_more,    ask_values,   GATE),
    ROW(GATE,     STORE_ANY,                telling,         tell_states,  DONE),
    ROW(GATE,     STORE_ANY,                banned,          say_banned,   OUTCOME),
    ROW(GATE,     STORE_ANY,                use_other,       use_other,    NEW),
    ROW(GATE,     STORE_ANY,                lifting,         ask_claim,    CLAIM),
    ROW(GATE,     STORE_ANY,                other_key,       next_key,     GATE),
    ROW(GATE,     STORE_ANY,                other_unread,    next_look,    READ),
    ROW(GATE,     STORE_ANY,                cooling_substitute, take_substitute, GATE),
    ROW(GATE,     STORE_ANY,                cooling,         say_cooling,  OUTCOME),
    ROW(GATE,     STORE_ANY,                stopping,        say_stop,     OUTCOME),
    ROW(GATE,     STORE_ANY,                no_zone,         say_no_zone,  OUTCOME),
    ROW(GATE,     STORE_ANY,                shut,            say_shut,     OUTCOME),
    ROW(GATE,     STORE_ANY,                mark_due,        ask_mark,     MARK),
    ROW(GATE,     STORE_ANY,                unproven,        ask_claim,    CLAIM),
    ROW(GATE,     STORE_ANY,                refreshing,      nothing,      DONE),
    ROW(GATE,     STORE_ANY,                free_call,       nothing,      POLL),
    ROW(GATE,     STORE_ANY,                always,          ask_admit,    ADMIT),

    ROW(MARK,     E(AWAY),                  managing,        say_away,     DONE),
    ROW(MARK,     STORE_ANY,                change_left,     ask_change,   MARK),
    ROW(MARK,     STORE_ANY,                managing,        say_managed,  DONE),
    ROW(MARK,     STORE_ANY,                always,          ask_gate,     GATE),

    ROW(CLAIM,    E(NO) | E(LATER),         crowded_back,    say_first,    OUTCOME),
    ROW(CLAIM,    E(NO) | E(LATER),         crowded_late,    say_crowded,  OUTCOME),
    ROW(CLAIM,    E(NO) | E(LATER),         always,          look_later,   PROVING),
    ROW(CLAIM,    E(YES),                   proves_itself,   mark_claimed, POLL),
    ROW(CLAIM,    E(YES),                   always,          mark_claimed, PROBE),
    ROW(CLAIM,    E(AWAY),                  free_call,       nothing,      POLL),
    ROW(CLAIM,    E(AWAY),                  always,          ask_admit,    ADMIT),

    ROW(PROVING,  T,                        always,          ask_gate,     GATE),
    ROW(PROVING,  E(STOP),                  always,          say_stop,     OUTCOME),

    ROW(PROBE,    E(UNBUILT),               always,          put_unsure_poll, COOL),
    ROW(PROBE,    E(ANSWER) | E(FUNDS),     always,          put_good,     COOL),
    ROW(PROBE,    E(BADKEY) | E(ADDRESS),   always,          put_refused,  COOL),
    ROW(PROBE,    HTTP_REST,                free_call,       nothing,      POLL),
    ROW(PROBE,    HTTP_REST,                always,          ask_admit,    ADMIT),

    ROW(ADMIT,    E(YES),                   always,          mark_admitted, INTENT),
    ROW(ADMIT,    E(LATER),                 always,          hold,         HOLD),
    ROW(ADMIT,    E(NO),                    other_key,       next_key,     GATE),
    ROW(ADMIT,    E(NO),                    other_unread,    next_look,    READ),
    ROW(ADMIT,    E(NO),                    queueing,        queue,        QUEUE),
    ROW(ADMIT,    E(NO),                    always,          say_refused,  OUTCOME),
    ROW(ADMIT,    E(AWAY),                  denied,          say_denied,   OUTCOME),
    ROW(ADMIT,    E(AWAY),                  always,          mark_uncounted, INTENT),

    ROW(QUEUE,    T,                        always,          ask_gate,     GATE),
    ROW(QUEUE,    E(STOP),                  always,          say_queue_over, OUTCOME),

    ROW(HOLD,     T,                        shut,            say_shut_settle, REFUND),
    ROW(HOLD,     T,                        always,          nothing,      INTENT),
    ROW(HOLD,     E(STOP),                  always,          say_stop_settle, REFUND),

    ROW(INTENT,   E(UNWRITTEN),             always,          say_unwritten, REFUND),
    ROW(INTENT,   E(WRITTEN),               stopping,        say_stop_settle, REFUND),
    ROW(INTENT,   E(WRITTEN),               too_late,        say_late,     REFUND),
    ROW(INTENT,   E(WRITTEN),               always,          nothing,      SUBMIT),

    ROW(SUBMIT,   E(UNBUILT),               always,          say_code_settle, REFUND),
    ROW(SUBMIT,   E(TASK) | E(ANSWER),      claimed,         accept_good,  COOL),
    ROW(SUBMIT,   E(TASK),                  waits,           accept,       POLLWAIT),
    ROW(SUBMIT,   E(TASK) | E(ANSWER),      always,          accept,       OUTCOME),
    ROW(SUBMIT,   E(UNSENT) | E(BUSY),      try_left,        back_off,     AGAIN),
    ROW(SUBMIT,   E(BADKEY) | E(ADDRESS),   always,          put_refused_submit, COOL),
    ROW(SUBMIT,   E(UNSENT) | E(BUSY) | E(FUNDS) | E(REFUSED), always, say_code_settle, REFUND),
    ROW(SUBMIT,   E(FAILED),                always,          say_failed,   OUTCOME),
    ROW(SUBMIT,   HTTP_REST,                always,          say_unknown,  OUTCOME),

    ROW(AGAIN,    T,                        always,          nothing,      SUBMIT),
    ROW(AGAIN,    E(STOP),                  always,          say_stop_settle, REFUND),

    ROW(REFUND,   STORE_ANY,                claimed,         ask_release,  REFUND),
    ROW(REFUND,   STORE_ANY,                other_key,       next_key,     GATE),
    ROW(REFUND,   STORE_ANY,                other_unread,    next_look,    READ),
    ROW(REFUND,   STORE_ANY,                always,          nothing,      OUTCOME),

    ROW(POLLWAIT, T,                        claimed,         nothing,      POLL),
    ROW(POLLWAIT, T,                        always,          ask_gate,     RECHECK),
    ROW(POLLWAIT, E(STOP),                  claimed,         put_unsure_stop, COOL),
    ROW(POLLWAIT, E(STOP),                  always,          say_stop,     OUTCOME),

    ROW(RECHECK,  STORE_ANY,                banned,          say_banned,   OUTCOME),
    ROW(RECHECK,  STORE_ANY,                other_key,       next_key,     GATE),
    ROW(RECHECK,  STORE_ANY,                other_unread,    next_look,    READ),
    ROW(RECHECK,  STORE_ANY,                cooling_substitute, take_substitute, GATE),
    ROW(RECHECK,  STORE_ANY,                cooling,         say_cooling,  OUTCOME),
    ROW(RECHECK,  STORE_ANY,                stopping,        say_stop,     OUTCOME),
    ROW(RECHECK,  STORE_ANY,                always,          nothing,      POLL),

    ROW(POLL,     E(UNBUILT),               claimed,         put_unsure_poll, COOL),
    ROW(POLL,     E(UNBUILT),               always,          say_code,     OUTCOME),
    ROW(POLL,     E(ANSWER),                claimed,         take_good,    COOL),
    ROW(POLL,     E(ANSWER),                always,          take_answer,  OUTCOME),
    ROW(POLL,     E(PENDING),               waits,           poll_later,   POLLWAIT),
    ROW(POLL,     E(BADKEY) | E(ADDRESS),   always,          put_refused_poll, COOL),
    ROW(POLL,     E(UNSENT) | E(BUSY) | E(TRANSIENT), poll_left, back_off, POLLWAIT),
    ROW(POLL,     HTTP_REST,                claimed,         put_unsure_poll, COOL),
    ROW(POLL,     HTTP_REST,                always,          say_code,     OUTCOME),

    ROW(COOL,     STORE_ANY,                claimed,         ask_release,  COOL),
    ROW(COOL,     STORE_ANY,                after_task,      nothing,      POLLWAIT),
    ROW(COOL,     STORE_ANY,                after_accept,    nothing,      OUTCOME),
    ROW(COOL,     STORE_ANY,                after_submit,    ask_settle,   REFUND),
    ROW(COOL,     STORE_ANY,                after_poll_substitute, take_substitute, GATE),
    ROW(COOL,     STORE_ANY,                balance_other_key, next_key,   GATE),
    ROW(COOL,     STORE_ANY,                balance_other_unread, next_look, READ),
    ROW(COOL,     STORE_ANY,                after_poll,      nothing,      OUTCOME),
    ROW(COOL,     STORE_ANY,                stopping,        say_stop,     OUTCOME),
    ROW(COOL,     STORE_ANY,                always,          ask_gate,     GATE),

    ROW(OUTCOME,  E(WRITTEN) | E(UNWRITTEN), slot_over,      ask_free,     FREE),
    ROW(OUTCOME,  E(WRITTEN) | E(UNWRITTEN), always,         nothing,      DONE),

    ROW(FREE,     STORE_ANY,                always,          nothing,      DONE),
};
/* clang-format on */

enum { ROWS = sizeof rows / sizeof rows[0] };

static const struct {
    const char *name;
    int step;
    const char *text;
} states[] = {
#define X(name, step, text) {#name, step, text},
    KP_STATE_LIST(X)
#undef X
};

const char *kp_state_name(kp_state state) {
    return state < KP_STATES ? states[state].name : "?";
}

int kp_state_step(kp_state state) {
    return state < KP_STATES ? states[state].step : KP_DONE;
}

const char *kp_state_text(size_t i) {
    return i < KP_STATES ? states[i].text : NULL;
}

const char *kp_event_name(size_t bit, const char **text) {
    static const struct {
        const char *name, *text;
    } events[] = {
#define X(name, bit_, word, text_) {word, text_},
        KP_EVENT_LIST(X)
#undef X
    };
    if (bit >= sizeof events / sizeof events[0])
        return NULL;
    if (text)
        *text = events[bit].text;
    return events[bit].name;
}

int kp_table_row(size_t i, kp_row_text *out) {
    if (i >= ROWS || !out)
        return 0;
    *out = (kp_row_text){states[rows[i].from].name, rows[i].guard_name, rows[i].action_name, states[rows[i].to].name,
                         rows[i].events};
    return 1;
}

/* The table is in the order of the states. */
static size_t first_row(kp_state from) {
    size_t low = 0, high = ROWS;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (rows[middle].from < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const table_row *find_row(const kp_op *op, kp_event event) {
    for (size_t i = first_row(op->state); i < ROWS && rows[i].from == op->state; i++)
        if ((rows[i].events & (unsigned)event) && rows[i].guard(op))
            return &rows[i];
    return NULL;
}

/* A state may bring its own next event along: a request that could not be built, a record that nobody keeps. So this is
   a loop; it ends because each such event leads to a state that waits for the outside. */
void kp_fire(kp_op *op, kp_event event) {
    while (event != KP_EV_NONE) {
        const table_row *row = find_row(op, event);
        if (!row)
            return;
        row->action(op);
        op->state = row->to;
        event = kp_enter(op);
    }
}
