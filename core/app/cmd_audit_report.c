/* cmd_audit_report.c: the command audit report: reads its options and files, and writes the report in one of its forms.
 */
#include "app/cmd_audit_report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/audit_report_read.h"
#include "app/audit_report_text.h"
#include "app/cmd_progress.h"
#include "app/cmd_say.h"
#include "base/error.h"
#include "base/text.h"
#include "base/when.h"
#include "local/clock.h"

typedef enum form { FORM_TABLE = 0, FORM_CSV, FORM_JSON, FORM_HTML, FORMS } form;

/* Which file a descriptor is of. */
typedef struct place {
    dev_t device;
    ino_t number;
} place;

typedef struct job {
    cmd_app *app;
    report report;
    form form;
    place *inputs;
    size_t count;
    cmd_progress progress;
    uint64_t size, before; /* of all regular files; bytes of the files that are done */
    char what[64];
} job;

/* ---- Options ---- */

static bool is_place(const place *a, const struct stat *info) {
    return a->device == info->st_dev && a->number == info->st_ino;
}

/* "7d": kp_parse_duration has no days. */
static bool parse_days(const char *text, uint64_t *ms) {
    size_t len = strlen(text);
    int64_t days = 0;
    if (len < 2 || text[len - 1] != 'd' || !kp_is_digit(text[0]) || !kp_parse_i64(text, len - 1, &days) || days > 36600)
        return false;
    *ms = (uint64_t)days * 86400000;
    return true;
}

static int read_since(job *j) {
    const char *text = j->app->value[CMD_SINCE];
    uint64_t ago = 0;
    int64_t days = 0;
    if (!text)
        return CMD_DONE;
    j->report.has_since = true;
    if (kp_parse_date(text, strlen(text), &days))
        j->report.since_ms = days * 86400000;
    else if (parse_days(text, &ago) ||
             (!kp_is_digit(text[strlen(text) ? strlen(text) - 1 : 0]) && kp_parse_duration(text, strlen(text), &ago)))
        j->report.since_ms = j->report.made_ms - (int64_t)ago;
    else if (!kp_parse_rfc3339(text, strlen(text), &j->report.since_ms))
        return cmd_misuse(j->app, "--since takes a date (2026-11-20), a time (2026-11-20T14:00:00Z), or how long ago: "
                                  "90m, 24h, 7d");
    return CMD_DONE;
}

static int read_options(job *j) {
    static const char *const names[FORMS] = {"table", "csv", "json", "html"};
    const char *format = j->app->value[CMD_FORMAT];
    report_by by = REPORT_BY_METHOD;
    if (j->app->value[CMD_BY] && !report_by_find(j->app->value[CMD_BY], &by))
        return cmd_misuse(j->app, "--by takes client_id, method, env, service or key");
    while (format && j->form < FORMS && !kp_same(format, names[j->form]))
        j->form++;
    if (j->form == FORMS)
        return cmd_misuse(j->app, "--format takes table, csv, json or html");
    report_init(&j->report, by);
    j->report.made_ms = kp_unix_ms();
    return read_since(j);
}

/* ---- Input ---- */

static void show_progress(void *user, uint64_t bytes) {
    job *j = user;
    kp_buf text;
    if (!j->progress.on)
        return;
    kp_buf_init(&text, NULL);
    kp_buf_fmt(&text, "reading, %llu records", (unsigned long long)j->report.records);
    uint64_t done = j->before + bytes;
    if (j->size > 0)
        kp_buf_fmt(&text, ", %d %%", done < j->size ? (int)(done * 100 / j->size) : 100);
    if (!text.failed && text.len < sizeof j->what) {
        memcpy(j->what, kp_buf_text(&text), text.len + 1);
        cmd_progress_draw(&j->progress, NULL);
    }
    kp_buf_free(&text);
}

/* Names are shown so that they cannot steer a terminal. */
static int fail_file(int status, const char *name, const char *why) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_add_shown(&text, name, strlen(name), CMD_SHOWN_MAX);
    cmd_note("%s %s", kp_buf_text(&text), why);
    kp_buf_free(&text);
    return status;
}

static int fail_io(const char *name, const char *what, int number) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_fmt(&text, "%s: %s", what, number == EBADF ? "it is closed" : strerror(number));
    int status = fail_file(CMD_TROUBLE, name, kp_buf_text(&text));
    kp_buf_free(&text);
    return status;
}

/* A place that cannot be opened: what was typed is wrong. */
static int fail_open(const char *name, int number) {
    if (number == ENOENT)
        return fail_file(CMD_WRONG_USE, name, "is not there");
    fail_io(name, "cannot be opened", number);
    return CMD_WRONG_USE;
}

/* A file that is named twice would be counted twice. */
static int check_place(job *j, const char *name, const struct stat *info) {
    if (S_ISDIR(info->st_mode))
        return fail_file(CMD_WRONG_USE, name, "is a folder; name the files in it");
    for (size_t i = 0; S_ISREG(info->st_mode) && i < j->count; i++)
        if (is_place(&j->inputs[i], info))
            return fail_file(CMD_WRONG_USE, name, "is named twice");
    j->inputs[j->count++] = (place){info->st_dev, info->st_ino};
    return CMD_DONE;
}

