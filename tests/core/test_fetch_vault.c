/* test_fetch_vault.c: tests fetch_vault.c and vault_token.c against scripted servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch_case.h"

#define REF "vault://secret/team/captchaai"
#define ADDR                                                                                                           \
    { "env:VAULT_ADDR", "https://vault.test:8200/", 0, 0 }
#define DATA "GET https://vault.test:8200/v1/secret/data/team/captchaai"
#define LOGIN "POST https://vault.test:8200/v1/auth/approle/login"
#define RENEW "POST https://vault.test:8200/v1/auth/token/renew-self"
#define ANSWER(version, value)                                                                                         \
    "{\"data\":{\"data\":{\"api_key\":\"" value "\"},\"metadata\":{\"version\":" version                               \
    ",\"deletion_time\":\"\",\"destroyed\":false}}}"
#define AUTH(token, lease) "{\"auth\":{\"client_token\":\"" token "\",\"lease_duration\":" lease ",\"renewable\":true}}"

static const place with_token[] = {ADDR, {"env:VAULT_TOKEN", " hvs-s3cret-token\n", 0, 0}, {0}};
static const place with_role[] = {
    ADDR, {"env:VAULT_ROLE_ID", "role", 0, 0}, {"env:VAULT_SECRET_ID", "s3cret-id-of-role", 0, 0}, {0}};

static void a_key_by_a_token(void **state) {
    (void)state;
    fetch_case c;
    case_begin(&c, REF);
    case_run(&c, with_token,
             (call[]){{DATA, "X-Vault-Token: hvs-s3cret-token", 200, ANSWER("7", " made-key-1 \\n"), 0, 0}, {0}});
    case_got(&c, "made-key-1", "version 7");
    assert_string_equal(kp_fetch_note(c.fetch), REF ", version 7");
    assert_true(is_masked("hvs-s3cret-token"));
    case_end(&c);
}

static void mount_field_namespace_and_request_header(void **state) {
    (void)state;
    static const place places[] = {
        ADDR, {"env:VAULT_NAMESPACE", "team/a", 0, 0}, {"file:~/.vault-token", "from-a-file\n", KP_FOUND_OPEN, 0}, {0}};
    fetch_case c;
    case_begin(&c, "vault://kv/team//a b/c#the field");
    static const char line[] = "GET https://vault.test:8200/v1/kv/team/data/a%20b/c";
    static const char body[] = "{\"data\":{\"data\":{\"the field\":\"made-key-2\"},\"metadata\":{\"version\":1}}}";
    case_run(&c, places, (call[]){{line, "X-Vault-Namespace: team/a", 200, body, 0, 0}, {0}});
    case_got(&c, "made-key-2", "version 1");
    assert_true(kp_fetch_open(c.fetch));
    case_run(&c, places, (call[]){{line, "X-Vault-Request: true", 200, body, 0, 0}, {0}});
    case_run(&c, places, (call[]){{line, "X-Vault-Token: from-a-file", 200, body, 0, 0}, {0}});
    case_end(&c);
}

static void the_version_before(void **state) {
    (void)state;
    fetch_case c;
    case_begin(&c, REF);
    c.want = KP_FETCH_PREVIOUS;
    case_run(&c, with_token,
             (call[]){{DATA, NULL, 200, ANSWER("7", "made-key-1"), 0, 0},
                      {DATA "?version=6", NULL, 200, ANSWER("6", "made-key-0"), 0, 0},
                      {0}});
    case_got(&c, "made-key-0", "version 6");
    static const char deleted[] = "{\"data\":{\"data\":null,\"metadata\":{\"version\":7,\"deletion_time\":\"x\"}}}";
    case_run(&c, with_token,
             (call[]){{DATA, NULL, 404, deleted, 0, 0}, {DATA "?version=6", NULL, 404, "{\"errors\":[]}", 0, 0}, {0}});
    case_absent(&c, "not there any more");
    case_run(&c, with_token, (call[]){{DATA, NULL, 200, ANSWER("1", "made-key-1"), 0, 0}, {0}});
    case_absent(&c, "no version before");
    c.want = KP_FETCH_PENDING;
    case_run(&c, with_token, (call[]){{0}});
    case_absent(&c, "no pending");
    case_end(&c);
}

static void each_answer_has_its_own_error(void **state) {
    (void)state;
    static const reply rows[] = {
        {403, "{\"errors\":[\"s3cret words\"]}", KP_E_SOURCE_REFUSED, "refuses the token"},
        {401, "", KP_E_SOURCE_REFUSED, "refuses the token"},
        {404, "{\"errors\":[\"no handler for route\"]}", KP_E_SOURCE_SETUP, "no secrets engine"},
        {404, "<html>", KP_E_SOURCE_ANSWER, "VAULT_ADDR"},
        {404, "{\"data\":{\"data\":null,\"metadata\":{\"version\":3,\"destroyed\":true}}}", KP_E_SOURCE_DELETED,
         "version 3 is destroyed"},
        {404, "{\"data\":{\"data\":null,\"metadata\":{\"version\":3,\"destroyed\":false}}}", KP_E_SOURCE_DELETED,
         "version 3 is deleted"},
        {429, "", KP_E_SOURCE_THROTTLED, "429"},
        {412, "", KP_E_SOURCE_AWAY, "standby or behind"},
        {473, "", KP_E_SOURCE_AWAY, "standby or behind"},
        {500, "", KP_E_SOURCE_AWAY, "HTTP 500"},
        {503, "{\"errors\":[\"Vault is sealed\"]}", KP_E_SOURCE_AWAY, "HTTP 503"},
        {307, "", KP_E_SOURCE_ANSWER, "redirect"},
        {0, "x", KP_E_SOURCE_ANSWER, "no HTTP"},
        {418, "", KP_E_SOURCE_ANSWER, "HTTP 418"},
        {200, "", KP_E_SOURCE_ANSWER, "no JSON object"},
        {200, "<html>s3cret</html>", KP_E_SOURCE_ANSWER, "no JSON object"},
        {200, "{\"data\":{\"api_key\":\"s3cret-1\"}}", KP_E_SOURCE_ANSWER, "KV version 2"},
        {200, "{\"data\":{\"data\":{\"api_key\":\"s3cret-1\",\"api_key\":\"s3cret-2\"},\"metadata\":{\"version\":1}}}",
         KP_E_SOURCE_ANSWER, "no JSON object"},
        {200, "{\"data\":{\"data\":{\"other\":\"s3cret-1\"},\"metadata\":{\"version\":1}}}", KP_E_SOURCE_SETUP,
         "no such field"},
        {200, "{\"data\":{\"data\":{\"api_key\":1},\"metadata\":{\"version\":1}}}", KP_E_SOURCE_SETUP, "not a string"},
        {200, ANSWER("1", "your_api_key"), KP_E_PLACEHOLDER, "sample"},
        {200, ANSWER("1", "s3cret a b"), KP_E_BAD_KEY, "version 1: "},
    };
    case_each_reply(REF, with_token, NULL, DATA, rows, sizeof rows / sizeof rows[0]);
    static const int nets[] = {KP_NET_RESOLVE, KP_NET_CONNECT, KP_NET_TLS, KP_NET_PROXY, KP_NET_RESET, KP_NET_LATE};
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        case_fails(REF, with_token, (call[]){{DATA, NULL, 0, NULL, nets[i], 0}, {0}}, KP_E_SOURCE_AWAY,
                   "cannot be reached");
    case_fails(REF, with_token, (call[]){{DATA, NULL, 0, NULL, KP_NET_STOPPED, 0}, {0}}, KP_E_CANCELLED, "cancelled");
    fetch_case c;
    case_begin(&c, REF);
    case_run(&c, with_token, (call[]){{DATA, NULL, 404, "{\"errors\":[]}", 0, 0}, {0}});
    case_absent(&c, "no such secret");
    case_run(&c, with_token, (call[]){{DATA, NULL, 429, "", 0, 7000}, {0}});
    assert_int_equal(kp_fetch_retry_after_ms(c.fetch), 7000);
    case_end(&c);
}

static void what_has_to_be_set(void **state) {
    (void)state;
    static const setup rows[] = {
        {NULL, {{0}}, "VAULT_ADDR is not set"},
        {NULL, {{"env:VAULT_ADDR", "http://vault.test:8200", 0, 0}}, "plain http"},
        {NULL, {{"env:VAULT_ADDR", "https://user:s3cret@vault.test", 0, 0}}, "user name or password"},
        {NULL, {{"env:VAULT_ADDR", NULL, KP_UNFIT, KP_WHY_TOO_BIG}}, "cannot be read"},
        {NULL, {ADDR}, "there is no token"},
        {NULL, {ADDR, {"file:~/.vault-token", NULL, KP_UNFIT, KP_WHY_FORBIDDEN}}, "no permission"},
        {NULL, {ADDR, {"file:~/.vault-token", "s3cret\r\nX-Other: 1", 0, 0}}, "no token"},
        {NULL, {ADDR, {"env:VAULT_TOKEN", "s3cret\r\nX-Other: 1", 0, 0}}, "X-Vault-Token has characters"},
        {NULL,
         {ADDR, {"env:VAULT_TOKEN", "s3cret", 0, 0}, {"env:VAULT_NAMESPACE", "a\nb", 0, 0}},
         "X-Vault-Namespace has"},
        {NULL, {ADDR, {"env:VAULT_K8S_ROLE", "role", 0, 0}}, "does not exist"},
    };
    case_each_setup(REF, rows, sizeof rows / sizeof rows[0]);
    static const place twice[] = {ADDR,
                                  {"env:VAULT_ROLE_ID", "role", 0, 0},
                                  {"env:VAULT_SECRET_ID", "s3cret", 0, 0},
                                  {"env:VAULT_SECRET_ID_FILE", "/run/id", 0, 0},
                                  {0}};
    case_fails(REF, twice, (call[]){{0}}, KP_E_SOURCE_SETUP, "both set");
}

static void http_goes_where_it_is_allowed(void **state) {
    (void)state;
    fetch_case c;
    case_begin(&c, REF);
    c.hosts = "vault.test";
    static const place places[] = {
        {"env:VAULT_ADDR", "http://vault.test", 0, 0}, {"env:VAULT_TOKEN", "some-token", 0, 0}, {0}};
    case_run(
        &c, places,
        (call[]){{"GET http://vault.test/v1/secret/data/team/captchaai", NULL, 200, ANSWER("1", "made-key-1"), 0, 0},
                 {0}});
    case_got(&c, "made-key-1", "version 1");
    case_end(&c);
}

static void a_login_is_kept_renewed_and_made_anew(void **state) {
    (void)state;
    fetch_case c;
    case_begin(&c, REF);
    const call data = {DATA, NULL, 200, ANSWER("1", "made-key-1"), 0, 0};
    case_run(&c, with_role,
             (call[]){{LOGIN, "{\"role_id\":\"role\",\"secret_id\":\"s3cret-id-of-role\"}", 200,
                       AUTH("token-of-login-1", "900"), 0, 0},
                      {DATA, "X-Vault-Token: token-of-login-1", 200, ANSWER("1", "made-key-1"), 0, 0},
                      {0}});
    case_got(&c, "made-key-1", "version 1");
    assert_true(is_masked("token-of-login-1") && is_masked("s3cret-id-of-role"));
    c.mono_ms += 500000; /* before two thirds */
    case_run(&c, with_role, (call[]){data, {0}});
    c.mono_ms += 150000;
    case_run(&c, with_role,
             (call[]){{RENEW, "token-of-login-1", 200, AUTH("token-of-login-1", "900"), 0, 0}, data, {0}});
    c.mono_ms += 500000; /* the renewal counts from then */
    case_run(&c, with_role, (call[]){data, {0}});
    c.mono_ms += 150000; /* less time than before: its end is near */
    case_run(&c, with_role,
             (call[]){{RENEW, NULL, 200, AUTH("token-of-login-1", "120"), 0, 0},
                      {LOGIN, NULL, 200, AUTH("token-of-login-2", "900"), 0, 0},
                      {DATA, "X-Vault-Token: token-of-login-2", 200, ANSWER("1", "made-key-1"), 0, 0},
                      {0}});
    c.mono_ms += 650000; /* it cannot be renewed */
    case_run(
        &c, with_role,
        (call[]){{RENEW, NULL, 403, "{}", 0, 0}, {LOGIN, NULL, 200, AUTH("token-of-login-3", "900"), 0, 0}, data, {0}});
    c.mono_ms += 650000; /* nobody answers: it is good for a while yet */
    case_run(&c, with_role, (call[]){{RENEW, NULL, 503, "{}", 0, 0}, data, {0}});
    case_got(&c, "made-key-1", "version 1");
    c.mono_ms += 1000000; /* over */
    case_run(&c, with_role, (call[]){{LOGIN, NULL, 200, AUTH("token-of-login-4", "0"), 0, 0}, data, {0}});
    c.mono_ms += 1ULL << 40; /* a lease of 0 has no end; but it is refused */
    case_run(&c, with_role,
             (call[]){{DATA, "token-of-login-4", 403, "{}", 0, 0},
                      {LOGIN, NULL, 200, AUTH("token-of-login-5", "900"), 0, 0},
                      {DATA, "token-of-login-5", 200, ANSWER("1", "made-key-1"), 0, 0},
                      {0}});
    case_got(&c, "made-key-1", "version 1");
    case_run(&c, with_role,
             (call[]){{DATA, NULL, 403, "{}", 0, 0},
                      {LOGIN, NULL, 200, AUTH("token-of-login-6", "900"), 0, 0},
                      {DATA, NULL, 403, "{}", 0, 0},
                      {0}});
    case_failed(&c, KP_E_SOURCE_REFUSED, "refuses the token");
    case_end(&c);
}

