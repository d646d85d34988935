/* read_exec.c: finds a program, runs it with an environment without keys, and judges what it wrote. */
#include "local/read_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/op.h"
#include "local/child.h"
#include "local/paths.h"
#include "safe/arena.h"

/* What a program may write that nobody wants. */
enum { OUTPUT_MOST = 65536 };

/* What is to be run. */
typedef struct program {
    kp_buf words; /* each ended by a NUL */
    kp_buf path;
    char **argv;
    char **envp;
    int in; /* its stdin; -1: nothing */
} program;

/* ---- The words ---- */

/* The first word: "~/" is the home folder. false: there is none, or no home. */
static bool add_name(program *p, const char *command, size_t *at) {
    kp_buf word;
    kp_buf_init(&word, NULL);
    bool there = kp_exec_word(command, at, &word);
    const char *name = kp_buf_text(&word);
    if (there && kp_starts(name, "~/")) {
        there = kp_home_dir(&p->words);
        name++;
    }
    kp_buf_str(&p->words, name);
    kp_buf_char(&p->words, '\0');
    p->words.failed |= word.failed;
    kp_buf_free(&word);
    return there;
}

static bool add_words(program *p, const char *command) {
    size_t at = 0, words = 1;
    if (!add_name(p, command, &at))
        return false;
    for (; kp_exec_word(command, &at, &p->words); words++)
        kp_buf_char(&p->words, '\0');
    p->argv = p->words.failed ? NULL : kp_zalloc(words + 1, sizeof *p->argv);
    char *word = p->words.data;
    for (size_t i = 0; p->argv && i < words; i++) {
        p->argv[i] = word;
        word += strlen(word) + 1;
    }
    return true;
}

/* ---- The program ---- */