static int read_file(job *j, const char *name, int fd) {
    const report_reader reader = {&j->report, show_progress, j};
    switch (report_read_all(&reader, fd)) {
    case REPORT_READ_DONE: j->report.files++; return CMD_DONE;
    case REPORT_READ_MEMORY: return cmd_fail(j->app, KP_E_MEMORY, NULL);
    case REPORT_READ_COMPRESSED:
        return fail_file(CMD_WRONG_USE, name,
                         "is compressed; unpack it on the way: zcat FILE | keyplate audit report -");
    case REPORT_READ_FAILED: break;
    }
    return fail_io(name, "could not be read", errno);
}

static int open_and_read(job *j, const char *name) {
    struct stat info;
    bool input = kp_same(name, "-");
    int fd = input ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &info) != 0)
        return fail_open(name, errno);
    int status = check_place(j, name, &info);
    if (status == CMD_DONE)
        status = read_file(j, name, fd);
    j->before += S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
    if (!input)
        close(fd);
    return status;
}

/* FILE.tail has the checkpoint of FILE: a shell puts both in the place of FILE*. */
static bool is_sidecar(char **names, size_t count, const char *name) {
    static const char end[] = ".tail";
    size_t len = strlen(name);
    if (len < sizeof end || !kp_same(name + len - (sizeof end - 1), end))
        return false;
    for (size_t i = 0; i < count; i++)
        if (kp_same_n(name, len - (sizeof end - 1), names[i]))
            return true;
    return false;
}

static int read_files(job *j) {
    char **names = j->app->args + 1;
    size_t count = (size_t)j->app->arg_count - 1;
    struct stat info;
    int status = CMD_DONE;
    j->inputs = kp_zalloc(count, sizeof *j->inputs);
    if (!j->inputs)
        return cmd_fail(j->app, KP_E_MEMORY, NULL);
    for (size_t i = 0; i < count; i++)
        if (stat(names[i], &info) == 0 && S_ISREG(info.st_mode))
            j->size += (uint64_t)info.st_size;
    cmd_progress_start(&j->progress, j->app, j->what, 0);
    for (size_t i = 0; status == CMD_DONE && i < count; i++)
        status = is_sidecar(names, count, names[i]) ? CMD_DONE : open_and_read(j, names[i]);
    cmd_progress_erase(&j->progress);
    if (status == CMD_DONE && !report_finish(&j->report))
        status = cmd_fail(j->app, KP_E_MEMORY, NULL);
    return status;
}

/* ---- Output ---- */

static bool wants_colour(const job *j) {
    const char *no = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return !j->app->value[CMD_OUTPUT] && (!no || !no[0]) && terminal && !kp_same(terminal, "dumb") &&
           isatty(STDOUT_FILENO);
}

static bool compose(const job *j, kp_buf *out) {
    switch (j->form) {
    case FORM_CSV: return report_add_csv(out, &j->report);
    case FORM_JSON: return report_add_json(out, &j->report);
    case FORM_HTML: return report_add_html(out, &j->report);
    case FORM_TABLE:
    case FORMS: break;
    }
    return report_add_table(out, &j->report, wants_colour(j));
}

/* A report must not take the place of the record that it is of. */
static bool is_input(const job *j, const char *path) {
    struct stat info;
    if (stat(path, &info) != 0)
        return false;
    for (size_t i = 0; i < j->count; i++)
        if (is_place(&j->inputs[i], &info))
            return true;
    return false;
}

static int write_file(const job *j, const char *path, const kp_buf *out) {
    if (is_input(j, path))
        return fail_file(CMD_WRONG_USE, path, "is a record that the report is made of");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0)
        return fail_open(path, errno);
    bool written = cmd_write_all(fd, kp_buf_text(out), out->len);
    int why = errno;
    if (close(fd) != 0 && written) {
        written = false;
        why = errno;
    }
    return written ? CMD_DONE : fail_io(path, "could not be written", why);
}

/* A reader that is gone has what it wanted: as with other filters, that is no error. */
static int write_report(const job *j) {
    const char *path = j->app->value[CMD_OUTPUT];
    int status = CMD_DONE;
    kp_buf out;
    kp_buf_init(&out, NULL);
    if (!compose(j, &out))
        status = cmd_fail(j->app, KP_E_MEMORY, NULL);
    else if (path && !kp_same(path, "-"))
        status = write_file(j, path, &out);
    else if (!cmd_write_all(STDOUT_FILENO, kp_buf_text(&out), out.len) && errno != EPIPE)
        status = fail_io("stdout", "could not be written", errno);
    kp_buf_free(&out);
    return status;
}

int cmd_audit_report(cmd_app *app) {
    job j = {.app = app};
    if (app->arg_count < 2)
        return cmd_misuse(app, "something is missing: keyplate audit report FILE...");
    int status = read_options(&j);
    if (status == CMD_DONE)
        status = read_files(&j);
    if (status == CMD_DONE)
        status = write_report(&j);
    if (status == CMD_DONE && j.report.unreadable > 0)
        cmd_note("%llu line%s could not be read and %s left out", (unsigned long long)j.report.unreadable,
                 j.report.unreadable == 1 ? "" : "s", j.report.unreadable == 1 ? "was" : "were");
    report_free(&j.report);
    kp_free(j.inputs);
    return status;
}
