/* store_redis_link.h: one connection to a Redis server, over libcurl's sockets and TLS. */
#ifndef KP_NET_STORE_REDIS_LINK_H
#define KP_NET_STORE_REDIS_LINK_H

#include "base/buf.h"
#include "local/patience.h"
#include "net/line.h"
#include "net/store_redis_address.h"
#include "net/store_redis_resp.h"

typedef enum kp_link_end {
    KP_LINK_OK,
    KP_LINK_BROKEN, /* a connection that worked has gone: another one may do */
    KP_LINK_FAILED  /* another try would end the same way */
} kp_link_end;

/* While one call has it; zeroed, then kp_link_init. */
typedef struct kp_link {
    kp_line *line;
    const kp_patience *patience;
    uint64_t until_ms; /* kp_local_mono_ms */
    kp_buf in;         /* what came and was not read */
    size_t at;         /* how far it was read */
    bool asked;        /* a command was sent, and nothing received since */
    bool no_memory;    /* memory was short, which says nothing of the server */
    kp_buf *problem;   /* gets a sentence with every end but OK */
} kp_link;

void kp_link_init(kp_link *, const kp_patience *, uint64_t until_ms, kp_buf *problem);
/* Connects link->line, which is new (NULL: memory is short); TLS as for services: 1.2 or later, the certificate
   verified with the name of the host, against ca_file or, if that is "", what the system trusts. Not through the
   client's proxy. */
kp_link_end kp_link_connect(kp_link *, const kp_redis_address *, const char *ca_file);
kp_link_end kp_link_no_memory(kp_link *);
/* Sends a whole command. */
kp_link_end kp_link_send(kp_link *, const kp_buf *command);
/* The next part of a reply; its text is lent until the next part. */
kp_link_end kp_link_read(kp_link *, kp_resp *);
/* Gives the line to the stack if it is in order, all that came was read and nothing was cut short; else frees it. */
void kp_link_done(kp_link *, kp_line_stack *, bool in_order);

#endif
