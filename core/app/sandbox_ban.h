/* sandbox_ban.h: bans client addresses that try wrong keys. */
#ifndef KP_APP_SANDBOX_BAN_H
#define KP_APP_SANDBOX_BAN_H

#include <stdbool.h>
#include <stdint.h>

#include "app/sandbox_address.h"

typedef struct sandbox_bans sandbox_bans;

/* NULL when memory is short. */
sandbox_bans *sandbox_bans_new(uint64_t ban_ms);
void sandbox_bans_free(sandbox_bans *);
/* Is this address banned at this service now? Asking prolongs the ban. Safe from any thread, as is the next. */
bool sandbox_bans_ask(sandbox_bans *, int provider, const sandbox_address *, uint64_t now);
/* A wrong key came from here: the fifth within a minute bans the address. */
void sandbox_bans_wrong_key(sandbox_bans *, int provider, const sandbox_address *, uint64_t now);

#endif
