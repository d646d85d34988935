/* test_store_redis.c: the store in a real Redis server: the suite of all stores, other processes, restarts, outages. */
#include "store_suite.h"

#include "keyplate_run.h"
#include "redis_case.h"

static kp_store *the_store;

static kp_store *store_of(void **state) {
    (void)state;
    return the_store;
}

static int begin(void **state) {
    if (redis_setup(state) != 0)
        return -1;
    the_store = redis_program() ? redis_store_with(redis_url(), NULL) : NULL;
    return 0;
}

static int end(void **state) {
    kp_store_close(the_store);
    the_store = NULL;
    return redis_teardown(state);
}

/* ---- Other processes ---- */

enum { PROCESSES = 8, PROCESS_ASKS = 500, PROCESS_LIMIT = 1000 };

static int ask_in_process(const char *url, int number) {
    kp_store *s = redis_store_with(url, NULL);
    char words[CASE_TEXT];
    int granted = 0;
    for (int i = 0; i < PROCESS_ASKS; i++) {
        snprintf(words, sizeof words, "ADMIT %d.%d 0 gate none rate r 3600000000 %d 0", number, i, PROCESS_LIMIT);
        granted += store_grants(s, words);
    }
    kp_store_close(s);
    return granted;
}

static void g1_processes_get_exactly_the_limit(void **state) {
    (void)state;
    int ends[2], granted = 0;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            int got = ask_in_process(redis_url(), i);
            _exit(write(ends[1], &got, sizeof got) == sizeof got ? 0 : 1);
        }
    for (int i = 0; i < PROCESSES; i++) {
        int got = 0, status = -1;
        assert_true(wait(&status) > 0 && status == 0);
        assert_int_equal(read(ends[0], &got, sizeof got), sizeof got);
        granted += got;
    }
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(granted, PROCESS_LIMIT);
}

/* ---- G4: restarts and outages ---- */

static void g4_noscript(void **state) {
    kp_store *s = store_of(state);
    assert_string_equal(store_ask(s, "PUT a one 100000"), "ok");
    redis_tell("SCRIPT FLUSH");
    assert_string_equal(store_ask(s, "GET a"), "ok one");
    redis_tell("CONFIG RESETSTAT");
    assert_string_equal(store_ask(s, "GET a"), "ok one");
    char out[4096] = "";
    assert_true(redis_say("INFO commandstats", out, sizeof out));
    assert_true(strstr(out, "cmdstat_evalsha:calls=1,") && !strstr(out, "cmdstat_eval:"));
}

static void g4_killed_and_started_again(void **state) {
    kp_store *s = store_of(state);
    assert_string_equal(store_ask(s, "PUT a one 100000"), "ok");
    redis_stop();
    assert_true(says(store_ask(s, "GET a"), "nobody answers there"));
    assert_true(redis_start(NULL));
    assert_string_equal(redis_again(s, "GET a"), "ok -");
    /* Broken under the feet of a connection that is idle. */
    redis_tell("CLIENT KILL TYPE normal SKIPME yes");
    assert_string_equal(store_ask(s, "PUT a two 100000"), "ok");
    redis_stop();
    assert_true(redis_start(NULL));
    assert_string_equal(store_ask(s, "GET a"), "ok -");
}

/* It ends in time: that of the patience. */
static void silent(const char *url) {
    kp_patience patience = {.until_ms = kp_local_mono_ms() + 300};
    kp_store *s = redis_store_with(url, NULL);
    store_patience = &patience;
    assert_true(says(store_ask(s, "GET a"), "did not answer in the time"));
    assert_true(kp_patience_over(&patience));
    kp_store_close(s);
    store_patience = NULL;
}

static void g4_server_that_never_answers(void **state) {
    (void)state;
    char url[64];
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof any;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(bind(fd, (struct sockaddr *)&any, len) == 0 && listen(fd, 8) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &len), 0);
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", ntohs(any.sin_port));
    silent(url);
    snprintf(url, sizeof url, "rediss://127.0.0.1:%d", ntohs(any.sin_port));
    silent(url);
    close(fd);
}

/* One whose process is stopped takes connections and says nothing. The call that ends too early leaves nothing behind
   that the next one could take for its own answer. */
static void g4_stopped_server(void **state) {
    kp_store *s = store_of(state);
    kp_patience patience = {.until_ms = kp_local_mono_ms() + 200};
    assert_string_equal(store_ask(s, "PUT a one 1000000 b two 1000000"), "ok");
    kill(redis.pid, SIGSTOP);
    store_patience = &patience;
    assert_true(says(store_ask(s, "GET a"), "did not answer in the time"));
    kill(redis.pid, SIGCONT);
    store_patience = NULL;
    assert_string_equal(store_ask(s, "GET b"), "ok two");
}

