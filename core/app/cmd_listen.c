/* cmd_listen.c: a small server of metrics over libmicrohttpd. */
#include "app/cmd_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/cmd_say.h"
#include "app/sandbox_address.h"
#include "base/text.h"
#include "base/url.h"

enum { CONNECTIONS = 64, IDLE_S = 30, MEMORY = 8192 };

struct cmd_listen {
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;
    kp_buf text;
};

static bool is_of_this_machine(const struct sockaddr_storage *at) {
    if (at->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, at, sizeof in);
        return ntohl(in.sin_addr.s_addr) >> 24 == 127;
    }
    struct sockaddr_in6 in6;
    memcpy(&in6, at, sizeof in6);
    return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

/* A page in somebody's browser can have a name of its own lead here; it cannot say that the name is ours. */
static bool is_meant(struct MHD_Connection *connection) {
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    kp_buf text;
    kp_url url;
    kp_buf_init(&text, NULL);
    kp_buf_str(&text, "http://");
    kp_buf_str(&text, host);
    bool meant = host && !text.failed && kp_url_parse(kp_buf_text(&text), text.len, &url) && kp_url_is_loopback(&url);
    kp_buf_free(&text);
    return meant;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              const kp_buf *text) {
    union {
        const char *lent;
        void *given;
    } body = {kp_buf_text(text)}; /* copied, whatever the parameter's type says */
    struct MHD_Response *response = MHD_create_response_from_buffer(text->len, body.given, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", type);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *why) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_str(&text, why);
    enum MHD_Result result = answer(connection, status, "text/plain; charset=utf-8", &text);
    kp_buf_free(&text);
    return result;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *data, size_t *len, void **context) {
    static int begun;
    cmd_listen *listen = cls;
    (void)version;
    (void)data;
    if (!*context) {
        *context = &begun;
        return MHD_YES;
    }
    if (*len) {
        *len = 0; /* what is sent here is nobody's */
        return MHD_YES;
    }
    if (!is_meant(connection))
        return refuse(connection, MHD_HTTP_FORBIDDEN, "this server is for programs of this machine\n");
    if (!kp_same(method, "GET") && !kp_same(method, "HEAD"))
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD\n");
    if (!kp_same(path, "/metrics"))
        return refuse(connection, MHD_HTTP_NOT_FOUND, "the metrics are at /metrics\n");
    pthread_mutex_lock(&listen->lock);
    enum MHD_Result result =
        listen->text.len ? answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", &listen->text)
                         : refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "there are no figures yet\n");
    pthread_mutex_unlock(&listen->lock);
    return result;
}

static int open_socket(struct sockaddr_storage *at, socklen_t len) {
    int on = 1, fd = socket(at->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr *address = (struct sockaddr *)at;
    if (bind(fd, address, len) == 0 && listen(fd, CONNECTIONS) == 0 && getsockname(fd, address, &len) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* A thread has the signal mask of whoever starts it. */
static struct MHD_Daemon *start(cmd_listen *listen, int fd) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, listen, MHD_OPTION_LISTEN_SOCKET,
                         fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
                         (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return daemon;
}

int cmd_listen_start(const cmd_app *app, const char *address, cmd_listen **out) {
    struct sockaddr_storage at;
    socklen_t len = 0;
    if (!sandbox_listen_parse(address, &at, &len))
        return cmd_misuse(app, "--listen needs ADDR:PORT, such as 127.0.0.1:9477 or [::1]:9477");
    if (!is_of_this_machine(&at))
        return cmd_misuse(app, "--listen serves this machine only (127.0.0.1 or [::1]): what an account has and spends "
                               "is nobody else's business; to serve others put a server with TLS and a login in front");
    int fd = open_socket(&at, len);
    if (fd < 0) {
        cmd_note("the address of --listen cannot be used: %s", strerror(errno));
        return CMD_TROUBLE;
    }
    cmd_listen *listen = kp_zalloc(1, sizeof *listen);
    if (listen)
        pthread_mutex_init(&listen->lock, NULL);
    if (listen && (listen->daemon = start(listen, fd))) {
        kp_buf url;
        kp_buf_init(&url, NULL);
        sandbox_listen_url(&url, (struct sockaddr *)&at, false, false);
        cmd_note("metrics are at %s/metrics", kp_buf_text(&url));
        kp_buf_free(&url);
        *out = listen;
        return CMD_DONE;
    }
    close(fd);
    kp_free(listen);
    return cmd_fail(app, KP_E_MEMORY, "the server of --listen does not start");
}

void cmd_listen_show(cmd_listen *listen, const kp_buf *text) {
    if (!listen || text->failed)
        return;
    pthread_mutex_lock(&listen->lock);
    kp_buf_clear(&listen->text);
    kp_buf_add(&listen->text, text->data, text->len);
    if (listen->text.failed)
        kp_buf_clear(&listen->text);
    pthread_mutex_unlock(&listen->lock);
}

void cmd_listen_stop(cmd_listen *listen) {
    if (!listen)
        return;
    MHD_stop_daemon(listen->daemon);
    pthread_mutex_destroy(&listen->lock);
    kp_buf_free(&listen->text);
    kp_free(listen);
}
