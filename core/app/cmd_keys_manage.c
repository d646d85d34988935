/* cmd_keys_manage.c: which key comes first, whether there is a new one, and which one nobody shall use any more. */
#include "app/cmd_keys_manage.h"

#include <string.h>

#include "app/cmd_run.h"
#include "app/cmd_say.h"
#include "base/error.h"
#include "base/text.h"
#include "engine/client.h"
#include "engine/told.h"
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

static kp_json answer_of(const kp_op *op) {
    size_t len = 0;
    const char *answer = kp_op_get(op, "answer", &len);
    return kp_json_parse(answer, len, NULL);
}

/* Prints the JSON, or the line in its place. Frees both. */
static int print(const cmd_app *app, kp_buf *json, kp_buf *line) {
    kp_buf_str(json, "}");
    kp_buf *out = cmd_on(app, CMD_JSON) ? json : line;
    kp_buf_char(out, '\n');
    int status = cmd_print_masked(out, CMD_DONE);
    kp_buf_free(json);
    kp_buf_free(line);
    return status;
}

static void begin_answer(const cmd_app *app, kp_buf *json, kp_buf *line) {
    kp_buf_init(json, NULL);
    kp_buf_init(line, NULL);
    kp_buf_char(json, '{');
    cmd_add_member(json, "provider", cmd_provider(app)->name);
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
    if (status == CMD_DONE)
        status = cmd_check_shared(app);
    kp_op *op = status == CMD_DONE ? cmd_op(app, KP_USE) : NULL;
    if (status == CMD_DONE)
        status = drive(app, op, name ? name : "", "telling it to all who share the state");
    if (op && status == CMD_DONE) {
        kp_buf json, line;
        begin_answer(app, &json, &line);
        cmd_add_member(&json, "preferred", name);
        if (name)
            kp_buf_fmt(&line, "%s comes first from now on, in every process that shares the state and has that key",
                       name);
        else
            kp_buf_str(&line, "the order of the configuration holds again");
        status = print(app, &json, &line);
    }
    kp_op_free(op);
    return status;
}

/* ---- rotate ---- */

/* Without a call the service said what it said before, which is no news. */
static const char *proof_of(const kp_op *op) {
    return kp_same(kp_op_get(op, "attempts", NULL), "0")
               ? ": the service has accepted it before, and was not asked again. "
               : ": the service accepts it. ";
}

static int rotate(cmd_app *app, const char *name) {
    int status = check_name(app, name);
    kp_op *op = status == CMD_DONE ? cmd_op(app, KP_REFRESH) : NULL;
    if (status == CMD_DONE)
        status = drive(app, op, name ? name : "", "reading the places of the key again");
    if (op && status == CMD_DONE) {
        static const char *const words[] = {"name", "masked", "source", "fingerprint"};
        static const char *const behind[] = {" ", " (", "), fingerprint ", ""};
        kp_buf json, line, text;
        begin_answer(app, &json, &line);
        kp_buf_init(&text, NULL);
        kp_buf_str(&text, kp_op_get(op, "answer", NULL));
        kp_json key = kp_json_parse(kp_buf_text(&text), text.len, NULL);
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            kp_buf word;
            kp_buf_init(&word, NULL);
            bool there = kp_json_string(kp_json_get(key, words[i]), &word);
            cmd_add_member(&json, words[i], there ? kp_buf_text(&word) : NULL);
            kp_add_shown(&line, kp_buf_text(&word), word.len, CMD_SHOWN_MAX);
            kp_buf_str(&line, behind[i]);
            line.failed |= word.failed;
            kp_buf_free(&word);
        }
        kp_buf_str(&line, proof_of(op));
        kp_buf_str(&line, "Processes that run read their places again within the time of the option ring.refresh");
        status = print(app, &json, &line);
        kp_buf_free(&text);
    }
    kp_op_free(op);
    return status;
}

/* ---- revoke ---- */

static bool is_fingerprint(const char *text) {
    return strlen(text) == KP_FINGERPRINT_SIZE - 1 && strspn(text, "0123456789abcdef") == KP_FINGERPRINT_SIZE - 1;
}

/* One value of the list of keys. */
typedef struct value {
    char name[sizeof((kp_member *)0)->name], fingerprint[KP_FINGERPRINT_SIZE], mask[KP_MASK_SIZE], safety[TEXT_MAX];
    bool safe, revoked;
    int64_t safe_in; /* seconds; -1: waiting does not help */
} value;

/* What the list says of the word: a fingerprint, or the name of a member. */
typedef struct found {
    value one;      /* the value that is meant */
    bool is;        /* there is one */
    value other;    /* the last one of the name that is not meant */
    size_t meant;   /* values of the name that may be meant: those replaced; for undo those revoked */
    size_t revoked; /* values of the name */
    size_t named;   /* values of the name that are not revoked, and for revoking not replaced */
    bool away;      /* the store could not be asked */
} found;

static value take(kp_json json) {
    value v = {.safe_in = -1};
    take_text(kp_json_get(json, "name"), v.name, sizeof v.name);
    take_text(kp_json_get(json, "fingerprint"), v.fingerprint, sizeof v.fingerprint);
    take_text(kp_json_get(json, "masked"), v.mask, sizeof v.mask);
    take_text(kp_json_get(json, "safety"), v.safety, sizeof v.safety);
    v.safe = kp_json_get(json, "safe_to_revoke").type == KP_JSON_TRUE;
    v.revoked = kp_json_is(kp_json_get(json, "state"), "revoked");
    if (!kp_json_i64(kp_json_get(json, "safe_in"), &v.safe_in))
        v.safe_in = -1;
    return v;
}

