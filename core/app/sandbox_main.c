/* sandbox_main.c: the life of `keyplate sandbox`: takes up files and socket, tells how to use it, ends on a signal. */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/sandbox.h"
#include "app/sandbox_keyfile.h"
#include "app/sandbox_server.h"
#include "base/text.h"
#include "safe/arena.h"
#include "safe/crypto.h"

enum { EXIT_DONE = 0, EXIT_USE = 2, EXIT_TROUBLE = 5 };

#define PEM_MAX (1u << 20)

typedef struct sandbox {
    sandbox_options options;
    sandbox_service service;
    sandbox_script *script;
    sandbox_own_key own_key;
    kp_buf cert, cert_key;
    int listener; /* -1: not open, or the server's */
    struct sockaddr_storage at;
    sandbox_server *server;
    sandbox_watch *watch;
} sandbox;

static int fail(int status, const char *what, const char *name, const char *why) {
    fprintf(stderr, "keyplate sandbox: %s%s%s: %s\n", what, name ? " " : "", name ? name : "", why);
    return status;
}

static int take_keys(sandbox *s) {
    sandbox_options *o = &s->options;
    const char *problem = NULL;
    bool memory_short = true, own = o->key_file_count == 0;
    if (own) {
        if (!sandbox_own_key_make(&s->own_key, &problem))
            return fail(EXIT_TROUBLE, "making a key file", NULL, problem);
        o->key_files[o->key_file_count++] = s->own_key.path;
    }
    s->service.accounts = sandbox_accounts_new(o->key_file_count, o->balance);
    if (s->service.accounts)
        s->watch = sandbox_watch_new(s->service.accounts, o->key_files, o->key_file_count, &memory_short);
    /* A look costs as much as half a request: the file that it made itself is nobody's to change. */
    s->service.watch = own ? NULL : s->watch;
    if (s->watch)
        return EXIT_DONE;
    return memory_short ? fail(EXIT_TROUBLE, "key files", NULL, "too many keys (4096 at most), or memory is short")
                        : EXIT_USE;
}

static bool read_pem(const char *path, kp_buf *to) {
    FILE *file = fopen(path, "re");
    char piece[4096];
    size_t len = 0;
    while (file && to->len <= PEM_MAX && (len = fread(piece, 1, sizeof piece, file)) > 0)
        kp_buf_add(to, piece, len);
    bool fine = file && !ferror(file) && !to->failed && to->len && to->len <= PEM_MAX;
    if (file)
        fclose(file);
    kp_wipe(piece, sizeof piece);
    return fine;
}

static int take_files(sandbox *s) {
    const sandbox_options *o = &s->options;
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    int status = EXIT_DONE;
    if (!sandbox_lines_open(&s->service.ledger, o->ledger))
        status = fail(EXIT_USE, "ledger", o->ledger, strerror(errno));
    else if (!sandbox_lines_open(&s->service.record, o->record))
        status = fail(EXIT_USE, "record", o->record, strerror(errno));
    else if (o->script && !(s->script = sandbox_script_read(o->script, &problem)))
        status = fail(EXIT_USE, "script", o->script, kp_buf_text(&problem));
    else if (o->tls_cert && s->script && sandbox_script_needs_plain(s->script))
        status = fail(
            EXIT_USE, "script", o->script,
            "a rule writes bytes by hand (raw, repeat, endless, drip, drop, framing headers), which --tls excludes");
    else if (o->tls_cert && !read_pem(o->tls_cert, &s->cert))
        status = fail(EXIT_USE, "certificate", o->tls_cert, "cannot be read");
    else if (o->tls_key && !read_pem(o->tls_key, &s->cert_key))
        status = fail(EXIT_USE, "private key", o->tls_key, "cannot be read");
    kp_buf_free(&problem);
    return status;
}

