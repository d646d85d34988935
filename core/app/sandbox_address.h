/* sandbox_address.h: IP addresses of clients and of the place to listen on. */
#ifndef KP_APP_SANDBOX_ADDRESS_H
#define KP_APP_SANDBOX_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/buf.h"

/* IPv4 as ::ffff:a.b.c.d, so that a client is the same one over a socket of either family. */
typedef struct sandbox_address {
    unsigned char bytes[16];
} sandbox_address;

bool sandbox_address_same(const sandbox_address *, const sandbox_address *);
/* false: not an address in figures. */
bool sandbox_address_parse(const char *text, sandbox_address *out);
/* All zero for another family. */
void sandbox_address_of(const struct sockaddr *, sandbox_address *out);
void sandbox_address_add(kp_buf *, const sandbox_address *);

/* "127.0.0.1:0", "localhost:8080", "[::1]:0". false: not of this form. */
bool sandbox_listen_parse(const char *text, struct sockaddr_storage *out, socklen_t *len);
/* "http://127.0.0.1:8080"; dial: with the loopback address where the socket listens on every address. */
void sandbox_listen_url(kp_buf *, const struct sockaddr *, bool https, bool dial);

#endif
