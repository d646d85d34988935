/* cmd_pause.c: makes, holds and ends the pause that belongs to a balance below its floor. */
#include "app/cmd_pause.h"

#include <string.h>

#include "app/cmd_run.h"
#include "base/text.h"
#include "wire/json.h"

/* By its reason a pause of the monitor is told from one that somebody made by hand. It outlives a monitor that died,
   for nobody would see the balance then; half of it before its end it is made anew. */
#define REASON "the balance is below its floor (keyplate monitor)"
#define LASTS_MS "86400000"
enum { HALF_MS = 43200000 };

typedef enum pause_state { PAUSE_UNKNOWN, PAUSE_NONE, PAUSE_OURS, PAUSE_OTHERS } pause_state;

static pause_state look(cmd_app *app, cmd_driver *drive, int64_t *left_ms) {
    size_t len = 0;
    pause_state state = PAUSE_UNKNOWN;
    kp_op *op = cmd_op(app, KP_TELL);
    *left_ms = 0;
    if (!op)
        return state;
    kp_op_set(op, "what", "limits", 6);
    const char *text = drive(app, op) ? NULL : kp_op_get(op, "answer", &len);
    kp_json limits = text ? kp_json_parse(text, len, NULL) : (kp_json){.type = KP_JSON_NONE};
    kp_json paused = kp_json_get(limits, "paused");
    if (kp_json_is(kp_json_get(limits, "store"), "away"))
        state = PAUSE_UNKNOWN;
    else if (paused.type == KP_JSON_NULL)
        state = PAUSE_NONE;
    else if (paused.type == KP_JSON_OBJECT)
        state = kp_json_is(kp_json_get(paused, "reason"), REASON) ? PAUSE_OURS : PAUSE_OTHERS;
    kp_json_i64(kp_json_get(paused, "left_ms"), left_ms);
    kp_op_free(op);
    return state;
}

static bool set(cmd_app *app, cmd_driver *drive, bool undo) {
    kp_op *op = cmd_op(app, KP_PAUSE);
    if (!op)
        return false;
    if (undo)
        kp_op_set(op, "undo", "1", 1);
    else {
        kp_op_set(op, "what", REASON, sizeof REASON - 1);
        kp_op_set(op, "for_ms", LASTS_MS, sizeof LASTS_MS - 1);
    }
    bool done = drive(app, op) == 0;
    kp_op_free(op);
    return done;
}

const char *cmd_pause_for_floor(cmd_app *app, cmd_driver *drive, bool over, bool *due) {
    int64_t left_ms = 0;
    *due = false;
    pause_state state = look(app, drive, &left_ms);
    if (over && state == PAUSE_OURS)
        return set(app, drive, true) ? "paid calls go on" : "the pause could not be ended: 'keyplate resume' does it";
    if (over)
        return state == PAUSE_OTHERS ? "paid calls stay paused, for somebody else paused them" : NULL;
    if (state == PAUSE_OTHERS)
        return "paid calls were paused already";
    *due = !set(app, drive, false);
    return *due ? "paid calls could NOT be paused yet, for the store is away" : "paid calls are paused";
}

bool cmd_pause_hold(cmd_app *app, cmd_driver *drive, bool due) {
    int64_t left_ms = 0;
    pause_state state = look(app, drive, &left_ms);
    bool makes = state == PAUSE_OURS ? left_ms < HALF_MS : due && state != PAUSE_OTHERS;
    return !makes || set(app, drive, false) || !due;
}
