/* members.h: the members of the key ring in order of preference, configured or by default. */
#ifndef KP_POLICY_MEMBERS_H
#define KP_POLICY_MEMBERS_H

#include "base/buf.h"
#include "policy/keyref.h"
#include "policy/window.h"
#include "wire/provider.h"

typedef struct kp_member {
    char name[33];   /* letters, digits, '.', '_', '-'; unique in the list */
    char *account;   /* NULL: the one account that all members without the option share */
    kp_keyref *from; /* the first that exists wins */
    size_t from_count;
    bool by_default;      /* not configured: its absence is normal */
    int64_t not_after_ms; /* unix ms: its last moment; KP_NO_EXPIRY (age.h): it has none */
    kp_windows *windows;  /* when it may be used; NULL: always. Whoever has the list gives the files of its zones */
} kp_member;

typedef struct kp_members {
    kp_member *list;
    size_t count;
} kp_members;

/* keys_json: NULL or "" for the defaults (primary, backup, key2 .. key9 of the design), else a JSON list whose items
   are references or {"name":..,"from":[..],"account":..,"not_after":..,"window":..} (age.h, window.h); one reference or
   object alone is a list of one. Unnamed members get primary, backup, key2, ... by their place. 0, or KP_E_REFERENCE,
   KP_E_CONFIG, KP_E_MEMORY with *problem.
 */
int kp_members_make(const kp_provider *, const char *keys_json, kp_members *out, kp_buf *problem);
void kp_members_free(kp_members *);

#endif
