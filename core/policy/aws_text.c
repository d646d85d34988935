/* aws_text.c: reads AWS's files of profiles, its XML, and the types of its errors. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "policy/fetch_aws.h"

/* ---- Files of profiles ---- */

static bool is_section(const char *line, size_t len, const char *profile, bool config) {
    line++; /* '[' */
    const char *end = memchr(line, ']', len - 1);
    if (!end)
        return false;
    len = (size_t)(end - line);
    kp_trim(&line, &len);
    static const char head[] = "profile";
    size_t head_len = sizeof head - 1;
    if (config && len > head_len && memcmp(line, head, head_len) == 0 && kp_is_space(line[head_len])) {
        line += head_len;
        len -= head_len;
        kp_trim(&line, &len);
        return kp_same_n(line, len, profile);
    }
    return kp_same_n(line, len, profile) && (!config || kp_same(profile, "default"));
}

/* name = value, with a comment behind a blank or without. */
static bool is_setting(const char *line, size_t len, const char *name, const char **value, size_t *value_len) {
    const char *is = memchr(line, '=', len);
    size_t name_len = is ? (size_t)(is - line) : 0;
    const char *own = line;
    if (!is)
        return false;
    kp_trim(&own, &name_len);
    if (!kp_same_nocase(own, name_len, name))
        return false;
    *value = is + 1;
    *value_len = len - (size_t)(is + 1 - line);
    for (size_t i = 1; i < *value_len; i++)
        if (((*value)[i] == '#' || (*value)[i] == ';') && kp_is_space((*value)[i - 1]))
            *value_len = i;
    kp_trim(value, value_len);
    return *value_len > 0;
}

bool kp_aws_setting(const char *text, size_t len, const char *profile, bool config, const char *name,
                    const char **value, size_t *value_len, bool *seen) {
    const char *end = text + len;
    bool inside = false, found = false;
    while (text < end) {
        const char *line = text, *stop = memchr(text, '\n', (size_t)(end - text));
        size_t size = (size_t)((stop ? stop : end) - line);
        text = stop ? stop + 1 : end;
        /* an indented line belongs to the setting above it */
        if (size == 0 || kp_is_space(line[0]) || line[0] == '#' || line[0] == ';')
            continue;
        if (line[0] == '[') {
            inside = is_section(line, size, profile, config);
            *seen = *seen || inside;
        } else if (inside && is_setting(line, size, name, value, value_len))
            found = true;
    }
    return found;
}

/* ---- XML ---- */

bool kp_aws_element(const char *xml, size_t len, const char *name, const char **text, size_t *text_len) {
    size_t name_len = strlen(name);
    const char *end = xml + len, *found = NULL;
    for (const char *at = xml; (at = memchr(at, '<', (size_t)(end - at))) != NULL; at++) {
        if ((size_t)(end - at) < name_len + 2 || memcmp(at + 1, name, name_len) != 0 || at[name_len + 1] != '>')
            continue;
        if (found)
            return false;
        found = at + name_len + 2;
    }
    const char *stop = found ? memchr(found, '<', (size_t)(end - found)) : NULL;
    if (!stop || (size_t)(end - stop) < name_len + 3 || stop[1] != '/' || memcmp(stop + 2, name, name_len) != 0)
        return false;
    *text = found;
    *text_len = (size_t)(stop - found);
    kp_trim(text, text_len);
    return *text_len > 0 && !memchr(*text, '&', *text_len);
}

/* ---- Errors ---- */

static void keep_type(const char *text, size_t len, char *out, size_t size) {
    const char *hash = memchr(text, '#', len);
    if (hash) {
        len -= (size_t)(hash + 1 - text);
        text = hash + 1;
    }
    const char *colon = memchr(text, ':', len);
    if (colon)
        len = (size_t)(colon - text);
    /* It is shown: a key in its place has digits. */
    bool word = len > 0 && len < size;
    for (size_t i = 0; word && i < len; i++)
        word = kp_is_alpha(text[i]) || text[i] == '.';
    if (!word)
        return;
    memcpy(out, text, len);
    out[len] = '\0';
}

