/* test_fetch_aws.c: tests fetch_aws.c and where AWS credentials come from, against scripted servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch_case.h"

#define REF "aws-sm://captchaai/key?region=eu-west-1"
#define SECRET "POST https://secretsmanager.eu-west-1.amazonaws.com/"
#define IMDS "http://169.254.169.254/latest/"
#define ROLE "GET " IMDS "meta-data/iam/security-credentials/"
#define GOT                                                                                                            \
    { SECRET, NULL, 200, "{\"SecretString\":\"made-key-1\",\"VersionId\":\"v-1\"}", 0, 0 }
#define TEMPORARY(n, time)                                                                                             \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"ASIA-OF-TEST-" n "\",\"SecretAccessKey\":\"s3cret-key-" n                 \
    "\",\"Token\":\"s3cret-session-" n "\",\"Expiration\":\"" time "\"}"
/* the clock of the tests stands at 2026-09-21T14:13:20Z */
#define SOON "2026-09-21T15:13:20Z"
#define METADATA(n, time)                                                                                              \
    {"PUT " IMDS "api/token", "X-aws-ec2-metadata-token-ttl-seconds: 21600", 200, "s3cret-imds-token", 0, 0},          \
        {ROLE, "X-aws-ec2-metadata-token: s3cret-imds-token", 200, "role-a\n", 0, 0}, {                                \
        ROLE "role-a", "X-aws-ec2-metadata-token: s3cret-imds-token", 200, TEMPORARY(n, time), 0, 0                    \
    }

static const place with_keys[] = {
    {"env:AWS_ACCESS_KEY_ID", "AKIA-OF-TEST", 0, 0}, {"env:AWS_SECRET_ACCESS_KEY", "s3cret-access-key", 0, 0}, {0}};

static void a_key_by_keys_of_the_environment(void **state) {
    (void)state;
    fetch_case c;
    case_begin(&c, REF);
    case_run(&c, with_keys,
             (call[]){{SECRET, "{\"SecretId\":\"captchaai/key\",\"VersionStage\":\"AWSCURRENT\"}", 200,
                       "{\"SecretString\":\"made-key-1\",\"VersionId\":\"v-1\"}", 0, 0},
                      {0}});
    case_got(&c, "made-key-1", "v-1");
    case_run(&c, with_keys,
             (call[]){{SECRET,
                       "Credential=AKIA-OF-TEST/20260921/eu-west-1/secretsmanager/aws4_request, "
                       "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=",
                       200, "{\"SecretBinary\":\"bWFkZS1rZXktMQ==\"}", 0, 0},
                      {0}});
    case_got(&c, "made-key-1", "");
    assert_true(is_masked("s3cret-access-key"));
    static const char named[] = "{\"SecretString\":\"made key\",\"VersionId\":\"v-9\"}";
    case_run(&c, with_keys, (call[]){{SECRET, NULL, 200, named, 0, 0}, {0}});
    case_failed(&c, KP_E_BAD_KEY, "blank");
    c.want = KP_FETCH_PREVIOUS;
    case_run(&c, with_keys,
             (call[]){{SECRET, "AWSPREVIOUS", 400, "{\"__type\":\"ResourceNotFoundException\"}", 0, 0}, {0}});
    case_absent(&c, "no such version");
    c.want = KP_FETCH_PENDING;
    case_run(
        &c, with_keys,
        (call[]){{SECRET, "AWSPENDING", 200, "{\"SecretString\":\"made-key-2\",\"VersionId\":\"v-2\"}", 0, 0}, {0}});
    case_got(&c, "made-key-2", "v-2");
    case_end(&c);
}

