/* test_keyref.c: tests keyref.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "chance.h"
#include "failing.h"
#include "policy/keyref.h"

typedef struct row {
    const char *text;
    kp_ref_kind kind;
    const char *place;
    const char *field;
} row;

static void good_references(void **state) {
    (void)state;
    static const row rows[] = {
        {"env:CAPTCHAAI_API_KEY", KP_REF_ENV, "CAPTCHAAI_API_KEY", NULL},
        {"env:_", KP_REF_ENV, "_", NULL},
        {"dotenv:.env#A", KP_REF_DOTENV, ".env", "A"},
        {"dotenv:/a#b/.env#A_2", KP_REF_DOTENV, "/a#b/.env", "A_2"},
        {"file:/run/secrets/k", KP_REF_FILE, "/run/secrets/k", NULL},
        {"file:~/k#1", KP_REF_FILE, "~/k#1", NULL},
        {"file:a:b c", KP_REF_FILE, "a:b c", NULL},
        {"cred:captchaai_key", KP_REF_CRED, "captchaai_key", NULL},
        {"json:/etc/k.json", KP_REF_JSON, "/etc/k.json", "/api_key"},
        {"json:~/k.json#/a/0", KP_REF_JSON, "~/k.json", "/a/0"},
        {"json:k.json#/a#b~1c~0", KP_REF_JSON, "~/.captchaai/k.json", "/a#b~1c~0"},
        {"fd:3", KP_REF_FD, "3", NULL},
        {"fd:2147483647", KP_REF_FD, "2147483647", NULL},
        {"held:key", KP_REF_HELD, "key", NULL},
        {"held:A.b_c-9", KP_REF_HELD, "A.b_c-9", NULL},
        {"host:abcdefghijklmnopqrstuvwxyz-_.0-9", KP_REF_HOST, "abcdefghijklmnopqrstuvwxyz-_.0-9", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kp_keyref ref;
        kp_buf problem;
        kp_buf_init(&problem, NULL);
        assert_int_equal(kp_keyref_parse(rows[i].text, strlen(rows[i].text), "~/.captchaai", &ref, &problem), 0);
        assert_int_equal(ref.kind, rows[i].kind);
        assert_string_equal(ref.place, rows[i].place);
        assert_string_equal(ref.text, rows[i].text);
        assert_string_equal(ref.field ? ref.field : "-", rows[i].field ? rows[i].field : "-");
        assert_int_equal(problem.len, 0);
        kp_keyref_free(&ref);
        assert_null(ref.text);
        kp_keyref_free(&ref);
        kp_buf_free(&problem);
    }
}

/* place, field, mount, region, stage; "-": none */
static void good_references_to_stores(void **state) {
    (void)state;
    static const char *const rows[][6] = {
        {"vault://secret/captchaai", "captchaai", "api_key", "secret", "-", "-"},
        {"vault://secret/a/b c%#x#y", "a/b c%", "x#y", "secret", "-", "-"},
        {"vault://team/kv//captchaai/key#f", "captchaai/key", "f", "team/kv", "-", "-"},
        {"aws-sm://captchaai/key", "captchaai/key", "-", "-", "-", "-"},
        {"aws-sm://a_b+=.@-/1?stage=MY-STAGE&region=eu-west-1#f", "a_b+=.@-/1", "f", "-", "eu-west-1", "MY-STAGE"},
        {"aws-sm://arn:aws:secretsmanager:eu-west-1:123456789012:secret:a/b-AbCdEf#f",
         "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a/b-AbCdEf", "f", "-", "eu-west-1", "-"},
        {"aws-sm://arn:aws:secretsmanager:eu-west-1:123456789012:secret:a?region=us-east-1",
         "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a", "-", "-", "us-east-1", "-"},
        {"gcp-sm://projects/a.com:p/secrets/s_1/versions/latest", "projects/a.com:p/secrets/s_1/versions/latest", "-",
         "-", "-", "-"},
        {"gcp-sm://projects/1/secrets/s/versions/7#f", "projects/1/secrets/s/versions/7", "f", "-", "-", "-"},
        {"exec: pass show 'a b' ", "pass show 'a b'", "-", "-", "-", "-"},
        {"exec:/usr/bin/op read op://v/i/f", "/usr/bin/op read op://v/i/f", "-", "-", "-", "-"},
        {"exec:~/bin/key", "~/bin/key", "-", "-", "-", "-"},
        {"exec:\"/opt/a b/key\" --x", "\"/opt/a b/key\" --x", "-", "-", "-", "-"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kp_keyref ref;
        assert_int_equal(kp_keyref_parse(rows[i][0], strlen(rows[i][0]), NULL, &ref, NULL), 0);
        const char *const got[] = {ref.place, ref.field, ref.mount, ref.region, ref.stage};
        for (size_t k = 0; k < 5; k++)
            assert_string_equal(got[k] ? got[k] : "-", rows[i][k + 1]);
        kp_keyref_free(&ref);
        assert_null(ref.mount);
    }
}

static void words_of_a_program(void **state) {
    (void)state;
    static const char *const words[] = {"a", "b c", "d'e", "", "f\\"};
    kp_buf word;
    kp_buf_init(&word, NULL);
    size_t at = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        kp_buf_clear(&word);
        assert_true(kp_exec_word("a 'b c'\t\"d'e\"  '' f\\", &at, &word));
        assert_string_equal(kp_buf_text(&word), words[i]);
    }
    assert_false(kp_exec_word("a 'b c'\t\"d'e\"  '' f\\", &at, &word));
    assert_false(kp_exec_word(NULL, &at, &word));
    kp_buf_free(&word);
}

