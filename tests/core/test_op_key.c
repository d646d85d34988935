/* test_op_key.c: which key an operation uses: the places of keys, and the keys of tasks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/client.h"
#include "op_case.h"

static const char wrong_key[] = "ERROR_WRONG_USER_KEY";

static void expect_used(const char *name, const char *source) {
    expect_error(KP_OK);
    expect_fact("key_name", name);
    expect_fact("source", source);
}

/* ---- Places ---- */

static void default_order(void **state) {
    (void)state;
    static const struct {
        const char *place, *source;
    } places[] = {{"env:CAPTCHAAI_API_KEY", "env:CAPTCHAAI_API_KEY"},
                  {"file:/creds/captchaai_key", "cred:captchaai_key"},
                  {"file:/run/secrets/captchaai_key", "file:/run/secrets/captchaai_key"},
                  {"file:.env", "dotenv:.env#CAPTCHAAI_API_KEY"},
                  {"file:~/.captchaai/config.json", "json:~/.captchaai/config.json#/api_key"}};
    char env[80], json[80];
    for (size_t from = 0; from < 5; from++) { /* the first that exists wins, whatever is behind it */
        forget_places();
        put_place("env:CREDENTIALS_DIRECTORY", "/creds", KP_FOUND, 0);
        const char *key = case_key(1);
        snprintf(env, sizeof env, "CAPTCHAAI_API_KEY=%s\n", key);
        snprintf(json, sizeof json, "{\"api_key\":\"%s\"}", key);
        for (size_t i = from; i < 5; i++)
            put_place(places[i].place, i == 3 ? env : i == 4 ? json : key, KP_FOUND, 0);
        another_client();
        begin(KP_VERIFY);
        expect_error(KP_OK);
        expect_fact("key_name", "primary");
        assert_non_null(strstr(fact("source"), places[from].source));
    }
}

static void further_members_by_default(void **state) {
    (void)state;
    static const char *const names[] = {"backup", "key2", "key9"};
    static const char *const places[] = {"env:CAPTCHAAI_API_KEY_BACKUP", "env:CAPTCHAAI_API_KEY_2",
                                         "env:CAPTCHAAI_API_KEY_9"};
    for (size_t i = 0; i < 3; i++) {
        forget_places();
        put_place(places[i], case_key(1), KP_FOUND, 0);
        another_client();
        begin(KP_VERIFY);
        expect_used(names[i], places[i]);
    }
}

static void an_unusable_place_does_not_fall_through(void **state) {
    (void)state;
    static const struct {
        const char *value;
        int how, why, code;
        const char *text;
    } bad[] = {
        {NULL, KP_UNFIT, KP_WHY_NOT_REGULAR, KP_E_KEY_FILE, "not a regular file"},
        {NULL, KP_UNFIT, KP_WHY_TOO_BIG, KP_E_KEY_FILE, "64 KiB"},
        {NULL, KP_FAILED, KP_WHY_FORBIDDEN, KP_E_KEY_FILE, "permission"},
        {NULL, KP_FAILED, KP_WHY_LINK_LOOP, KP_E_KEY_FILE, "circle"},
        {"YOUR_API_KEY", KP_FOUND, 0, KP_E_PLACEHOLDER, "sample"},
        {"abc123def456", KP_FOUND, 0, KP_E_PLACEHOLDER, "sample"},
        {"\"quoted-key-value\"", KP_FOUND, 0, KP_E_BAD_KEY, "quotes"},
        {"two words of it", KP_FOUND, 0, KP_E_BAD_KEY, "blank"},
        {"\xEF\xBB\xBFkey-with-a-bom", KP_FOUND, 0, KP_E_BAD_KEY, "byte order mark"},
    };
    option("keys", "[{\"name\":\"one\",\"from\":[\"file:/a\",\"env:CAPTCHAAI_API_KEY\"]},\"env:CAPTCHAAI_API_KEY\"]");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        forget_places();
        put_place("env:CAPTCHAAI_API_KEY", t.secrets[0], KP_FOUND, 0);
        put_place("file:/a", bad[i].value, bad[i].how, bad[i].why);
        another_client();
        begin(KP_SOLVE);
        expect_error(bad[i].code);
        expect_text("file:/a");
        expect_text(bad[i].text);
        if (bad[i].value)
            assert_null(strstr(fact("text"), bad[i].value));
        assert_int_equal(t.w.https + t.w.submits, 0);
    }
    forget_places(); /* absent is no trouble */
    put_place("env:CAPTCHAAI_API_KEY", t.secrets[0], KP_FOUND, 0);
    another_client();
    begin(KP_VERIFY);
    expect_used("one", "env:CAPTCHAAI_API_KEY");
}