static void stage_field_token_and_endpoint(void **state) {
    (void)state;
    static const place places[] = {{"env:AWS_ACCESS_KEY_ID", "AKIA-OF-TEST", 0, 0},
                                   {"env:AWS_SECRET_ACCESS_KEY", "s3cret-access-key", 0, 0},
                                   {"env:AWS_SESSION_TOKEN", "s3cret-session", 0, 0},
                                   {"env:AWS_REGION", "us-east-1", 0, 0},
                                   {"env:AWS_ENDPOINT_URL", "http://127.0.0.1:5000/", 0, 0},
                                   {0}};
    static const char body[] = "{\"SecretString\":\"{\\\"api_key\\\":\\\"made-key-1\\\",\\\"n\\\":1}\"}";
    fetch_case c;
    case_begin(&c, "aws-sm://captchaai?stage=MINE#api_key");
    case_run(&c, places, (call[]){{"POST http://127.0.0.1:5000/", "\"MINE\"", 200, body, 0, 0}, {0}});
    case_got(&c, "made-key-1", "");
    case_run(&c, places,
             (call[]){{"POST http://127.0.0.1:5000/", "X-Amz-Security-Token: s3cret-session", 200, body, 0, 0}, {0}});
    case_end(&c);
    case_fails("aws-sm://captchaai#n", places, (call[]){{"POST http://127.0.0.1:5000/", NULL, 200, body, 0, 0}, {0}},
               KP_E_SOURCE_SETUP, "not a string");
    case_fails("aws-sm://captchaai#x", places, (call[]){{"POST http://127.0.0.1:5000/", NULL, 200, body, 0, 0}, {0}},
               KP_E_SOURCE_SETUP, "no such field");
    case_fails("aws-sm://captchaai#x", places,
               (call[]){{"POST http://127.0.0.1:5000/", NULL, 200, "{\"SecretString\":\"s3cret\"}", 0, 0}, {0}},
               KP_E_SOURCE_SETUP, "no JSON object");
}

static void each_answer_has_its_own_error(void **state) {
    (void)state;
    static const reply rows[] = {
        {400, "{\"__type\":\"AccessDeniedException\",\"Message\":\"s3cret words\"}", KP_E_SOURCE_REFUSED,
         "HTTP 400, AccessDeniedException"},
        {400, "{\"__type\":\"com.amazon.coral.service#UnrecognizedClientException\"}", KP_E_SOURCE_REFUSED,
         "UnrecognizedClientException"},
        {400, "{\"__type\":\"InvalidSignatureException\"}", KP_E_SOURCE_REFUSED, "InvalidSignatureException"},
        {400, "{\"__type\":\"ExpiredTokenException\"}", KP_E_SOURCE_REFUSED, "ExpiredTokenException"},
        {403, "<Response><Errors><Error><Code>AuthFailure</Code></Error></Errors></Response>", KP_E_SOURCE_REFUSED,
         "HTTP 403, AuthFailure"},
        {403, "<html>s3cret</html>", KP_E_SOURCE_REFUSED, "HTTP 403)"},
        {400, "{\"__type\":\"InvalidRequestException\"}", KP_E_SOURCE_DELETED, "scheduled for deletion"},
        {400, "{\"__type\":\"ThrottlingException\"}", KP_E_SOURCE_THROTTLED, "Throttling"},
        {429, "", KP_E_SOURCE_THROTTLED, "HTTP 429"},
        {500, "{\"__type\":\"InternalServiceError\"}", KP_E_SOURCE_AWAY, "HTTP 500"},
        {503, "", KP_E_SOURCE_AWAY, "HTTP 503"},
        {400, "{\"__type\":\"InvalidParameterException\"}", KP_E_SOURCE_SETUP, "InvalidParameter"},
        {400, "{\"__type\":\"SomethingNew s3cret\"}", KP_E_SOURCE_ANSWER, "HTTP 400)"},
        {400, "{\"__type\":\"s3cret0key0in0its0place\"}", KP_E_SOURCE_ANSWER, "HTTP 400)"},
        {403, "<Error><Code>s3cret0key0in0its0place</Code></Error>", KP_E_SOURCE_REFUSED, "HTTP 403)"},
        {404, "", KP_E_SOURCE_ANSWER, "HTTP 404"},
        {302, "", KP_E_SOURCE_ANSWER, "redirect"},
        {0, "x", KP_E_SOURCE_ANSWER, "no HTTP"},
        {200, "<html>s3cret", KP_E_SOURCE_ANSWER, "not one of AWS"},
        {200, "{\"ARN\":\"x\"}", KP_E_SOURCE_ANSWER, "no secret in it"},
        {200, "{\"SecretBinary\":\"bWFkZS1rZXktMQ=\"}", KP_E_SOURCE_ANSWER, "no secret in it"},
        {200, "{\"SecretString\":\"\"}", KP_E_PLACEHOLDER, "empty"},
        {200, "{\"SecretString\":\"s3cret a\"}", KP_E_BAD_KEY, "captchaai"},
    };
    case_each_reply(REF, with_keys, NULL, SECRET, rows, sizeof rows / sizeof rows[0]);
    case_fails(REF, with_keys, (call[]){{SECRET, NULL, 0, NULL, KP_NET_TLS, 0}, {0}}, KP_E_SOURCE_AWAY, "TLS");
    fetch_case c;
    case_begin(&c, REF);
    case_run(&c, with_keys, (call[]){{SECRET, NULL, 404, "{\"__type\":\"ResourceNotFoundException\"}", 0, 0}, {0}});
    case_absent(&c, "no such secret");
    case_end(&c);
}

