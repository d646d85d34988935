/* sandbox_address.c: reads and writes IP addresses. */
#include "app/sandbox_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/text.h"

static const unsigned char v4_start[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool sandbox_address_same(const sandbox_address *a, const sandbox_address *b) {
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool sandbox_address_parse(const char *text, sandbox_address *out) {
    if (inet_pton(AF_INET6, text, out->bytes) == 1)
        return true;
    memcpy(out->bytes, v4_start, sizeof v4_start);
    return inet_pton(AF_INET, text, out->bytes + sizeof v4_start) == 1;
}

void sandbox_address_of(const struct sockaddr *from, sandbox_address *out) {
    memset(out->bytes, 0, sizeof out->bytes);
    if (from && from->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        memcpy(out->bytes, v4_start, sizeof v4_start);
        memcpy(out->bytes + sizeof v4_start, &in.sin_addr, sizeof in.sin_addr);
    } else if (from && from->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, from, sizeof in6);
        memcpy(out->bytes, &in6.sin6_addr, sizeof out->bytes);
    }
}

void sandbox_address_add(kp_buf *b, const sandbox_address *address) {
    char text[INET6_ADDRSTRLEN];
    bool v4 = memcmp(address->bytes, v4_start, sizeof v4_start) == 0;
    if (inet_ntop(v4 ? AF_INET : AF_INET6, address->bytes + (v4 ? sizeof v4_start : 0), text, sizeof text))
        kp_buf_str(b, text);
}

bool sandbox_listen_parse(const char *text, struct sockaddr_storage *out, socklen_t *len) {
    const char *colon = strrchr(text, ':');
    int64_t port = 0;
    if (!colon || !kp_parse_i64(colon + 1, strlen(colon + 1), &port) || port < 0 || port > 65535)
        return false;
    const char *host = text, *end = colon;
    if (*host == '[' && end > host + 1 && end[-1] == ']')
        host++, end--;
    else if (memchr(host, ':', (size_t)(end - host)))
        return false;
    char name[INET6_ADDRSTRLEN];
    if (kp_same_n(host, (size_t)(end - host), "localhost"))
        host = "127.0.0.1", end = host + strlen(host);
    if ((size_t)(end - host) >= sizeof name)
        return false;
    memcpy(name, host, (size_t)(end - host));
    name[end - host] = 0;

    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, name, &in.sin_addr) == 1) {
        memcpy(out, &in, sizeof in);
        *len = sizeof in;
        return true;
    }
    if (inet_pton(AF_INET6, name, &in6.sin6_addr) != 1)
        return false;
    memcpy(out, &in6, sizeof in6);
    *len = sizeof in6;
    return true;
}

void sandbox_listen_url(kp_buf *b, const struct sockaddr *at, bool https, bool dial) {
    kp_buf_str(b, https ? "https://" : "http://");
    char name[INET6_ADDRSTRLEN] = "";
    if (at->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, at, sizeof in6);
        if (dial && IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr))
            in6.sin6_addr = in6addr_loopback;
        inet_ntop(AF_INET6, &in6.sin6_addr, name, sizeof name);
        kp_buf_fmt(b, "[%s]:%d", name, ntohs(in6.sin6_port));
        return;
    }
    struct sockaddr_in in;
    memcpy(&in, at, sizeof in);
    if (dial && in.sin_addr.s_addr == htonl(INADDR_ANY))
        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    inet_ntop(AF_INET, &in.sin_addr, name, sizeof name);
    kp_buf_fmt(b, "%s:%d", name, ntohs(in.sin_port));
}
