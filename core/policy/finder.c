/* finder.c: walks the reads that one reference needs, and judges what each of them brought. */
#include "policy/finder.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "keyplate.h"
#include "policy/dotenv.h"
#include "policy/keycheck.h"
#include "safe/arena.h"
#include "wire/json.h"

/* The reads of a reference: first a variable that leads elsewhere (NAME_FILE, CREDENTIALS_DIRECTORY), where the kind
 * has one, then the place itself, and for env: the file that NAME_FILE names. */
enum { STAGE_LEAD = 0, STAGE_PLACE, STAGE_NAMED_FILE };

#define PATH_LIMIT 4096

static void ask(kp_finder *f, int stage, const char *kind, const char *a, const char *b) {
    f->stage = stage;
    kp_buf_clear(&f->read);
    kp_buf_str(&f->read, kind);
    kp_buf_str(&f->read, a);
    kp_buf_str(&f->read, b);
}

static void settle(kp_finder *f, kp_found state, int error) {
    f->state = state;
    f->error = error;
}

/* The place for people. A path that a variable names is shown only once a file was found there: until then the
 * variable could hold a key by mistake. */
static void add_place(kp_finder *f, bool found) {
    const kp_keyref *ref = f->ref;
    if (f->stage == STAGE_NAMED_FILE) {
        if (found) {
            kp_buf_str(&f->note, "file:");
            kp_add_shown(&f->note, f->path.data, f->path.len, PATH_LIMIT);
            kp_buf_fmt(&f->note, ", named by %s_FILE", ref->place);
        } else
            kp_buf_fmt(&f->note, "the file that %s_FILE names", ref->place);
    } else if (ref->kind == KP_REF_ENV && f->stage == STAGE_LEAD)
        kp_buf_fmt(&f->note, "%s_FILE", ref->place);
    else
        kp_buf_str(&f->note, ref->text);
}

static void absent(kp_finder *f, const char *reason) {
    add_place(f, false);
    kp_buf_str(&f->note, ": ");
    kp_buf_str(&f->note, reason);
    settle(f, KP_NOT_THERE, 0);
}

static void refuse(kp_finder *f, int error, const char *reason) {
    add_place(f, false);
    kp_buf_str(&f->note, ": ");
    kp_buf_str(&f->note, reason);
    settle(f, KP_NOT_USABLE, error);
}

static const char *reason_of(int why) {
    switch (why) {
    case KP_WHY_NOT_REGULAR: return "it is not a regular file";
    case KP_WHY_LINK_LOOP: return "its symbolic links go in a circle";
    case KP_WHY_TOO_BIG: return "it is larger than 64 KiB";
    case KP_WHY_FORBIDDEN: return "this user has no permission to read it";
    case KP_WHY_NUL: return "it has a NUL byte in it";
    case KP_WHY_EXIT: return "the program failed; run it by hand to see why";
    case KP_WHY_NO_PROGRAM:
        return "there is no such program, or this user may not run it; a name without '/' is looked for in the "
               "absolute folders of PATH";
    case KP_WHY_NO_STATUS:
        return "whether the program succeeded is not known: this process ignores SIGCHLD, or another part of it waits "
               "for all children";
    default: return "the system could not read it";
    }
}

/* The text at span is the key, if it can be one. line: where in the file, 0 if that does not matter. */
static void take(kp_finder *f, const char *room, const char *span, size_t len, size_t line) {
    const char *why = NULL;
    int error = kp_key_check(&span, &len, &why);
    add_place(f, true);
    if (error) {
        if (line > 0)
            kp_buf_fmt(&f->note, ", line %zu", line);
        kp_buf_str(&f->note, ": ");
        kp_buf_str(&f->note, why);
        settle(f, KP_NOT_USABLE, error);
        return;
    }
    f->key_at = (size_t)(span - room);
    f->key_len = len;
    settle(f, KP_THERE, 0);
}

static void take_dotenv(kp_finder *f, char *room, size_t len) {
    char *value = NULL;
    size_t value_len = 0, line = 0;
    const char *why = NULL;
    switch (kp_dotenv_find(room, len, f->ref->field, &value, &value_len, &line, &why)) {
    case KP_DOTENV_ABSENT: absent(f, "the file does not set this variable"); break;
    case KP_DOTENV_UNCLEAR:
        add_place(f, true);
        kp_buf_fmt(&f->note,
                   ", line %zu: programs read this line differently, because of %s; write NAME=value and "
                   "nothing else on that line",
                   line, why);
        settle(f, KP_NOT_USABLE, KP_E_BAD_KEY);
        break;
    case KP_DOTENV_FOUND:
        if (value_len == 0)
            absent(f, "the variable is empty in this file");
        else
            take(f, room, value, value_len, line);
        break;
    }
}

