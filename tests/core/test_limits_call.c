/* test_limits_call.c: limits of a call: their windows and zones, and what the store is asked for. */
#include "limits_case.h"
#include "zone_case.h"

enum { DAY = 86400000, HOUR = 3600000 };

/* ---- Windows and zones ---- */

static void give_rule(kp_limits *limits, size_t i, const char *rule) {
    zone_file f = {.version = '3', .types = 1, .rule = rule};
    kp_buf bytes = zone_bytes(&f);
    assert_int_equal(kp_limits_give(limits, i, bytes.data, bytes.len, NULL), KP_OK);
    kp_buf_free(&bytes);
}

/* T0 is Monday 2026-09-21, 14:13:20 UTC. */
static void windows(void **state) {
    (void)state;
    kp_limits *limits = SOUND("limits.window", "Mon 09:00-15:00", "limits.by",
                              "{\"key:night\":{\"window\":\"22:00-23:00\"},"
                              "\"client_id:*\":{\"window\":\"Tue 10:00-11:00\",\"shadow\":true}}");
    kp_limit_call any = {"day", "m", NULL, 1}, night = {"night", "m", NULL, 1}, someone = {"day", "m", "x", 1};
    const int64_t midnight = T0 - T0 % DAY;
    int64_t opens = 0;
    assert_null(kp_limits_shut(limits, &any, T0, false, &opens));
    assert_ptr_equal(kp_limits_shut(limits, &any, midnight + 15LL * HOUR, false, &opens), &limits->scope[0]);
    assert_int_equal(opens, midnight + 7LL * DAY + 9LL * HOUR);
    assert_ptr_equal(kp_limits_shut(limits, &night, T0, false, &opens), &limits->scope[1]);
    assert_int_equal(opens, midnight + 22LL * HOUR);
    assert_null(kp_limits_shut(limits, &someone, T0, false, NULL));
    assert_ptr_equal(kp_limits_shut(limits, &someone, T0, true, &opens), &limits->scope[2]);
    assert_int_equal(opens, midnight + DAY + 10LL * HOUR);
    assert_null(kp_limits_shut(limits, &any, T0, true, NULL));
    kp_limits_free(limits);
}

static void zones_are_asked_for_and_given(void **state) {
    (void)state;
    kp_limits *limits =
        SOUND("limits.zone", "Europe/Berlin", "limits.per_day", "5", "limits.window",
              "09:00-17:00 Asia/Kolkata;18:00-19:00 EST5EDT", "limits.by",
              "{\"key:a\":{\"per_day\":1},\"key:u\":{\"zone\":\"UTC\"},\"key:w\":{\"zone\":\"utc\",\"window\":"
              "\"01:00-02:00 Europe/Berlin\"}}");
    static const char *const want[] = {"Europe/Berlin", "Asia/Kolkata", "EST5EDT", "Europe/Berlin", "Europe/Berlin"};
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(kp_limits_zone(limits, i), want[i]);
        assert_false(kp_limits_has(limits, i));
    }
    assert_null(kp_limits_zone(limits, 5));
    assert_false(kp_limits_has(limits, 5));
    assert_null(kp_limits_zone(limits, SIZE_MAX));
    kp_limit_call call = {NULL, NULL, NULL, 1};
    int64_t opens = 0;
    /* A window whose zone is not there is never open. */
    assert_non_null(kp_limits_shut(limits, &call, T0, false, &opens));
    assert_int_equal(opens, INT64_MAX);
    for (size_t i = 0; i < 5; i++) {
        give_rule(limits, i, i == 1 ? "IST-5:30" : i == 2 ? "EST5" : RULE_BERLIN);
        assert_true(kp_limits_has(limits, i));
        if (i < 4)
            assert_false(kp_limits_has(limits, i + 1));
    }
    assert_int_equal(kp_zone_offset(limits->scope[0].zone, T0 / 1000), 7200);
    assert_int_equal(kp_zone_offset(limits->scope[1].zone, T0 / 1000), 7200);
    const int64_t midnight = T0 - T0 % DAY;
    assert_null(kp_limits_shut(limits, &call, midnight + 4LL * HOUR, false, NULL));
    assert_non_null(kp_limits_shut(limits, &call, T0, false, &opens));
    assert_int_equal(opens, midnight + 23LL * HOUR);
    /* Another file takes the place of the first; one that is none leaves it. */
    give_rule(limits, 0, "EST5");
    assert_int_equal(kp_zone_offset(limits->scope[0].zone, T0 / 1000), -18000);
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    assert_int_equal(kp_limits_give(limits, 0, "no zone", 7, &problem), KP_E_CONFIG);
    assert_non_null(strstr(kp_buf_text(&problem), "the time zone Europe/Berlin cannot be used: "));
    assert_int_equal(kp_zone_offset(limits->scope[0].zone, T0 / 1000), -18000);
    kp_buf_clear(&problem);
    assert_int_equal(kp_limits_give(limits, 1, "no zone", 7, &problem), KP_E_CONFIG);
    assert_non_null(strstr(kp_buf_text(&problem), "Asia/Kolkata"));
    kp_buf_free(&problem);
    kp_limits_free(limits);
}

