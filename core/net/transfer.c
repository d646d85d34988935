/* transfer.c: does one HTTP step over libcurl and tells how it ended. */
#include "net/transfer.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "keyplate_run.h"
#include "safe/arena.h"

/* MAXAGE_CONN counts whole seconds: with 2, libcurl 7.88 uses a connection that was idle for 2.6 s. */
enum { IDLE_ONCE_S = 1, IDLE_S = 60 };

static struct curl_slist *add_line(struct curl_slist *list, const char *text, bool *ok) {
    struct curl_slist *longer = *ok ? curl_slist_append(list, text) : NULL;
    *ok = longer != NULL;
    return longer ? longer : list;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value, bool *ok) {
    char small[256];
    size_t name_len = strlen(name), value_len = strlen(value), size = name_len + value_len + 3;
    char *text = size <= sizeof small ? small : kp_safe_alloc(size);
    if (!text) {
        *ok = false;
        return list;
    }
    memcpy(text, name, name_len);
    memcpy(text + name_len, ": ", 2);
    memcpy(text + name_len + 2, value, value_len + 1);
    list = add_line(list, text, ok);
    if (text == small)
        kp_wipe(small, size);
    else
        kp_safe_free(text);
    return list;
}

/* Expect is off: with it libcurl posts again after a 417. */
static struct curl_slist *make_headers(const kp_op *op, bool *ok) {
    struct curl_slist *list = add_line(NULL, "Expect:", ok);
    list = add_line(list, "Accept:", ok);
    const char *name, *value = "";
    for (size_t i = 0; *ok && (name = kp_http_header(op, i, &value)); i++)
        list = add_header(list, name, value, ok);
    return list;
}

static void free_headers(struct curl_slist *list) {
    for (struct curl_slist *at = list; at; at = at->next)
        kp_wipe(at->data, strlen(at->data));
    curl_slist_free_all(list);
}

/* A file of certificates takes the place of the system's, the folder that libcurl was built with included. */
static bool set_trust(CURL *easy, const char *ca_file) {
    if (!ca_file)
        return true;
    bool ok = curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, ca_file) == CURLE_OK;
    return ok && curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL) == CURLE_OK;
}

/* "" is no proxy, not even one of the environment. */
static bool set_way_out(CURL *easy, const char *proxy, const char *source) {
    char interface[64] = "host!";
    size_t len = source ? strlen(source) : 0;
    if (len + 6 > sizeof interface)
        return false;
    memcpy(interface + 5, source ? source : "", len + 1);
    return curl_easy_setopt(easy, CURLOPT_PROXY, proxy ? proxy : "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_INTERFACE, source ? interface : NULL) == CURLE_OK;
}

static bool set_call(const kp_line *line, const struct curl_slist *headers) {
    CURL *easy = line->easy;
    const kp_op *op = line->op;
    bool ok = curl_easy_setopt(easy, CURLOPT_URL, kp_http_url(op)) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
    ok = ok && set_way_out(easy, kp_http_proxy(op), kp_http_source(op)) && set_trust(easy, kp_http_ca_file(op));
    ok = ok && curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)kp_http_connect_ms(op)) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)(line->once ? IDLE_ONCE_S : IDLE_S)) == CURLE_OK;
    if (kp_same(kp_http_method(op), "GET"))
        return ok && curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK;
    return ok && curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)line->body_len) == CURLE_OK;
}

static uint64_t left_ms(const kp_op *op) {
    uint64_t now = kp_local_mono_ms(), until = kp_op_until(op);
    return until > now ? until - now : 0;
}

/* The only time limit that libcurl has is that of the connect, and there is nobody to answer a call that never left. */
static int net_of_timeout(const kp_line *line) {
    curl_off_t looked_up = 0;
    curl_easy_getinfo(line->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
    return line->begun ? KP_NET_LATE : looked_up > 0 ? KP_NET_CONNECT : KP_NET_RESOLVE;
}

static int net_of(const kp_line *line, CURLcode code) {
    if (line->stopped)
        return KP_NET_OK;
    switch (code) {
    case CURLE_OK: return line->head_whole ? KP_NET_OK : KP_NET_RESET;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* bytes that are no HTTP are an answer, not a break */
        return line->begun && line->status == 0 ? KP_NET_OK : KP_NET_RESET;
    case CURLE_OPERATION_TIMEDOUT: return net_of_timeout(line);
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
    default: return KP_NET_RESET;
    }
}

/* With a proxy the troubles of the connection are the proxy's: an answer other than 2xx to CONNECT, a hang-up. */
static int blame_proxy(const kp_line *line, int net) {
    bool troubled = net == KP_NET_RESOLVE || net == KP_NET_CONNECT || net == KP_NET_RESET;
    return kp_http_proxy(line->op) && !line->begun && troubled ? KP_NET_PROXY : net;
}

/* Sleeps until something moves, someone wakes the driver, or the operation's time is over. */
static bool await(const kp_line *line, kp_wake *wake, uint64_t left) {
    uint64_t most = (uint64_t)kp_wake_most_ms(wake);
    struct curl_waitfd extra = {kp_wake_fd(wake), CURL_WAIT_POLLIN, 0};
    CURLMcode code = curl_multi_poll(line->multi, &extra, wake ? 1 : 0, (int)(left < most ? left : most), NULL);
    if (extra.revents)
        kp_wake_clear(wake);
    return code == CURLM_OK;
}

/* What came is looked at before the clock: an answer that is there is not given up. */
static int perform(kp_line *line, kp_wake *wake) {
    for (;;) {
        int running = 0, in_queue = 0;
        CURLMcode code = curl_multi_perform(line->multi, &running);
        const CURLMsg *message = code == CURLM_OK ? curl_multi_info_read(line->multi, &in_queue) : NULL;
        if (message)
            return blame_proxy(line, net_of(line, message->data.result));
        if (kp_op_cancelled(line->op))
            return KP_NET_STOPPED;
        uint64_t left = left_ms(line->op);
        if (left == 0)
            return KP_NET_LATE;
        if (code != CURLM_OK || !await(line, wake, left))
            return KP_NET_RESET;
    }
}

void kp_transfer(kp_line *line, kp_op *op, kp_wake *wake) {
    kp_line_begin(line, op);
    int net = KP_NET_CONNECT;
    bool ok = true;
    struct curl_slist *headers = make_headers(op, &ok);
    if (kp_op_cancelled(op))
        net = KP_NET_STOPPED;
    else if (left_ms(op) == 0)
        net = KP_NET_LATE;
    else if (ok && set_call(line, headers) && curl_multi_add_handle(line->multi, line->easy) == CURLM_OK) {
        net = perform(line, wake);
        curl_multi_remove_handle(line->multi, line->easy);
    }
    curl_easy_setopt(line->easy, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(line->easy, CURLOPT_URL, NULL);
    free_headers(headers);
    kp_local_time(op);
    kp_on_end(op, net, line->begun ? KP_MAYBE_SENT : KP_UNSENT);
    line->op = NULL;
    line->body = NULL;
}