static int open_listener(sandbox *s) {
    const char *name = s->options.listen;
    socklen_t len = 0;
    if (!sandbox_listen_parse(name, &s->at, &len))
        return fail(EXIT_USE, "--listen", NULL, "not ADDR:PORT, such as 127.0.0.1:8080 or [::1]:0");
    int on = 1;
    s->listener = socket(s->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->listener < 0)
        return fail(EXIT_TROUBLE, "socket", NULL, strerror(errno));
    setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(s->listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* inherited by its connections */
    struct sockaddr *at = (struct sockaddr *)&s->at;
    if (bind(s->listener, at, len) != 0 || listen(s->listener, 1024) != 0 || getsockname(s->listener, at, &len) != 0)
        return fail(EXIT_TROUBLE, "listening on", name, strerror(errno));
    return EXIT_DONE;
}

/* NAME='value' for a shell, quoted only where it must be. */
static void add_export(kp_buf *b, const char *name, const char *value) {
    bool plain = true;
    for (const char *c = value; *c; c++)
        plain &= kp_is_alpha(*c) || kp_is_digit(*c) || strchr("/._-:[]", *c) != NULL;
    kp_buf_fmt(b, " %s=", name);
    kp_buf_str(b, plain ? "" : "'");
    for (const char *c = value; *c; c++)
        if (*c == '\'')
            kp_buf_str(b, "'\\''");
        else
            kp_buf_char(b, *c);
    kp_buf_str(b, plain ? "" : "'");
}

static void add_path(kp_buf *b, const char *name, const char *path) {
    char whole[PATH_MAX];
    add_export(b, name, realpath(path, whole) ? whole : path);
}

static bool tell(const sandbox *s) {
    kp_buf b, url;
    kp_buf_init(&b, NULL);
    kp_buf_init(&url, NULL);
    const struct sockaddr *at = (const struct sockaddr *)&s->at;
    bool https = s->options.tls_cert != NULL;
    kp_buf_str(&b, "listening on ");
    sandbox_listen_url(&b, at, https, false);
    for (size_t i = 0; i < s->options.key_file_count; i++)
        kp_buf_fmt(&b, "\nkey file %s", s->options.key_files[i]);
    sandbox_listen_url(&url, at, https, true);
    kp_buf_str(&b, "\nexport");
    add_export(&b, "CAPTCHAAI_URL", kp_buf_text(&url));
    add_export(&b, "NOCAPTCHAAI_URL", kp_buf_text(&url));
    add_path(&b, "CAPTCHAAI_API_KEY_FILE", s->options.key_files[0]);
    add_path(&b, "NOCAPTCHAAI_API_KEY_FILE", s->options.key_files[0]);
    if (https)
        add_path(&b, "KEYPLATE_CA_FILE", s->options.tls_cert);
    kp_buf_str(&b, " KEYPLATE_POLL_FIRST=0.1s KEYPLATE_POLL_EVERY=0.1s\n");
    bool fine = !b.failed && !url.failed;
    if (fine)
        fputs(b.data, stdout);
    fflush(stdout);
    kp_buf_free(&b);
    kp_buf_free(&url);
    return fine;
}

static int start(sandbox *s) {
    s->service.options = &s->options;
    s->service.bans = sandbox_bans_new(s->options.ban_ms);
    /* Ids of two sandboxes one after the other differ, as a service's would. */
    s->service.tasks = sandbox_tasks_new((uint64_t)time(NULL) * 1000);
    if (!s->service.bans || !s->service.tasks || !kp_crypto_start())
        return fail(EXIT_TROUBLE, "start", NULL, "memory is short");
    int status = take_files(s);
    if (status == EXIT_DONE)
        status = open_listener(s);
    if (status == EXIT_DONE)
        status = take_keys(s);
    if (status != EXIT_DONE)
        return status;
    s->server = sandbox_server_start(&s->service, s->script, s->listener, s->cert.data, s->cert_key.data);
    if (!s->server)
        return fail(EXIT_TROUBLE, "start", NULL,
                    s->options.tls_cert ? "the server does not start; are certificate and key a PEM pair?"
                                        : "the server does not start");
    s->listener = -1;
    return tell(s) ? EXIT_DONE : fail(EXIT_TROUBLE, "start", NULL, "memory is short");
}

static void end(sandbox *s) {
    sandbox_server_stop(s->server);
    if (s->listener >= 0)
        close(s->listener);
    sandbox_lines_close(&s->service.ledger);
    sandbox_lines_close(&s->service.record);
    sandbox_own_key_remove(&s->own_key);
    sandbox_script_free(s->script);
    sandbox_tasks_free(s->service.tasks);
    sandbox_bans_free(s->service.bans);
    sandbox_watch_free(s->watch);
    sandbox_accounts_free(s->service.accounts);
    kp_buf_free(&s->cert);
    kp_buf_free(&s->cert_key);
}

int kp_app_sandbox(int argc, char **argv) {
    sandbox s = {.listener = -1, .service.ledger.fd = -1, .service.record.fd = -1};
    kp_buf_init(&s.cert, NULL);
    kp_buf_init(&s.cert_key, &kp_safe);
    if (!sandbox_options_read(&s.options, argc, argv))
        return EXIT_USE;
    if (s.options.help) {
        sandbox_options_help();
        return EXIT_DONE;
    }
    /* Blocked before any thread starts, so that only sigwait takes them. */
    sigset_t ends, before;
    int signal_number = 0;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    struct sigaction hangup;
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) /* nohup keeps it running */
        sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, &before);
    int status = start(&s);
    if (status == EXIT_DONE)
        sigwait(&ends, &signal_number);
    end(&s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}
