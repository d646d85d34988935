/* post.c: one POST over libcurl, under the same rules as calls to the services. */
#include "net/post.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "net/ca.h"
#include "net/line.h"

static const char *url_problem(const char *text) {
    kp_url url;
    if (!text || !kp_url_parse(text, strlen(text), &url) || url.has_fragment || url.has_userinfo)
        return "its URL is none, or has a login or a fragment in it";
    return url.https || kp_url_is_loopback(&url) ? NULL : "its URL is not https, and not on this machine";
}

static size_t pass_over(char *data, size_t size, size_t count, void *arg) {
    (void)data;
    (void)arg;
    return size * count;
}

/* As calls to the services go out: what the client says, else the certificates of this system. */
static bool set_route(CURL *easy, const kp_client *client) {
    const char *proxy = kp_config_value(client->config, KP_OPT_PROXY);
    const char *source = kp_config_value(client->config, KP_OPT_SOURCE_ADDRESS);
    const char *ca_file = kp_config_value(client->config, KP_OPT_CA_FILE);
    const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);
    char interface[64] = "host!";
    size_t len = strlen(source);
    if (len + 6 > sizeof interface)
        return false;
    memcpy(interface + 5, source, len + 1);
    bool ok = curl_easy_setopt(easy, CURLOPT_PROXY, proxy) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_INTERFACE, len ? interface : NULL) == CURLE_OK;
    if (ca_file[0])
        return ok && curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
    kp_buf path;
    kp_buf_init(&path, NULL);
    kp_ca kind = kp_ca_find(NULL, built->cainfo, built->capath, &path);
    ok = ok && !path.failed;
    if (kind == KP_CA_FILE)
        ok = ok && curl_easy_setopt(easy, CURLOPT_CAINFO, kp_buf_text(&path)) == CURLE_OK;
    else if (kind == KP_CA_FOLDER)
        ok = ok && curl_easy_setopt(easy, CURLOPT_CAPATH, kp_buf_text(&path)) == CURLE_OK;
    kp_buf_free(&path);
    return ok;
}

static bool set_call(kp_line *line, const char *url, uint32_t ms, struct curl_slist *headers) {
    CURL *easy = line->easy;
    bool ok = curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, pass_over) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, pass_over) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)ms) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK;
    return ok && curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)line->body_len) == CURLE_OK;
}

/* libcurl's own sentences would name the host. */
static const char *trouble(CURLcode code) {
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return "its host was not found";
    case CURLE_COULDNT_CONNECT: return "it could not be connected to";
    case CURLE_OPERATION_TIMEDOUT: return "it took too long";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return "its certificate or TLS was not accepted";
    default: return "the connection failed";
    }
}

static bool perform(kp_line *line, kp_buf *problem) {
    long status = 0;
    CURLcode code = curl_easy_perform(line->easy);
    curl_easy_getinfo(line->easy, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK && !(code == CURLE_OPERATION_TIMEDOUT && status >= 200)) {
        kp_buf_str(problem, trouble(code));
        return false;
    }
    if (status < 200 || status > 299)
        kp_buf_fmt(problem, "it answered with HTTP status %ld", status);
    return status >= 200 && status <= 299;
}

bool kp_post(const kp_client *client, const char *url, const char *json, size_t len, uint32_t ms, kp_buf *problem) {
    if (!client || !json || !problem)
        return false;
    const char *why = url_problem(url);
    kp_line *line = why ? NULL : kp_line_new();
    if (!line) {
        kp_buf_str(problem, why ? why : "memory is short");
        return false;
    }
    char type[] = "Content-Type: application/json", expect[] = "Expect:", accept[] = "Accept:";
    struct curl_slist last = {.data = type}, middle = {.data = expect, .next = &last};
    struct curl_slist headers = {.data = accept, .next = &middle};
    line->body = json;
    line->body_len = len;
    line->once = true;
    bool sent = false;
    if (set_route(line->easy, client) && set_call(line, url, ms, &headers))
        sent = perform(line, problem);
    else
        kp_buf_str(problem, "memory is short");
    line->body = NULL;
    kp_line_free(line);
    return sent;
}
