/* cmd_limits.c: the commands about limits: limits shows what is left of each, pause and resume stop and start paid
 * calls. */
#include <string.h>

#include "app/cmd_grid.h"
#include "app/cmd_run.h"
#include "app/cmd_say.h"
#include "base/error.h"
#include "base/text.h"
#include "base/when.h"
#include "wire/json.h"

enum { COLUMNS = 7, CELL_MAX = 100 };

static const char *const members[COLUMNS] = {"scope", "name", "limit", "used", "left", "resets_at", "policy"};
static const char *const headings[COLUMNS] = {"FOR",         "LIMIT",           "MOST", "USED", "LEFT",
                                              "BEGINS ANEW", "IF IT IS REACHED"};

static void add_cell(kp_buf *out, kp_json limit, size_t i) {
    kp_json value = kp_json_get(limit, members[i]);
    bool money =
        kp_json_is(kp_json_get(limit, "name"), "usd_per_day") || kp_json_is(kp_json_get(limit, "name"), "usd_per_24h");
    if (money && i >= 2 && i <= 4 && value.type == KP_JSON_STRING)
        kp_buf_char(out, '$');
    if (i == COLUMNS - 1 && kp_json_get(limit, "shadow").type == KP_JSON_TRUE)
        kp_buf_str(out, "told only");
    else if (value.type == KP_JSON_NULL)
        kp_buf_char(out, '-');
    else
        cmd_add_shown(out, value, CELL_MAX);
}

static void add_windows(kp_buf *out, kp_json list) {
    kp_json window;
    size_t at = 0;
    while (kp_json_next(list, &at, NULL, &window)) {
        kp_buf_str(out, "window for ");
        cmd_add_shown(out, kp_json_get(window, "scope"), CELL_MAX);
        if (kp_json_get(window, "open").type == KP_JSON_TRUE) {
            kp_buf_str(out, ": open");
        } else {
            kp_buf_str(out, ": shut until ");
            cmd_add_shown(out, kp_json_get(window, "opens_at"), CELL_MAX);
        }
        kp_buf_char(out, '\n');
    }
}

static void add_pause(kp_buf *out, kp_json paused) {
    if (paused.type != KP_JSON_OBJECT)
        return;
    kp_buf_str(out, "paid calls are paused until ");
    cmd_add_shown(out, kp_json_get(paused, "until"), CELL_MAX);
    kp_json reason = kp_json_get(paused, "reason");
    if (!kp_json_is(reason, "")) {
        kp_buf_str(out, ": ");
        cmd_add_shown(out, reason, CELL_MAX);
    }
    kp_buf_str(out, "; 'keyplate resume' ends that\n");
}

static int print(const cmd_app *app, const kp_op *op) {
    size_t len = 0;
    const char *answer = kp_op_get(op, "answer", &len);
    kp_json root = kp_json_parse(answer, len, NULL), list = kp_json_get(root, "limits");
    kp_buf out;
    kp_buf_init(&out, NULL);
    if (cmd_on(app, CMD_JSON)) {
        kp_buf_add(&out, answer, len);
        kp_buf_char(&out, '\n');
    } else {
        if (list.len > 2)
            cmd_add_grid(&out, list, &(cmd_grid){headings, COLUMNS, NULL, add_cell});
        else
            kp_buf_str(&out, "no limits are configured (options limits.*; 'keyplate help config')\n");
        add_windows(&out, kp_json_get(root, "windows"));
        add_pause(&out, kp_json_get(root, "paused"));
    }
    int status = cmd_print_masked(&out, CMD_DONE);
    kp_buf_free(&out);
    if (kp_json_is(kp_json_get(root, "store"), "away")) {
        cmd_note("what is used is not known, because the shared state could not be asked; --verbose says why");
        return status == CMD_DONE ? CMD_TROUBLE : status;
    }
    return status;
}

int cmd_limits(cmd_app *app) {
    int status = cmd_open(app, NULL);
    kp_op *op = status == CMD_DONE ? cmd_op(app, KP_TELL) : NULL;
    if (status == CMD_DONE && !op)
        status = cmd_fail(app, KP_E_MEMORY, NULL);
    else if (op) {
        kp_op_set(op, "what", "limits", 6);
        if (app->value[CMD_CLIENT_ID])
            kp_op_set(op, "client_id", app->value[CMD_CLIENT_ID], strlen(app->value[CMD_CLIENT_ID]));
        status = cmd_drive(app, op, "asking what is used") ? cmd_fail_op(app, op) : print(app, op);
    }
    kp_op_free(op);
    cmd_close(app);
    return status;
}

/* ---- pause and resume ---- */

static int print_pause(const cmd_app *app, bool paused, uint64_t ms, const kp_buf *reason) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    if (cmd_on(app, CMD_JSON)) {
        kp_buf_fmt(&out, "{\"paused\":%s", paused ? "true" : "false");
        cmd_add_member(&out, "reason", paused ? kp_buf_text(reason) : NULL);
        kp_buf_char(&out, '}');
    } else if (!paused) {
        kp_buf_str(&out, "paid calls go on");
    } else {
        kp_buf_str(&out, "paid calls are paused");
        kp_buf_str(&out, ms ? " for " : " until 'keyplate resume'");
        if (ms)
            kp_add_duration(&out, ms);
    }
    kp_buf_char(&out, '\n');
    int status = cmd_print_masked(&out, CMD_DONE);
    kp_buf_free(&out);
    return status;
}

static int read_reason(const cmd_app *app, kp_buf *reason) {
    for (int i = 0; i < app->arg_count; i++) {
        kp_buf_str(reason, i ? " " : "");
        kp_buf_str(reason, app->args[i]);
    }
    return reason->failed ? cmd_fail(app, KP_E_MEMORY, NULL) : CMD_DONE;
}

static int change(cmd_app *app, bool pause) {
    kp_buf reason;
    kp_buf_init(&reason, NULL);
    uint64_t ms = 0;
    const char *time = app->value[CMD_FOR];
    if (pause && time && (!kp_parse_duration(time, strlen(time), &ms) || ms == 0)) {
        kp_buf_free(&reason);
        return cmd_misuse(app, "--for is no time such as 30m or 12h");
    }
    int status = read_reason(app, &reason);
    if (status == CMD_DONE)
        status = cmd_open(app, NULL);
    if (status == CMD_DONE)
        status = cmd_check_shared(app);
    kp_op *op = status == CMD_DONE ? cmd_op(app, KP_PAUSE) : NULL;
    if (status == CMD_DONE && !op)
        status = cmd_fail(app, KP_E_MEMORY, NULL);
    else if (op) {
        kp_buf number;
        kp_buf_init(&number, NULL);
        kp_buf_i64(&number, (int64_t)ms);
        kp_op_set(op, "what", kp_buf_text(&reason), reason.len);
        kp_op_set(op, "for_ms", kp_buf_text(&number), number.len);
        kp_op_set(op, "undo", pause ? "0" : "1", 1);
        kp_buf_free(&number);
        status = cmd_drive(app, op, pause ? "pausing" : "resuming") ? cmd_fail_op(app, op)
                                                                    : print_pause(app, pause, ms, &reason);
    }
    kp_op_free(op);
    cmd_close(app);
    kp_buf_free(&reason);
    return status;
}

int cmd_pause(cmd_app *app) {
    return change(app, true);
}

int cmd_resume(cmd_app *app) {
    return change(app, false);
}
