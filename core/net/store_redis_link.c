/* store_redis_link.c: connects, sends and receives over a line of libcurl, within the time that a call has. */
#include "net/store_redis_link.h"

#include <errno.h>
#include <poll.h>

#include "keyplate_run.h"
#include "net/ca.h"
#include "safe/arena.h"

enum { CHUNK = 4096 };

static kp_link_end end_with(kp_link *link, kp_link_end end, const char *sentence) {
    if (link->problem->len == 0)
        kp_buf_str(link->problem, sentence);
    return end;
}

kp_link_end kp_link_no_memory(kp_link *link) {
    link->no_memory = true;
    return end_with(link, KP_LINK_FAILED, "memory is short");
}

void kp_link_init(kp_link *link, const kp_patience *patience, uint64_t until_ms, kp_buf *problem) {
    *link = (kp_link){.patience = patience, .until_ms = until_ms, .problem = problem};
    kp_buf_init(&link->in, &kp_safe); /* an error can repeat the password */
}

/* How long to wait before looking up again; 0: the call's time is over. */
static int slice(const kp_link *link) {
    uint64_t now = kp_local_mono_ms();
    if (now >= link->until_ms || kp_patience_over(link->patience))
        return 0;
    uint64_t left = link->until_ms - now;
    return left < KP_SLICE_MS ? (int)left : KP_SLICE_MS;
}

static kp_link_end late(kp_link *link) {
    return end_with(link, KP_LINK_FAILED, "it did not answer in the time that there was");
}

/* ---- Connecting ---- */

static bool set_trust(kp_line *line, const char *ca_file) {
    const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);
    kp_buf path;
    kp_buf_init(&path, NULL);
    bool ok = true;
    kp_ca kind = ca_file[0] ? KP_CA_FILE : kp_ca_find(NULL, built->cainfo, built->capath, &path);
    const char *place = ca_file[0] ? ca_file : kp_buf_text(&path);
    if (kind == KP_CA_FILE)
        ok = curl_easy_setopt(line->easy, CURLOPT_CAINFO, place) == CURLE_OK &&
             curl_easy_setopt(line->easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
    else if (kind == KP_CA_FOLDER)
        ok = curl_easy_setopt(line->easy, CURLOPT_CAPATH, place) == CURLE_OK &&
             curl_easy_setopt(line->easy, CURLOPT_CAINFO, NULL) == CURLE_OK;
    ok = ok && !path.failed;
    kp_buf_free(&path);
    return ok;
}

/* ALPN would offer HTTP. */
static bool set_way(kp_line *line, const kp_redis_address *a) {
    CURL *easy = line->easy;
    bool ok = curl_easy_setopt(easy, CURLOPT_URL, a->url) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK;
    return ok && curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, a->socket) == CURLE_OK;
}

static kp_link_end nobody(kp_link *link, const kp_redis_address *a) {
    long error = 0;
    curl_easy_getinfo(link->line->easy, CURLINFO_OS_ERRNO, &error);
    if (a->socket && error == ENOENT)
        return end_with(link, KP_LINK_FAILED, "there is no such socket; is it running, and is this its unixsocket?");
    if (a->socket && error == EACCES)
        return end_with(link, KP_LINK_FAILED, "this user may not open the socket; its unixsocketperm says who may");
    return end_with(link, KP_LINK_FAILED, "nobody answers there; is it running, and is this its address?");
}

static kp_link_end refused(kp_link *link, const kp_redis_address *a, CURLcode code) {
    switch (code) {
    case CURLE_OUT_OF_MEMORY: return kp_link_no_memory(link);
    case CURLE_OPERATION_TIMEDOUT: return late(link);
    case CURLE_COULDNT_RESOLVE_HOST: return end_with(link, KP_LINK_FAILED, "its name has no address");
    case CURLE_COULDNT_CONNECT: return nobody(link, a);
    case CURLE_SSL_CONNECT_ERROR:
        return end_with(link, KP_LINK_FAILED,
                        "no connection: TLS cannot be agreed on; rediss:// needs its tls-port, and TLS 1.2 or later");
    case CURLE_PEER_FAILED_VERIFICATION:
        return end_with(link, KP_LINK_FAILED,
                        "its TLS certificate is not valid for it, or not from a CA that is trusted");
    default: kp_buf_fmt(link->problem, "no connection: %s", curl_easy_strerror(code)); return KP_LINK_FAILED;
    }
}

