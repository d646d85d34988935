/* aws_temporary.c: asks STS, the container's service and the instance's metadata service for temporary credentials. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/when.h"
#include "policy/fetch_aws.h"
#include "safe/arena.h"
#include "safe/known.h"

enum { TYPE_SIZE = 64, ROLE_MOST = 128, PATH_LEAST = 16 };

/* ---- The calls ---- */

void kp_aws_ask_sts(kp_fetch *f) {
    kp_buf base;
    kp_buf_init(&base, &kp_safe);
    if (kp_aws_base(f, AWS_ENDPOINT_STS, "sts", &base)) {
        const kp_buf *name = &f->var[AWS_ROLE_SESSION_NAME], *proof = &f->text[AWS_PROOF];
        kp_fetch_call(f, AWS_AT_STS, "POST", kp_buf_text(&base), "/");
        kp_fetch_type(f, "application/x-www-form-urlencoded");
        kp_buf *body = &f->request.body;
        kp_buf_str(body, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=");
        kp_add_percent(body, kp_fetch_var(f, AWS_ROLE_ARN), f->var[AWS_ROLE_ARN].len);
        kp_buf_str(body, "&RoleSessionName=");
        if (name->len > 0)
            kp_add_percent(body, name->data, name->len);
        else
            kp_buf_fmt(body, "keyplate-%08x", (unsigned)(f->random & 0xFFFFFFFFU));
        kp_buf_str(body, "&WebIdentityToken=");
        kp_add_percent(body, kp_buf_text(proof), proof->len);
        f->request.body.failed = f->request.body.failed || base.failed;
        kp_fetch_send(f, NULL);
    }
    kp_buf_free(&base);
}

/* Whoever knows the path gets the credentials: the last part of it is made by chance, or is a plain word. */
static void know_path(kp_buf *url) {
    const char *slash = url->failed ? NULL : memrchr(kp_buf_text(url), '/', url->len);
    size_t len = slash ? (size_t)(url->data + url->len - slash) - 1 : 0;
    if (len >= PATH_LEAST && !kp_known_add(slash + 1, len))
        url->failed = true;
}

void kp_aws_ask_container(kp_fetch *f) {
    static const char service[] = "http://169.254.170.2";
    const kp_buf *token = &f->text[AWS_PROOF];
    const char *relative = kp_fetch_var(f, AWS_CONTAINER_RELATIVE_URI);
    kp_buf url;
    kp_buf_init(&url, &kp_safe);
    kp_buf_str(&url, relative[0] ? service : "");
    kp_buf_str(&url, relative[0] ? relative : kp_fetch_var(f, AWS_CONTAINER_FULL_URI));
    const char *problem = relative[0] && relative[0] != '/' ? "it does not begin with '/'"
                                                            : kp_fetch_metadata_problem(f, kp_buf_text(&url), true);
    know_path(&url);
    kp_fetch_call(f, AWS_AT_CONTAINER, "GET", "", kp_buf_text(&url));
    f->request.url.failed = f->request.url.failed || url.failed;
    kp_buf_free(&url);
    f->local = true;
    if (token->len > 0)
        kp_fetch_header(f, "Authorization", kp_buf_text(token));
    kp_fetch_send(f, relative[0] ? "http://169.254.170.2/" KP_REQUEST_SHOWN
                                 : "(the URL of AWS_CONTAINER_CREDENTIALS_FULL_URI)");
    if (problem)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "AWS_CONTAINER_CREDENTIALS_%s_URI: %s", relative[0] ? "RELATIVE" : "FULL",
                      problem);
}

static void call_metadata(kp_fetch *f, int stage, const char *http_method, const char *path) {
    const char *given = kp_fetch_var(f, AWS_METADATA_ENDPOINT);
    const char *base = given[0] ? given : "http://169.254.169.254";
    const char *problem = kp_fetch_metadata_problem(f, base, false);
    kp_fetch_call(f, stage, http_method, base, path);
    f->local = true;
    if (problem)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "AWS_EC2_METADATA_SERVICE_ENDPOINT: %s", problem);
}

void kp_aws_ask_metadata(kp_fetch *f) {
    call_metadata(f, AWS_AT_METADATA_TOKEN, "PUT", "/latest/api/token");
    f->request.has_body = true; /* an empty one */
    kp_fetch_header(f, "X-aws-ec2-metadata-token-ttl-seconds", "21600");
    kp_fetch_send(f, NULL);
}

static const char role_path[] = "/latest/meta-data/iam/security-credentials/";

static void ask_role(kp_fetch *f, int stage, const char *role, size_t len) {
    call_metadata(f, stage, "GET", role_path);
    kp_add_percent(&f->request.url, role, len);
    kp_fetch_header(f, "X-aws-ec2-metadata-token", kp_buf_text(&f->text[AWS_PROOF]));
    kp_fetch_send(f, NULL);
}

/* ---- What comes ---- */