/* ---- As items of the store's verbs ---- */

/* ADMIT, or LOOK, with all limits that concern the call. */
static const char *ask_for(const kp_limits *limits, const kp_limit_call *call, const char *id, int64_t share) {
    kp_arg args[WORDS];
    kp_kv kv = {&the_map, map_get, map_put};
    kp_limit_item item;
    kp_buf text;
    size_t n = 0;
    kp_buf_init(&text, NULL);
    kp_buf_add(&text, id ? "ADMIT" : "LOOK", id ? 6 : 5);
    if (id) {
        kp_buf_add(&text, id, strlen(id) + 1);
        kp_buf_add(&text, "0", 2);
    }
    for (size_t i = 0; kp_limits_item(limits, call, i, &item); i++)
        kp_limit_add_args(&item, "realm", call->micro, share, 60000, now, &text);
    assert_false(text.failed);
    for (const char *word = text.data, *end = text.data + text.len; word < end; word += args[n++].len + 1)
        args[n] = (kp_arg){word, strlen(word)};
    assert_int_equal(kp_admit(&kv, now, args, n, &answer), 0);
    kp_buf_free(&text);
    return kp_buf_text(&answer);
}

static bool granted(const kp_limits *limits, const kp_limit_call *call, int64_t share) {
    static int number;
    char id[24];
    snprintf(id, sizeof id, "%d", number++);
    const char *reply = ask_for(limits, call, id, share);
    assert_memory_not_equal(reply, "bad", 3);
    return strncmp(reply, "ok ", 3) == 0;
}

static int grants(const kp_limits *limits, const kp_limit_call *call, int64_t share, int asks) {
    int count = 0;
    for (int i = 0; i < asks; i++) {
        count += granted(limits, call, share);
        for (size_t k = 0; k < the_map.count;) /* ids are in the way of nothing here */
            if (strncmp(the_map.row[k].name, "id ", 3) == 0)
                the_map.row[k] = the_map.row[--the_map.count];
            else
                k++;
    }
    return count;
}

/* The arguments with blanks between. */
static const char *args_of(const kp_limits *limits, const kp_limit_call *call, size_t i, int64_t share, uint64_t ttl) {
    static char out[600];
    kp_limit_item item;
    kp_buf text;
    kp_buf_init(&text, NULL);
    assert_true(kp_limits_item(limits, call, i, &item));
    kp_limit_add_args(&item, "r", call->micro, share, ttl, T0, &text);
    assert_true(text.len > 0 && text.data[text.len - 1] == '\0');
    for (size_t k = 0; k + 1 < text.len; k++)
        if (text.data[k] == '\0')
            text.data[k] = ' ';
    snprintf(out, sizeof out, "%s", text.data);
    kp_buf_free(&text);
    return out;
}

