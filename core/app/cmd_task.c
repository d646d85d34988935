/* cmd_task.c: the commands about tasks: solve, submit, result, wait, report. */
#include <string.h>

#include "app/cmd_params.h"
#include "app/cmd_run.h"
#include "app/cmd_say.h"
#include "base/error.h"
#include "base/text.h"
#include "wire/taskref.h"

/* ---- What is printed ---- */

/* The answer is data: it is handed on as it is. */
static int print_answer(const kp_op *op) {
    size_t len = 0;
    const char *answer = kp_op_get(op, "answer", &len);
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_buf_add(&out, answer, len);
    kp_buf_char(&out, '\n');
    int status = cmd_print(&out, CMD_DONE);
    kp_buf_free(&out);
    return status;
}

static int print_answer_json(const kp_op *op) {
    size_t len = 0;
    kp_buf rest, out;
    kp_buf_init(&rest, NULL);
    kp_buf_init(&out, NULL);
    kp_buf_char(&rest, '{');
    cmd_add_fact(&rest, "task", op, "task");
    cmd_add_fact(&rest, "provider", op, "provider");
    cmd_add_fact(&rest, "key", op, "key");
    cmd_add_cost(&rest, op);
    cmd_add_count(&rest, "elapsed_ms", op, "elapsed_ms");
    cmd_add_count(&rest, "polls", op, "polls");
    const char *answer = kp_op_get(op, "answer", &len);
    kp_buf_str(&out, "{\"answer\":");
    kp_add_json(&out, answer ? answer : "", len);
    kp_buf_char(&out, ',');
    cmd_mask(&out, kp_buf_text(&rest) + 1, rest.len - 1);
    kp_buf_str(&out, "}\n");
    out.failed |= rest.failed;
    int status = cmd_print(&out, CMD_DONE);
    kp_buf_free(&rest);
    kp_buf_free(&out);
    return status;
}

static int print_task(const cmd_app *app, const kp_op *op) {
    bool json = cmd_on(app, CMD_JSON);
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_buf_str(&out, json ? "{" : kp_op_get(op, "task", NULL));
    if (json) {
        cmd_add_fact(&out, "task", op, "task");
        cmd_add_fact(&out, "provider", op, "provider");
        cmd_add_fact(&out, "key", op, "key");
        cmd_add_cost(&out, op);
        kp_buf_char(&out, '}');
    }
    kp_buf_char(&out, '\n');
    int status = cmd_print_masked(&out, CMD_DONE);
    kp_buf_free(&out);
    return status;
}

static int print_request(const cmd_app *app, const kp_op *op) {
    const char *request = kp_op_get(op, "answer", NULL);
    kp_buf out;
    kp_buf_init(&out, NULL);
    if (cmd_on(app, CMD_JSON)) {
        kp_buf_char(&out, '{');
        cmd_add_member(&out, "request", request);
        cmd_add_fact(&out, "provider", op, "provider");
        kp_buf_char(&out, '}');
    } else
        kp_buf_str(&out, request);
    kp_buf_char(&out, '\n');
    int status = cmd_print_masked(&out, CMD_DONE);
    kp_buf_free(&out);
    return status;
}

static int print_report(const cmd_app *app, const kp_op *op) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    if (cmd_on(app, CMD_JSON)) {
        kp_buf_char(&out, '{');
        cmd_add_member(&out, "reported", app->args[0]);
        cmd_add_fact(&out, "task", op, "task");
        cmd_add_fact(&out, "provider", op, "provider");
        cmd_add_fact(&out, "key", op, "key");
        kp_buf_char(&out, '}');
    } else
        kp_buf_fmt(&out, "reported as %s", app->args[0]);
    kp_buf_char(&out, '\n');
    int status = cmd_print_masked(&out, CMD_DONE);
    kp_buf_free(&out);
    return status;
}

static int print(const cmd_app *app, const kp_op *op) {
    if (cmd_on(app, CMD_DRY_RUN))
        return print_request(app, op);
    if (app->row->run == cmd_report)
        return print_report(app, op);
    /* A submit can bring its answer along, without a task to ask for. */
    if (app->row->run == cmd_submit && kp_op_get(op, "task", NULL))
        return print_task(app, op);
    return cmd_on(app, CMD_JSON) ? print_answer_json(op) : print_answer(op);
}

