/* cmd_audit.c: the command audit: verify checks the chain of the record and tells what it finds. */
#include "app/cmd_audit.h"

#include <errno.h>
#include <string.h>

#include "app/cmd_audit_check.h"
#include "app/cmd_audit_report.h"
#include "app/cmd_progress.h"
#include "app/cmd_run.h"
#include "app/cmd_say.h"
#include "base/error.h"
#include "base/text.h"
#include "engine/client.h"
#include "local/option_secret.h"
#include "local/read.h"
#include "local/state_key.h"
#include "policy/finder.h"
#include "safe/arena.h"

enum { FOUND = CMD_TASK_FAILED };

/* ---- The key ---- */

/* --key is the option audit.key for this run. */
static bool set_key(cmd_app *app, kp_buf *pair) {
    if (!app->value[CMD_KEY])
        return true;
    kp_buf_fmt(pair, "audit.key=%s", app->value[CMD_KEY]);
    if (pair->failed || app->set_count == CMD_SETS)
        return false;
    app->set[app->set_count++] = pair->data;
    return true;
}

/* That of the state folder, which is not made here: nothing could be sealed with it. */
static bool read_own(kp_buf *secret, kp_buf *problem) {
    size_t len = 0;
    int why = 0, how = KP_FAILED;
    char *room = kp_safe_alloc(KP_ROOM_SIZE);
    kp_buf path;
    kp_buf_init(&path, NULL);
    kp_buf_str(&path, "file:");
    if (room && kp_state_key_path("audit.key", false, &path))
        how = kp_read_local(path.data, room, KP_ROOM_SIZE, NULL, &len, &why);
    bool there = how == KP_FOUND || how == KP_FOUND_OPEN;
    if (there)
        kp_buf_add(secret, room, len);
    else
        kp_buf_fmt(problem, "the key that sealed the record cannot be had: %s %s; name its place with --key REF",
                   path.len > 5 ? kp_buf_text(&path) + 5 : "the state folder",
                   how == KP_ABSENT ? "is not there" : "cannot be read");
    kp_buf_free(&path);
    kp_safe_free(room);
    return there;
}

static bool read_key(const cmd_app *app, kp_chain_key *key, kp_buf *problem) {
    kp_buf secret;
    kp_buf_init(&secret, &kp_safe);
    const char *option = kp_client_option(app->client, "audit.key");
    bool there = option && option[0] ? kp_option_secret(app->client, "audit.key", "the key that sealed the record",
                                                        NULL, &secret, problem)
                                     : read_own(&secret, problem);
    const char *text = kp_buf_text(&secret);
    size_t len = secret.len;
    kp_trim(&text, &len);
    if (there && (secret.failed || len < KP_CHAIN_SECRET_LEAST)) {
        kp_buf_str(problem, "the key that sealed the record has at least 16 characters; what was found there has less");
        there = false;
    }
    if (there) {
        kp_known_add(text, len);
        kp_chain_key_make(text, len, key);
    }
    kp_buf_free(&secret);
    return there;
}

/* ---- What is told ---- */

static const char *path_of(const audit_check *check, uint64_t file) {
    uint64_t n = 0;
    for (size_t i = 0; i < check->count; i++)
        if (!check->files[i].is_sidecar && n++ == file)
            return check->files[i].path;
    return "";
}

/* Names are shown so that they cannot steer a terminal. */
static void add_path(kp_buf *out, const char *path) {
    kp_add_shown(out, path, strlen(path), CMD_SHOWN_MAX);
}

static void add_count(kp_buf *out, uint64_t n, const char *one, const char *many) {
    kp_buf_fmt(out, "%llu %s", (unsigned long long)n, n == 1 ? one : many);
}

static void add_fault(kp_buf *out, const audit_check *check) {
    const kp_chain_check *chain = &check->chain;
    add_path(out, path_of(check, chain->fault_file));
    if (chain->fault_line > 0)
        kp_buf_fmt(out, ":%llu", (unsigned long long)chain->fault_line);
    kp_buf_str(out, ": ");
    if (chain->fault_line > 0 && chain->fault_seq > 0)
        kp_buf_fmt(out, "record %llu: ", (unsigned long long)chain->fault_seq);
    kp_chain_fault_text(chain, out);
    kp_buf_char(out, '\n');
    if (chain->faults > 1) {
        kp_buf_str(out, "this is the first of ");
        add_count(out, chain->faults, "thing", "things");
        kp_buf_str(out, " that are wrong\n");
    }
}