static void find(found *f, const char *word, bool undo, kp_json list) {
    kp_json json;
    size_t at = 0;
    while (kp_json_next(list, &at, NULL, &json)) {
        if (kp_json_get(json, "fingerprint").type != KP_JSON_STRING)
            continue;
        value v = take(json);
        f->away = f->away || strstr(v.safety, KP_NOT_ASKED);
        bool named = kp_same(v.name, word), replaced = kp_json_is(kp_json_get(json, "state"), "previous");
        bool meant = named && (undo ? v.revoked : replaced);
        f->meant += meant;
        f->revoked += named && v.revoked;
        f->named += named && !v.revoked && !meant;
        if (meant || kp_same(v.fingerprint, word)) {
            f->is = true;
            f->one = v;
        } else if (named && (v.revoked || f->revoked == 0))
            f->other = v;
    }
    /* What is wanted holds already: so it is told. */
    if (!f->is && (undo ? f->named > 0 : f->revoked > 0)) {
        f->is = true;
        f->one = f->other;
    }
}

static int look(cmd_app *app, found *f, const char *word) {
    kp_op *op = cmd_op(app, KP_TELL);
    int status = drive(app, op, "keys", "looking for keys");
    if (status == CMD_DONE)
        find(f, word, cmd_on(app, CMD_UNDO), answer_of(op));
    kp_op_free(op);
    return status;
}

static int refuse(cmd_app *app, const value *v) {
    kp_buf text, wait;
    kp_buf_init(&text, NULL);
    kp_buf_init(&wait, NULL);
    kp_buf_fmt(&text, "%s %s with fingerprint %s: %s", v->name, v->mask, v->fingerprint, v->safety);
    if (v->safe_in >= 0)
        kp_buf_i64(&wait, v->safe_in * 1000);
    int status = cmd_fail_until(app, KP_E_KEY_IN_USE, kp_buf_text(&text), v->safe_in >= 0 ? kp_buf_text(&wait) : NULL);
    kp_buf_free(&text);
    kp_buf_free(&wait);
    return status;
}

/* The name is one that the list has. */
static int refuse_name(cmd_app *app, const found *f, const char *name) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_fmt(&text, "no value of %s was replaced; ", name);
    if (f->named == 1)
        kp_buf_fmt(&text, "only %s is there. To revoke that one: keyplate keys revoke %s --force", f->other.mask,
                   f->other.fingerprint);
    else
        kp_buf_str(&text, "to revoke another one of its values give the fingerprint ('keyplate keys') and --force");
    int status = cmd_fail(app, KP_E_KEY_IN_USE, kp_buf_text(&text));
    kp_buf_free(&text);
    return status;
}

/* 0, or the exit status after a message. */
static int choose(cmd_app *app, found *f, const char *word) {
    bool undo = cmd_on(app, CMD_UNDO), forced = cmd_on(app, CMD_FORCE) || undo;
    int status = look(app, f, word);
    if (status != CMD_DONE)
        return status;
    if (f->away)
        return cmd_fail(app, KP_E_STORE, "nothing was changed");
    if (f->meant > 1)
        return cmd_misuse(app, "several values %s there; say which one by its fingerprint ('keyplate keys')",
                          undo ? "are revoked" : "were replaced");
    if (f->is)
        return f->one.revoked || f->one.safe || forced ? CMD_DONE : refuse(app, &f->one);
    if (is_fingerprint(word)) {
        memcpy(f->one.fingerprint, word, sizeof f->one.fingerprint);
        memcpy(f->one.mask, "***", 4);
        return forced ? CMD_DONE
                      : cmd_misuse(app, "nobody who shares the state has used a key with that fingerprint; if it is "
                                        "the right one, --force revokes it all the same");
    }
    return f->named > 0 ? refuse_name(app, f, word)
                        : cmd_misuse(app, "no such name or fingerprint is known; 'keyplate keys' lists them");
}

static int print_revoked(const cmd_app *app, const kp_op *op, const value *v) {
    bool undo = cmd_on(app, CMD_UNDO), changed = kp_json_get(answer_of(op), "changed").type == KP_JSON_TRUE;
    kp_buf json, line;
    begin_answer(app, &json, &line);
    cmd_add_member(&json, "key", v->mask);
    cmd_add_member(&json, "fingerprint", v->fingerprint);
    cmd_add_member(&json, "state", undo ? "given back" : "revoked");
    kp_buf_fmt(&json, ",\"changed\":%s", changed ? "true" : "false");
    kp_buf_fmt(&line, "%s %s (fingerprint %s)", v->mask,
               undo ? (changed ? "may be used again" : "was not revoked")
                    : (changed ? "is revoked" : "was revoked already"),
               v->fingerprint);
    if (!undo)
        kp_buf_str(&line, ": no process that shares the state uses it any more. Now delete it at the service");
    else if (!changed)
        kp_buf_str(&line, ", so nothing was changed");
    return print(app, &json, &line);
}

static int revoke(cmd_app *app, const char *word) {
    if (!word)
        return cmd_misuse(app, "say which key: 'keyplate keys revoke NAME', or a fingerprint of 'keyplate keys'");
    found f = {.is = false};
    int status = cmd_check_shared(app);
    if (status == CMD_DONE)
        status = choose(app, &f, word);
    kp_op *op = status == CMD_DONE ? cmd_op(app, KP_REVOKE) : NULL;
    if (status == CMD_DONE)
        status = drive(app, op, f.one.fingerprint, "telling it to all who share the state");
    if (op && status == CMD_DONE)
        status = print_revoked(app, op, &f.one);
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