/* When the answer cannot be printed, the task still has it. */
static int finish(const cmd_app *app, const kp_op *op) {
    if (kp_op_error(op))
        return cmd_fail_op(app, op);
    int status = print(app, op);
    const char *task = kp_op_get(op, "task", NULL);
    if (status != CMD_DONE && task)
        cmd_note("the task is %s", task);
    return status;
}

/* ---- The commands ---- */

/* Who the call is for, and its tags. 0, or the exit status after a message. */
static int set_terms(const cmd_app *app, kp_op *op) {
    const char *client_id = app->value[CMD_CLIENT_ID];
    if (client_id)
        kp_op_set(op, "client_id", client_id, strlen(client_id));
    for (size_t i = 0; i < app->tag_count; i++) {
        const char *sign = strchr(app->tag[i], '=');
        if (!sign || sign == app->tag[i])
            return cmd_misuse(app, "--tag is NAME=VALUE");
        kp_buf name;
        kp_buf_init(&name, NULL);
        kp_buf_str(&name, "tag.");
        kp_buf_add(&name, app->tag[i], (size_t)(sign - app->tag[i]));
        kp_op_set(op, kp_buf_text(&name), sign + 1, strlen(sign + 1)); /* what is wrong ends the operation */
        kp_buf_free(&name);
    }
    return CMD_DONE;
}

static int drive(cmd_app *app, kp_op *op, const char *verb, const char *noun) {
    kp_buf what, shown;
    kp_buf_init(&what, NULL);
    kp_buf_init(&shown, NULL);
    kp_buf_str(&what, verb);
    kp_buf_str(&what, noun);
    kp_add_shown(&shown, kp_buf_text(&what), what.len, 40);
    cmd_drive(app, op, kp_buf_text(&shown));
    kp_buf_free(&shown);
    kp_buf_free(&what);
    return finish(app, op);
}

static int send_task(cmd_app *app, int kind, const char *verb) {
    int status = cmd_open(app, NULL);
    kp_op *op = status == CMD_DONE ? cmd_op(app, kind) : NULL;
    if (status == CMD_DONE && !op)
        status = cmd_fail(app, KP_E_MEMORY, NULL);
    else if (op)
        status = cmd_params(app, cmd_provider(app), op);
    if (op && status == CMD_DONE)
        status = set_terms(app, op);
    if (op && status == CMD_DONE)
        status = drive(app, op, verb, app->args[0]);
    kp_op_free(op);
    cmd_close(app);
    return status;
}

static int ask_about_task(cmd_app *app, int kind, const char *task, const char *verb) {
    kp_taskref ref = {0};
    kp_taskref_parse(task, strlen(task), &ref);
    int status = cmd_open(app, ref.provider);
    kp_op *op = status == CMD_DONE ? cmd_op(app, kind) : NULL;
    if (status == CMD_DONE && !op)
        status = cmd_fail(app, KP_E_MEMORY, NULL);
    else if (op) {
        kp_op_set(op, "task", task, strlen(task));
        if (kind == KP_REPORT)
            kp_op_set(op, "good", kp_same(app->args[0], "good") ? "1" : "0", 1);
        status = drive(app, op, verb, "");
    }
    kp_op_free(op);
    cmd_close(app);
    return status;
}

int cmd_solve(cmd_app *app) {
    return send_task(app, KP_SOLVE, "solving ");
}

int cmd_submit(cmd_app *app) {
    return send_task(app, KP_SUBMIT, "submitting ");
}

int cmd_result(cmd_app *app) {
    return ask_about_task(app, KP_RESULT, app->args[0], "asking for the answer");
}

int cmd_wait(cmd_app *app) {
    return ask_about_task(app, KP_WAIT, app->args[0], "waiting for the answer");
}

int cmd_report(cmd_app *app) {
    return ask_about_task(app, KP_REPORT, app->args[1], "reporting");
}
