/* raw_server.h: an HTTP server over bare sockets for tests: it keeps every request, and the test says byte by byte what
 * each gets. */
#ifndef KP_TESTS_RAW_SERVER_H
#define KP_TESTS_RAW_SERVER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct raw_server raw_server;

typedef struct raw_request {
    const char *head; /* request line and headers, ended by a NUL */
    const char *body;
    size_t body_len;
    size_t number;     /* of all requests, from 0 */
    size_t connection; /* from 0 */
    char peer[64];     /* the address that it came from */
} raw_request;

/* What becomes of the connection after the answer: kept for the next request, closed, or closed by a reset. */
typedef enum raw_then { RAW_KEEP, RAW_CLOSE, RAW_RESET } raw_then;

/* Called in the connection's thread when a request was read whole. Writes the answer with raw_send. */
typedef raw_then (*raw_answer)(raw_server *, const raw_request *, int fd, void *arg);

/* Listens on 127.0.0.1. NULL when that is not possible. */
raw_server *raw_start(raw_answer, void *arg);
/* Ends all connections, waits for their threads, forgets everything. */
void raw_stop(raw_server *);
/* "http://127.0.0.1:PORT" */
const char *raw_url(const raw_server *);
int raw_port(const raw_server *);

/* Sends it all; false when the other side is gone. */
bool raw_send(int fd, const void *data, size_t len);
bool raw_send_text(int fd, const char *text);
/* Waits until the other side closes the connection or the server is stopped. */
void raw_hold(int fd);

/* How many requests came whose request line holds the text ("": all), and how many connections; and the i-th such
   request, NULL past the last. Lent until raw_stop. */
size_t raw_count(raw_server *, const char *text);
size_t raw_connections(raw_server *);
const raw_request *raw_find(raw_server *, const char *text, size_t i);
/* Wait for that many, or for so many connections to have ended. false after a minute: something hangs. */
bool raw_await(raw_server *, const char *text, size_t count);
bool raw_await_ended(raw_server *, size_t count);

#endif
