/* gcp_token.c: finds an access token of Google. The first of these that is there counts:
 *
 *   1. the file that GOOGLE_APPLICATION_CREDENTIALS names: the key of a service account (no other kind of file)
 *   2. the metadata service of the machine (GCE_METADATA_HOST, metadata.google.internal): its default service account
 *
 * A token is kept, got anew five minutes ahead of its end, and used on while it cannot be.
 */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "keyplate.h"
#include "policy/fetch_gcp.h"
#include "safe/arena.h"
#include "safe/rsa.h"

enum { LIFE_S = 3600, LIFE_MOST_S = 86400 };

static bool has_file(const kp_fetch *f) {
    return kp_fetch_var(f, GCP_CREDENTIALS)[0];
}

/* ---- The service account ---- */

static void add_part(kp_buf *out, const kp_buf *json) {
    kp_add_base64(out, json->data, json->len, true);
    out->failed = out->failed || json->failed;
}

/* RFC 7515 and RFC 7523: header, claims and signature, with dots between. */
static kp_rsa add_jwt(kp_fetch *f, kp_buf *out) {
    const kp_buf *email = &f->text[GCP_EMAIL], *uri = &f->text[GCP_TOKEN_URI], *id = &f->text[GCP_KEY_ID];
    const kp_buf *key = &f->text[GCP_KEY];
    int64_t now_s = f->unix_ms / 1000;
    kp_buf json, signature;
    kp_buf_init(&json, &kp_safe);
    kp_buf_init(&signature, &kp_safe);
    kp_buf_str(&json, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":");
    kp_add_json(&json, kp_buf_text(id), id->len);
    kp_buf_char(&json, '}');
    add_part(out, &json);
    kp_buf_char(out, '.');
    kp_buf_clear(&json);
    kp_buf_str(&json, "{\"iss\":");
    kp_add_json(&json, kp_buf_text(email), email->len);
    kp_buf_str(&json, ",\"scope\":\"https://www.googleapis.com/auth/cloud-platform\",\"aud\":");
    kp_add_json(&json, kp_buf_text(uri), uri->len);
    kp_buf_str(&json, ",\"iat\":");
    kp_buf_i64(&json, now_s);
    kp_buf_str(&json, ",\"exp\":");
    kp_buf_i64(&json, now_s + LIFE_S);
    kp_buf_char(&json, '}');
    add_part(out, &json);
    kp_rsa made = out->failed ? KP_RSA_MEMORY : kp_rsa_sha256(key->data, key->len, out->data, out->len, &signature);
    kp_buf_char(out, '.');
    add_part(out, &signature);
    kp_buf_free(&json);
    kp_buf_free(&signature);
    return made;
}

static void ask_with_key(kp_fetch *f) {
    kp_fetch_call(f, GCP_AT_TOKEN, "POST", "", kp_buf_text(&f->text[GCP_TOKEN_URI]));
    kp_fetch_type(f, "application/x-www-form-urlencoded");
    kp_buf_str(&f->request.body, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=");
    kp_buf jwt;
    kp_buf_init(&jwt, &kp_safe);
    kp_rsa made = add_jwt(f, &jwt);
    kp_buf_add(&f->request.body, kp_buf_text(&jwt), jwt.len);
    f->request.body.failed = f->request.body.failed || jwt.failed || made == KP_RSA_MEMORY;
    kp_buf_free(&jwt);
    kp_fetch_send(f, NULL);
    if (made == KP_RSA_NO_KEY)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP,
                      "the file of GOOGLE_APPLICATION_CREDENTIALS: its private_key is no RSA key "
                      "of 2048 bits or more");
}

/* A key has line ends in it, so it is not plain as tokens are. */
static bool take_key(kp_fetch *f, kp_json file) {
    kp_buf text;
    kp_buf_init(&text, &kp_safe);
    bool got = kp_json_string(kp_json_get(file, "private_key"), &text);
    kp_fetch_secret(f, &f->text[GCP_KEY], kp_buf_text(&text), text.len);
    f->text[GCP_KEY].failed = f->text[GCP_KEY].failed || text.failed;
    kp_buf_free(&text);
    return got && f->text[GCP_KEY].len > 0;
}

static bool take_text(kp_fetch *f, size_t i, kp_json file, const char *name) {
    kp_buf_clear(&f->text[i]);
    return kp_json_string(kp_json_get(file, name), &f->text[i]) && f->text[i].len > 0 && kp_fetch_is_plain(&f->text[i]);
}