static void take_json(kp_finder *f, char *room, size_t len) {
    const char *problem = NULL;
    kp_json root = kp_json_parse(room, len, &problem);
    if (root.type == KP_JSON_NONE) {
        refuse(f, KP_E_KEY_FILE, "it is not valid JSON: ");
        kp_buf_str(&f->note, problem);
        return;
    }
    kp_json value = kp_json_pointer(root, f->ref->field);
    if (value.type == KP_JSON_NONE || value.type == KP_JSON_NULL) {
        absent(f, "the file has no such value");
        return;
    }
    if (value.type != KP_JSON_STRING) {
        refuse(f, KP_E_BAD_KEY, "the value there is not a string");
        return;
    }
    char *text = room + (value.raw - room) + 1;
    size_t text_len = value.len - 2;
    if (memchr(text, '\\', text_len)) {
        /* Decoded text is never longer than its escapes, so it goes back to where it was. */
        kp_buf decoded;
        kp_buf_init(&decoded, &kp_safe);
        if (!kp_json_string(value, &decoded) || decoded.failed || decoded.len > text_len) {
            kp_buf_free(&decoded);
            settle(f, KP_NOT_USABLE, KP_E_MEMORY);
            return;
        }
        text_len = decoded.len;
        if (text_len > 0)
            memcpy(text, decoded.data, text_len);
        kp_buf_free(&decoded);
    }
    take(f, room, text, text_len, 0);
}

static void ask_credential(kp_finder *f) {
    if (f->path.len == 0) {
        absent(f, "CREDENTIALS_DIRECTORY is not set; systemd sets it for a service with LoadCredential");
        return;
    }
    ask(f, STAGE_PLACE, "file:", kp_buf_text(&f->path), "/");
    kp_buf_str(&f->read, f->ref->place);
}

static void on_lead(kp_finder *f, const char *value, size_t len) {
    kp_trim(&value, &len);
    if (len > PATH_LIMIT) {
        refuse(f, KP_E_KEY_FILE, "the path is too long");
        return;
    }
    kp_buf_add(&f->path, value, len);
    if (f->ref->kind == KP_REF_CRED)
        ask_credential(f);
    else
        ask(f, STAGE_PLACE, "env:", f->ref->place, "");
}

static void on_variable(kp_finder *f, const char *room, size_t len) {
    const char *value = room;
    size_t value_len = len;
    kp_trim(&value, &value_len);
    if (value_len > 0 && f->path.len > 0) {
        kp_buf_fmt(&f->note, "%s and %s_FILE are both set", f->ref->place, f->ref->place);
        settle(f, KP_NOT_USABLE, KP_E_KEY_TWICE);
    } else if (value_len > 0)
        take(f, room, value, value_len, 0);
    else if (f->path.len > 0)
        ask(f, STAGE_NAMED_FILE, "file:", kp_buf_text(&f->path), "");
    else
        absent(f, len > 0 ? "the variable is empty" : "the variable is not set");
}

static void on_found(kp_finder *f, char *room, size_t len) {
    if (f->stage == STAGE_LEAD)
        on_lead(f, room, len);
    else if (f->stage == STAGE_NAMED_FILE)
        take(f, room, room, len, 0);
    else if (f->ref->kind == KP_REF_ENV)
        on_variable(f, room, len);
    else if (f->ref->kind == KP_REF_DOTENV)
        take_dotenv(f, room, len);
    else if (f->ref->kind == KP_REF_JSON)
        take_json(f, room, len);
    else
        take(f, room, room, len, 0);
}

static const char *nothing_there(kp_ref_kind kind) {
    switch (kind) {
    case KP_REF_FD: return "this descriptor is not open";
    case KP_REF_HELD: return "the program holds no key of this name";
    case KP_REF_HOST: return "the program handed none in";
    case KP_REF_EXEC: return "there is no such program";
    default: return "there is no such file";
    }
}

