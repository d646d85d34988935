/* child.c: starts a program, reads what it writes until it ends, and ends it if it does not.
 *
 * posix_spawn runs no handler of fork and needs no copy of this process. The child is only looked at (WNOWAIT) until
 * all is done: while it is not reaped, its number, which is its group's too, is nobody else's. */
#include "local/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keyplate_run.h"

enum { GRACE_MS = 1000, LEFT_MOST = 32 };

/* ---- Those that could not be ended: programs that became another user's ---- */

static _Atomic(pid_t) left[LEFT_MOST];

static void leave(pid_t pid) {
    for (size_t i = 0; i < LEFT_MOST; i++) {
        pid_t none = 0;
        if (atomic_compare_exchange_strong(&left[i], &none, pid))
            return;
    }
}

/* Each is taken out before it is waited for, so that no two threads wait for one number. */
static void reap_left(void) {
    for (size_t i = 0; i < LEFT_MOST; i++) {
        pid_t pid = atomic_exchange(&left[i], 0);
        if (pid > 0 && waitpid(pid, NULL, WNOHANG) == 0)
            leave(pid);
    }
}

/* ---- Starting ---- */

/* Above the standard streams, which the host may have closed. */
static int lift(int fd) {
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;
    close(fd);
    errno = error;
    return higher;
}

static int make_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    ends[0] = lift(ends[0]);
    int error = ends[0] < 0 ? errno : 0;
    ends[1] = lift(ends[1]);
    if (ends[1] < 0)
        error = errno;
    if (!error && fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
        error = errno;
    for (int i = 0; error && i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    return error;
}

static int set_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;
    return error ? error : posix_spawnattr_setflags(attributes, flags);
}

/* A host without stderr would give its number to the first file that the program opens. */
static int set_descriptors(posix_spawn_file_actions_t *actions, int in, int out) {
    bool has_stderr = fcntl(STDERR_FILENO, F_GETFD) >= 0;
    int error = in >= 0 ? posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO)
                        : posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
    if (!error)
        error = has_stderr ? posix_spawn_file_actions_adddup2(actions, STDERR_FILENO, STDERR_FILENO)
                           : posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    return error ? error : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

static int spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[], int in, int out) {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int error = posix_spawnattr_init(&attributes);
    if (error)
        return error;
    error = posix_spawn_file_actions_init(&actions);
    if (!error) {
        error = set_attributes(&attributes);
        if (!error)
            error = set_descriptors(&actions, in, out);
        if (!error)
            error = posix_spawn(pid, path, &actions, &attributes, argv, envp);
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attributes);
    return error;
}

int kp_child_start(kp_child *child, const char *path, char *const argv[], char *const envp[], int in) {
    int ends[2];
    if (!child || !path || !argv || !envp)
        return EINVAL;
    reap_left();
    *child = (kp_child){.pid = -1, .out = -1};
    int error = make_pipe(ends);
    if (error)
        return error;
    error = spawn(&child->pid, path, argv, envp, in, ends[1]);
    close(ends[1]);
    if (error)
        close(ends[0]);
    else
        child->out = ends[0];
    return error;
}

/* ---- Following ---- */

static bool has_ended(kp_child *child) {
    siginfo_t info = {.si_pid = 0};
    int error = 0;
    while (!child->ended && (error = waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT)) != 0 &&
           errno == EINTR)
        continue;
    if (child->ended)
        return true;
    child->lost = error != 0;
    child->ended = error != 0 || info.si_pid == child->pid;
    child->failed = child->ended && !child->lost && (info.si_code != CLD_EXITED || info.si_status != 0);
    return child->ended;
}

/* Reads what is there now: ALL at its end, LATE if more may come. Whether there is more than fits is asked with the
 * room's own first byte as the place for it. */
static kp_child_read take(const kp_child *child, char *room, size_t size, size_t *len) {
    for (;;) {
        bool full = *len == size;
        ssize_t got = read(child->out, full ? room : room + *len, full ? 1 : size - *len);
        if (got == 0)
            return KP_CHILD_ALL;
        if (got > 0 && full)
            return KP_CHILD_TOO_MUCH;
        if (got > 0)
            *len += (size_t)got;
        else if (errno != EINTR)
            return errno == EAGAIN ? KP_CHILD_LATE : KP_CHILD_BROKEN;
    }
}

static uint64_t longer(uint64_t nap) {
    return nap < KP_SLICE_MS ? nap * 2 : nap;
}

kp_child_read kp_child_follow(kp_child *child, char *room, size_t size, const kp_patience *patience, size_t *len) {
    kp_child_read got = KP_CHILD_LATE;
    uint64_t nap = 1;
    *len = 0;
    for (;;) {
        /* Before the read: what an ended program wrote is in the pipe. */
        bool ended = has_ended(child);
        if (got == KP_CHILD_LATE)
            got = take(child, room, size, len);
        if (got == KP_CHILD_TOO_MUCH || got == KP_CHILD_BROKEN)
            return got;
        if (ended)
            return KP_CHILD_ALL;
        if (kp_patience_over(patience))
            return KP_CHILD_LATE;
        if (got == KP_CHILD_LATE)
            poll(&(struct pollfd){.fd = child->out, .events = POLLIN}, 1, KP_SLICE_MS);
        else {
            kp_patience_nap(patience, nap);
            nap = longer(nap);
        }
    }
}

/* ---- Ending ---- */

/* Nobody has the other end of the pipe any more. */
static bool is_hung_up(const kp_child *child) {
    struct pollfd look = {.fd = child->out};
    return poll(&look, 1, 0) > 0 && (look.revents & POLLHUP);
}

/* At most the time of grace; true once the program has ended, and with it all who write for it. */
static bool wait_for_all(kp_child *child, bool others_too) {
    uint64_t end = kp_local_mono_ms() + GRACE_MS, nap = 1;
    while (!has_ended(child) || (others_too && !is_hung_up(child))) {
        if (kp_local_mono_ms() >= end)
            return false;
        kp_patience_nap(NULL, nap);
        nap = longer(nap);
    }
    return true;
}

/* A program that is stopped takes SIGTERM only once it goes on. Of one that is lost the number may be another's by now,
 * unless some of its group are left. */
static void stop(kp_child *child) {
    kill(-child->pid, SIGTERM);
    kill(-child->pid, SIGCONT);
    bool all = wait_for_all(child, true);
    if (!child->lost || !all)
        kill(-child->pid, SIGKILL);
    wait_for_all(child, false);
}

void kp_child_end(kp_child *child) {
    siginfo_t info;
    if (!child || child->pid <= 0)
        return;
    if (!has_ended(child))
        stop(child);
    if (!child->ended)
        leave(child->pid);
    while (child->ended && !child->lost && waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG) != 0 &&
           errno == EINTR)
        continue;
    close(child->out);
    child->pid = -1;
    child->out = -1;
}