static void a_relative_json_path_without_a_folder_stays(void **state) {
    (void)state;
    kp_keyref ref;
    assert_int_equal(kp_keyref_parse("json:k", 6, NULL, &ref, NULL), 0);
    assert_string_equal(ref.place, "k");
    kp_keyref_free(&ref);
}

/* Refused; the sentence has this in it, and not the text. */
static void refused(const char *text, size_t len, const char *says) {
    kp_keyref ref;
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    assert_int_equal(kp_keyref_parse(text, len, "~/.captchaai", &ref, &problem), KP_E_REFERENCE);
    assert_null(ref.place);
    if (!strstr(kp_buf_text(&problem), says))
        fail_msg("'%s' is not in '%s'", says, kp_buf_text(&problem));
    if (len > 7)
        assert_null(strstr(kp_buf_text(&problem), text));
    kp_keyref_free(&ref);
    kp_buf_free(&problem);
}

static void bad_references_get_their_own_sentence(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "is empty"},
        {"env:", "env: needs"},
        {"env:A B", "env: needs"},
        {"env:1A", "env: needs"},
        {"env:A=secret", "env: needs"},
        {"dotenv:local.env", "dotenv: needs"},
        {"dotenv:#A", "dotenv: needs"},
        {"dotenv:.env#A-B", "dotenv: needs"},
        {"file:", "file: needs"},
        {"file:/a\n", "control character"},
        {"cred:", "cred: needs"},
        {"cred:../x", "cred: needs"},
        {"cred:..", "cred: needs"},
        {"json:", "json: needs"},
        {"json:#/a", "json: needs"},
        {"json:k#api_key", "json: needs"},
        {"json:k#", "json: needs"},
        {"json:k#/a~2", "json: needs"},
        {"json:k#/a~", "json: needs"},
        {"fd:", "fd: needs"},
        {"fd:0", "fd: needs"},
        {"fd:2", "fd: needs"},
        {"fd:-3", "fd: needs"},
        {"fd:03", "fd: needs"},
        {"fd:3x", "fd: needs"},
        {"fd:2147483648", "fd: needs"},
        {"held:", "held: and host: need"},
        {"held:a b", "held: and host: need"},
        {"host:a/b", "held: and host: need"},
        {"host:abcdefghijklmnopqrstuvwxyz-_.0-93", "held: and host: need"},
        {"vault:secret/a", "vault: needs"},
        {"vault://kv", "vault: needs"},
        {"vault://kv/", "vault: needs"},
        {"vault:///a", "vault: needs"},
        {"vault://secret/a/", "vault: needs"},
        {"vault://secret/../sys", "vault: needs"},
        {"vault://secret/a?version=1", "vault: needs"},
        {"vault://secret/a#", "vault: needs"},
        {"vault://a//b//c", "vault: needs"},
        {"aws-sm:a", "aws-sm: needs"},
        {"aws-sm://?stage=a", "aws-sm: needs"},
        {"aws-sm://a?", "aws-sm: needs"},
        {"aws-sm://a?region=", "aws-sm: needs"},
        {"aws-sm://a?region=evil.test/", "aws-sm: needs"},
        {"aws-sm://a?region=x&region=y", "aws-sm: needs"},
        {"aws-sm://a?version=1", "aws-sm: needs"},
        {"aws-sm://a b", "aws-sm: needs"},
        {"aws-sm://a:b", "aws-sm: needs"},
        {"aws-sm://arn:aws:s3:eu-west-1:1:secret:a", "aws-sm: needs"},
        {"aws-sm://arn:aws:secretsmanager:e.vil:1:secret:a", "aws-sm: needs"},
        {"aws-sm://a#", "aws-sm: needs"},
        {"gcp-sm://projects/p/secrets/s", "gcp-sm: needs"},
        {"gcp-sm://projects/p/secrets/s/versions/latest/x", "gcp-sm: needs"},
        {"gcp-sm://projects/../secrets/s/versions/1", "gcp-sm: needs"},
        {"gcp-sm://projects/p/secrets/s:x/versions/1", "gcp-sm: needs"},
        {"exec:", "exec: needs"},
        {"exec:bin/key", "exec: needs"},
        {"exec:key 'a", "exec: needs"},
        {"exec:'' a", "exec: needs"},
        {"/run/secrets/k", "file:"},
        {"~/k", "file:"},
        {"./k", "file:"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused(rows[i].text, strlen(rows[i].text), rows[i].says);
    refused("env:A\0B", 7, "control character");
    refused(NULL, 0, "is empty");
}

