/* cmd_say.c: prints answers, messages and errors, and chooses the exit status. */
#include "app/cmd_say.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/error.h"
#include "base/text.h"
#include "engine/client.h"
#include "safe/arena.h"
#include "safe/known.h"

int cmd_status(int code) {
    switch (kp_error_find(code)->cls) {
    case KP_CLASS_NONE: return CMD_DONE;
    case KP_CLASS_TASK: return CMD_TASK_FAILED;
    case KP_CLASS_USAGE:
    case KP_CLASS_INPUT: return CMD_WRONG_USE;
    case KP_CLASS_KEY:
    case KP_CLASS_FUNDS:
    case KP_CLASS_ADDRESS: return CMD_NO_KEY;
    case KP_CLASS_LIMIT:
    case KP_CLASS_QUOTA: return CMD_LIMITED;
    case KP_CLASS_PENDING: return CMD_PENDING;
    case KP_CLASS_CANCELLED: return CMD_INTERRUPTED;
    case KP_CLASS_BUSY:
    case KP_CLASS_NETWORK:
    case KP_CLASS_PROTOCOL:
    case KP_CLASS_SERVER:
    case KP_CLASS_TIMEOUT:
    case KP_CLASS_STORE:
    case KP_CLASS_UNKNOWN:
    case KP_CLASS_INTERNAL: break;
    }
    return CMD_TROUBLE;
}

void cmd_mask(kp_buf *out, const char *text, size_t len) {
    kp_known_mask(out, text, len);
}

bool cmd_write_all(int fd, const char *data, size_t len) {
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* Masked whole: half a key that a cut leaves over would not be known any more. */
static void note(const char *format, va_list args) {
    kp_buf line, out;
    kp_buf_init(&line, &kp_safe);
    kp_buf_init(&out, NULL);
    kp_buf_vfmt(&line, format, args);
    kp_buf_str(&out, "keyplate: ");
    cmd_mask(&out, kp_buf_text(&line), line.len);
    kp_buf_char(&out, '\n');
    if (!line.failed && !out.failed)
        cmd_write_all(STDERR_FILENO, out.data, out.len);
    kp_buf_free(&line);
    kp_buf_free(&out);
}

void cmd_explain(const kp_buf *text) {
    cmd_write_all(STDERR_FILENO, kp_buf_text(text), text->len);
}

void cmd_note(const char *format, ...) {
    va_list args;
    va_start(args, format);
    note(format, args);
    va_end(args);
}

void cmd_detail(const cmd_app *app, const char *format, ...) {
    if (!cmd_on(app, CMD_VERBOSE))
        return;
    va_list args;
    va_start(args, format);
    note(format, args);
    va_end(args);
}

int cmd_print(const kp_buf *text, int status) {
    errno = ENOMEM;
    if (!text->failed && cmd_write_all(STDOUT_FILENO, kp_buf_text(text), text->len))
        return status;
    const char *why = errno == EPIPE ? "its reader is gone" : errno == EBADF ? "it is closed" : strerror(errno);
    cmd_note("the answer could not be written to stdout: %s", why);
    return CMD_TROUBLE;
}

int cmd_print_masked(const kp_buf *text, int status) {
    kp_buf masked;
    kp_buf_init(&masked, NULL);
    cmd_mask(&masked, kp_buf_text(text), text->len);
    masked.failed |= text->failed;
    status = cmd_print(&masked, status);
    kp_buf_free(&masked);
    return status;
}

static void add_name(kp_buf *out, const char *name) {
    bool first = out->len == 0 || out->data[out->len - 1] == '{';
    kp_buf_fmt(out, "%s\"%s\":", first ? "" : ",", name);
}

void cmd_add_member(kp_buf *out, const char *name, const char *text) {
    add_name(out, name);
    if (text)
        kp_add_json(out, text, strlen(text));
    else
        kp_buf_str(out, "null");
}

void cmd_add_fact(kp_buf *out, const char *name, const kp_op *op, const char *fact) {
    cmd_add_member(out, name, kp_op_get(op, fact, NULL));
}

void cmd_add_count(kp_buf *out, const char *name, const kp_op *op, const char *fact) {
    const char *number = kp_op_get(op, fact, NULL);
    add_name(out, name);
    kp_buf_str(out, number ? number : "0");
}

void cmd_add_cost(kp_buf *out, const kp_op *op) {
    const char *micro = kp_op_get(op, "cost_micro", NULL);
    int64_t cost = 0;
    kp_buf text;
    kp_buf_init(&text, NULL);
    bool known = micro && kp_parse_i64(micro, strlen(micro), &cost);
    if (known)
        kp_add_micro(&text, cost);
    cmd_add_member(out, "cost_usd", known ? kp_buf_text(&text) : NULL);
    kp_buf_free(&text);
}

/* One error, whether it comes from an operation or from the command itself. */
typedef struct trouble {
    const char *code, *cls, *text, *advice, *task;
    const char *retry_ms; /* NULL: not known */
    bool unknown;
    const char *limit; /* that refused; NULL: none did */
} trouble;

static void add_retry(kp_buf *out, const char *ms) {
    int64_t number = 0;
    add_name(out, "retry_after");
    if (ms && kp_parse_i64(ms, strlen(ms), &number) && number < KP_MICRO_MAX / 1000)
        kp_add_micro(out, number * 1000);
    else
        kp_buf_str(out, "null");
}

static int tell_json(const trouble *t, int status) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_buf_str(&out, "{\"error\":{");
    cmd_add_member(&out, "code", t->code);
    cmd_add_member(&out, "class", t->cls);
    cmd_add_member(&out, "text", t->text);
    cmd_add_member(&out, "advice", t->advice);
    add_retry(&out, t->retry_ms);
    cmd_add_member(&out, "task", t->task);
    add_name(&out, "outcome_unknown");
    kp_buf_str(&out, t->unknown ? "true" : "false");
    if (t->limit)
        cmd_add_member(&out, "limit", t->limit);
    kp_buf_str(&out, "}}\n");
    status = cmd_print_masked(&out, status);
    kp_buf_free(&out);
    return status;
}

