/* test_learn.c: the keys of a client are known before its first call: from real files and variables, without a store.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "failing.h"
#include "keyplate_run.h"
#include "made_key.h"
#include "scratch.h"

static key keys[4];

static int setup(void **state) {
    for (size_t i = 0; i < 4; i++)
        keys[i] = make_key(1, 24 + i);
    return scratch_setup(state);
}

static kp_client *make_client(const char *list, bool strict) {
    kp_config *config = kp_config_new();
    kp_config_set(config, "keys", list);
    kp_config_set(config, "strict", strict ? "true" : "false");
    kp_config_set(config, "store", "sqlite:/nowhere/at/all/x.db"); /* opening it would be told */
    kp_secret *secret = kp_secret_new(keys[3].text, keys[3].len);
    kp_config_hold(config, "key", secret);
    kp_secret_free(secret);
    kp_client *client = kp_client_new(config);
    kp_config_free(config);
    return client;
}

static bool is_known(size_t n) {
    char text[LONGEST + 40];
    snprintf(text, sizeof text, "it says %s here", keys[n].text);
    return strcmp(masked(text, strlen(text)), "it says [REDACTED] here") == 0;
}

/* A place that cannot be used, and one that nobody answers, stop none of the others. */
static void every_member_is_looked_at(void **state) {
    (void)state;
    char list[1024];
    assert_true(scratch_write("one", keys[0].text, keys[0].len, 0600));
    assert_int_equal(mkdir(scratch_path("folder"), 0755), 0);
    assert_int_equal(setenv("KEYPLATE_TEST_LEARN", keys[1].text, 1), 0);
    snprintf(list, sizeof list,
             "[\"file:%s\",\"file:%s\",\"host:key\",{\"name\":\"two\",\"from\":[\"env:KEYPLATE_TEST_NONE\",\"env:"
             "KEYPLATE_TEST_LEARN\"]},\"held:key\",\"held:none\"]",
             scratch_path("folder"), scratch_path("one"));
    kp_client *client = make_client(list, false);
    assert_false(is_known(0) || is_known(1));
    assert_int_equal(kp_local_learn(client), 3);
    assert_true(is_known(0) && is_known(1) && is_known(3));
    assert_false(is_known(2));
    assert_int_equal(kp_client_events(client), 0);
    assert_int_equal(kp_local_learn(client), 3);
    unsetenv("KEYPLATE_TEST_LEARN");
    kp_client_free(client);
}

static void nothing_to_learn(void **state) {
    (void)state;
    assert_int_equal(kp_local_learn(NULL), 0);
    kp_client *client = make_client("[\"env:KEYPLATE_TEST_NONE\",\"host:key\"]", false);
    assert_int_equal(kp_local_learn(client), 0);
    kp_client_free(client);
    client = make_client("no-reference", false);
    assert_int_equal(kp_local_learn(client), 0);
    kp_client_free(client);
}

/* What strict mode refuses to use is not kept. */
static void strict_mode(void **state) {
    (void)state;
    char list[1024];
    assert_true(scratch_write("open", keys[2].text, keys[2].len, 0644));
    snprintf(list, sizeof list, "[\"file:%s\",\"held:key\"]", scratch_path("open"));
    kp_client *client = make_client(list, true);
    assert_int_equal(kp_local_learn(client), 1);
    kp_client_free(client);
    client = make_client(list, false);
    assert_int_equal(kp_local_learn(client), 2);
    assert_true(is_known(2));
    kp_client_free(client);
}

static void each_allocation_fails(void **state) {
    (void)state;
    for (int from_there_on = 0; from_there_on < 2; from_there_on++) {
        bool failed = true;
        for (size_t n = 0; failed; n++) {
            kp_client *client = make_client("[\"held:key\",\"env:KEYPLATE_TEST_NONE\"]", false);
            failing_start(n, from_there_on);
            size_t count = kp_local_learn(client);
            failed = failing_stop();
            assert_true(count == 1 || (failed && count == 0));
            kp_client_free(client);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_member_is_looked_at, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(nothing_to_learn, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(strict_mode, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(each_allocation_fails, setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
