/* test_store_redis_hostile.c: the Redis store against servers that answer wrongly, in part or not at all, and what it
 * remembers of those. */
#include "redis_case.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "keyplate_run.h"
#include "net/store_redis_away.h"

/* ---- A server that says what the test wants ---- */

static const char GREETED[] = "*2\r\n$16\r\nmaxmemory-policy\r\n$10\r\nnoeviction\r\n";

static struct {
    int fd, port;
    pid_t pid;
    atomic_int *connections;
} fake;

static int fake_begin(void **state) {
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof any;
    fake.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fake.pid = 0;
    fake.connections = mmap(NULL, sizeof *fake.connections, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fake.connections == MAP_FAILED || bind(fake.fd, (struct sockaddr *)&any, len) != 0 ||
        listen(fake.fd, 64) != 0 || getsockname(fake.fd, (struct sockaddr *)&any, &len) != 0)
        return -1;
    fake.port = ntohs(any.sin_port);
    redis.port = fake.port;
    return scratch_setup(state);
}

static void fake_stop(void) {
    if (fake.pid > 0) {
        kill(fake.pid, SIGKILL);
        waitpid(fake.pid, NULL, 0);
    }
    fake.pid = 0;
}

static int fake_end(void **state) {
    fake_stop();
    close(fake.fd);
    munmap((void *)fake.connections, sizeof *fake.connections);
    return redis_teardown(state);
}

static void fake_serve(const char *greeting, const char *reply, size_t len) {
    char room[8192];
    for (;;) {
        int fd = accept(fake.fd, NULL, NULL);
        atomic_fetch_add(fake.connections, 1);
        bool asked = read(fd, room, sizeof room) > 0 && write(fd, greeting, strlen(greeting)) > 0 && len > 0 &&
                     read(fd, room, sizeof room) > 0;
        if (asked && !reply)
            continue;
        if (asked && write(fd, reply, len) < 0)
            _exit(1);
        close(fd);
    }
}

/* Each connection gets the greeting for its first command, the reply (unless it is empty) for the second, and its end;
   reply NULL: it never comes. */
static void fake_start(const char *greeting, const char *reply, size_t len) {
    fake_stop();
    fflush(NULL);
    fake.pid = fork();
    if (fake.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        fake_serve(greeting, reply, len);
    }
}

static void fake_says(const char *greeting, const char *reply, const char *want) {
    fake_start(greeting, reply, strlen(reply));
    kp_store *s = redis_store_with(redis_url(), NULL);
    const char *said = store_ask(s, "GET a");
    if (!says(said, want) || strncmp(said, "failed: ", 8) != 0)
        fail_msg("after '%.40s' and '%.40s'", greeting, reply);
    kp_store_close(s);
}

/* ---- G4: replies ---- */

static void g4_errors_say_what_to_do(void **state) {
    (void)state;
    static const struct {
        const char *reply, *want;
    } errors[] = {
        {"-LOADING Redis is loading the dataset in memory\r\n", "wait until it has"},
        {"-BUSY Redis is busy running a script. You can only call SCRIPT KILL\r\n", "SCRIPT KILL"},
        {"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n", "name that one"},
        {"-READONLY You can't write against a read only replica.\r\n", "name the one that it copies"},
        {"-MOVED 1234 10.0.0.1:6379\r\n", "name that one"},
        {"-CLUSTERDOWN Hash slot not served\r\n", "cluster is down"},
        {"-CROSSSLOT Keys in request don't hash to the same slot\r\n", "redis.prefix"},
        {"-OOM command not allowed when used memory > 'maxmemory'.\r\n", "raise its maxmemory"},
        {"-MISCONF Redis is configured to save RDB snapshots\r\n", "its log says why"},
        {"-NOREPLICAS Not enough good replicas to write.\r\n", "min-replicas-to-write"},
        {"-NOPERM this user has no permissions to run the 'evalsha' command\r\n", "+evalsha"},
        {"-NOAUTH Authentication required.\r\n", "redis.password"},
        {"-ERR something new\r\n", "it says: ERR something new"},
        {"-NOSCRIPT No matching script.\r\n", "the connection broke"},
    };
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        fake_says(GREETED, errors[i].reply, errors[i].want);
    fake_says("-DENIED Redis is running in protected mode\r\n", "", "protected mode");
    fake_says("-ERR max number of clients reached\r\n", "", "maxclients");
}