static void profiles(void **state) {
    (void)state;
    static const char credentials[] = "# of mine\n[default]\naws_access_key_id = AKIA-OF-DEFAULT\n"
                                      "aws_secret_access_key = s3cret-default-key\n"
                                      "[ other ]\r\naws_access_key_id=AKIA-OF-OTHER ; its id\r\n"
                                      "aws_secret_access_key=s3cret-other-key\r\naws_session_token=s3cret-session\r\n";
    static const char config[] = "[default]\nregion = eu-west-1\n[profile other]\ns3 =\n  region = nested\n"
                                 "region = us-west-2\n[profile role]\nrole_arn = x\n[other]\nregion = none\n";
    place places[] = {{"file:~/.aws/credentials", credentials, 0, 0}, {"file:~/.aws/config", config, 0, 0}, {0}, {0}};
    fetch_case c;
    case_begin(&c, "aws-sm://captchaai");
    case_run(&c, places,
             (call[]){{SECRET, "Credential=AKIA-OF-DEFAULT/", 200, "{\"SecretString\":\"made-key-1\"}", 0, 0}, {0}});
    case_got(&c, "made-key-1", "");
    places[2] = (place){"env:AWS_PROFILE", "other", 0, 0};
    case_run(&c, places,
             (call[]){{"POST https://secretsmanager.us-west-2.amazonaws.com/",
                       "Credential=AKIA-OF-OTHER/20260921/us-west-2", 200, "{\"SecretString\":\"made-key-1\"}", 0, 0},
                      {0}});
    case_end(&c);
    places[2].content = "role";
    case_fails(REF, places, (call[]){{0}}, KP_E_SOURCE_SETUP, "no access key of its own");
    places[2].content = "nobody";
    case_fails(REF, places, (call[]){{0}}, KP_E_SOURCE_SETUP, "no profile");
    places[0] = (place){"file:~/.aws/credentials", NULL, KP_UNFIT, KP_WHY_FORBIDDEN};
    case_fails(REF, places, (call[]){{0}}, KP_E_SOURCE_SETUP, "no permission");
}

static void what_has_to_be_set(void **state) {
    (void)state;
    static const setup rows[] = {
        {NULL, {{"env:AWS_ACCESS_KEY_ID", "AKIA", 0, 0}}, "only one is set"},
        {"aws-sm://a", {{"env:AWS_REGION", "evil.test/", 0, 0}}, "no region"},
        {NULL, {{"env:AWS_EC2_METADATA_DISABLED", "True", 0, 0}}, "no AWS credentials"},
        {NULL,
         {{"env:AWS_ACCESS_KEY_ID", "AKIA", 0, 0},
          {"env:AWS_SECRET_ACCESS_KEY", "s3cret", 0, 0},
          {"env:AWS_ENDPOINT_URL", "http://aws.test", 0, 0}},
         "AWS_ENDPOINT_URL: plain http"},
        {NULL,
         {{"env:AWS_ACCESS_KEY_ID", "AK\nIA", 0, 0}, {"env:AWS_SECRET_ACCESS_KEY", "s3cret", 0, 0}},
         "Authorization has characters"},
        {NULL, {{"env:AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://evil.test/s3cret", 0, 0}}, "FULL_URI: plain http"},
        {NULL,
         {{"env:AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@evil.test/s3cret", 0, 0}},
         "RELATIVE_URI: it does not"},
        {NULL, {{"env:AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://evil.test", 0, 0}}, "SERVICE_ENDPOINT: plain http"},
        {NULL,
         {{"env:AWS_WEB_IDENTITY_TOKEN_FILE", "/t", 0, 0}, {"env:AWS_ROLE_ARN", "arn", 0, 0}},
         "AWS_WEB_IDENTITY_TOKEN_FILE: it does not exist"},
        {NULL,
         {{"env:AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x", 0, 0},
          {"env:AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/t", 0, 0},
          {"file:/t", "a\r\nb", 0, 0}},
         "no token in it"},
    };
    case_each_setup(REF, rows, sizeof rows / sizeof rows[0]);
    case_fails(REF, NULL, (call[]){{"PUT " IMDS "api/token", NULL, 0, NULL, KP_NET_CONNECT, 0}, {0}}, KP_E_SOURCE_SETUP,
               "no AWS credentials");
}