static void g4_no_redis_at_all(void **state) {
    (void)state;
    int ends[2];
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof any;
    ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(bind(ends[0], (struct sockaddr *)&any, len) == 0 && listen(ends[0], 8) == 0);
    assert_int_equal(getsockname(ends[0], (struct sockaddr *)&any, &len), 0);
    char url[64];
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", ntohs(any.sin_port));
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char room[256];
        int fd = accept(ends[0], NULL, NULL);
        if (read(fd, room, sizeof room) > 0 && write(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28) == 28)
            _exit(0);
        _exit(1);
    }
    kp_store *s = redis_store_with(url, NULL);
    assert_true(says(store_ask(s, "GET a"), "what answers there is no Redis server"));
    kp_store_close(s);
    waitpid(child, NULL, 0);
    close(ends[0]);
}

/* ---- Keys ---- */

static void foreign_values_are_told(void **state) {
    kp_store *s = store_of(state);
    redis_tell("SET {keyplate}:a something");
    assert_true(says(store_ask(s, "GET a"), "a key holds what keyplate did not write"));
    assert_string_equal(store_ask(s, "PUT a one 100000"), "ok");
    assert_string_equal(store_ask(s, "GET a"), "ok one");
}

/* Redis clears away what has expired, one second later. */
static void every_key_expires(void **state) {
    kp_store *s = store_of(state);
    assert_string_equal(store_ask(s, "PUT a one 60000"), "ok");
    assert_string_equal(store_ask(s, "MARK m a b 60000"), "ok");
    assert_string_equal(store_ask(s, "ADMIT 1 0 rate r 60000000 1 0"), "ok 0");
    static const char *const keys[] = {"{keyplate}:a", "{keyplate}:m", "\"{keyplate}:rate r\"", "\"{keyplate}:id 1\""};
    for (size_t i = 0; i < 4; i++) {
        char out[256] = "", line[64];
        int ttl = -1;
        snprintf(line, sizeof line, "TTL %s", keys[i]);
        assert_true(redis_say(line, out, sizeof out) && sscanf(out, ":%d", &ttl) == 1);
        assert_in_range(ttl, 1, i == 3 ? 48 * 3600 + 1 : 61);
    }
}

/* What a number in the reply to a line is; -1: there is none. */
static long long redis_number(const char *line) {
    char out[256] = "";
    long long number = -1;
    const char *at = redis_say(line, out, sizeof out) ? out : "";
    if (at[0] == '$' && strchr(at, '\n'))
        at = strchr(at, '\n'); /* a string behind its length */
    return sscanf(at + 1, "%lld", &number) == 1 ? number : -1;
}

/* A rate that were cleared away while it is booked ahead would grant again. */
static void rates_outlive_what_was_booked(void **state) {
    static const char *const verbs[] = {
        "ADMIT 1 0 rate r 60000000 1 0",
        "ADMIT 2 100000 rate r 60000000 1 0",
        "ADMIT 3 1000000 rate r 60000000 1 0 rate r 1000 2 1 rate r 90000000 3 0",
        "ADMIT 4 400000 rate r 1000 1 1",
        "SETTLE 3 0",
        "ADMIT 5 0 rate r 1000 1000000000 0",
        "ADMIT 6 7 rate r 3600000000 24 0",
    };
    kp_store *s = store_of(state);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        assert_memory_equal(store_ask(s, verbs[i]), "ok", 2);
        long long before = store_now(s);
        long long kept = redis_number("PTTL \"{keyplate}:rate r\"");
        long long booked = redis_number("GET \"{keyplate}:rate r\"") / 1000;
        assert_true(booked > before);
        if (before + kept < booked)
            fail_msg("%s: kept for %lld ms, booked for %lld ms", verbs[i], kept, booked - before);
    }
}

static char kind[] = "redis";

int main(void) {
    const struct CMUnitTest tests[] = {
        SUITE(kind),
        cmocka_unit_test_setup_teardown(g1_threads_get_exactly_the_limit, begin, end),
        cmocka_unit_test_setup_teardown(g1_processes_get_exactly_the_limit, begin, end),
        cmocka_unit_test_setup_teardown(k8_fork_with_calls_in_flight, begin, end),
        cmocka_unit_test_setup_teardown(g4_noscript, begin, end),
        cmocka_unit_test_setup_teardown(g4_killed_and_started_again, begin, end),
        cmocka_unit_test_setup_teardown(g4_server_that_never_answers, begin, end),
        cmocka_unit_test_setup_teardown(g4_stopped_server, begin, end),
        cmocka_unit_test_setup_teardown(g4_no_redis_at_all, begin, end),
        cmocka_unit_test_setup_teardown(foreign_values_are_told, begin, end),
        cmocka_unit_test_setup_teardown(every_key_expires, begin, end),
        cmocka_unit_test_setup_teardown(rates_outlive_what_was_booked, begin, end),
    };
    return redis_is_missing() ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
