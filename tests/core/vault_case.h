/* vault_case.h: for tests of operations whose key is in a Vault: what it answers, and which key is in use; include
 * after cmocka.h. */
#ifndef KP_TESTS_VAULT_CASE_H
#define KP_TESTS_VAULT_CASE_H

#include "op_case.h"

static char secret[4][256];

/* What Vault answers for a secret whose key is case_key(n). */
static inline const char *vault_has(size_t n, int version) {
    snprintf(secret[n], sizeof secret[n],
             "{\"data\":{\"data\":{\"api_key\":\"%s\"},\"metadata\":{\"version\":%d,\"destroyed\":false,"
             "\"deletion_time\":\"\",\"created_time\":\"2026-11-01T00:00:00Z\"}}}",
             t.secrets[n], version);
    return secret[n];
}

static inline void pass_time(uint64_t ms) {
    t.w.mono_ms += ms;
    t.w.unix_ms += (int64_t)ms;
}

static inline void use_vault(void) {
    for (size_t i = 1; i < 4; i++)
        case_key(i);
    option("keys", "[\"vault://secret/captchaai\"]");
    put_place("env:VAULT_ADDR", "http://127.0.0.1:8200", KP_FOUND, 0);
    put_place("env:VAULT_TOKEN", "s.0token0of0a0test", KP_FOUND, 0);
}

static inline void expect_key(size_t n) {
    assert_true(strstr(kp_http_url(t.op), t.secrets[n]) ||
                (kp_http_body(t.op, NULL) && strstr(kp_http_body(t.op, NULL), t.secrets[n])));
}

static inline void expect_asks_with(int kind, const char *state, size_t n) {
    begin(kind);
    if (!reach(state))
        fail_msg("%s: %s", fact("text"), t.trace);
    expect_key(n);
    expect_error(KP_OK);
}

#endif
