/* test_store_redis_access.c: the store in a real Redis server: who may reach it and how: eviction policy, rights,
 * passwords, sockets, TLS, and the texts that name it. */
#include "redis_case.h"

#include "failing.h"
#include "local/local.h"
#include "safe/known.h"

static kp_store *the_store;
static const char password_variable[] = "env:KP_TEST_PASSWORD";

static int begin(void **state) {
    if (redis_setup(state) != 0)
        return -1;
    the_store = redis_program() ? redis_store_with(redis_url(), NULL) : NULL;
    return 0;
}

static int end(void **state) {
    kp_store_close(the_store);
    the_store = NULL;
    unsetenv(password_variable + 4);
    return redis_teardown(state);
}

/* A password made here: none stands in the source. */
static const char *made_password(void) {
    static char text[25];
    for (int i = 0; i < 24; i++)
        text[i] = (char)('a' + (i * 7 + i / 3 + getpid()) % 26);
    return text;
}

/* ---- G4: refusals ---- */

static void g4_eviction_is_refused(void **state) {
    kp_store *s = the_store;
    (void)state;
    redis_tell("CONFIG SET maxmemory-policy allkeys-lru");
    assert_true(says(store_ask(s, "PUT a one 1000"), "maxmemory-policy is allkeys-lru"));
    redis_tell("CONFIG SET maxmemory-policy noeviction");
    assert_string_equal(redis_again(s, "GET a"), "ok -");
    kp_buf said;
    kp_buf_init(&said, NULL);
    s->remark(s, &said);
    assert_int_equal(said.len, 0);
    kp_buf_free(&said);
}

/* Who may not ask CONFIG is told by INFO; who may ask neither works, and says what is not known. */
static void g4_policy_that_cannot_be_asked(void **state) {
    (void)state;
    static const char *const rules[] = {"-config", "-config|get +info", "-config -info"};
    for (size_t i = 0; i < 3; i++) {
        char line[512];
        const char *const options[] = {"redis.password", password_variable, NULL};
        setenv("KP_TEST_PASSWORD", made_password(), 1);
        snprintf(line, sizeof line, "ACL SETUSER kp reset on >%s ~{keyplate}:* +@all %s", made_password(), rules[i]);
        redis_tell("CONFIG SET maxmemory-policy volatile-ttl");
        redis_tell(line);
        char url[64];
        snprintf(url, sizeof url, "redis://kp@127.0.0.1:%d", redis.port);
        kp_store *s = redis_store_with(url, options);
        if (i < 2)
            assert_true(says(store_ask(s, "PUT a one 1000"), "maxmemory-policy is volatile-ttl"));
        redis_tell("CONFIG SET maxmemory-policy noeviction");
        assert_string_equal(redis_again(s, "PUT a one 1000"), "ok");
        kp_buf said;
        kp_buf_init(&said, NULL);
        s->remark(s, &said);
        assert_int_equal(strstr(kp_buf_text(&said), "does not tell this user its maxmemory-policy") != NULL, i == 2);
        kp_buf_free(&said);
        kp_store_close(s);
    }
}

static void full_memory_is_told(void **state) {
    kp_store *s = the_store;
    (void)state;
    assert_string_equal(store_ask(s, "GET a"), "ok -");
    redis_tell("CONFIG SET maxmemory 1");
    assert_true(says(store_ask(s, "PUT a one 1000"), "its memory is full"));
    redis_tell("CONFIG SET maxmemory 0");
    assert_string_equal(store_ask(s, "PUT a one 1000"), "ok");
}

static void a_copy_is_told(void **state) {
    kp_store *s = the_store;
    (void)state;
    assert_string_equal(store_ask(s, "PUT a one 100000"), "ok");
    redis_tell("REPLICAOF 127.0.0.1 1");
    assert_true(says(store_ask(s, "PUT a two 1000"), "a copy that nobody may write to"));
    redis_tell("REPLICAOF NO ONE");
    assert_string_equal(store_ask(s, "GET a"), "ok one");
}

/* ---- Passwords, users, prefixes, sockets ---- */

/* The least that a user needs is what the errors and the documentation name. */
static const char *const least =
    "ACL SETUSER kp reset on >%s resetchannels ~{team-a}:* +@connection +select +eval +evalsha +time +mget +set +del"
    " +config|get +info";

