/* store_redis_script.h: the script that does the store verbs (policy/admit.h) inside a Redis server. */
#ifndef KP_NET_STORE_REDIS_SCRIPT_H
#define KP_NET_STORE_REDIS_SCRIPT_H

#include "base/buf.h"

enum { KP_REDIS_SHA_SIZE = 41 };

/* ARGV: the words of a verb that kp_admit does not call bad. KEYS, each a prefix and the name of policy/admit_map.h:
 *   GET, PUT, MARK   the names, in their order
 *   ADMIT            "id ID", then that of each item, in their order
 *   SETTLE           "id ID", then those of the reply "need NAME..."
 *   KNOWN            "id ID"; the words are ID and a reply, for ADMIT with wrong items: given if the id is new
 * The reply is the verb's, byte for byte that of kp_admit with the server's time. SETTLE has one more: "need NAME...",
 * nothing was done: to be asked again with "rate NAME" of each among the keys, because a script must declare the keys
 * that it touches, and only the record of the id says which these are. */
void kp_redis_script_add(kp_buf *out);

/* By what EVALSHA knows the script: lower hex, "" if this OpenSSL has no SHA-1. */
void kp_redis_script_sha(const kp_buf *script, char sha[KP_REDIS_SHA_SIZE]);

#endif
