/* url.h: taking absolute http and https URLs apart (RFC 3986), strictly. */
#ifndef KP_BASE_URL_H
#define KP_BASE_URL_H

#include <stdbool.h>
#include <stddef.h>

typedef struct kp_url {
    bool https;
    const char *host; /* spans of the text given; an IPv6 host without its brackets */
    size_t host_len;
    int port; /* explicit, or 80/443 */
    bool port_given;
    const char *path; /* from the first '/', "" if none */
    size_t path_len;
    bool has_userinfo, has_query, has_fragment;
} kp_url;

/* false: not an absolute http(s) URL (scheme, host, port 1..65535, no blanks or control characters). */
bool kp_url_parse(const char *text, size_t len, kp_url *out);
/* localhost (and names ending in .localhost), 127.0.0.0/8, ::1. */
bool kp_url_is_loopback(const kp_url *);
/* Whether the host is one of allow_http_hosts, a comma-separated list that may be NULL. */
bool kp_url_http_allowed(const kp_url *, const char *allow_http_hosts);
/* NULL if the text can be a base URL (https, or http to loopback or to a host of allow_http_hosts, a comma-separated
   list that may be NULL; no userinfo, query or fragment), else the reason as a sentence for people. */
const char *kp_url_base_problem(const char *text, size_t len, const char *allow_http_hosts);

#endif