/* The reference as a word for a shell. Services choose the ids, so it may need quotes. */
static void add_word(kp_buf *out, const char *text) {
    bool plain = text[0] != '-';
    for (const char *c = text; *c; c++)
        plain = plain && (kp_is_alpha(*c) || kp_is_digit(*c) || strchr("/~._-:+@%,", *c));
    if (!plain)
        kp_buf_char(out, '\'');
    for (const char *c = text; *c; c++)
        if (*c == '\'')
            kp_buf_str(out, "'\\''");
        else
            kp_buf_char(out, *c);
    if (!plain)
        kp_buf_char(out, '\'');
}

static void tell_task(const trouble *t, int status) {
    kp_buf word;
    kp_buf_init(&word, NULL);
    add_word(&word, t->task);
    if (status == CMD_TASK_FAILED || status == CMD_WRONG_USE)
        cmd_note("the task is %s", kp_buf_text(&word));
    else
        cmd_note("the task is %s; it goes on: keyplate wait %s", kp_buf_text(&word), kp_buf_text(&word));
    kp_buf_free(&word);
}

static int tell(const cmd_app *app, const trouble *t, int status) {
    if (cmd_on(app, CMD_JSON))
        return tell_json(t, status);
    size_t len = strlen(t->text);
    bool ended = len > 0 && strchr(".?!", t->text[len - 1]);
    cmd_note("%s: %s%s %s", t->code, t->text, ended ? "" : ".", t->advice);
    if (t->unknown)
        cmd_note("the outcome is unknown, so it counts as spent: look at the balance and at the service's own list of "
                 "tasks before you submit again");
    if (t->task)
        tell_task(t, status);
    return status;
}

static int fail(const cmd_app *app, int code, const char *text, const char *retry_ms) {
    trouble t = {.code = kp_error_name(code),
                 .cls = kp_error_class(code),
                 .text = text,
                 .advice = kp_error_advice(code),
                 .retry_ms = retry_ms};
    return tell(app, &t, cmd_status(code));
}

int cmd_fail(const cmd_app *app, int code, const char *detail) {
    return cmd_fail_until(app, code, detail, NULL);
}

int cmd_fail_until(const cmd_app *app, int code, const char *detail, const char *retry_ms) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_str(&text, kp_error_text(code));
    if (detail && detail[0]) {
        kp_buf_str(&text, ": ");
        kp_buf_str(&text, detail);
    }
    int status = fail(app, code, kp_buf_text(&text), retry_ms);
    kp_buf_free(&text);
    return status;
}

int cmd_misuse(const cmd_app *app, const char *format, ...) {
    kp_buf line;
    va_list args;
    kp_buf_init(&line, &kp_safe);
    va_start(args, format);
    kp_buf_vfmt(&line, format, args);
    va_end(args);
    int status = fail(app, KP_E_COMMAND, kp_buf_text(&line), NULL);
    kp_buf_free(&line);
    return status;
}

int cmd_check_shared(const cmd_app *app) {
    const char *store = kp_local_store_text(kp_runner_local(app->runner));
    if (app->client->error || !kp_starts(store, "memory:"))
        return CMD_DONE;
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_fmt(&text,
               "nothing was changed, because no other process would hear of it: the state is %s, which ends here",
               store);
    int status = cmd_fail(app, KP_E_STORE, kp_buf_text(&text));
    kp_buf_free(&text);
    return status;
}

int cmd_fail_op(const cmd_app *app, const kp_op *op) {
    static const char *const names[] = {"code", "class", "text", "advice", "task", "retry_after_ms", "limit"};
    enum { NAMES = sizeof names / sizeof names[0] };
    kp_buf facts[NAMES];
    const char *fact[NAMES];
    for (size_t i = 0; i < NAMES; i++) {
        const char *text = kp_op_get(op, names[i], NULL);
        kp_buf_init(&facts[i], NULL);
        kp_buf_str(&facts[i], text);
        fact[i] = text ? kp_buf_text(&facts[i]) : NULL;
    }
    trouble t = {fact[0] ? fact[0] : "",
                 fact[1] ? fact[1] : "",
                 fact[2] ? fact[2] : "",
                 fact[3] ? fact[3] : "",
                 fact[4],
                 fact[5],
                 kp_op_get(op, "unknown", NULL) != NULL,
                 fact[6]};
    int status = tell(app, &t, cmd_status(kp_op_error(op)));
    for (size_t i = 0; i < NAMES; i++)
        kp_buf_free(&facts[i]);
    return status;
}
