/* fetch_aws.h: what the parts of the source aws-sm: share; for fetch_aws.c, aws_*.c only. */
#ifndef KP_POLICY_FETCH_AWS_H
#define KP_POLICY_FETCH_AWS_H

#include "policy/fetch_parts.h"

/* Variables, in the order in which they are read. */
enum {
    AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY,
    AWS_SESSION_TOKEN,
    AWS_REGION,
    AWS_DEFAULT_REGION,
    AWS_PROFILE,
    AWS_SHARED_CREDENTIALS_FILE,
    AWS_CONFIG_FILE,
    AWS_WEB_IDENTITY_TOKEN_FILE,
    AWS_ROLE_ARN,
    AWS_ROLE_SESSION_NAME,
    AWS_CONTAINER_RELATIVE_URI,
    AWS_CONTAINER_FULL_URI,
    AWS_CONTAINER_TOKEN_FILE,
    AWS_CONTAINER_TOKEN,
    AWS_METADATA_DISABLED,
    AWS_METADATA_ENDPOINT,
    AWS_ENDPOINT_SECRETS_MANAGER,
    AWS_ENDPOINT_STS,
    AWS_ENDPOINT,
    AWS_VARIABLES
};
/* Reads and calls. */
enum {
    AWS_AT_CREDENTIALS_FILE,
    AWS_AT_CONFIG_FILE,
    AWS_AT_IDENTITY_FILE,
    AWS_AT_CONTAINER_FILE,
    AWS_AT_STS,
    AWS_AT_CONTAINER,
    AWS_AT_METADATA_TOKEN,
    AWS_AT_METADATA_ROLE,
    AWS_AT_METADATA,
    AWS_AT_SECRET
};
/* The source's texts. The first three are credentials, in the order in which a session keeps them. */
enum { AWS_THE_ID, AWS_THE_SECRET, AWS_THE_TOKEN, AWS_PARTS, AWS_THE_REGION = AWS_PARTS, AWS_MADE_FROM, AWS_PROOF };

/* Looks for credentials and region; asks for the secret at once, or for a read or call before. */
void kp_aws_find_credentials(kp_fetch *);
/* The credentials were refused: new ones if they came from a session that was kept. false: they did not. */
bool kp_aws_find_again(kp_fetch *);
void kp_aws_on_file(kp_fetch *, int how, int why, const char *text, size_t len);
void kp_aws_on_credentials(kp_fetch *, const kp_fetch_answer *);
/* The calls that bring temporary credentials; the services' answers come to kp_aws_on_credentials. */
void kp_aws_ask_sts(kp_fetch *);
void kp_aws_ask_container(kp_fetch *);
void kp_aws_ask_metadata(kp_fetch *);
/* With the credentials that were found. */
void kp_aws_ask_secret(kp_fetch *);

/* A setting of a profile in a file of AWS's (INI). config: the file is the one whose sections are "profile NAME". The
   last one counts. *seen becomes true if the profile is there. false: there is no such setting. */
bool kp_aws_setting(const char *text, size_t len, const char *profile, bool config, const char *name,
                    const char **value, size_t *value_len, bool *seen);
/* The text of the one element of this name in XML, without markup in it. false: there is none, or more than one. */
bool kp_aws_element(const char *xml, size_t len, const char *name, const char **text, size_t *text_len);
/* The type of an error, such as AccessDeniedException, out of JSON or XML; "" if it has none. */
void kp_aws_error_type(const kp_fetch_answer *, char *out, size_t size);
/* Ends the fetch by the type of an error. who: "AWS Secrets Manager". */
void kp_aws_fail(kp_fetch *, const kp_fetch_answer *, const char *type, const char *who);
bool kp_aws_is_refusal_of_credentials(const char *type);
/* The base URL of a service: what a variable says, else AWS's own in the region. false: it may not be used, and the
   fetch is over. */
bool kp_aws_base(kp_fetch *, size_t variable, const char *service, kp_buf *out);

#endif
