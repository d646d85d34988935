/* client.h: what operations of one client share: configuration, keys that were found, retry quota. */
#ifndef KP_ENGINE_CLIENT_H
#define KP_ENGINE_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/config.h"
#include "engine/events.h"
#include "engine/ring.h"
#include "engine/sealer.h"
#include "policy/limits.h"
#include "policy/sessions.h"
#include "policy/tally.h"
#include "wire/provider.h"

struct kp_client {
    pthread_mutex_t lock; /* guards all below that changes: owners, ring.slots, cells, loader, quota, ban, weakness,
                             events, tally, balance, sealer.key */
    int owners;
    kp_config *config;
    const kp_provider *provider;
    int error; /* why no operation of this client can work; 0 */
    kp_buf problem;
    kp_ring ring;
    kp_limits *limits;      /* fixed, but for the files of its zones */
    struct kp_share *share; /* of limits, while the store is away; NULL: none was needed */
    const char *base_url;
    char scope[64];           /* names of gates in the store begin with it: service, base URL and egress */
    char realm[104];          /* names of what is of one service, base URL and profile, over every egress */
    size_t preferred;         /* the member that somebody chose with KP_USE; past the last: none */
    kp_sealer sealer;         /* of the audit record */
    kp_sessions *sessions;    /* tokens of key sources; NULL: none, or a fetch has them */
    const kp_op *loader;      /* the operation that looks for keys now */
    uint64_t loader_until;    /* its lease */
    int quota;                /* of retries of reads */
    uint64_t banned_until;    /* monotonic */
    kp_client *next, *before; /* all clients of the process, for fork */
    kp_buf weakness;          /* what protects less than it should; strict mode refuses */
    kp_event_queue events;    /* what happened, for the log of the host */
    kp_tally tally;           /* how calls of this process ended, for its metrics */
    int64_t balance_micro;    /* as this process read it last, and when (unix ms; 0: never) */
    int64_t balance_ms;
};

kp_client *kp_client_keep(kp_client *);
/* Whether kp_client_chore would give one now. */
bool kp_client_is_chore_due(kp_client *, uint64_t mono_ms);
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
