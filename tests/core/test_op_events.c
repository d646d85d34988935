/* test_op_events.c: the events of operations: which there are, what they say, how the queue of a client keeps them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing.h"
#include "op_case.h"
#include "wire/json.h"

enum { EVENTS_MOST = 64 };

/* The events that were taken last, and the text that they are spans of. */
static char told[65536];
static kp_json event[EVENTS_MOST];
static size_t events;

/* Takes all events out of the queue. */
static void take(void) {
    make(KP_TELL);
    set("what", "events");
    size_t before = t.w.reads + t.w.stores;
    expect_error(KP_OK);
    assert_string_equal(t.trace, "NEW DONE ");
    assert_int_equal(t.w.reads + t.w.stores + t.w.https, before);
    size_t len = 0, at = 0;
    const char *answer = kp_op_get(t.op, "answer", &len);
    assert_true(len < sizeof told);
    memcpy(told, answer, len + 1);
    kp_json list = kp_json_parse(told, len, NULL), value;
    assert_int_equal(list.type, KP_JSON_ARRAY);
    for (events = 0; kp_json_next(list, &at, NULL, &value); events++) {
        assert_true(events < EVENTS_MOST);
        event[events] = value;
    }
    assert_int_equal(kp_client_events(t.client), 0);
}

/* The text of a fact, "" if there is none; lent until the next call. */
static const char *of(size_t i, const char *name) {
    static char text[2048];
    kp_buf out;
    kp_buf_init(&out, NULL);
    assert_true(i < events);
    kp_json value = kp_json_get(event[i], name);
    if (!kp_json_string(value, &out))
        kp_buf_add(&out, value.raw, value.len);
    snprintf(text, sizeof text, "%s", kp_buf_text(&out));
    kp_buf_free(&out);
    return text;
}

static void expect_of(size_t i, const char *name, const char *value) {
    if (strcmp(of(i, name), value) != 0)
        fail_msg("%s of event %zu is not '%s': %s", name, i, value, told);
}

static void says(size_t i, const char *part) {
    if (!strstr(of(i, "message"), part))
        fail_msg("event %zu does not say '%s': %s", i, part, told);
}

/* The one event of that name. */
static size_t find(const char *name) {
    size_t found = EVENTS_MOST;
    for (size_t i = 0; i < events; i++)
        if (strcmp(of(i, "event"), name) == 0) {
            assert_int_equal(found, EVENTS_MOST);
            found = i;
        }
    if (found == EVENTS_MOST)
        fail_msg("there is no %s: %s", name, told);
    return found;
}

/* ---- Ends ---- */

