/* sandbox_service.h: what both services do alike: letting a caller in, and taking a task for money. */
#ifndef KP_APP_SANDBOX_SERVICE_H
#define KP_APP_SANDBOX_SERVICE_H

#include "app/sandbox_account.h"
#include "app/sandbox_ban.h"
#include "app/sandbox_ledger.h"
#include "app/sandbox_options.h"
#include "app/sandbox_request.h"
#include "app/sandbox_task.h"
#include "app/sandbox_watch.h"

#define SANDBOX_ID_SIZE 24

typedef struct sandbox_service {
    const sandbox_options *options;
    sandbox_accounts *accounts;
    sandbox_watch *watch; /* of the key files that were given; NULL: none */
    sandbox_bans *bans;
    sandbox_tasks *tasks;
    sandbox_lines ledger, record;
} sandbox_service;

typedef enum sandbox_verdict {
    SANDBOX_FINE = 0,
    SANDBOX_BANNED,
    SANDBOX_MALFORMED_KEY,
    SANDBOX_UNKNOWN_KEY,
    SANDBOX_ADDRESS_REFUSED,
    SANDBOX_NO_FUNDS,
    SANDBOX_NO_ROOM,
    SANDBOX_TROUBLE /* memory, or the ledger cannot be written */
} sandbox_verdict;

/* A task that a caller wants. */
typedef struct sandbox_order {
    int provider;
    sandbox_account *account;
    const sandbox_key *key;
    const char *method;
    size_t method_len;
    sandbox_kind kind;
    bool at_once;       /* ready without waiting */
    const char *answer; /* that the caller chose; NULL: none */
    size_t answer_len;
} sandbox_order;

/* Milliseconds that only go forward. */
uint64_t sandbox_now(void);
/* Who asks? Counts a wrong key. */
sandbox_verdict sandbox_admit(sandbox_service *, sandbox_request *, int provider, const char *key, size_t len,
                              sandbox_account **out);
/* Charges, keeps the task and writes the ledger; all or nothing. id: as the caller knows it. */
sandbox_verdict sandbox_take(sandbox_service *, const sandbox_order *, char id[SANDBOX_ID_SIZE]);
/* The number in an id; 0: it is none of this service. */
uint64_t sandbox_id_number(int provider, const char *id, size_t len);
/* Adds the text of a task's answer. */
void sandbox_add_answer(kp_buf *, const char *id, const char *chosen, size_t chosen_len);

/* Answers a request: sets status, type, answer and wait_ms. One file each. */
void sandbox_captchaai(sandbox_service *, sandbox_request *);
void sandbox_nocaptchaai(sandbox_service *, sandbox_request *);

#endif
