/* cmd_key_file.c: splices a key into a JSON file and replaces the file whole. */
#include "app/cmd_key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "keyplate.h"
#include "local/paths.h"
#include "local/read.h"
#include "safe/arena.h"
#include "wire/json.h"

enum { FILE_MOST = 262144 };

static bool fail(kp_buf *problem, const char *path, const char *why) {
    kp_add_shown(problem, path, strlen(path), 300);
    kp_buf_fmt(problem, ": %s", why);
    return false;
}

/* ---- The text ---- */

static void add_member(kp_buf *out, const char *key, size_t len) {
    kp_buf_str(out, "\"api_key\": ");
    kp_add_json(out, key, len);
}

static void add_new(kp_buf *out, const char *key, size_t len) {
    kp_buf_str(out, "{\n  ");
    add_member(out, key, len);
    kp_buf_str(out, "\n}\n");
}

/* The new member takes the blanks of the one that follows it, so that a file laid out by hand stays so. */
static void add_first(kp_buf *out, kp_json root, const char *key, size_t len) {
    const char *behind = root.raw + 1;
    size_t blanks = 0;
    while (kp_is_space(behind[blanks]))
        blanks++;
    bool empty = behind[blanks] == '}';
    kp_buf_char(out, '{');
    kp_buf_add(out, behind, blanks);
    add_member(out, key, len);
    kp_buf_str(out, empty ? "" : ",");
    kp_buf_add(out, behind, root.len - 1);
}

/* The old text with the key in it. false with a sentence in *problem. */
static bool splice_key(kp_buf *out, const char *old, size_t old_len, const char *key, size_t len,
                       const char **problem) {
    const char *text = old;
    size_t text_len = old_len;
    kp_trim(&text, &text_len);
    if (text_len == 0) {
        add_new(out, key, len);
        return true;
    }
    kp_json root = kp_json_parse(old, old_len, NULL);
    if (root.type != KP_JSON_OBJECT) {
        *problem = "what is there is no JSON object, so it was left alone; correct or remove it first";
        return false;
    }
    kp_json value = kp_json_get(root, "api_key");
    kp_buf_add(out, old, (size_t)(root.raw - old));
    if (value.type == KP_JSON_NONE)
        add_first(out, root, key, len);
    else {
        kp_buf_add(out, root.raw, (size_t)(value.raw - root.raw));
        kp_add_json(out, key, len);
        kp_buf_add(out, value.raw + value.len, (size_t)(root.raw + root.len - value.raw) - value.len);
    }
    kp_buf_add(out, root.raw + root.len, old_len - (size_t)(root.raw - old) - root.len);
    return true;
}

/* ---- The file ---- */

static bool read_old(const char *path, kp_buf *out, kp_buf *problem) {
    kp_buf name;
    kp_buf_init(&name, NULL);
    kp_buf_str(&name, "file:");
    kp_buf_str(&name, path);
    int why = KP_WHY_NONE, how = KP_FAILED;
    size_t len = 0;
    if (!name.failed && kp_buf_reserve(out, FILE_MOST))
        how = kp_read_local(kp_buf_text(&name), out->data, FILE_MOST, NULL, &len, &why);
    kp_buf_free(&name);
    if (how == KP_ABSENT)
        return true;
    if (how != KP_FOUND && how != KP_FOUND_OPEN)
        return fail(problem, path, why == KP_WHY_NOT_REGULAR ? "it is no regular file" : "it cannot be read");
    out->len = len;
    return true;
}

