/* transfer.c: does one HTTP step over libcurl, in parts if wanted, and tells how it ended. */
#include "net/transfer.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "engine/op.h"
#include "keyplate_run.h"
#include "net/ca.h"
#include "safe/scrub.h"

/* MAXAGE_CONN counts whole seconds: with 2, libcurl 7.88 uses a connection that was idle for 2.6 s. */
enum { IDLE_ONCE_S = 1, IDLE_S = 60 };

/* What perform returns beside KP_NET_*. */
enum { PAUSED = -1 };

static void add_line(kp_buf *text, const char *name, const char *colon, const char *value) {
    kp_buf_str(text, name);
    kp_buf_str(text, colon);
    kp_buf_str(text, value);
    kp_buf_char(text, '\0');
}

/* The type that libcurl writes by itself costs it far less than a header of the list. */
static bool is_of_libcurl(const char *name, const char *value) {
    return kp_same(name, "Content-Type") && kp_same(value, "application/x-www-form-urlencoded");
}

/* Expect is off: with it libcurl posts again after a 417. */
static bool make_headers(kp_line *line) {
    kp_buf *text = &line->header_text;
    const char *name, *value = "";
    size_t count = 2;
    add_line(text, "Expect", ":", "");
    add_line(text, "Accept", ":", "");
    for (size_t i = 0; (name = kp_http_header(line->op, i, &value)); i++)
        if (!is_of_libcurl(name, value)) {
            add_line(text, name, ": ", value);
            count++;
        }
    if (text->failed || count > KP_LINE_HEADERS)
        return false;
    char *at = text->data;
    for (size_t i = 0; i < count; i++, at += strlen(at) + 1)
        line->header[i] = (struct curl_slist){.data = at, .next = i + 1 < count ? &line->header[i + 1] : NULL};
    return true;
}

/* They take the place of both that libcurl was built with. */
static bool set_ca(CURL *easy, const char *file, const char *folder) {
    bool ok = curl_easy_setopt(easy, CURLOPT_CAINFO, file) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_CAPATH, folder) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, file) == CURLE_OK;
    return ok && curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, folder) == CURLE_OK;
}

/* The system's: a libcurl that was built elsewhere, such as that of a wheel, has the paths of another system. */
static bool set_ca_of_system(kp_line *line) {
    const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);
    kp_buf path;
    kp_buf_init(&path, NULL);
    kp_ca kind = kp_ca_find(NULL, built->cainfo, built->capath, &path);
    bool ok = !path.failed;
    if (kind == KP_CA_FILE)
        ok = set_ca(line->easy, kp_buf_text(&path), NULL);
    else if (kind == KP_CA_FOLDER)
        ok = set_ca(line->easy, NULL, kp_buf_text(&path));
    line->has_ca = kind != KP_CA_NONE;
    kp_buf_free(&path);
    return ok;
}

static bool set_trust(kp_line *line, const char *ca_file) {
    if (!ca_file)
        return set_ca_of_system(line);
    line->has_ca = true; /* whether it is of use, libcurl says */
    return set_ca(line->easy, ca_file, NULL);
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

/* The same for all calls of a client. Certificates that are missing are looked for again: somebody may install them. */
static bool set_route(kp_line *line) {
    const kp_op *op = line->op;
    bool direct = !kp_http_proxy(op);
    bool ok = (line->routed && line->direct == direct) ||
              (set_way_out(line->easy, kp_http_proxy(op), kp_http_source(op)) && set_trust(line, kp_http_ca_file(op)));
    line->routed = ok && line->has_ca;
    line->direct = direct;
    return ok;
}

static bool is_https(const kp_op *op) {
    const char *text = kp_http_url(op);
    kp_url url;
    return text && kp_url_parse(text, strlen(text), &url) && url.https;
}

/* While the driver is away nobody looks whether the connect succeeded: that time is not the connect's. */
static bool set_connect_time(const kp_line *line) {
    uint64_t ms = kp_http_connect_ms(line->op) + line->away_ms;
    return curl_easy_setopt(line->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)ms) == CURLE_OK;
}

