/* test_op_held.c: operations whose key a program hands in: held by value, or given when it is needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/client.h"
#include "failing.h"
#include "op_case.h"
#include "policy/finder.h"
#include "safe/known.h"

static void hold(const char *name, const char *value, size_t len) {
    kp_secret *secret = kp_secret_new(value, len);
    assert_non_null(secret);
    assert_int_equal(kp_config_hold(t.config, name, secret), KP_OK);
    kp_secret_free(secret);
}

static void hold_text(const char *name, const char *value) {
    hold(name, value, strlen(value));
}

/* ---- Held ---- */

static void a_held_key_is_used_without_a_step(void **state) {
    (void)state;
    hold_text("key", case_key(1));
    option("keys", "held:key");
    begin(KP_BALANCE);
    expect_error(KP_OK);
    assert_int_equal(t.w.reads, 0);
    assert_memory_equal(t.trace, "NEW GATE ", 9);
    expect_fact("source", "held:key");
    expect_fact("key_name", "primary");
    assert_string_equal(fact("key") + 3, t.secrets[1] + 26);
    begin(KP_TELL);
    set("key", "held:key");
    expect_error(KP_OK);
    assert_non_null(strstr(fact("answer"), "\"place\":\"held:key\",\"outcome\":\"used\""));
}

static void the_last_one_of_a_name_wins(void **state) {
    (void)state;
    hold_text("key", case_key(1));
    hold_text("other", case_key(2));
    hold_text("key", case_key(3));
    option("keys", "[\"held:key\",\"held:other\"]");
    begin(KP_BALANCE);
    expect_error(KP_OK);
    assert_string_equal(fact("key") + 3, t.secrets[3] + 26);
    put_answer("balance", 200, "ERROR_WRONG_USER_KEY");
    world_forget(&t.w);
    begin(KP_SUBMIT); /* the next member, which is held as well */
    expect_error(KP_OK);
    expect_fact("source", "held:other");
    assert_string_equal(fact("key") + 3, t.secrets[2] + 26);
}

/* What was held first is there when its owner, and the configuration, are long gone. */
static void a_client_has_a_copy_of_its_own(void **state) {
    (void)state;
    hold_text("key", case_key(1));
    option("keys", "held:key");
    another_client();
    kp_config_free(t.config);
    t.config = NULL;
    begin(KP_BALANCE);
    expect_error(KP_OK);
}

static void nothing_is_held(void **state) {
    (void)state;
    hold_text("other", case_key(1));
    option("keys", "held:key");
    begin(KP_BALANCE);
    expect_error(KP_E_NO_KEY);
    expect_text("held:key: the program holds no key of this name");
    option("keys", "[{\"name\":\"a\",\"from\":[\"held:key\",\"env:CAPTCHAAI_API_KEY\"]}]");
    another_client();
    begin(KP_BALANCE);
    expect_error(KP_OK);
    expect_fact("source", "env:CAPTCHAAI_API_KEY");
}

static void what_is_held_is_checked(void **state) {
    (void)state;
    static char big[KP_ROOM_SIZE + 1];
    memset(big, 'k', sizeof big);
    char lines[80];
    snprintf(lines, sizeof lines, "%s\n%s", case_key(1), case_key(2));
    const struct {
        const char *value;
        size_t len;
        int code;
        const char *says;
    } rows[] = {
        {"", 0, KP_E_PLACEHOLDER, "held:key: it is empty"},
        {"YOUR_API_KEY", 12, KP_E_PLACEHOLDER, "held:key: it is a sample"},
        {"\"in-quotes-it-is\"", 17, KP_E_BAD_KEY, "held:key: it has quotes"},
        {lines, strlen(lines), KP_E_BAD_KEY, "held:key: it has more than one line"},
        {"with a\0NUL in it", 16, KP_E_BAD_KEY, "held:key: it has a NUL byte"},
        {"with-a-bell\a", 12, KP_E_BAD_KEY, "held:key: it has a control character"},
        {big, 2000, KP_E_BAD_KEY, "held:key: it is longer than 1024"},
        {big, KP_ROOM_SIZE, KP_E_BAD_KEY, "held:key: it is longer than 1024"},
        {big, KP_ROOM_SIZE + 1, KP_E_BAD_KEY, "held:key: it is longer than 1024"},
    };
    option("keys", "held:key");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        hold("key", rows[i].value, rows[i].len);
        another_client();
        begin(KP_BALANCE);
        if (run() != rows[i].code)
            fail_msg("row %zu: %s", i, fact("text"));
        expect_text(rows[i].says);
        assert_int_equal(t.w.https, 0);
    }
    char padded[64];
    snprintf(padded, sizeof padded, " \t%s\r\n", case_key(3));
    hold_text("key", padded);
    another_client();
    begin(KP_BALANCE);
    expect_error(KP_OK);
}

