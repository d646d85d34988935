/* test_op_bar.c: a key that has expired, is outside its window, is too old: it is not used, and that is said. */
#include "zone_case.h"

#include "engine/client.h"
#include "op_case.h"

enum { HOUR = 3600000, DAY = 24 * HOUR };

/* The world begins on Monday 2026-09-21 at 14:13:20 UTC. */
static void pass_time(int64_t ms) {
    t.w.mono_ms += (uint64_t)ms;
    t.w.unix_ms += ms;
}

static void members(const char *rest) {
    char keys[400];
    snprintf(keys, sizeof keys, "[{\"name\":\"main\",\"from\":[\"env:CAPTCHAAI_API_KEY\"],%s},\"env:SPARE\"]", rest);
    option("keys", keys);
}

static void good(int kind) {
    begin(kind);
    expect_error(KP_OK);
}

static const char *events(void) {
    make(KP_TELL);
    set("what", "events");
    expect_error(KP_OK);
    return fact("answer");
}

static void an_expired_key_is_not_used(void **state) {
    (void)state;
    static const int kinds[] = {KP_SUBMIT, KP_SOLVE, KP_BALANCE, KP_VERIFY};
    members("\"not_after\":\"2026-09-21\"");
    good(KP_SUBMIT);
    pass_time(9 * HOUR + 46 * 60000);
    good(KP_SUBMIT); /* to the end of that day */
    pass_time(60000);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        begin(kinds[i]);
        expect_error(KP_E_KEY_EXPIRED);
        expect_text("main");
        expect_text("2026-09-21T23:59:59.999Z");
        expect_fact("class", "key");
        assert_int_equal(t.w.https, 0);
    }
    good(KP_WAIT); /* what was paid goes on */
    good(KP_REPORT);
    put_place("env:SPARE", case_key(1), KP_FOUND, 0);
    good(KP_SUBMIT); /* and the next key is used */
    expect_fact("key_name", "backup");
}

static void a_window_holds_for_paid_calls(void **state) {
    (void)state;
    members("\"window\":\"Mon 15:00-16:00\"");
    begin(KP_SUBMIT);
    expect_error(KP_E_KEY_CLOSED);
    expect_fact("class", "limit");
    expect_text("opens in");
    assert_in_range(number("retry_after_ms"), 46 * 60000 + 39000, 46 * 60000 + 40000);
    assert_int_equal(t.w.https, 0);
    good(KP_BALANCE);
    good(KP_WAIT);
    pass_time(HOUR);
    good(KP_SUBMIT);
    pass_time(HOUR);
    begin(KP_SUBMIT);
    expect_error(KP_E_KEY_CLOSED);
    put_place("env:SPARE", case_key(1), KP_FOUND, 0);
    good(KP_SUBMIT);
    expect_fact("key_name", "backup");
}

static kp_buf zone;

static const char *zone_place(world *w, const char *name) {
    if (strcmp(name, "file:/usr/share/zoneinfo/Europe/Berlin") != 0)
        return case_place(w, name);
    w->size = zone.len;
    return zone.data;
}

static void a_zone_is_read_once(void **state) {
    (void)state;
    zone_file f = {.version = '2', .types = 1, .offset = {3600}, .rule = "CET-1CEST,M3.5.0,M10.5.0/3"};
    zone = zone_bytes(&f);
    t.w.place = zone_place;
    members("\"window\":\"Mon 16:00-17:00 Europe/Berlin\"");
    good(KP_SUBMIT); /* it is 16:13 there */
    assert_true(passed("NEW ZONE NEW READ"));
    good(KP_SUBMIT);
    assert_false(passed("ZONE"));
    pass_time(HOUR);
    begin(KP_SUBMIT);
    expect_error(KP_E_KEY_CLOSED);
    kp_buf_free(&zone);
}

