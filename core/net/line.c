/* line.c: makes connection caches, with nothing from the environment and with callbacks that send nothing twice. */
#include "net/line.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/heap.h"
#include "net/tls.h"
#include "safe/arena.h"

enum { IDLE_MOST = 64 };

/* Guards the list and all stacks; never held while libcurl is called. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static kp_line *lines, *foreign_lines;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool started;

/* ---- Fork: a child closes its copies of the sockets without a word to the other side, and leaves the rest ---- */

static void before_fork(void) {
    pthread_mutex_lock(&lock);
}

static void in_parent(void) {
    pthread_mutex_unlock(&lock);
}

static void in_child(void) {
    kp_line *last = NULL;
    for (kp_line *line = lines; line; line = line->next) {
        for (size_t i = 0; i < KP_LINE_SOCKETS; i++)
            if (line->sockets[i] >= 0)
                close(line->sockets[i]);
        line->foreign = true;
        last = line;
    }
    if (last) {
        last->next = foreign_lines;
        foreign_lines = lines; /* so that checkers of leaks see them reachable */
        lines = NULL;
    }
    pthread_mutex_unlock(&lock); /* so that checkers of locks see it given back */
    pthread_mutex_init(&lock, NULL);
}

static void start(void) {
    kp_tls_hide_key_log();
    started = kp_heap_start_curl();
    kp_tls_show_key_log();
    started = started && pthread_atfork(before_fork, in_parent, in_child) == 0;
}

/* ---- Sockets: not for programs that the host starts, and known, so that a child can close them ---- */

static void swap_socket(kp_line *line, int from, int to) {
    pthread_mutex_lock(&lock);
    size_t i = 0;
    while (i < KP_LINE_SOCKETS && line->sockets[i] != from)
        i++;
    if (i < KP_LINE_SOCKETS)
        line->sockets[i] = to;
    pthread_mutex_unlock(&lock);
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)purpose;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0)
        swap_socket(arg, -1, fd);
    return fd;
}

static int close_socket(void *arg, curl_socket_t fd) {
    swap_socket(arg, fd, -1);
    return close(fd);
}

/* ---- The request ---- */

/* libcurl calls this before each time that it sends: on a connection that died it would send a paid call again. */
static int begin_sending(void *arg, char *to, char *from, int to_port, int from_port) {
    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    kp_line *line = arg;
    if (line->begun && line->once)
        return CURL_PREREQFUNC_ABORT;
    line->begun = true;
    return CURL_PREREQFUNC_OK;
}

static size_t give_body(char *room, size_t size, size_t count, void *arg) {
    kp_line *line = arg;
    size_t left = line->body_len - line->body_at, n = size * count < left ? size * count : left;
    if (n > 0)
        memcpy(room, line->body + line->body_at, n);
    line->body_at += n;
    return n;
}

/* The second lock on the same door: a paid body that was read cannot be read again. */
static int rewind_body(void *arg, curl_off_t offset, int origin) {
    kp_line *line = arg;
    if (offset != 0 || origin != SEEK_SET || (line->once && line->body_at > 0))
        return CURL_SEEKFUNC_FAIL;
    line->body_at = 0;
    return CURL_SEEKFUNC_OK;
}

/* ---- The answer ---- */

static size_t take_body(char *data, size_t size, size_t count, void *arg) {
    kp_line *line = arg;
    if (kp_on_body(line->op, data, size * count) == 0)
        return size * count;
    line->stopped = true;
    return 0;
}

static int status_of(const char *text, size_t len) {
    const char *blank = memchr(text, ' ', len);
    size_t at = blank ? (size_t)(blank - text) + 1 : len;
    int status = 0;
    for (size_t i = at; i < len && i < at + 3 && text[i] >= '0' && text[i] <= '9'; i++)
        status = status * 10 + (text[i] - '0');
    return status;
}

/* Every line of the head is told, so that the operation counts them all. */
static size_t take_head(char *data, size_t size, size_t count, void *arg) {
    kp_line *line = arg;
    size_t len = size * count;
    line->head_len += len;
    if (len > 5 && memcmp(data, "HTTP/", 5) == 0) {
        line->status = status_of(data, len);
        line->head_whole = false;
        kp_on_status(line->op, line->status);
    } else if (len > 0 && (data[0] == '\r' || data[0] == '\n'))
        line->head_whole = line->status >= 200;
    const char *colon = memchr(data, ':', len);
    size_t name_len = colon ? (size_t)(colon - data) : len;
    kp_on_header(line->op, data, name_len, colon ? colon + 1 : "", colon ? len - name_len - 1 : 0);
    if (line->head_len <= kp_op_limit(line->op))
        return len;
    line->stopped = true;
    return 0;
}

/* ---- Lines ---- */

