/* store_redis_address.c: takes the text that names a Redis server apart. */
#include "net/store_redis_address.h"

#include <string.h>
#include <sys/un.h>

#include "base/text.h"
#include "base/url.h"
#include "safe/known.h"

enum { PORT = 6379, USER_MOST = 128, DB_MOST = 65535 };

static bool refuse(kp_buf *problem, const char *sentence) {
    kp_buf_str(problem, sentence);
    return false;
}

static char *copy(const char *text, size_t len) {
    kp_buf b;
    kp_buf_init(&b, NULL);
    kp_buf_add(&b, text, len);
    return kp_buf_take(&b);
}

/* The part in front of '@'; *rest goes behind it. */
static bool read_user(const char **rest, kp_redis_address *a, kp_buf *problem) {
    size_t authority = strcspn(*rest, "/");
    const char *at = memrchr(*rest, '@', authority);
    if (!at)
        return true;
    size_t len = (size_t)(at - *rest);
    const char *colon = memchr(*rest, ':', len);
    if (colon) {
        kp_known_add(colon + 1, (size_t)(at - colon) - 1);
        return refuse(problem, "the option store has a password in it; take it out, and name its place in the option"
                               " redis.password, such as env:NAME or file:PATH");
    }
    for (size_t i = 0; i < len; i++)
        if (!kp_is_alpha((*rest)[i]) && !kp_is_digit((*rest)[i]) && !strchr("._-", (*rest)[i]))
            return refuse(problem, "the option store has a user in it that is not made of letters, digits and . _ -");
    if (len == 0 || len > USER_MOST)
        return refuse(problem, "the option store has an empty or very long user in it");
    a->user = copy(*rest, len);
    *rest = at + 1;
    return a->user || refuse(problem, "memory is short");
}

static bool read_socket(const char *path, kp_redis_address *a, kp_buf *problem) {
    if (path[0] != '/' || path[1] == '\0')
        return refuse(problem, "the option store names no socket: write redis+unix:///path/to.sock");
    if (strlen(path) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        return refuse(problem, "the option store names a socket whose path is too long for this system");
    a->socket = kp_strdup(path);
    a->url = kp_strdup("http://localhost/");
    return (a->socket && a->url) || refuse(problem, "memory is short");
}

static bool read_base(const kp_url *url, kp_redis_address *a, kp_buf *problem) {
    int64_t number = 0;
    if (url->path_len <= 1)
        return true;
    if (!kp_parse_i64(url->path + 1, url->path_len - 1, &number) || number < 0 || number > DB_MOST)
        return refuse(problem, "the option store has something else than the number of a database behind the host");
    a->base = copy(url->path + 1, url->path_len - 1);
    return a->base || refuse(problem, "memory is short");
}

static bool read_host(const char *rest, kp_redis_address *a, kp_buf *problem) {
    kp_url url;
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_str(&text, a->tls ? "https://" : "http://");
    kp_buf_str(&text, rest);
    bool well =
        kp_url_parse(kp_buf_text(&text), text.len, &url) && !url.has_userinfo && !url.has_query && !url.has_fragment;
    if (text.failed)
        refuse(problem, "memory is short");
    else if (!well)
        refuse(problem, "the option store is no redis://[USER@]HOST[:PORT][/DB]");
    else
        well = read_base(&url, a, problem);
    if (well) {
        bool v6 = memchr(url.host, ':', url.host_len) != NULL;
        kp_buf out;
        kp_buf_init(&out, NULL);
        kp_buf_fmt(&out, "%s://%s%.*s%s:%d/", a->tls ? "https" : "http", v6 ? "[" : "", (int)url.host_len, url.host,
                   v6 ? "]" : "", url.port_given ? url.port : PORT);
        a->url = kp_buf_take(&out);
        well = a->url || refuse(problem, "memory is short");
    }
    kp_buf_free(&text);
    return well;
}

bool kp_redis_address_read(const char *text, kp_redis_address *a, kp_buf *problem) {
    static const char plain[] = "redis://", tls[] = "rediss://", local[] = "redis+unix://";
    *a = (kp_redis_address){.tls = text && kp_starts(text, tls)};
    if (!text || !(a->tls || kp_starts(text, plain) || kp_starts(text, local)))
        return refuse(problem, "the option store begins with redis, but with none of redis://, rediss:// and"
                               " redis+unix://");
    const char *rest = strstr(text, "://") + 3;
    if (!read_user(&rest, a, problem))
        return false;
    return kp_starts(text, local) ? read_socket(rest, a, problem) : read_host(rest, a, problem);
}

void kp_redis_address_free(kp_redis_address *a) {
    if (!a)
        return;
    kp_free(a->url);
    kp_free(a->socket);
    kp_free(a->user);
    kp_free(a->base);
    *a = (kp_redis_address){.tls = false};
}
