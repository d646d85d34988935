/* test_profile.c: profiles: which options they set, what goes before them, and what is wrong with one. */
#include "config_case.h"

#include <stdio.h>

#include "engine/client.h"

static const char file[] = "{\"timeout\":\"10s\",\"poll\":{\"every\":\"7s\"},\"profiles\":{"
                           "\"dev\":{\"timeout\":\"20s\",\"poll\":{\"first\":\"3s\"},\"keys\":[\"env:DEV_KEY\"]},"
                           "\"prod\":{\"strict\":true}}}";

static kp_client *client;

static int end(void **state) {
    kp_client_free(client);
    client = NULL;
    return config_end(state);
}

static void make(void) {
    kp_client_free(client);
    client = kp_client_new(config);
    assert_non_null(client);
}

static void expect(const char *name, const char *value) {
    assert_string_equal(kp_client_option(client, name), value);
}

static void expect_problem(const char *part) {
    make();
    assert_int_equal(client->error, KP_E_CONFIG);
    if (!strstr(kp_buf_text(&client->problem), part))
        fail_msg("'%s' is not in: %s", part, kp_buf_text(&client->problem));
}

static void a_profile_goes_before_the_rest_of_the_file(void **state) {
    (void)state;
    load(file);
    make();
    assert_int_equal(client->error, 0);
    expect("timeout", "10s");
    expect("keys", "");
    kp_config_set(config, "profile", "dev");
    make();
    assert_int_equal(client->error, 0);
    expect("timeout", "20s");
    expect("poll.first", "3s");
    expect("poll.every", "7s");
    expect("keys", "[\"env:DEV_KEY\"]");
    expect("strict", "false");
    assert_string_equal(client->ring.members.list[0].from[0].text, "env:DEV_KEY");
    kp_config_set(config, "profile", "prod");
    make();
    expect("timeout", "10s");
    expect("strict", "true");
}

static void what_is_set_by_itself_goes_before_a_profile(void **state) {
    (void)state;
    load(file);
    kp_config_set(config, "timeout", "30s"); /* of the environment, or of the program */
    kp_config_set(config, "profile", "dev");
    make();
    expect("timeout", "30s");
    expect("poll.first", "3s");
    load("{\"profile\":\"prod\",\"timeout\":\"5s\"}"); /* the file may name it too */
    make();
    expect("profile", "prod");
    expect("timeout", "5s");
    expect("strict", "true");
}

static void a_document_of_its_own_goes_before_a_profile(void **state) {
    (void)state;
    kp_config_set(config, "node", "low"); /* what is set first is lowest */
    load(
        "{\"profiles\":{\"dev\":{\"timeout\":\"20s\",\"node\":\"dev-host\"}},\"profile\":\"dev\",\"timeout\":\"10s\"}");
    make();
    expect("timeout", "20s");
    expect("node", "dev-host");
    load("{\"timeout\":\"30s\"}");
    make();
    expect("timeout", "30s");
    expect("node", "dev-host");
}

static void profiles_share_gates_and_nothing_else(void **state) {
    (void)state;
    load(file);
    make();
    char scope[sizeof client->scope], realm[sizeof client->realm];
    memcpy(scope, client->scope, sizeof scope);
    memcpy(realm, client->realm, sizeof realm);
    kp_config_set(config, "profile", "dev");
    make();
    assert_string_equal(client->scope, scope);
    assert_string_not_equal(client->realm, realm);
}

static void what_is_wrong_is_said(void **state) {
    (void)state;
    static const struct {
        const char *json, *part;
    } wrong[] = {
        {"{\"profile\":\"dev\"}", "no profile 'dev'; the configuration has no profiles"},
        {"{\"profile\":\"dve\",\"profiles\":{\"dev\":{},\"prod\":{}}}", "no profile 'dve'; there are dev, prod"},
        {"{\"profile\":\"a b\"}", "option profile cannot have this value"},
        {"{\"profiles\":[]}", "it is no JSON object"},
        {"{\"profiles\":{\"dev\":1}}", "each profile is a JSON object"},
        {"{\"profiles\":{\"a/b\":{}}}", "the name of a profile"},
        {"{\"profiles\":{\"dev\":{\"profile\":\"x\"}}}", "cannot have profile or profiles in it"},
        {"{\"profiles\":{\"dev\":{\"pr\\u006ffiles\":{}}}}", "cannot have profile or profiles in it"},
        {"{\"profile\":\"dev\",\"profiles\":{\"dev\":{\"timeuot\":\"1s\"}}}",
         "in the profile 'dev': there is no option 'timeuot'; did you mean 'timeout'?"},
        {"{\"profile\":\"dev\",\"profiles\":{\"dev\":{\"timeout\":\"x\"}}}",
         "in the profile 'dev': option timeout cannot have this value"},
        {"{\"profile\":\"dev\",\"profiles\":{\"dev\":{\"\":{\"profiles\":{}},\"timeout\":\"1s\"}}}",
         "in the profile 'dev': there is no option ''"},
        {"{\"profile\":\"dev\",\"profiles\":{\"dev\":{\"timeout\":null}}}", "option timeout cannot be null"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        again();
        load(wrong[i].json);
        expect_problem(wrong[i].part);
    }
}

static void a_key_as_the_name_of_a_profile_is_not_repeated(void **state) {
    (void)state;
    char json[120], key[25] = "";
    for (size_t i = 0; i < 24; i++)
        key[i] = (char)(i % 3 ? 'a' + (char)(i * 7 % 26) : '0' + (char)(i % 10));
    snprintf(json, sizeof json, "{\"profile\":\"dev\",\"profiles\":{\"%s\":{},\"prod\":{}}}", key);
    load(json);
    expect_problem("the name of a profile looks like a key itself");
    assert_null(strstr(kp_buf_text(&client->problem), key));
}

static void of_two_spellings_the_last_counts_as_in_the_file(void **state) {
    (void)state;
    load("{\"profile\":\"dev\",\"profiles\":{\"dev\":{\"strict\":true,\"node\":\"n\",\"poll\":{\"first\":\"1s\"},"
         "\"poll.first\":\"2s\"}}}");
    make();
    expect("poll.first", "2s");
}

static void memory_short_at_every_place(void **state) {
    (void)state;
    bool failed = true;
    for (size_t n = 0; failed; n++) {
        again();
        load(file);
        kp_config_set(config, "profile", "dev");
        failing_start(n, n % 2);
        kp_client *made = kp_client_new(config);
        failed = failing_stop();
        if (made && !made->error)
            assert_string_equal(kp_client_option(made, "timeout"), "20s");
        else if (made)
            assert_int_equal(made->error, KP_E_MEMORY);
        kp_client_free(made);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_profile_goes_before_the_rest_of_the_file, config_begin, end),
        cmocka_unit_test_setup_teardown(what_is_set_by_itself_goes_before_a_profile, config_begin, end),
        cmocka_unit_test_setup_teardown(a_document_of_its_own_goes_before_a_profile, config_begin, end),
        cmocka_unit_test_setup_teardown(profiles_share_gates_and_nothing_else, config_begin, end),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_said, config_begin, end),
        cmocka_unit_test_setup_teardown(a_key_as_the_name_of_a_profile_is_not_repeated, config_begin, end),
        cmocka_unit_test_setup_teardown(of_two_spellings_the_last_counts_as_in_the_file, config_begin, end),
        cmocka_unit_test_setup_teardown(memory_short_at_every_place, config_begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
