/* cmd_ask.c: asks for a secret with the echo off, and puts the terminal back whatever happens. */
#include "app/cmd_ask.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PIECE = 256 };

static volatile sig_atomic_t signalled;

static void on_signal(int number) {
    signalled = number;
}

/* A stopped process would leave its shell without echo, so Ctrl-Z does nothing here. */
static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
enum { CAUGHT = sizeof caught / sizeof caught[0] };

typedef struct guard {
    struct sigaction before[CAUGHT];
    sigset_t mask;
} guard;

/* The signals are let in only while waiting, so that none is missed between a look and a wait. */
static void begin(guard *g) {
    sigset_t blocked;
    sigemptyset(&blocked);
    signalled = 0;
    for (size_t i = 0; i < CAUGHT; i++) {
        struct sigaction action = {.sa_handler = caught[i] == SIGTSTP ? SIG_IGN : on_signal};
        sigemptyset(&action.sa_mask);
        sigaddset(&blocked, caught[i]);
        sigaction(caught[i], &action, &g->before[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, &g->mask);
}

static void end(const guard *g) {
    for (size_t i = 0; i < CAUGHT; i++)
        sigaction(caught[i], &g->before[i], NULL);
    sigprocmask(SIG_SETMASK, &g->mask, NULL);
}

/* Reads until a line end. 1 when it is there (or the input ended), 0 for more, -1 with *why. */
static int read_piece(const guard *g, kp_buf *out, const char **why) {
    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    if (ppoll(&in, 1, NULL, &g->mask) < 0)
        return signalled ? 1 : 0;
    if (!kp_buf_reserve(out, PIECE)) {
        *why = "memory is short";
        return -1;
    }
    ssize_t n = read(STDIN_FILENO, out->data + out->len, PIECE);
    if (n < 0 && errno != EINTR && errno != EAGAIN) {
        *why = "stdin cannot be read";
        return -1;
    }
    char *line_end = n > 0 ? memchr(out->data + out->len, '\n', (size_t)n) : NULL;
    out->len = line_end ? (size_t)(line_end - out->data) : out->len + (n > 0 ? (size_t)n : 0);
    if (out->len > CMD_SECRET_MAX) {
        *why = "the line is longer than any key";
        return -1;
    }
    return line_end || n == 0 ? 1 : 0;
}

static int read_line(const guard *g, kp_buf *out, const char **why) {
    int state = 0;
    while (state == 0 && !signalled)
        state = read_piece(g, out, why);
    if (signalled)
        return signalled;
    return state < 0 ? -1 : 0;
}

int cmd_ask_secret(const char *prompt, kp_buf *out, const char **why) {
    guard g;
    struct termios shown, hidden;
    bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &shown) == 0;
    begin(&g);
    if (terminal) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        hidden.c_lflag |= ECHONL | ICANON | ISIG;
        if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) != 0) {
            end(&g);
            *why = "the terminal does not hide what is typed";
            return -1;
        }
        ssize_t n = write(STDERR_FILENO, prompt, strlen(prompt));
        (void)n;
    }
    int result = read_line(&g, out, why);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        if (result > 0 && write(STDERR_FILENO, "\n", 1) < 0)
            result = -1;
    }
    end(&g);
    return result;
}