static void user_with_the_least_rights(void **state) {
    (void)state;
    char line[512];
    const char *password = made_password();
    assert_true(scratch_write("password", password, strlen(password), 0600));
    char place[600];
    snprintf(place, sizeof place, "file:%s", scratch_path("password"));
    const char *const options[] = {"redis.password", place, "redis.prefix", "team-a", NULL};
    snprintf(line, sizeof line, least, password);
    redis_tell(line);
    char url[64];
    snprintf(url, sizeof url, "redis://kp@127.0.0.1:%d/3", redis.port);
    kp_store *s = redis_store_with(url, options);
    assert_string_equal(store_ask(s, "PUT a one 100000"), "ok");
    assert_string_equal(store_ask(s, "MARK m a b 100000"), "ok");
    assert_string_equal(store_ask(s, "ADMIT 1 0 rate r 1000000 1 0"), "ok 0");
    assert_string_equal(store_ask(s, "SETTLE 1 0"), "ok");
    assert_string_equal(store_ask(s, "GET a m"), "ok one a=b");
    assert_null(strstr(s->text, password));
    char out[4096] = "";
    assert_true(redis_say("SELECT 3\r\nKEYS *", out, sizeof out));
    assert_true(strstr(out, "{team-a}:a\r\n") && strstr(out, "{team-a}:id 1\r\n"));
    /* Taken away while it works; the connection that was open goes on, so it is broken. */
    redis_tell("ACL SETUSER kp -set");
    assert_true(says(store_ask(s, "PUT a two 100000"), "its user may not do what keyplate needs"));
    redis_tell("ACL SETUSER kp +set");
    /* A new password, found at its place without a restart. */
    assert_true(scratch_write("password", "another-one-of-today", 20, 0600));
    redis_tell("ACL SETUSER kp resetpass >another-one-of-today\r\nCLIENT KILL USER kp");
    assert_string_equal(store_ask(s, "GET a"), "ok one");
    kp_store_close(s);
}

static void wrong_and_missing_passwords(void **state) {
    (void)state;
    char line[256];
    const char *password = made_password();
    snprintf(line, sizeof line, "CONFIG SET requirepass %s", password);
    redis_tell(line);
    kp_store *s = redis_store_with(redis_url(), NULL);
    assert_true(says(store_ask(s, "GET a"), "it wants a password"));
    kp_store_close(s);
    const char *const options[] = {"redis.password", password_variable, NULL};
    s = redis_store_with(redis_url(), options);
    unsetenv("KP_TEST_PASSWORD");
    assert_true(says(store_ask(s, "GET a"), "its password cannot be had: env:KP_TEST_PASSWORD"));
    setenv("KP_TEST_PASSWORD", "not-the-right-password", 1);
    const char *said = redis_again(s, "GET a");
    assert_true(says(said, "refuses the user or the password"));
    assert_null(strstr(said, "not-the-right"));
    setenv("KP_TEST_PASSWORD", password, 1);
    assert_string_equal(redis_again(s, "GET a"), "ok -");
    /* From then on no text shows it. */
    kp_buf masked;
    kp_buf_init(&masked, NULL);
    snprintf(line, sizeof line, "the password is %s, is it?", password);
    kp_known_mask(&masked, line, strlen(line));
    assert_null(strstr(kp_buf_text(&masked), password));
    kp_buf_free(&masked);
    kp_store_close(s);
}

/* A password where there is none to be given is a mistake of the configuration. */
static void password_that_nobody_wants(void **state) {
    (void)state;
    const char *const options[] = {"redis.password", password_variable, NULL};
    setenv("KP_TEST_PASSWORD", made_password(), 1);
    kp_store *s = redis_store_with(redis_url(), options);
    assert_true(says(store_ask(s, "GET a"), "it has no password, and the option redis.password names one"));
    kp_store_close(s);
}

static void database_that_is_not_there(void **state) {
    (void)state;
    char url[64];
    snprintf(url, sizeof url, "redis://127.0.0.1:%d/5000", redis.port);
    kp_store *s = redis_store_with(url, NULL);
    assert_true(says(store_ask(s, "GET a"), "no database of that number"));
    kp_store_close(s);
}

static void over_a_socket(void **state) {
    (void)state;
    char url[600];
    snprintf(url, sizeof url, "redis+unix://%s", scratch_path("r.sock"));
    kp_store *s = redis_store_with(url, NULL);
    assert_string_equal(store_ask(s, "PUT a one 100000"), "ok");
    assert_string_equal(store_ask(s, "GET a"), "ok one");
    kp_store_close(s);
}

/* ---- TLS ---- */

static bool make_certificate(const char *name) {
    char command[2048];
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test "
             "-addext subjectAltName=%s -keyout %s -out %s >/dev/null 2>&1",
             name, scratch_path("tls.key"), scratch_path("tls.crt"));
    return system(command) == 0;
}

static void ask_over_tls(int port, const char *ca_file, const char *want) {
    char url[64];
    snprintf(url, sizeof url, "rediss://127.0.0.1:%d", port);
    const char *const options[] = {"ca_file", ca_file, NULL};
    kp_store *s = redis_store_with(url, options);
    assert_true(says(store_ask(s, "PUT a one 1000"), want));
    if (strcmp(want, "ok") == 0)
        assert_string_equal(store_ask(s, "GET b"), "ok -");
    kp_store_close(s);
}

static int begin_without_server(void **state) {
    redis.port = 0;
    return scratch_setup(state);
}

