/* sandbox_service.c: keys, addresses and charges, the same for both services. */
#include "app/sandbox_service.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

#define NOCAPTCHAAI_START "nc-" /* ids there are text, so that nobody takes them for numbers */

uint64_t sandbox_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool has_key_form(const char *key, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (kp_hex_value(key[i]) < 0)
            return false;
    return len == 32;
}

static bool allowed(const sandbox_options *o, const sandbox_address *client) {
    for (size_t i = 0; i < o->allowed_count; i++)
        if (sandbox_address_same(&o->allowed[i], client))
            return true;
    return o->allowed_count == 0;
}

sandbox_verdict sandbox_admit(sandbox_service *service, sandbox_request *req, int provider, const char *key, size_t len,
                              sandbox_account **out) {
    uint64_t now = sandbox_now();
    sandbox_watch_look(service->watch);
    *out = sandbox_accounts_find(service->accounts, key, len, &req->key);
    if (!*out && len)
        kp_fingerprint(key, len, sandbox_provider_name(provider), req->wrong_key);
    if (sandbox_bans_ask(service->bans, provider, &req->client, now))
        return SANDBOX_BANNED;
    if (!*out) {
        sandbox_bans_wrong_key(service->bans, provider, &req->client, now);
        return key && has_key_form(key, len) ? SANDBOX_UNKNOWN_KEY : SANDBOX_MALFORMED_KEY;
    }
    return allowed(service->options, &req->client) ? SANDBOX_FINE : SANDBOX_ADDRESS_REFUSED;
}

sandbox_verdict sandbox_take(sandbox_service *service, const sandbox_order *order, char id[SANDBOX_ID_SIZE]) {
    int64_t price = sandbox_options_price(service->options, order->method, order->method_len);
    if (order->answer_len > SANDBOX_CHOSEN_MAX)
        return SANDBOX_NO_ROOM;
    if (!sandbox_account_charge(order->account, order->provider, price))
        return SANDBOX_NO_FUNDS;
    sandbox_task task = {.ready_at = sandbox_now() + (order->at_once ? 0 : service->options->solve_ms),
                         .account = sandbox_account_number(order->account),
                         .provider = (uint8_t)order->provider,
                         .kind = (uint8_t)order->kind};
    uint64_t number = sandbox_tasks_add(service->tasks, &task, order->answer, order->answer_len);
    snprintf(id, SANDBOX_ID_SIZE, "%s%llu", order->provider == SANDBOX_NOCAPTCHAAI ? NOCAPTCHAAI_START : "",
             (unsigned long long)number);
    sandbox_verdict verdict = number ? SANDBOX_FINE : SANDBOX_NO_ROOM;
    if (number &&
        !sandbox_ledger_add(&service->ledger, order->provider, order->method, order->method_len, id, order->key, price))
        verdict = SANDBOX_TROUBLE;
    if (verdict != SANDBOX_FINE)
        sandbox_account_refund(order->account, order->provider, price);
    return verdict;
}

uint64_t sandbox_id_number(int provider, const char *id, size_t len) {
    size_t skip = provider == SANDBOX_NOCAPTCHAAI ? sizeof NOCAPTCHAAI_START - 1 : 0;
    int64_t number = 0;
    if (len <= skip || memcmp(id, NOCAPTCHAAI_START, skip) != 0 || !kp_is_digit(id[skip]) ||
        !kp_parse_i64(id + skip, len - skip, &number) || number <= 0)
        return 0;
    return (uint64_t)number;
}

void sandbox_add_answer(kp_buf *b, const char *id, const char *chosen, size_t chosen_len) {
    if (chosen_len) {
        kp_buf_add(b, chosen, chosen_len);
        return;
    }
    kp_buf_str(b, "sandbox-answer-");
    kp_buf_str(b, id);
}
