/* test_limits.c: limits and prices as options say them: what is read, what is refused, and which concern a call. */
#include "failing.h"
#include "limits_case.h"
#include "zone_case.h"

static void nothing_is_set(void **state) {
    (void)state;
    kp_limits *limits = SOUND("limits.by", "", "prices", "", "limits.window", "");
    kp_limit_call call = {"primary", "hcaptcha", "team-a", 1};
    kp_limit_item item;
    int64_t micro = 7;
    assert_int_equal(limits->scopes, 1);
    assert_false(kp_limits_item(limits, &call, 0, &item));
    assert_null(kp_limits_shut(limits, &call, T0, false, NULL));
    assert_null(kp_limits_shut(limits, &call, T0, true, NULL));
    assert_null(kp_limits_zone(limits, 0));
    assert_false(kp_limits_price(limits, "hcaptcha", &micro));
    kp_limits_free(limits);
}

static void null_arguments(void **state) {
    (void)state;
    const char *const none[] = {NULL};
    kp_limits *limits = SOUND("limits.per_minute", "5");
    kp_limit_call call = {NULL, NULL, NULL, 1};
    kp_limit_item item;
    kp_buf text;
    int64_t number = 0;
    kp_buf_init(&text, NULL);
    assert_int_equal(kp_limits_make(NULL, none, &limits, &text), KP_E_MISUSE);
    assert_int_equal(kp_limits_make(option_of, none, NULL, &text), KP_E_MISUSE);
    assert_int_equal(kp_limits_make(option_of, none, &limits, NULL), KP_E_MISUSE);
    assert_false(kp_limits_item(NULL, &call, 0, &item));
    assert_false(kp_limits_item(limits, NULL, 0, &item));
    assert_false(kp_limits_item(limits, &call, 0, NULL));
    assert_true(kp_limits_item(limits, &call, 0, &item));
    assert_null(kp_limits_shut(NULL, &call, T0, false, NULL));
    assert_null(kp_limits_shut(limits, NULL, T0, false, NULL));
    assert_false(kp_limits_price(NULL, "a", &number));
    assert_false(kp_limits_price(limits, NULL, NULL));
    assert_null(kp_limits_zone(NULL, 0));
    assert_false(kp_limits_has(NULL, 0));
    assert_int_equal(kp_limits_give(NULL, 0, "", 0, NULL), KP_E_MISUSE);
    assert_int_equal(kp_limits_give(limits, 0, "", 0, NULL), KP_E_MISUSE);
    assert_false(kp_is_client_id(NULL, 0));
    kp_limit_title(NULL, &text);
    kp_limit_title(&item, NULL);
    kp_limit_add_args(NULL, "r", 1, 1, 1, 1, &text);
    kp_limit_add_args(&item, NULL, 1, 1, 1, 1, &text);
    kp_limit_add_args(&item, "r", 1, 1, 1, 1, NULL);
    assert_int_equal(kp_limit_outage(NULL, &number), KP_OUTAGE_ALLOW);
    assert_int_equal(kp_limit_outage(&item, NULL), KP_OUTAGE_ALLOW);
    assert_string_equal(kp_limit_name(KP_LIMIT_KINDS), "");
    assert_int_equal(kp_limit_letter(KP_LIMIT_KINDS), '\0');
    assert_int_equal(text.len, 0);
    kp_limits_free(limits);
    kp_limits_free(NULL);
}

/* ---- What each option takes ---- */

static void test_g5_numbers_at_their_bounds(void **state) {
    (void)state;
    static const struct {
        kp_limit_kind kind;
        const char *most, *beyond;
    } bounds[] = {
        {KP_LIMIT_PER_SECOND, "1000000", "1000001"},    {KP_LIMIT_PER_MINUTE, "1000000", "1000001"},
        {KP_LIMIT_PER_HOUR, "1000000", "1000001"},      {KP_LIMIT_PER_DAY, "1000000000", "1000000001"},
        {KP_LIMIT_PER_24H, "1000000000", "1000000001"}, {KP_LIMIT_CONCURRENT, "100000", "100001"},
    };
    static const char *const wrong[] = {
        "0",    "-1",   "1.5", "1e3", "1,000", " 5", "5 ",    "+5",
        "five", "0x10", "5\n", "5\t", "--5",   "-0", "1_000", "99999999999999999999999"};
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        char option[40], by[120];
        const char *name = kp_limit_name(bounds[i].kind);
        snprintf(option, sizeof option, "limits.%s", name);
        kp_limits *limits = SOUND(option, bounds[i].most);
        assert_int_equal(limits->scope[0].most[bounds[i].kind], strtoll(bounds[i].most, NULL, 10));
        kp_limits_free(limits);
        limits = SOUND(option, "1");
        assert_int_equal(limits->scope[0].most[bounds[i].kind], 1);
        kp_limits_free(limits);
        REFUSED("cannot have this value: it is no number from 1 to ", option, bounds[i].beyond);
        REFUSED(option, option, bounds[i].beyond);
        for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++)
            REFUSED(option, option, wrong[k]);
        /* The same behind a name. */
        snprintf(by, sizeof by, "{\"key:a\":{\"%s\":%s}}", name, bounds[i].beyond);
        REFUSED(name, "limits.by", by);
        snprintf(by, sizeof by, "{\"key:a\":{\"%s\":%s}}", name, bounds[i].most);
        limits = SOUND("limits.by", by);
        assert_int_equal(limits->scope[1].most[bounds[i].kind], strtoll(bounds[i].most, NULL, 10));
        kp_limits_free(limits);
    }
}