/* What is no word on the token costs neither it nor a login. */
static void no_word_on_the_token(void **state) {
    (void)state;
    static const int statuses[] = {0, 307, 412, 429, 472, 473, 474, 500, 503};
    const call data = {DATA, "X-Vault-Token: token-of-login-1", 200, ANSWER("1", "made-key-1"), 0, 0};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        fetch_case c;
        case_begin(&c, REF);
        case_run(&c, with_role, (call[]){{LOGIN, NULL, 200, AUTH("token-of-login-1", "900"), 0, 0}, data, {0}});
        c.mono_ms += 650000; /* to be renewed */
        case_run(&c, with_role, (call[]){{RENEW, NULL, statuses[i], "", 0, 0}, data, {0}});
        case_got(&c, "made-key-1", "version 1");
        c.mono_ms += 10000; /* to be replaced */
        case_run(&c, with_role,
                 (call[]){{RENEW, NULL, 200, AUTH("token-of-login-1", "120"), 0, 0},
                          {LOGIN, NULL, statuses[i], "", 0, 0},
                          data,
                          {0}});
        case_got(&c, "made-key-1", "version 1");
        case_end(&c);
    }
}

static void logins_that_fail(void **state) {
    (void)state;
    static const reply rows[] = {
        {400, "{\"errors\":[\"invalid role or secret ID\"]}", KP_E_SOURCE_REFUSED, "login with AppRole"},
        {403, "{}", KP_E_SOURCE_REFUSED, "login with AppRole"},
        {404, "{}", KP_E_SOURCE_SETUP, "no auth method"},
        {200, "{\"auth\":{}}", KP_E_SOURCE_ANSWER, "no token in it"},
        {200, "{\"auth\":{\"client_token\":\"a\\r\\nb\"}}", KP_E_SOURCE_ANSWER, "no token in it"},
        {429, "{}", KP_E_SOURCE_THROTTLED, "429"},
        {502, "{}", KP_E_SOURCE_AWAY, "502"},
        {472, "{}", KP_E_SOURCE_AWAY, "472"},
    };
    case_each_reply(REF, with_role, NULL, LOGIN, rows, sizeof rows / sizeof rows[0]);
}

