/* cmd_keys.c: the command keys: list and explain tell which places were looked at and which one won. */
#include <string.h>

#include "app/cmd_grid.h"
#include "app/cmd_keys_manage.h"
#include "app/cmd_keys_set.h"
#include "app/cmd_run.h"
#include "app/cmd_say.h"
#include "base/error.h"
#include "base/text.h"
#include "wire/json.h"

enum { COLUMNS = 7, CELL_MAX = 200, LINE_MAX_BYTES = 1024 };

static const char *const members[COLUMNS] = {"name",  "masked",   "fingerprint", "source",
                                             "state", "age_days", "last_used"};
static const char *const headings[COLUMNS] = {"NAME", "MASKED", "FINGERPRINT", "SOURCE", "STATE", "DAYS", "LAST USED"};

/* A value that only other processes have has no source. */
static bool was_found(kp_json member) {
    return kp_json_get(member, "source").type == KP_JSON_STRING;
}

static bool is_there(kp_json member) {
    return kp_json_get(member, "masked").type == KP_JSON_STRING;
}

static size_t count_found(kp_json list) {
    kp_json member;
    size_t at = 0, found = 0;
    while (kp_json_next(list, &at, NULL, &member))
        found += was_found(member);
    return found;
}

/* ---- list ---- */

static void add_cell(kp_buf *out, kp_json member, size_t column) {
    cmd_add_shown(out, kp_json_get(member, members[column]), CELL_MAX);
    if (out->len == 0)
        kp_buf_char(out, '-');
}

/* A fact with what it is in front, if there is one. */
static void add_fact(kp_buf *out, const char *title, kp_json value) {
    if (value.type != KP_JSON_STRING)
        return;
    kp_buf_str(out, "; ");
    kp_buf_str(out, title);
    cmd_add_shown(out, value, CELL_MAX);
}

/* What is too long for a column: who uses each value, and whether it may be revoked. */
static void add_uses(kp_buf *out, kp_json list) {
    kp_json member, host;
    size_t at = 0;
    kp_buf_char(out, '\n');
    while (kp_json_next(list, &at, NULL, &member)) {
        kp_json hosts = kp_json_get(member, "hosts");
        size_t next = 0;
        if (!is_there(member))
            continue;
        cmd_add_shown(out, kp_json_get(member, "name"), CELL_MAX);
        kp_buf_char(out, ' ');
        cmd_add_shown(out, kp_json_get(member, "masked"), CELL_MAX);
        kp_buf_str(out, ": ");
        cmd_add_shown(out, kp_json_get(member, "safety"), LINE_MAX_BYTES);
        add_fact(out, "version ", kp_json_get(member, "version"));
        add_fact(out, "expires ", kp_json_get(member, "expires"));
        for (const char *title = "; hosts: "; kp_json_next(hosts, &next, NULL, &host); title = ", ") {
            kp_buf_str(out, title);
            cmd_add_shown(out, kp_json_get(host, "host"), CELL_MAX);
        }
        kp_buf_char(out, '\n');
    }
}

/* ---- explain ---- */

static void add_place(kp_buf *out, kp_json place) {
    kp_json outcome = kp_json_get(place, "outcome");
    kp_buf name;
    kp_buf_init(&name, NULL);
    cmd_add_shown(&name, kp_json_get(place, "place"), CELL_MAX);
    kp_buf_fmt(out, "  %s ", kp_json_is(outcome, "used") ? "*" : kp_json_is(outcome, "unusable") ? "!" : " ");
    kp_buf_str(out, kp_buf_text(&name));
    kp_buf_str(out, ": ");
    cmd_add_shown(out, outcome, CELL_MAX);
    kp_buf note;
    kp_buf_init(&note, NULL);
    cmd_add_shown(&note, kp_json_get(place, "note"), LINE_MAX_BYTES);
    const char *text = kp_buf_text(&note);
    /* The note often begins with the place itself. */
    if (name.len > 0 && kp_starts(text, kp_buf_text(&name))) {
        text += name.len;
        text += strspn(text, ": ");
    }
    if (text[0])
        kp_buf_fmt(out, ", %s", text);
    kp_buf_char(out, '\n');
    kp_buf_free(&note);
    kp_buf_free(&name);
}

static bool has_trouble(kp_json member) {
    kp_json place, from = kp_json_get(member, "from");
    size_t at = 0;
    while (kp_json_next(from, &at, NULL, &place))
        if (kp_json_is(kp_json_get(place, "outcome"), "unusable"))
            return true;
    return false;
}

static void add_member(kp_buf *out, kp_json member) {
    cmd_add_shown(out, kp_json_get(member, "name"), CELL_MAX);
    if (was_found(member)) {
        static const char *const facts[] = {"masked", "fingerprint", "state"};
        for (size_t i = 0; i < 3; i++) {
            kp_buf_str(out, i == 1 ? ", fingerprint " : i ? ", " : ": ");
            cmd_add_shown(out, kp_json_get(member, facts[i]), CELL_MAX);
        }
    } else
        kp_buf_str(out, has_trouble(member) ? ": not usable" : ": no key");
    kp_buf_char(out, '\n');
    kp_json place, from = kp_json_get(member, "from");
    size_t at = 0;
    while (kp_json_next(from, &at, NULL, &place))
        add_place(out, place);
    if (kp_json_get(member, "readable_by_others").type == KP_JSON_TRUE)
        kp_buf_str(out, "    warning: other users of this machine can read that file; chmod 600 mends it\n");
}

