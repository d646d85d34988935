/* cmd_keys_manage.c: which key comes first, whether there is a new one, and which one nobody shall use any more. */
#include "app/cmd_keys_manage.h"

#include <string.h>

#include "app/cmd_run.h"
#include "app/cmd_say.h"
#include "base/error.h"
#include "base/text.h"
#include "engine/client.h"
#include "safe/crypto.h"
#include "wire/json.h"

enum { TEXT_MAX = 200 };

/* ---- Answers ---- */

/* Empty if it is none, or does not fit. */
static void take_text(kp_json value, char *out, size_t size) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    out[0] = '\0';
    if (kp_json_string(value, &text) && text.len < size)
        memcpy(out, text.data, text.len + 1);
    kp_buf_free(&text);
}

static int print(const cmd_app *app, kp_buf *json, const char *format, const char *word) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    if (cmd_on(app, CMD_JSON)) {
        kp_buf_str(&out, kp_buf_text(json));
        kp_buf_str(&out, "}\n");
    } else
        kp_buf_fmt(&out, format, word);
    int status = cmd_print_masked(&out, CMD_DONE);
    kp_buf_free(&out);
    kp_buf_free(json);
    return status;
}

static kp_buf begin_json(const cmd_app *app) {
    kp_buf json;
    kp_buf_init(&json, NULL);
    kp_buf_char(&json, '{');
    cmd_add_member(&json, "provider", cmd_provider(app)->name);
    return json;
}

/* ---- One operation ---- */

static int drive(cmd_app *app, kp_op *op, const char *what, const char *doing) {
    if (!op)
        return cmd_fail(app, KP_E_MEMORY, NULL);
    kp_op_set(op, "what", what, strlen(what));
    return cmd_drive(app, op, doing) ? cmd_fail_op(app, op) : CMD_DONE;
}

/* 0, or the exit status after a message. The name is not repeated: it may be a key in the wrong place. */
static int check_name(cmd_app *app, const char *name) {
    const kp_members *members = &app->client->ring.members;
    kp_buf names;
    kp_buf_init(&names, NULL);
    bool found = !name || app->client->error;
    for (size_t i = 0; i < members->count; i++) {
        found = found || kp_same(name, members->list[i].name);
        kp_buf_fmt(&names, "%s%s", i ? ", " : "", members->list[i].name);
    }
    int status = found ? CMD_DONE : cmd_misuse(app, "there is no key of that name; there are %s", kp_buf_text(&names));
    kp_buf_free(&names);
    return status;
}

/* ---- use ---- */

static int use(cmd_app *app, const char *name) {
    bool undo = cmd_on(app, CMD_UNDO);
    if (!name && !undo)
        return cmd_misuse(app, "say which key comes first: 'keyplate keys use NAME'; 'keyplate keys' lists the names");
    if (name && undo)
        return cmd_misuse(app, "'keyplate keys use --undo' takes no name");
    int status = check_name(app, name);
    kp_op *op = status == CMD_DONE ? cmd_op(app, KP_USE) : NULL;
    if (status == CMD_DONE)
        status = drive(app, op, name ? name : "", "telling it to all who share the state");
    if (op && status == CMD_DONE) {
        kp_buf json = begin_json(app);
        cmd_add_member(&json, "preferred", name);
        status = print(app, &json,
                       name ? "%s comes first from now on, in every process that shares the state\n"
                            : "the order of the configuration holds again\n%s",
                       name ? name : "");
    }
    kp_op_free(op);
    return status;
}

/* ---- rotate ---- */

static int rotate(cmd_app *app, const char *name) {
    int status = check_name(app, name);
    kp_op *op = status == CMD_DONE ? cmd_op(app, KP_REFRESH) : NULL;
    if (status == CMD_DONE)
        status = drive(app, op, name ? name : "", "reading the places of the key again");
    if (op && status == CMD_DONE) {
        size_t len = 0;
        const char *answer = kp_op_get(op, "answer", &len);
        kp_json key = kp_json_parse(answer, len, NULL);
        static const char *const words[] = {"name", "masked", "source", "fingerprint"};
        static const char *const behind[] = {" ", " (", "), fingerprint ", ""};
        kp_buf json = begin_json(app), line;
        kp_buf_init(&line, NULL);
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            char text[TEXT_MAX];
            take_text(kp_json_get(key, words[i]), text, sizeof text);
            cmd_add_member(&json, words[i], text);
            kp_add_shown(&line, text, strlen(text), CMD_SHOWN_MAX);
            kp_buf_str(&line, behind[i]);
        }
        status = print(app, &json,
                       "%s: the service accepts it. Processes that run read their places again within the time of the "
                       "option ring.refresh\n",
                       kp_buf_text(&line));
        kp_buf_free(&line);
    }
    kp_op_free(op);
    return status;
}

