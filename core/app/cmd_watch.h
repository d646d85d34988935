/* cmd_watch.h: one round of the watch over a balance: whose turn it is, the call, what it means, the pause. */
#ifndef KP_APP_CMD_WATCH_H
#define KP_APP_CMD_WATCH_H

#include "app/cmd.h"
#include "policy/balance_watch.h"

typedef enum cmd_round {
    CMD_ROUND_READ = 0, /* the balance was read */
    CMD_ROUND_OTHER,    /* another monitor that shares the store reads it now */
    CMD_ROUND_FAILED    /* it could not be read: error */
} cmd_round;

/* What happened, with what became of the pause that belongs to it. */
typedef struct cmd_alert {
    kp_watch_alert what;
    const char *note; /* NULL, or half a sentence about the pause */
} cmd_alert;

typedef struct cmd_watch {
    cmd_app *app;
    kp_watch_rules rules;
    uint64_t every_ms;
    bool sees_all; /* the store has the books of all who spend */
    kp_watch state;
    char name[160]; /* of the state in the store */
    int store_up;   /* -1: not asked yet */
    bool away;      /* in the last round the store could not be asked */
    bool pause_due; /* the floor was crossed, and the pause could not be made yet */
    kp_op *op;      /* the last call; its facts */
    int error;
    cmd_alert alerts[KP_WATCH_NEWS];
    size_t alert_count;
} cmd_watch;

/* Of an open client. stale_ms: from when on a balance that cannot be read is told. 0, or the exit status after a
   message. */
int cmd_watch_open(cmd_watch *, cmd_app *, uint64_t every_ms, uint64_t stale_ms);
/* Drives operations through drive, which returns their error. The alerts are those of this round that nobody else
   tells. */
typedef int cmd_driver(cmd_app *, kp_op *);
cmd_round cmd_watch_round(cmd_watch *, cmd_driver *);
/* What the store has of the last round of any monitor, for those who only show it. */
void cmd_watch_look(cmd_watch *);
void cmd_watch_close(cmd_watch *);

#endif
