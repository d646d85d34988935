/* balance_say.c: what the watch over a balance tells, as sentences. */
#include "base/decimal.h"
#include "base/when.h"
#include "policy/balance_watch.h"

const char *kp_watch_name(kp_watch_kind kind) {
    static const char *const names[KP_WATCH_KINDS] = {
        [KP_WATCH_BELOW] = "balance_below", [KP_WATCH_FLOOR] = "balance_floor",
        [KP_WATCH_DROP] = "balance_drop",   [KP_WATCH_UNEXPLAINED] = "balance_unexplained",
        [KP_WATCH_STALE] = "balance_stale",
    };
    return kind < KP_WATCH_KINDS ? names[kind] : "balance";
}

const char *kp_watch_level(const kp_watch_alert *alert) {
    if (!alert || alert->over)
        return "info";
    return alert->kind == KP_WATCH_BELOW || alert->kind == KP_WATCH_STALE ? "warning" : "error";
}

static void say_over(const kp_watch_alert *a, kp_buf *out) {
    switch (a->kind) {
    case KP_WATCH_BELOW:
    case KP_WATCH_FLOOR:
        kp_buf_str(out, "the balance is ");
        kp_add_micro(out, a->balance);
        kp_buf_str(out, a->kind == KP_WATCH_FLOOR ? ", above the floor of " : ", above ");
        kp_add_micro(out, a->level);
        kp_buf_str(out, " again");
        return;
    case KP_WATCH_DROP: kp_buf_str(out, "the balance falls as usual again"); return;
    case KP_WATCH_UNEXPLAINED: kp_buf_str(out, "for an hour the books have explained what was spent"); return;
    default: kp_buf_str(out, "the balance can be read again; it is "); kp_add_micro(out, a->balance);
    }
}

static void say_begun(const kp_watch_alert *a, kp_buf *out) {
    switch (a->kind) {
    case KP_WATCH_BELOW:
    case KP_WATCH_FLOOR:
        kp_buf_str(out, "the balance is ");
        kp_add_micro(out, a->balance);
        kp_buf_str(out, a->kind == KP_WATCH_FLOOR ? ", below the floor of " : ", below ");
        kp_add_micro(out, a->level);
        return;
    case KP_WATCH_DROP:
        kp_add_micro(out, a->amount);
        kp_buf_str(out, " was spent within 5 minutes, where ");
        kp_add_micro(out, a->level);
        kp_buf_str(out, " is usual; the balance is ");
        kp_add_micro(out, a->balance);
        return;
    case KP_WATCH_UNEXPLAINED:
        kp_buf_str(out, "the balance fell by ");
        kp_add_micro(out, a->amount);
        kp_buf_str(out, " since ");
        kp_add_rfc3339(out, a->since_ms);
        kp_buf_str(out, ", and the books have ");
        kp_add_micro(out, a->level);
        return;
    default: break;
    }
    if (a->since_ms == 0) {
        kp_buf_str(out, "the balance could not be read yet");
        return;
    }
    kp_buf_str(out, "the balance could not be read for ");
    kp_add_duration(out, (uint64_t)(a->now_ms > a->since_ms ? a->now_ms - a->since_ms : 0));
    kp_buf_str(out, "; it was ");
    kp_add_micro(out, a->balance);
}

void kp_watch_say(const kp_watch_alert *alert, kp_buf *out) {
    if (!alert || !out)
        return;
    if (alert->over)
        say_over(alert, out);
    else
        say_begun(alert, out);
}

const char *kp_watch_advice(const kp_watch_alert *alert) {
    if (!alert || alert->over)
        return "Nothing is to be done.";
    switch (alert->kind) {
    case KP_WATCH_BELOW: return "Top up the account, or find out who spends: 'keyplate audit report --since 24h'.";
    case KP_WATCH_FLOOR:
        return "Top up the account: a pause ends by itself once the balance is 5 % above the floor; 'keyplate resume' "
               "ends it at once.";
    case KP_WATCH_DROP:
        return "Find out who spends: 'keyplate audit report --since 1h --by client_id'. If it is none of yours: "
               "'keyplate pause', then make a new key at the service and delete the old one.";
    case KP_WATCH_UNEXPLAINED:
        return "Somebody else has the key, or the option prices is below what the service charges. Make a new key at "
               "the service ('keyplate keys rotate'), then delete the old one.";
    default: return "'keyplate verify' says why; the metrics keep the time of the last reading.";
    }
}
