/* redis_case.h: for tests of the Redis store: a real server on a free port and a socket of the scratch folder, and what
 * another program tells it. */
#ifndef KP_TESTS_REDIS_CASE_H
#define KP_TESTS_REDIS_CASE_H

#include "store_case.h"

#include <arpa/inet.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "engine/client.h"
#include "net/store_redis.h"

enum { REDIS_WORDS = 24, REDIS_WAIT_MS = 20000 };

static struct {
    pid_t pid; /* 0: none runs */
    int port;
} redis;

/* Not NULL: the file by which the next server tells the time (preload/redis_clock.c). */
static const char *redis_clock;

/* Where Debian, Fedora and others put it; NULL: the tests cannot run. */
static inline const char *redis_program(void) {
    static const char *const places[] = {"/usr/bin/redis-server", "/usr/local/bin/redis-server", "/bin/redis-server"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

/* Connects to the socket of the server; -1: nobody is there yet. */
static inline int redis_connect(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", scratch_path("r.sock"));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Says lines as another program; adds what comes until the server has answered a last PING. */
static inline bool redis_say(const char *lines, char *out, size_t size) {
    int fd = redis_connect();
    char text[1024];
    size_t len = 0;
    int n = snprintf(text, sizeof text, "%s\r\nECHO over-and-out\r\n", lines);
    bool well = fd >= 0 && n < (int)sizeof text && write(fd, text, (size_t)n) == n;
    while (well && (len < 2 || !strstr(out, "over-and-out"))) {
        ssize_t got = read(fd, out + len, size - 1 - len);
        well = got > 0;
        len += well ? (size_t)got : 0;
        out[len] = '\0';
    }
    close(fd);
    return well;
}

static inline void redis_tell(const char *lines) {
    char out[4096] = "";
    assert_true(redis_say(lines, out, sizeof out));
    if (out[0] == '-')
        fail_msg("%s: %s", lines, out);
}

static inline int redis_free_port(void) {
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof any;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool well = bind(fd, (struct sockaddr *)&any, len) == 0 && getsockname(fd, (struct sockaddr *)&any, &len) == 0;
    close(fd);
    return well ? ntohs(any.sin_port) : 0;
}

static inline void redis_run(const char *const *more) {
    static const char *const words[] = {"--bind",       "127.0.0.1", "--save",    "",
                                        "--appendonly", "no",        "--logfile", "redis.log"};
    const char *argv[REDIS_WORDS] = {redis_program()};
    char port[16];
    int n = 1;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        argv[n++] = words[i];
    snprintf(port, sizeof port, "%d", redis.port);
    argv[n++] = "--port";
    argv[n++] = port;
    argv[n++] = "--unixsocket";
    argv[n++] = scratch_path("r.sock");
    argv[n++] = "--dir";
    argv[n++] = scratch_folder;
    while (more && *more && n < REDIS_WORDS - 1)
        argv[n++] = *more++;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (redis_clock) {
        setenv("KP_TEST_CLOCK", redis_clock, 1);
        setenv("LD_PRELOAD", KP_REDIS_CLOCK, 1);
    }
    if (chdir(scratch_folder) == 0)
        execv(argv[0], (char *const *)argv);
    _exit(127);
}

/* Starts it, with more options, and waits until it answers; on the same port as the one before, if there was one. */
static inline bool redis_start(const char *const *more) {
    char out[256] = "";
    if (redis.port == 0)
        redis.port = redis_free_port();
    fflush(NULL);
    redis.pid = fork();
    if (redis.pid == 0)
        redis_run(more);
    for (int i = 0; i < REDIS_WAIT_MS / 5; i++) {
        if (redis_say("PING", out, sizeof out))
            return true;
        nanosleep(&(struct timespec){0, 5000000}, NULL);
    }
    return false;
}

static inline void redis_stop(void) {
    if (redis.pid > 0) {
        kill(redis.pid, SIGKILL);
        waitpid(redis.pid, NULL, 0);
    }
    redis.pid = 0;
}

static inline const char *redis_url(void) {
    static char url[64];
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", redis.port);
    return url;
}

/* The client of the store that was opened last. */
static kp_client *redis_client;

/* options: pairs of name and value, ended by NULL; may be NULL. */
static inline kp_store *redis_store_with(const char *url, const char *const *options) {
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    kp_config *config = kp_config_new();
    for (; options && *options; options += 2)
        assert_int_equal(kp_config_set(config, options[0], options[1]), 0);
    kp_client_free(redis_client);
    redis_client = kp_client_new(config);
    kp_config_free(config);
    kp_store *store = kp_store_redis(redis_client, url, &problem);
    if (!store)
        fail_msg("%s: %s", url, kp_buf_text(&problem));
    kp_buf_free(&problem);
    return store;
}

/* Whether the part is in the reply; else says so. */
static inline bool says(const char *reply, const char *part) {
    bool is = strstr(reply, part) != NULL;
    if (!is)
        fprintf(stderr, "'%s' is not in: %s\n", part, reply);
    return is;
}

/* What the store says once it asks its server again, after one that was away. */
static inline const char *redis_again(kp_store *s, const char *words) {
    const char *said = store_ask(s, words);
    for (int i = 0; i < REDIS_WAIT_MS / 5 && strstr(said, "a moment ago"); i++) {
        nanosleep(&(struct timespec){0, 5000000}, NULL);
        said = store_ask(s, words);
    }
    return said;
}

/* For cmocka: a server without anything special; teardown for every test. */
static inline int redis_setup(void **state) {
    redis.port = 0;
    if (scratch_setup(state) != 0)
        return -1;
    return redis_program() && !redis_start(NULL) ? -1 : 0;
}

static inline int redis_teardown(void **state) {
    kp_mem_test_hook = NULL;
    store_patience = NULL;
    redis_stop();
    kp_client_free(redis_client);
    redis_client = NULL;
    return scratch_teardown(state);
}

/* The group's setup: says why nothing runs. */
static inline bool redis_is_missing(void) {
    if (redis_program())
        return false;
    fprintf(stderr, "skipped: there is no redis-server on this machine\n");
    return true;
}

#endif
