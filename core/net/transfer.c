/* transfer.c: does one HTTP step over libcurl, with nothing from the environment and nothing sent twice. */
#include "net/transfer.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "keyplate_run.h"
#include "net/tls.h"

struct kp_line {
    CURLM *multi;
    CURL *easy;
    kp_op *op;         /* of the step that is under way */
    const char *body;  /* and its request body */
    size_t body_len, body_at;
    size_t head_len;
    bool read_body, stopped;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool started;

static void start(void) {
    started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

bool kp_transfer_start(void) {
    pthread_once(&once, start);
    return started;
}

/* The body comes through a callback that cannot rewind: libcurl then gives up where it would send a paid call again on
   another connection. */
static size_t give_body(char *room, size_t size, size_t count, void *arg) {
    kp_line *line = arg;
    size_t left = line->body_len - line->body_at, n = size * count < left ? size * count : left;
    memcpy(room, line->body + line->body_at, n);
    line->body_at += n;
    line->read_body = true;
    return n;
}

static int rewind_body(void *arg, curl_off_t offset, int origin) {
    kp_line *line = arg;
    return offset == 0 && origin == SEEK_SET && !line->read_body ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static size_t take_body(char *data, size_t size, size_t count, void *arg) {
    kp_line *line = arg;
    if (kp_on_body(line->op, data, size * count) == 0)
        return size * count;
    line->stopped = true;
    return 0;
}

static int status_of(const char *line, size_t len) {
    const char *blank = memchr(line, ' ', len);
    size_t at = blank ? (size_t)(blank - line) + 1 : len;
    int status = 0;
    for (size_t i = at; i < len && i < at + 3 && line[i] >= '0' && line[i] <= '9'; i++)
        status = status * 10 + (line[i] - '0');
    return status;
}

static size_t take_header(char *data, size_t size, size_t count, void *arg) {
    kp_line *line = arg;
    size_t len = size * count;
    line->head_len += len;
    const char *colon = memchr(data, ':', len);
    if (len > 5 && memcmp(data, "HTTP/", 5) == 0)
        kp_on_status(line->op, status_of(data, len));
    else if (colon)
        kp_on_header(line->op, data, (size_t)(colon - data), colon + 1, len - (size_t)(colon - data) - 1);
    if (line->head_len <= kp_op_limit(line->op))
        return len;
    line->stopped = true;
    return 0;
}

/* What holds for every call of a line. */
static bool set_fixed(kp_line *line) {
    CURL *easy = line->easy;
    bool ok = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK;
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(easy, CURLOPT_READDATA, line);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_body);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, line);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, line);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, line);
    kp_tls_harden(easy);
    return ok;
}

kp_line *kp_line_new(void) {
    kp_line *line = kp_transfer_start() ? kp_zalloc(1, sizeof *line) : NULL;
    if (!line)
        return NULL;
    line->multi = curl_multi_init();
    line->easy = curl_easy_init();
    if (line->multi && line->easy && set_fixed(line))
        return line;
    kp_line_free(line);
    return NULL;
}

void kp_line_free(kp_line *line) {
    if (!line)
        return;
    curl_easy_cleanup(line->easy);
    curl_multi_cleanup(line->multi);
    kp_free(line);
}

static struct curl_slist *add_header(struct curl_slist *list, const char *text, bool *ok) {
    struct curl_slist *longer = *ok ? curl_slist_append(list, text) : NULL;
    *ok = *ok && longer;
    return longer ? longer : list;
}

/* Headers in libcurl's form "Name: value"; libcurl copies them. Expect is off: with it libcurl posts again after a 417. */
static struct curl_slist *make_headers(const kp_op *op, bool *ok) {
    struct curl_slist *list = add_header(NULL, "Expect:", ok);
    list = add_header(list, "Accept:", ok);
    const char *name, *value = "";
    for (size_t i = 0; *ok && (name = kp_http_header(op, i, &value)); i++) {
        char small[256];
        size_t name_len = strlen(name), value_len = strlen(value), size = name_len + value_len + 3;
        char *text = size <= sizeof small ? small : kp_alloc(size);
        if (!text) {
            *ok = false;
            break;
        }
        memcpy(text, name, name_len);
        memcpy(text + name_len, ": ", 2);
        memcpy(text + name_len + 2, value, value_len + 1);
        list = add_header(list, text, ok);
        kp_tls_wipe(text, size);
        if (text != small)
            kp_free(text);
    }
    return list;
}