static bool write_whole(int fd, const kp_buf *text) {
    size_t done = 0;
    while (done < text->len) {
        ssize_t n = write(fd, text->data + done, text->len - done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0;
}

/* So that the new name too is there after a power cut. */
static void sync_folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? kp_strndup(path, (size_t)(slash - path) + 1) : NULL;
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    kp_free(folder);
}

static bool replace(const char *path, const kp_buf *text, kp_buf *problem) {
    kp_buf fresh;
    kp_buf_init(&fresh, NULL);
    kp_buf_str(&fresh, path);
    kp_buf_str(&fresh, ".XXXXXX");
    int fd = fresh.failed ? -1 : mkostemp(fresh.data, O_CLOEXEC); /* with mode 0600 */
    bool fine = fd >= 0 && write_whole(fd, text);
    int error = errno;
    if (fd >= 0 && close(fd) != 0 && fine) {
        fine = false;
        error = errno;
    }
    if (fine && rename(fresh.data, path) != 0) {
        fine = false;
        error = errno;
    }
    if (!fine && fd >= 0)
        unlink(fresh.data);
    if (!fine)
        fail(problem, path, strerror(error));
    else
        sync_folder_of(path);
    kp_buf_free(&fresh);
    return fine;
}

/* ---- The folder ---- */

/* Under sudo HOME is often still somebody else's: a folder made there would lock that user out. */
static bool find_home(kp_buf *out, kp_buf *problem) {
    struct stat info;
    if (!kp_home_dir(out)) {
        kp_buf_str(problem, "this user has no home folder; set HOME, or put the key into a file and use file:PATH");
        return false;
    }
    if (stat(kp_buf_text(out), &info) != 0)
        return fail(problem, kp_buf_text(out), strerror(errno));
    if (info.st_uid != geteuid() && geteuid() == 0)
        return fail(problem, kp_buf_text(out), "it is the home folder of another user (sudo -H uses that of root)");
    return true;
}

static bool make_folder(const char *folder, kp_buf *note, kp_buf *problem) {
    struct stat info;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return fail(problem, folder, strerror(errno));
    if (stat(folder, &info) != 0)
        return fail(problem, folder, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return fail(problem, folder, "it is no folder");
    if ((info.st_mode & 0777) == 0700)
        return true;
    if (info.st_uid != geteuid() || chmod(folder, 0700) != 0)
        return fail(problem, folder, "other users can get at this folder, and its mode cannot be changed to 0700");
    kp_buf_fmt(note, "the folder %s was open to other users and has mode 0700 now", folder);
    return true;
}

/* Behind a symbolic link the file itself is replaced, and the link stays. */
static void follow_link(kp_buf *path) {
    char whole[PATH_MAX];
    struct stat info;
    if (lstat(kp_buf_text(path), &info) == 0 && S_ISLNK(info.st_mode) && realpath(kp_buf_text(path), whole)) {
        kp_buf_clear(path);
        kp_buf_str(path, whole);
    }
}

static bool store(const char *key, size_t len, const char *path, kp_buf *problem) {
    const char *why = NULL;
    kp_buf old, text;
    kp_buf_init(&old, &kp_safe);
    kp_buf_init(&text, &kp_safe);
    bool fine = read_old(path, &old, problem);
    if (fine && (!splice_key(&text, kp_buf_text(&old), old.len, key, len, &why) || text.failed))
        fine = fail(problem, path, why ? why : "memory is short");
    fine = fine && replace(path, &text, problem);
    kp_buf_free(&text);
    kp_buf_free(&old);
    return fine;
}

bool cmd_key_store(const kp_provider *provider, const char *key, size_t len, kp_buf *path, kp_buf *note,
                   kp_buf *problem) {
    kp_buf folder;
    kp_buf_init(&folder, NULL);
    bool fine = find_home(&folder, problem);
    kp_buf_fmt(&folder, "/%s", provider->home);
    fine = fine && make_folder(kp_buf_text(&folder), note, problem);
    kp_buf_str(path, kp_buf_text(&folder));
    kp_buf_str(path, "/config.json");
    follow_link(path);
    if (fine && (folder.failed || path->failed))
        fine = fail(problem, "~", "memory is short");
    fine = fine && store(key, len, kp_buf_text(path), problem);
    kp_buf_free(&folder);
    return fine;
}
