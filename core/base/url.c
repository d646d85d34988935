/* url.c: takes http and https URLs apart and says which may be sent a key. */
#include "base/url.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

enum { HOST_MAX = 253 }; /* the longest DNS name */

static bool has_blank_or_control(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] <= 0x20 || text[i] == 0x7f)
            return true;
    return false;
}

static bool take_scheme(const char **text, size_t *len, bool *https) {
    size_t size = *len >= 8 && kp_same_nocase(*text, 8, "https://")  ? 8
                  : *len >= 7 && kp_same_nocase(*text, 7, "http://") ? 7
                                                                     : 0;
    *https = size == 8;
    *text += size;
    *len -= size;
    return size > 0;
}

static const char *find_last(const char *text, size_t len, char c) {
    while (len > 0)
        if (text[--len] == c)
            return text + len;
    return NULL;
}

/* The bytes of an address in text form; false if it is none of that family. */
static bool address_of(const char *host, size_t len, int family, unsigned char *out) {
    char text[INET6_ADDRSTRLEN];
    if (len >= sizeof text || memchr(host, '\0', len))
        return false;
    memcpy(text, host, len);
    text[len] = '\0';
    return inet_pton(family, text, out) == 1;
}

/* Letters, digits, '-', '_' and UTF-8 in labels that are not empty; one dot may end it. */
static bool is_name(const char *host, size_t len) {
    size_t label = 0;
    if (len > HOST_MAX || !kp_utf8_valid(host, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = host[i];
        bool part = kp_is_alpha(c) || kp_is_digit(c) || c == '-' || c == '_' || (unsigned char)c >= 0x80;
        if (!part && (c != '.' || label == 0))
            return false;
        label = part ? label + 1 : 0;
    }
    return len > 0 && host[0] != '.';
}

static bool take_port(const char *text, size_t len, kp_url *out) {
    int64_t port = 0;
    if (len == 0 || len > 5 || !kp_is_digit(text[0]) || !kp_parse_i64(text, len, &port) || port < 1 || port > 65535)
        return false;
    out->port = (int)port;
    out->port_given = true;
    return true;
}

static bool take_authority(const char *text, size_t len, kp_url *out) {
    const char *at = find_last(text, len, '@');
    if (at) {
        out->has_userinfo = true;
        len -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    bool brackets = len > 0 && text[0] == '[';
    const char *end = memchr(text, brackets ? ']' : ':', len);
    if (brackets && !end)
        return false;
    out->host = brackets ? text + 1 : text;
    out->host_len = end ? (size_t)(end - out->host) : len;
    unsigned char address[sizeof(struct in6_addr)];
    if (brackets ? !address_of(out->host, out->host_len, AF_INET6, address) : !is_name(out->host, out->host_len))
        return false;
    const char *rest = out->host + out->host_len + brackets;
    size_t left = (size_t)(text + len - rest);
    return left == 0 || (rest[0] == ':' && take_port(rest + 1, left - 1, out));
}

bool kp_url_parse(const char *text, size_t len, kp_url *out) {
    if (!text || !out)
        return false;
    kp_url url = {0};
    if (has_blank_or_control(text, len) || !take_scheme(&text, &len, &url.https))
        return false;
    size_t authority = 0;
    while (authority < len && text[authority] != '/' && text[authority] != '?' && text[authority] != '#')
        authority++;
    url.port = url.https ? 443 : 80;
    if (!take_authority(text, authority, &url))
        return false;
    text += authority;
    len -= authority;
    const char *fragment = memchr(text, '#', len);
    size_t before_fragment = fragment ? (size_t)(fragment - text) : len;
    const char *query = memchr(text, '?', before_fragment);
    url.has_fragment = fragment != NULL;
    url.has_query = query != NULL;
    url.path_len = query ? (size_t)(query - text) : before_fragment;
    url.path = url.path_len > 0 ? text : "";
    *out = url;
    return true;
}

bool kp_url_is_loopback(const kp_url *url) {
    if (!url || !url->host)
        return false;
    static const char tail[] = ".localhost";
    size_t tail_len = sizeof tail - 1;
    const char *host = url->host;
    size_t len = url->host_len;
    if (kp_same_nocase(host, len, "localhost"))
        return true;
    if (len > tail_len && kp_same_nocase(host + len - tail_len, tail_len, tail))
        return true;
    unsigned char address[sizeof(struct in6_addr)];
    if (address_of(host, len, AF_INET, address))
        return address[0] == 127;
    return address_of(host, len, AF_INET6, address) && memcmp(address, &in6addr_loopback, sizeof in6addr_loopback) == 0;
}

static bool same_host(const char *a, size_t alen, const char *b, size_t blen) {
    if (alen != blen)
        return false;
    for (size_t i = 0; i < alen; i++)
        if (kp_lower(a[i]) != kp_lower(b[i]))
            return false;
    return true;
}

bool kp_url_http_allowed(const kp_url *url, const char *list) {
    while (list && *list) {
        size_t size = strcspn(list, ",");
        const char *item = list;
        size_t len = size;
        kp_trim(&item, &len);
        if (len > 2 && item[0] == '[' && item[len - 1] == ']') {
            item++;
            len -= 2;
        }
        if (same_host(url->host, url->host_len, item, len))
            return true;
        list += size + (list[size] == ',');
    }
    return false;
}

static bool is_ascii(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

const char *kp_url_base_problem(const char *text, size_t len, const char *allow_http_hosts) {
    kp_url url;
    if (!kp_url_parse(text, len, &url))
        return "it is no URL such as https://host or https://host:8443/path, without blanks";
    if (!is_ascii(text, len))
        return "it has letters beyond ASCII: write the host in its xn-- form and the path percent-encoded";
    if (url.has_userinfo)
        return "it has a user name or password in front of the host: leave them out";
    if (url.has_query)
        return "it has a query ('?'): a base URL ends with the host or a path";
    if (url.has_fragment)
        return "it has a fragment ('#'): a base URL ends with the host or a path";
    if (!url.https && !kp_url_is_loopback(&url) && !kp_url_http_allowed(&url, allow_http_hosts))
        return "plain http to another host would show the key to the network: put TLS on it, or use allow_http_hosts "
               "for tests";
    return NULL;
}
