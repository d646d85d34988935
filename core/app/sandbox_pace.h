/* sandbox_pace.h: answers that wait, trickle or break off, without holding up the others. */
#ifndef KP_APP_SANDBOX_PACE_H
#define KP_APP_SANDBOX_PACE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Bytes for a socket: start, then unit again and again. */
typedef struct sandbox_stream {
    kp_buf start;
    const kp_buf *unit; /* NULL: only start */
    uint64_t total;     /* where it ends; UINT64_MAX: never */
    uint64_t at;
} sandbox_stream;

/* What is to be done with a suspended connection before it is resumed. */
typedef struct sandbox_job {
    struct MHD_Connection *connection;
    uint64_t due; /* when (sandbox_now) it begins or goes on */
    bool writes;  /* writes the stream to fd and ends the connection; else it only waits */
    bool resets;  /* ends it with a reset */
    int fd;
    uint64_t drip_ms; /* before each byte; 0: as fast as it goes */
    sandbox_stream stream;
} sandbox_job;

typedef struct sandbox_pace sandbox_pace;

/* Starts the thread that does the jobs. NULL: it cannot. */
sandbox_pace *sandbox_pace_start(void);
/* Does a job (lent until its connection is resumed). The connection is suspended already. When there is no memory, or
   after sandbox_pace_stop, it is resumed at once. */
void sandbox_pace_add(sandbox_pace *, sandbox_job *);
/* Resumes every connection that waits; the thread ends. */
void sandbox_pace_stop(sandbox_pace *);
void sandbox_pace_free(sandbox_pace *);
/* Ends a connection with a TCP reset; the socket stays open for its owner to close. */
void sandbox_reset_socket(int fd);

#endif
