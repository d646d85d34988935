/* line.h: one connection cache with the handle that uses it, and the stack of those that are idle. */
#ifndef KP_NET_LINE_H
#define KP_NET_LINE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "keyplate.h"

enum { KP_LINE_SOCKETS = 8, KP_LINE_HEADERS = 8 };

/* Used by one thread at a time, because libcurl's connection cache cannot be shared; for operations of one client. */
typedef struct kp_line kp_line;

struct kp_line {
    CURLM *multi;
    CURL *easy;
    kp_line *below;               /* in the stack that it lies in */
    kp_line *next, *before;       /* among all lines of the process */
    int sockets[KP_LINE_SOCKETS]; /* that are open, -1 for none */
    bool foreign;                 /* made before a fork: it belongs to the parent */
    bool direct;                  /* as it was routed last: without a proxy */
    bool routed;                  /* what the client's configuration says of the way out is set */
    bool has_ca;                  /* certificates of CAs were found */

    /* the call that is under way */
    kp_op *op;
    struct curl_slist header[KP_LINE_HEADERS]; /* parts of the text below; libcurl only reads them */
    kp_buf header_text;                        /* each ended by a NUL; safe memory, kept and wiped */
    uint64_t left_ms, away_ms; /* when its driver went away in the midst of it, and for how long altogether */
    const char *body;
    size_t body_len, body_at;
    size_t head_len;
    int status;
    bool once;       /* never to be sent again */
    bool begun;      /* bytes of the request may have left */
    bool head_whole; /* the head of the answer proper came to its end */
    bool stopped;    /* the operation wants no more of the answer */
};

/* Idle lines of one runner; zeroed at its start. */
typedef struct kp_line_stack {
    kp_line *top;
    size_t count;
} kp_line_stack;

/* Starts libcurl once for the process. NULL when libcurl cannot start or memory is short. */
kp_line *kp_line_new(void);
/* NULL is fine. A foreign line is left as it is. */
void kp_line_free(kp_line *);
/* An idle line whose connections are open and quiet, or a new one; NULL as kp_line_new. Safe from any thread, and in a
   child, which gets none of its parent's. */
kp_line *kp_line_take(kp_line_stack *);
void kp_line_give(kp_line_stack *, kp_line *);
/* Frees all that lie there. */
void kp_line_stack_free(kp_line_stack *);
/* Makes the line ready for the HTTP step of an operation. */
void kp_line_begin(kp_line *, kp_op *);
/* Takes the call off the line and wipes the headers; a connection with half an answer is closed. Of a foreign line only
   the headers are this process's to touch. */
void kp_line_end(kp_line *);

#endif
