/* cmd_keys_set.c: asks for a key, stores it in the home folder, and says whether it is the one that will be used. */
#include "app/cmd_keys_set.h"

#include <string.h>
#include <unistd.h>

#include "app/cmd_ask.h"
#include "app/cmd_key_file.h"
#include "app/cmd_run.h"
#include "app/cmd_say.h"
#include "base/error.h"
#include "base/text.h"
#include "policy/keycheck.h"
#include "safe/arena.h"
#include "safe/crypto.h"
#include "safe/known.h"
#include "wire/json.h"

/* 0 and the trimmed key, or the exit status after a message. */
static int ask(cmd_app *app, kp_buf *line, const char **key, size_t *len) {
    const char *why = NULL;
    kp_buf prompt;
    kp_buf_init(&prompt, NULL);
    kp_buf_fmt(&prompt, "API key of %s (it is not shown): ", cmd_provider(app)->title);
    int result = cmd_ask_secret(kp_buf_text(&prompt), line, &why);
    kp_buf_free(&prompt);
    if (result > 0)
        return cmd_fail(app, KP_E_CANCELLED, "nothing was changed");
    if (result < 0)
        return cmd_misuse(app, "%s, so nothing was changed", why);
    *key = line->data;
    *len = line->len;
    int code = kp_key_check(key, len, &why);
    if (code && *len == 0)
        return cmd_misuse(app, "no key was given, so nothing was changed");
    if (code) {
        kp_buf text;
        kp_buf_init(&text, NULL);
        kp_buf_fmt(&text, "%s; nothing was changed", why);
        int status = cmd_fail(app, code, kp_buf_text(&text));
        kp_buf_free(&text);
        return status;
    }
    return kp_known_add(*key, *len) ? CMD_DONE : cmd_fail(app, KP_E_MEMORY, NULL);
}

/* Says so when another place comes before the file: then the new key would lie there unused. */
static void compare(const char *fingerprint, kp_json list) {
    kp_json member;
    size_t at = 0;
    while (kp_json_next(list, &at, NULL, &member)) {
        if (kp_json_get(member, "source").type != KP_JSON_STRING)
            continue; /* absent, or a value that only others have */
        if (kp_json_is(kp_json_get(member, "fingerprint"), fingerprint))
            return;
        kp_buf source;
        kp_buf_init(&source, NULL);
        kp_json_string(kp_json_get(member, "source"), &source);
        cmd_note("warning: another key comes first and is the one that is used: %s. 'keyplate keys explain' shows the "
                 "order",
                 kp_buf_text(&source));
        kp_buf_free(&source);
        return;
    }
    cmd_note(
        "warning: nothing looks at this file yet; 'keyplate keys explain' shows the places and what is wrong there");
}

static void look_back(cmd_app *app, const char *fingerprint) {
    size_t len = 0;
    kp_op *op = cmd_op(app, KP_TELL);
    kp_op_set(op, "what", "keys", 4);
    if (op && cmd_drive(app, op, "looking for keys") == KP_OK) {
        const char *answer = kp_op_get(op, "answer", &len);
        compare(fingerprint, kp_json_parse(answer, len, NULL));
    }
    kp_op_free(op);
}

static int print(const cmd_app *app, const char *mask, const char *fingerprint, const char *path) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    if (cmd_on(app, CMD_JSON)) {
        kp_buf_char(&out, '{');
        cmd_add_member(&out, "stored", path);
        cmd_add_member(&out, "provider", cmd_provider(app)->name);
        cmd_add_member(&out, "key", mask);
        cmd_add_member(&out, "fingerprint", fingerprint);
        kp_buf_char(&out, '}');
    } else
        kp_buf_fmt(&out, "key %s with fingerprint %s is stored in %s", mask, fingerprint, path);
    kp_buf_char(&out, '\n');
    int status = cmd_print_masked(&out, CMD_DONE);
    kp_buf_free(&out);
    return status;
}

static int keep(cmd_app *app, const char *key, size_t len) {
    char mask[KP_MASK_SIZE], fingerprint[KP_FINGERPRINT_SIZE];
    kp_buf path, note, problem;
    kp_buf_init(&path, NULL);
    kp_buf_init(&note, NULL);
    kp_buf_init(&problem, NULL);
    int status;
    if (!cmd_key_store(cmd_provider(app), key, len, &path, &note, &problem))
        status = cmd_fail(app, KP_E_KEY_FILE, kp_buf_text(&problem));
    else {
        kp_mask(key, len, mask);
        kp_fingerprint(key, len, cmd_provider(app)->name, fingerprint);
        status = print(app, mask, fingerprint, kp_buf_text(&path));
        if (note.len)
            cmd_note("%s", kp_buf_text(&note));
        look_back(app, fingerprint);
        if (isatty(STDIN_FILENO) && !cmd_on(app, CMD_QUIET))
            cmd_note("'keyplate verify' proves it");
    }
    kp_buf_free(&path);
    kp_buf_free(&note);
    kp_buf_free(&problem);
    return status;
}

int cmd_keys_set(cmd_app *app) {
    if (cmd_on(app, CMD_KEY))
        return cmd_misuse(app, "'keys set' asks for the key, so it takes no option --key");
    int status = cmd_open(app, NULL);
    const char *key = NULL;
    size_t len = 0;
    kp_buf line;
    kp_buf_init(&line, &kp_safe);
    if (status == CMD_DONE && kp_config_problem(app->config)[0])
        status = cmd_fail(app, KP_E_CONFIG, kp_config_problem(app->config));
    if (status == CMD_DONE)
        status = ask(app, &line, &key, &len);
    if (status == CMD_DONE)
        status = keep(app, key, len);
    kp_buf_free(&line);
    cmd_close(app);
    return status;
}
