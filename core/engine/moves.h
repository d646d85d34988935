/* moves.h: the guards and actions that the table of transitions is made of. */
#ifndef KP_ENGINE_MOVES_H
#define KP_ENGINE_MOVES_H

#include <stdbool.h>

#include "engine/table.h"

/* What a state does by itself when it is reached; the event that follows at once, or KP_EV_NONE. */
kp_event kp_enter(kp_op *);

/* Guards: pure questions about an operation. */
bool kp_is_always(const kp_op *);
bool kp_is_faulty(const kp_op *); /* misuse, configuration or parameters are wrong */
bool kp_is_dry_run(const kp_op *);
bool kp_is_telling(const kp_op *);          /* KP_TELL */
bool kp_is_telling_places(const kp_op *);   /* KP_TELL what=places: the store is not asked */
bool kp_is_telling_events(const kp_op *);   /* KP_TELL what=events */
bool kp_is_telling_metrics(const kp_op *);  /* KP_TELL what=metrics */
bool kp_is_telling_itself(const kp_op *);   /* one of both: whatever is wrong with the client */
bool kp_is_telling_more(const kp_op *);     /* KP_TELL: the values of the keys have not been asked for yet */
bool kp_is_managing(const kp_op *);         /* KP_USE, KP_REVOKE */
bool kp_is_change_left(const kp_op *);      /* KP_REVOKE: the store says another thing of the key than is wanted */
bool kp_is_telling_limits(const kp_op *);   /* KP_TELL what=limits */
bool kp_is_limits_zone_left(const kp_op *); /* the same, and the file of a zone is to be read */
bool kp_is_look_left(const kp_op *);        /* the limits themselves have not been asked for yet */
bool kp_is_no_zone(const kp_op *);          /* a time zone that limits name is not there */
bool kp_is_shut(const kp_op *);             /* a window of the limits */
bool kp_is_queueing(const kp_op *);         /* too many tasks are under way, and there is time to wait for one to end */
bool kp_is_denied(const kp_op *);           /* what cannot be counted now is not allowed */
bool kp_is_slot_over(const kp_op *);        /* its place among the tasks under way is to be given back */
bool kp_is_zone_left(const kp_op *);        /* the file of a window's time zone is to be read */
bool kp_is_seal_left(const kp_op *);        /* the key that seals the record is to be read */
bool kp_is_use_other(const kp_op *);        /* another member is preferred since the key was chosen */
bool kp_is_lifting(const kp_op *);          /* the key cools off, and is to be proven all the same */
bool kp_is_mark_due(const kp_op *);         /* the use of this key is to be told to the others */
bool kp_is_key_ready(const kp_op *);        /* a key that will do was found before */
bool kp_is_other_looks(const kp_op *);      /* another operation holds the lease of looking for keys */
bool kp_is_older_left(const kp_op *);       /* a task needs another value: the store may have the one before */
bool kp_is_place_left(const kp_op *);       /* there is another place to look at */
bool kp_is_place_left_tell(const kp_op *);  /* the same, of KP_TELL */
bool kp_is_other_is_next(const kp_op *); /* nothing is left to read of this member, and the next one's key is at hand */
bool kp_is_wanted(const kp_op *);        /* the key found is the one that is needed */
bool kp_is_fell_back(const kp_op *);     /* an earlier key was refused; this looks for another */
bool kp_is_banned(const kp_op *);
bool kp_is_cooling(const kp_op *);
bool kp_is_unproven(const kp_op *);
bool kp_is_free_call(const kp_op *);     /* nothing is to be paid, or it is paid already */
bool kp_is_proves_itself(const kp_op *); /* the operation is a balance call: it is the proof */
bool kp_is_claimed(const kp_op *);
bool kp_is_crowded_late(
    const kp_op *); /* too many keys were refused lately, and the wait is longer than the time left */