static void tls_is_verified(void **state) {
    (void)state;
    const char *const more[] = {
        "--tls-port", "0", "--tls-cert-file", "tls.crt", "--tls-key-file", "tls.key", "--tls-ca-cert-file",
        "tls.crt",    NULL};
    assert_true(make_certificate("IP:127.0.0.1"));
    if (!redis_start(more))
        skip(); /* a server that was built without TLS */
    int port = redis_free_port();
    char line[64], ca[512];
    snprintf(ca, sizeof ca, "%s", scratch_path("tls.crt"));
    snprintf(line, sizeof line, "CONFIG SET tls-auth-clients no tls-port %d", port);
    redis_tell(line);
    ask_over_tls(port, ca, "ok");
    ask_over_tls(port, "", "its TLS certificate is not valid for it");
    redis_tell("CONFIG SET tls-protocols \"TLSv1.1\" tls-ciphers DEFAULT@SECLEVEL=0");
    ask_over_tls(port, ca, "no connection");
    redis_stop();
    assert_true(make_certificate("DNS:elsewhere.example") && redis_start(more));
    redis_tell(line);
    ask_over_tls(port, ca, "its TLS certificate is not valid for it");
}

/* ---- Which text ---- */

static void texts(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"redis:", "none of redis://"},
        {"redis://", "is no redis://"},
        {"redis://h:99999", "is no redis://"},
        {"redis://h/x", "something else than the number of a database"},
        {"redis://h/1?x=2", "is no redis://"},
        {"redis://h/65536", "something else than the number of a database"},
        {"redis://@h", "empty or very long user"},
        {"redis://a%20b@h", "not made of letters"},
        {"redis://me:a-password-of-mine@h", "has a password in it"},
        {"redis+unix://x.sock", "names no socket"},
        {"redis+unix:///", "names no socket"},
        {"redis2://h", "none of redis://"},
    };
    static const char *const sound[] = {"redis://h",
                                        "redis://h/",
                                        "redis://u.s-e_r@h:1/0",
                                        "rediss://[::1]:6380/12",
                                        "redis+unix:///x.sock",
                                        "redis+unix://me@/x.sock"};
    kp_config *config = kp_config_new();
    kp_client *client = kp_client_new(config);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        kp_buf problem;
        kp_buf_init(&problem, NULL);
        assert_null(kp_store_redis(client, wrong[i].text, &problem));
        assert_true(says(kp_buf_text(&problem), wrong[i].says));
        assert_null(strstr(kp_buf_text(&problem), "a-password"));
        kp_buf_free(&problem);
    }
    for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++) {
        bool failed = true;
        for (size_t at = 0; failed; at++) {
            kp_buf problem;
            kp_buf_init(&problem, NULL);
            failing_start(at, false);
            kp_store *s = kp_store_redis(client, sound[i], &problem);
            failed = failing_stop();
            assert_true(s != NULL || failed);
            if (s)
                assert_string_equal(s->text, sound[i]);
            kp_store_close(s);
            kp_buf_free(&problem);
        }
    }
    kp_client_free(client);
    kp_config_free(config);
}

static void options_are_checked(void **state) {
    (void)state;
    static const char *const wrong[][2] = {{"store", "redis://me:a-password-of-mine@h"},
                                           {"store", "rediss://:a-password-of-mine@h:1"},
                                           {"redis.password", "a-password-of-mine"}};
    for (size_t i = 0; i < 3; i++) {
        kp_config *config = kp_config_new();
        assert_int_not_equal(kp_config_set(config, wrong[i][0], wrong[i][1]), 0);
        assert_null(strstr(kp_config_problem(config), "a-password"));
        kp_config_free(config);
    }
    kp_config *config = kp_config_new();
    assert_int_equal(kp_config_set(config, "store", "redis://me@h"), 0);
    assert_int_equal(kp_config_set(config, "redis.password", "cred:redis"), 0);
    kp_config_free(config);
}

/* A runner reaches it; the local half alone says who would. */
static void runners_open_it(void **state) {
    (void)state;
    kp_config *config = kp_config_new();
    kp_config_set(config, "store", redis_url());
    kp_client *client = kp_client_new(config);
    kp_runner *runner = kp_runner_new(client);
    kp_local *local = kp_local_new(client);
    assert_string_equal(kp_local_store_text(kp_runner_local(runner)), redis_url());
    assert_true(says(kp_local_store_text(local), "keyplate-core cannot reach"));
    kp_local_free(local);
    kp_runner_free(runner);
    kp_client_free(client);
    kp_config_free(config);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(g4_eviction_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(g4_policy_that_cannot_be_asked, begin, end),
        WITH(full_memory_is_told),
        WITH(a_copy_is_told),
        WITH(user_with_the_least_rights),
        WITH(wrong_and_missing_passwords),
        WITH(password_that_nobody_wants),
        WITH(database_that_is_not_there),
        WITH(over_a_socket),
        WITH(runners_open_it),
        cmocka_unit_test_setup_teardown(tls_is_verified, begin_without_server, end),
    };
    const struct CMUnitTest without[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(options_are_checked),
    };
    int failed = cmocka_run_group_tests(without, NULL, NULL);
    return failed + (redis_is_missing() ? 0 : cmocka_run_group_tests(tests, NULL, NULL));
}
