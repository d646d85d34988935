/* watch_case.h: a watch over a balance that reads once a minute; every reading goes through the text form. Include
 * after cmocka.h. */
#ifndef KP_TESTS_WATCH_CASE_H
#define KP_TESTS_WATCH_CASE_H

#include <stdio.h>
#include <string.h>

#include "policy/balance_watch.h"

#define DOLLAR 1000000LL
#define MINUTE 60000LL
#define START 1790000000000LL

static kp_watch watch;
static kp_watch_rules rules;
static kp_watch_news news;
static int64_t now;

static inline int begin(void **state) {
    (void)state;
    watch = (kp_watch){.books = -1};
    rules = (kp_watch_rules){.below = {10 * DOLLAR, 2 * DOLLAR}, .below_count = 2, .stale_ms = 10 * MINUTE};
    now = START;
    return 0;
}

/* Every reading goes through the text form, as between two processes. */
static inline void through_text(void) {
    kp_buf text;
    kp_watch back;
    kp_buf_init(&text, NULL);
    kp_watch_write(&watch, &text);
    assert_true(text.len <= KP_WATCH_TEXT);
    for (size_t i = 0; i < text.len; i++)
        assert_in_range(text.data[i], 0x21, 0x7e);
    assert_true(kp_watch_read(&back, kp_buf_text(&text), text.len));
    kp_buf other;
    kp_buf_init(&other, NULL);
    kp_watch_write(&back, &other);
    assert_string_equal(kp_buf_text(&text), kp_buf_text(&other));
    watch = back;
    kp_buf_free(&text);
    kp_buf_free(&other);
}

static inline void read_booked(int64_t balance, int64_t books) {
    news.count = 0;
    kp_watch_success(&watch, &rules, "primary", now, balance, books, &news);
    through_text();
    now += MINUTE;
}

static inline void read(int64_t balance) {
    read_booked(balance, -1);
}

static inline void fails(void) {
    news.count = 0;
    kp_watch_failure(&watch, &rules, now, &news);
    through_text();
    now += MINUTE;
}

static inline void expect_none(void) {
    if (news.count)
        fail_msg("%s is told", kp_watch_name(news.list[0].kind));
}

static inline const kp_watch_alert *expect(kp_watch_kind kind, bool over) {
    for (size_t i = 0; i < news.count; i++)
        if (news.list[i].kind == kind && news.list[i].over == over)
            return &news.list[i];
    fail_msg("%s (%s) is not told", kp_watch_name(kind), over ? "over" : "begun");
    return NULL;
}

static inline void expect_text(const kp_watch_alert *alert, const char *text) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_watch_say(alert, &out);
    assert_string_equal(kp_buf_text(&out), text);
    assert_true(strlen(kp_watch_advice(alert)) > 10);
    kp_buf_free(&out);
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

#endif