static void the_metadata_service_of_an_instance(void **state) {
    (void)state;
    fetch_case c;
    case_begin(&c, REF);
    case_run(&c, NULL, (call[]){METADATA("1", SOON), GOT, {0}});
    case_got(&c, "made-key-1", "v-1");
    assert_true(is_masked("s3cret-key-1") && is_masked("s3cret-session-1") && is_masked("s3cret-imds-token"));
    c.mono_ms += 3000000; /* kept */
    c.unix_ms += 3000000;
    case_run(&c, NULL, (call[]){GOT, {0}});
    c.mono_ms += 310000; /* five minutes ahead of its end; and the service is away: the last ones serve */
    c.unix_ms += 310000;
    case_run(&c, NULL, (call[]){{"PUT " IMDS "api/token", NULL, 0, NULL, KP_NET_LATE, 0}, GOT, {0}});
    case_got(&c, "made-key-1", "v-1");
    c.mono_ms += 1000000;
    c.unix_ms += 1000000;
    case_run(&c, NULL,
             (call[]){{"PUT " IMDS "api/token", NULL, 503, "", 0, 0},
                      {SECRET, NULL, 400, "{\"__type\":\"ExpiredTokenException\"}", 0, 0},
                      {0}});
    case_failed(&c, KP_E_SOURCE_AWAY, "could not be renewed");
    c.mono_ms += 100000;
    case_run(&c, NULL, (call[]){METADATA("2", "2026-09-21T17:13:20Z"), GOT, {0}});
    /* refused though kept: new ones, once */
    case_run(&c, NULL,
             (call[]){{SECRET, "s3cret-session-2", 400, "{\"__type\":\"ExpiredTokenException\"}", 0, 0},
                      METADATA("3", "2026-09-21T17:13:20Z"),
                      {SECRET, "s3cret-session-3", 400, "{\"__type\":\"ExpiredTokenException\"}", 0, 0},
                      {0}});
    case_failed(&c, KP_E_SOURCE_REFUSED, "ExpiredTokenException");
    case_end(&c);
}

static void answers_of_the_metadata_service(void **state) {
    (void)state;
    const call token = {"PUT " IMDS "api/token", NULL, 200, "s3cret-imds-token", 0, 0};
    const call role = {ROLE, NULL, 200, "role-a", 0, 0};
    case_fails(REF, NULL, (call[]){{"PUT " IMDS "api/token", NULL, 403, "", 0, 0}, {0}}, KP_E_SOURCE_REFUSED, "403");
    case_fails(REF, NULL, (call[]){{"PUT " IMDS "api/token", NULL, 503, "", 0, 0}, {0}}, KP_E_SOURCE_AWAY, "503");
    case_fails(REF, NULL, (call[]){{"PUT " IMDS "api/token", NULL, 200, "a\r\nb", 0, 0}, {0}}, KP_E_SOURCE_ANSWER,
               "no token");
    case_fails(REF, NULL, (call[]){token, {ROLE, NULL, 404, "", 0, 0}, {0}}, KP_E_SOURCE_SETUP, "no role");
    case_fails(REF, NULL, (call[]){token, {ROLE, NULL, 200, "../../x", 0, 0}, {0}}, KP_E_SOURCE_ANSWER, "no name");
    static const char *const bodies[] = {"", "[]", "{\"AccessKeyId\":\"a\"}", TEMPORARY("1", "yesterday"),
                                         "{\"AccessKeyId\":\"a\\r\\nb\",\"SecretAccessKey\":\"a\",\"Token\":\"a\","
                                         "\"Expiration\":\"" SOON "\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        case_fails(REF, NULL, (call[]){token, role, {ROLE "role-a", NULL, 200, bodies[i], 0, 0}, {0}},
                   KP_E_SOURCE_ANSWER, "no whole credentials");
}