static void g4_what_is_no_reply(void **state) {
    (void)state;
    static const char *const replies[] = {
        "$99999999999999999999\r\n",
        "$16777217\r\n",
        "$-2\r\n",
        "$-9223372036854775808\r\n",
        "*-2\r\n",
        "*1025\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n",
        "$x\r\n",
        ":\r\n",
        "!3\r\nabc\r\n",
        "\r\n",
        "$3\r\nabcde",
        "*99999999999\r\n",
        "$-1\r\n",
        "_\r\n",
        ":5\r\n",
        "%1\r\n",
        "HTTP/1.1 400 no\r\n",
        "+ok\n\n",
        "$3\n",
        "\x15\x03",
        "*0\r\n",
    };
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        fake_start(GREETED, replies[i], strlen(replies[i]));
        kp_store *s = redis_store_with(redis_url(), NULL);
        const char *said = store_ask(s, "GET a");
        if (!strstr(said, "is no Redis server") && !strstr(said, "the connection broke"))
            fail_msg("'%s': %s", replies[i], said);
        kp_store_close(s);
    }
    fake_says("*1024\r\n*1024\r\n", "", "is no Redis server");
    fake_says("$99999999999\r\n", "", "is no Redis server");
}

/* A status line without an end stops at a bound. */
static void g4_endless_line(void **state) {
    (void)state;
    static char line[200000];
    memset(line, 'a', sizeof line);
    line[0] = '+';
    fake_start(GREETED, line, sizeof line);
    kp_store *s = redis_store_with(redis_url(), NULL);
    assert_true(says(store_ask(s, "GET a"), "is no Redis server"));
    kp_store_close(s);
}

static void g4_reply_cut_at_each_byte(void **state) {
    (void)state;
    static const char reply[] = "$20\r\nok 1790000000000 one\r\n";
    for (size_t len = 1; len < sizeof reply - 1; len++) {
        fake_start(GREETED, reply, len);
        kp_store *s = redis_store_with(redis_url(), NULL);
        assert_true(says(store_ask(s, "GET a"), "the connection broke"));
        assert_int_equal(atomic_exchange(fake.connections, 0), 2); /* tried once more, and no more */
        kp_store_close(s);
    }
    for (size_t len = 1; len < strlen(GREETED); len++) {
        char greeting[sizeof GREETED];
        snprintf(greeting, sizeof greeting, "%.*s", (int)len, GREETED);
        fake_start(greeting, "", 0);
        kp_store *s = redis_store_with(redis_url(), NULL);
        assert_true(says(store_ask(s, "GET a"), "failed: "));
        kp_store_close(s);
    }
}

/* ---- G4: a server that is away is left alone for a while ---- */

enum { ASKS = 2000 };

static void g4_away_is_not_flooded(void **state) {
    (void)state;
    kp_store *s = redis_store_with(redis_url(), NULL);
    fake_start("-ERR max number of clients reached\r\n", "", 0);
    uint64_t began = kp_local_mono_ms();
    for (int i = 0; i < ASKS; i++)
        assert_true(says(store_ask(s, "GET a"), "maxclients"));
    uint64_t took = kp_local_mono_ms() - began;
    /* The shortest pause after the first failure is half of 100 ms. */
    assert_in_range(atomic_load(fake.connections), 1, 1 + took / 50);
    assert_true(says(store_ask(s, "GET a"), "a moment ago"));
    fake_start(GREETED, "$18\r\nok 1790000000000 -\r\n", 25);
    assert_string_equal(redis_again(s, "GET a"), "ok -");
    kp_store_close(s);
}