/* ---- revoke ---- */

static bool is_fingerprint(const char *text) {
    return strlen(text) == KP_FINGERPRINT_SIZE - 1 && strspn(text, "0123456789abcdef") == KP_FINGERPRINT_SIZE - 1;
}

/* What the list of keys says of the value that is meant. */
typedef struct target {
    char fingerprint[KP_FINGERPRINT_SIZE], mask[KP_MASK_SIZE], safety[TEXT_MAX];
    bool found, safe;
    size_t replaced; /* values of the name that were replaced */
    size_t named;    /* values of the name */
} target;

static void take(target *t, kp_json value) {
    t->found = true;
    t->safe = kp_json_get(value, "safe_to_revoke").type == KP_JSON_TRUE;
    take_text(kp_json_get(value, "fingerprint"), t->fingerprint, sizeof t->fingerprint);
    take_text(kp_json_get(value, "masked"), t->mask, sizeof t->mask);
    take_text(kp_json_get(value, "safety"), t->safety, sizeof t->safety);
}

static void find(target *t, const char *word, kp_json list) {
    kp_json value;
    size_t at = 0;
    while (kp_json_next(list, &at, NULL, &value)) {
        kp_json state = kp_json_get(value, "state");
        if (kp_json_is(kp_json_get(value, "fingerprint"), word))
            take(t, value);
        if (!kp_json_is(kp_json_get(value, "name"), word) || kp_json_is(state, "absent") ||
            kp_json_is(state, "revoked"))
            continue;
        t->named++;
        if (kp_json_is(state, "previous")) {
            t->replaced++;
            take(t, value);
        }
    }
}

static int look(cmd_app *app, target *t, const char *word) {
    size_t len = 0;
    kp_op *op = cmd_op(app, KP_TELL);
    int status = drive(app, op, "keys", "looking for keys");
    if (status == CMD_DONE) {
        const char *answer = kp_op_get(op, "answer", &len);
        find(t, word, kp_json_parse(answer, len, NULL));
    }
    kp_op_free(op);
    return status;
}

/* 0, or the exit status after a message. */
static int choose(cmd_app *app, target *t, const char *word) {
    int status = look(app, t, word);
    if (status != CMD_DONE)
        return status;
    bool forced = cmd_on(app, CMD_FORCE) || cmd_on(app, CMD_UNDO);
    if (is_fingerprint(word) && forced && !t->found) {
        memcpy(t->fingerprint, word, sizeof t->fingerprint);
        memcpy(t->mask, "***", 4);
        return CMD_DONE;
    }
    if (t->replaced > 1)
        return cmd_misuse(app,
                          "several values were replaced there; say which one by its fingerprint ('keyplate keys')");
    if (!t->found && t->named)
        return cmd_misuse(app,
                          "no value of that key was replaced, only the one in use is there; to revoke that one give "
                          "its fingerprint ('keyplate keys')");
    if (!t->found)
        return cmd_misuse(app, "no such name or fingerprint is known; 'keyplate keys' lists them");
    if (!t->safe && !forced)
        return cmd_misuse(app, "%s is not safe to revoke: %s. Wait until it is not used any more, or say --force",
                          t->mask, t->safety);
    return CMD_DONE;
}

static int revoke(cmd_app *app, const char *word) {
    if (!word)
        return cmd_misuse(app, "say which key: 'keyplate keys revoke NAME', or a fingerprint of 'keyplate keys'");
    target t = {.found = false};
    int status = choose(app, &t, word);
    kp_op *op = status == CMD_DONE ? cmd_op(app, KP_REVOKE) : NULL;
    if (status == CMD_DONE)
        status = drive(app, op, t.fingerprint, "telling it to all who share the state");
    if (op && status == CMD_DONE) {
        bool undo = cmd_on(app, CMD_UNDO);
        kp_buf json = begin_json(app);
        cmd_add_member(&json, "key", t.mask);
        cmd_add_member(&json, "fingerprint", t.fingerprint);
        cmd_add_member(&json, "state", undo ? "given back" : "revoked");
        status = print(app, &json,
                       undo ? "%s may be used again\n"
                            : "%s is revoked: no process that shares the state uses it any more. Now delete it at the "
                              "service\n",
                       t.mask);
    }
    kp_op_free(op);
    return status;
}

int cmd_keys_manage(cmd_app *app, const char *what) {
    const char *name = app->arg_count > 1 ? app->args[1] : NULL;
    int status = cmd_open(app, NULL);
    if (status == CMD_DONE)
        status = kp_same(what, "use")      ? use(app, name)
                 : kp_same(what, "rotate") ? rotate(app, name)
                                           : revoke(app, name);
    cmd_close(app);
    return status;
}
