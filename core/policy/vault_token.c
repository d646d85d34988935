/* vault_token.c: finds a token for Vault or OpenBao. The first of these that is there counts:
 *
 *   1. VAULT_TOKEN
 *   2. AppRole: VAULT_ROLE_ID and VAULT_SECRET_ID (or a file that VAULT_SECRET_ID_FILE names; neither for a role that
 *      needs none), at the mount VAULT_APPROLE_MOUNT (approle)
 *   3. Kubernetes: VAULT_K8S_ROLE with the token of the pod's service account, at the mount VAULT_K8S_MOUNT
 * (kubernetes)
 *   4. ~/.vault-token
 *
 * A token that somebody else made (1, 4) is never renewed: whoever made it does that, and it can be made to end. A
 * token of our own login is kept, renewed after about two thirds of its time, and got anew when it is refused, cannot
 * be renewed, or is renewed for less time than before, which is how a server says that its longest time is coming.
 */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "keyplate.h"
#include "policy/fetch_vault.h"

enum { LEASE_MOST_S = 315360000, RENEW_AGAIN_MS = 5000 }; /* ten years */

static const char token_file[] = "~/.vault-token";
static const char pod_token[] = "/var/run/secrets/kubernetes.io/serviceaccount/token";

static bool is_approle(const kp_fetch *f) {
    return kp_fetch_var(f, VAULT_ROLE_ID)[0];
}

static const char *method(const kp_fetch *f) {
    return is_approle(f) ? "AppRole" : "Kubernetes";
}

static const char *mount(const kp_fetch *f) {
    const char *given = kp_fetch_var(f, is_approle(f) ? VAULT_APPROLE_MOUNT : VAULT_K8S_MOUNT);
    return given[0] ? given : is_approle(f) ? "approle" : "kubernetes";
}

static void name_session(kp_fetch *f) {
    const char *const parts[] = {method(f), kp_fetch_var(f, VAULT_ADDR), kp_fetch_var(f, VAULT_NAMESPACE), mount(f),
                                 kp_fetch_var(f, is_approle(f) ? VAULT_ROLE_ID : VAULT_K8S_ROLE)};
    kp_buf *name = &f->text[VAULT_MADE_FROM];
    kp_buf_clear(name);
    kp_buf_str(name, "vault");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        kp_buf_char(name, '\n');
        kp_buf_str(name, parts[i]);
    }
}

/* ---- Login ---- */

static void log_in(kp_fetch *f) {
    const kp_buf *credential = &f->text[VAULT_CREDENTIAL];
    kp_fetch_call(f, VAULT_AT_LOGIN, "POST", kp_fetch_var(f, VAULT_ADDR), "/v1/auth/");
    kp_vault_add_path(&f->request.url, mount(f));
    kp_buf_str(&f->request.url, "/login");
    kp_vault_headers(f);
    kp_fetch_type(f, "application/json");
    kp_buf *body = &f->request.body;
    const kp_buf *role = &f->var[is_approle(f) ? VAULT_ROLE_ID : VAULT_K8S_ROLE];
    kp_buf_str(body, is_approle(f) ? "{\"role_id\":" : "{\"role\":");
    kp_add_json(body, kp_buf_text(role), role->len);
    if (credential->len > 0) {
        kp_buf_str(body, is_approle(f) ? ",\"secret_id\":" : ",\"jwt\":");
        kp_add_json(body, kp_buf_text(credential), credential->len);
    }
    kp_buf_char(body, '}');
    kp_fetch_send(f, NULL);
}

/* What a login needs is read each time: pods get new tokens, and secret ids are replaced. */
static void ask_credential(kp_fetch *f) {
    const kp_buf *secret_id = &f->var[VAULT_SECRET_ID];
    const char *file = kp_fetch_var(f, VAULT_SECRET_ID_FILE);
    if (!is_approle(f))
        kp_fetch_file(f, VAULT_AT_CREDENTIAL, pod_token);
    else if (secret_id->len > 0 && file[0])
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "VAULT_SECRET_ID and VAULT_SECRET_ID_FILE are both set");
    else if (file[0])
        kp_fetch_file(f, VAULT_AT_CREDENTIAL, file);
    else {
        kp_fetch_secret(f, &f->text[VAULT_CREDENTIAL], kp_buf_text(secret_id), secret_id->len);
        log_in(f);
    }
}

static kp_session facts_of(const kp_fetch *f, kp_json auth) {
    int64_t lease_s = 0;
    kp_session facts = {.renew_ms = UINT64_MAX, .expires_ms = UINT64_MAX};
    facts.renewable = kp_json_get(auth, "renewable").type == KP_JSON_TRUE;
    if (!kp_json_i64(kp_json_get(auth, "lease_duration"), &lease_s) || lease_s <= 0)
        return facts;
    facts.lease_ms = (uint64_t)(lease_s < LEASE_MOST_S ? lease_s : LEASE_MOST_S) * 1000;
    facts.expires_ms = f->mono_ms + facts.lease_ms;
    /* a fleet that started together does not renew together */
    facts.renew_ms = f->mono_ms + facts.lease_ms / 3 * 2 - f->random % (facts.lease_ms / 20 + 1);
    return facts;
}

/* No word on the token: what answered is away, behind, a standby, or no Vault. */
static bool is_no_word(const kp_fetch_answer *a) {
    return a->away || a->status < 200 || (a->status >= 300 && a->status < 400) || a->status == 412 ||
           a->status == 429 || (a->status >= 472 && a->status <= 474) || a->status >= 500;
}