/* The memory by itself, with a clock of the test's. */
static void g4_away_is_bounded_and_one_tries_for_all(void **state) {
    (void)state;
    kp_away away = {.failures = 0};
    kp_buf why;
    kp_buf_init(&why, NULL);
    uint64_t now = 1000000;
    assert_true(kp_away_may_ask(&away, now, &why) && kp_away_may_ask(&away, now, &why));
    for (uint64_t span = KP_AWAY_FIRST_MS, i = 0; i < 12; i++, span *= 2) {
        uint64_t most = span < KP_AWAY_MOST_MS ? span : KP_AWAY_MOST_MS;
        kp_away_failed(&away, now, 1, "nobody answers there");
        assert_in_range(away.until_ms - now, most / 2, most);
        assert_false(kp_away_may_ask(&away, away.until_ms - 1, &why));
        assert_true(says(kp_buf_text(&why), "nobody answers there (so it was a moment ago"));
        now = away.until_ms;
        assert_true(kp_away_may_ask(&away, now, &why));
        assert_false(kp_away_may_ask(&away, now, &why));
    }
    /* One who tries and is not heard of again; one who learned nothing. */
    assert_false(kp_away_may_ask(&away, now + KP_AWAY_TRY_MS - 1, &why));
    now += KP_AWAY_TRY_MS;
    assert_true(kp_away_may_ask(&away, now, &why));
    assert_false(kp_away_may_ask(&away, now, &why));
    kp_away_unknown(&away);
    assert_true(kp_away_may_ask(&away, now, &why));
    kp_away_reached(&away);
    assert_true(kp_away_may_ask(&away, now, &why) && kp_away_may_ask(&away, now, &why));
    kp_away_failed(&away, now, 4000, "it did not answer");
    assert_in_range(away.until_ms - now, 2000, 4000);
    kp_away_reached(&away);
    kp_away_failed(&away, now, 60000, "it did not answer");
    assert_in_range(away.until_ms - now, KP_AWAY_MOST_MS / 2, KP_AWAY_MOST_MS);
    kp_buf_free(&why);
}

/* Who waited in vain tells the others, who then do not wait. Tried again if this process was stopped until the pause
   was over. */
static void waited_for_once(void) {
    kp_store *s = redis_store_with(redis_url(), NULL);
    bool waited = false, remembered = false;
    for (int i = 0; i < 4 && !remembered; i++) {
        kp_patience patience = {.until_ms = kp_local_mono_ms() + 1200};
        store_patience = &patience;
        const char *said = store_ask(s, "GET a");
        assert_true(says(said, "did not answer in the time"));
        remembered = waited && strstr(said, "a moment ago");
        waited = true;
    }
    assert_true(remembered);
    kp_store_close(s);
}

static void g4_hanging_server_is_waited_for_once(void **state) {
    (void)state;
    waited_for_once();
}

static void g4_server_that_greets_and_hangs_is_waited_for_once(void **state) {
    (void)state;
    fake_start(GREETED, NULL, 1);
    waited_for_once();
}

/* A caller who had little time learned nothing. */
static void g4_impatience_is_no_outage(void **state) {
    (void)state;
    kp_patience patience = {.until_ms = kp_local_mono_ms() + 50};
    kp_store *s = redis_store_with(redis_url(), NULL);
    store_patience = &patience;
    for (int i = 0; i < 2; i++) {
        const char *said = store_ask(s, "GET a");
        assert_true(says(said, "did not answer in the time"));
        assert_null(strstr(said, "a moment ago"));
    }
    kp_store_close(s);
}

static void g4_no_socket(void **state) {
    (void)state;
    char url[600];
    snprintf(url, sizeof url, "redis+unix://%s", scratch_path("nowhere.sock"));
    kp_store *s = redis_store_with(url, NULL);
    assert_true(says(store_ask(s, "GET a"), "there is no such socket"));
    kp_store_close(s);
}

static void g4_no_tls_there(void **state) {
    (void)state;
    char url[64];
    fake_start("-ERR Protocol error\r\n", "+", 1);
    snprintf(url, sizeof url, "rediss://127.0.0.1:%d", fake.port);
    kp_store *s = redis_store_with(url, NULL);
    assert_true(says(store_ask(s, "GET a"), "TLS cannot be agreed on"));
    kp_store_close(s);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, fake_begin, fake_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(g4_away_is_bounded_and_one_tries_for_all),
        WITH(g4_errors_say_what_to_do),
        WITH(g4_what_is_no_reply),
        WITH(g4_endless_line),
        WITH(g4_reply_cut_at_each_byte),
        WITH(g4_away_is_not_flooded),
        WITH(g4_hanging_server_is_waited_for_once),
        WITH(g4_server_that_greets_and_hangs_is_waited_for_once),
        WITH(g4_impatience_is_no_outage),
        WITH(g4_no_socket),
        WITH(g4_no_tls_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