static void add_sound(kp_buf *out, const audit_check *check) {
    const kp_chain_check *chain = &check->chain;
    kp_buf_str(out, "sound: ");
    add_count(out, chain->records, "record", "records");
    if (chain->records > 0)
        kp_buf_fmt(out, ", %llu to %llu", (unsigned long long)chain->first_seq, (unsigned long long)chain->last.seq);
    if (chain->files > 1)
        kp_buf_fmt(out, ", in %llu files", (unsigned long long)chain->files);
    kp_buf_char(out, '\n');
}

/* What is no fault, but to be known. */
static void tell_notes(const audit_check *check) {
    const kp_chain_check *chain = &check->chain;
    if (chain->first_seq > 1 && chain->fault != KP_CHAIN_HEAD_CUT)
        cmd_note("it continues from record %llu, which is in an earlier file",
                 (unsigned long long)(chain->first_seq - 1));
    if (check->end == AUDIT_END_NO_RECORD)
        cmd_note("the file was begun after record %llu, which is in an earlier file",
                 (unsigned long long)check->standing);
    if (chain->torn > 0)
        cmd_note("%llu line%s torn, by a writer that was killed; the chain holds over %s",
                 (unsigned long long)chain->torn, chain->torn == 1 ? " is" : "s are", chain->torn == 1 ? "it" : "them");
    if (check->end == AUDIT_END_UNCHECKED)
        cmd_note("whether records are missing at the end is not known: there is no sidecar (FILE.tail)");
    if (chain->records > 0 && !chain->held)
        cmd_note("no seal holds: is it the right key? --key REF names another one");
}

static void add_number(kp_buf *out, const char *name, uint64_t value, bool there) {
    kp_buf_fmt(out, ",\"%s\":", name);
    if (there)
        kp_buf_i64(out, (int64_t)value);
    else
        kp_buf_str(out, "null");
}

static void add_json_fault(kp_buf *out, const audit_check *check) {
    const kp_chain_check *chain = &check->chain;
    const char *path = path_of(check, chain->fault_file);
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_chain_fault_text(chain, &text);
    kp_buf_str(out, "{\"kind\":");
    kp_add_json(out, kp_chain_fault_name(chain->fault), strlen(kp_chain_fault_name(chain->fault)));
    kp_buf_str(out, ",\"file\":");
    kp_add_json(out, path, strlen(path));
    add_number(out, "line", chain->fault_line, chain->fault_line > 0);
    add_number(out, "record", chain->fault_seq, chain->fault_seq > 0);
    add_number(out, "missing_from", chain->from, chain->from > 0);
    add_number(out, "missing_to", chain->to, chain->to > 0);
    kp_buf_str(out, ",\"text\":");
    kp_add_json(out, kp_buf_text(&text), text.len);
    kp_buf_char(out, '}');
    kp_buf_free(&text);
}

static void add_json(kp_buf *out, const audit_check *check) {
    static const char *const ends[] = {
        [AUDIT_END_UNCHECKED] = "unchecked", [AUDIT_END_CHECKED] = "checked", [AUDIT_END_NO_RECORD] = "no_record"};
    const kp_chain_check *chain = &check->chain;
    bool some = chain->records > 0, sound = chain->fault == KP_CHAIN_SOUND;
    kp_buf_fmt(out, "{\"sound\":%s", sound ? "true" : "false");
    add_number(out, "files", chain->files, true);
    add_number(out, "lines", chain->lines, true);
    add_number(out, "records", chain->records, true);
    add_number(out, "torn", chain->torn, true);
    add_number(out, "first", chain->first_seq, some);
    add_number(out, "last", chain->last.seq, some);
    kp_buf_str(out, ",\"last_mac\":");
    kp_buf_fmt(out, some ? "\"%s\"" : "null", chain->last.mac);
    kp_buf_fmt(out, ",\"end\":\"%s\"", ends[check->end]);
    add_number(out, "faults", chain->faults, true);
    kp_buf_str(out, ",\"fault\":");
    if (sound)
        kp_buf_str(out, "null");
    else
        add_json_fault(out, check);
    kp_buf_str(out, "}\n");
}

