/* client.h: what operations of one client share: configuration, keys that were found, retry quota. */
#ifndef KP_ENGINE_CLIENT_H
#define KP_ENGINE_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/config.h"
#include "engine/events.h"
#include "policy/members.h"
#include "safe/cell.h"
#include "safe/crypto.h"
#include "safe/known.h"
#include "wire/provider.h"

/* The key of one member, once it was found. */
typedef struct kp_key {
    kp_cell *cell; /* NULL: not found yet */
    kp_known *known;
    char fingerprint[KP_FINGERPRINT_SIZE];
    char mask[KP_MASK_SIZE];
    char *source;           /* the place where it was found */
    bool open;              /* that place is readable by other users */
    uint64_t cooling_until; /* monotonic; kept here too, for when the store is away */
} kp_key;

/* Members and their keys: the client's, or the one of an operation that was given a reference. */
typedef struct kp_ring {
    kp_members members;
    kp_key *keys; /* as many as members.count */
} kp_ring;

/* host: the option; whoever wrote a key where a reference belongs is told how that program hands one in. */
int kp_ring_make(kp_ring *, const kp_provider *, const char *keys_json, const char *host, kp_buf *problem);
void kp_ring_free(kp_ring *);

struct kp_client {
    pthread_mutex_t
        lock; /* guards all below that changes: owners, ring.keys, cells, loader, quota, ban, weakness, events */
    int owners;
    kp_config *config;
    const kp_provider *provider;
    int error; /* why no operation of this client can work; 0 */
    kp_buf problem;
    kp_ring ring;
    const char *base_url;
    char scope[64];           /* names of gates in the store begin with it: service, base URL and egress */
    const kp_op *loader;      /* the operation that looks for keys now */
    uint64_t loader_until;    /* its lease */
    int quota;                /* of retries of reads */
    uint64_t banned_until;    /* monotonic */
    kp_client *next, *before; /* all clients of the process, for fork */
    kp_buf weakness;          /* what protects less than it should; strict mode refuses */
    kp_event_queue events;    /* what happened, for the log of the host */
};

kp_client *kp_client_keep(kp_client *);
/* Whether the operation is one of this client. */
bool kp_client_has(const kp_client *, const kp_op *);
/* Drivers tell what protects less than it should, as a sentence; strict mode then refuses to work. */
void kp_client_weaken(kp_client *, const char *sentence);
/* Whether the quota has the price of one retry; takes it; a success gives some back. */
bool kp_client_may_retry(kp_client *);
void kp_client_retry(kp_client *);
void kp_client_success(kp_client *);
/* Adds for people how calls go out: "directly", "through the proxy ...", "from the address ...". */
void kp_client_egress(const kp_client *, kp_buf *);

#endif