static bool is_program(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* As execvp looks for it, but an empty or relative entry of PATH is passed: it names whatever folder we are in. */
static bool find_in_path(program *p, const char *name) {
    const char *folders = getenv("PATH");
    if (!folders)
        folders = "/bin:/usr/bin";
    for (const char *end; *folders; folders = *end ? end + 1 : end) {
        end = folders + strcspn(folders, ":");
        if (folders[0] != '/')
            continue;
        kp_buf_clear(&p->path);
        kp_buf_add(&p->path, folders, (size_t)(end - folders));
        kp_buf_char(&p->path, '/');
        kp_buf_str(&p->path, name);
        if (p->path.failed || is_program(kp_buf_text(&p->path)))
            return true;
    }
    return false;
}

static bool find_program(program *p) {
    const char *name = p->argv[0];
    if (!name[0] || (name[0] != '/' && strchr(name, '/')))
        return false;
    if (name[0] != '/')
        return find_in_path(p, name);
    kp_buf_str(&p->path, name);
    return is_program(name);
}

/* ---- The environment ---- */

static bool names_variable(const kp_ring *ring, const char *entry) {
    const kp_members *members = &ring->members;
    for (size_t i = 0; i < members->count; i++)
        for (size_t k = 0; k < members->list[i].from_count; k++) {
            const kp_keyref *ref = &members->list[i].from[k];
            if (ref->kind == KP_REF_ENV && kp_starts(entry, ref->place) && entry[strlen(ref->place)] == '=')
                return true;
        }
    return false;
}

/* The other secrets of a client. */
static bool names_secret(const kp_client *client, const char *entry) {
    static const char *const options[] = {"redis.password", "balance.webhook", "audit.key"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const char *reference = kp_client_option(client, options[i]);
        const char *name = reference && kp_starts(reference, "env:") ? reference + 4 : "";
        if (name[0] && kp_starts(entry, name) && entry[strlen(name)] == '=')
            return true;
    }
    return false;
}

/* What keyplate reads itself: its options (a proxy can have a password), the keys of the services, and the variables
 * that the members of this client and its other secrets name. What programs need of the user's stays. */
static bool is_ours(const kp_client *client, const kp_ring *own, const char *entry) {
    const kp_provider *provider;
    if (kp_starts(entry, "KEYPLATE_"))
        return true;
    for (size_t i = 0; (provider = kp_provider_at(i)); i++)
        if (kp_starts(entry, provider->key_env))
            return true;
    return (own && names_variable(own, entry)) ||
           (client && (names_variable(&client->ring, entry) || names_secret(client, entry)));
}

/* Only the list is new: the values stay where they are. */
static void add_environment(program *p, const kp_client *client, const kp_ring *own) {
    size_t count = 0, kept = 0;
    while (environ && environ[count])
        count++;
    p->envp = kp_zalloc(count + 1, sizeof *p->envp);
    for (size_t i = 0; p->envp && i < count; i++)
        if (environ[i] && !is_ours(client, own, environ[i]))
            p->envp[kept++] = environ[i];
}

/* ---- The run ---- */

/* What an errno of starting it means. */
static int trouble(int error) {
    switch (error) {
    case ENOMEM:
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ETXTBSY:
    case E2BIG: return KP_WHY_IO;
    default: return KP_WHY_NO_PROGRAM;
    }
}

/* How the output was read comes first: a program that was ended because of it failed for that. */
static int judge(const kp_child *child, kp_child_read got, const char *room, size_t len, int *why) {
    *why = got == KP_CHILD_TOO_MUCH                  ? KP_WHY_TOO_BIG
           : got != KP_CHILD_ALL                     ? KP_WHY_IO
           : child->lost                             ? KP_WHY_NO_STATUS
           : child->failed                           ? KP_WHY_EXIT
           : len > 0 && memchr(room, 0, len) != NULL ? KP_WHY_NUL
                                                     : KP_WHY_NONE;
    bool unfit = *why == KP_WHY_TOO_BIG || *why == KP_WHY_NUL;
    return *why == KP_WHY_NONE ? KP_FOUND : unfit ? KP_UNFIT : KP_FAILED;
}

static int run(const program *p, char *room, size_t size, const kp_patience *patience, size_t *len, int *why) {
    kp_child child;
    if (kp_patience_over(patience))
        return KP_FAILED;
    int error = kp_child_start(&child, kp_buf_text(&p->path), p->argv, p->envp, p->in);
    if (error) {
        *why = trouble(error);
        return KP_FAILED;
    }
    kp_child_read got = kp_child_follow(&child, room, size, patience, len);
    kp_child_end(&child);
    int how = judge(&child, got, room, *len, why);
    if (how != KP_FOUND) {
        kp_wipe(room, *len);
        *len = 0;
    }
    return how;
}

static int prepare_and_run(program *p, const kp_client *client, const char *command, char *room, size_t size,
                           const kp_patience *patience, size_t *len, int *why) {
    bool named = add_words(p, command);
    *why = named ? KP_WHY_IO : KP_WHY_NO_PROGRAM;
    if (!named || !p->argv)
        return KP_FAILED;
    bool there = find_program(p);
    *why = there ? KP_WHY_IO : KP_WHY_NO_PROGRAM;
    add_environment(p, client, patience && patience->op ? patience->op->ring : NULL);
    if (!there || p->path.failed || !p->envp)
        return KP_FAILED;
    return run(p, room, size, patience, len, why);
}

static int exec(const kp_client *client, const char *command, int in, char *room, size_t size,
                const kp_patience *patience, size_t *len, int *why) {
    int unused;
    size_t ignored;
    program p = {.in = in};
    len = len ? len : &ignored;
    why = why ? why : &unused;
    *len = 0;
    *why = KP_WHY_IO;
    if (!command || !room || size == 0)
        return KP_FAILED;
    kp_buf_init(&p.words, NULL);
    kp_buf_init(&p.path, NULL);
    int how = prepare_and_run(&p, client, command, room, size, patience, len, why);
    kp_buf_free(&p.words);
    kp_buf_free(&p.path);
    kp_free(p.argv);
    kp_free(p.envp);
    return how;
}

int kp_read_exec(const char *command, char *room, size_t size, const kp_patience *patience, size_t *len, int *why) {
    const kp_client *client = patience && patience->op ? patience->op->client : NULL;
    return exec(client, command, -1, room, size, patience, len, why);
}

/* A text that fits into a pipe needs nobody who writes while the program reads. */
static int pipe_of(const char *text, size_t len) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    ssize_t written = write(ends[1], text, len);
    close(ends[1]);
    int higher = fcntl(ends[0], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(ends[0]);
    if (higher >= 0 && written == (ssize_t)len && fcntl(higher, F_SETFL, 0) == 0)
        return higher;
    if (higher >= 0)
        close(higher);
    return -1;
}

int kp_exec_with(const kp_client *client, const char *command, const char *text, size_t len,
                 const kp_patience *patience, int *why) {
    int unused;
    why = why ? why : &unused;
    *why = KP_WHY_IO;
    char *room = text && len <= PIPE_BUF ? kp_alloc(OUTPUT_MOST) : NULL;
    int in = room ? pipe_of(text, len) : -1;
    int how = in >= 0 ? exec(client, command, in, room, OUTPUT_MOST, patience, NULL, why) : KP_FAILED;
    if (in >= 0)
        close(in);
    kp_free(room);
    return how;
}
