/* cmd_progress.c: draws and erases the progress line. */
#include "app/cmd_progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/cmd_say.h"
#include "base/text.h"
#include "base/when.h"

enum { QUIET_MS = 400, BAR = 10, NARROW = 60, USUAL_WIDTH = 80 };

static const char erase[] = "\r\033[K";

void cmd_progress_start(cmd_progress *p, const cmd_app *app, const char *what, uint64_t time_ms) {
    const char *terminal = getenv("TERM");
    *p = (cmd_progress){.what = what, .start_ms = kp_local_mono_ms(), .time_ms = time_ms};
    p->on = !cmd_on(app, CMD_QUIET) && isatty(STDERR_FILENO) && !kp_same(terminal, "dumb");
}

static size_t width(void) {
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 10)
        return USUAL_WIDTH;
    return size.ws_col;
}

static void add_bar(kp_buf *out, uint64_t passed, uint64_t whole) {
    size_t full = passed >= whole ? BAR : (size_t)(passed * BAR / whole);
    kp_buf_char(out, '[');
    for (size_t i = 0; i < BAR; i++)
        kp_buf_char(out, i < full ? '#' : '-');
    kp_buf_str(out, "] ");
}

/* The whole reference does not fit; who has to know it is told at the end. */
static const char *bare_id(const char *task) {
    const char *first = strchr(task, '/');
    const char *second = first ? strchr(first + 1, '/') : NULL;
    return second ? second + 1 : task;
}

void cmd_progress_draw(cmd_progress *p, const kp_op *op) {
    uint64_t passed = kp_local_mono_ms() - p->start_ms;
    if (!p->on || passed < QUIET_MS) /* what is quick needs no line that flashes up */
        return;
    size_t room = width() - 1;
    kp_buf line, text;
    kp_buf_init(&line, NULL);
    kp_buf_init(&text, NULL);
    if (p->time_ms > 0 && room >= NARROW)
        add_bar(&text, passed, p->time_ms);
    kp_buf_fmt(&text, "%s... %llu s", p->what, (unsigned long long)(passed / 1000));
    const char *polls = kp_op_get(op, "polls", NULL);
    if (polls)
        kp_buf_fmt(&text, ", %s poll%s", polls, kp_same(polls, "1") ? "" : "s");
    const char *task = kp_op_get(op, "task", NULL);
    if (task) {
        kp_buf_str(&text, ", task ");
        kp_buf_str(&text, bare_id(task));
    }
    kp_buf_str(&line, erase);
    kp_add_shown(&line, kp_buf_text(&text), text.len, room);
    if (!line.failed && !text.failed) {
        ssize_t n = write(STDERR_FILENO, line.data, line.len);
        p->drawn = n > 0;
    }
    kp_buf_free(&text);
    kp_buf_free(&line);
}

void cmd_progress_erase(cmd_progress *p) {
    if (!p->drawn)
        return;
    ssize_t n = write(STDERR_FILENO, erase, sizeof erase - 1);
    p->drawn = n < 0;
}
