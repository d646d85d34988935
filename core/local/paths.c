/* paths.c: chooses and makes the folder in which the processes of this host share their state. */
#include "local/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define SYSTEM_DIR "/var/lib/keyplate"

enum { PASSWD_ROOM = 16384, OTHER_NAMES = 9 };

/* A variable that holds an absolute path; NULL for anything else. */
static const char *absolute_from_env(const char *name) {
    const char *value = getenv(name);
    return value && value[0] == '/' ? value : NULL;
}

static bool can_write(const char *path) {
    return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0;
}

/* NULL if the folder is there and can be written, else why not. */
static const char *folder_problem(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0)
        return errno == ENOENT ? "does not exist" : "cannot be reached";
    if (!S_ISDIR(info.st_mode))
        return "is not a folder";
    return can_write(path) ? NULL : "cannot be written by this user";
}

/* Makes one folder. A folder that inherits set-group-ID lies where a group shares things, so the group gets in. */
static bool make_folder(const char *path) {
    struct stat info;
    if (mkdir(path, 0700) != 0)
        return errno == EEXIST;
    if (stat(path, &info) == 0 && (info.st_mode & S_ISGID))
        return chmod(path, 02770) == 0;
    return true;
}

/* Makes the folder and those above it; path is changed on the way and restored. NULL, or why it cannot be used. */
static const char *prepare(char *path) {
    size_t len = strlen(path);
    for (size_t i = 1; i <= len; i++) {
        char behind = path[i];
        if (behind != '/' && behind != '\0')
            continue;
        path[i] = '\0';
        bool made = make_folder(path);
        path[i] = behind;
        if (!made)
            return "cannot be made";
    }
    return folder_problem(path);
}

static void add_note(kp_buf *note, const char *what, const char *reason) {
    if (note && note->len > 0)
        kp_buf_str(note, "; ");
    kp_buf_fmt(note, "%s %s", what, reason);
}

static bool is_own(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && info.st_uid == geteuid();
}

/* $XDG_STATE_HOME/keyplate or ~/.local/state/keyplate. A home of somebody else (sudo keeps HOME) is left alone: a
 * folder made there would lock its owner out. */
static bool user_dir(kp_buf *path, kp_buf *note) {
    const char *reason = NULL;
    const char *xdg = absolute_from_env("XDG_STATE_HOME");
    if (xdg)
        kp_buf_fmt(path, "%s/keyplate", xdg);
    else if (!kp_home_dir(path)) {
        add_note(note, "this user", "has no home folder");
        return false;
    } else if (!is_own(kp_buf_text(path)))
        reason = "is not a home folder of this user";
    else
        kp_buf_str(path, "/.local/state/keyplate");
    if (path->failed)
        return false;
    if (!reason)
        reason = prepare(path->data);
    if (reason)
        add_note(note, kp_buf_text(path), reason);
    return !reason;
}

/* Others can write to the temporary directory too, so what lies there is believed only after a look that follows no
 * link. */
static const char *private_problem(const char *path) {
    struct stat info;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return "cannot be made";
    if (lstat(path, &info) != 0)
        return "cannot be reached";
    if (!S_ISDIR(info.st_mode))
        return "is not a folder";
    if (info.st_uid != geteuid())
        return "belongs to another user";
    if (info.st_mode & (S_IRWXG | S_IRWXO))
        return "is open to other users";
    return can_write(path) ? NULL : "cannot be written by this user";
}

/* A name that somebody else took first is passed over. The names are tried in one order, so that all processes of this
 * user meet in the same folder. */
static bool temporary_dir(kp_buf *path, kp_buf *note, kp_buf *problem) {
    const char *tmp = absolute_from_env("TMPDIR");
    const char *reason = NULL;
    for (int i = 0; i <= OTHER_NAMES; i++) {
        kp_buf_clear(path);
        kp_buf_fmt(path, "%s/keyplate-%lld", tmp ? tmp : "/tmp", (long long)geteuid());
        if (i > 0)
            kp_buf_fmt(path, "-%d", i);
        if (path->failed)
            return false;
        reason = private_problem(kp_buf_text(path));
        if (!reason)
            return true;
        add_note(i ? NULL : note, kp_buf_text(path), reason);
    }
    kp_buf_fmt(problem,
               "there is no folder for the state of this host: %s %s; set KEYPLATE_STATE_DIR to a folder of this user",
               kp_buf_text(path), reason);
    return false;
}

/* What the user named is used or refused; falling back would split the state without a word. */
static bool named_dir(const char *named, kp_buf *path, kp_buf *problem) {
    kp_buf_str(path, named);
    if (path->failed)
        return false;
    const char *reason = named[0] == '/' ? prepare(path->data) : "is not an absolute path";
    if (reason)
        kp_buf_fmt(problem, "the folder of KEYPLATE_STATE_DIR, %s, %s", named, reason);
    return !reason;
}

static bool system_dir_works(const char *system_dir, kp_buf *path, kp_buf *note) {
    struct stat info;
    if (!system_dir || (lstat(system_dir, &info) != 0 && errno == ENOENT))
        return false;
    const char *reason = folder_problem(system_dir);
    if (reason)
        add_note(note, system_dir, reason);
    else
        kp_buf_str(path, system_dir);
    return !reason;
}

static bool choose(const char *system_dir, kp_buf *path, kp_buf *note, kp_buf *problem) {
    const char *named = getenv("KEYPLATE_STATE_DIR");
    if (named && named[0])
        return named_dir(named, path, problem);
    if (system_dir_works(system_dir, path, note))
        return true;
    if (user_dir(path, note) || path->failed)
        return !path->failed;
    kp_buf_clear(path);
    return temporary_dir(path, note, problem);
}

bool kp_state_dir_with(const char *system_dir, kp_buf *out, kp_buf *note, kp_buf *problem) {
    struct stat info;
    kp_buf path;
    kp_buf_init(&path, NULL);
    bool chosen = choose(system_dir, &path, note, problem);
    if (path.failed) {
        kp_buf_str(problem, "memory is short");
        chosen = false;
    }
    if (chosen && stat(kp_buf_text(&path), &info) == 0 && (info.st_mode & S_IWOTH))
        add_note(note, kp_buf_text(&path), "can be changed by every user of this machine");
    if (chosen)
        kp_buf_add(out, path.data, path.len);
    kp_buf_free(&path);
    return chosen;
}

bool kp_state_dir(kp_buf *out, kp_buf *note, kp_buf *problem) {
    return kp_state_dir_with(SYSTEM_DIR, out, note, problem);
}

bool kp_home_dir(kp_buf *out) {
    const char *home = absolute_from_env("HOME");
    if (home) {
        kp_buf_str(out, home);
        return true;
    }
    struct passwd entry, *found = NULL;
    char *room = kp_alloc(PASSWD_ROOM);
    if (!room)
        return false;
    int error = getpwuid_r(geteuid(), &entry, room, PASSWD_ROOM, &found);
    bool there = error == 0 && found && found->pw_dir && found->pw_dir[0] == '/';
    if (there)
        kp_buf_str(out, found->pw_dir);
    kp_free(room);
    return there;
}