bool kp_is_crowded_back(const kp_op *); /* an earlier key was refused, and too many were lately: no more of them now */
bool kp_is_stopping(const kp_op *);     /* cancelled, or the deadline is over */
bool kp_is_too_late(const kp_op *);     /* no time is left for a first poll and one more */
bool kp_is_waits(const kp_op *);        /* SOLVE, WAIT */
bool kp_is_try_left(const kp_op *);     /* of a submit that was not accepted */
bool kp_is_poll_left(const kp_op *);    /* of a free call */
bool kp_is_other_key(const kp_op *);    /* the trouble is the key or its funds, and another key is at hand */
bool kp_is_other_unread(const kp_op *); /* the same, not looked for yet */
bool kp_is_refreshing(const kp_op *);   /* KP_REFRESH */
bool kp_is_refreshed(const kp_op *);    /* a key is at hand, and its places were read again */
bool kp_is_nothing_new(const kp_op *);  /* the same, of KP_REFRESH, and there is no new value */
bool kp_is_chore(const kp_op *);        /* a proof in the background */
bool kp_is_chore_over(const kp_op *);   /* one that is not needed any more */
bool kp_is_substitute_left(const kp_op *); /* the key of the task is gone; another one of its account is at hand */
bool kp_is_cooling_substitute(const kp_op *);
bool kp_is_after_poll_substitute(const kp_op *);
bool kp_is_balance_other_key(const kp_op *);
bool kp_is_balance_other_unread(const kp_op *);
bool kp_is_after_submit(const kp_op *);
bool kp_is_after_poll(const kp_op *);
bool kp_is_after_task(const kp_op *); /* an accepted submit whose answer is to be fetched */
bool kp_is_after_accept(const kp_op *);

/* Actions. ask_*: the arguments of the next STORE step; say_*: the error; put_*: what the store shall know. */
void kp_do_nothing(kp_op *);
void kp_do_show_request(kp_op *);
void kp_do_begin_look(kp_op *);
void kp_do_look_later(kp_op *);
void kp_do_next_place(kp_op *);
void kp_do_next_key(kp_op *);
void kp_do_next_look(kp_op *);
void kp_do_take_key(kp_op *);
void kp_do_take_substitute(kp_op *);
void kp_do_look_older(kp_op *);
void kp_do_fetch_later(kp_op *);
void kp_do_fetch_again(kp_op *);
void kp_do_say_no_memory(kp_op *);
void kp_do_say_look(kp_op *);
void kp_do_ask_gate(kp_op *);
void kp_do_ask_states(kp_op *);
void kp_do_ask_values(kp_op *);
void kp_do_ask_mark(kp_op *);
void kp_do_ask_manage(kp_op *);
void kp_do_ask_change(kp_op *);
void kp_do_say_managed(kp_op *);
void kp_do_say_away(kp_op *);
void kp_do_next_zone(kp_op *);
void kp_do_end_zones(kp_op *);
void kp_do_ask_seal(kp_op *);
void kp_do_end_seal(kp_op *);
void kp_do_use_other(kp_op *);
void kp_do_tell_states(kp_op *);
void kp_do_tell_events(kp_op *);
void kp_do_tell_metrics(kp_op *);
void kp_do_ask_claim(kp_op *);
void kp_do_ask_admit(kp_op *);
void kp_do_ask_pause(kp_op *);
void kp_do_ask_look(kp_op *);
void kp_do_ask_free(kp_op *);
void kp_do_tell_limits(kp_op *);
void kp_do_queue(kp_op *);
void kp_do_say_no_zone(kp_op *);
void kp_do_say_shut(kp_op *);
void kp_do_say_shut_settle(kp_op *);
void kp_do_say_denied(kp_op *);
void kp_do_say_queue_over(kp_op *);
void kp_do_ask_settle(kp_op *);
void kp_do_ask_release(kp_op *);
void kp_do_mark_claimed(kp_op *);
void kp_do_mark_admitted(kp_op *);
void kp_do_mark_uncounted(kp_op *);
void kp_do_hold(kp_op *);
void kp_do_put_good(kp_op *);
void kp_do_put_refused(kp_op *);
void kp_do_put_refused_submit(kp_op *);
void kp_do_put_refused_poll(kp_op *);
void kp_do_put_unsure_poll(kp_op *);
void kp_do_put_unsure_stop(kp_op *);
void kp_do_take_good(kp_op *);
void kp_do_take_answer(kp_op *);
void kp_do_accept(kp_op *);
void kp_do_accept_good(kp_op *);
void kp_do_say_crowded(kp_op *);
void kp_do_back_off(kp_op *);
void kp_do_poll_later(kp_op *);
void kp_do_say_stop(kp_op *);
void kp_do_say_stop_settle(kp_op *);
void kp_do_say_late(kp_op *);
void kp_do_say_first(kp_op *);
void kp_do_say_unusable(kp_op *);
void kp_do_say_no_key(kp_op *);
void kp_do_say_banned(kp_op *);
void kp_do_say_cooling(kp_op *);
void kp_do_say_refused(kp_op *);
void kp_do_say_unwritten(kp_op *);
void kp_do_say_code(kp_op *);
void kp_do_say_code_settle(kp_op *);
void kp_do_say_failed(kp_op *);
void kp_do_say_unknown(kp_op *);

#endif
