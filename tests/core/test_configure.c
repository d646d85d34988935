/* test_configure.c: the configuration file and the environment, in children with an environment of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "failing.h"
#include "keyplate_run.h"
#include "scratch.h"

static kp_config *config;

static bool begin(void) {
    clearenv();
    config = kp_config_new();
    CHECK(config && setenv("HOME", scratch_folder, 1) == 0);
    CHECK(mkdir(scratch_path(".config"), 0700) == 0 && mkdir(scratch_path(".config/keyplate"), 0700) == 0);
    return true;
}

static bool finish(void) {
    kp_config_free(config);
    return true;
}

static bool file_is(const char *name, const char *json) {
    return scratch_write(name, json, strlen(json), 0600);
}

static bool option_is(const char *name, const char *value) {
    const char *got = kp_config_get(config, name);
    if (!got || strcmp(got, value) != 0)
        fprintf(stderr, "%s is %s\n", name, got ? got : "none");
    return got && strcmp(got, value) == 0;
}

static bool fails_with(int code, const char *says) {
    const char *problem = kp_config_problem(config);
    if (code != KP_E_CONFIG || !strstr(problem, says))
        fprintf(stderr, "got %d: %s\n", code, problem);
    return code == KP_E_CONFIG && strstr(problem, says);
}

static bool nothing_there(void) {
    CHECK(begin());
    CHECK(kp_local_configure(config, NULL) == 0 && option_is("max_answer", "1048576"));
    CHECK(kp_config_problem(config)[0] == '\0');
    CHECK(unsetenv("HOME") == 0 && kp_local_configure(config, "") == 0);
    return finish();
}

static bool home_file(void) {
    CHECK(begin());
    CHECK(file_is(".config/keyplate/config.json", "{\"timeout\":\"7s\",\"poll\":{\"every\":\"3s\"}}"));
    CHECK(kp_local_configure(config, NULL) == 0);
    CHECK(option_is("timeout", "7s") && option_is("poll.every", "3s"));
    return finish();
}

static bool xdg_file(void) {
    CHECK(begin());
    CHECK(file_is(".config/keyplate/config.json", "{\"timeout\":\"7s\"}"));
    CHECK(mkdir(scratch_path("xdg"), 0700) == 0 && mkdir(scratch_path("xdg/keyplate"), 0700) == 0);
    CHECK(file_is("xdg/keyplate/config.json", "{\"timeout\":\"8s\"}"));
    CHECK(setenv("XDG_CONFIG_HOME", scratch_path("xdg"), 1) == 0);
    CHECK(kp_local_configure(config, NULL) == 0 && option_is("timeout", "8s"));
    CHECK(setenv("XDG_CONFIG_HOME", "xdg", 1) == 0 && chdir(scratch_folder) == 0);
    CHECK(kp_local_configure(config, NULL) == 0 && option_is("timeout", "7s"));
    return finish();
}

static bool precedence(void) {
    CHECK(begin());
    CHECK(file_is(".config/keyplate/config.json", "{\"timeout\":\"7s\"}"));
    CHECK(file_is("b.json", "{\"timeout\":\"8s\",\"poll.first\":\"1s\",\"strict\":true}"));
    CHECK(file_is("c.json", "{\"timeout\":\"9s\",\"poll.first\":\"2s\"}"));
    CHECK(setenv("KEYPLATE_CONFIG", scratch_path("b.json"), 1) == 0);
    CHECK(kp_local_configure(config, NULL) == 0);
    CHECK(option_is("timeout", "8s") && option_is("strict", "true"));
    CHECK(setenv("KEYPLATE_POLL_FIRST", "5s", 1) == 0);
    CHECK(kp_local_configure(config, scratch_path("c.json")) == 0);
    CHECK(option_is("timeout", "9s") && option_is("poll.first", "5s"));
    CHECK(kp_config_set(config, "poll.first", "6s") == 0 && option_is("poll.first", "6s"));
    return finish();
}

/* Profiles go before what stands beside them, in whatever order the variables come. */
static bool profiles_of_the_environment(void) {
    static const char *const names[] = {"KEYPLATE_TIMEOUT", "KEYPLATE_PROFILES", "KEYPLATE_TIMEOUT"};
    static const char *const values[] = {"7s", "{\"dev\":{\"timeout\":\"8s\"}}", "7s"};
    CHECK(begin() && setenv("KEYPLATE_PROFILE", "dev", 1) == 0);
    for (int i = 0; i < 2; i++) {
        CHECK(unsetenv(names[1]) == 0 && unsetenv(names[0]) == 0);
        for (int k = i; k < i + 2; k++)
            CHECK(setenv(names[k], values[k], 1) == 0);
        CHECK(kp_local_configure(config, NULL) == 0);
        kp_client *client = kp_client_new(config);
        CHECK(client && strcmp(kp_client_option(client, "timeout"), "8s") == 0);
        kp_client_free(client);
    }
    CHECK(file_is(".config/keyplate/config.json", "{\"profiles\":{\"dev\":{\"timeout\":\"9s\"}}}"));
    CHECK(unsetenv(names[1]) == 0 && kp_local_configure(config, NULL) == 0);
    kp_client *client = kp_client_new(config);
    CHECK(client && strcmp(kp_client_option(client, "timeout"), "7s") == 0);
    kp_client_free(client);
    return finish();
}