/* Many places that need no step follow each other in one event. */
static void many_held_places(void **state) {
    (void)state;
    char keys[2048] = "[";
    for (size_t i = 0; i < 60; i++)
        snprintf(keys + strlen(keys), sizeof keys - strlen(keys), "\"held:k%zu\",", i);
    strcat(keys, "\"held:key\"]");
    hold_text("key", case_key(1));
    option("keys", keys);
    begin(KP_BALANCE);
    expect_error(KP_OK);
    expect_fact("key_name", "key60");
    begin(KP_BALANCE);
    kp_op_cancel(t.op);
    expect_error(KP_E_CANCELLED);
}

/* ---- Given by the host ---- */

static void give(const char *value, size_t len) {
    assert_true(reach("READ"));
    assert_string_equal(kp_read_name(t.op), "host:key");
    t.w.mono_ms += 5;
    kp_on_time(t.op, t.w.mono_ms, t.w.unix_ms, 0);
    kp_read_give(t.op, value, len);
}

static void the_host_gives_a_key(void **state) {
    (void)state;
    const char *key = case_key(1);
    option("keys", "host:key");
    begin(KP_BALANCE);
    give(key, strlen(key));
    expect_error(KP_OK);
    expect_fact("source", "host:key");
    assert_string_equal(fact("key") + 3, key + 26);
    char text[80];
    snprintf(text, sizeof text, "it was %s", key);
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_known_mask(&out, text, strlen(text));
    assert_string_equal(kp_buf_text(&out), "it was [REDACTED]");
    kp_buf_free(&out);
    begin(KP_BALANCE); /* asked for once */
    expect_error(KP_OK);
    assert_int_equal(t.w.reads, 0);
}

static void what_the_host_gives_is_checked(void **state) {
    (void)state;
    static char big[KP_ROOM_SIZE + 1];
    memset(big, 'k', sizeof big);
    const struct {
        const char *value;
        size_t len;
        int code;
        const char *says;
    } rows[] = {
        {NULL, 0, KP_E_NO_KEY, "host:key: the program handed none in"},
        {NULL, 5, KP_E_NO_KEY, "host:key: the program handed none in"},
        {"", 0, KP_E_PLACEHOLDER, "host:key: it is empty"},
        {"changeme", 8, KP_E_PLACEHOLDER, "host:key: it is a sample"},
        {"two words of it", 15, KP_E_BAD_KEY, "host:key: it has a blank"},
        {"a\0NUL-in-it", 11, KP_E_BAD_KEY, "host:key: it has a NUL byte"},
        {big, KP_ROOM_SIZE, KP_E_BAD_KEY, "host:key: it is longer than 1024"},
        {big, KP_ROOM_SIZE + 1, KP_E_BAD_KEY, "host:key: it is longer than 1024"},
        {big, SIZE_MAX, KP_E_BAD_KEY, "host:key: it is longer than 1024"},
    };
    option("keys", "host:key");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(KP_BALANCE);
        give(rows[i].value, rows[i].len);
        expect_error(rows[i].code);
        expect_text(rows[i].says);
    }
    begin(KP_BALANCE);
    assert_true(reach("READ"));
    kp_on_read(t.op, KP_FAILED, KP_WHY_IO, 0); /* the host's function failed */
    expect_error(KP_E_KEY_FILE);
    expect_text("host:key: the program could not hand it in");
}

