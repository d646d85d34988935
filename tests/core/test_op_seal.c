/* test_op_seal.c: tests where the key comes from that seals the audit record, and that no paid call is made without it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "chain_case.h"
#include "op_case.h"
#include "wire/json.h"

static const char path[] = "/var/log/x";

/* Whether a line of the record is sealed with the key that this secret makes. */
static bool is_sealed_with(const char *line, const char *secret) {
    kp_chain_check check;
    kp_chain_key key;
    kp_chain_key_make(secret, strlen(secret), &key);
    kp_chain_check_start(&check, &key);
    kp_chain_check_file(&check);
    kp_chain_check_line(&check, line, strcspn(line, "\n"), NULL);
    return check.records == 1 && check.held;
}

static void refused_with(const char *text) {
    begin(KP_SOLVE);
    expect_error(KP_E_RECORD);
    expect_text(path);
    expect_text(text);
    assert_int_equal(t.w.submits, 0);
    assert_int_equal(t.w.https, 0);
    assert_int_equal(t.line_count, 0);
    assert_false(passed("GATE"));
}

static void lines_are_sealed(void **state) {
    (void)state;
    option("audit.file", path);
    begin(KP_SOLVE);
    expect_error(KP_OK);
    assert_true(passed("NEW AUDITKEY NEW READ"));
    assert_int_equal(t.line_count, 2);
    chain_file file = {0};
    for (size_t i = 0; i < 2; i++) {
        t.lines[i][strcspn(t.lines[i], "\n")] = '\0';
        chain_put(&file, i, t.lines[i]);
        no_secret_in(t.lines[i], "the record");
        assert_null(strstr(t.lines[i], t.w.audit_key));
    }
    kp_chain_key_make(t.w.audit_key, strlen(t.w.audit_key), &chain_key);
    kp_chain_check check = chain_check(&file, 1, NULL);
    assert_true(check.fault == KP_CHAIN_SOUND && check.records == 2);
    /* The key is read once. */
    t.w.reads = 0;
    begin(KP_SOLVE);
    expect_error(KP_OK);
    assert_false(passed("AUDITKEY"));
    assert_int_equal(t.w.reads, 0);
}

static void the_key_is_not_shown(void **state) {
    (void)state;
    char shown[200], text[200];
    option("audit.file", path);
    begin(KP_SUBMIT);
    expect_error(KP_OK);
    snprintf(text, sizeof text, "a line with %s in it", t.w.audit_key);
    kp_redact_line(text, strlen(text), shown, sizeof shown);
    assert_string_equal(shown, "a line with [REDACTED] in it");
}

static void only_where_there_is_a_record(void **state) {
    (void)state;
    begin(KP_SOLVE);
    expect_error(KP_OK);
    assert_false(passed("AUDITKEY"));
    kp_client_free(t.client);
    t.client = NULL;
    option("audit.file", path);
    static const int kinds[] = {KP_BALANCE, KP_VERIFY, KP_RESULT, KP_WAIT, KP_REPORT, KP_TELL};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        begin(kinds[i]);
        expect_error(KP_OK);
        assert_false(passed("AUDITKEY"));
    }
}

static void a1_no_key_no_paid_call(void **state) {
    (void)state;
    option("audit.file", path);
    char key[sizeof t.w.audit_key];
    memcpy(key, t.w.audit_key, sizeof key);
    strcpy(t.w.audit_key, "123456789012345");
    refused_with("less than 16 characters");
    memset(t.w.audit_key, ' ', 60);
    refused_with("less than 16 characters");
    t.w.no_audit_key = KP_ABSENT;
    refused_with("audit.key in the state folder: it cannot be read or made");
    t.w.no_audit_key = KP_FAILED;
    refused_with("this user may not read or make it");
    /* Once it is there, calls are made. */
    t.w.no_audit_key = 0;
    memcpy(t.w.audit_key, key, sizeof key);
    begin(KP_SOLVE);
    expect_error(KP_OK);
    assert_int_equal(t.line_count, 2);
}

static void a_reference(void **state) {
    (void)state;
    option("audit.file", path);
    option("audit.key", "env:RECORD_KEY");
    const char *key = case_key(1);
    refused_with("env:RECORD_KEY: the variable is not set");
    put_place("env:RECORD_KEY", "short", KP_FOUND, 0);
    refused_with("env:RECORD_KEY: it has less than 16 characters");
    forget_places();
    put_place("env:CAPTCHAAI_API_KEY", t.secrets[0], KP_FOUND, 0);
    put_place("env:RECORD_KEY", key, KP_FOUND, 0);
    begin(KP_SUBMIT);
    expect_error(KP_OK);
    assert_true(is_sealed_with(t.lines[0], key));
    assert_false(is_sealed_with(t.lines[0], t.secrets[0]));
}

static void a_secret_that_the_program_holds(void **state) {
    (void)state;
    const char *key = case_key(1);
    kp_secret *secret = kp_secret_new(key, strlen(key));
    option("audit.file", path);
    option("audit.key", "held:record");
    refused_with("held:record");
    kp_client_free(t.client);
    t.client = NULL;
    assert_int_equal(kp_config_hold(t.config, "record", secret), 0);
    begin(KP_SUBMIT);
    expect_error(KP_OK);
    assert_true(is_sealed_with(t.lines[0], key));
    kp_secret_free(secret);
}

