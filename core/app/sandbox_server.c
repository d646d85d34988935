/* sandbox_server.c: hands requests from libmicrohttpd to the services and their answers back, by the script's rules. */
#include "app/sandbox_server.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

#include "app/sandbox_pace.h"
#include "base/text.h"

#define THREADS 2
#define CONNECTIONS_MAX 8192
#define CONNECTION_BYTES 16384 /* of a request's head; libmicrohttpd clears all of it after each request */
#define IDLE_SECONDS 300

struct sandbox_server {
    sandbox_service *service;
    sandbox_script *script;
    sandbox_pace *pace;
    struct MHD_Daemon *daemon;
    atomic_uint_fast64_t connections; /* that were ever there */
};

typedef enum stage {
    READING = 0,
    WAITING, /* the answer goes out when the connection is resumed */
    WRITTEN  /* by hand: when the connection is resumed it is over */
} stage;

/* A request and what becomes of it. */
typedef struct exchange {
    sandbox_request req;
    const sandbox_rule *rule;
    stage stage;
    sandbox_job job;
} exchange;

static int socket_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

static void say(sandbox_request *req, int status, const char *text) {
    req->status = status;
    kp_buf_str(&req->answer, text);
}

static void carry_out(sandbox_server *server, sandbox_request *req) {
    bool post = kp_same(req->http_method, "POST");
    if (kp_same(req->path, "other"))
        say(req, 404, "no such path\n");
    else if (!post && !kp_same(req->http_method, "GET"))
        say(req, 405, "GET or POST\n");
    else if (kp_same(req->path, "/"))
        say(req, 200, "keyplate sandbox\n");
    else if (kp_same(req->path, "/in.php") || kp_same(req->path, "/res.php"))
        sandbox_captchaai(server->service, req);
    else if (post != kp_same(req->path, "/balance"))
        sandbox_nocaptchaai(server->service, req);
    else
        say(req, 405, post ? "GET\n" : "POST\n");
}

static void write_record(const sandbox_server *server, const sandbox_request *req, int status) {
    if (server->service->record.fd < 0)
        return;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    bool second = kp_same(req->path, "/balance") || kp_same(req->path, "/createTask") ||
                  kp_same(req->path, "/getTaskResult") || kp_same(req->path, "/solve");
    sandbox_record record = {.http_method = req->http_method,
                             .path = req->path,
                             .call = sandbox_call_name(sandbox_request_call(req)),
                             .connection = info ? (uint64_t)(uintptr_t)info->socket_context : 0,
                             .client = &req->client,
                             .status = status};
    if (req->key)
        record.fingerprint = sandbox_key_fingerprint(req->key, second ? SANDBOX_NOCAPTCHAAI : SANDBOX_CAPTCHAAI);
    if (req->wrong_key[0])
        record.wrong_key = req->wrong_key;
    sandbox_record_add(&server->service->record, &record);
}

/* The answer through libmicrohttpd. */
static enum MHD_Result send_answer(const exchange *x) {
    const sandbox_request *req = &x->req;
    union {
        const char *lent;
        void *given;
    } body = {kp_buf_text(&req->answer)}; /* copied, whatever the parameter's type says */
    struct MHD_Response *response = MHD_create_response_from_buffer(req->answer.len, body.given, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    bool typed = false;
    for (size_t i = 0; x->rule && i < x->rule->header_count; i++) {
        const sandbox_header *header = &x->rule->headers[i];
        typed |= kp_same_nocase(header->name, strlen(header->name), "Content-Type");
        MHD_add_response_header(response, header->name, header->value);
    }
    if (!typed)
        MHD_add_response_header(response, "Content-Type", req->type);
    enum MHD_Result result = MHD_queue_response(req->connection, (unsigned)req->status, response);
    MHD_destroy_response(response);
    return result;
}

static bool has_header(const sandbox_rule *rule, const char *name) {
    for (size_t i = 0; i < rule->header_count; i++)
        if (kp_same_nocase(rule->headers[i].name, strlen(rule->headers[i].name), name))
            return true;
    return false;
}

static uint64_t total_of(const sandbox_rule *rule, uint64_t start) {
    if (!rule->repeat)
        return start;
    if (rule->repeat > (UINT64_MAX / 2 - start) / rule->unit.len)
        return UINT64_MAX;
    return start + rule->repeat * rule->unit.len;
}

/* The answer as bytes. */
static void compose(exchange *x) {
    const sandbox_rule *rule = x->rule;
    const sandbox_request *req = &x->req;
    sandbox_stream *stream = &x->job.stream;
    kp_buf *b = &stream->start;
    kp_buf_init(b, NULL);
    if (rule->has_raw)
        kp_buf_add(b, rule->raw.data, rule->raw.len);
    else {
        const char *reason = MHD_get_reason_phrase_for((unsigned)req->status);
        kp_buf_fmt(b, "HTTP/1.1 %d %s\r\n", req->status, reason ? reason : "Unknown");
        if (!has_header(rule, "Content-Type"))
            kp_buf_fmt(b, "Content-Type: %s\r\n", req->type);
        for (size_t i = 0; i < rule->header_count; i++)
            kp_buf_fmt(b, "%s: %s\r\n", rule->headers[i].name, rule->headers[i].value);
        uint64_t length = total_of(rule, req->answer.len);
        if (length != UINT64_MAX && !has_header(rule, "Content-Length") && !has_header(rule, "Transfer-Encoding"))
            kp_buf_fmt(b, "Content-Length: %llu\r\n", (unsigned long long)length);
        kp_buf_str(b, has_header(rule, "Connection") ? "\r\n" : "Connection: close\r\n\r\n");
        kp_buf_add(b, req->answer.data, req->answer.len);
    }
    stream->unit = rule->repeat ? &rule->unit : NULL;
    stream->total = b->failed ? 0 : total_of(rule, b->len);
    if (stream->total > rule->cut)
        stream->total = rule->cut;
}

static void apply(exchange *x) {
    const sandbox_rule *rule = x->rule;
    sandbox_request *req = &x->req;
    if (rule->status)
        req->status = rule->status;
    if (!rule->has_body)
        return;
    kp_buf_clear(&req->answer);
    kp_buf_add(&req->answer, rule->body.data, rule->body.len);
}

/* The request is there as a whole. */
static enum MHD_Result answer(sandbox_server *server, exchange *x) {
    sandbox_request *req = &x->req;
    sandbox_request_end(req);
    if (server->script)
        x->rule = sandbox_script_match(server->script, req, false);
    if (!req->short_of_memory && (!x->rule || x->rule->carry_out))
        carry_out(server, req);
    if (x->rule)
        apply(x);
    if (req->short_of_memory || req->answer.failed) {
        kp_buf_clear(&req->answer);
        say(req, 500, "memory is short\n");
    }
    bool silent = x->rule && x->rule->by_hand && x->rule->cut == 0;
    write_record(server, req, silent ? 0 : req->status);

