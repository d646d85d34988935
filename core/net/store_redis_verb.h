/* store_redis_verb.h: makes commands of Redis of store verbs. */
#ifndef KP_NET_STORE_REDIS_VERB_H
#define KP_NET_STORE_REDIS_VERB_H

#include "base/buf.h"
#include "policy/admit.h"

#define KP_REDIS_KNOWN "KNOWN"

typedef struct kp_redis_verb {
    const char *prefix; /* of all keys: "{keyplate}:" */
    const kp_arg *args; /* well; or KP_REDIS_KNOWN, an id and the reply if that is new */
    size_t count;
    kp_arg need; /* SETTLE: what the reply "need NAME..." said, without that word; else empty */
} kp_redis_verb;

typedef enum kp_redis_words {
    KP_WORDS_WELL,
    KP_WORDS_BAD,        /* whatever the store holds: the reply is there */
    KP_WORDS_BAD_IF_NEW, /* the same, but an id that was admitted gets its old answer */
    KP_WORDS_UNREAD      /* memory is short */
} kp_redis_words;

/* What can be told of a verb without the store. */
kp_redis_words kp_redis_verb_look(const kp_arg *args, size_t count, kp_buf *reply);
/* Adds "EVALSHA script" or "EVAL script" with keys and words. */
void kp_redis_verb_add(const kp_redis_verb *, const char *how, const char *script, size_t script_len, kp_buf *out);

#endif