static void containers(void **state) {
    (void)state;
    static const place relative[] = {{"env:AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/id", 0, 0}, {0}};
    static const place full[] = {
        {"env:AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials", 0, 0},
        {"env:AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/run/token", 0, 0},
        {"file:/run/token", "s3cret-pod-token\n", 0, 0},
        {0}};
    fetch_case c;
    case_begin(&c, REF);
    case_run(&c, relative,
             (call[]){{"GET http://169.254.170.2/v2/credentials/id", NULL, 200, TEMPORARY("1", SOON), 0, 0}, GOT, {0}});
    case_got(&c, "made-key-1", "v-1");
    case_run(&c, full,
             (call[]){{"GET http://169.254.170.23/v1/credentials", "Authorization: s3cret-pod-token", 200,
                       TEMPORARY("2", SOON), 0, 0},
                      {SECRET, "s3cret-session-2", 200, "{\"SecretString\":\"made-key-1\"}", 0, 0},
                      {0}});
    case_end(&c);
    /* the URL is as good as a secret */
    case_begin(&c, REF);
    case_to_the_call(&c, relative);
    assert_true(kp_fetch_is_local(c.fetch));
    assert_string_equal(kp_buf_text(&kp_fetch_request(c.fetch)->shown_url), "http://169.254.170.2/***");
    case_end(&c);
}

static void web_identity(void **state) {
    (void)state;
    static const place places[] = {{"env:AWS_WEB_IDENTITY_TOKEN_FILE", "/run/jwt", 0, 0},
                                   {"env:AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/a", 0, 0},
                                   {"file:/run/jwt", "s3cret.jwt", 0, 0},
                                   {0}};
    static const char sts[] = "POST https://sts.eu-west-1.amazonaws.com/";
    static const char good[] = "<A><Credentials><AccessKeyId>ASIA-1</AccessKeyId><SecretAccessKey>s3cret/k+1="
                               "</SecretAccessKey><SessionToken>s3cret-session-9</SessionToken><Expiration>" SOON
                               "</Expiration></Credentials></A>";
    fetch_case c;
    case_begin(&c, REF);
    case_run(
        &c, places,
        (call[]){{sts,
                  "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%"
                  "3Arole%2Fa&RoleSessionName=keyplate-55667788&WebIdentityToken=s3cret.jwt",
                  200, good, 0, 0},
                 {SECRET, "X-Amz-Security-Token: s3cret-session-9", 200, "{\"SecretString\":\"made-key-1\"}", 0, 0},
                 {0}});
    case_got(&c, "made-key-1", "");
    case_end(&c);
    static const reply rows[] = {
        {400, "<E><Code>ExpiredTokenException</Code></E>", KP_E_SOURCE_REFUSED, "STS"},
        {403, "<E><Code>AccessDenied</Code></E>", KP_E_SOURCE_REFUSED, "STS"},
        {400, "<E><Code>Throttling</Code></E>", KP_E_SOURCE_THROTTLED, "STS"},
        {200, "<A/>", KP_E_SOURCE_ANSWER, "STS"},
        {200, "<AccessKeyId>a</AccessKeyId><AccessKeyId>b</AccessKeyId>", KP_E_SOURCE_ANSWER, "STS"},
        {200, "<AccessKeyId>a", KP_E_SOURCE_ANSWER, "STS"}};
    case_each_reply(REF, places, NULL, sts, rows, sizeof rows / sizeof rows[0]);
}

static void each_allocation_fails(void **state) {
    (void)state;
    case_each_allocation_fails(REF, NULL, (call[]){METADATA("1", SOON), GOT, {0}}, "made-key-1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_by_keys_of_the_environment),
        cmocka_unit_test(stage_field_token_and_endpoint),
        cmocka_unit_test(each_answer_has_its_own_error),
        cmocka_unit_test(profiles),
        cmocka_unit_test(what_has_to_be_set),
        cmocka_unit_test(the_metadata_service_of_an_instance),
        cmocka_unit_test(answers_of_the_metadata_service),
        cmocka_unit_test(containers),
        cmocka_unit_test(web_identity),
        cmocka_unit_test(each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