/* Any other read can be answered so, and what is no read is left alone. */
static void giving_is_for_reads(void **state) {
    (void)state;
    const char *key = case_key(1);
    begin(KP_BALANCE);
    assert_true(reach("READ"));
    assert_string_equal(kp_read_name(t.op), "env:CAPTCHAAI_API_KEY_FILE");
    kp_read_give(t.op, NULL, 0);
    assert_string_equal(kp_read_name(t.op), "env:CAPTCHAAI_API_KEY");
    kp_read_give(t.op, key, strlen(key));
    expect_fact("state", "GATE");
    kp_read_give(t.op, key, strlen(key));
    expect_fact("state", "GATE");
    kp_read_give(NULL, key, strlen(key));
    expect_error(KP_OK);
}

static void too_late_or_cancelled(void **state) {
    (void)state;
    const char *key = case_key(1);
    option("keys", "host:key");
    begin(KP_BALANCE);
    assert_true(reach("READ"));
    kp_op_cancel(t.op);
    kp_read_give(t.op, key, strlen(key));
    expect_error(KP_E_CANCELLED);
    another_client();
    begin(KP_BALANCE);
    assert_true(reach("READ"));
    t.w.mono_ms = kp_op_until(t.op) + 1;
    kp_on_time(t.op, t.w.mono_ms, t.w.unix_ms, 0);
    kp_read_give(t.op, key, strlen(key));
    expect_error(KP_E_TIMEOUT);
}

/* ---- Advice ---- */

static void a_bare_key_is_told_how_to_hand_it_in(void **state) {
    (void)state;
    static const struct {
        const char *host, *says;
    } hosts[] = {{"lua", "with keyplate.key_from_value"},
                 {"nginx", "with keyplate.key_from_value"},
                 {"python", "with keyplate.Key.from_value"},
                 {"php-fpm", "with Keyplate\\Key::fromValue"},
                 {"php-cli", "with Keyplate\\Key::fromValue"},
                 {"program", NULL},
                 {"command", NULL}};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        for (int by_op = 0; by_op < 2; by_op++) {
            option("host", hosts[i].host);
            option("keys", by_op ? "" : case_key(1));
            another_client();
            begin(KP_BALANCE);
            if (by_op)
                set("key", case_key(1));
            expect_error(KP_E_REFERENCE);
            expect_text("this is no reference to a key");
            if (hosts[i].says)
                expect_text(hosts[i].says);
            else
                assert_null(strstr(fact("text"), "on purpose"));
        }
}

/* ---- Memory ---- */

static void memory_short_at_every_place(void **state) {
    (void)state;
    const char *key = case_key(1);
    hold_text("key", key);
    option("keys", "held:key");
    option("audit.file", "/x");
    for (int from_there_on = 0; from_there_on < 2; from_there_on++) {
        bool failed = true;
        for (size_t n = 0; failed; n++) {
            kp_op_free(t.op);
            t.op = NULL;
            kp_client_free(t.client);
            failing_start(n, from_there_on);
            t.client = kp_client_new(t.config);
            t.op = t.client ? kp_op_new(t.client, KP_BALANCE) : NULL;
            while (t.op && kp_op_step(t.op) == KP_TIME)
                world_step(&t.w, t.op);
            failed = failing_stop();
            if (!t.op)
                continue;
            if (kp_op_step(t.op) == KP_DONE)
                assert_int_equal(kp_op_error(t.op), KP_E_MEMORY);
            else
                assert_int_equal(kp_op_step(t.op), KP_STORE);
        }
        assert_int_equal(kp_op_step(t.op), KP_STORE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_held_key_is_used_without_a_step),
        CASE(the_last_one_of_a_name_wins),
        CASE(a_client_has_a_copy_of_its_own),
        CASE(nothing_is_held),
        CASE(what_is_held_is_checked),
        CASE(many_held_places),
        CASE(the_host_gives_a_key),
        CASE(what_the_host_gives_is_checked),
        CASE(giving_is_for_reads),
        CASE(too_late_or_cancelled),
        CASE(a_bare_key_is_told_how_to_hand_it_in),
        CASE(memory_short_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
