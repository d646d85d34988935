/* test_limits_by.c: limits of single keys, methods and callers, as the option limits.by says them. */
#include "limits_case.h"

/* The titles of all limits that concern the call, joined by ", ". */
static const char *titles(const kp_limits *limits, const char *key, const char *method, const char *client_id) {
    static char out[1000];
    kp_limit_call call = {key, method, client_id, 1};
    kp_limit_item item;
    kp_buf text;
    kp_buf_init(&text, NULL);
    for (size_t i = 0; kp_limits_item(limits, &call, i, &item); i++) {
        if (i)
            kp_buf_str(&text, ", ");
        kp_limit_title(&item, &text);
    }
    snprintf(out, sizeof out, "%s", kp_buf_text(&text));
    kp_buf_free(&text);
    return out;
}

static void those_that_concern_a_call(void **state) {
    (void)state;
    kp_limits *limits = SOUND("limits.per_minute", "60", "limits.concurrent", "100", "limits.by",
                              "{\"key:primary\":{\"per_day\":10},\"method:hcaptcha\":{\"per_hour\":5,\"per_second\":1},"
                              "\"client_id:team-a\":{\"usd_per_day\":\"1.00\"},\"client_id:*\":{\"per_24h\":3},"
                              "\"key:*\":{\"usd_per_24h\":2},\"method:*\":{\"concurrent\":4}}",
                              PRICED);
    assert_int_equal(limits->scopes, 7);
    assert_string_equal(titles(limits, NULL, NULL, NULL), "per_minute, concurrent");
    assert_string_equal(titles(limits, "", "", ""), "per_minute, concurrent");
    assert_string_equal(titles(limits, "primary", NULL, NULL), "per_minute, concurrent, per_day of key:primary");
    assert_string_equal(titles(limits, "primary2", NULL, NULL), "per_minute, concurrent, usd_per_24h of key:primary2");
    assert_string_equal(titles(limits, NULL, "hcaptcha", NULL),
                        "per_minute, concurrent, per_second of method:hcaptcha, per_hour of method:hcaptcha");
    assert_string_equal(titles(limits, NULL, "HCAPTCHA", NULL),
                        "per_minute, concurrent, concurrent of method:HCAPTCHA");
    assert_string_equal(titles(limits, NULL, NULL, "team-a"),
                        "per_minute, concurrent, usd_per_day of client_id:team-a");
    assert_string_equal(titles(limits, NULL, NULL, "hcaptcha"),
                        "per_minute, concurrent, per_24h of client_id:hcaptcha");
    kp_limits_free(limits);
}

static void names_of_groups(void **state) {
    (void)state;
    char longest[KP_CLIENT_ID_MOST + 2], json[200];
    memset(longest, 'n', sizeof longest);
    longest[KP_CLIENT_ID_MOST + 1] = '\0';
    snprintf(json, sizeof json, "{\"client_id:%s\":{\"per_day\":1}}", longest);
    REFUSED("a name is not key:NAME, method:NAME or client_id:NAME", "limits.by", json);
    longest[KP_CLIENT_ID_MOST] = '\0';
    snprintf(json, sizeof json, "{\"client_id:%s\":{\"per_day\":1}}", longest);
    kp_limits *limits = SOUND("limits.by", json);
    assert_int_equal(strlen(titles(limits, NULL, NULL, longest)), strlen("per_day of client_id:") + KP_CLIENT_ID_MOST);
    kp_limits_free(limits);
    kp_limits_free(SOUND("limits.by", "{\"client_id:A.b_c-d:e@f/9\":{},\"client_id:key:a\":{}}"));
    static const char *const wrong[] = {"team-a",
                                        "key",
                                        "key:",
                                        "keys:a",
                                        ":a",
                                        "KEY:a",
                                        "key:a b",
                                        "key:**",
                                        "key:a*",
                                        "client_id:a~b",
                                        "client_id:\\u00e9",
                                        "client_id:a\\u0000",
                                        "client_id:a\\n",
                                        ""};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(json, sizeof json, "{\"%s\":{\"per_day\":1}}", wrong[i]);
        REFUSED("option limits.by", "limits.by", json);
    }
    assert_true(kp_is_client_id("a", 1) && kp_is_client_id("A.b_c-d:e@f/9", 13));
    assert_false(kp_is_client_id("", 0) || kp_is_client_id("a\0b", 3) || kp_is_client_id("*", 1) ||
                 kp_is_client_id("a b", 3) || kp_is_client_id("\xc3\xa9", 2));
}

