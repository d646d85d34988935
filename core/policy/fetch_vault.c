/* fetch_vault.c: reads a secret of KV version 2 from Vault or OpenBao. The server is VAULT_ADDR, VAULT_NAMESPACE its
 * namespace; vault_token.c says where the token comes from. */
#include "policy/fetch_vault.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

static const char *const variables[VAULT_VARIABLES] = {"VAULT_ADDR",          "VAULT_NAMESPACE", "VAULT_TOKEN",
                                                       "VAULT_ROLE_ID",       "VAULT_SECRET_ID", "VAULT_SECRET_ID_FILE",
                                                       "VAULT_APPROLE_MOUNT", "VAULT_K8S_ROLE",  "VAULT_K8S_MOUNT"};

static void begin(kp_fetch *f) {
    if (f->want == KP_FETCH_PENDING) {
        kp_fetch_absent(f, "Vault has no pending versions");
        return;
    }
    if (!kp_fetch_var(f, VAULT_ADDR)[0]) {
        kp_fetch_fail(f, KP_E_SOURCE_SETUP,
                      "VAULT_ADDR is not set; it is the server's address, such as "
                      "https://vault.example:8200");
        return;
    }
    const char *problem = kp_fetch_base_problem(f, kp_fetch_var(f, VAULT_ADDR));
    if (problem)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "VAULT_ADDR: %s", problem);
    else
        kp_vault_find_token(f);
}

void kp_vault_headers(kp_fetch *f) {
    /* A listener can be set up to refuse requests without it: no browser sends it for a page. */
    kp_fetch_header(f, "X-Vault-Request", "true");
    if (kp_fetch_var(f, VAULT_NAMESPACE)[0])
        kp_fetch_header(f, "X-Vault-Namespace", kp_fetch_var(f, VAULT_NAMESPACE));
}

void kp_vault_add_path(kp_buf *out, const char *path) {
    for (;;) {
        size_t len = strcspn(path, "/");
        kp_add_percent(out, path, len);
        if (!path[len])
            return;
        kp_buf_char(out, '/');
        path += len + 1;
    }
}

void kp_vault_ask_data(kp_fetch *f, int64_t version) {
    f->number = version;
    kp_fetch_call(f, VAULT_AT_DATA, "GET", kp_fetch_var(f, VAULT_ADDR), "/v1/");
    kp_buf *url = &f->request.url;
    kp_vault_add_path(url, f->ref->mount);
    kp_buf_str(url, "/data/");
    kp_vault_add_path(url, f->ref->place);
    if (version > 0)
        kp_buf_fmt(url, "?version=%lld", (long long)version);
    kp_vault_headers(f);
    kp_fetch_header(f, "X-Vault-Token", kp_buf_text(&f->text[VAULT_THE_TOKEN]));
    kp_fetch_send(f, NULL);
}

static int64_t take_version(kp_fetch *f, kp_json metadata) {
    int64_t version = 0;
    if (!kp_json_i64(kp_json_get(metadata, "version"), &version) || version < 1)
        return 0;
    kp_buf_clear(&f->version);
    kp_buf_fmt(&f->version, "version %lld", (long long)version);
    return version;
}

/* The version before the current one, whose number is known now. true: the fetch goes on or is over. */
static bool goes_back(kp_fetch *f, int64_t current) {
    if (f->want != KP_FETCH_PREVIOUS || f->number > 0)
        return false;
    kp_buf_clear(&f->version);
    if (current < 2)
        kp_fetch_absent(f, "there is no version before the current one");
    else
        kp_vault_ask_data(f, current - 1);
    return true;
}

static void say_gone(kp_fetch *f, kp_json metadata) {
    bool destroyed = kp_json_get(metadata, "destroyed").type == KP_JSON_TRUE;
    const char *version = f->version.len > 0 ? kp_buf_text(&f->version) : "this version";
    kp_fetch_fail(f, KP_E_SOURCE_DELETED, "%s is %s", version, destroyed ? "destroyed" : "deleted");
}

static void on_secret(kp_fetch *f, const kp_fetch_answer *a) {
    kp_json outer = kp_json_get(a->json, "data");
    kp_json metadata = kp_json_get(outer, "metadata");
    kp_json data = kp_json_get(outer, "data");
    int64_t version = take_version(f, metadata);
    if (version == 0 || (data.type != KP_JSON_OBJECT && data.type != KP_JSON_NULL))
        kp_fetch_fail(f, KP_E_SOURCE_ANSWER,
                      a->json.type == KP_JSON_OBJECT
                          ? "the answer is not that of a secrets engine KV version 2; is the mount one?"
                          : "the answer is no JSON object; is VAULT_ADDR the address of a Vault?");
    else if (!goes_back(f, version)) {
        if (data.type == KP_JSON_NULL)
            say_gone(f, metadata);
        else
            kp_fetch_found_field(f, data, f->ref->field);
    }
}

/* A version that is deleted comes with its metadata, a secret that is not there with an empty list of errors, a mount
 * that is not there with an error. */
static void on_nothing(kp_fetch *f, const kp_fetch_answer *a) {
    kp_json metadata = kp_json_get(kp_json_get(a->json, "data"), "metadata");
    kp_json errors = kp_json_get(a->json, "errors");
    size_t at = 0;
    kp_json name, value;
    if (metadata.type == KP_JSON_OBJECT) {
        int64_t version = take_version(f, metadata);
        if (!goes_back(f, version))
            say_gone(f, metadata);
    } else if (errors.type != KP_JSON_ARRAY)
        kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "HTTP 404 without what Vault says with it; is VAULT_ADDR right?");
    else if (kp_json_next(errors, &at, &name, &value))
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "Vault has no secrets engine at this mount, or no such namespace");
    else
        kp_fetch_absent(f, f->number > 0 ? "the version before the current one is not there any more"
                                         : "there is no such secret");
}

static void on_data(kp_fetch *f, const kp_fetch_answer *a) {
    switch (a->away ? 0 : a->status) {
    case 200: on_secret(f, a); return;
    case 404: on_nothing(f, a); return;
    case 401:
    case 403:
        if (!kp_vault_login_again(f))
            kp_fetch_fail(f, KP_E_SOURCE_REFUSED,
                          "Vault refuses the token, or its policies do not let it read this "
                          "secret (HTTP %d)",
                          a->status);
        return;
    case 412:
    case 472:
    case 473:
    case 474:
        kp_fetch_fail(f, KP_E_SOURCE_AWAY, "this node of Vault cannot answer now: standby or behind (HTTP %d)",
                      a->status);
        return;
    default: break;
    }
    if (!kp_fetch_common(f, a, "Vault"))
        kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "Vault answered with HTTP %d", a->status);
}

static void on_answer(kp_fetch *f, const kp_fetch_answer *a) {
    if (f->stage == VAULT_AT_LOGIN)
        kp_vault_on_login(f, a);
    else if (f->stage == VAULT_AT_RENEWAL)
        kp_vault_on_renewal(f, a);
    else
        on_data(f, a);
}

const kp_source kp_source_vault = {.variables = variables,
                                   .variable_count = VAULT_VARIABLES,
                                   .credentials = 1U << VAULT_TOKEN | 1U << VAULT_ROLE_ID | 1U << VAULT_SECRET_ID,
                                   .begin = begin,
                                   .on_file = kp_vault_on_file,
                                   .on_answer = on_answer};
