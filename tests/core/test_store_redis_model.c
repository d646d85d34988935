/* test_store_redis_model.c: the script in Redis against kp_admit over a map: random verbs, the same replies. */
#include "redis_case.h"

#include "admit_case.h"
#include "chance.h"

enum { STEPS = 20000, FRESH = 250, LINE = 2048 };

static chance luck = {20261121};

static size_t any(size_t below) {
    return chance_below(&luck, below);
}

static const char *one_of(const char *const *list, size_t count) {
    return list[any(count)];
}

#define ONE_OF(list) one_of(list, sizeof(list) / sizeof(list)[0])

/* ---- Random verbs, most of them sound ---- */

static const char *const names[] = {"a", "b", "c", "rate", "x:y", "id"};
static const char *const values[] = {"one",
                                     "a=b",
                                     "a=b,c=d",
                                     "a=b,",
                                     "=,",
                                     "+0",
                                     "+12",
                                     "+30000",
                                     "0",
                                     "-0",
                                     "007",
                                     "x=1,x=2",
                                     "9223372036854775807",
                                     "9223372036854775808",
                                     "1790000000000",
                                     "4611686018427387904",
                                     "-",
                                     "+x",
                                     "00"};
static const char *const marks[] = {"v", "+0", "+12", "no,", "+x"};
static const char *const ttls[] = {"5", "20", "60000", "0", "3155760000000", "3155760000001", "x", "-1", "-0"};
static const char *const waits[] = {"0", "0", "0", "7", "1000", "3155760000000", "03", "-0", "z"};
static const char *const periods[] = {"1000",  "1500", "25001", "200000",           "3600000000", "3155760000000000",
                                      "00999", "1",    "0",     "1577880000000000", "-5"};
static const char *const bursts[] = {"1", "2", "3", "10", "1000", "31557600000", "0"};

static void add(char *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(char *line, const char *format, ...) {
    size_t len = strlen(line);
    va_list args;
    va_start(args, format);
    vsnprintf(line + len, LINE - len, format, args);
    va_end(args);
}

static void add_item(char *line) {
    if (any(3) == 0)
        add(line, " gate %s", ONE_OF(names));
    else
        add(line, " rate %s %s %s %s", ONE_OF(names), ONE_OF(periods), any(3) ? bursts[any(4)] : ONE_OF(bursts),
            any(4)    ? "0"
            : any(40) ? "1"
                      : "2");
}

static void make_verb(char *line, int step) {
    size_t id = (size_t)(step % FRESH) / 2;
    size_t chosen = any(20);
    line[0] = '\0';
    if (chosen < 3) {
        add(line, "GET");
        for (size_t i = any(40) ? 1 + any(6) : 0; i > 0; i--)
            add(line, " %s", ONE_OF(names));
    } else if (chosen < 6) {
        add(line, "PUT");
        for (size_t i = 1 + any(3); i > 0; i--)
            add(line, " %s %s %s", ONE_OF(names), values[any(any(3) ? 13 : 19)], ttls[any(any(6) ? 5 : 9)]);
    } else if (chosen < 9) {
        add(line, "MARK");
        for (size_t i = 1 + any(3); i > 0; i--)
            add(line, " %s f%d %s %s", ONE_OF(names), (int)any(any(2) ? 4 : 45), marks[any(any(30) ? 3 : 5)],
                ttls[any(any(30) ? 3 : 9)]);
    } else if (chosen < 16) {
        add(line, "ADMIT i%d %s", (int)(any(5) ? id : any(FRESH / 2)), waits[any(any(9) ? 7 : 9)]);
        for (size_t i = any(4); i > 0; i--)
            add_item(line);
    } else if (chosen < 19)
        add(line, "SETTLE i%d %s", (int)(any(3) ? id : any(FRESH / 2)), any(20) ? (any(3) ? "0" : "-") : "1");
    else
        add(line, "%s", any(2) ? "NONSENSE a" : "ADMIT i 0 gate");
}

/* ---- Both ---- */

static void ask_redis(kp_store *s, const char *words, char *reply) {
    char line[LINE];
    static kp_arg args[WORDS];
    size_t n = 0;
    kp_buf said, why;
    kp_buf_init(&said, NULL);
    kp_buf_init(&why, NULL);
    snprintf(line, sizeof line, "%s", words);
    for (char *save = NULL, *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
        args[n++] = (kp_arg){word, strlen(word)};
    if (s->call(s, args, n, NULL, &said, &why) != 0)
        fail_msg("%s: %s", words, kp_buf_text(&why));
    snprintf(reply, LINE, "%s", kp_buf_text(&said));
    kp_buf_free(&said);
    kp_buf_free(&why);
}

/* What the map says at this time; what is bad changes nothing. */
static bool model_agrees(const char *words, int64_t at, const char *reply) {
    now = at;
    return strcmp(ask(words), reply) == 0;
}

/* A bad reply does not tell its time: between two it was the same once. */
static bool bad_agrees(kp_store *s, const char *words, int64_t before, const char *reply) {
    static map saved;
    for (int64_t at = before, after = store_now(s); at <= after; at++) {
        saved = the_map;
        if (model_agrees(words, at, reply))
            return true;
        the_map = saved;
    }
    return false;
}

static void g_model(void **state) {
    (void)state;
    if (redis_is_missing())
        skip();
    kp_store *s = redis_store_with(redis_url(), NULL);
    size_t kinds[4] = {0};
    begin(NULL);
    int steps = chance_rounds(STEPS);
    for (int step = 0; step < steps; step++) {
        char words[LINE], reply[LINE];
        if (step % FRESH == 0) {
            redis_tell("FLUSHALL");
            the_map.count = 0;
        }
        make_verb(words, step);
        int64_t before = step % FRESH == 0 ? store_now(s) : now;
        long long at = 0;
        ask_redis(s, words, reply);
        bool timed = sscanf(reply, "%*s %lld", &at) == 1 && strncmp(reply, "bad", 3) != 0;
        if (timed ? !model_agrees(words, at, reply) : !bad_agrees(s, words, before, reply))
            fail_msg("step %d: '%s'\nRedis: %s\nmodel: %s", step, words, reply, kp_buf_text(&answer));
        if (timed)
            assert_true(at >= before);
        kinds[reply[0] == 'b' ? 0 : reply[0] == 'n' ? 1 : reply[4] ? 2 : 3]++;
    }
    for (size_t i = 0; i < 3; i++)
        assert_true(kinds[i] > (size_t)steps / 50);
    end(NULL);
    kp_store_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(g_model, redis_setup, redis_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
