/* store_redis_script.h: the script that does the store verbs (policy/admit.h) inside a Redis server. */
#ifndef KP_NET_STORE_REDIS_SCRIPT_H
#define KP_NET_STORE_REDIS_SCRIPT_H

#include "base/buf.h"

enum { KP_REDIS_SHA_SIZE = 41 };

/* Of a verb that kp_admit does not call bad, each key a prefix and the name of policy/admit_map.h:
 *
 *            KEYS                                                      ARGV
 *   GET      the names, in their order                                 GET
 *   PUT      the names                                                 PUT {value ttl_ms}...
 *   MARK     the names                                                 MARK {field value ttl_ms}...
 *   ADMIT    "id ID", then that of each item, in their order           ADMIT wait_ms clear_ms {gate | [soft] period_us
 *                                                                      (burst - 1) * period_us}...
 *   SETTLE   "id ID", then "rate NAME" of those of "need NAME..."      SETTLE 0|-
 *   KNOWN    "id ID"                                                   KNOWN reply
 *
 * clear_ms: when Redis may clear away the rates that took. KNOWN is for ADMIT with wrong items: its reply is given if
 * the id is new. The reply is the verb's, byte for byte that of kp_admit with the server's time. SETTLE has one more:
 * "need NAME...", nothing was done: to be asked again with these among the keys, because a script must declare the keys
 * that it touches, and only the record of the id says which these are. */
void kp_redis_script_add(kp_buf *out);

/* By what EVALSHA knows the script: lower hex, "" if this OpenSSL has no SHA-1. */
void kp_redis_script_sha(const kp_buf *script, char sha[KP_REDIS_SHA_SIZE]);

#endif