void kp_gcp_on_file(kp_fetch *f, int how, int why, const char *text, size_t len) {
    static const char file_of[] = "the file of GOOGLE_APPLICATION_CREDENTIALS";
    if (how != KP_FOUND) {
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "%s: %s", file_of, kp_fetch_file_reason(how, why));
        return;
    }
    kp_json file = kp_json_parse(text, len, NULL);
    if (!kp_json_is(kp_json_get(file, "type"), "service_account")) {
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "%s is not the key of a service account", file_of);
        return;
    }
    bool whole = take_text(f, GCP_EMAIL, file, "client_email") && take_text(f, GCP_KEY_ID, file, "private_key_id") &&
                 take_text(f, GCP_TOKEN_URI, file, "token_uri") && take_key(f, file);
    const char *problem = whole ? kp_fetch_base_problem(f, kp_buf_text(&f->text[GCP_TOKEN_URI])) : NULL;
    if (!whole)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "%s lacks client_email, private_key_id, private_key or token_uri", file_of);
    else if (problem)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "%s, token_uri: %s", file_of, problem);
    else
        ask_with_key(f);
}

/* ---- The metadata service ---- */

static void ask_metadata(kp_fetch *f) {
    const char *given = kp_fetch_var(f, GCP_METADATA_HOST);
    kp_buf base;
    kp_buf_init(&base, &kp_safe);
    kp_buf_str(&base, "http://");
    kp_buf_str(&base, given[0] ? given : "metadata.google.internal");
    const char *problem = strchr(given, '/') ? "it is a host, and a port if need be, without a path"
                                             : kp_fetch_metadata_problem(f, kp_buf_text(&base), false);
    kp_fetch_call(f, GCP_AT_METADATA, "GET", kp_buf_text(&base),
                  "/computeMetadata/v1/instance/service-accounts/default/token");
    f->request.url.failed = f->request.url.failed || base.failed;
    kp_buf_free(&base);
    f->local = true;
    kp_fetch_header(f, "Metadata-Flavor", "Google");
    kp_fetch_send(f, NULL);
    if (problem)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "GCE_METADATA_HOST: %s", problem);
}

/* ---- What comes ---- */

static void ask_anew(kp_fetch *f) {
    if (has_file(f))
        kp_fetch_file(f, GCP_AT_FILE, kp_fetch_var(f, GCP_CREDENTIALS));
    else
        ask_metadata(f);
}

void kp_gcp_find_token(kp_fetch *f) {
    kp_buf *name = &f->text[GCP_MADE_FROM];
    kp_buf_str(name, has_file(f) ? "gcp file\n" : "gcp metadata\n");
    kp_buf_str(name, kp_fetch_var(f, has_file(f) ? GCP_CREDENTIALS : GCP_METADATA_HOST));
    if (!kp_fetch_find_session(f, GCP_MADE_FROM, GCP_THE_TOKEN, 1))
        return;
    if (f->session && f->mono_ms < f->session->renew_ms)
        kp_gcp_ask_secret(f);
    else
        ask_anew(f);
}

bool kp_gcp_find_again(kp_fetch *f) {
    if (!kp_fetch_drop_session(f))
        return false;
    ask_anew(f);
    return true;
}

static void keep(kp_fetch *f, int64_t life_s) {
    uint64_t left = (uint64_t)(life_s < LIFE_MOST_S ? life_s : LIFE_MOST_S) * 1000;
    if (kp_fetch_keep_session(f, GCP_MADE_FROM, GCP_THE_TOKEN, 1, kp_fetch_temporary(f, left)))
        kp_gcp_ask_secret(f);
}

static void on_outage(kp_fetch *f, const kp_fetch_answer *a, const char *who) {
    if (kp_fetch_use_on(f))
        kp_gcp_ask_secret(f);
    else if (a->away && f->stage == GCP_AT_METADATA)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP,
                      "there are no Google credentials: GOOGLE_APPLICATION_CREDENTIALS is not set, "
                      "and no metadata service of a machine answers: %s",
                      a->away);
    else
        kp_fetch_common(f, a, who);
}

void kp_gcp_on_token(kp_fetch *f, const kp_fetch_answer *a) {
    const char *who = f->stage == GCP_AT_METADATA ? "the machine's metadata service" : "Google's token service";
    int64_t life_s = 0;
    if (a->away || a->status == 429 || a->status >= 500)
        on_outage(f, a, who);
    else if (kp_fetch_common(f, a, who))
        return;
    else if (a->status == 404 && f->stage == GCP_AT_METADATA)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "this machine has no default service account");
    else if (a->status == 400 || a->status == 401 || a->status == 403)
        kp_fetch_fail(f, KP_E_SOURCE_REFUSED, "%s refuses the account (HTTP %d)", who, a->status);
    else if (a->status == 200 && kp_fetch_member(f, &f->text[GCP_THE_TOKEN], a->json, "access_token") &&
             kp_json_i64(kp_json_get(a->json, "expires_in"), &life_s) && life_s > 0)
        keep(f, life_s);
    else
        kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "the answer of %s has no token in it (HTTP %d)", who, a->status);
}