static void without_its_zone_a_window_stays_shut(void **state) {
    (void)state;
    static const int hows[] = {KP_ABSENT, KP_UNFIT, KP_FAILED, KP_FOUND};
    static const char *const said[] = {"this system has no time zone Europe/Berlin",
                                       "this system has no time zone Europe/Berlin",
                                       "the time zone Europe/Berlin cannot be used: its file cannot be read",
                                       "the time zone Europe/Berlin cannot be used: the file ends too early"};
    for (size_t i = 0; i < sizeof hows / sizeof hows[0]; i++) {
        forget_places();
        put_place("env:CAPTCHAAI_API_KEY", t.secrets[0], KP_FOUND, 0);
        put_place("file:/usr/share/zoneinfo/Europe/Berlin", hows[i] == KP_FOUND ? "no zone" : NULL, hows[i], KP_WHY_IO);
        members("\"window\":\"16:00-17:00 Europe/Berlin;01:00-02:00\"");
        another_client();
        begin(KP_SOLVE);
        expect_error(KP_E_KEY_CLOSED);
        expect_text(said[i]);
        assert_int_equal(t.w.https, 0);
    }
}

static void a_zone_that_could_not_be_read_is_read_later(void **state) {
    (void)state;
    zone_file f = {.version = '2', .types = 1, .offset = {3600}, .rule = RULE_BERLIN};
    members("\"window\":\"Mon 16:00-17:00 Europe/Berlin;Tue 01:00-02:00 Europe/Paris\"");
    begin(KP_SUBMIT);
    expect_error(KP_E_KEY_CLOSED);
    zone = zone_bytes(&f);
    t.w.place = zone_place;
    good(KP_SUBMIT);
    good(KP_SUBMIT); /* only what is missing is read again */
    assert_true(passed("NEW ZONE NEW READ") || passed("NEW ZONE NEW GATE"));
    kp_buf_free(&zone);
}

static void a_stop_while_a_zone_is_read(void **state) {
    (void)state;
    members("\"window\":\"16:00-17:00 Europe/Berlin\"");
    begin(KP_SOLVE);
    assert_true(reach("ZONE"));
    kp_op_cancel(t.op);
    expect_error(KP_E_CANCELLED);
}

static void an_old_key_is_told_and_fails_verify(void **state) {
    (void)state;
    good(KP_SUBMIT);
    pass_time(30LL * DAY - HOUR);
    good(KP_SUBMIT);
    assert_null(strstr(events(), "key_age"));
    pass_time(2 * HOUR);
    good(KP_VERIFY);
    const char *told = events();
    assert_non_null(strstr(told, "keyplate.key_age\",\"level\":\"warning"));
    assert_non_null(strstr(told, "30 days"));
    good(KP_BALANCE); /* once a day */
    assert_null(strstr(events(), "key_age"));
    pass_time(DAY);
    good(KP_BALANCE);
    assert_non_null(strstr(events(), "key_age"));
    pass_time(60LL * DAY);
    begin(KP_VERIFY);
    expect_error(KP_E_KEY_OLD);
    expect_text("91 days");
    assert_non_null(strstr(events(), "keyplate.key_age\",\"level\":\"error"));
    good(KP_SUBMIT);
    option("strict", "true");
    another_client(); /* it knows the age from the store */
    begin(KP_SUBMIT);
    expect_error(KP_E_KEY_OLD);
    good(KP_BALANCE);
    option("ring.age_fail", "0");
    another_client();
    good(KP_SUBMIT);
    good(KP_VERIFY);
}

static void a_near_end_is_told(void **state) {
    (void)state;
    members("\"not_after\":\"2026-10-05\"");
    good(KP_SUBMIT);
    assert_null(strstr(events(), "key_age"));
    pass_time(DAY);
    good(KP_SUBMIT);
    assert_non_null(strstr(events(), "may be used up to 2026-10-05T23:59:59.999Z"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(an_expired_key_is_not_used),  CASE(a_window_holds_for_paid_calls),
        CASE(a_zone_is_read_once),         CASE(without_its_zone_a_window_stays_shut),
        CASE(a_stop_while_a_zone_is_read), CASE(an_old_key_is_told_and_fails_verify),
        CASE(a_near_end_is_told),          CASE(a_zone_that_could_not_be_read_is_read_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
