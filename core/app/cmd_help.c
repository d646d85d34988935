/* cmd_help.c: the commands help and version. */
#include <string.h>

#include "app/cmd_pages.h"
#include "app/cmd_say.h"
#include "app/sandbox.h"
#include "base/text.h"

enum { TEXT_AT = 26, LINE = 80 };

void cmd_add_wrapped(kp_buf *out, const char *text, size_t indent, size_t used) {
    size_t column = used;
    const char *word = NULL;
    size_t len;
    while ((len = cmd_next_word(&text, &word)) > 0) {
        if (column > indent && column + 1 + len > LINE) {
            kp_buf_char(out, '\n');
            column = 0;
        } else if (column > indent) {
            kp_buf_char(out, ' ');
            column++;
        }
        for (; column < indent; column++)
            kp_buf_char(out, ' ');
        kp_buf_add(out, word, len);
        column += len;
    }
    kp_buf_char(out, '\n');
}

/* A name in its column, and the text behind it or, where the name is long, below. */
static void add_entry(kp_buf *out, const char *name, const char *value, const char *text) {
    size_t before = out->len;
    kp_buf_fmt(out, "  %s%s%s", name, value && value[0] ? " " : "", value ? value : "");
    size_t used = out->len - before;
    if (used + 2 > TEXT_AT) {
        kp_buf_char(out, '\n');
        used = 0;
    }
    cmd_add_wrapped(out, text, TEXT_AT, used);
}

const char *cmd_status_text(size_t i, int *status) {
    static const struct {
        int status;
        const char *text;
    } rows[] = {
        {CMD_DONE, "done"},
        {CMD_TASK_FAILED, "the task failed"},
        {CMD_WRONG_USE, "wrong use, configuration or input; nothing was sent, or the service refused the parameters"},
        {CMD_NO_KEY, "no usable key: not found, refused, without funds, or not from this address"},
        {CMD_LIMITED, "a limit or quota is reached"},
        {CMD_TROUBLE, "trouble with the network, the service, the state of this machine, or the time is over"},
        {CMD_PENDING, "the answer is not there yet"},
        {CMD_INTERRUPTED, "interrupted"},
    };
    if (i >= sizeof rows / sizeof rows[0])
        return NULL;
    *status = rows[i].status;
    return rows[i].text;
}

static void add_statuses(kp_buf *out) {
    int status = 0;
    const char *text;
    kp_buf_str(out, "\nexit status:\n");
    for (size_t i = 0; (text = cmd_status_text(i, &status)); i++) {
        char number[8];
        kp_buf name;
        kp_buf_init(&name, NULL);
        kp_buf_i64(&name, status);
        memcpy(number, kp_buf_text(&name), name.len + 1);
        add_entry(out, number, NULL, text);
        kp_buf_free(&name);
    }
}

/* Options: of one command, or those that every command takes with a key. */
static void add_options(kp_buf *out, const cmd_row *row) {
    const cmd_option *option;
    kp_buf_str(out, "\noptions (before or behind the command; -- ends them):\n");
    for (size_t i = 0; (option = cmd_option_at(i)); i++)
        if (row ? cmd_option_fits(option, row) : !option->of || cmd_in_list(option->of, "balance"))
            add_entry(out, option->name, option->value, option->text);
}

static void add_overview(kp_buf *out) {
    const cmd_row *row;
    kp_buf_str(out, "usage: keyplate COMMAND [ARGUMENT]... [OPTION]...\n\n");
    cmd_add_wrapped(out,
                    "Holds the API keys of CaptchaAI and NoCaptchaAI and makes the calls, so that no script has to. "
                    "Answers go to stdout, messages to stderr.",
                    0, 0);
    kp_buf_str(out, "\ncommands:\n");
    for (size_t i = 0; (row = cmd_row_at(i)); i++)
        add_entry(out, row->name, row->arguments, row->text);
    add_options(out, NULL);
    add_statuses(out);
    kp_buf_str(out, "\nbegin with:\n"
                    "  keyplate keys set       stores your key\n"
                    "  keyplate verify         proves it\n"
                    "  keyplate solve turnstile sitekey=KEY_OF_THE_PAGE pageurl=https://example.com/\n");
}

static void add_command(kp_buf *out, const cmd_row *row) {
    kp_buf_fmt(out, "usage: keyplate %s %s%s[OPTION]...\n\n", row->name, row->arguments, row->arguments[0] ? " " : "");
    kp_buf_fmt(out, "%c%s.\n", row->text[0] - 'a' + 'A', row->text + 1);
    if (row->more)
        cmd_add_wrapped(out, row->more, 0, 0);
    add_options(out, row);
}

static int unknown_topic(const cmd_app *app, const char *topic) {
    static const char *const topics[] = {"config", "errors", "methods"};
    const char *nearest = NULL;
    size_t best = 4;
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        cmd_nearer(topic, topics[i], &nearest, &best);
    for (size_t i = 0; cmd_row_at(i); i++)
        cmd_nearer(topic, cmd_row_at(i)->name, &nearest, &best);
    if (nearest)
        return cmd_misuse(app, "there is no help about '%s'; did you mean '%s'?", topic, nearest);
    return cmd_misuse(app, "there is no help about that; it knows config, errors, methods and the commands");
}

static int add_topic(const cmd_app *app, kp_buf *out, const char *topic) {
    const kp_provider *provider = kp_provider_find(app->value[CMD_PROVIDER]);
    const cmd_row *row = cmd_row_find(topic);
    if (cmd_on(app, CMD_MAN))
        cmd_add_man(out);
    else if (cmd_on(app, CMD_COMPLETION))
        cmd_add_completion(out);
    else if (!topic)
        add_overview(out);
    else if (kp_same(topic, "config"))
        cmd_add_config(out);
    else if (kp_same(topic, "errors"))
        cmd_add_errors(out);
    else if (kp_same(topic, "methods"))
        cmd_add_methods(out, provider);
    else if (row)
        add_command(out, row);
    else
        return unknown_topic(app, topic);
    return CMD_DONE;
}

/* A bare `keyplate` is wrong use, and what it needs is the overview. */
static int show_overview(void) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    add_overview(&out);
    cmd_explain(&out);
    kp_buf_free(&out);
    return CMD_WRONG_USE;
}

static int sandbox_help(void) {
    char name[] = "sandbox", option[] = "--help";
    char *args[] = {name, option, NULL};
    return kp_app_sandbox(2, args);
}

int cmd_help(cmd_app *app) {
    bool helping = app->row && app->row->run == cmd_help;
    const char *topic = helping ? app->args[0] : app->row ? app->row->name : NULL;
    if (!app->row && !cmd_on(app, CMD_HELP))
        return show_overview();
    if (helping && !topic && cmd_on(app, CMD_HELP))
        topic = app->row->name;
    if (kp_same(topic, "sandbox"))
        return sandbox_help();
    kp_buf out;
    kp_buf_init(&out, NULL);
    int status = add_topic(app, &out, topic);
    if (status == CMD_DONE)
        status = cmd_print(&out, CMD_DONE);
    kp_buf_free(&out);
    return status;
}

int cmd_version(cmd_app *app) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    if (cmd_on(app, CMD_JSON)) {
        kp_buf_char(&out, '{');
        cmd_add_member(&out, "version", kp_version());
        kp_buf_fmt(&out, ",\"abi\":%d}\n", kp_abi());
    } else
        kp_buf_fmt(&out, "keyplate %s\n", kp_version());
    int status = cmd_print(&out, CMD_DONE);
    kp_buf_free(&out);
    return status;
}