static void on_absent(kp_finder *f) {
    if (f->stage == STAGE_LEAD)
        on_lead(f, "", 0);
    else if (f->stage == STAGE_NAMED_FILE)
        refuse(f, KP_E_KEY_FILE, "it does not exist");
    else if (f->ref->kind == KP_REF_ENV)
        on_variable(f, "", 0);
    else
        absent(f, nothing_there(f->ref->kind));
}

static bool is_handed_in(kp_ref_kind kind) {
    return kind == KP_REF_HELD || kind == KP_REF_HOST;
}

/* Of a value that a program hands in there is no file to correct. */
static void on_bad_value(kp_finder *f, int why) {
    if (why == KP_WHY_TOO_BIG)
        refuse(f, KP_E_BAD_KEY, "it is longer than 1024 characters");
    else if (why == KP_WHY_NUL)
        refuse(f, KP_E_BAD_KEY, reason_of(why));
    else
        refuse(f, KP_E_KEY_FILE, "the program could not hand it in");
}

static void on_trouble(kp_finder *f, int why) {
    if (f->ref->kind == KP_REF_ENV && f->stage == STAGE_PLACE && why == KP_WHY_TOO_BIG)
        refuse(f, KP_E_BAD_KEY, "it is longer than 1024 characters");
    else if (is_handed_in(f->ref->kind))
        on_bad_value(f, why);
    else
        refuse(f, KP_E_KEY_FILE, reason_of(why));
}

void kp_finder_init(kp_finder *f) {
    if (!f)
        return;
    memset(f, 0, sizeof *f);
    kp_buf_init(&f->read, NULL);
    kp_buf_init(&f->path, NULL);
    kp_buf_init(&f->note, NULL);
}

void kp_finder_free(kp_finder *f) {
    if (!f)
        return;
    kp_buf_free(&f->read);
    kp_buf_free(&f->path);
    kp_buf_free(&f->note);
    kp_finder_init(f);
}

/* A search that lost a text to short memory cannot go on. */
static void check_memory(kp_finder *f) {
    if (f->read.failed || f->path.failed || f->note.failed)
        settle(f, KP_NOT_USABLE, KP_E_MEMORY);
}

void kp_finder_start(kp_finder *f, const kp_keyref *ref) {
    if (!f)
        return;
    kp_buf_clear(&f->path);
    kp_buf_clear(&f->note);
    f->ref = ref;
    f->open = false;
    f->key_at = f->key_len = 0;
    settle(f, KP_LOOKING, 0);
    if (!ref) {
        settle(f, KP_NOT_USABLE, KP_E_MISUSE);
        return;
    }
    switch (ref->kind) {
    case KP_REF_ENV: ask(f, STAGE_LEAD, "env:", ref->place, "_FILE"); break;
    case KP_REF_CRED: ask(f, STAGE_LEAD, "env:", "CREDENTIALS_DIRECTORY", ""); break;
    case KP_REF_FD: ask(f, STAGE_PLACE, "fd:", ref->place, ""); break;
    case KP_REF_HELD: ask(f, STAGE_PLACE, "held:", ref->place, ""); break;
    case KP_REF_HOST: ask(f, STAGE_PLACE, "host:", ref->place, ""); break;
    case KP_REF_EXEC: ask(f, STAGE_PLACE, "exec:", ref->place, ""); break;
    case KP_REF_VAULT: /* fetch.h finds these */
    case KP_REF_AWS:
    case KP_REF_GCP: settle(f, KP_NOT_USABLE, KP_E_MISUSE); break;
    case KP_REF_DOTENV:
    case KP_REF_FILE:
    case KP_REF_JSON: ask(f, STAGE_PLACE, "file:", ref->place, ""); break;
    }
    check_memory(f);
}

const char *kp_finder_read(const kp_finder *f) {
    return f && f->ref && f->state == KP_LOOKING ? kp_buf_text(&f->read) : NULL;
}

void kp_finder_on_read(kp_finder *f, int how, int why, char *room, size_t len) {
    if (!kp_finder_read(f))
        return;
    if (!room && (how == KP_FOUND || how == KP_FOUND_OPEN)) {
        how = KP_FAILED;
        why = KP_WHY_IO;
    }
    switch (how) {
    case KP_FOUND_OPEN:
        f->open = true;
        on_found(f, room, len);
        break;
    case KP_FOUND: on_found(f, room, len); break;
    case KP_ABSENT: on_absent(f); break;
    default: on_trouble(f, why); break;
    }
    check_memory(f);
}
