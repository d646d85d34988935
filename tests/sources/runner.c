/* runner.c: fetches one key by plain libcurl, for tests against real servers: runner REFERENCE [previous|pending].
 * Each line of its output is JSON: result, error, value, version, note. Variables are the program's own; files are read
 * as they are, "~/" below HOME. It fetches once for each line of its input; the line says how many milliseconds its
 * clock, which stands else, goes on before, so leases end without waiting. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "base/error.h"
#include "base/text.h"
#include "base/when.h"
#include "keyplate.h"
#include "policy/fetch.h"

enum { ROOM = 65536 };

typedef struct reply {
    kp_buf body;
    uint64_t retry_after_ms;
} reply;

static uint64_t mono_ms = 1000000;

static int64_t unix_ms(void) {
    return (int64_t)time(NULL) * 1000;
}

static void read_file(kp_fetch *f, const char *path) {
    static char room[ROOM], full[4096];
    const char *home = getenv("HOME");
    if (kp_starts(path, "~/") && home)
        snprintf(full, sizeof full, "%s%s", home, path + 1);
    else
        snprintf(full, sizeof full, "%s", path);
    FILE *file = fopen(full, "rbe");
    if (!file) {
        kp_fetch_on_read(f, KP_ABSENT, 0, NULL, 0);
        return;
    }
    size_t len = fread(room, 1, sizeof room, file);
    fclose(file);
    kp_fetch_on_read(f, KP_FOUND, 0, room, len);
}

static void read_place(kp_fetch *f) {
    char name[4096];
    snprintf(name, sizeof name, "%s", kp_fetch_read(f));
    if (kp_starts(name, "file:")) {
        read_file(f, name + 5);
        return;
    }
    const char *value = getenv(name + 4);
    kp_fetch_on_read(f, value ? KP_FOUND : KP_ABSENT, 0, value, value ? strlen(value) : 0);
}

static size_t on_body(char *data, size_t size, size_t count, void *to) {
    kp_buf_add(&((reply *)to)->body, data, size * count);
    return size * count;
}

static size_t on_header(char *data, size_t size, size_t count, void *to) {
    static const char name[] = "retry-after:";
    size_t len = size * count;
    if (len > sizeof name && kp_same_nocase(data, sizeof name - 1, name)) {
        const char *value = data + sizeof name - 1;
        size_t value_len = len - (sizeof name - 1);
        kp_trim(&value, &value_len);
        kp_parse_retry_after(value, value_len, unix_ms(), 3600000, &((reply *)to)->retry_after_ms);
    }
    return len;
}

static int net_of(CURLcode code) {
    switch (code) {
    case CURLE_OK: return KP_NET_OK;
    case CURLE_COULDNT_RESOLVE_HOST: return KP_NET_RESOLVE;
    case CURLE_COULDNT_CONNECT: return KP_NET_CONNECT;
    case CURLE_OPERATION_TIMEDOUT: return KP_NET_LATE;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR: return KP_NET_TLS;
    default: return KP_NET_RESET;
    }
}

static void call(kp_fetch *f) {
    const kp_request *r = kp_fetch_request(f);
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    reply to = {.retry_after_ms = 0};
    char line[20000];
    kp_buf_init(&to.body, NULL);
    for (size_t i = 0; i < r->header_count; i++) {
        snprintf(line, sizeof line, "%s: %s", r->header_name[i], kp_buf_text(&r->header_value[i]));
        headers = curl_slist_append(headers, line);
    }
    curl_easy_setopt(easy, CURLOPT_URL, kp_buf_text(&r->url));
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r->http_method);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    /* nothing answers at a local address of another cloud; a server that is slow must not change what comes out */
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kp_fetch_is_local(f) ? 2000L : 20000L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 120000L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &to);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &to);
    if (r->has_body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, kp_buf_text(&r->body));
    }
    long status = 0;
    CURLcode code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    fprintf(stderr, "%s %s: %ld\n", r->http_method, kp_buf_text(&r->shown_url), status);
    kp_fetch_on_end(f, net_of(code), KP_MAYBE_SENT, (int)status, to.retry_after_ms, to.body.data, to.body.len, mono_ms,
                    unix_ms());
    kp_buf_free(&to.body);
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
}

static void member(const char *name, const char *value, const char *behind) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_add_json(&text, value, strlen(value));
    printf("\"%s\":%s%s", name, kp_buf_text(&text), behind);
    kp_buf_free(&text);
}

static void tell(const kp_fetch *f) {
    static const char *const results[] = {"got", "absent", "failed"};
    const char *value = kp_fetch_value(f, NULL);
    putchar('{');
    member("result", results[kp_fetch_result(f)], ",");
    member("error", kp_error_find(kp_fetch_error(f))->name, ",");
    member("value", value ? value : "", ",");
    member("version", kp_fetch_version(f), ",");
    member("note", kp_fetch_note(f), "}\n");
    fflush(stdout);
}

int main(int argc, char **argv) {
    kp_keyref ref;
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    if (argc < 2 || kp_keyref_parse(argv[1], strlen(argv[1]), NULL, &ref, &problem) != 0) {
        fprintf(stderr, "%s\n", kp_buf_text(&problem));
        return 2;
    }
    kp_fetch_want want = argc > 2 && kp_same(argv[2], "previous")  ? KP_FETCH_PREVIOUS
                         : argc > 2 && kp_same(argv[2], "pending") ? KP_FETCH_PENDING
                                                                   : KP_FETCH_CURRENT;
    kp_sessions *sessions = kp_sessions_new();
    kp_fetch *f = kp_fetch_new();
    char line[32];
    while (fgets(line, sizeof line, stdin)) {
        mono_ms += strtoull(line, NULL, 10);
        kp_fetch_start(f, &ref, sessions, want, getenv("ALLOW_HTTP_HOSTS"), mono_ms, unix_ms(), (uint64_t)time(NULL));
        while (kp_fetch_step(f) != KP_FETCH_END) {
            if (kp_fetch_step(f) == KP_FETCH_READ)
                read_place(f);
            else
                call(f);
        }
        tell(f);
    }
    kp_fetch_free(f);
    kp_sessions_free(sessions);
    kp_keyref_free(&ref);
    kp_buf_free(&problem);
    return 0;
}
