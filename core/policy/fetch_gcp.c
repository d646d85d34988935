/* fetch_gcp.c: reads a version of a secret from Google Secret Manager; gcp_token.c says where the access token comes
 * from. CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER stands for another address of the service, as it does for gcloud.
 */
#include "policy/fetch_gcp.h"

#include <string.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/text.h"
#include "safe/arena.h"

static const char who[] = "Google Secret Manager";

static const char *const variables[GCP_VARIABLES] = {"GOOGLE_APPLICATION_CREDENTIALS", "GCE_METADATA_HOST",
                                                     "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"};

/* The version behind the last '/' of a name, 0 if it is no number. */
static int64_t version_of(const char *name, size_t len) {
    const char *slash = memrchr(name, '/', len);
    int64_t version = 0;
    if (!slash || !kp_parse_i64(slash + 1, len - (size_t)(slash + 1 - name), &version) || version < 1)
        return 0;
    return version;
}

static void begin(kp_fetch *f) {
    const char *endpoint = kp_fetch_var(f, GCP_ENDPOINT);
    const char *problem = endpoint[0] ? kp_fetch_base_problem(f, endpoint) : NULL;
    int64_t written = version_of(f->ref->place, strlen(f->ref->place));
    if (f->want == KP_FETCH_PREVIOUS && written > 0)
        f->number = written - 1;
    if (f->want == KP_FETCH_PENDING)
        kp_fetch_absent(f, "Google Secret Manager has no pending versions");
    else if (f->want == KP_FETCH_PREVIOUS && written == 1)
        kp_fetch_absent(f, "there is no version before this one");
    else if (problem)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "%s: %s", variables[GCP_ENDPOINT], problem);
    else
        kp_gcp_find_token(f);
}

void kp_gcp_ask_secret(kp_fetch *f) {
    const char *endpoint = kp_fetch_var(f, GCP_ENDPOINT), *place = f->ref->place;
    kp_fetch_call(f, GCP_AT_SECRET, "GET", endpoint[0] ? endpoint : "https://secretmanager.googleapis.com", "/v1/");
    kp_buf *url = &f->request.url;
    const char *version = strrchr(place, '/') + 1;
    if (f->number > 0) {
        kp_buf_add(url, place, (size_t)(version - place));
        kp_buf_i64(url, f->number);
    } else
        kp_buf_str(url, place);
    kp_buf_str(url, ":access");
    kp_buf bearer;
    kp_buf_init(&bearer, &kp_safe);
    kp_buf_str(&bearer, "Bearer ");
    kp_buf_add(&bearer, kp_buf_text(&f->text[GCP_THE_TOKEN]), f->text[GCP_THE_TOKEN].len);
    kp_fetch_header(f, "Authorization", kp_buf_text(&bearer));
    url->failed = url->failed || bearer.failed;
    kp_buf_free(&bearer);
    kp_fetch_send(f, NULL);
}

/* A decimal number, as the API writes 64-bit integers: in quotes or without. true if it is not there. */
static bool has_sum(kp_json payload, const kp_buf *data) {
    kp_json sum = kp_json_get(payload, "dataCrc32c");
    int64_t number = 0;
    bool read = false;
    if (sum.type == KP_JSON_NONE || sum.type == KP_JSON_NULL)
        return true;
    if (sum.type == KP_JSON_STRING)
        read = kp_parse_i64(sum.raw + 1, sum.len - 2, &number);
    else
        read = kp_json_i64(sum, &number);
    return read && number == (int64_t)kp_crc32c(data->data, data->len);
}

static void take_value(kp_fetch *f, const kp_buf *data) {
    if (f->ref->field)
        kp_fetch_found_field(f, kp_json_parse(kp_buf_text(data), data->len, NULL), f->ref->field);
    else
        kp_fetch_found(f, kp_buf_text(data), data->len);
}

static int64_t take_version(kp_fetch *f, kp_json answer) {
    kp_json name = kp_json_get(answer, "name");
    int64_t version = name.type == KP_JSON_STRING ? version_of(name.raw + 1, name.len - 2) : 0;
    kp_buf_clear(&f->version);
    if (version > 0)
        kp_buf_fmt(&f->version, "version %lld", (long long)version);
    return version;
}

static void on_secret(kp_fetch *f, kp_json answer) {
    kp_json payload = kp_json_get(answer, "payload");
    int64_t version = take_version(f, answer);
    if (f->want == KP_FETCH_PREVIOUS && f->number == 0) {
        f->number = version - 1;
        kp_buf_clear(&f->version);
        if (version == 0)
            kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "the answer does not say which version it is");
        else if (version == 1)
            kp_fetch_absent(f, "there is no version before the current one");
        else
            kp_gcp_ask_secret(f);
        return;
    }
    kp_buf coded, data;
    kp_buf_init(&coded, &kp_safe);
    kp_buf_init(&data, &kp_safe);
    bool good =
        kp_json_string(kp_json_get(payload, "data"), &coded) && kp_decode_base64(&data, kp_buf_text(&coded), coded.len);
    if (coded.failed || data.failed)
        f->value.failed = true;
    else if (!good)
        kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "the answer has no secret in it; is the address that of %s?", who);
    else if (!has_sum(payload, &data))
        kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "the secret was damaged on its way: its checksum (CRC-32C) is another");
    else
        take_value(f, &data);
    kp_buf_free(&coded);
    kp_buf_free(&data);
}

static void on_refused(kp_fetch *f, const kp_fetch_answer *a) {
    if (a->status == 401 && f->outage)
        kp_fetch_fail(f, KP_E_SOURCE_AWAY, "the access token could not be renewed, and the last one is refused now");
    else if (a->status != 401 || !kp_gcp_find_again(f))
        kp_fetch_fail(f, KP_E_SOURCE_REFUSED, "%s refuses the account, or it may not read this secret (HTTP %d)", who,
                      a->status);
}

static void on_error(kp_fetch *f, const kp_fetch_answer *a) {
    kp_json status = kp_json_get(kp_json_get(a->json, "error"), "status");
    if (a->status == 401 || a->status == 403)
        on_refused(f, a);
    else if (a->status == 404 && (kp_json_is(status, "NOT_FOUND") || status.type == KP_JSON_NONE) &&
             a->json.type == KP_JSON_OBJECT)
        kp_fetch_absent(f, f->number > 0 ? "the version before the current one is not there"
                                         : "there is no such "
                                           "secret or version");
    else if (a->status == 400 && kp_json_is(status, "FAILED_PRECONDITION"))
        kp_fetch_fail(f, KP_E_SOURCE_DELETED, "this version is disabled or destroyed");
    else if (a->status == 400 && kp_json_is(status, "INVALID_ARGUMENT"))
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "%s cannot make sense of this name of a secret", who);
    else
        kp_fetch_fail(f, KP_E_SOURCE_ANSWER, "the answer is not one of %s (HTTP %d)", who, a->status);
}

static void on_answer(kp_fetch *f, const kp_fetch_answer *a) {
    if (f->stage != GCP_AT_SECRET)
        kp_gcp_on_token(f, a);
    else if (kp_fetch_common(f, a, who))
        return;
    else if (a->status == 200)
        on_secret(f, a->json);
    else
        on_error(f, a);
}

const kp_source kp_source_gcp = {.variables = variables,
                                 .variable_count = GCP_VARIABLES,
                                 .begin = begin,
                                 .on_file = kp_gcp_on_file,
                                 .on_answer = on_answer};
