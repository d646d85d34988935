/* test_store_redis_model.c: the script in Redis against kp_admit over a map: random verbs, the same replies; by the
 * server's own clock, and by one that the test moves back and far ahead. KP_SEED chooses one walk. */
#include "redis_case.h"

#include <sys/mman.h>

#include "admit_case.h"
#include "random_verbs.h"

enum { STEPS = 20000, BATCH = 16, HOUR = 3600000 };

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

static void empty_both(void) {
    redis_tell("FLUSHALL");
    the_map.count = 0;
}

/* What is stored of budgets and slots is the same too: the replies tell sums alone. */
static void same_stored(void) {
    for (size_t i = 0; i < the_map.count; i++) {
        const map_row *row = &the_map.row[i];
        static char out[VALUE + LINE], want[VALUE + 64];
        char line[TEXT];
        if (row->expires <= now || (strncmp(row->name, "budget ", 7) != 0 && strncmp(row->name, "slot ", 5) != 0))
            continue;
        snprintf(line, sizeof line, "GET \"{keyplate}:%.300s\"", row->name);
        snprintf(want, sizeof want, "\n%lld %s\r", (long long)row->expires, row->value);
        out[0] = '\0';
        if (!redis_say(line, out, sizeof out) || !strstr(out, want))
            fail_msg("%s is stored as %s, not as %s", row->name, out, want);
    }
}

/* ---- Walks ---- */

static struct {
    uint64_t seed;
    int step;
    size_t bad, refused, counted, other;
} w;

static void seed_walk(int i) {
    const char *chosen = getenv("KP_SEED");
    w.seed = (chosen ? strtoull(chosen, NULL, 10) : 1) + (unsigned)i;
    luck.state = w.seed * 0x9E3779B97F4A7C15ULL | 1;
    for (int k = 0; k < 8; k++)
        chance_u64(&luck);
    empty_both();
}

static int walks(void) {
    return getenv("KP_SEED") ? 1 : chance_rounds(STEPS / FRESH);
}

static void differ(const char *words, const char *reply) {
    fail_msg("KP_SEED=%llu, step %d at %lld: '%s'\nRedis: %s\nmodel: %s", (unsigned long long)w.seed, w.step,
             (long long)now, words, reply, kp_buf_text(&answer));
}

static void count(const char *words, const char *reply) {
    if (reply[0] == 'b')
        w.bad++;
    else if (reply[0] == 'n')
        w.refused++;
    else if (words[0] == 'L' || words[0] == 'A')
        w.counted++;
    else
        w.other++;
}

static void all_kinds_came(void) {
    if (getenv("KP_SEED"))
        return;
    size_t all = w.bad + w.refused + w.counted + w.other;
    assert_true(w.bad > all / 50 && w.refused > all / 50 && w.counted > all / 10 && w.other > all / 10);
}

static void g_model(void **state) {
    (void)state;
    if (redis_is_missing())
        skip();
    kp_store *s = redis_store_with(redis_url(), NULL);
    memset(&w, 0, sizeof w);
    begin(NULL);
    for (int i = 0; i < walks(); i++) {
        seed_walk(i);
        int64_t before = store_now(s);
        for (w.step = 0; w.step < FRESH; w.step++, before = now) {
            char words[LINE], reply[LINE];
            long long at = 0;
            make_verb(words, w.step);
            ask_redis(s, words, reply);
            bool timed = sscanf(reply, "%*s %lld", &at) == 1 && strncmp(reply, "bad", 3) != 0;
            if (timed ? !model_agrees(words, at, reply) : !bad_agrees(s, words, before, reply))
                differ(words, reply);
            if (timed)
                assert_true(at >= before);
            count(words, reply);
        }
    }
    all_kinds_came();
    end(NULL);
    kp_store_close(s);
}

/* ---- The clock of the test ---- */

static volatile int64_t *redis_us;