static int tell(const cmd_app *app, const audit_check *check) {
    bool sound = check->chain.fault == KP_CHAIN_SOUND;
    kp_buf out;
    kp_buf_init(&out, NULL);
    if (cmd_on(app, CMD_JSON))
        add_json(&out, check);
    else if (sound)
        add_sound(&out, check);
    else
        add_fault(&out, check);
    int status = cmd_print_masked(&out, sound ? CMD_DONE : FOUND);
    kp_buf_free(&out);
    if (!cmd_on(app, CMD_JSON) && !cmd_on(app, CMD_QUIET))
        tell_notes(check);
    return status;
}

/* ---- The run ---- */

typedef struct watcher {
    cmd_progress line;
    char what[48];
} watcher;

static void show(void *user, uint64_t done, uint64_t whole) {
    watcher *w = user;
    kp_buf text;
    if (!w->line.on || whole == 0)
        return;
    kp_buf_init(&text, NULL);
    kp_buf_fmt(&text, "checking, %d %%", done < whole ? (int)(done * 100 / whole) : 100);
    if (!text.failed && text.len < sizeof w->what) {
        memcpy(w->what, text.data, text.len + 1);
        cmd_progress_draw(&w->line, NULL);
    }
    kp_buf_free(&text);
}

static int fail_file(const cmd_app *app, const audit_check *check) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    add_path(&text, check->failed);
    int status = cmd_misuse(app, "%s %s", kp_buf_text(&text), kp_buf_text(&check->problem));
    kp_buf_free(&text);
    return status;
}

static int check_files(cmd_app *app, const kp_chain_key *key) {
    watcher w = {.what = "checking"};
    audit_check check = {.progress = show, .user = &w};
    cmd_progress_start(&w.line, app, w.what, 0);
    bool read = audit_check_run(&check, app->args + 1, (size_t)app->arg_count - 1, key);
    cmd_progress_erase(&w.line);
    int status = read ? tell(app, &check) : fail_file(app, &check);
    audit_check_free(&check);
    return status;
}

static int verify(cmd_app *app) {
    kp_chain_key *key = kp_safe_alloc(sizeof *key);
    kp_buf pair, problem;
    kp_buf_init(&pair, NULL);
    kp_buf_init(&problem, NULL);
    int status = key && set_key(app, &pair) ? cmd_open(app, NULL) : cmd_fail(app, KP_E_MEMORY, NULL);
    if (status == CMD_DONE && app->client->error)
        status = cmd_fail(app, app->client->error, kp_buf_text(&app->client->problem));
    if (status == CMD_DONE && !read_key(app, key, &problem))
        status = cmd_misuse(app, "%s", kp_buf_text(&problem));
    if (status == CMD_DONE)
        status = check_files(app, key);
    cmd_close(app);
    kp_buf_free(&pair);
    kp_buf_free(&problem);
    kp_safe_free(key);
    return status;
}

/* Options that only one of the two takes. */
static int check_options(const cmd_app *app, bool verifies) {
    static const cmd_option_id of_report[] = {CMD_FORMAT, CMD_BY, CMD_SINCE, CMD_OUTPUT};
    static const cmd_option_id of_verify[] = {CMD_KEY, CMD_JSON, CMD_CONFIG, CMD_PROFILE, CMD_SET};
    const cmd_option_id *others = verifies ? of_report : of_verify;
    size_t count = verifies ? sizeof of_report / sizeof of_report[0] : sizeof of_verify / sizeof of_verify[0];
    for (size_t i = 0; i < count; i++)
        if (cmd_on(app, others[i]))
            return cmd_misuse(app, "audit %s takes no option %s", verifies ? "verify" : "report",
                              cmd_option_at((size_t)others[i])->name);
    if (verifies && app->arg_count < 2)
        return cmd_misuse(app, "something is missing: keyplate audit verify FILE...");
    return CMD_DONE;
}

int cmd_audit(cmd_app *app) {
    bool verifies = kp_same(app->args[0], "verify");
    int status = check_options(app, verifies);
    if (status != CMD_DONE)
        return status;
    return verifies ? verify(app) : cmd_audit_report(app);
}
