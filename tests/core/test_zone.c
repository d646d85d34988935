/* test_zone.c: zones from files made here, sound and hostile. With the argument "answer" it answers the questions of
 * compare_zones.py about the zones of this system. */
#include "chance.h"
#include "failing.h"
#include "zone_case.h"

enum { HOUR = 3600, DAY = 86400 };

static void names_and_paths(void **state) {
    (void)state;
    static const char *const good[] = {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+12",
                                       "EST5EDT"};
    static const char *const wrong[] = {"",   "/etc/passwd", "..",       "a/../b", "Europe/", "Europe//Berlin",
                                        ".a", "a b",         "zone.tab", "a\\b",   "a\n",     "\xc3\xa4"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(kp_zone_is_name(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(kp_zone_is_name(wrong[i], strlen(wrong[i])));
    char longest[65];
    memset(longest, 'a', sizeof longest);
    assert_true(kp_zone_is_name(longest, 64));
    assert_false(kp_zone_is_name(longest, 65) || kp_zone_is_name("a\0b", 3) || kp_zone_is_name(NULL, 3));
    kp_buf path;
    kp_buf_init(&path, NULL);
    assert_false(kp_zone_add_path(&path, "../x", 4) || kp_zone_add_path(NULL, "UTC", 3));
    assert_int_equal(path.len, 0);
    assert_true(kp_zone_add_path(&path, "Europe/Berlin", 13));
    assert_string_equal(kp_buf_text(&path), "/usr/share/zoneinfo/Europe/Berlin");
    assert_true(kp_zone_is_path(kp_buf_text(&path)));
    assert_false(kp_zone_is_path("/usr/share/zone") || kp_zone_is_path("Europe/Berlin") || kp_zone_is_path(NULL));
    kp_buf_free(&path);
    assert_true(kp_zone_is_utc("UTC", 3) && kp_zone_is_utc("utc", 3));
    assert_false(kp_zone_is_utc("UT", 2) || kp_zone_is_utc("UTC0", 4) || kp_zone_is_utc(NULL, 3));
}

static void null_is_utc(void **state) {
    (void)state;
    int64_t next = 0;
    assert_int_equal(kp_zone_offset(NULL, 5), 0);
    assert_int_equal(kp_zone_unix(NULL, 1774746000), 1774746000);
    assert_false(kp_zone_boundary(NULL, 5, &next) || kp_zone_transition(NULL, 5, &next));
    kp_zone *zone = zone_of_rule(RULE_BERLIN);
    assert_false(kp_zone_boundary(zone, 5, NULL) || kp_zone_transition(zone, 5, NULL));
    kp_zone_free(zone);
    kp_zone_free(NULL);
    const char *problem = NULL;
    assert_null(kp_zone_new(NULL, 100, &problem));
    assert_non_null(problem);
    assert_null(kp_zone_new(NULL, 0, NULL));
}

static void gap_and_overlap(void **state) {
    (void)state;
    kp_zone *zone = zone_of_rule(RULE_BERLIN);
    const int64_t spring = BERLIN_SPRING, autumn = BERLIN_AUTUMN;
    assert_int_equal(kp_zone_offset(zone, spring - 1), HOUR);
    assert_int_equal(kp_zone_offset(zone, spring), 2 * HOUR);
    assert_int_equal(kp_zone_offset(zone, autumn - 1), 2 * HOUR);
    assert_int_equal(kp_zone_offset(zone, autumn), HOUR);
    /* 02:00 to 02:59:59 do not exist: the end of the gap. */
    assert_int_equal(kp_zone_unix(zone, spring + HOUR - 1), spring - 1);
    assert_int_equal(kp_zone_unix(zone, spring + HOUR), spring);
    assert_int_equal(kp_zone_unix(zone, spring + HOUR + 1800), spring);
    assert_int_equal(kp_zone_unix(zone, spring + 2 * HOUR - 1), spring);
    assert_int_equal(kp_zone_unix(zone, spring + 2 * HOUR), spring);
    assert_int_equal(kp_zone_unix(zone, spring + 2 * HOUR + 1), spring + 1);
    /* 02:00 to 02:59:59 come twice: the first of them. */
    assert_int_equal(kp_zone_unix(zone, autumn + HOUR - 1), autumn - HOUR - 1);
    assert_int_equal(kp_zone_unix(zone, autumn + HOUR), autumn - HOUR);
    assert_int_equal(kp_zone_unix(zone, autumn + 2 * HOUR - 1), autumn - 1);
    assert_int_equal(kp_zone_unix(zone, autumn + 2 * HOUR), autumn + HOUR);
    int64_t next = 0;
    assert_true(kp_zone_transition(zone, spring - 1, &next));
    assert_int_equal(next, spring);
    assert_true(kp_zone_transition(zone, spring, &next));
    assert_int_equal(next, autumn);
    kp_zone_free(zone);
}

static void rules(void **state) {
    (void)state;
    static const struct {
        const char *rule;
        int64_t at;
        int32_t offset;
    } cases[] = {
        {"UTC0", 0, 0},
        {"<+0330>-3:30", 1790000000, 12600},
        {"ABC5:06:07", 1790000000, -18367},
        {"EST5EDT,M3.2.0,M11.1.0", 1772953199, -5 * HOUR}, /* 2026-03-08 06:59:59 UTC */
        {"EST5EDT,M3.2.0,M11.1.0", 1772953200, -4 * HOUR},
        {"EST5EDT,M3.2.0,M11.1.0", 1793512799, -4 * HOUR}, /* 2026-11-01 05:59:59 UTC */
        {"EST5EDT,M3.2.0,M11.1.0", 1793512800, -5 * HOUR},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", BERLIN_SPRING - 1, 0}, /* winter is the summer of this rule */
        {"IST-1GMT0,M10.5.0,M3.5.0/1", BERLIN_SPRING, HOUR},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", BERLIN_AUTUMN, 0},
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", 1774745999, -3 * HOUR}, /* Saturday 22:00, that is 01:00 UTC */
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", 1774746000, -2 * HOUR},
        {"XXX3EDT4,0/0,J365/23", 1767225600 + 3 * HOUR - 1, -4 * HOUR}, /* summer all the year */
        {"XXX3EDT4,0/0,J365/23", 1767225600 + 3 * HOUR, -4 * HOUR},
        {"XXX3EDT4,0/0,J365/23", 1780000000, -4 * HOUR},
        {"AAA0BBB,J60/0,J61/0", 1709251199, 0}, /* 2024-02-29 ends: day 60 is 1 March in leap years too */
        {"AAA0BBB,J60/0,J61/0", 1709251200, HOUR},
        {"AAA0BBB,59/0,60/0", 1709164799, 0}, /* counted from 0, with leap days: 2024-02-29 begins */
        {"AAA0BBB,59/0,60/0", 1709164800, HOUR},
        {"AAA0BBB,J1/-167,J1/-165", 1766624400 - 1, 0}, /* 2025-12-25 01:00, of the next year's rule */
        {"AAA0BBB,J1/-167,J1/-165", 1766624400, HOUR},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kp_zone *zone = zone_of_rule(cases[i].rule);
        if (kp_zone_offset(zone, cases[i].at) != cases[i].offset)
            fail_msg("%s at %lld: %d", cases[i].rule, (long long)cases[i].at, kp_zone_offset(zone, cases[i].at));
        kp_zone_free(zone);
    }
}

static void wrong_rules(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "X",
        "CE-1",
        "CET",
        "<CET-1",
        "<+1>",
        "CET-25",
        "CET-1:60",
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,M10.5",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,J0,J5",
        "CET-1CEST,J366,J5",
        "CET-1CEST,366,5",
        "CET-1CEST,M3.5.0/168,M10.5.0",
        "CET-1CEST,M3.5.0/-168,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0,",
        "CET-1CEST,M3.5.0,M10.5.0/",
        "CET-99999999999999999999",
        ":Europe/Berlin",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        zone_file f = {.version = '2', .types = 1, .rule = wrong[i]};
        const char *problem = NULL;
        if (zone_of_file(&f, &problem))
            fail_msg("%s", wrong[i]);
        assert_string_equal(problem, "the file's last line is no rule");
    }
}

static const zone_file sample = {.version = '2',
                                 .count = 4,
                                 .at = {-2000000000, 100000000, 100000000 + DAY, 1700000000},
                                 .index = {1, 2, 2, 1},
                                 .types = 3,
                                 .offset = {-500, HOUR, 2 * HOUR},
                                 .rule = RULE_BERLIN};

static void transitions_of_the_file(void **state) {
    (void)state;
    for (char version = '1'; version <= '4'; version++) {
        zone_file f = sample;
        f.version = version == '1' ? '\0' : version;
        kp_zone *zone = zone_of_file(&f, NULL);
        assert_non_null(zone);
        int64_t next = 0;
        assert_int_equal(kp_zone_offset(zone, -2000000001), -500);
        assert_int_equal(kp_zone_offset(zone, INT64_MIN), -500);
        assert_int_equal(kp_zone_offset(zone, -2000000000), HOUR);
        assert_int_equal(kp_zone_offset(zone, 99999999), HOUR);
        assert_int_equal(kp_zone_offset(zone, 100000000), 2 * HOUR);
        assert_int_equal(kp_zone_offset(zone, 1699999999), 2 * HOUR);
        assert_int_equal(kp_zone_offset(zone, 1700000000), HOUR);
        assert_true(kp_zone_boundary(zone, 100000000, &next));
        assert_int_equal(next, 100000000 + DAY);
        assert_true(kp_zone_transition(zone, 100000000, &next)); /* what changes nothing is none */
        assert_int_equal(next, 1700000000);
        bool ruled = version != '1';
        assert_int_equal(kp_zone_offset(zone, BERLIN_SPRING), ruled ? 2 * HOUR : HOUR);
        assert_int_equal(kp_zone_transition(zone, 1700000000, &next), ruled);
        if (ruled)
            assert_int_equal(next, 1711846800); /* 2024-03-31 */
        kp_zone_free(zone);
    }
    zone_file f = sample;
    f.rule = NULL; /* no rule: the last offset stays */
    kp_zone *zone = zone_of_file(&f, NULL);
    assert_int_equal(kp_zone_offset(zone, BERLIN_SPRING), HOUR);
    kp_zone_free(zone);
}

/* 2011-12-30 did not exist in Samoa: the clock went from UTC-10 to UTC+14. */
static void a_day_that_is_skipped(void **state) {
    (void)state;
    zone_file f = {.version = '2', .count = 1, .at = {1325239200}, .index = {1}, .types = 2, .offset = {-36000, 50400}};
    kp_zone *zone = zone_of_file(&f, NULL);
    int64_t friday = 1325203200; /* its midnight, counted as if it were UTC */
    assert_int_equal(kp_zone_unix(zone, friday - 1), 1325239199);
    for (int64_t s = 0; s <= DAY; s += HOUR)
        assert_int_equal(kp_zone_unix(zone, friday + s), 1325239200);
    assert_int_equal(kp_zone_unix(zone, friday + DAY + 1), 1325239201);
    kp_zone_free(zone);
}

static void ends_of_time(void **state) {
    (void)state;
    static const char *const some[] = {RULE_BERLIN, "AAA24BBB,0/-167,365/167", "AAA-24BBB-24:59:59,365/167,0/-167"};
    const int64_t times[] = {INT64_MIN,    INT64_MIN + 1, -30610224001, -30610224000,
                             253402300799, 253402300800,  INT64_MAX};
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        kp_zone *zone = zone_of_rule(some[i]);
        for (size_t k = 0; k < sizeof times / sizeof times[0]; k++) {
            int64_t next = 0, local = kp_zone_unix(zone, times[k]);
            assert_in_range(kp_zone_offset(zone, times[k]) + 100000, 0, 200000);
            assert_true(local >= -30610224000 && local <= 253402300799);
            if (kp_zone_transition(zone, times[k], &next))
                assert_true(next > times[k] && next <= 253402300799);
        }
        assert_false(kp_zone_boundary(zone, 253402300799, &(int64_t){0}));
        kp_zone_free(zone);
    }
}

/* ---- Hostile files ---- */

static void refused(const zone_file *f, const char *part) {
    const char *problem = NULL;
    kp_zone *zone = zone_of_file(f, &problem);
    assert_null(zone);
    if (!problem || !strstr(problem, part))
        fail_msg("'%s' where '%s' was expected", problem ? problem : "", part);
}

static void wrong_files(void **state) {
    (void)state;
    zone_file f = sample;
    f.version = 'x';
    refused(&f, "version");
    f = sample;
    f.types = 0;
    refused(&f, "types");
    f = sample;
    f.offset[2] = 93600;
    refused(&f, "over 26 hours");
    f.offset[2] = INT32_MIN;
    refused(&f, "over 26 hours");
    f = sample;
    f.index[3] = 3;
    refused(&f, "does not have");
    f = sample;
    f.at[2] = f.at[1];
    refused(&f, "order");
    f = sample;
    f.leaps = 2;
    refused(&f, "leap");
    f = sample;
    f.wall_marks = 2;
    refused(&f, "count");
    f = sample;
    f.ut_marks = 4;
    refused(&f, "count");
    f.ut_marks = f.wall_marks = 3;
    kp_zone *zone = zone_of_file(&f, NULL);
    assert_non_null(zone);
    kp_zone_free(zone);
    const char *problem = NULL;
    char *big = calloc(1, KP_ZONE_FILE_MOST + 1);
    assert_non_null(big);
    memcpy(big, "TZif", 4);
    assert_null(kp_zone_new(big, KP_ZONE_FILE_MOST + 1, &problem));
    assert_non_null(strstr(problem, "larger"));
    free(big);
}

/* A copy of just that size, so that a step too far is seen. */
static void try_bytes(const char *bytes, size_t len) {
    char *copy = malloc(len + 1);
    const char *problem = NULL;
    int64_t next = 0;
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    kp_zone *zone = kp_zone_new(copy, len, &problem);
    free(copy);
    assert_true((zone == NULL) == (problem != NULL));
    for (int64_t s = -3000000000; zone && s < 5000000000; s += 400000007) {
        int64_t then = kp_zone_unix(zone, s);
        assert_true(then + kp_zone_offset(zone, then) >= s);
        if (kp_zone_transition(zone, s, &next))
            assert_true(next > s && kp_zone_offset(zone, next) != kp_zone_offset(zone, s));
    }
    kp_zone_free(zone);
}

static void cut_at_every_byte(void **state) {
    (void)state;
    kp_buf bytes = zone_bytes(&sample);
    for (size_t len = 0; len < bytes.len; len++) {
        const char *problem = NULL;
        try_bytes(bytes.data, len);
        assert_null(kp_zone_new(bytes.data, len, &problem));
        assert_non_null(problem);
    }
    kp_buf_free(&bytes);
}

static void bytes_changed(void **state) {
    (void)state;
    static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
    chance dice = {99};
    kp_buf bytes = zone_bytes(&sample);
    for (size_t i = 0; i < bytes.len; i++) {
        char before = bytes.data[i];
        for (size_t k = 0; k < sizeof values; k++) {
            bytes.data[i] = (char)values[k];
            try_bytes(bytes.data, bytes.len);
        }
        bytes.data[i] = before;
    }
    for (int round = 0; round < 2000; round++) {
        kp_buf hurt;
        kp_buf_init(&hurt, NULL);
        kp_buf_add(&hurt, bytes.data, bytes.len);
        for (size_t n = 1 + chance_below(&dice, 4); n > 0; n--)
            hurt.data[chance_below(&dice, hurt.len)] = (char)chance_below(&dice, 256);
        try_bytes(hurt.data, hurt.len);
        kp_buf_free(&hurt);
    }
    kp_buf_free(&bytes);
}

static void each_allocation_fails(void **state) {
    (void)state;
    kp_buf bytes = zone_bytes(&sample);
    const char *problem = "";
    failing_start(0, false);
    kp_zone *zone = kp_zone_new(bytes.data, bytes.len, &problem);
    assert_true(failing_stop());
    assert_null(zone);
    assert_null(problem);
    kp_buf_free(&bytes);
}

/* ---- The zones of this system ---- */

static kp_zone *zone_of_system(const char *name) {
    static char bytes[KP_ZONE_FILE_MOST + 1];
    kp_buf path;
    kp_buf_init(&path, NULL);
    kp_zone_add_path(&path, name, strlen(name));
    FILE *file = fopen(kp_buf_text(&path), "rb");
    kp_buf_free(&path);
    size_t len = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    return kp_zone_new(bytes, len, NULL);
}

/* "z NAME" reads a zone: 1 or 0. "o S": the offset at a unix time. "u S": the unix time of a local one. "n S": the next
   transition, or "-". */
static int answer(void) {
    char line[128], word[100];
    kp_zone *zone = NULL;
    int64_t next = 0;
    while (fgets(line, sizeof line, stdin) && sscanf(line, "%*c %99s", word) == 1) {
        int64_t at = strtoll(word, NULL, 10);
        if (line[0] == 'z') {
            kp_zone_free(zone);
            zone = zone_of_system(word);
            puts(zone ? "1" : "0");
        } else if (line[0] == 'o') {
            printf("%d\n", kp_zone_offset(zone, at));
        } else if (line[0] == 'u') {
            printf("%lld\n", (long long)kp_zone_unix(zone, at));
        } else if (kp_zone_transition(zone, at, &next)) {
            printf("%lld\n", (long long)next);
        } else {
            puts("-");
        }
    }
    kp_zone_free(zone);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "answer") == 0)
        return answer();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_paths),       cmocka_unit_test(null_is_utc),
        cmocka_unit_test(gap_and_overlap),       cmocka_unit_test(rules),
        cmocka_unit_test(wrong_rules),           cmocka_unit_test(transitions_of_the_file),
        cmocka_unit_test(a_day_that_is_skipped), cmocka_unit_test(ends_of_time),
        cmocka_unit_test(wrong_files),           cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(bytes_changed),         cmocka_unit_test(each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
