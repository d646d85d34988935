/* cmd_line.c: reads the command line. Words that it does not know are not repeated: one of them may be a key. */
#include <string.h>

#include "app/cmd_say.h"
#include "base/text.h"

/* The option of a word of the given length, CMD_OPTIONS if there is none. */
static size_t find_option(const char *word, size_t len) {
    if (kp_same_n(word, len, "-h"))
        return CMD_HELP;
    for (size_t i = 0; i < CMD_OPTIONS; i++)
        if (kp_same_n(word, len, cmd_option_at(i)->name))
            return i;
    return CMD_OPTIONS;
}

static int unknown_option(const cmd_app *app, const char *word, size_t len) {
    char name[32] = "";
    if (len < sizeof name)
        memcpy(name, word, len);
    const char *nearest = name[0] ? cmd_option_near(name) : NULL;
    if (nearest)
        return cmd_misuse(app, "there is no option %s; did you mean %s?", name, nearest);
    return cmd_misuse(app, "there is an option that keyplate does not know");
}

static int unknown_command(const cmd_app *app, const char *word) {
    const char *nearest = cmd_row_near(word);
    if (nearest)
        return cmd_misuse(app, "there is no command '%s'; did you mean '%s'?", word, nearest);
    return cmd_misuse(app, "the first word is no command of keyplate");
}

/* Takes the option at argv[*i], and its value. 0, or the exit status after a message. */
static int take_option(cmd_app *app, int argc, char **argv, int *i) {
    const char *word = argv[*i], *sign = strchr(word, '=');
    size_t len = sign ? (size_t)(sign - word) : strlen(word);
    size_t id = find_option(word, len);
    if (id == CMD_OPTIONS)
        return unknown_option(app, word, len);
    const cmd_option *option = cmd_option_at(id);
    const char *value = sign ? sign + 1 : NULL;
    if (!option->value && sign)
        return cmd_misuse(app, "the option %s takes no value", option->name);
    if (option->value && !sign) {
        if (*i + 1 >= argc || kp_starts(argv[*i + 1], "--"))
            return cmd_misuse(app, "the option %s needs a value: %s %s", option->name, option->name, option->value);
        value = argv[++*i];
    }
    app->value[id] = value ? value : "";
    if (id == CMD_TAG && app->tag_count == CMD_TAGS)
        return cmd_misuse(app, "the option --tag was given more than %d times", CMD_TAGS);
    if (id == CMD_TAG)
        app->tag[app->tag_count++] = value;
    if (id != CMD_SET)
        return CMD_DONE;
    if (app->set_count == CMD_SETS)
        return cmd_misuse(app, "the option --set was given more than %d times", CMD_SETS);
    app->set[app->set_count++] = value;
    return CMD_DONE;
}

static int check_options(const cmd_app *app) {
    for (size_t i = 0; i < CMD_OPTIONS; i++) {
        const cmd_option *option = cmd_option_at(i);
        if (app->value[i] && app->row && !cmd_option_fits(option, app->row))
            return cmd_misuse(app, "the command %s takes no option %s", app->row->name, option->name);
    }
    for (size_t i = 0; i < app->set_count; i++)
        if (!strchr(app->set[i], '='))
            return cmd_misuse(app, "the option --set needs NAME=VALUE, such as --set poll.every=2s");
    return CMD_DONE;
}

/* Only a word that is near one of those it could be is repeated. */
static int check_word(const cmd_app *app, const char *word) {
    const char *list = app->row->words, *at = NULL, *nearest = NULL;
    size_t len, best = 4;
    char candidate[32], near[32] = "";
    if (cmd_in_list(list, word))
        return CMD_DONE;
    while ((len = cmd_next_word(&list, &at)) > 0 && len < sizeof candidate) {
        memcpy(candidate, at, len);
        candidate[len] = '\0';
        cmd_nearer(word, candidate, &nearest, &best);
        if (nearest)
            memcpy(near, nearest, strlen(nearest) + 1);
        nearest = NULL;
    }
    if (near[0])
        return cmd_misuse(app, "'%s %s' is no command; did you mean '%s %s'?", app->row->name, word, app->row->name,
                          near);
    return cmd_misuse(app, "that is no word for this command: keyplate %s %s", app->row->name, app->row->arguments);
}

static int check_arguments(const cmd_app *app) {
    const cmd_row *row = app->row;
    if (app->arg_count < row->least)
        return cmd_misuse(app, "something is missing: keyplate %s %s", row->name, row->arguments);
    if (row->most >= 0 && app->arg_count > row->most)
        return cmd_misuse(app, "there is an argument too many (a key is never one): keyplate %s%s%s", row->name,
                          row->arguments[0] ? " " : "", row->arguments);
    return row->words && row->run != cmd_help && app->arg_count > 0 ? check_word(app, app->args[0]) : CMD_DONE;
}

/* An error of the command line is told as JSON too, wherever --json stands. */
static bool wants_json(int argc, char **argv) {
    for (int i = 1; i < argc && !kp_same(argv[i], "--"); i++)
        if (kp_same(argv[i], "--json"))
            return true;
    return false;
}

int cmd_read_line(cmd_app *app, int argc, char **argv) {
    bool options = true;
    int kept = 0;
    app->value[CMD_JSON] = wants_json(argc, argv) ? "" : NULL;
    app->args = argv + 1; /* words are kept in place: there is always a slot in front of them */
    for (int i = 1; i < argc; i++) {
        int status = CMD_DONE;
        if (options && kp_same(argv[i], "--"))
            options = false;
        else if (options && argv[i][0] == '-' && argv[i][1])
            status = take_option(app, argc, argv, &i);
        else if (app->row)
            app->args[kept++] = argv[i];
        else if (!(app->row = cmd_row_find(argv[i])))
            status = unknown_command(app, argv[i]);
        if (status != CMD_DONE)
            return status;
        if (app->row && app->row->run == cmd_sandbox) { /* the rest is its own */
            while (++i < argc)
                app->args[kept++] = argv[i];
        }
    }
    app->arg_count = kept;
    app->args[kept] = NULL;
    if (!app->row || cmd_on(app, CMD_HELP) || cmd_on(app, CMD_VERSION))
        return CMD_DONE;
    int status = check_options(app);
    return status == CMD_DONE ? check_arguments(app) : status;
}