/* The last ones serve while new ones cannot be had. */
static void on_outage(kp_fetch *f, const kp_fetch_answer *a, const char *who) {
    if (kp_fetch_use_on(f))
        kp_aws_ask_secret(f);
    else if (a->away && f->stage == AWS_AT_METADATA_TOKEN)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP,
                      "there are no AWS credentials: neither in the environment nor in files, and "
                      "no metadata service of an instance answers: %s",
                      a->away);
    else
        kp_fetch_common(f, a, who);
}

static void keep(kp_fetch *f, const char *expiration, size_t len, const char *who) {
    int64_t end_ms = 0;
    bool sound = kp_fetch_is_plain(&f->text[AWS_THE_ID]) && kp_fetch_is_plain(&f->text[AWS_THE_SECRET]) &&
                 kp_fetch_is_plain(&f->text[AWS_THE_TOKEN]) && kp_parse_rfc3339(expiration, len, &end_ms);
    if (!sound) {
        kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "the answer of %s has no whole credentials in it", who);
        return;
    }
    uint64_t left = end_ms > f->unix_ms ? (uint64_t)(end_ms - f->unix_ms) : 0;
    if (kp_fetch_keep_session(f, AWS_MADE_FROM, AWS_THE_ID, AWS_PARTS, kp_fetch_temporary(f, left)))
        kp_aws_ask_secret(f);
}

static void on_json(kp_fetch *f, const kp_fetch_answer *a, const char *who) {
    kp_buf *text = f->text;
    kp_buf expiration;
    kp_buf_init(&expiration, NULL);
    bool whole = kp_fetch_member(f, &text[AWS_THE_ID], a->json, "AccessKeyId") &&
                 kp_fetch_member(f, &text[AWS_THE_SECRET], a->json, "SecretAccessKey") &&
                 kp_fetch_member(f, &text[AWS_THE_TOKEN], a->json, "Token") &&
                 kp_json_string(kp_json_get(a->json, "Expiration"), &expiration);
    if (whole || text[AWS_THE_ID].failed || text[AWS_THE_SECRET].failed || text[AWS_THE_TOKEN].failed)
        keep(f, kp_buf_text(&expiration), expiration.len, who);
    else
        keep(f, "", 0, who);
    f->text[AWS_PROOF].failed = f->text[AWS_PROOF].failed || expiration.failed;
    kp_buf_free(&expiration);
}

static void on_sts(kp_fetch *f, const kp_fetch_answer *a, const char *who) {
    static const char *const names[] = {"AccessKeyId", "SecretAccessKey", "SessionToken"};
    const char *text = "";
    size_t len = 0;
    bool whole = true;
    for (size_t i = 0; i < 3; i++) {
        bool found = kp_aws_element(a->body, a->len, names[i], &text, &len);
        whole = whole && found;
        kp_fetch_secret(f, &f->text[i], found ? text : "", found ? len : 0);
    }
    whole = whole && kp_aws_element(a->body, a->len, "Expiration", &text, &len);
    keep(f, whole ? text : "", whole ? len : 0, who);
}

/* One role is attached to an instance; its name is a line. */
static void on_role(kp_fetch *f, const kp_fetch_answer *a, const char *who) {
    const char *role = a->body, *end = memchr(a->body, '\n', a->len);
    size_t len = end ? (size_t)(end - role) : a->len;
    kp_trim(&role, &len);
    bool good = len > 0 && len <= ROLE_MOST;
    for (size_t i = 0; good && i < len; i++)
        good = kp_is_alpha(role[i]) || kp_is_digit(role[i]) || (role[i] && strchr("+=,.@_-", role[i]));
    if (good)
        ask_role(f, AWS_AT_METADATA, role, len);
    else
        kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "the answer of %s has no name of a role in it", who);
}

static void on_good(kp_fetch *f, const kp_fetch_answer *a, const char *who) {
    switch (f->stage) {
    case AWS_AT_METADATA_TOKEN:
        kp_fetch_secret(f, &f->text[AWS_PROOF], a->body, a->len);
        if (f->text[AWS_PROOF].len > 0 && kp_fetch_is_plain(&f->text[AWS_PROOF]))
            ask_role(f, AWS_AT_METADATA_ROLE, "", 0);
        else
            kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "the answer of %s has no token in it", who);
        break;
    case AWS_AT_METADATA_ROLE: on_role(f, a, who); break;
    case AWS_AT_STS: on_sts(f, a, who); break;
    default: on_json(f, a, who); break;
    }
}

void kp_aws_on_credentials(kp_fetch *f, const kp_fetch_answer *a) {
    const char *who = f->stage == AWS_AT_STS         ? "AWS STS"
                      : f->stage == AWS_AT_CONTAINER ? "the container's credentials service"
                                                     : "the instance's metadata service";
    char type[TYPE_SIZE];
    if (a->away || a->status == 429 || a->status >= 500) {
        on_outage(f, a, who);
        return;
    }
    if (kp_fetch_common(f, a, who))
        return;
    kp_aws_error_type(a, type, sizeof type);
    if (a->status == 200)
        on_good(f, a, who);
    else if (f->stage == AWS_AT_METADATA_ROLE && a->status == 404)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "there are no AWS credentials: this instance has no role");
    else
        kp_aws_fail(f, a, type, who);
}
