/* fetch_aws.c: reads a secret from AWS Secrets Manager; aws_credentials.c says where credentials and region come from.
 * AWS_ENDPOINT_URL_SECRETS_MANAGER or AWS_ENDPOINT_URL stand for another address of the service. */
#include "policy/fetch_aws.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/url.h"
#include "safe/arena.h"
#include "wire/sigv4.h"

enum { TYPE_SIZE = 64, ID_MOST = 64 };

static const char who[] = "AWS Secrets Manager";

static const char *const variables[AWS_VARIABLES] = {"AWS_ACCESS_KEY_ID",
                                                     "AWS_SECRET_ACCESS_KEY",
                                                     "AWS_SESSION_TOKEN",
                                                     "AWS_REGION",
                                                     "AWS_DEFAULT_REGION",
                                                     "AWS_PROFILE",
                                                     "AWS_SHARED_CREDENTIALS_FILE",
                                                     "AWS_CONFIG_FILE",
                                                     "AWS_WEB_IDENTITY_TOKEN_FILE",
                                                     "AWS_ROLE_ARN",
                                                     "AWS_ROLE_SESSION_NAME",
                                                     "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                                     "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                                     "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                                     "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                                     "AWS_EC2_METADATA_DISABLED",
                                                     "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                                     "AWS_ENDPOINT_URL_SECRETS_MANAGER",
                                                     "AWS_ENDPOINT_URL_STS",
                                                     "AWS_ENDPOINT_URL"};