void kp_vault_on_login(kp_fetch *f, const kp_fetch_answer *a) {
    kp_json auth = kp_json_get(a->json, "auth");
    bool still_good = f->session && f->mono_ms < f->session->expires_ms;
    if (still_good && is_no_word(a)) {
        f->session->renew_ms = f->mono_ms + RENEW_AGAIN_MS;
        kp_vault_ask_data(f, f->number);
    } else if (kp_fetch_common(f, a, "Vault"))
        return;
    else if (a->status == 400 || a->status == 401 || a->status == 403)
        kp_fetch_fail(f, KP_E_SOURCE_REFUSED, "Vault refuses the login with %s (HTTP %d)", method(f), a->status);
    else if (a->status == 404)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "Vault has no auth method at the mount for %s", method(f));
    else if (a->status == 412 || (a->status >= 472 && a->status <= 474))
        kp_fetch_fail(f, KP_E_SOURCE_AWAY, "this node of Vault cannot answer now: standby or behind (HTTP %d)",
                      a->status);
    else if (a->status != 200 || !kp_fetch_member(f, &f->text[VAULT_THE_TOKEN], auth, "client_token"))
        kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "the answer to the login with %s has no token in it (HTTP %d)", method(f),
                      a->status);
    else {
        if (kp_fetch_keep_session(f, VAULT_MADE_FROM, VAULT_THE_TOKEN, 1, facts_of(f, auth)))
            kp_vault_ask_data(f, f->number);
    }
}

/* ---- Renewal ---- */

static void renew(kp_fetch *f) {
    kp_fetch_call(f, VAULT_AT_RENEWAL, "POST", kp_fetch_var(f, VAULT_ADDR), "/v1/auth/token/renew-self");
    kp_vault_headers(f);
    kp_fetch_header(f, "X-Vault-Token", kp_buf_text(&f->text[VAULT_THE_TOKEN]));
    kp_fetch_type(f, "application/json");
    kp_buf_str(&f->request.body, "{}");
    kp_fetch_send(f, NULL);
}

void kp_vault_on_renewal(kp_fetch *f, const kp_fetch_answer *a) {
    if (is_no_word(a)) {
        /* the token is good for a while yet */
        f->session->renew_ms = f->mono_ms + RENEW_AGAIN_MS;
        kp_vault_ask_data(f, 0);
        return;
    }
    kp_json auth = kp_json_get(a->json, "auth");
    kp_session now = facts_of(f, auth);
    bool renewed = a->status == 200 && auth.type == KP_JSON_OBJECT;
    /* whole seconds are told, so a little less is not less */
    bool shorter = now.lease_ms > 0 && now.lease_ms / 9 * 10 < f->session->lease_ms;
    if (renewed && !shorter) {
        now.lease_ms = f->session->lease_ms;
        *f->session = now;
        kp_vault_ask_data(f, 0);
        return;
    }
    if (renewed)
        f->session->expires_ms = now.expires_ms;
    else {
        kp_sessions_drop(f->sessions, f->session);
        f->session = NULL;
    }
    ask_credential(f);
}

bool kp_vault_login_again(kp_fetch *f) {
    if (!kp_fetch_drop_session(f))
        return false;
    ask_credential(f);
    return true;
}

/* ---- Where it comes from ---- */

static void use_session(kp_fetch *f) {
    name_session(f);
    if (!kp_fetch_find_session(f, VAULT_MADE_FROM, VAULT_THE_TOKEN, 1))
        return;
    if (f->session && f->mono_ms >= f->session->expires_ms)
        kp_fetch_drop_session(f);
    if (!f->session || (f->mono_ms >= f->session->renew_ms && !f->session->renewable))
        ask_credential(f);
    else if (f->mono_ms >= f->session->renew_ms)
        renew(f);
    else
        kp_vault_ask_data(f, 0);
}

void kp_vault_find_token(kp_fetch *f) {
    const kp_buf *token = &f->var[VAULT_TOKEN];
    if (token->len > 0) {
        kp_fetch_secret(f, &f->text[VAULT_THE_TOKEN], token->data, token->len);
        kp_vault_ask_data(f, 0);
    } else if (is_approle(f) || kp_fetch_var(f, VAULT_K8S_ROLE)[0])
        use_session(f);
    else
        kp_fetch_file(f, VAULT_AT_TOKEN_FILE, token_file);
}

void kp_vault_on_file(kp_fetch *f, int how, int why, const char *text, size_t len) {
    bool token = f->stage == VAULT_AT_TOKEN_FILE;
    kp_buf *to = &f->text[token ? VAULT_THE_TOKEN : VAULT_CREDENTIAL];
    const char *what = token ? token_file : is_approle(f) ? "the file of VAULT_SECRET_ID_FILE" : pod_token;
    if (token && how == KP_ABSENT) {
        kp_fetch_fail(f, KP_E_SOURCE_SETUP,
                      "there is no token: set VAULT_TOKEN, VAULT_ROLE_ID with VAULT_SECRET_ID, or "
                      "VAULT_K8S_ROLE, or make ~/.vault-token by 'vault login'");
        return;
    }
    if (how != KP_FOUND) {
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "%s: %s", what, kp_fetch_file_reason(how, why));
        return;
    }
    kp_fetch_secret(f, to, text, len);
    if (to->len == 0 || !kp_fetch_is_plain(to))
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "%s: what is there is no token", what);
    else if (token)
        kp_vault_ask_data(f, 0);
    else
        log_in(f);
}
