/* cmd_account.c: the commands about the account: balance and verify. */
#include <string.h>

#include "app/cmd_run.h"
#include "app/cmd_say.h"
#include "base/error.h"
#include "base/text.h"

static int print_json(const cmd_app *app, const kp_op *op) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_buf_char(&out, '{');
    cmd_add_fact(&out, "balance", op, "balance");
    cmd_add_fact(&out, "unit", op, "unit");
    cmd_add_fact(&out, "provider", op, "provider");
    cmd_add_fact(&out, "key", op, "key");
    if (app->row->run == cmd_verify) {
        cmd_add_fact(&out, "name", op, "key_name");
        cmd_add_fact(&out, "fingerprint", op, "fingerprint");
        cmd_add_fact(&out, "source", op, "source");
    }
    kp_buf_str(&out, "}\n");
    int status = cmd_print_masked(&out, CMD_DONE);
    kp_buf_free(&out);
    return status;
}

static int print_balance(const kp_op *op) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_buf_str(&out, kp_op_get(op, "balance", NULL));
    kp_buf_char(&out, '\n');
    int status = cmd_print_masked(&out, CMD_DONE);
    kp_buf_free(&out);
    return status;
}

static int print_verified(const kp_op *op) {
    static const struct {
        const char *before, *fact;
    } parts[] = {{"key ", "key_name"},      {" ", "key"}, {" (", "source"}, {") is accepted by ", "provider"},
                 {"; balance ", "balance"}, {" ", "unit"}};
    kp_buf out;
    kp_buf_init(&out, NULL);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *text = kp_op_get(op, parts[i].fact, NULL);
        kp_buf_str(&out, parts[i].before);
        if (text)
            kp_add_shown(&out, text, strlen(text), CMD_SHOWN_MAX);
    }
    kp_buf_char(&out, '\n');
    int status = cmd_print_masked(&out, CMD_DONE);
    kp_buf_free(&out);
    return status;
}

static int ask(cmd_app *app, int kind) {
    int status = cmd_open(app, NULL);
    kp_op *op = status == CMD_DONE ? cmd_op(app, kind) : NULL;
    if (status == CMD_DONE && !op)
        status = cmd_fail(app, KP_E_MEMORY, NULL);
    else if (op && cmd_drive(app, op, "asking for the balance"))
        status = cmd_fail_op(app, op);
    else if (op && cmd_on(app, CMD_JSON))
        status = print_json(app, op);
    else if (op)
        status = kind == KP_VERIFY ? print_verified(op) : print_balance(op);
    kp_op_free(op);
    cmd_close(app);
    return status;
}

int cmd_balance(cmd_app *app) {
    return ask(app, KP_BALANCE);
}

int cmd_verify(cmd_app *app) {
    return ask(app, KP_VERIFY);
}