static void kubernetes(void **state) {
    (void)state;
    static const place places[] = {ADDR,
                                   {"env:VAULT_K8S_ROLE", "pod-role", 0, 0},
                                   {"env:VAULT_K8S_MOUNT", "k8s/b", 0, 0},
                                   {"file:/var/run/secrets/kubernetes.io/serviceaccount/token", "pod-token-1\n", 0, 0},
                                   {0}};
    fetch_case c;
    case_begin(&c, REF);
    case_run(&c, places,
             (call[]){{"POST https://vault.test:8200/v1/auth/k8s/b/login",
                       "{\"role\":\"pod-role\",\"jwt\":\"pod-token-1\"}", 200, AUTH("token-of-pod", "60"), 0, 0},
                      {DATA, "X-Vault-Token: token-of-pod", 200, ANSWER("2", "made-key-1"), 0, 0},
                      {0}});
    case_got(&c, "made-key-1", "version 2");
    case_end(&c);
}

static void each_allocation_fails(void **state) {
    (void)state;
    case_each_allocation_fails(REF, with_role,
                               (call[]){{LOGIN, NULL, 200, AUTH("token-of-login-1", "900"), 0, 0},
                                        {DATA, NULL, 200, ANSWER("1", "made-key-1"), 0, 0},
                                        {0}},
                               "made-key-1");
}

