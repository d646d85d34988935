/* cmd_redact.c: the command redact: a filter that takes secrets out of what flows from stdin to stdout. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cmd_run.h"
#include "app/cmd_say.h"
#include "base/error.h"
#include "engine/client.h"
#include "safe/arena.h"

enum { BLOCK = 65536 };

/* ---- Signals: the first one ends the text, what is held back goes out redacted; the second one ends the process ----
 */

static volatile sig_atomic_t stopped;

static void on_signal(int number) {
    (void)number;
    stopped = 1;
}

/* What the shell told us to ignore stays ignored. */
static void catch_one(int number, sigset_t *closed) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND}, before;
    sigemptyset(&action.sa_mask);
    sigaction(number, NULL, &before);
    if (before.sa_handler == SIG_IGN)
        return;
    sigaddset(closed, number);
    sigaction(number, &action, NULL);
}

/* They are let in only where the command waits, so that none is missed between a look and a wait. */
static void catch_signals(sigset_t *open) {
    sigset_t closed;
    sigemptyset(&closed);
    catch_one(SIGINT, &closed);
    catch_one(SIGTERM, &closed);
    sigprocmask(SIG_BLOCK, &closed, open);
    sigdelset(open, SIGINT);
    sigdelset(open, SIGTERM);
}

/* ---- Input and output ---- */

/* Waits until fd is ready. false: a signal came. */
static bool wait_for(int fd, short what, const sigset_t *open) {
    struct pollfd one = {.fd = fd, .events = what};
    while (!stopped && ppoll(&one, 1, NULL, open) < 0 && errno == EINTR)
        ;
    return !stopped;
}

/* What there is, without waiting for more: its length, 0 at the end, -1 with errno. */
static ssize_t read_some(char *block, const sigset_t *open) {
    for (;;) {
        if (!wait_for(STDIN_FILENO, POLLIN, open))
            return 0;
        ssize_t n = read(STDIN_FILENO, block, BLOCK);
        if (n >= 0 || (errno != EINTR && errno != EAGAIN))
            return n;
    }
}

/* What can be written without waiting once the descriptor is ready. */
static size_t write_size(void) {
    struct stat st;
    return fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode) ? SSIZE_MAX : PIPE_BUF;
}

/* A reader that is slow is waited for, with signals let in: a second one ends the process here. */
static bool write_all(const char *text, size_t len, size_t most, const sigset_t *open) {
    while (len > 0) {
        struct pollfd one = {.fd = STDOUT_FILENO, .events = POLLOUT};
        if (ppoll(&one, 1, NULL, open) < 0 && errno == EINTR)
            continue;
        ssize_t n = write(STDOUT_FILENO, text, len < most ? len : most);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

static int fail_io(const char *what) {
    cmd_note("%s: %s", what, errno == EBADF ? "it is closed" : strerror(errno));
    return CMD_TROUBLE;
}

/* A reader that is gone has what it wanted: as with other filters, that is no error. */
static int copy(const cmd_app *app, kp_redactor *redactor, char *block) {
    sigset_t open;
    size_t most = write_size();
    catch_signals(&open);
    for (ssize_t n = 1; n > 0;) {
        const char *out = NULL;
        size_t len = 0;
        n = read_some(block, &open);
        if (n < 0)
            return fail_io("stdin could not be read");
        if (kp_redactor_feed(redactor, block, (size_t)n, n == 0, &out, &len) < 0)
            return cmd_fail(app, KP_E_MEMORY, "the rest of the text was not shown");
        if (!write_all(out, len, most, &open))
            return errno == EPIPE ? CMD_DONE : fail_io("stdout could not be written");
    }
    return stopped ? CMD_INTERRUPTED : CMD_DONE;
}

/* ---- Keys ---- */

/* Strict mode would not look for keys here: then their texts would pass. */
static int check(const cmd_app *app) {
    kp_client *client = app->client;
    if (client->error)
        return cmd_fail(app, client->error, kp_buf_text(&client->problem));
    if (client->weakness.len && kp_config_flag(client->config, KP_OPT_STRICT))
        return cmd_fail(app, KP_E_STRICT, kp_buf_text(&client->weakness));
    return CMD_DONE;
}

/* Makes the keys of a service known. The last one leaves its client open. */
static int learn(cmd_app *app, const kp_provider *provider) {
    cmd_close(app);
    int status = cmd_open(app, provider);
    if (status == CMD_DONE)
        status = check(app);
    if (status == CMD_DONE) {
        size_t found = kp_local_learn(app->client);
        cmd_detail(app, "%s: %zu %s found", cmd_provider(app)->name, found, found == 1 ? "key" : "keys");
    }
    return status;
}

static int learn_all(cmd_app *app) {
    int status = CMD_DONE;
    for (size_t i = 0; status == CMD_DONE && kp_provider_at(i) && (i == 0 || !app->value[CMD_PROVIDER]); i++)
        status = learn(app, kp_provider_at(i));
    return status;
}

int cmd_redact(cmd_app *app) {
    int status = learn_all(app);
    kp_redactor *redactor = status == CMD_DONE ? kp_redactor_new(app->client) : NULL;
    char *block = redactor ? kp_safe_alloc(BLOCK) : NULL;
    if (status == CMD_DONE)
        status = block ? copy(app, redactor, block) : cmd_fail(app, KP_E_MEMORY, NULL);
    kp_safe_free(block);
    kp_redactor_free(redactor);
    cmd_close(app);
    return status;
}