void kp_aws_error_type(const kp_fetch_answer *a, char *out, size_t size) {
    static const char *const names[] = {"__type", "code", "Code"};
    out[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !out[0]; i++) {
        kp_json type = kp_json_get(a->json, names[i]);
        if (type.type == KP_JSON_STRING)
            keep_type(type.raw + 1, type.len - 2, out, size);
    }
    const char *text = NULL;
    size_t len = 0;
    if (!out[0] && a->json.type == KP_JSON_NONE && kp_aws_element(a->body, a->len, "Code", &text, &len))
        keep_type(text, len, out, size);
}

static bool is_one(const char *type, const char *const *list) {
    for (; *list; list++)
        if (kp_same(type, *list))
            return true;
    return false;
}

bool kp_aws_is_refusal_of_credentials(const char *type) {
    static const char *const list[] = {
        "ExpiredTokenException", "ExpiredToken", "InvalidClientTokenId", "UnrecognizedClientException",
        "InvalidToken",          "AuthFailure",  "InvalidAccessKeyId",   NULL};
    return is_one(type, list);
}

static int error_of(const char *type, int status) {
    static const char *const refused[] = {"AccessDeniedException",
                                          "AccessDenied",
                                          "InvalidSignatureException",
                                          "SignatureDoesNotMatch",
                                          "IncompleteSignature",
                                          "MissingAuthenticationToken",
                                          "MissingAuthenticationTokenException",
                                          "NotAuthorized",
                                          "OptInRequired",
                                          "RequestExpired",
                                          "DecryptionFailure",
                                          "DecryptionFailureException",
                                          "InvalidIdentityToken",
                                          "IDPRejectedClaim",
                                          "RequestTimeTooSkewed",
                                          "IncompleteSignatureException",
                                          "ExpiredTokenException",
                                          NULL};
    static const char *const throttled[] = {"ThrottlingException",
                                            "Throttling",
                                            "TooManyRequestsException",
                                            "RequestLimitExceeded",
                                            "SlowDown",
                                            "RequestThrottled",
                                            "RequestThrottledException",
                                            "LimitExceededException",
                                            NULL};
    static const char *const away[] = {
        "InternalServiceError",        "InternalServiceErrorException", "InternalFailure",       "ServiceUnavailable",
        "ServiceUnavailableException", "InternalServerError",           "IDPCommunicationError", NULL};
    static const char *const setup[] = {"InvalidParameterException", "ValidationException",     "ValidationError",
                                        "InvalidParameterValue",     "MalformedPolicyDocument", NULL};
    if (kp_aws_is_refusal_of_credentials(type) || is_one(type, refused))
        return KP_E_SOURCE_REFUSED;
    if (is_one(type, throttled) || status == 429)
        return KP_E_SOURCE_THROTTLED;
    if (is_one(type, away) || status >= 500)
        return KP_E_SOURCE_AWAY;
    if (kp_same(type, "InvalidRequestException"))
        return KP_E_SOURCE_DELETED;
    if (is_one(type, setup))
        return KP_E_SOURCE_SETUP;
    return status == 401 || status == 403 ? KP_E_SOURCE_REFUSED : KP_E_SOURCE_ANSWER;
}

void kp_aws_fail(kp_fetch *f, const kp_fetch_answer *a, const char *type, const char *who) {
    f->retry_after_ms = a->retry_after_ms;
    int error = error_of(type, a->status);
    const char *colon = type[0] ? ", " : "";
    if (error == KP_E_SOURCE_DELETED)
        kp_fetch_fail(f, error, "%s says that the secret is scheduled for deletion (HTTP %d, %s)", who, a->status,
                      type);
    else
        kp_fetch_fail(f, error, "%s refuses the request (HTTP %d%s%s)", who, a->status, colon, type);
}