static void wrong_groups(void **state) {
    (void)state;
    static const struct {
        const char *json, *says;
    } wrong[] = {
        {"[]", "it is no JSON object"},
        {"7", "it is no JSON object"},
        {"{", "it is no JSON object"},
        {"{} {}", "it is no JSON object"},
        {"{\"key:a\":{},\"key:a\":{}}", "it is no JSON object"},
        {"{\"key:a\":{},\"key:\\u0061\":{}}", "it is no JSON object"},
        {"{\"key:a\":{\"per_day\":1,\"per_day\":2}}", "it is no JSON object"},
        {"{\"key:a\":{\"window\":\"09:00-17:00\",\"window\":\"\"}}", "it is no JSON object"},
        {"{\"key:a\":5}", "no object of limits"},
        {"{\"key:a\":[]}", "no object of limits"},
        {"{\"key:a\":null}", "no object of limits"},
        {"{\"key:a\":\"per_day\"}", "no object of limits"},
        {"{\"key:a\":{\"per_week\":1}}", "none of the limits"},
        {"{\"key:a\":{\"\":1}}", "none of the limits"},
        {"{\"key:a\":{\"PER_DAY\":1}}", "none of the limits"},
        {"{\"key:a\":{\"limits.per_day\":1}}", "none of the limits"},
        {"{\"key:a\":{\"by\":{}}}", "a limit is no text or number"},
        {"{\"key:a\":{\"per_day\":null}}", "a limit is no text or number"},
        {"{\"key:a\":{\"per_day\":[1]}}", "a limit is no text or number"},
        {"{\"key:a\":{\"per_day\":\"\"}}", "a limit is no text or number"},
        {"{\"key:a\":{\"per_day\":true}}", "per_day cannot have this value"},
        {"{\"key:a\":{\"per_day\":1.0}}", "per_day cannot have this value"},
        {"{\"key:a\":{\"per_day\":1e2}}", "per_day cannot have this value"},
        {"{\"key:a\":{\"usd_per_day\":1e2}}", "usd_per_day cannot have this value"},
        {"{\"key:a\":{\"usd_per_day\":-1}}", "usd_per_day cannot have this value"},
        {"{\"key:a\":{\"on_limit\":\"no\"}}", "on_limit cannot have this value"},
        {"{\"key:a\":{\"shadow\":2}}", "shadow cannot have this value"},
        {"{\"key:a\":{\"outage\":\"x\"}}", "outage cannot have this value"},
        {"{\"key:a\":{\"zone\":\"x y\"}}", "zone cannot have this value"},
        {"{\"key:a\":{\"window\":\"Mon\"}}", "window cannot have this value: window 1: "},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        REFUSED(wrong[i].says, "limits.by", wrong[i].json);
        REFUSED("option limits.by", "limits.by", wrong[i].json);
    }
}

static void many_groups(void **state) {
    (void)state;
    kp_buf json;
    for (int count = 255; count <= 256; count++) {
        kp_buf_init(&json, NULL);
        for (int i = 0; i < count; i++)
            kp_buf_fmt(&json, "%s\"client_id:c%d\":{\"per_day\":%d}", i ? "," : "{", i, i + 1);
        kp_buf_char(&json, '}');
        if (count > 255) {
            REFUSED("it has more than 255 names", "limits.by", kp_buf_text(&json));
        } else {
            kp_limits *limits = SOUND("limits.by", kp_buf_text(&json), "limits.per_day", "9");
            kp_limit_call call = {NULL, NULL, "c254", 1};
            kp_limit_item item;
            assert_int_equal(limits->scopes, KP_LIMIT_SCOPES_MOST);
            assert_true(kp_limits_item(limits, &call, 1, &item));
            assert_int_equal(item.scope->most[KP_LIMIT_PER_DAY], 255);
            assert_false(kp_limits_item(limits, &call, 2, &item));
            kp_limits_free(limits);
        }
        kp_buf_free(&json);
    }
}

static void what_a_group_inherits(void **state) {
    (void)state;
    kp_limits *limits =
        SOUND("limits.zone", "Europe/Berlin", "limits.on_limit", "wait", "limits.shadow", "true", "limits.outage",
              "share=1/4", "limits.window", "09:00-17:00", "limits.per_day", "9", "limits.by",
              "{\"key:a\":{\"per_hour\":1},"
              "\"key:b\":{\"zone\":\"UTC\",\"on_limit\":\"refuse\",\"shadow\":false,\"outage\":\"deny\"}}");
    const kp_limit_scope *a = &limits->scope[1], *b = &limits->scope[2];
    assert_string_equal(a->zone_name, "Europe/Berlin");
    assert_true(a->wait && a->shadow && a->outage == KP_OUTAGE_SHARE && a->share == 4);
    assert_null(a->windows); /* the call has to fit the one of all anyway */
    assert_int_equal(a->most[KP_LIMIT_PER_DAY], 0);
    assert_string_equal(b->zone_name, "");
    assert_false(b->wait || b->shadow);
    assert_int_equal(b->outage, KP_OUTAGE_DENY);
    kp_limits_free(limits);
}

static void outage(void **state) {
    (void)state;
    kp_limits *limits =
        SOUND("limits.usd_per_day", "1", "limits.per_day", "1", "limits.per_second", "1", "limits.concurrent", "1",
              "limits.by",
              "{\"key:d\":{\"per_second\":1,\"outage\":\"deny\"},\"key:a\":{\"per_day\":1,\"outage\":\"allow\"},"
              "\"key:s\":{\"per_day\":9,\"outage\":\"share=1/3\"}}",
              PRICED);
    static const struct {
        const char *key;
        size_t i;
        kp_outage outage;
        int64_t share;
    } cases[] = {
        {NULL, 0, KP_OUTAGE_DENY, 1},  {NULL, 1, KP_OUTAGE_DENY, 1}, {NULL, 2, KP_OUTAGE_ALLOW, 1},
        {NULL, 3, KP_OUTAGE_ALLOW, 1}, {"d", 4, KP_OUTAGE_DENY, 1},  {"a", 4, KP_OUTAGE_ALLOW, 1},
        {"s", 4, KP_OUTAGE_SHARE, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kp_limit_call call = {cases[i].key, NULL, NULL, 1};
        kp_limit_item item;
        int64_t share = -1;
        assert_true(kp_limits_item(limits, &call, cases[i].i, &item));
        assert_int_equal(kp_limit_outage(&item, &share), cases[i].outage);
        assert_int_equal(share, cases[i].share);
    }
    kp_limits_free(limits);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(those_that_concern_a_call, begin, end),
        cmocka_unit_test_setup_teardown(names_of_groups, begin, end),
        cmocka_unit_test_setup_teardown(wrong_groups, begin, end),
        cmocka_unit_test_setup_teardown(many_groups, begin, end),
        cmocka_unit_test_setup_teardown(what_a_group_inherits, begin, end),
        cmocka_unit_test_setup_teardown(outage, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