bool kp_aws_base(kp_fetch *f, size_t variable, const char *service, kp_buf *out) {
    const char *region = kp_buf_text(&f->text[AWS_THE_REGION]);
    size_t from = kp_fetch_var(f, variable)[0] ? variable : AWS_ENDPOINT;
    const char *given = kp_fetch_var(f, from);
    if (given[0]) {
        const char *problem = kp_fetch_base_problem(f, given);
        if (problem)
            kp_fetch_fail(f, KP_E_SOURCE_SETUP, "%s: %s", variables[from], problem);
        kp_buf_str(out, given);
        return !problem;
    }
    kp_buf_str(out, "https://");
    kp_buf_str(out, service);
    kp_buf_char(out, '.');
    kp_buf_str(out, region);
    kp_buf_str(out, kp_starts(region, "cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
    return true;
}

/* As libcurl and others write the header Host: without the scheme's own port. */
static void add_host(kp_buf *out, const char *url, const kp_url *parts) {
    const char *host = strstr(url, "://") + 3;
    size_t len = strcspn(host, "/");
    if (parts->port_given && parts->port == (parts->https ? 443 : 80))
        while (len > 0 && host[--len] != ':')
            continue;
    for (size_t i = 0; i < len; i++)
        kp_buf_char(out, kp_lower(host[i]));
}

static bool sign(kp_fetch *f) {
    kp_request *r = &f->request;
    kp_url parts;
    if (r->url.failed || r->body.failed || !kp_url_parse(r->url.data, r->url.len, &parts))
        return false;
    kp_buf host, authorization;
    kp_buf_init(&host, &kp_safe);
    kp_buf_init(&authorization, &kp_safe);
    add_host(&host, r->url.data, &parts);
    kp_sigv4 s = {.method = r->http_method,
                  .path = parts.path,
                  .path_len = parts.path_len,
                  .header = {{"Host", kp_buf_text(&host)}},
                  .header_count = 1,
                  .body = kp_buf_text(&r->body),
                  .body_len = r->body.len,
                  .region = kp_buf_text(&f->text[AWS_THE_REGION]),
                  .service = "secretsmanager",
                  .access_id = kp_buf_text(&f->text[AWS_THE_ID]),
                  .secret = kp_buf_text(&f->text[AWS_THE_SECRET]),
                  .secret_len = f->text[AWS_THE_SECRET].len,
                  .unix_ms = f->unix_ms};
    for (size_t i = 0; i < r->header_count; i++)
        s.header[s.header_count++] = (kp_sigv4_header){r->header_name[i], kp_buf_text(&r->header_value[i])};
    bool ok = !host.failed && kp_sigv4_authorization(&s, &authorization);
    if (ok)
        kp_fetch_header(f, "Authorization", kp_buf_text(&authorization));
    kp_buf_free(&host);
    kp_buf_free(&authorization);
    return ok;
}

static const char *stage_of(const kp_fetch *f) {
    if (f->want == KP_FETCH_PREVIOUS)
        return "AWSPREVIOUS";
    if (f->want == KP_FETCH_PENDING)
        return "AWSPENDING";
    return f->ref->stage ? f->ref->stage : "AWSCURRENT";
}

void kp_aws_ask_secret(kp_fetch *f) {
    kp_buf base;
    char date[KP_SIGV4_DATE_SIZE];
    kp_buf_init(&base, &kp_safe);
    if (kp_aws_base(f, AWS_ENDPOINT_SECRETS_MANAGER, "secretsmanager", &base)) {
        kp_fetch_call(f, AWS_AT_SECRET, "POST", kp_buf_text(&base), "/");
        kp_buf *body = &f->request.body;
        kp_buf_str(body, "{\"SecretId\":");
        kp_add_json(body, f->ref->place, strlen(f->ref->place));
        kp_buf_str(body, ",\"VersionStage\":");
        kp_add_json(body, stage_of(f), strlen(stage_of(f)));
        kp_buf_char(body, '}');
        kp_fetch_type(f, "application/x-amz-json-1.1");
        kp_fetch_header(f, "X-Amz-Target", "secretsmanager.GetSecretValue");
        kp_sigv4_date(f->unix_ms, date);
        kp_fetch_header(f, "X-Amz-Date", date);
        if (f->text[AWS_THE_TOKEN].len > 0)
            kp_fetch_header(f, "X-Amz-Security-Token", kp_buf_text(&f->text[AWS_THE_TOKEN]));
        if (base.failed || (f->step == KP_FETCH_HTTP && !sign(f)))
            kp_fetch_settle(f, KP_FETCH_FAILED, KP_E_MEMORY);
        kp_fetch_send(f, NULL);
    }
    kp_buf_free(&base);
}

static void take_version(kp_fetch *f, kp_json id) {
    kp_buf text;
    kp_buf_init(&text, &kp_safe);
    if (kp_json_string(id, &text) && text.len <= ID_MOST)
        kp_add_shown(&f->version, kp_buf_text(&text), text.len, ID_MOST);
    f->version.failed = f->version.failed || text.failed;
    kp_buf_free(&text);
}

static void take_value(kp_fetch *f, const kp_buf *text) {
    if (text->failed)
        f->value.failed = true;
    else if (f->ref->field)
        kp_fetch_found_field(f, kp_json_parse(kp_buf_text(text), text->len, NULL), f->ref->field);
    else
        kp_fetch_found(f, kp_buf_text(text), text->len);
}

static void on_secret(kp_fetch *f, kp_json answer) {
    kp_json text = kp_json_get(answer, "SecretString"), binary = kp_json_get(answer, "SecretBinary");
    kp_buf value, coded;
    kp_buf_init(&value, &kp_safe);
    kp_buf_init(&coded, &kp_safe);
    take_version(f, kp_json_get(answer, "VersionId"));
    bool good = kp_json_string(text, &value);
    if (!good && kp_json_string(binary, &coded))
        good = coded.failed || kp_decode_base64(&value, kp_buf_text(&coded), coded.len);
    value.failed = value.failed || coded.failed;
    if (good)
        take_value(f, &value);
    else
        kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "the answer has no secret in it; is the address that of %s?", who);
    kp_buf_free(&value);
    kp_buf_free(&coded);
}

static void on_error(kp_fetch *f, const kp_fetch_answer *a) {
    char type[TYPE_SIZE];
    kp_aws_error_type(a, type, sizeof type);
    if (kp_same(type, "ResourceNotFoundException"))
        kp_fetch_absent(f, f->want == KP_FETCH_CURRENT ? "there is no such secret or version"
                                                       : "the secret has no such version");
    else if (kp_aws_is_refusal_of_credentials(type) && f->outage)
        kp_fetch_fail(f, KP_E_SOURCE_AWAY,
                      "the credentials could not be renewed, and the last ones are refused now "
                      "(HTTP %d, %s)",
                      a->status, type);
    else if (!kp_aws_is_refusal_of_credentials(type) || !kp_aws_find_again(f))
        kp_aws_fail(f, a, type, who);
}

static void on_answer(kp_fetch *f, const kp_fetch_answer *a) {
    if (f->stage != AWS_AT_SECRET)
        kp_aws_on_credentials(f, a);
    else if (!a->away && a->status >= 400)
        on_error(f, a);
    else if (kp_fetch_common(f, a, who))
        return;
    else if (a->status == 200 && a->json.type == KP_JSON_OBJECT)
        on_secret(f, a->json);
    else
        kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "the answer is not one of %s (HTTP %d)", who, a->status);
}

/* Whoever knows the container's URL gets credentials from it. */
const kp_source kp_source_aws = {.variables = variables,
                                 .variable_count = AWS_VARIABLES,
                                 .credentials = 1U << AWS_ACCESS_KEY_ID | 1U << AWS_SECRET_ACCESS_KEY |
                                                1U << AWS_SESSION_TOKEN | 1U << AWS_CONTAINER_RELATIVE_URI |
                                                1U << AWS_CONTAINER_FULL_URI | 1U << AWS_CONTAINER_TOKEN,
                                 .begin = kp_aws_find_credentials,
                                 .on_file = kp_aws_on_file,
                                 .on_answer = on_answer};