kp_link_end kp_link_connect(kp_link *link, const kp_redis_address *address, const char *ca_file) {
    kp_line *line = link->line;
    if (!line || !set_way(line, address) || (address->tls && !set_trust(line, ca_file)) ||
        curl_multi_add_handle(line->multi, line->easy) != CURLM_OK)
        return kp_link_no_memory(link);
    for (;;) {
        int running = 0, left = 0;
        if (curl_multi_perform(line->multi, &running) != CURLM_OK)
            return kp_link_no_memory(link);
        const CURLMsg *message = curl_multi_info_read(line->multi, &left);
        if (message)
            return message->data.result == CURLE_OK ? KP_LINK_OK : refused(link, address, message->data.result);
        int wait = slice(link);
        if (wait == 0)
            return late(link);
        if (curl_multi_poll(line->multi, NULL, 0, wait, NULL) != CURLM_OK)
            return kp_link_no_memory(link);
    }
}

/* ---- Sending and receiving ---- */

static kp_link_end broken(kp_link *link, CURLcode code) {
    if (code == CURLE_OUT_OF_MEMORY)
        return kp_link_no_memory(link);
    return end_with(link, KP_LINK_BROKEN, "the connection broke");
}

/* Until the socket is ready. */
static kp_link_end await(kp_link *link, short events) {
    curl_socket_t fd = CURL_SOCKET_BAD;
    int wait = slice(link);
    if (wait == 0)
        return late(link);
    if (curl_easy_getinfo(link->line->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD)
        return broken(link, CURLE_OK);
    poll(&(struct pollfd){fd, events, 0}, 1, wait);
    return KP_LINK_OK;
}

kp_link_end kp_link_send(kp_link *link, const kp_buf *command) {
    if (command->failed)
        return kp_link_no_memory(link);
    for (size_t at = 0; at < command->len;) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(link->line->easy, command->data + at, command->len - at, &sent);
        if (code != CURLE_OK && code != CURLE_AGAIN)
            return broken(link, code);
        at += sent;
        kp_link_end end = code == CURLE_AGAIN ? await(link, POLLOUT) : KP_LINK_OK;
        if (end != KP_LINK_OK)
            return end;
    }
    link->asked = true;
    return KP_LINK_OK;
}

static kp_link_end receive(kp_link *link) {
    /* Behind a command nothing can have been left over from before: its answer has to be waited for. */
    kp_link_end awaited = link->asked ? await(link, POLLIN) : KP_LINK_OK;
    link->asked = false;
    if (awaited != KP_LINK_OK)
        return awaited;
    for (;;) {
        size_t got = 0;
        if (!kp_buf_reserve(&link->in, CHUNK))
            return kp_link_no_memory(link);
        CURLcode code = curl_easy_recv(link->line->easy, link->in.data + link->in.len, CHUNK, &got);
        link->in.len += got;
        if (got > 0)
            return KP_LINK_OK;
        if (code != CURLE_AGAIN)
            return broken(link, code);
        kp_link_end end = await(link, POLLIN);
        if (end != KP_LINK_OK)
            return end;
    }
}

kp_link_end kp_link_read(kp_link *link, kp_resp *part) {
    for (;;) {
        size_t used = 0;
        int there = kp_resp_read(link->in.data + link->at, link->in.len - link->at, part, &used);
        link->at += there == 1 ? used : 0;
        if (there == 1)
            return KP_LINK_OK;
        if (there < 0)
            return end_with(link, KP_LINK_FAILED, "what answers there is no Redis server");
        kp_link_end end = receive(link);
        if (end != KP_LINK_OK)
            return end;
    }
}

void kp_link_done(kp_link *link, kp_line_stack *idle, bool in_order) {
    if (link->line && in_order && link->at == link->in.len)
        kp_line_give(idle, link->line);
    else
        kp_line_free(link->line);
    link->line = NULL;
    kp_buf_free(&link->in);
    link->at = 0;
}
