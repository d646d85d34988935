/* aws_credentials.c: finds AWS credentials and region. The first of these that is there counts:
 *
 *   1. AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN)
 *   2. the profile AWS_PROFILE (default) of AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials), then of AWS_CONFIG_FILE
 *      (~/.aws/config): access keys only, not roles, programs or SSO
 *   3. AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, by STS
 *   4. AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
 *   5. the instance's metadata service, version 2, unless AWS_EC2_METADATA_DISABLED is true
 *
 * The region: ?region= of the reference, its ARN, AWS_REGION, AWS_DEFAULT_REGION, the profile in AWS_CONFIG_FILE.
 * What 3 to 5 bring is kept, got anew five minutes ahead of its end, and used on while it cannot be.
 */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "keyplate.h"
#include "policy/fetch_aws.h"

enum { REGION_MAX = 40 };

static bool has_keys(const kp_fetch *f) {
    return f->text[AWS_THE_ID].len > 0 && f->text[AWS_THE_SECRET].len > 0;
}

static const char *profile(const kp_fetch *f) {
    const char *given = kp_fetch_var(f, AWS_PROFILE);
    return given[0] ? given : "default";
}

static void set_region(kp_fetch *f, const char *text, size_t len) {
    if (f->text[AWS_THE_REGION].len > 0)
        return;
    bool good = len > 0 && len <= REGION_MAX;
    for (size_t i = 0; good && i < len; i++)
        good = kp_is_alpha(text[i]) || kp_is_digit(text[i]) || text[i] == '-';
    if (good)
        kp_buf_add(&f->text[AWS_THE_REGION], text, len);
}

/* ---- Files ---- */

static void read_config(kp_fetch *f) {
    const char *path = kp_fetch_var(f, AWS_CONFIG_FILE);
    kp_fetch_file(f, AWS_AT_CONFIG_FILE, path[0] ? path : "~/.aws/config");
}