static bool set_answer(kp_line *line) {
    CURL *easy = line->easy;
    bool ok = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_WRITEDATA, line) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_head) == CURLE_OK;
    return ok && curl_easy_setopt(easy, CURLOPT_HEADERDATA, line) == CURLE_OK;
}

static bool set_request(kp_line *line) {
    CURL *easy = line->easy;
    bool ok = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, line) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, line) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, begin_sending) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_PREREQDATA, line) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_READDATA, line) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_body) == CURLE_OK;
    return ok && curl_easy_setopt(easy, CURLOPT_SEEKDATA, line) == CURLE_OK;
}

/* A proxy for HTTP gets a tunnel in any case: it has no business with requests. */
static bool set_rules(CURL *easy) {
    bool ok = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_SOCKS5_AUTH, (unsigned long)CURLAUTH_BASIC) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK; /* a cancel does not wait for a resolver */
    /* Requests and answers are small, and what is given back is looked through for what to wipe. */
    ok = ok && curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 4096L) == CURLE_OK;
    return ok && curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L) == CURLE_OK;
}

static void link_line(kp_line *line) {
    pthread_mutex_lock(&lock);
    line->next = lines;
    if (lines)
        lines->before = line;
    lines = line;
    pthread_mutex_unlock(&lock);
}

static void unlink_line(kp_line *line) {
    pthread_mutex_lock(&lock);
    if (line->before)
        line->before->next = line->next;
    else if (lines == line)
        lines = line->next;
    if (line->next)
        line->next->before = line->before;
    pthread_mutex_unlock(&lock);
}

kp_line *kp_line_new(void) {
    pthread_once(&once, start);
    kp_line *line = started ? kp_zalloc(1, sizeof *line) : NULL;
    if (!line)
        return NULL;
    memset(line->sockets, -1, sizeof line->sockets);
    kp_buf_init(&line->header_text, &kp_safe);
    link_line(line);
    line->multi = curl_multi_init();
    line->easy = curl_easy_init();
    if (line->multi && line->easy && set_rules(line->easy) && set_request(line) && set_answer(line)) {
        kp_tls_harden(line->easy);
        return line;
    }
    kp_line_free(line);
    return NULL;
}

void kp_line_free(kp_line *line) {
    if (!line || line->foreign)
        return;
    curl_easy_cleanup(line->easy);
    curl_multi_cleanup(line->multi);
    unlink_line(line);
    kp_buf_free(&line->header_text);
    kp_free(line);
}

static kp_line *pop(kp_line_stack *stack) {
    pthread_mutex_lock(&lock);
    kp_line *line = stack->top;
    while (line && line->foreign)
        line = line->below;
    stack->top = line ? line->below : NULL;
    stack->count = line ? stack->count - 1 : 0;
    pthread_mutex_unlock(&lock);
    return line;
}

/* libcurl 7.88 would take bytes that came while nobody had asked for the answer to the next request. */
static bool is_quiet(const kp_line *line) {
    for (size_t i = 0; i < KP_LINE_SOCKETS; i++) {
        char byte;
        int fd = line->sockets[i];
        if (fd >= 0 && (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)))
            return false;
    }
    return true;
}

kp_line *kp_line_take(kp_line_stack *stack) {
    kp_line *line;
    while ((line = pop(stack)) && !is_quiet(line))
        kp_line_free(line);
    return line ? line : kp_line_new();
}

void kp_line_give(kp_line_stack *stack, kp_line *line) {
    pthread_mutex_lock(&lock);
    bool room = stack->count < IDLE_MOST;
    if (room) {
        line->below = stack->top;
        stack->top = line;
        stack->count++;
    }
    pthread_mutex_unlock(&lock);
    if (!room)
        kp_line_free(line);
}

void kp_line_stack_free(kp_line_stack *stack) {
    while (stack->top) {
        kp_line *line = stack->top;
        stack->top = line->below;
        kp_line_free(line);
    }
    stack->count = 0;
}

void kp_line_begin(kp_line *line, kp_op *op) {
    line->op = op;
    line->body_len = 0;
    line->body = kp_http_body(op, &line->body_len);
    line->body_at = line->head_len = 0;
    line->left_ms = line->away_ms = 0;
    line->status = 0;
    line->once = (kp_http_flags(op) & KP_ONCE) != 0;
    line->begun = line->head_whole = line->stopped = false;
}

void kp_line_end(kp_line *line) {
    if (!line->foreign) {
        curl_multi_remove_handle(line->multi, line->easy);
        curl_easy_setopt(line->easy, CURLOPT_HTTPHEADER, NULL);
        curl_easy_setopt(line->easy, CURLOPT_URL, NULL);
    }
    if (line->foreign)
        kp_buf_free(&line->header_text); /* the line itself stays behind */
    kp_wipe(line->header_text.data, line->header_text.len);
    kp_buf_clear(&line->header_text);
    line->op = NULL;
    line->body = NULL;
}