static bool set_call(kp_line *line) {
    CURL *easy = line->easy;
    const kp_op *op = line->op;
    bool ok = curl_easy_setopt(easy, CURLOPT_URL, kp_http_url(op)) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, line->header) == CURLE_OK;
    ok = ok && set_route(line) && set_connect_time(line);
    ok = ok && curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)(line->once ? IDLE_ONCE_S : IDLE_S)) == CURLE_OK;
    bool put = kp_same(kp_http_method(op), "PUT");
    ok = ok && curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, put ? "PUT" : NULL) == CURLE_OK;
    if (kp_same(kp_http_method(op), "GET"))
        return ok && curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK;
    return ok && curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)line->body_len) == CURLE_OK;
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

/* Sleeps until something moves, someone wakes the driver, or the time is over. */
static bool await(const kp_line *line, kp_wake *wake, uint64_t left) {
    uint64_t most = (uint64_t)kp_wake_most_ms(wake);
    struct curl_waitfd extra = {kp_wake_fd(wake), CURL_WAIT_POLLIN, 0};
    kp_scrub();
    CURLMcode code = curl_multi_poll(line->multi, &extra, wake ? 1 : 0, (int)(left < most ? left : most), NULL);
    if (extra.revents)
        kp_wake_clear(wake);
    return code == CURLM_OK;
}

/* What ends it from this side: KP_NET_STOPPED, KP_NET_LATE; KP_NET_OK: nothing. */
static int end_of(const kp_op *op) {
    if (kp_op_cancelled(op))
        return KP_NET_STOPPED;
    return kp_local_mono_ms() >= kp_op_until(op) ? KP_NET_LATE : KP_NET_OK;
}

/* How it ended, or PAUSED. What came is looked at before the clock: an answer that is there is not given up. But what
   did not leave before the end does not leave behind it. */
static int perform(kp_line *line, kp_wake *wake, uint64_t pause) {
    for (;;) {
        int running = 0, in_queue = 0, end = end_of(line->op);
        if (end != KP_NET_OK && !line->begun)
            return end;
        CURLMcode code = curl_multi_perform(line->multi, &running);
        const CURLMsg *message = code == CURLM_OK ? curl_multi_info_read(line->multi, &in_queue) : NULL;
        if (message)
            return blame_proxy(line, net_of(line, message->data.result));
        if (end != KP_NET_OK || code != CURLM_OK)
            return end != KP_NET_OK ? end : KP_NET_RESET;
        uint64_t now = kp_local_mono_ms(), until = kp_op_until(line->op);
        if (now >= pause)
            return PAUSED;
        uint64_t next = until < pause ? until : pause;
        if (!await(line, wake, next > now ? next - now : 0))
            return KP_NET_RESET;
    }
}

/* ---- A call that its driver left in the midst ---- */

static void let_go(kp_op *op, void *driving) {
    (void)op;
    kp_line *line = driving;
    kp_line_end(line);
    kp_line_free(line);
}

static void leave(kp_line *line) {
    line->left_ms = kp_local_mono_ms();
    line->op->driving = line;
    line->op->let_go = let_go;
}

static int go_on(kp_line *line, kp_wake *wake, uint64_t pause) {
    if (line->foreign)
        return KP_NET_RESET;
    line->away_ms += kp_local_mono_ms() - line->left_ms;
    return line->begun || set_connect_time(line) ? perform(line, wake, pause) : KP_NET_RESET;
}

static int begin(kp_line *line, kp_op *op, kp_wake *wake, uint64_t pause) {
    kp_line_begin(line, op);
    if (!make_headers(line) || !set_call(line))
        return KP_NET_CONNECT;
    if (!line->has_ca && is_https(op))
        return KP_NET_NO_CA;
    bool ok = curl_multi_add_handle(line->multi, line->easy) == CURLM_OK;
    return ok ? perform(line, wake, pause) : KP_NET_CONNECT;
}

bool kp_transfer(kp_line_stack *idle, kp_op *op, kp_wake *wake, uint64_t pause) {
    kp_line *line = op->driving;
    int net = KP_NET_CONNECT, sent = KP_UNSENT;
    if (line)
        net = go_on(line, wake, pause);
    else if ((line = kp_line_take(idle)))
        net = begin(line, op, wake, pause);
    if (net == PAUSED) {
        leave(line);
        return false;
    }
    op->driving = NULL;
    if (line) {
        sent = line->begun || line->foreign ? KP_MAYBE_SENT : KP_UNSENT; /* the parent goes on with a foreign one */
        kp_line_end(line);
        kp_line_give(idle, line);
    }
    kp_local_time(op);
    kp_on_end(op, net, sent);
    return true;
}