static void add_explanation(kp_buf *out, const kp_provider *provider, kp_json list) {
    kp_buf rest;
    kp_buf_init(&rest, NULL);
    kp_buf_fmt(out,
               "Keys of %s, in the order in which they are tried; of each, the first place that has one wins (*).\n",
               provider->title);
    kp_json member;
    size_t at = 0, shown = 0;
    while (kp_json_next(list, &at, NULL, &member)) {
        if (kp_json_get(member, "from").len <= 2)
            continue; /* another value of the member before it */
        bool further = shown > 0 && kp_json_get(member, "default").type == KP_JSON_TRUE;
        if (further && !was_found(member) && !has_trouble(member)) {
            kp_buf_str(&rest, rest.len ? ", " : "");
            cmd_add_shown(&rest, kp_json_get(member, "name"), CELL_MAX);
            continue;
        }
        kp_buf_char(out, '\n');
        add_member(out, member);
        shown++;
    }
    if (rest.len)
        kp_buf_fmt(out, "\nNothing is set for %s (%s_BACKUP, _2 to _9).\n", kp_buf_text(&rest), provider->key_env);
    kp_buf_free(&rest);
}

/* ---- The command ---- */

static void warn_of_age(const cmd_app *app, kp_json list) {
    kp_json member;
    size_t at = 0;
    while (!cmd_on(app, CMD_QUIET) && kp_json_next(list, &at, NULL, &member)) {
        kp_json age = kp_json_get(member, "age");
        if (!was_found(member) || (!kp_json_is(age, "warn") && !kp_json_is(age, "old")))
            continue;
        kp_buf line;
        kp_buf_init(&line, NULL);
        cmd_add_shown(&line, kp_json_get(member, "name"), CELL_MAX);
        kp_buf_str(&line, " has been in use for ");
        cmd_add_shown(&line, kp_json_get(member, "age_days"), CELL_MAX);
        kp_buf_str(&line, " days");
        cmd_note("warning: %s; make a new key at the service and put it in the place of this one", kp_buf_text(&line));
        kp_buf_free(&line);
    }
}

static void tell_preferred(const cmd_app *app, kp_json list) {
    kp_json member;
    size_t at = 0;
    while (!cmd_on(app, CMD_QUIET) && kp_json_next(list, &at, NULL, &member))
        if (kp_json_get(member, "preferred").type == KP_JSON_TRUE) {
            kp_buf name;
            kp_buf_init(&name, NULL);
            cmd_add_shown(&name, kp_json_get(member, "name"), CELL_MAX);
            cmd_note("note: %s comes first; 'keyplate keys use --undo' goes back to the order of the configuration",
                     kp_buf_text(&name));
            kp_buf_free(&name);
            return;
        }
}

static int print(cmd_app *app, const kp_op *op, bool explain) {
    size_t len = 0;
    const char *answer = kp_op_get(op, "answer", &len);
    kp_json list = kp_json_parse(answer, len, NULL);
    size_t found = count_found(list);
    kp_buf out;
    kp_buf_init(&out, NULL);
    if (cmd_on(app, CMD_JSON)) {
        kp_buf_add(&out, answer, len);
        kp_buf_char(&out, '\n');
    } else if (explain)
        add_explanation(&out, cmd_provider(app), list);
    else if (found) {
        cmd_add_grid(&out, list, &(cmd_grid){headings, COLUMNS, is_there, add_cell});
        add_uses(&out, list);
    }
    int status = cmd_print_masked(&out, found ? CMD_DONE : CMD_NO_KEY);
    kp_buf_free(&out);
    if (!cmd_on(app, CMD_JSON))
        tell_preferred(app, list);
    warn_of_age(app, list);
    if (!found && !cmd_on(app, CMD_JSON))
        cmd_fail(app, KP_E_NO_KEY, NULL);
    return status;
}

static int tell(cmd_app *app, bool explain) {
    int status = cmd_open(app, NULL);
    kp_op *op = status == CMD_DONE ? cmd_op(app, KP_TELL) : NULL;
    if (status == CMD_DONE && !op)
        status = cmd_fail(app, KP_E_MEMORY, NULL);
    else if (op) {
        kp_op_set(op, "what", "keys", 4);
        status = cmd_drive(app, op, "looking for keys") ? cmd_fail_op(app, op) : print(app, op, explain);
    }
    kp_op_free(op);
    cmd_close(app);
    return status;
}

/* 0, or the exit status after a message: an option that does nothing here was meant for something else. */
static int check_options(cmd_app *app, const char *what) {
    static const struct {
        cmd_option_id id;
        const char *of;
    } options[] = {
        {CMD_KEY, "list explain verify set"}, {CMD_NOW, "verify"}, {CMD_UNDO, "use revoke"}, {CMD_FORCE, "revoke"}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (cmd_on(app, options[i].id) && !cmd_in_list(options[i].of, what))
            return cmd_misuse(app, "'keyplate keys %s' takes no option %s", what, cmd_option_at(options[i].id)->name);
    return CMD_DONE;
}

int cmd_keys(cmd_app *app) {
    const char *what = app->arg_count ? app->args[0] : "list";
    bool takes_name = kp_same(what, "use") || kp_same(what, "rotate") || kp_same(what, "revoke");
    if (app->arg_count > 1 && !takes_name)
        return cmd_misuse(app, "'keyplate keys %s' takes no further argument", what);
    int status = check_options(app, what);
    if (status != CMD_DONE)
        return status;
    if (kp_same(what, "list") || kp_same(what, "explain"))
        return tell(app, kp_same(what, "explain"));
    if (kp_same(what, "verify"))
        return cmd_verify(app);
    return takes_name ? cmd_keys_manage(app, what) : cmd_keys_set(app);
}