static void a_secret_that_the_program_gives(void **state) {
    (void)state;
    const char *key = case_key(1);
    option("audit.file", path);
    option("audit.key", "host:record");
    begin(KP_SUBMIT);
    assert_true(reach("AUDITKEY"));
    assert_string_equal(kp_read_name(t.op), "host:record");
    kp_read_give(t.op, key, strlen(key));
    expect_error(KP_OK);
    assert_true(is_sealed_with(t.lines[0], key));
}

static void places_that_are_asked_over_http(void **state) {
    (void)state;
    option("audit.file", path);
    option("audit.key", "vault://secret/record");
    begin(KP_SUBMIT);
    expect_error(KP_E_CONFIG);
    expect_text("audit.key");
}

static void k4b_a_key_that_others_can_read(void **state) {
    (void)state;
    option("audit.file", path);
    option("audit.key", "file:/etc/record");
    put_place("file:/etc/record", case_key(1), KP_FOUND_OPEN, 0);
    begin(KP_SUBMIT);
    expect_error(KP_OK);
    kp_client_free(t.client);
    t.client = NULL;
    option("strict", "true");
    refused_with("other users can read it");
}

static void cancelled_before(void **state) {
    (void)state;
    option("audit.file", path);
    begin(KP_SOLVE);
    assert_true(reach("AUDITKEY"));
    kp_op_cancel(t.op);
    expect_error(KP_E_CANCELLED);
    assert_true(passed("NEW AUDITKEY DONE"));
}

/* ---- The APPEND step ---- */

static void sealing_is_repeatable(void **state) {
    (void)state;
    char one[2048], other[2048], mark[KP_CHECKPOINT_MOST + 1];
    size_t len = 0;
    kp_chain_end end;
    bool sealed = false;
    option("audit.file", path);
    begin(KP_SOLVE);
    assert_true(reach("INTENT"));
    assert_null(kp_append_checkpoint(t.op, &len));
    snprintf(one, sizeof one, "%s", kp_append_seal(t.op, NULL, 0, &len));
    assert_int_equal(len, strlen(one));
    snprintf(other, sizeof other, "%s", kp_append_seal(t.op, "abcd\n", 5, NULL));
    assert_string_equal(one, other);
    assert_non_null(strstr(one, ",\"first\":true,\"seq\":1,"));
    snprintf(mark, sizeof mark, "%s", kp_append_checkpoint(t.op, &len));
    assert_int_equal(len, strlen(mark));
    kp_chain_key_make(t.w.audit_key, strlen(t.w.audit_key), &chain_key);
    assert_true(kp_checkpoint_read(&chain_key, mark, len, &end, &sealed));
    assert_true(sealed && end.seq == 1);
    /* Behind that line, behind that checkpoint, behind both. */
    snprintf(other, sizeof other, "%s", kp_append_seal(t.op, one, strlen(one), &len));
    assert_null(strstr(other, "\"first\":true"));
    assert_non_null(strstr(other, ",\"seq\":2,"));
    strncat(mark, "\n", 2);
    snprintf(other, sizeof other, "%s", kp_append_seal(t.op, mark, strlen(mark), &len));
    assert_non_null(strstr(other, ",\"first\":true,\"seq\":2,"));
    char both[sizeof mark + sizeof one];
    snprintf(both, sizeof both, "%s%s", mark, one);
    assert_non_null(strstr(kp_append_seal(t.op, both, strlen(both), &len), ",\"seq\":2,"));
}

/* ---- What is escaped ---- */

/* One line of printable characters, that is one JSON object. */
static void expect_one_object(const char *line) {
    size_t len = strlen(line);
    assert_true(len > 0 && line[len - 1] == '\n');
    for (size_t i = 0; i + 1 < len; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            fail_msg("a control character is in the record");
    assert_true(kp_utf8_valid(line, len));
    kp_json all = kp_json_parse(line, len - 1, NULL);
    assert_int_equal(all.type, KP_JSON_OBJECT);
    assert_int_equal(kp_json_get(all, "seq").type, KP_JSON_NUMBER);
    kp_seal seal;
    assert_int_equal(kp_line_read(line, len - 1, &seal), KP_LINE_SEALED);
}

/* The names of tags, and client_id, are checked where they are set. */
static void a3_what_comes_from_outside_is_escaped(void **state) {
    (void)state;
    static const char tag[] = "a\nb\x1b[31m\"\xc2\x9b,\"seq\":9}\xff\xc2";
    option("audit.file", path);
    option("tags", "{\"service\":\"a\\nb\\u001b[31m\\\"\\u009b,\\\"seq\\\":9}\\u007f\"}");
    put_answer("submit", 200, "{\"status\":1,\"request\":\"4\\n2\\u001b[31m\\\",\\\"seq\\\":7\\u009b\"}");
    begin(KP_SUBMIT);
    assert_int_equal(kp_op_set(t.op, "tag.free", tag, sizeof tag - 1), KP_OK);
    run();
    assert_int_equal(t.line_count, 2);
    for (size_t i = 0; i < t.line_count; i++)
        expect_one_object(t.lines[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(lines_are_sealed),
        CASE(the_key_is_not_shown),
        CASE(only_where_there_is_a_record),
        cmocka_unit_test_setup_teardown(a1_no_key_no_paid_call, case_begin, case_end),
        CASE(a_reference),
        CASE(a_secret_that_the_program_holds),
        CASE(a_secret_that_the_program_gives),
        CASE(places_that_are_asked_over_http),
        cmocka_unit_test_setup_teardown(k4b_a_key_that_others_can_read, case_begin, case_end),
        CASE(cancelled_before),
        CASE(sealing_is_repeatable),
        cmocka_unit_test_setup_teardown(a3_what_comes_from_outside_is_escaped, case_begin, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
