/* raw_server.c: an HTTP server over bare sockets for tests, a thread for each connection. */
#include "raw_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 60, FIRST_ROOM = 2048 };

typedef struct connection {
    raw_server *server;
    int fd;
    size_t number;
    char peer[64];
    struct connection *next, **link; /* among those that live */
} connection;

typedef struct record {
    raw_request request;
    char *bytes;
    struct record *next;
} record;

struct raw_server {
    raw_answer answer;
    void *arg;
    int fd, port;
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    connection *connections;
    record *first, **last;
    size_t accepted, ended, requests;
    bool stopping;
};

bool raw_send(int fd, const void *data, size_t len) {
    for (const char *at = data; len > 0;) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool raw_send_text(int fd, const char *text) {
    return raw_send(fd, text, strlen(text));
}

void raw_hold(int fd) {
    char sink[256];
    while (recv(fd, sink, sizeof sink, 0) > 0) {
    }
}

/* ---- Reading ---- */

static size_t content_length(const char *head) {
    for (const char *line = head; (line = strstr(line, "\r\n"));) {
        line += 2;
        if (strncasecmp(line, "content-length:", 15) == 0)
            return (size_t)strtoull(line + 15, NULL, 10);
    }
    return 0;
}

/* Reads up to the end of one request: its bytes, ended by a NUL; NULL when the connection ends before. A request never
   follows another without an answer between, so nothing is left over. */
static char *read_request(int fd, size_t *head_len, size_t *body_len) {
    size_t size = FIRST_ROOM, len = 0; /* they are all kept, and most are short */
    char *bytes = malloc(size + 1);
    *head_len = 0;
    while (bytes) {
        if (*head_len && len - *head_len >= *body_len)
            return bytes;
        if (len == size) {
            size *= 2;
            char *more = realloc(bytes, size + 1);
            if (!more)
                break;
            bytes = more;
        }
        ssize_t n = recv(fd, bytes + len, size - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
        bytes[len] = '\0';
        char *end = *head_len ? NULL : strstr(bytes, "\r\n\r\n");
        if (end) {
            *head_len = (size_t)(end - bytes) + 4;
            *body_len = content_length(bytes);
        }
    }
    free(bytes);
    return NULL;
}

/* ---- Threads ---- */

static const raw_request *keep(connection *c, char *bytes, size_t head_len, size_t body_len) {
    record *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    memmove(bytes + head_len - 1, bytes + head_len, body_len + 1); /* over the last line feed: room for a NUL */
    bytes[head_len - 2] = '\0';
    r->bytes = bytes;
    r->request.head = bytes;
    r->request.body = bytes + head_len - 1;
    r->request.body_len = body_len;
    r->request.connection = c->number;
    memcpy(r->request.peer, c->peer, sizeof c->peer);
    raw_server *server = c->server;
    pthread_mutex_lock(&server->lock);
    r->request.number = server->requests++;
    *server->last = r;
    server->last = &r->next;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    return &r->request;
}

static void *serve(void *arg) {
    connection *c = arg;
    raw_server *server = c->server;
    raw_then then = RAW_KEEP;
    size_t head_len = 0, body_len = 0;
    char *bytes;
    while (then == RAW_KEEP && (bytes = read_request(c->fd, &head_len, &body_len)))
        then = server->answer(server, keep(c, bytes, head_len, body_len), c->fd, server->arg);
    if (then == RAW_RESET) {
        struct linger linger = {1, 0};
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
    pthread_mutex_lock(&server->lock);
    close(c->fd);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    free(c);
    server->ended++;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static void take(raw_server *server, int fd, const struct sockaddr_in *peer) {
    pthread_t thread;
    connection *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    c->server = server;
    c->fd = fd;
    inet_ntop(AF_INET, &peer->sin_addr, c->peer, sizeof c->peer);
    pthread_mutex_lock(&server->lock);
    c->number = server->accepted++;
    c->next = server->connections;
    c->link = &server->connections;
    if (c->next)
        c->next->link = &c->next;
    server->connections = c;
    if (pthread_create(&thread, NULL, serve, c) != 0 || pthread_detach(thread) != 0)
        abort();
    pthread_mutex_unlock(&server->lock);
}

static void *accept_all(void *arg) {
    raw_server *server = arg;
    for (;;) {
        struct sockaddr_in peer;
        socklen_t len = sizeof peer;
        int fd = accept4(server->fd, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
        pthread_mutex_lock(&server->lock);
        bool stopping = server->stopping;
        pthread_mutex_unlock(&server->lock);
        if (stopping) {
            if (fd >= 0)
                close(fd);
            return NULL;
        }
        if (fd >= 0)
            take(server, fd, &peer);
    }
}

raw_server *raw_start(raw_answer answer, void *arg) {
    raw_server *server = calloc(1, sizeof *server);
    if (!server)
        return NULL;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    server->answer = answer;
    server->arg = arg;
    server->last = &server->first;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->fd >= 0 && bind(server->fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(server->fd, 64) == 0 && getsockname(server->fd, (struct sockaddr *)&address, &len) == 0 &&
        pthread_create(&server->thread, NULL, accept_all, server) == 0) {
        server->port = ntohs(address.sin_port);
        snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", server->port);
        return server;
    }
    if (server->fd >= 0)
        close(server->fd);
    free(server);
    return NULL;
}

void raw_stop(raw_server *server) {
    if (!server)
        return;
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_mutex_unlock(&server->lock);
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->fd);
    pthread_mutex_lock(&server->lock);
    for (connection *c = server->connections; c; c = c->next)
        shutdown(c->fd, SHUT_RDWR);
    while (server->connections)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
    for (record *r = server->first, *next; r; r = next) {
        next = r->next;
        free(r->bytes);
        free(r);
    }
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->changed);
    free(server);
}

const char *raw_url(const raw_server *server) {
    return server->url;
}

int raw_port(const raw_server *server) {
    return server->port;
}

/* ---- What was seen ---- */

static bool holds(const record *r, const char *text) {
    const char *at = strstr(r->request.head, text);
    return at && at <= strstr(r->request.head, "\r\n");
}

static size_t count(const raw_server *server, const char *text) {
    size_t n = 0;
    for (const record *r = server->first; r; r = r->next)
        n += holds(r, text);
    return n;
}

size_t raw_count(raw_server *server, const char *text) {
    pthread_mutex_lock(&server->lock);
    size_t n = count(server, text);
    pthread_mutex_unlock(&server->lock);
    return n;
}

size_t raw_connections(raw_server *server) {
    pthread_mutex_lock(&server->lock);
    size_t n = server->accepted;
    pthread_mutex_unlock(&server->lock);
    return n;
}

const raw_request *raw_find(raw_server *server, const char *text, size_t i) {
    const raw_request *found = NULL;
    pthread_mutex_lock(&server->lock);
    for (const record *r = server->first; r && !found; r = r->next)
        if (holds(r, text) && i-- == 0)
            found = &r->request;
    pthread_mutex_unlock(&server->lock);
    return found;
}

/* text NULL: ended connections. */
static bool await(raw_server *server, const char *text, size_t wanted) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    int late = 0;
    pthread_mutex_lock(&server->lock);
    while ((text ? count(server, text) : server->ended) < wanted && late == 0)
        late = pthread_cond_timedwait(&server->changed, &server->lock, &until);
    pthread_mutex_unlock(&server->lock);
    return late == 0;
}

bool raw_await(raw_server *server, const char *text, size_t wanted) {
    return await(server, text, wanted);
}

bool raw_await_ended(raw_server *server, size_t wanted) {
    return await(server, NULL, wanted);
}