/* "env:$NAME" in a shell: what is written where the name belongs is never repeated. */
static void a_key_where_a_name_belongs_is_refused(void **state) {
    (void)state;
    static const char *const heads[] = {"env:",         "held:",           "host:",
                                        "cred:",        "file:",           "json:",
                                        "dotenv:.env#", "vault://secret/", "vault://secret/a#",
                                        "aws-sm://",    "aws-sm://a/b#",   "gcp-sm://projects/p/secrets/s/versions/1#",
                                        "exec:key --x "};
    chance c = {20261121};
    char text[64], hex[33], uuid[48];
    chance_hex(&c, hex, 32);
    snprintf(uuid, sizeof uuid, "a-%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    hex[0] = 'a'; /* no variable begins with a digit, and this has to get past that */
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        snprintf(text, sizeof text, "%s%s", heads[i], hex);
        refused(text, strlen(text), "looks like a key itself");
    }
    static const size_t with_dashes[] = {3, 4, 5};
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "%s%s", heads[with_dashes[i]], uuid);
        refused(text, strlen(text), "looks like a key itself");
    }
    static const char *const names[] = {"env:CAPTCHAAI_API_KEY_2", "file:./0123456789abcdefghijk",
                                        "cred:captchaai-production-20261121", "env:CAPTCHAAIPRODUCTIONKEY1"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        kp_keyref ref;
        assert_int_equal(kp_keyref_parse(names[i], strlen(names[i]), NULL, &ref, NULL), 0);
        kp_keyref_free(&ref);
    }
}

static void near_misses_are_named(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"evn:CAPTCHAAI_API_KEY", "'env:'"},  {"ENV:CAPTCHAAI_API_KEY", "'env:'"},
        {"Env:CAPTCHAAI_API_KEY", "'env:'"},  {"dot-env:.env#A", "'dotenv:'"},
        {"files:/run/secrets/k", "'file:'"},  {"jsn:k.json", "'json:'"},
        {"creds:captchaai_key", "'cred:'"},   {"valt://secret/captchaai#api_key", "'vault:'"},
        {"Vault://secret/k#f", "'vault:'"},   {"aws_sm://name?region=x", "'aws-sm:'"},
        {"gpc-sm://projects/P", "'gcp-sm:'"}, {"exce:pass show captchaai", "'exec:'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused(rows[i].text, strlen(rows[i].text), rows[i].says);
}

/* What programs write is suggested to nobody. */
static void held_and_host_are_written_exactly(void **state) {
    (void)state;
    static const char *const rows[] = {"HELD:some-name", "hold:some-name", "Host:some-name", "hosts:some-name"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused(rows[i], strlen(rows[i]), "this is no reference to a key");
}

static void a_key_in_place_of_a_reference_is_not_repeated(void **state) {
    (void)state;
    chance c = {.state = 7};
    for (int round = 0; round < 200; round++) {
        char key[41];
        for (size_t i = 0; i < 40; i++)
            key[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[chance_below(&c, 36)];
        key[40] = '\0';
        refused(key, 40, "this is no reference");
        key[20] = ':';
        refused(key, 40, "this is no reference");
    }
}

static void a_very_long_text_is_refused(void **state) {
    (void)state;
    static char text[5000];
    memset(text, 'a', sizeof text - 1);
    memcpy(text, "file:", 5);
    refused(text, sizeof text - 1, "longer than 4096");
}

static void nothing_given(void **state) {
    (void)state;
    assert_int_equal(kp_keyref_parse("env:A", 5, NULL, NULL, NULL), KP_E_MISUSE);
    kp_keyref_free(NULL);
}

static void each_allocation_fails(void **state) {
    (void)state;
    static const char *const texts[] = {"json:k.json#/a", "vault://secret/a", "aws-sm://a?region=x&stage=y#f"};
    for (size_t turn = 0; turn < 6; turn++)
        for (size_t i = 0;; i++) {
            const char *text = texts[turn / 2];
            kp_keyref ref;
            failing_start(i, turn % 2);
            int error = kp_keyref_parse(text, strlen(text), "~/.captchaai", &ref, NULL);
            if (!failing_stop()) {
                assert_int_equal(error, 0);
                kp_keyref_free(&ref);
                break;
            }
            assert_int_equal(error, KP_E_MEMORY);
            assert_null(ref.text);
            assert_null(ref.place);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_references),
        cmocka_unit_test(good_references_to_stores),
        cmocka_unit_test(words_of_a_program),
        cmocka_unit_test(a_relative_json_path_without_a_folder_stays),
        cmocka_unit_test(bad_references_get_their_own_sentence),
        cmocka_unit_test(a_key_where_a_name_belongs_is_refused),
        cmocka_unit_test(near_misses_are_named),
        cmocka_unit_test(held_and_host_are_written_exactly),
        cmocka_unit_test(a_key_in_place_of_a_reference_is_not_repeated),
        cmocka_unit_test(a_very_long_text_is_refused),
        cmocka_unit_test(nothing_given),
        cmocka_unit_test(each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