static void the_words_of_each_kind(void **state) {
    (void)state;
    static const char *const options[] = {"usd_per_day", "usd_per_24h", "per_day",  "per_24h",
                                          "per_second",  "per_minute",  "per_hour", "concurrent"};
    static const char *const want[] = {"budget usd_per_day/r/all 1500 6000000 0 0",
                                       "budget usd_per_24h/r/all 1500 6000000 24h 0",
                                       "budget per_day/r/all 1 6 0 0",
                                       "budget per_24h/r/all 1 6 24h 0",
                                       "rate per_second/r/all 166667 6 0",
                                       "rate per_minute/r/all 10000000 6 0",
                                       "rate per_hour/r/all 600000000 6 0",
                                       "slot concurrent/r/all 6 9000 0"};
    static const char *const third[] = {"budget usd_per_day/r/all 1500 2000000 0 0",
                                        "budget usd_per_24h/r/all 1500 2000000 24h 0",
                                        "budget per_day/r/all 1 2 0 0",
                                        "budget per_24h/r/all 1 2 24h 0",
                                        "rate per_second/r/all 500000 2 0",
                                        "rate per_minute/r/all 30000000 2 0",
                                        "rate per_hour/r/all 1800000000 2 0",
                                        "slot concurrent/r/all 2 9000 0"};
    kp_limit_call call = {"k", "m", "c", 1500};
    for (size_t i = 0; i < KP_LIMIT_KINDS; i++) {
        char option[40];
        snprintf(option, sizeof option, "limits.%s", options[i]);
        kp_limits *limits = SOUND(option, "6", PRICED);
        assert_string_equal(args_of(limits, &call, 0, 1, 9000), want[i]);
        assert_string_equal(args_of(limits, &call, 0, 3, 9000), third[i]);
        kp_limits_free(limits);
        limits = SOUND(option, "6", "limits.shadow", "true", PRICED);
        char shadowed[100];
        snprintf(shadowed, sizeof shadowed, "%.*s1", (int)strlen(want[i]) - 1, want[i]);
        assert_string_equal(args_of(limits, &call, 0, 1, 9000), shadowed);
        kp_limits_free(limits);
    }
}

/* What counts for each name, for one name, in one zone or another are all sums of their own. */
static void each_sum_has_a_name_of_its_own(void **state) {
    (void)state;
    kp_limits *limits = SOUND("limits.per_day", "9", "limits.by",
                              "{\"client_id:*\":{\"per_day\":5},\"client_id:all\":{\"per_day\":7},"
                              "\"key:all\":{\"per_day\":6,\"zone\":\"Europe/Berlin\",\"per_24h\":2,\"concurrent\":1},"
                              "\"method:all\":{\"per_day\":8}}");
    kp_limit_call call = {"all", "all", "all", 1};
    assert_string_equal(args_of(limits, &call, 0, 1, 1), "budget per_day/r/all 1 9 0 0");
    assert_string_equal(args_of(limits, &call, 1, 1, 1), "budget per_day/r/client_id:all 1 7 0 0");
    assert_string_equal(args_of(limits, &call, 2, 1, 1), "budget per_day/r/key:all~Europe/Berlin 1 6 0 0");
    assert_string_equal(args_of(limits, &call, 3, 1, 1), "budget per_24h/r/key:all 1 2 24h 0");
    assert_string_equal(args_of(limits, &call, 4, 1, 1), "slot concurrent/r/key:all 1 1 0");
    assert_string_equal(args_of(limits, &call, 5, 1, 1), "budget per_day/r/method:all 1 8 0 0");
    kp_limits_free(limits);
}

/* What is said of one name goes before what is said of each: it may have more. */
static void a_name_goes_before_each(void **state) {
    (void)state;
    kp_limits *limits = SOUND("limits.by", "{\"client_id:*\":{\"per_day\":4,\"concurrent\":4,\"per_hour\":4},"
                                           "\"client_id:a\":{\"per_day\":6,\"concurrent\":6,\"per_hour\":6}}");
    kp_limit_call a = {NULL, NULL, "a", 1}, b = {NULL, NULL, "b", 1};
    assert_int_equal(grants(limits, &a, 1, 9), 6);
    assert_int_equal(grants(limits, &b, 1, 9), 4);
    kp_limits_free(limits);
}