static void a_balance(void **state) {
    (void)state;
    char id[64], fingerprint[16];
    begin(KP_BALANCE);
    expect_error(KP_OK);
    snprintf(fingerprint, sizeof fingerprint, "%s", fact("fingerprint"));
    assert_int_equal(kp_client_events(t.client), 2);
    take();
    assert_int_equal(events, 2);
    size_t proven = find("keyplate.key_proven"), end = find("keyplate.balance");
    assert_true(proven < end);
    expect_of(proven, "level", "info");
    snprintf(id, sizeof id, "%s", of(proven, "operation"));
    assert_int_equal(strlen(id), 32);
    expect_of(end, "operation", id);
    expect_of(end, "level", "info");
    expect_of(end, "message", "the balance is 12.345");
    expect_of(end, "provider", "captchaai");
    expect_of(end, "key", "primary");
    expect_of(end, "fingerprint", fingerprint);
    expect_of(end, "status", "ok");
    expect_of(end, "attempts", "1");
    static const char *const none[] = {"class", "method", "task", "polls", "outcome_unknown"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        expect_of(end, none[i], "");
    assert_int_equal(strlen(of(end, "time")), strlen("2026-11-20T14:00:00.123Z"));
    take();
    assert_string_equal(told, "[]");
}

static void each_kind_has_its_event(void **state) {
    (void)state;
    static const struct {
        int kind;
        const char *name, *method, *task, *polls;
    } kinds[] = {{KP_VERIFY, "keyplate.verify", "", "", ""},
                 {KP_SUBMIT, "keyplate.submit", "turnstile", "captchaai/primary~", ""},
                 {KP_RESULT, "keyplate.result", "", "captchaai/primary~", "1"},
                 {KP_WAIT, "keyplate.wait", "", "captchaai/primary~", "1"},
                 {KP_SOLVE, "keyplate.solve", "turnstile", "captchaai/primary~", "1"},
                 {KP_REPORT, "keyplate.report", "", "captchaai/primary~", ""}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        begin(kinds[i].kind);
        expect_error(KP_OK);
        long ms = number("elapsed_ms");
        take();
        size_t end = find(kinds[i].name);
        assert_int_equal(end + 1, events);
        expect_of(end, "status", "ok");
        expect_of(end, "level", "info");
        expect_of(end, "method", kinds[i].method);
        expect_of(end, "polls", kinds[i].polls);
        assert_memory_equal(of(end, "task"), kinds[i].task, strlen(kinds[i].task));
        char want[24];
        snprintf(want, sizeof want, "%ld", ms);
        expect_of(end, "duration_ms", want);
    }
}

static void levels_follow_the_class(void **state) {
    (void)state;
    static const struct {
        int kind;
        const char *call, *body, *level, *status, *class;
    } rows[] = {
        {KP_RESULT, "result", "CAPCHA_NOT_READY", "debug", "pending", "pending"},
        {KP_WAIT, "result", "CAPCHA_NOT_READY", "warning", "timeout", "timeout"},
        {KP_WAIT, "result", "ERROR_CAPTCHA_UNSOLVABLE", "warning", "ERROR_CAPTCHA_UNSOLVABLE", "task"},
        {KP_SUBMIT, "submit", "MAX_USER_TURN", "warning", "MAX_USER_TURN", "busy"},
        {KP_SUBMIT, "submit", "ERROR_PAGEURL", "error", "ERROR_PAGEURL", "input"},
        {KP_SUBMIT, "submit", "ERROR_ZERO_BALANCE", "error", "ERROR_ZERO_BALANCE", "funds"},
        {KP_RESULT, "result", "ERROR_SOMETHING_NEW", "error", "ERROR_SOMETHING_NEW", "unknown"},
        {KP_RESULT, "result", "<html>", "error", "bad_answer", "protocol"},
        {KP_REPORT, "report", NULL, "warning", "connection_lost", "network"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        forget_answers();
        world_answer *a = put_answers(rows[i].call, 200, rows[i].body);
        a->net = rows[i].body ? KP_NET_OK : KP_NET_RESET;
        begin(rows[i].kind);
        assert_int_not_equal(run(), KP_OK);
        char text[600];
        snprintf(text, sizeof text, "%s", fact("text"));
        take();
        size_t end = events - 1;
        expect_of(end, "level", rows[i].level);
        expect_of(end, "status", rows[i].status);
        expect_of(end, "class", rows[i].class);
        expect_of(end, "message", text);
    }
}

static void a_cancelled_one_and_a_wrong_one(void **state) {
    (void)state;
    begin(KP_BALANCE);
    kp_op_cancel(t.op);
    expect_error(KP_E_CANCELLED);
    begin(KP_SOLVE);
    set("params", "{}");
    expect_error(KP_E_MISSING);
    make(99);
    expect_error(KP_E_MISUSE); /* no kind, no event */
    take();
    assert_int_equal(events, 2);
    expect_of(0, "level", "warning");
    expect_of(0, "class", "cancelled");
    expect_of(0, "key", "");
    expect_of(0, "fingerprint", "");
    expect_of(1, "event", "keyplate.solve");
    expect_of(1, "level", "error");
    expect_of(1, "attempts", "0");
}

static void an_outcome_that_is_unknown(void **state) {
    (void)state;
    begin(KP_VERIFY);
    expect_error(KP_OK);
    take();
    put_loss("submit", KP_NET_RESET, KP_MAYBE_SENT);
    begin(KP_SUBMIT);
    expect_error(KP_E_LOST);
    take();
    assert_int_equal(events, 1);
    expect_of(0, "outcome_unknown", "true");
}

static void telling_and_dry_runs_have_none(void **state) {
    (void)state;
    begin(KP_SOLVE);
    set("dry_run", "1");
    expect_error(KP_OK);
    begin(KP_TELL);
    expect_error(KP_OK);
    take();
    assert_int_equal(events, 0);
}

static void a_configuration_that_is_wrong(void **state) {
    (void)state;
    option("keys", "nothing-that-is-known");
    begin(KP_BALANCE);
    expect_error(KP_E_REFERENCE);
    take(); /* what happened is told in any case */
    assert_int_equal(events, 1);
    expect_of(0, "class", "usage");
    expect_of(0, "status", "bad_reference");
}

/* ---- On the way ---- */

static void a_refused_key(void **state) {
    (void)state;
    put_answers("balance", 200, "ERROR_WRONG_USER_KEY");
    begin(KP_BALANCE);
    expect_error(KP_E_C_WRONG_USER_KEY);
    take();
    assert_int_equal(events, 2);
    size_t refused = find("keyplate.key_refused");
    expect_of(refused, "level", "error");
    expect_of(refused, "status", "ERROR_WRONG_USER_KEY");
    expect_of(refused, "class", "key");
    expect_of(refused, "key", "primary");
    says(refused, "it is tried again in 1 min");
    begin(KP_BALANCE); /* it cools: nothing new about the key */
    expect_error(KP_E_KEY_COOLING);
    take();
    assert_int_equal(events, 1);
}

static void a_banned_address(void **state) {
    (void)state;
    put_answers("balance", 200, "IP_BANNED");
    begin(KP_VERIFY);
    expect_error(KP_E_C_IP_BANNED);
    take();
    size_t banned = find("keyplate.address_banned");
    expect_of(banned, "level", "error");
    expect_of(banned, "class", "address");
    says(banned, "calls go out directly");
    says(banned, "5 min");
}

static void a_call_that_is_not_counted(void **state) {
    (void)state;
    begin(KP_VERIFY);
    expect_error(KP_OK);
    take();
    t.w.store_away = true;
    begin(KP_SUBMIT);
    expect_error(KP_OK);
    take();
    assert_int_equal(events, 2);
    expect_of(find("keyplate.uncounted"), "level", "warning");
}

static void a_key_file_that_others_can_read(void **state) {
    (void)state;
    put_place("file:/k", case_key(1), KP_FOUND_OPEN, 0);
    option("keys", "file:/k");
    for (size_t i = 0; i < 2; i++) { /* told once, however often it is read */
        begin(KP_TELL);
        expect_error(KP_OK);
    }
    take();
    assert_int_equal(events, 1);
    size_t open = find("keyplate.key_file_open");
    expect_of(open, "level", "warning");
    expect_of(open, "key", "primary");
    assert_int_equal(strlen(of(open, "fingerprint")), 8);
    says(open, "file:/k");
}

/* ---- No key, and no more than there is room for ---- */

static void t12_a_key_in_an_event(void **state) {
    (void)state;
    char body[400];
    snprintf(body, sizeof body, "{\"status\":0,\"request\":\"ERROR_BAD_PARAMETERS\",\"error_text\":\"bad: %s\"}",
             t.secrets[0]);
    put_answer("result", 200, body);
    begin(KP_WAIT);
    expect_error(KP_E_C_BAD_PARAMETERS);
    char task[80];
    snprintf(task, sizeof task, "x%s", t.secrets[0]);
    begin(KP_RESULT);
    set("task", task);
    expect_error(KP_OK);
    begin(KP_SUBMIT);
    set("method", t.secrets[0]);
    expect_error(KP_OK);
    take(); /* its run looks for keys in the answer */
    says(find("keyplate.wait"), "bad: [REDACTED]");
    assert_non_null(strstr(of(find("keyplate.result"), "task"), "/x[REDACTED]"));
    assert_null(strstr(told, "method"));
}

/* Of a method that the table does not know nobody knows that it is none: it may be a key that was never made known. */
static void a_method_that_is_not_listed(void **state) {
    (void)state;
    begin(KP_SUBMIT);
    set("method", "somethingnew");
    expect_error(KP_OK);
    take();
    assert_true(find("keyplate.key_proven") < events && find("keyplate.submit") < events);
    assert_null(strstr(told, "somethingnew"));
    assert_null(strstr(told, "method"));
}

static void the_oldest_go_first(void **state) {
    (void)state;
    option("events", "3");
    static const int kinds[] = {KP_VERIFY, KP_BALANCE, KP_SUBMIT, KP_RESULT, KP_REPORT};
    for (size_t i = 0; i < 5; i++) {
        begin(kinds[i]);
        expect_error(KP_OK);
    }
    assert_int_equal(kp_client_events(t.client), 3);
    take();
    assert_int_equal(events, 4);
    expect_of(0, "event", "keyplate.events_lost");
    expect_of(0, "count", "3"); /* key_proven, verify, balance */
    expect_of(0, "level", "warning");
    expect_of(1, "event", "keyplate.submit");
    expect_of(3, "event", "keyplate.report");
    for (size_t i = 0; i + 1 < events; i++) {
        char before[32];
        snprintf(before, sizeof before, "%s", of(i, "time"));
        assert_true(strcmp(before, of(i + 1, "time")) <= 0);
    }
    begin(KP_BALANCE);
    expect_error(KP_OK);
    take();
    assert_int_equal(events, 1);
}

static void none_are_kept(void **state) {
    (void)state;
    option("events", "0");
    begin(KP_BALANCE);
    expect_error(KP_OK);
    assert_int_equal(kp_client_events(t.client), 0);
    take();
    assert_int_equal(events, 0);
}

static void memory_short_while_they_are_made(void **state) {
    (void)state;
    bool failed = true;
    for (size_t n = 0; failed; n++) {
        begin(KP_BALANCE);
        kp_op_cancel(t.op);
        failing_start(n, n % 2);
        step();
        failed = failing_stop();
        expect_fact("state", "DONE");
        assert_int_not_equal(kp_op_error(t.op), KP_OK);
        assert_int_equal(kp_client_events(t.client), 1);
        take();
        assert_int_equal(events, 1);
        if (strcmp(of(0, "event"), "keyplate.balance") != 0) {
            expect_of(0, "event", "keyplate.events_lost");
            expect_of(0, "count", "1");
        }
    }
    expect_of(0, "event", "keyplate.balance");
}

static void memory_short_while_they_are_told(void **state) {
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        begin(KP_BALANCE);
        expect_error(KP_OK);
    }
    size_t waiting = kp_client_events(t.client), failures = 0;
    bool failed = true;
    for (size_t n = 0; failed; n++) {
        make(KP_TELL);
        set("what", "events");
        failing_start(n, true);
        step();
        failed = failing_stop();
        if (!failed)
            break;
        expect_error(KP_E_MEMORY);
        expect_fact("answer", NULL);
        assert_int_equal(kp_client_events(t.client), waiting);
        failures++;
    }
    assert_true(failures > 1);
    expect_error(KP_OK);
    assert_non_null(strstr(fact("answer"), "keyplate.balance"));
    assert_int_equal(kp_client_events(t.client), 0);
}

static void nobody_asks(void **state) {
    (void)state;
    assert_int_equal(kp_client_events(NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_balance),
        CASE(each_kind_has_its_event),
        CASE(levels_follow_the_class),
        CASE(a_cancelled_one_and_a_wrong_one),
        CASE(an_outcome_that_is_unknown),
        CASE(telling_and_dry_runs_have_none),
        CASE(a_configuration_that_is_wrong),
        CASE(a_refused_key),
        CASE(a_banned_address),
        CASE(a_call_that_is_not_counted),
        CASE(a_key_file_that_others_can_read),
        CASE(t12_a_key_in_an_event),
        CASE(a_method_that_is_not_listed),
        CASE(the_oldest_go_first),
        CASE(none_are_kept),
        CASE(memory_short_while_they_are_made),
        CASE(memory_short_while_they_are_told),
        CASE(nobody_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