static int hand_begin(void **state) {
    redis.port = 0;
    if (scratch_setup(state) != 0)
        return -1;
    if (!redis_program())
        return 0;
    int64_t first = T0 * 1000;
    if (!scratch_write("clock", &first, sizeof first, 0600))
        return -1;
    int fd = open(scratch_path("clock"), O_RDWR | O_CLOEXEC);
    void *there = mmap(NULL, sizeof first, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (there == MAP_FAILED)
        return -1;
    redis_us = there;
    redis_clock = scratch_path("clock");
    return redis_start(NULL) ? 0 : -1;
}

static int hand_end(void **state) {
    if (redis_us)
        munmap((void *)(uintptr_t)redis_us, sizeof *redis_us);
    redis_us = NULL;
    redis_clock = NULL;
    return redis_teardown(state);
}

/* What has expired is gone for ever, or a clock that goes back would find it again in the one and not in the other. */
static void forget_expired(void) {
    char line[1000] = "";
    int batch = 0;
    for (size_t i = 0; i < the_map.count;) {
        map_row *row = &the_map.row[i];
        if (row->expires > now) {
            i++;
            continue;
        }
        add(line, "%s \"{keyplate}:%s\"", batch == 0 ? "DEL" : "", row->name);
        *row = the_map.row[--the_map.count];
        if (++batch < BATCH)
            continue;
        redis_tell(line);
        line[0] = '\0';
        batch = 0;
    }
    if (batch > 0)
        redis_tell(line);
}

static void set_clock(int64_t ms) {
    forget_expired();
    now = ms;
    *redis_us = now * 1000 + (int64_t)any(1000);
    forget_expired();
}

/* A clock far ahead comes back, to days that it passed by. */
static void move_clock(void) {
    static int64_t back_to;
    int64_t to = now;
    size_t kind = any(100);
    if (w.step == 0)
        back_to = 0;
    if (back_to && any(6) == 0) {
        to = back_to;
        back_to = 0;
    } else if (kind < 30)
        to += (int64_t)any(3);
    else if (kind < 60)
        to += (int64_t)any(2000);
    else if (kind < 75)
        to += (int64_t)any(40LL * 60000);
    else if (kind < 80)
        to += (int64_t)any(30LL * HOUR);
    else if (kind < 84)
        to += DAY - 1 - to % DAY + (int64_t)any(3);
    else if (kind < 86)
        to += DAY + (int64_t)any(3LL * DAY);
    else if (kind < 92 && to > 10 * DAY)
        to -= (int64_t)any(kind < 89 ? 5000 : kind < 91 ? 3LL * HOUR : 3 * DAY);
    else if (kind == 92 && !back_to) {
        back_to = to;
        to += (int64_t)any(1500LL * DAY);
    } else
        return;
    set_clock(to);
}

static void test_g3_the_same_by_a_clock_that_jumps(void **state) {
    (void)state;
    if (redis_is_missing())
        skip();
    kp_store *s = redis_store_with(redis_url(), NULL);
    memset(&w, 0, sizeof w);
    begin(NULL);
    if (store_now(s) != T0)
        fail_msg("the server does not go by the clock of the test");
    for (int i = 0; i < walks(); i++) {
        seed_walk(i);
        set_clock(any(8) ? T0 + (int64_t)any(400LL * DAY) : 800000000000 + (int64_t)any(400LL * DAY));
        for (w.step = 0; w.step < FRESH; w.step++) {
            char words[LINE], reply[LINE];
            move_clock();
            make_verb(words, w.step);
            ask_redis(s, words, reply);
            if (!model_agrees(words, now, reply))
                differ(words, reply);
            if (any(16) == 0)
                same_stored();
            count(words, reply);
        }
    }
    all_kinds_came();
    end(NULL);
    kp_store_close(s);
}

/* ---- What is stored and damaged ---- */

static void plant(const char *name, const char *value, int64_t expires) {
    char line[512];
    snprintf(line, sizeof line, "SET \"{keyplate}:%s\" \"%lld %s\"", name, (long long)expires, value);
    redis_tell(line);
    kp_arg as = {name, strlen(name)}, what = {value, strlen(value)};
    map_put(&the_map, as, what, expires);
}

static void same_replies(kp_store *s, const char *words) {
    char reply[LINE];
    ask_redis(s, words, reply);
    if (!model_agrees(words, T0, reply))
        differ(words, reply);
    same_stored();
}

static void damaged_sums(void **state) {
    (void)state;
    if (redis_is_missing())
        skip();
    static const char *const texts[] = {
        "20718:5",
        "x",
        "20718",
        "20718:",
        ":5",
        "20718:5,",
        ",20718:5",
        "20718:5,,20719:1",
        "20718:5;20719:1",
        "5:1,4:1",
        "5:1,5:1",
        "-1:5",
        "-2:5",
        "20718:0",
        "20718:-1",
        "20718: 5",
        "20718:5x",
        "--1:5",
        "20718:9007199254740991",
        "20718:9007199254740992",
        "1000000000000:1",
        "1000000000001:1",
        "20718:00012",
        "1789999999:1,1790000000:1,1790000060:2,1790090000:1,1799999999:3",
        "993999:4,994444:5,999999:1",
        "994395:3,994396:5,994397:7",
        "994491:3,994492:5,994493:7",
        "20716:1,20717:2,20718:4,20719:8",
        "20717:2,20718:4",
        "1790000000:1,1790000001:2",
        "1790172800:1,1790172801:2",
        "994443:9007199254740991,994444:9007199254740991",
        "1790000060:9007199254740991,1790000064:9007199254740991",
    };
    static const char *const verbs[] = {
        "SETTLE held 0",
        "LOOK budget b 1 1000 0 0",
        "LOOK budget b 1 1000 24h 0 budget b 1 10 0 1",
        "LOOK slot b 2 60000 0",
        "ADMIT one 0 rate r 1000 1000 0 budget b 1 1000 24h 1 slot b 3 60000 1",
        "ADMIT two 0 budget c 1 1000 0 0 slot b 3 60000 0 budget b 1 1000 0 0",
        "SETTLE one 0",
        "LOOK budget b 1 1000 0 0",
        "LOOK slot b 2 60000 0",
    };
    kp_store *s = redis_store_with(redis_url(), NULL);
    begin(NULL);
    for (size_t i = 0; i < COUNT(texts) * COUNT(verbs); i++) {
        if (i % COUNT(verbs) == 0) {
            empty_both();
            same_replies(s, "ADMIT held 0 budget b 5 1000 0 0 rate r 1000000 5 0 slot b 2 60000 0");
            plant("budget b", texts[i / COUNT(verbs)], T0 + HOUR);
            plant("slot b", texts[i / COUNT(verbs)], T0 + HOUR);
        }
        same_replies(s, verbs[i % COUNT(verbs)]);
    }
    for (int ahead = -1; ahead < 2; ahead++) {
        plant("budget b", "20717:5", T0 + ahead);
        same_replies(s, "LOOK budget b 1 1000 0 0");
    }
    end(NULL);
    kp_store_close(s);
}

/* No more than 256 keys: what comes then goes to the next one. */
static void sums_of_many_keys(void **state) {
    (void)state;
    if (redis_is_missing())
        skip();
    kp_store *s = redis_store_with(redis_url(), NULL);
    begin(NULL);
    for (int parts = 250; parts < 258; parts++) {
        char text[LINE * 2] = "";
        empty_both();
        for (int i = 0; i < parts; i++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d:1", i ? "," : "", 1790000002 + 2 * i);
        char line[LINE * 2 + 64];
        snprintf(line, sizeof line, "SET \"{keyplate}:slot b\" \"%lld %s\"", (long long)T0 + 3600000, text);
        int fd = redis_connect();
        assert_true(write(fd, line, strlen(line)) == (ssize_t)strlen(line) && write(fd, "\r\n", 2) == 2);
        char out[16] = "";
        assert_true(read(fd, out, sizeof out - 1) > 0 && out[0] == '+');
        close(fd);
        map_put(&the_map, (kp_arg){"slot b", 6}, (kp_arg){text, strlen(text)}, T0 + 3600000);
        same_replies(s, "ADMIT one 0 slot b 1000 1 0 slot b 1000 15999 1 slot b 1000 600000 0 slot b 1000 86400000 1");
        same_replies(s, "LOOK slot b 256 1 0 slot b 300 600000 0");
        same_replies(s, "ADMIT two 0 slot b 1000 2000 0 slot b 1000 3000 1 slot b 1000 86400000 0");
        same_replies(s, "SETTLE one -");
        same_replies(s, "LOOK slot b 256 1 0");
    }
    end(NULL);
    kp_store_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(g_model, redis_setup, redis_teardown),
        cmocka_unit_test_setup_teardown(test_g3_the_same_by_a_clock_that_jumps, hand_begin, hand_end),
        cmocka_unit_test_setup_teardown(damaged_sums, hand_begin, hand_end),
        cmocka_unit_test_setup_teardown(sums_of_many_keys, hand_begin, hand_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