/* The longest names there can be are still names of the store. */
static void the_longest_names(void **state) {
    (void)state;
    char realm[104], zone[KP_ZONE_NAME_MOST + 1], id[KP_CLIENT_ID_MOST + 1];
    memset(realm, 'r', sizeof realm);
    memset(zone, 'Z', sizeof zone);
    memset(id, 'c', sizeof id);
    realm[sizeof realm - 1] = zone[sizeof zone - 1] = id[sizeof id - 1] = '\0';
    kp_limits *limits = SOUND("limits.zone", zone, PRICED, "limits.by", "{\"client_id:*\":{\"usd_per_day\":1}}");
    kp_limit_call call = {NULL, NULL, id, 1};
    kp_limit_item item;
    kp_buf text;
    kp_buf_init(&text, NULL);
    assert_true(kp_limits_item(limits, &call, 0, &item));
    kp_limit_add_args(&item, realm, 1, 1, 1, now, &text);
    assert_in_range(strlen(text.data + strlen("budget") + 1), 240, 255);
    kp_buf_free(&text);
    kp_limits_free(limits);
}

static void as_many_as_the_limit_says(void **state) {
    (void)state;
    static const struct {
        const char *option, *value;
        int64_t share;
        int grants;
    } cases[] = {
        {"limits.per_second", "7", 1, 7},
        {"limits.per_minute", "7", 1, 7},
        {"limits.per_hour", "7", 1, 7},
        {"limits.per_day", "7", 1, 7},
        {"limits.per_24h", "7", 1, 7},
        {"limits.concurrent", "7", 1, 7},
        {"limits.usd_per_day", "0.007", 1, 7},
        {"limits.usd_per_24h", "0.007", 1, 7},
        {"limits.usd_per_day", "0.006999", 1, 6},
        {"limits.usd_per_day", "0.000999", 1, 0},
        {"limits.per_second", "7", 2, 3},
        {"limits.per_day", "7", 2, 3},
        {"limits.concurrent", "7", 2, 3},
        {"limits.usd_per_day", "0.007", 2, 3},
        {"limits.per_day", "7", 8, 0},
        {"limits.concurrent", "7", 8, 0},
        {"limits.usd_per_day", "0.007", 8, 0},
        {"limits.per_hour", "7", 8, 1},
        {"limits.per_hour", "7", 0, 7},
        {"limits.per_day", "7", -3, 7},
        {"limits.per_day", "7", INT64_MAX, 0},
    };
    kp_limit_call call = {NULL, "m", NULL, 1000};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        the_map.count = 0;
        kp_limits *limits = SOUND(cases[i].option, cases[i].value, PRICED);
        int got = grants(limits, &call, cases[i].share, 12);
        if (got != cases[i].grants)
            fail_msg("%s %s shared by %lld: %d", cases[i].option, cases[i].value, (long long)cases[i].share, got);
        kp_limits_free(limits);
    }
}

/* What a rate refills in its period is never more than the limit, and hardly less, whole and shared. */
static void rates_keep_their_pace(void **state) {
    (void)state;
    static const char *const options[] = {"limits.per_second", "limits.per_minute", "limits.per_hour"};
    static const int64_t period_us[] = {1000000, 60000000, 3600000000};
    static const char *const mosts[] = {"1", "3", "7", "59", "61", "600000", "700000", "999999", "1000000"};
    static const int64_t shares[] = {1, 2, 3, 10, 1000, 1000000000};
    kp_limit_call call = {NULL, NULL, NULL, 1};
    for (size_t o = 0; o < 3; o++)
        for (size_t m = 0; m < sizeof mosts / sizeof mosts[0]; m++)
            for (size_t s = 0; s < sizeof shares / sizeof shares[0]; s++) {
                kp_limits *limits = SOUND(options[o], mosts[m]);
                long long one = 0, burst = 0, most = strtoll(mosts[m], NULL, 10);
                assert_int_equal(sscanf(args_of(limits, &call, 0, shares[s], 1), "rate %*s %lld %lld 0", &one, &burst),
                                 2);
                /* Between two grants of all shares together. */
                double apart = (double)one / (double)shares[s], whole = (double)period_us[o] / (double)most;
                bool longest = one == 3155760000000000;
                assert_true(longest || apart >= whole * 0.999999);
                assert_true(one <= period_us[o] * shares[s] / most + 1);
                assert_true(burst >= 1 && (burst == 1 || burst * shares[s] <= most));
                the_map.count = 0;
                assert_true(granted(limits, &call, shares[s]));
                kp_limits_free(limits);
            }
}