static const struct {
    const char *text;
    int64_t micro;
} dollars[] = {{"0.000001", 1},
               {"1000000000", 1000000000000000},
               {"1000000000.000000", 1000000000000000},
               {"5", 5000000},
               {"5.00", 5000000},
               {"0.1", 100000},
               {"0.123456", 123456},
               {"999999999.999999", 999999999999999}};

/* Of amounts, as prices and as budgets. */
static const char *const no_dollars[] = {"-1",         "-0.5",      "1e3",
                                         "1E-3",       "1,5",       "1,000.00",
                                         "0.0000001",  "1.1234567", "1000000000.000001",
                                         " 1",         "1 ",        "+1",
                                         "$1",         "1$",        "one",
                                         ".",          "1.",        ".5",
                                         "1..5",       "1.2.3",     "nan",
                                         "inf",        "0x1",       "99999999999999999999999999",
                                         "1000000001", "1.0000000"};

static void test_g5_dollars_are_whole_micro_dollars(void **state) {
    (void)state;
    static const char *const names[] = {"limits.usd_per_day", "limits.usd_per_24h"};
    static const kp_limit_kind kinds[] = {KP_LIMIT_USD_PER_DAY, KP_LIMIT_USD_PER_24H};
    for (int n = 0; n < 2; n++) {
        for (size_t i = 0; i < sizeof dollars / sizeof dollars[0]; i++) {
            kp_limits *limits = SOUND(names[n], dollars[i].text, PRICED);
            assert_int_equal(limits->scope[0].most[kinds[n]], dollars[i].micro);
            kp_limits_free(limits);
        }
        for (size_t i = 0; i < sizeof no_dollars / sizeof no_dollars[0]; i++)
            REFUSED("it is no amount of dollars from 0.000001 to 1000000000", names[n], no_dollars[i], PRICED);
        REFUSED(names[n], names[n], "0", PRICED);
        REFUSED(names[n], names[n], "0.000000", PRICED);
    }
}