static void wrong_use(void **state) {
    (void)state;
    fetch_case c;
    case_begin(&c, "env:A");
    kp_fetch_start(NULL, NULL, NULL, KP_FETCH_CURRENT, NULL, 0, 0, 0);
    kp_fetch_start(c.fetch, &c.ref, c.sessions, KP_FETCH_CURRENT, NULL, 0, 0, 0);
    assert_int_equal(kp_fetch_error(c.fetch), KP_E_MISUSE);
    kp_fetch_on_read(c.fetch, 0, 0, "a", 1);
    kp_fetch_on_end(c.fetch, 0, 0, 200, 0, "a", 1, 0, 0);
    kp_fetch_on_read(NULL, 0, 0, "a", 1);
    kp_fetch_on_end(NULL, 0, 0, 200, 0, "a", 1, 0, 0);
    assert_int_equal(kp_fetch_step(NULL), KP_FETCH_END);
    assert_int_equal(kp_fetch_error(NULL), KP_E_MISUSE);
    assert_null(kp_fetch_value(NULL, NULL));
    assert_string_equal(kp_fetch_note(NULL), "");
    assert_null(kp_fetch_request(NULL));
    assert_false(kp_fetch_open(NULL));
    kp_fetch_free(NULL);
    case_end(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_by_a_token),
        cmocka_unit_test(mount_field_namespace_and_request_header),
        cmocka_unit_test(the_version_before),
        cmocka_unit_test(each_answer_has_its_own_error),
        cmocka_unit_test(what_has_to_be_set),
        cmocka_unit_test(http_goes_where_it_is_allowed),
        cmocka_unit_test(a_login_is_kept_renewed_and_made_anew),
        cmocka_unit_test(no_word_on_the_token),
        cmocka_unit_test(logins_that_fail),
        cmocka_unit_test(kubernetes),
        cmocka_unit_test(each_allocation_fails),
        cmocka_unit_test(wrong_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