/* Days that are 23 and 25 hours long, by the offset that the zone has at each moment. */
static void test_g3_days_of_a_zone(void **state) {
    (void)state;
    static const struct {
        int64_t midnight; /* Berlin's, before the change */
        int64_t hours;
    } days[] = {{(int64_t)BERLIN_SPRING - 2 * 3600, 23}, {(int64_t)BERLIN_AUTUMN - 3 * 3600, 25}};
    kp_limits *limits = SOUND("limits.per_day", "3", "limits.zone", "Europe/Berlin");
    kp_limit_call call = {NULL, NULL, NULL, 1};
    give_rule(limits, 0, RULE_BERLIN);
    for (size_t i = 0; i < 2; i++) {
        /* The day before, the changed one, and the two after it. */
        int64_t at[] = {days[i].midnight - 86400, days[i].midnight, days[i].midnight + days[i].hours * 3600,
                        days[i].midnight + (days[i].hours + 24) * 3600};
        the_map.count = 0;
        for (size_t d = 0; d < 3; d++) {
            now = at[d] * 1000;
            assert_int_equal(grants(limits, &call, 1, 2), 2);
            for (now = at[d] * 1000; now < at[d + 1] * 1000; now += 600000)
                assert_int_equal(grants(limits, &call, 1, 2), now == at[d] * 1000);
            now = at[d + 1] * 1000 - 1;
            assert_int_equal(grants(limits, &call, 1, 2), 0);
        }
    }
    kp_limits_free(limits);
}

static void slots_end_in_time(void **state) {
    (void)state;
    kp_limits *limits = SOUND("limits.concurrent", "5");
    kp_limit_call call = {NULL, NULL, NULL, 1};
    assert_string_equal(args_of(limits, &call, 0, 1, 0), "slot concurrent/r/all 5 1 0");
    assert_string_equal(args_of(limits, &call, 0, 1, 86400000), "slot concurrent/r/all 5 86400000 0");
    assert_string_equal(args_of(limits, &call, 0, 1, 86400001), "slot concurrent/r/all 5 86400000 0");
    assert_string_equal(args_of(limits, &call, 0, 1, UINT64_MAX), "slot concurrent/r/all 5 86400000 0");
    kp_limits_free(limits);
}

static void shadow_counts_and_never_refuses(void **state) {
    (void)state;
    kp_limits *limits = SOUND("limits.per_day", "3", "limits.concurrent", "2", "limits.shadow", "true", "limits.by",
                              "{\"key:a\":{\"shadow\":false,\"per_day\":6}}");
    kp_limit_call call = {"a", NULL, NULL, 1};
    assert_int_equal(grants(limits, &call, 1, 9), 6);
    long long used[3] = {0};
    assert_int_equal(
        sscanf(ask_for(limits, &call, NULL, 1), "ok %*d %lld:%*d %lld:%*d %lld:", &used[0], &used[1], &used[2]), 3);
    assert_true(used[0] == 6 && used[1] == 6 && used[2] == 6);
    kp_limits_free(limits);
}

static void test_g5_the_largest_price_and_budget(void **state) {
    (void)state;
    kp_limits *limits = SOUND("limits.usd_per_day", "1000000000", "limits.usd_per_24h", "1000000000", "prices",
                              "{\"dear\":1000000000,\"cheap\":0.000001}");
    kp_limit_call dear = {NULL, "dear", NULL, 0}, cheap = {NULL, "cheap", NULL, 0};
    assert_true(kp_limits_price(limits, "dear", &dear.micro) && kp_limits_price(limits, "cheap", &cheap.micro));
    assert_int_equal(grants(limits, &cheap, 1, 3), 3);
    assert_int_equal(grants(limits, &dear, 1, 3), 0);
    the_map.count = 0;
    assert_int_equal(grants(limits, &dear, 1, 3), 1);
    assert_int_equal(grants(limits, &cheap, 1, 3), 0);
    kp_limits_free(limits);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(windows),
        T(zones_are_asked_for_and_given),
        T(the_words_of_each_kind),
        T(each_sum_has_a_name_of_its_own),
        T(a_name_goes_before_each),
        T(the_longest_names),
        T(as_many_as_the_limit_says),
        T(rates_keep_their_pace),
        T(test_g3_days_of_a_zone),
        T(slots_end_in_time),
        T(shadow_counts_and_never_refuses),
        T(test_g5_the_largest_price_and_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