static void test_g5_prices(void **state) {
    (void)state;
    char json[200];
    int64_t micro = 0;
    for (size_t i = 0; i < sizeof dollars / sizeof dollars[0]; i++) {
        snprintf(json, sizeof json, "{\"turnstile\":\"%s\"}", dollars[i].text);
        kp_limits *limits = SOUND("prices", json);
        assert_true(kp_limits_price(limits, "turnstile", &micro));
        assert_int_equal(micro, dollars[i].micro);
        assert_false(kp_limits_price(limits, "hcaptcha", &micro));
        assert_false(kp_limits_price(limits, NULL, &micro));
        kp_limits_free(limits);
    }
    for (size_t i = 0; i < sizeof no_dollars / sizeof no_dollars[0]; i++) {
        snprintf(json, sizeof json, "{\"turnstile\":\"%s\"}", no_dollars[i]);
        REFUSED("option prices cannot have this value: a price is no amount of dollars", "prices", json);
    }
    kp_limits *limits = SOUND("prices", "{\"a\":\"0.5\",\"*\":0.001,\"b\":0,\"c.d-e_f\":2}");
    assert_true(kp_limits_price(limits, "a", &micro) && micro == 500000);
    assert_true(kp_limits_price(limits, "b", &micro) && micro == 0);
    assert_true(kp_limits_price(limits, "c.d-e_f", &micro) && micro == 2000000);
    assert_true(kp_limits_price(limits, "z", &micro) && micro == 1000);
    assert_true(kp_limits_price(limits, "", &micro) && micro == 1000);
    assert_true(kp_limits_price(limits, NULL, &micro) && micro == 1000);
    kp_limits_free(limits);
    static const char *const wrong[] = {"[]",
                                        "1",
                                        "\"*\"",
                                        "null",
                                        "{",
                                        "{\"a\":1}x",
                                        "{\"a\":null}",
                                        "{\"a\":true}",
                                        "{\"a\":{}}",
                                        "{\"a\":[1]}",
                                        "{\"a\":\"\"}",
                                        "{\"a\":1e-3}",
                                        "{\"\":1}",
                                        "{\"a b\":1}",
                                        "{\"a*\":1}",
                                        "{\"a\":1,\"a\":2}",
                                        "{\"a\":1,\"\\u0061\":2}",
                                        "{\"a\\u0000\":1}",
                                        "{\"\\u00e9\":1}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        REFUSED("option prices cannot have this value: ", "prices", wrong[i]);
}

static void test_g5_a_budget_in_dollars_needs_prices(void **state) {
    (void)state;
    REFUSED("a budget in dollars needs the option prices", "limits.usd_per_day", "5");
    REFUSED("a budget in dollars needs the option prices", "limits.usd_per_24h", "5", "prices", "{}");
    REFUSED("a budget in dollars needs the option prices", "limits.by", "{\"key:a\":{\"usd_per_day\":\"1\"}}");
    kp_limits_free(SOUND("limits.per_day", "5", "limits.concurrent", "2"));
}

static void more_prices_than_there_are_methods(void **state) {
    (void)state;
    kp_buf json;
    for (int count = 1024; count <= 1025; count++) {
        kp_buf_init(&json, NULL);
        for (int i = 0; i < count; i++)
            kp_buf_fmt(&json, "%s\"m%d\":%d", i ? "," : "{", i, i);
        kp_buf_char(&json, '}');
        if (count > 1024) {
            REFUSED("at most 1024 prices", "prices", kp_buf_text(&json));
        } else {
            kp_limits *limits = SOUND("prices", kp_buf_text(&json));
            int64_t micro = 0;
            assert_true(kp_limits_price(limits, "m1023", &micro) && micro == 1023000000);
            kp_limits_free(limits);
        }
        kp_buf_free(&json);
    }
}

static void words(void **state) {
    (void)state;
    static const char *const yes[] = {"true", "1", "yes"}, *const no[] = {"false", "0", "no"};
    for (size_t i = 0; i < 3; i++) {
        kp_limits *limits = SOUND("limits.shadow", yes[i], "limits.on_limit", "wait");
        assert_true(limits->scope[0].shadow && limits->scope[0].wait);
        kp_limits_free(limits);
        limits = SOUND("limits.shadow", no[i], "limits.on_limit", "refuse");
        assert_false(limits->scope[0].shadow || limits->scope[0].wait);
        kp_limits_free(limits);
    }
    static const char *const wrong[][2] = {{"limits.shadow", "maybe"},       {"limits.shadow", "True"},
                                           {"limits.on_limit", "wait "},     {"limits.on_limit", "deny"},
                                           {"limits.outage", "maybe"},       {"limits.outage", "share"},
                                           {"limits.outage", "share=1/"},    {"limits.outage", "share=1/0"},
                                           {"limits.outage", "share=1/-2"},  {"limits.outage", "share=2/3"},
                                           {"limits.outage", "share=1/2.5"}, {"limits.outage", "share=1/1000000001"},
                                           {"limits.outage", "share=1/ 2"},  {"limits.outage", "DENY"},
                                           {"limits.zone", "Europe Berlin"}, {"limits.zone", "/etc/passwd"},
                                           {"limits.zone", "../x"},          {"limits.window", "never"},
                                           {"limits.window", "Mon 9-17"},    {"limits.window", "09:00-17:00 ../x"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        REFUSED("cannot have this value: ", wrong[i][0], wrong[i][1]);
        REFUSED(wrong[i][0], wrong[i][0], wrong[i][1]);
    }
    char long_zone[KP_ZONE_NAME_MOST + 2];
    memset(long_zone, 'A', sizeof long_zone);
    long_zone[sizeof long_zone - 1] = '\0';
    REFUSED("limits.zone", "limits.zone", long_zone);
    long_zone[sizeof long_zone - 2] = '\0';
    kp_limits_free(SOUND("limits.zone", long_zone));
}

/* A key that stands where something else belongs is in no sentence. */
static void nothing_is_repeated(void **state) {
    (void)state;
    char value[40] = "", json[120];
    for (int i = 0; i < 32; i++)
        value[i] = "0123456789abcdef"[(i * 7 + 3) % 16];
    static const char *const options[] = {"limits.per_day", "limits.usd_per_day", "limits.zone",
                                          "limits.window",  "limits.outage",      "limits.on_limit",
                                          "limits.shadow",  "limits.by",          "prices"};
    static const char *const forms[] = {"%s",
                                        "{\"%s\":1}",
                                        "{\"key:a\":{\"%s\":1}}",
                                        "{\"key:a\":\"%s\"}",
                                        "{\"key:a\":{\"zone\":\"%s\"}}",
                                        "{\"a\":\"%s\"}"};
    for (size_t o = 0; o < sizeof options / sizeof options[0]; o++)
        for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
            kp_limits *limits = NULL;
            kp_buf problem;
            snprintf(json, sizeof json, forms[f], value); /* NOLINT(clang-diagnostic-format-nonliteral) */
            const char *const pairs[] = {options[o], json, NULL};
            int code = read_options(pairs, &limits, &problem);
            if (o == 8 && f == 1) /* any word may be a method */
                assert_int_equal(code, KP_OK);
            else
                assert_int_equal(code, KP_E_CONFIG);
            assert_null(strstr(kp_buf_text(&problem), value));
            kp_buf_free(&problem);
            kp_limits_free(limits);
        }
}

/* ---- Short memory ---- */

static const char *const all_options[] = {"limits.usd_per_day",
                                          "5",
                                          "limits.window",
                                          "Mon-Fri 09:00-17:00 Europe/Berlin",
                                          "limits.zone",
                                          "Europe/Berlin",
                                          "limits.by",
                                          "{\"key:\\u0061\":{\"per_\\u0064ay\":\"\\u0037\",\"window\":\"09:00-17:00 "
                                          "Asia/Kolkata\",\"shadow\":true},\"method:*\":"
                                          "{\"zone\":\"Asia/Kolkata\",\"usd_per_24h\":1}}",
                                          "prices",
                                          "{\"hcaptch\\u0061\":\"0.00\\u0031\",\"*\":2}",
                                          NULL};

static void each_allocation_fails(void **state) {
    (void)state;
    for (int from_there_on = 0; from_there_on < 2; from_there_on++) {
        bool failed = true;
        for (size_t at = 0; failed; at++) {
            kp_limits *limits = NULL;
            kp_buf problem;
            failing_start(at, from_there_on);
            int code = read_options(all_options, &limits, &problem);
            failed = failing_stop();
            assert_int_equal(code, failed ? KP_E_MEMORY : KP_OK);
            assert_int_equal(limits == NULL, failed);
            kp_limits_free(limits);
            kp_buf_free(&problem);
        }
    }
    /* A sentence that does not fit is short memory, or is cut; a fault stays one. */
    const char *const wrong[] = {"limits.window", "Mon", NULL};
    bool failed = true;
    for (size_t at = 0; failed; at++) {
        kp_limits *limits = NULL;
        kp_buf problem;
        failing_start(at, true);
        int code = read_options(wrong, &limits, &problem);
        failed = failing_stop();
        assert_true(code == KP_E_CONFIG || (failed && code == KP_E_MEMORY));
        assert_null(limits);
        kp_buf_free(&problem);
    }
}

static void giving_with_short_memory(void **state) {
    (void)state;
    kp_limits *limits = sound(all_options);
    zone_file f = {.version = '3', .types = 1, .rule = RULE_BERLIN};
    kp_buf bytes = zone_bytes(&f);
    for (size_t i = 0; kp_limits_zone(limits, i); i++) {
        failing_start(0, true);
        int code = kp_limits_give(limits, i, bytes.data, bytes.len, NULL);
        assert_true(failing_stop());
        assert_int_equal(code, KP_E_MEMORY);
        assert_false(kp_limits_has(limits, i));
        assert_int_equal(kp_limits_give(limits, i, bytes.data, bytes.len, NULL), KP_OK);
        failing_start(0, true);
        assert_int_equal(kp_limits_give(limits, i, bytes.data, bytes.len, NULL), KP_E_MEMORY);
        failing_stop();
        assert_true(kp_limits_has(limits, i)); /* the one before is still there */
    }
    kp_buf_free(&bytes);
    kp_limits_free(limits);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(nothing_is_set),
        T(null_arguments),
        T(test_g5_numbers_at_their_bounds),
        T(test_g5_dollars_are_whole_micro_dollars),
        T(test_g5_prices),
        T(test_g5_a_budget_in_dollars_needs_prices),
        T(more_prices_than_there_are_methods),
        T(words),
        T(nothing_is_repeated),
        T(each_allocation_fails),
        T(giving_with_short_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
