/* test_fetch_gcp.c: tests fetch_gcp.c, gcp_token.c, rsa.c and crc32c.c against scripted servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/crc32c.h"
#include "fetch_case.h"
#include "safe/rsa.h"

#define PLACE "projects/p/secrets/captchaai/versions/"
#define REF "gcp-sm://" PLACE "latest"
#define BASE "GET https://secretmanager.googleapis.com/v1/" PLACE
#define METADATA "GET http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"
#define TOKEN(text) "{\"access_token\":\"" text "\",\"expires_in\":3599,\"token_type\":\"Bearer\"}"
/* "made-key-1" */
#define ANSWER(version)                                                                                                \
    "{\"name\":\"projects/1/secrets/captchaai/versions/" version "\",\"payload\":{\"data\":\"bWFkZS1rZXktMQ==\"}}"

static const call token = {METADATA, "Metadata-Flavor: Google", 200, TOKEN("s3cret-access-1"), 0, 0};

static void a_key_by_the_metadata_service(void **state) {
    (void)state;
    fetch_case c;
    case_begin(&c, REF);
    case_run(
        &c, NULL,
        (call[]){token, {BASE "latest:access", "Authorization: Bearer s3cret-access-1", 200, ANSWER("7"), 0, 0}, {0}});
    case_got(&c, "made-key-1", "version 7");
    assert_true(is_masked("s3cret-access-1"));
    c.mono_ms += 3000000;
    case_run(&c, NULL, (call[]){{BASE "latest:access", NULL, 200, ANSWER("7"), 0, 0}, {0}});
    c.mono_ms += 400000; /* away: the last one serves */
    case_run(
        &c, NULL,
        (call[]){{METADATA, NULL, 0, NULL, KP_NET_LATE, 0}, {BASE "latest:access", NULL, 200, ANSWER("7"), 0, 0}, {0}});
    c.mono_ms += 400000;
    case_run(&c, NULL, (call[]){{METADATA, NULL, 503, "", 0, 0}, {BASE "latest:access", NULL, 401, "{}", 0, 0}, {0}});
    case_failed(&c, KP_E_SOURCE_AWAY, "could not be renewed");
    c.mono_ms += 400000;
    case_run(&c, NULL, (call[]){token, {BASE "latest:access", NULL, 200, ANSWER("7"), 0, 0}, {0}});
    case_run(
        &c, NULL,
        (call[]){
            {BASE "latest:access", NULL, 401, "{}", 0, 0}, token, {BASE "latest:access", NULL, 401, "{}", 0, 0}, {0}});
    case_failed(&c, KP_E_SOURCE_REFUSED, "HTTP 401");
    case_end(&c);
}

static void versions(void **state) {
    (void)state;
    fetch_case c;
    case_begin(&c, REF);
    c.want = KP_FETCH_PREVIOUS;
    case_run(&c, NULL,
             (call[]){token,
                      {BASE "latest:access", NULL, 200, ANSWER("7"), 0, 0},
                      {BASE "6:access", NULL, 200, ANSWER("6"), 0, 0},
                      {0}});
    case_got(&c, "made-key-1", "version 6");
    case_run(&c, NULL, (call[]){{BASE "latest:access", NULL, 200, ANSWER("1"), 0, 0}, {0}});
    case_absent(&c, "no version before");
    c.want = KP_FETCH_PENDING;
    case_run(&c, NULL, (call[]){{0}});
    case_absent(&c, "no pending");
    case_end(&c);
    case_begin(&c, "gcp-sm://" PLACE "3");
    c.want = KP_FETCH_PREVIOUS;
    case_run(&c, NULL, (call[]){token, {BASE "2:access", NULL, 200, ANSWER("2"), 0, 0}, {0}});
    case_got(&c, "made-key-1", "version 2");
    case_end(&c);
}