/* A cloned repository must not redirect a key. */
static bool working_directory(void) {
    CHECK(begin());
    CHECK(mkdir(scratch_path("repo"), 0700) == 0 && mkdir(scratch_path("repo/.config"), 0700) == 0);
    CHECK(mkdir(scratch_path("repo/.config/keyplate"), 0700) == 0 && mkdir(scratch_path("repo/keyplate"), 0700) == 0);
    static const char *const names[] = {"repo/config.json", "repo/keyplate.json", "repo/.keyplate.json",
                                        "repo/.config/keyplate/config.json", "repo/keyplate/config.json"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK(file_is(names[i], "{\"timeout\":\"7s\"}"));
    CHECK(file_is("repo/.env", "KEYPLATE_TIMEOUT=7s\nCAPTCHAAI_URL=https://evil.example\n"));
    CHECK(chdir(scratch_path("repo")) == 0 && kp_local_configure(config, NULL) == 0);
    CHECK(option_is("timeout", "") && option_is("url.captchaai", "https://ocr.captchaai.com"));
    return finish();
}

static bool every_option_by_variable(void) {
    CHECK(begin());
    const char *name, *fallback;
    char variable[100];
    for (size_t i = 0; (name = kp_config_option(i, NULL, &fallback, NULL, NULL)); i++) {
        snprintf(variable, sizeof variable, "KEYPLATE_%s", name);
        for (char *c = variable; *c; c++)
            *c = *c == '.' ? '_' : (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
        CHECK(setenv(variable, fallback[0] ? fallback : "", 1) == 0);
    }
    CHECK(kp_local_configure(config, NULL) == 0);
    CHECK(setenv("KEYPLATE_AUDIT_FILE", "/x/audit", 1) == 0 && setenv("KEYPLATE_STORE", "memory:", 1) == 0);
    CHECK(setenv("KEYPLATE_STATE_DIR", "/x", 1) == 0);
    CHECK(kp_local_configure(config, NULL) == 0);
    CHECK(option_is("audit.file", "/x/audit") && option_is("store", "memory:"));
    return finish();
}

static bool unknown_variable(void) {
    CHECK(begin());
    CHECK(setenv("KEYPLATE_POLL_FRIST", "5s", 1) == 0);
    CHECK(fails_with(kp_local_configure(config, NULL), "'poll.first'"));
    return finish();
}

static bool empty_variables(void) {
    CHECK(begin());
    CHECK(file_is(".config/keyplate/config.json", "{\"timeout\":\"7s\"}"));
    CHECK(setenv("KEYPLATE_TIMEOUT", "", 1) == 0 && setenv("KEYPLATE_CONFIG", "", 1) == 0);
    CHECK(setenv("CAPTCHAAI_URL", "", 1) == 0 && setenv("KEYPLATE_NONSENSE", "", 1) == 0);
    CHECK(setenv("KEYPLATER", "x", 1) == 0 && setenv("XKEYPLATE_A", "x", 1) == 0);
    CHECK(kp_local_configure(config, NULL) == 0);
    CHECK(option_is("timeout", "7s") && option_is("url.captchaai", "https://ocr.captchaai.com"));
    return finish();
}

static bool base_urls(void) {
    CHECK(begin());
    CHECK(setenv("CAPTCHAAI_URL", "http://127.0.0.1:1", 1) == 0);
    CHECK(setenv("NOCAPTCHAAI_URL", "http://127.0.0.1:2", 1) == 0);
    CHECK(kp_local_configure(config, NULL) == 0);
    CHECK(option_is("url.captchaai", "http://127.0.0.1:1") && option_is("url.nocaptchaai", "http://127.0.0.1:2"));
    return finish();
}

static bool bad_value(void) {
    CHECK(begin());
    CHECK(setenv("KEYPLATE_TIMEOUT", "soon", 1) == 0);
    CHECK(fails_with(kp_local_configure(config, NULL), "timeout"));
    return finish();
}

static bool explicit_file_missing(void) {
    CHECK(begin());
    CHECK(fails_with(kp_local_configure(config, scratch_path("none.json")), "none.json does not exist"));
    return finish();
}

static bool variable_file_missing(void) {
    CHECK(begin());
    CHECK(setenv("KEYPLATE_CONFIG", scratch_path("none.json"), 1) == 0);
    CHECK(fails_with(kp_local_configure(config, NULL), "none.json does not exist"));
    return finish();
}

static bool folder_as_file(void) {
    CHECK(begin());
    CHECK(fails_with(kp_local_configure(config, scratch_folder), "no regular file"));
    return finish();
}

static bool fifo_as_file(void) {
    CHECK(begin());
    CHECK(mkfifo(scratch_path(".config/keyplate/config.json"), 0600) == 0);
    CHECK(fails_with(kp_local_configure(config, NULL), "no regular file"));
    return finish();
}

static bool huge_file(void) {
    CHECK(begin());
    CHECK(file_is("huge.json", "{}") && truncate(scratch_path("huge.json"), 1 << 20) == 0);
    CHECK(fails_with(kp_local_configure(config, scratch_path("huge.json")), "larger than 256 KiB"));
    return finish();
}

static bool no_json(void) {
    CHECK(begin());
    CHECK(file_is("a.json", "timeout: 7s"));
    CHECK(fails_with(kp_local_configure(config, scratch_path("a.json")), "no JSON object"));
    return finish();
}

static bool forbidden_file(void) {
    CHECK(begin());
    CHECK(scratch_write("a.json", "{}", 2, 0000));
    if (geteuid() == 0)
        CHECK(scratch_drop_rights());
    CHECK(fails_with(kp_local_configure(config, scratch_path("a.json")), "may not read"));
    return finish();
}

static bool short_memory(void) {
    CHECK(begin());
    CHECK(file_is(".config/keyplate/config.json", "{\"timeout\":\"7s\"}"));
    CHECK(setenv("KEYPLATE_POLL_FIRST", "5s", 1) == 0 && setenv("CAPTCHAAI_URL", "http://127.0.0.1:1", 1) == 0);
    bool failed = true;
    for (size_t at = 0; failed; at++) {
        kp_config_free(config);
        config = kp_config_new();
        CHECK(config);
        failing_start(at, at % 2 != 0);
        int code = kp_local_configure(config, NULL);
        failed = failing_stop();
        CHECK(code == 0 || failed);
        /* What failed is never lost: the client would refuse. */
        CHECK(code == 0 || kp_config_problem(config)[0] != '\0');
        CHECK(code != 0 || (option_is("timeout", "7s") && option_is("poll.first", "5s")));
    }
    CHECK(kp_local_configure(NULL, NULL) == KP_E_MISUSE);
    return finish();
}

#define CHILD(name)                                                                                                    \
    static void test_##name(void **state) {                                                                            \
        (void)state;                                                                                                   \
        assert_true(scratch_child(name));                                                                              \
    }

CHILD(nothing_there)
CHILD(home_file)
CHILD(xdg_file)
CHILD(precedence)
CHILD(profiles_of_the_environment)
CHILD(working_directory)
CHILD(every_option_by_variable)
CHILD(unknown_variable)
CHILD(empty_variables)
CHILD(base_urls)
CHILD(bad_value)
CHILD(explicit_file_missing)
CHILD(variable_file_missing)
CHILD(folder_as_file)
CHILD(fifo_as_file)
CHILD(huge_file)
CHILD(no_json)
CHILD(forbidden_file)
CHILD(short_memory)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_there, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_home_file, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_xdg_file, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_precedence, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_profiles_of_the_environment, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_working_directory, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_every_option_by_variable, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_unknown_variable, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_empty_variables, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_base_urls, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_bad_value, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_explicit_file_missing, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_variable_file_missing, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_folder_as_file, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_fifo_as_file, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_huge_file, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_no_json, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_forbidden_file, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_short_memory, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