static void read_profile(kp_fetch *f, const char *text, size_t len, bool config) {
    static const char *const names[] = {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"};
    const char *value = NULL;
    size_t value_len = 0;
    bool seen = false;
    for (size_t i = 0; i < 3 && !has_keys(f); i++) {
        kp_buf_clear(&f->text[i]);
        if (kp_aws_setting(text, len, profile(f), config, names[i], &value, &value_len, &seen))
            kp_fetch_secret(f, &f->text[i], value, value_len);
        if (i == 1 && has_keys(f) && kp_aws_setting(text, len, profile(f), config, names[2], &value, &value_len, &seen))
            kp_fetch_secret(f, &f->text[2], value, value_len);
    }
    if (config && kp_aws_setting(text, len, profile(f), config, "region", &value, &value_len, &seen))
        set_region(f, value, value_len);
    f->number = f->number || seen;
}

/* ---- Temporary credentials ---- */

static void name_session(kp_fetch *f) {
    static const size_t by[] = {AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN,           AWS_ENDPOINT_STS,     AWS_ENDPOINT,
                                AWS_CONTAINER_RELATIVE_URI,  AWS_CONTAINER_FULL_URI, AWS_METADATA_ENDPOINT};
    kp_buf *name = &f->text[AWS_MADE_FROM];
    kp_buf_clear(name);
    kp_buf_str(name, "aws");
    for (size_t i = 0; i < sizeof by / sizeof by[0]; i++) {
        kp_buf_char(name, '\n');
        kp_buf_str(name, kp_fetch_var(f, by[i]));
    }
}

static void ask_anew(kp_fetch *f) {
    const char *file = kp_fetch_var(f, AWS_CONTAINER_TOKEN_FILE);
    bool container = kp_fetch_var(f, AWS_CONTAINER_RELATIVE_URI)[0] || kp_fetch_var(f, AWS_CONTAINER_FULL_URI)[0];
    if (kp_fetch_var(f, AWS_WEB_IDENTITY_TOKEN_FILE)[0] && kp_fetch_var(f, AWS_ROLE_ARN)[0])
        kp_fetch_file(f, AWS_AT_IDENTITY_FILE, kp_fetch_var(f, AWS_WEB_IDENTITY_TOKEN_FILE));
    else if (container && file[0])
        kp_fetch_file(f, AWS_AT_CONTAINER_FILE, file);
    else if (container) {
        const kp_buf *token = &f->var[AWS_CONTAINER_TOKEN];
        kp_fetch_secret(f, &f->text[AWS_PROOF], kp_buf_text(token), token->len);
        kp_aws_ask_container(f);
    } else if (kp_same_nocase(kp_fetch_var(f, AWS_METADATA_DISABLED), f->var[AWS_METADATA_DISABLED].len, "true"))
        kp_fetch_fail(f, KP_E_SOURCE_SETUP,
                      "there are no AWS credentials: set AWS_ACCESS_KEY_ID and "
                      "AWS_SECRET_ACCESS_KEY or AWS_PROFILE");
    else
        kp_aws_ask_metadata(f);
}

static void use_session(kp_fetch *f) {
    name_session(f);
    if (!kp_fetch_find_session(f, AWS_MADE_FROM, AWS_THE_ID, AWS_PARTS))
        return;
    if (f->session && f->mono_ms < f->session->renew_ms)
        kp_aws_ask_secret(f);
    else
        ask_anew(f);
}

bool kp_aws_find_again(kp_fetch *f) {
    if (!kp_fetch_drop_session(f))
        return false;
    ask_anew(f);
    return true;
}

/* ---- The order ---- */

static void choose(kp_fetch *f) {
    if (f->text[AWS_THE_REGION].len == 0)
        kp_fetch_fail(f, KP_E_SOURCE_SETUP,
                      "no region, or one that is none, is given: write ?region= behind the secret, "
                      "or set AWS_REGION");
    else if (has_keys(f))
        kp_aws_ask_secret(f);
    else if (kp_fetch_var(f, AWS_PROFILE)[0])
        kp_fetch_fail(f, KP_E_SOURCE_SETUP,
                      f->number
                          ? "the profile that AWS_PROFILE names has no access key of its own; roles, programs and "
                            "SSO of profiles are not used"
                          : "there is no profile as AWS_PROFILE names it");
    else
        use_session(f);
}

void kp_aws_find_credentials(kp_fetch *f) {
    const kp_buf *id = &f->var[AWS_ACCESS_KEY_ID], *secret = &f->var[AWS_SECRET_ACCESS_KEY];
    const kp_buf *token = &f->var[AWS_SESSION_TOKEN];
    if (f->ref->region)
        set_region(f, f->ref->region, strlen(f->ref->region));
    set_region(f, kp_fetch_var(f, AWS_REGION), f->var[AWS_REGION].len);
    set_region(f, kp_fetch_var(f, AWS_DEFAULT_REGION), f->var[AWS_DEFAULT_REGION].len);
    if ((id->len > 0) != (secret->len > 0)) {
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set");
        return;
    }
    if (id->len == 0) {
        const char *path = kp_fetch_var(f, AWS_SHARED_CREDENTIALS_FILE);
        kp_fetch_file(f, AWS_AT_CREDENTIALS_FILE, path[0] ? path : "~/.aws/credentials");
        return;
    }
    kp_fetch_secret(f, &f->text[AWS_THE_ID], id->data, id->len);
    kp_fetch_secret(f, &f->text[AWS_THE_SECRET], secret->data, secret->len);
    kp_fetch_secret(f, &f->text[AWS_THE_TOKEN], kp_buf_text(token), token->len);
    if (f->text[AWS_THE_REGION].len > 0)
        kp_aws_ask_secret(f);
    else
        read_config(f);
}

static void on_proof(kp_fetch *f, const char *text, size_t len, const char *variable) {
    kp_fetch_secret(f, &f->text[AWS_PROOF], text, len);
    if (f->text[AWS_PROOF].len == 0 || !kp_fetch_is_plain(&f->text[AWS_PROOF]))
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "the file that %s names has no token in it", variable);
    else if (f->stage == AWS_AT_IDENTITY_FILE)
        kp_aws_ask_sts(f);
    else
        kp_aws_ask_container(f);
}

static const char *variable_of(int stage) {
    switch (stage) {
    case AWS_AT_CREDENTIALS_FILE: return "AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials)";
    case AWS_AT_CONFIG_FILE: return "AWS_CONFIG_FILE (~/.aws/config)";
    case AWS_AT_IDENTITY_FILE: return "AWS_WEB_IDENTITY_TOKEN_FILE";
    default: return "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    }
}

void kp_aws_on_file(kp_fetch *f, int how, int why, const char *text, size_t len) {
    bool proof = f->stage == AWS_AT_IDENTITY_FILE || f->stage == AWS_AT_CONTAINER_FILE;
    if (how != KP_FOUND && (proof || how != KP_ABSENT)) {
        kp_fetch_fail(f, KP_E_SOURCE_SETUP, "the file of %s: %s", variable_of(f->stage),
                      kp_fetch_file_reason(how, why));
        return;
    }
    if (proof) {
        on_proof(f, text, len, variable_of(f->stage));
        return;
    }
    if (how == KP_FOUND)
        read_profile(f, text, len, f->stage == AWS_AT_CONFIG_FILE);
    if (f->stage == AWS_AT_CREDENTIALS_FILE)
        read_config(f);
    else
        choose(f);
}