    uint64_t wait_ms = req->wait_ms + (x->rule ? x->rule->delay_ms : 0);
    bool by_hand = x->rule && x->rule->by_hand;
    if (!by_hand && !wait_ms)
        return send_answer(x);
    x->stage = by_hand ? WRITTEN : WAITING;
    x->job.connection = req->connection;
    x->job.due = sandbox_now() + wait_ms;
    if (by_hand) {
        x->job.writes = true;
        x->job.resets = x->rule->reset == SANDBOX_RESET_AFTER_READ;
        x->job.drip_ms = x->rule->drip_ms;
        x->job.fd = socket_of(req->connection);
        compose(x);
    }
    MHD_suspend_connection(req->connection);
    sandbox_pace_add(server->pace, &x->job);
    return MHD_YES;
}

static enum MHD_Result begin(sandbox_server *server, struct MHD_Connection *connection, const char *path,
                             const char *http_method, void **context) {
    exchange *x = kp_zalloc(1, sizeof *x);
    if (!x)
        return MHD_NO;
    *context = x;
    sandbox_request_init(&x->req, connection, path, http_method);
    if (server->script && sandbox_script_match(server->script, &x->req, true)) {
        sandbox_reset_socket(socket_of(connection));
        return MHD_NO;
    }
    return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path,
                                  const char *http_method, const char *version, const char *data, size_t *len,
                                  void **context) {
    sandbox_server *server = cls;
    exchange *x = *context;
    (void)version;
    if (!x)
        return begin(server, connection, path, http_method, context);
    if (x->stage == WRITTEN)
        return MHD_NO;
    if (x->stage == WAITING)
        return send_answer(x);
    if (*len) {
        sandbox_request_feed(&x->req, data, *len);
        *len = 0;
        return MHD_YES;
    }
    return answer(server, x);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode why) {
    (void)cls, (void)connection, (void)why;
    exchange *x = *context;
    *context = NULL;
    if (!x)
        return;
    kp_buf_free(&x->job.stream.start);
    sandbox_request_clear(&x->req);
    kp_free(x);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode what) {
    sandbox_server *server = cls;
    (void)connection;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *socket_context = (void *)(uintptr_t)(atomic_fetch_add(&server->connections, 1) + 1);
}

static unsigned connection_limit(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return 512;
    if (files.rlim_cur < files.rlim_max) {
        rlim_t wanted = CONNECTIONS_MAX + 64;
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    rlim_t most = files.rlim_cur > 128 ? files.rlim_cur - 64 : 64;
    return most < CONNECTIONS_MAX ? (unsigned)most : CONNECTIONS_MAX;
}

sandbox_server *sandbox_server_start(sandbox_service *service, sandbox_script *script, int listener, const char *cert,
                                     const char *key) {
    sandbox_server *server = kp_zalloc(1, sizeof *server);
    if (!server)
        return NULL;
    server->service = service;
    server->script = script;
    server->pace = sandbox_pace_start();
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO | (cert ? MHD_USE_TLS : 0);
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
                                   {MHD_OPTION_END, 0, NULL}};
    if (server->pace)
        server->daemon = MHD_start_daemon(
            flags, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_THREAD_POOL_SIZE,
            (unsigned)THREADS, MHD_OPTION_CONNECTION_LIMIT, connection_limit(), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
            (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
            MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
            MHD_OPTION_ARRAY, cert ? tls : tls + 2, MHD_OPTION_END);
    if (server->daemon)
        return server;
    if (server->pace)
        sandbox_pace_stop(server->pace);
    sandbox_pace_free(server->pace);
    kp_free(server);
    return NULL;
}

void sandbox_server_stop(sandbox_server *server) {
    if (!server)
        return;
    sandbox_pace_stop(server->pace); /* first: libmicrohttpd cannot end suspended connections */
    MHD_stop_daemon(server->daemon);
    sandbox_pace_free(server->pace);
    kp_free(server);
}