static void each_answer_has_its_own_error(void **state) {
    (void)state;
    static const reply rows[] = {
        {403, "{\"error\":{\"status\":\"PERMISSION_DENIED\",\"message\":\"s3cret\"}}", KP_E_SOURCE_REFUSED, "403"},
        {400, "{\"error\":{\"status\":\"FAILED_PRECONDITION\"}}", KP_E_SOURCE_DELETED, "disabled or destroyed"},
        {400, "{\"error\":{\"status\":\"INVALID_ARGUMENT\"}}", KP_E_SOURCE_SETUP, "cannot make sense"},
        {429, "", KP_E_SOURCE_THROTTLED, "429"},
        {503, "", KP_E_SOURCE_AWAY, "503"},
        {404, "<html>", KP_E_SOURCE_ANSWER, "404"},
        {301, "", KP_E_SOURCE_ANSWER, "redirect"},
        {200, "<html>s3cret", KP_E_SOURCE_ANSWER, "no secret in it"},
        {200, "{\"payload\":{\"data\":\"bWFkZS1rZXktMQ=\"}}", KP_E_SOURCE_ANSWER, "no secret in it"},
        {200, "{\"payload\":{\"data\":\"bWFkZS1rZXktMQ==\",\"dataCrc32c\":\"1\"}}", KP_E_SOURCE_ANSWER, "CRC-32C"},
        {200, "{\"payload\":{\"data\":\"bWFkZS1rZXktMQ==\",\"dataCrc32c\":{}}}", KP_E_SOURCE_ANSWER, "CRC-32C"},
        {200, "{\"payload\":{\"data\":\"\"}}", KP_E_PLACEHOLDER, "empty"},
    };
    case_each_reply(REF, NULL, &token, BASE "latest:access", rows, sizeof rows / sizeof rows[0]);
    fetch_case c;
    case_begin(&c, REF);
    case_run(&c, NULL,
             (call[]){token, {BASE "latest:access", NULL, 404, "{\"error\":{\"status\":\"NOT_FOUND\"}}", 0, 0}, {0}});
    case_absent(&c, "no such secret");
    char sum[128];
    snprintf(sum, sizeof sum, "{\"payload\":{\"data\":\"bWFkZS1rZXktMQ==\",\"dataCrc32c\":\"%u\"}}",
             kp_crc32c("made-key-1", 10));
    case_run(&c, NULL, (call[]){{BASE "latest:access", NULL, 200, sum, 0, 0}, {0}});
    case_got(&c, "made-key-1", "");
    case_end(&c);
    case_fails(REF, NULL, (call[]){{METADATA, NULL, 0, NULL, KP_NET_RESOLVE, 0}, {0}}, KP_E_SOURCE_SETUP,
               "no Google credentials");
    case_fails(REF, NULL, (call[]){{METADATA, NULL, 404, "", 0, 0}, {0}}, KP_E_SOURCE_SETUP, "no default service");
    case_fails(REF, NULL, (call[]){{METADATA, NULL, 403, "", 0, 0}, {0}}, KP_E_SOURCE_REFUSED, "403");
    case_fails(REF, NULL, (call[]){{METADATA, NULL, 500, "", 0, 0}, {0}}, KP_E_SOURCE_AWAY, "500");
    case_fails(REF, NULL, (call[]){{METADATA, NULL, 200, "{\"access_token\":\"a\\nb\",\"expires_in\":1}", 0, 0}, {0}},
               KP_E_SOURCE_ANSWER, "no token");
}

static void what_has_to_be_set(void **state) {
    (void)state;
    static const setup rows[] = {
        {NULL, {{"env:GCE_METADATA_HOST", "evil.test", 0, 0}}, "GCE_METADATA_HOST: plain http"},
        {NULL, {{"env:GCE_METADATA_HOST", "localhost/x", 0, 0}}, "without a path"},
        {NULL, {{"env:CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", "http://evil.test", 0, 0}}, "plain http"},
        {NULL, {{"env:GOOGLE_APPLICATION_CREDENTIALS", "/a.json", 0, 0}}, "does not exist"},
        {NULL,
         {{"env:GOOGLE_APPLICATION_CREDENTIALS", "/a.json", 0, 0},
          {"file:/a.json", "{\"type\":\"external_account\"}", 0, 0}},
         "not the key of a service account"},
        {NULL,
         {{"env:GOOGLE_APPLICATION_CREDENTIALS", "/a.json", 0, 0},
          {"file:/a.json", "{\"type\":\"service_account\"}", 0, 0}},
         "lacks client_email"},
        {NULL,
         {{"env:GOOGLE_APPLICATION_CREDENTIALS", "/a.json", 0, 0},
          {"file:/a.json",
           "{\"type\":\"service_account\",\"client_email\":\"a\",\"private_key_id\":\"b\",\"private_key\":\"s3cret\","
           "\"token_uri\":\"http://evil.test\"}",
           0, 0}},
         "token_uri: plain http"},
        {NULL,
         {{"env:GOOGLE_APPLICATION_CREDENTIALS", "/a.json", 0, 0},
          {"file:/a.json",
           "{\"type\":\"service_account\",\"client_email\":\"a\",\"private_key_id\":\"b\",\"private_key\":\"s3cret\","
           "\"token_uri\":\"https://t.test\"}",
           0, 0}},
         "no RSA key"},
    };
    case_each_setup(REF, rows, sizeof rows / sizeof rows[0]);
}

/* ---- With a key that is made here ---- */

static EVP_PKEY *make_key(int bits, kp_buf *pem) {
    EVP_PKEY *key = EVP_RSA_gen((unsigned)bits);
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;
    assert_true(key && out && PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL));
    long len = BIO_get_mem_data(out, &text);
    kp_buf_add(pem, text, (size_t)len);
    BIO_free(out);
    return key;
}

static void add_file(kp_buf *file, const kp_buf *pem) {
    kp_buf_str(file, "{\"type\":\"service_account\",\"client_email\":\"me@p.test\",\"private_key_id\":\"id-1\","
                     "\"token_uri\":\"https://token.test/token\",\"private_key\":");
    kp_add_json(file, pem->data, pem->len);
    kp_buf_char(file, '}');
}