static bool set_call(kp_line *line, const struct curl_slist *headers, long time_ms) {
    CURL *easy = line->easy;
    const kp_op *op = line->op;
    line->body_len = 0;
    line->body = kp_http_body(op, &line->body_len);
    line->body_at = line->head_len = 0;
    line->read_body = line->stopped = false;
    const char *source = kp_http_source(op), *proxy = kp_http_proxy(op);
    char interface[64] = "host!";
    if (source && strlen(source) < sizeof interface - 5)
        memcpy(interface + 5, source, strlen(source) + 1);
    bool ok = curl_easy_setopt(easy, CURLOPT_URL, kp_http_url(op)) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_PROXY, proxy ? proxy : "") == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_INTERFACE, source ? interface : NULL) == CURLE_OK;
    if (kp_http_ca_file(op))
        ok = ok && curl_easy_setopt(easy, CURLOPT_CAINFO, kp_http_ca_file(op)) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, time_ms) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)kp_http_connect_ms(op)) == CURLE_OK;
    /* 7.88 counts whole seconds: with 2, a connection that was idle for 2.6 s was used. */
    ok = ok && curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kp_http_flags(op) & KP_ONCE ? 1L : 60L) == CURLE_OK;
    if (!line->body)
        return ok && curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK;
    return ok && curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)line->body_len) == CURLE_OK;
}

static int net_of(const kp_line *line, CURLcode code) {
    if (line->stopped)
        return KP_NET_OK;
    switch (code) {
    case CURLE_OK:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: return KP_NET_OK;
    case CURLE_COULDNT_RESOLVE_HOST: return KP_NET_RESOLVE;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY: return KP_NET_PROXY;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED: return KP_NET_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_INITFAILED: return KP_NET_TLS;
    case CURLE_OPERATION_TIMEDOUT: return KP_NET_LATE;
    default: return KP_NET_RESET;
    }
}

/* Nothing can have left if libcurl never came to the point where the transfer begins. */
static int sent_of(const kp_line *line) {
    long request = 0;
    curl_off_t begun = 0;
    curl_easy_getinfo(line->easy, CURLINFO_REQUEST_SIZE, &request);
    curl_easy_getinfo(line->easy, CURLINFO_PRETRANSFER_TIME_T, &begun);
    return request == 0 && begun == 0 && !line->read_body ? KP_UNSENT : KP_MAYBE_SENT;
}

/* With a proxy the connection's failures are the proxy's: an answer other than 2xx to CONNECT, or a hang-up. */
static int proxy_aside(const kp_line *line, int net) {
    bool before = sent_of(line) == KP_UNSENT;
    if (kp_http_proxy(line->op) && before && (net == KP_NET_CONNECT || net == KP_NET_RESET))
        return KP_NET_PROXY;
    return net;
}

static uint64_t left_ms(const kp_op *op) {
    uint64_t now = kp_local_mono_ms(), until = kp_op_until(op);
    return until > now ? until - now : 0;
}

/* Runs the transfer: its result, or that the operation was cancelled (true). */
static bool perform(kp_line *line, kp_wake *wake, CURLcode *result) {
    for (;;) {
        int running = 0, in_queue = 0;
        if (curl_multi_perform(line->multi, &running) != CURLM_OK) {
            *result = CURLE_FAILED_INIT;
            return false;
        }
        CURLMsg *message = curl_multi_info_read(line->multi, &in_queue);
        if (message && message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return false;
        }
        if (kp_op_cancelled(line->op))
            return true;
        struct curl_waitfd extra = {kp_wake_fd(wake), CURL_WAIT_POLLIN, 0};
        curl_multi_poll(line->multi, &extra, wake ? 1 : 0, kp_wake_most_ms(wake), NULL);
        kp_wake_clear(wake);
        if (left_ms(line->op) == 0) {
            *result = CURLE_OPERATION_TIMEDOUT;
            return false;
        }
    }
}

static void end(kp_op *op, int net, int sent) {
    kp_local_time(op);
    kp_on_end(op, net, sent);
}

void kp_transfer(kp_line *line, kp_op *op, kp_wake *wake) {
    uint64_t left = left_ms(op);
    if (kp_op_cancelled(op) || left == 0) {
        end(op, kp_op_cancelled(op) ? KP_NET_STOPPED : KP_NET_LATE, KP_UNSENT);
        return;
    }
    line->op = op;
    bool ok = true, added = false;
    struct curl_slist *headers = make_headers(op, &ok);
    ok = ok && set_call(line, headers, left > 86400000 ? 86400000L : (long)left);
    added = ok && curl_multi_add_handle(line->multi, line->easy) == CURLM_OK;
    int net = KP_NET_CONNECT, sent = KP_UNSENT;
    if (added) {
        CURLcode result = CURLE_OK;
        bool stopped = perform(line, wake, &result);
        net = stopped ? KP_NET_STOPPED : proxy_aside(line, net_of(line, result));
        sent = sent_of(line);
        curl_multi_remove_handle(line->multi, line->easy);
    }
    curl_easy_setopt(line->easy, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(line->easy, CURLOPT_URL, NULL);
    kp_tls_wipe_headers(headers);
    curl_slist_free_all(headers);
    line->body = NULL;
    line->op = NULL;
    end(op, net, sent);
}
