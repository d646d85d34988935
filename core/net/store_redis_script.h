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
 *   ADMIT    "id ID", then that of each item, in their order           ADMIT wait_ms clear_ms ITEM...
 *   SPEND    the same
 *   LOOK     "id ", then that of each item, in their order             LOOK 0 0 ITEM...
 *   SETTLE   "id ID", then those of "need NAME..."                     SETTLE 0|-
 *   KNOWN    "id ID"                                                   KNOWN reply
 *
 * ITEM is one of
 *
 *   gate
 *   [soft] period_us (burst - 1) * period_us
 *   [soft] budget limit add zone_s|24h
 *   [soft] slot limit ttl_ms
 *
 * SPEND is ADMIT with a budget or a slot among its items. clear_ms: when Redis may clear away the rates that took.
 * KNOWN is for ADMIT with wrong items: its reply is given if the id is new. The reply is the verb's, byte for byte that
 * of kp_admit with the server's time. SETTLE has one more: "need NAME...", where each NAME has two words such as
 * "rate r": nothing was done, to be asked again with these among the keys, because a script must declare the keys that
 * it touches, and only the record of the id says which these are. */
void kp_redis_script_add(kp_buf *out);
/* The part of it that counts budgets and slots; part of kp_redis_script_add. */
void kp_redis_script_add_sums(kp_buf *out);

/* By what EVALSHA knows the script: lower hex, "" if this OpenSSL has no SHA-1. */
void kp_redis_script_sha(const kp_buf *script, char sha[KP_REDIS_SHA_SIZE]);

#endif