/* base64url without padding */
static void decode(kp_buf *out, const char *text, size_t len) {
    char padded[2048];
    assert_true(len + 4 < sizeof padded);
    for (size_t i = 0; i < len; i++)
        padded[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    while (len % 4 != 0)
        padded[len++] = '=';
    assert_true(kp_decode_base64(out, padded, len));
}

static void the_key_of_a_service_account(void **state) {
    (void)state;
    kp_buf pem, file, claims, signature;
    kp_buf *all[] = {&pem, &file, &claims, &signature};
    for (size_t i = 0; i < 4; i++)
        kp_buf_init(all[i], NULL);
    EVP_PKEY *key = make_key(2048, &pem);
    add_file(&file, &pem);
    place places[] = {{"env:GOOGLE_APPLICATION_CREDENTIALS", "/a.json", 0, 0}, {"file:/a.json", file.data, 0, 0}, {0}};
    fetch_case c;
    case_begin(&c, REF);
    case_to_the_call(&c, places);
    const kp_request *r = kp_fetch_request(c.fetch);
    assert_string_equal(kp_buf_text(&r->url), "https://token.test/token");
    const char *jwt = strstr(kp_buf_text(&r->body), "&assertion=") + strlen("&assertion=");
    const char *dot = strchr(jwt, '.'), *last = strrchr(jwt, '.');
    decode(&claims, dot + 1, (size_t)(last - dot - 1));
    assert_string_equal(kp_buf_text(&claims),
                        "{\"iss\":\"me@p.test\",\"scope\":\"https://www.googleapis.com/auth/cloud-platform\",\"aud\":"
                        "\"https://token.test/token\",\"iat\":1790000000,\"exp\":1790003600}");
    decode(&signature, last + 1, strlen(last + 1));
    EVP_MD_CTX *check = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(check, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestVerify(check, (const unsigned char *)signature.data, signature.len,
                                      (const unsigned char *)jwt, (size_t)(last - jwt)),
                     1);
    EVP_MD_CTX_free(check);
    const call calls[] = {
        {"POST https://token.test/token", "grant_type=urn%3Aietf", 200, TOKEN("s3cret-access-2"), 0, 0},
        {BASE "latest:access", "Bearer s3cret-access-2", 200, ANSWER("7"), 0, 0},
        {0}};
    case_run(&c, places, calls);
    case_got(&c, "made-key-1", "version 7");
    case_end(&c);
    case_each_allocation_fails(REF, places, calls, "made-key-1");
    case_fails(REF, places, (call[]){{"POST https://token.test/token", NULL, 400, "{}", 0, 0}, {0}},
               KP_E_SOURCE_REFUSED, "refuses the account");
    EVP_PKEY_free(key);
    for (size_t i = 0; i < 4; i++)
        kp_buf_free(all[i]);
}

static void keys_that_are_none(void **state) {
    (void)state;
    kp_buf pem, out;
    kp_buf_init(&pem, NULL);
    kp_buf_init(&out, NULL);
    EVP_PKEY *key = make_key(1024, &pem);
    assert_int_equal(kp_rsa_sha256(pem.data, pem.len, "a", 1, &out), KP_RSA_NO_KEY);
    assert_int_equal(kp_rsa_sha256(NULL, 0, "a", 1, &out), KP_RSA_NO_KEY);
    assert_int_equal(kp_rsa_sha256("x", 1, "a", 1, &out), KP_RSA_NO_KEY);
    assert_int_equal(out.len, 0);
    EVP_PKEY_free(key);
    kp_buf_free(&pem);
    kp_buf_free(&out);
}

/* RFC 3720, appendix B.4 */
static void sums_of_the_standard(void **state) {
    (void)state;
    unsigned char data[32] = {0};
    assert_int_equal(kp_crc32c(data, 32), 0x8A9136AA);
    memset(data, 0xFF, 32);
    assert_int_equal(kp_crc32c(data, 32), 0x62A8AB43);
    for (size_t i = 0; i < 32; i++)
        data[i] = (unsigned char)i;
    assert_int_equal(kp_crc32c(data, 32), 0x46DD794E);
    assert_int_equal(kp_crc32c("123456789", 9), 0xE3069283);
    assert_int_equal(kp_crc32c(NULL, 9), 0);
}

static void each_allocation_fails(void **state) {
    (void)state;
    case_each_allocation_fails(REF, NULL, (call[]){token, {BASE "latest:access", NULL, 200, ANSWER("7"), 0, 0}, {0}},
                               "made-key-1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_by_the_metadata_service), cmocka_unit_test(versions),
        cmocka_unit_test(each_answer_has_its_own_error), cmocka_unit_test(what_has_to_be_set),
        cmocka_unit_test(the_key_of_a_service_account),  cmocka_unit_test(keys_that_are_none),
        cmocka_unit_test(sums_of_the_standard),          cmocka_unit_test(each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