static void k4b_strict_refuses_open_files(void **state) {
    (void)state;
    option("keys", "file:/open");
    put_place("file:/open", case_key(1), KP_FOUND_OPEN, 0);
    begin(KP_VERIFY);
    expect_used("primary", "file:/open");
    expect_fact("flags", "open_file ");
    option("strict", "true");
    another_client();
    begin(KP_VERIFY);
    expect_error(KP_E_STRICT);
    expect_text("file:/open: other users can read it");
    kp_client_weaken(t.client, "memory cannot be locked");
    kp_client_weaken(t.client, "core dumps are on");
    begin(KP_VERIFY);
    expect_error(KP_E_STRICT);
    expect_text("memory cannot be locked; core dumps are on");
    assert_int_equal(t.w.https, 0);
}

static void k6_both_forms_set(void **state) {
    (void)state;
    put_place("env:CAPTCHAAI_API_KEY_FILE", "/run/key", KP_FOUND, 0);
    begin(KP_VERIFY);
    expect_error(KP_E_KEY_TWICE);
}

static void k1_says_where_it_looked(void **state) {
    (void)state;
    forget_places();
    begin(KP_SOLVE);
    expect_error(KP_E_NO_KEY);
    static const char *const parts[] = {"env:CAPTCHAAI_API_KEY",      "cred:captchaai_key",
                                        "/run/secrets/captchaai_key", ".env",
                                        "~/.captchaai/config.json",   "CAPTCHAAI_API_KEY_BACKUP"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        expect_text(parts[i]);
    assert_non_null(strstr(fact("advice"), "keyplate keys set"));
    assert_null(strstr(fact("text"), "CI job"));
    assert_null(strstr(fact("text"), "clear_env"));
    assert_int_equal(t.w.https, 0);
    begin(KP_RESULT);
    expect_error(KP_E_NO_KEY);
    expect_fact("task", "4242"); /* what the caller gave is told with every error */
}

static void k1_hints_of_the_surroundings(void **state) {
    (void)state;
    static const struct {
        const char *host, *text;
    } hosts[] = {
        {"nginx", "\"env CAPTCHAAI_API_KEY;\""}, {"php-fpm", "clear_env = no"}, {"php-fpm", "env[CAPTCHAAI_API_KEY]"}};
    forget_places();
    put_place("env:CI", "true", KP_FOUND, 0);
    put_place("env:PSModulePath", "x", KP_FOUND, 0);
    for (size_t i = 0; i < 3; i++) {
        option("host", hosts[i].host);
        another_client();
        begin(KP_VERIFY);
        expect_error(KP_E_NO_KEY);
        expect_text(hosts[i].text);
        expect_text("${{ secrets.CAPTCHAAI_API_KEY }}");
        expect_text("forks");
        expect_text("$env:CAPTCHAAI_API_KEY");
    }
}

static void a_reference_in_place_of_the_members(void **state) {
    (void)state;
    put_place("env:OTHER", case_key(1), KP_FOUND, 0);
    begin(KP_VERIFY);
    set("key", "env:OTHER");
    expect_used("candidate", "env:OTHER");
    begin(KP_VERIFY);
    expect_used("primary", "env:CAPTCHAAI_API_KEY");
    begin(KP_VERIFY);
    set("key", t.secrets[1]); /* a key is no reference */
    expect_error(KP_E_REFERENCE);
    begin(KP_VERIFY);
    set("key", "env:NOWHERE");
    expect_error(KP_E_NO_KEY);
    assert_null(strstr(fact("text"), "_BACKUP"));
    begin(KP_VERIFY);
    set("key", "env:OTHER\"],\"x\":[\"");
    expect_error(KP_E_REFERENCE);
}

/* ---- Tasks and their keys ---- */

static char reference[128];

static void make_task_of_backup(void) {
    put_place("env:CAPTCHAAI_API_KEY_BACKUP", case_key(1), KP_FOUND, 0);
    put_answer("balance", 200, wrong_key);
    begin(KP_SUBMIT);
    expect_used("backup", "env:CAPTCHAAI_API_KEY_BACKUP");
    snprintf(reference, sizeof reference, "%s", fact("task"));
}

static void a_task_is_asked_for_with_its_key(void **state) {
    (void)state;
    make_task_of_backup();
    for (size_t i = 0; i < 2; i++) {
        another_client();
        begin(i ? KP_RESULT : KP_WAIT);
        set("task", reference);
        assert_true(reach("POLL"));
        assert_non_null(strstr(kp_http_url(t.op), t.secrets[1]));
        assert_non_null(strstr(kp_http_url(t.op), "id=4242"));
        expect_used("backup", "env:CAPTCHAAI_API_KEY_BACKUP");
        expect_fact("task", reference);
    }
}

static void a_member_of_another_name_with_the_same_key(void **state) {
    (void)state;
    make_task_of_backup();
    option("keys", "[\"env:CAPTCHAAI_API_KEY\",{\"name\":\"new\",\"from\":\"env:CAPTCHAAI_API_KEY_BACKUP\"}]");
    another_client();
    begin(KP_RESULT);
    set("task", reference);
    expect_used("new", "env:CAPTCHAAI_API_KEY_BACKUP");
    expect_fact("task", reference); /* as the caller wrote it */
}

/* The value that submitted it is nowhere: one key of the same account is tried in its place. */
static void the_key_of_a_task_is_gone(void **state) {
    (void)state;
    make_task_of_backup();
    forget_places();
    put_place("env:CAPTCHAAI_API_KEY", case_key(2), KP_FOUND, 0);
    put_place("env:CAPTCHAAI_API_KEY_BACKUP", case_key(3), KP_FOUND, 0);
    for (size_t i = 0; i < 2; i++) { /* looked for, then known */
        if (i == 0)
            another_client();
        begin(KP_RESULT);
        set("task", reference);
        assert_true(reach("POLL"));
        assert_non_null(strstr(kp_http_url(t.op), t.secrets[3]));
        expect_used("backup", "env:CAPTCHAAI_API_KEY_BACKUP");
        expect_fact("task", reference);
    }
    static const char *const answers[] = {"ERROR_WRONG_CAPTCHA_ID", "ERROR_KEY_DOES_NOT_EXIST"};
    for (size_t i = 0; i < 2; i++) {
        put_answer("result", 200, answers[i]);
        begin(KP_WAIT);
        set("task", reference);
        expect_error(KP_E_KEY_GONE);
        expect_fact("task", reference);
        expect_text("belongs to key backup with fingerprint");
        expect_text(answers[i]);
        assert_int_equal(t.w.https, 1);
    }
}

static void no_key_of_the_account_is_left(void **state) {
    (void)state;
    make_task_of_backup();
    forget_places();
    put_place("env:CAPTCHAAI_API_KEY", case_key(2), KP_FOUND, 0);
    option("keys", "[\"env:CAPTCHAAI_API_KEY\",{\"name\":\"backup\",\"from\":\"env:GONE\",\"account\":\"other\"}]");
    for (size_t i = 0; i < 2; i++) {
        if (i == 0)
            another_client();
        begin(KP_RESULT);
        set("task", reference);
        expect_error(KP_E_KEY_GONE);
        expect_fact("task", reference);
        expect_text("backup");
        assert_int_equal(t.w.https, 0);
    }
}

/* Revoked while its tasks are under way. */
static void a_task_whose_key_is_refused(void **state) {
    (void)state;
    put_place("env:CAPTCHAAI_API_KEY_BACKUP", case_key(1), KP_FOUND, 0);
    option("keys", "[\"env:CAPTCHAAI_API_KEY\",\"env:CAPTCHAAI_API_KEY_BACKUP\"]");
    another_client();
    begin(KP_TELL);
    expect_error(KP_OK);
    put_answer("result", 200, wrong_key);
    begin(KP_SOLVE);
    expect_used("backup", "env:CAPTCHAAI_API_KEY_BACKUP"); /* which asked for it */
    expect_fact("answer", "token-4242");
    assert_non_null(strstr(fact("task"), "captchaai/primary~"));
    assert_int_equal(t.w.submits, 1);
    world_forget(&t.w);
    another_client();
    put_answer("result", 200, wrong_key);
    begin(KP_SOLVE);
    expect_error(KP_E_C_WRONG_USER_KEY); /* the other one is not known yet */
    assert_non_null(strstr(fact("task"), "captchaai/primary~"));
    assert_int_equal(t.w.submits, 1);
}

static void a_task_of_the_other_service(void **state) {
    (void)state;
    begin(KP_RESULT);
    set("task", "nocaptchaai/primary~0123abcd/7");
    expect_error(KP_E_TASK_REFERENCE);
    expect_text("nocaptchaai");
    static const char *const bad[] = {"a b", "captchaai/x/1", "captchaai/primary~zz/1", "/",
                                      "captchaai/primary~0123abcd/"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        begin(KP_WAIT);
        set("task", bad[i]);
        expect_error(KP_E_TASK_REFERENCE);
        assert_int_equal(t.w.https, 0);
    }
    begin(KP_WAIT);
    set("task", "");
    expect_error(KP_E_MISSING);
}

/* ---- Several operations of one client ---- */

static void one_looks_and_the_others_wait(void **state) {
    (void)state;
    kp_op *first = begin(KP_VERIFY), *second = kp_op_new(t.client, KP_VERIFY);
    assert_true(reach("READ"));
    world_step(&t.w, second);
    assert_string_equal(kp_op_get(second, "state", NULL), "LOADING");
    while (strcmp(kp_op_get(first, "state", NULL), "READ") == 0)
        world_step(&t.w, first);
    size_t reads = t.w.reads;
    assert_int_not_equal(world_run(&t.w, second, 100), 0);
    assert_int_equal(kp_op_error(second), 0);
    assert_int_equal(t.w.reads, reads);
    expect_error(KP_OK);
    kp_op_free(second);
}

static void one_that_looks_and_goes_no_further(void **state) {
    (void)state;
    for (int gone = 0; gone < 2; gone++) {
        another_client();
        begin(KP_VERIFY);
        kp_op *second = kp_op_new(t.client, KP_VERIFY);
        assert_true(reach("READ"));
        world_step(&t.w, second);
        assert_string_equal(kp_op_get(second, "state", NULL), "LOADING");
        uint64_t begun = t.w.mono_ms;
        if (gone)
            another_client(); /* without it; second keeps its client alive */
        assert_int_not_equal(world_run(&t.w, second, 1000), 0);
        assert_int_equal(kp_op_error(second), 0);
        assert_true(gone == (t.w.mono_ms - begun < 1000));
        kp_op_free(second);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(default_order),
        CASE(further_members_by_default),
        CASE(an_unusable_place_does_not_fall_through),
        CASE(k4b_strict_refuses_open_files),
        CASE(k6_both_forms_set),
        CASE(k1_says_where_it_looked),
        CASE(k1_hints_of_the_surroundings),
        CASE(a_reference_in_place_of_the_members),
        CASE(a_task_is_asked_for_with_its_key),
        CASE(a_member_of_another_name_with_the_same_key),
        CASE(the_key_of_a_task_is_gone),
        CASE(no_key_of_the_account_is_left),
        CASE(a_task_whose_key_is_refused),
        CASE(a_task_of_the_other_service),
        CASE(one_looks_and_the_others_wait),
        CASE(one_that_looks_and_goes_no_further),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
