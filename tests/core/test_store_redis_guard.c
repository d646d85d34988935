/* test_store_redis_guard.c: budgets and slots in a real Redis server: many processes, kills, outages. */
#include "redis_case.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "chance.h"
#include "keyplate_run.h"

static kp_store *the_store;

/* What it answered is on its disk. */
static const char *const durable[] = {"--appendonly", "yes", "--appendfsync", "always", NULL};

static int begin_with(void **state, const char *const *more) {
    redis.port = 0;
    if (scratch_setup(state) != 0 || !redis_start(more))
        return -1;
    the_store = redis_store_with(redis_url(), NULL);
    return 0;
}

static int begin(void **state) {
    return begin_with(state, NULL);
}

static int begin_durable(void **state) {
    return begin_with(state, durable);
}

static int end(void **state) {
    kp_store_close(the_store);
    the_store = NULL;
    return redis_teardown(state);
}

/* The offset of a day in which it is noon now: it does not end within the test. */
static int noon(void) {
    return (int)(43200 - store_now(the_store) / 1000 % 86400);
}

/* What the store says, asked again under the same id where a busy machine was too slow: that grants nothing twice. */
static const char *answer_of(kp_store *s, const char *words) {
    enum { TRIES = 60 };
    const char *said = "failed: ";
    for (int i = 0; i < TRIES && strncmp(said, "failed: ", 8) == 0; i++)
        said = redis_again(s, words);
    return said;
}

/* How much of an item LOOK says is used. */
static long long used(const char *item) {
    char words[CASE_TEXT];
    long long number = -1;
    snprintf(words, sizeof words, "LOOK %.128s", item);
    const char *said = answer_of(the_store, words);
    if (sscanf(said, "ok %lld:", &number) != 1)
        fail_msg("%s: %s", words, said);
    return number;
}

/* ---- G1 ---- */

enum { PROCESSES = 64, PRICE = 2500, ITEM = 128 };

/* How many of its asks were granted; -1: one failed. */
static int ask_in_process(const char *kind, const char *item, int number, int asks) {
    char words[CASE_TEXT];
    int granted = 0;
    kp_store *s = redis_store_with(redis_url(), NULL);
    for (int i = 0; i < asks; i++) {
        snprintf(words, sizeof words, "ADMIT %.8s.%d.%d 0 gate none %.128s", kind, number, i, item);
        const char *said = answer_of(s, words);
        if (strncmp(said, "failed", 6) == 0) {
            fprintf(stderr, "%s: %s\n", words, said);
            return -1;
        }
        granted += strncmp(said, "ok", 2) == 0;
    }
    kp_store_close(s);
    return granted;
}

static int ask_in_processes(const char *kind, const char *item, int asks) {
    int ends[2], granted = 0;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            int got = ask_in_process(kind, item, i, asks);
            _exit(got >= 0 && write(ends[1], &got, sizeof got) == sizeof got ? 0 : 1);
        }
    for (int i = 0; i < PROCESSES; i++) {
        int got = 0, status = -1;
        assert_true(wait(&status) > 0 && status == 0);
        assert_int_equal(read(ends[0], &got, sizeof got), sizeof got);
        granted += got;
    }
    close(ends[0]);
    close(ends[1]);
    return granted;
}

/* 640,000 asks of each kind in make test-long. */
static void test_g1_processes_get_exactly_the_limit(void **state) {
    (void)state;
    int asks = getenv("KP_LONG") ? 10000 : 60, limit = PROCESSES * asks / 4;
    char items[4][ITEM];
    snprintf(items[0], ITEM, "budget calls 1 %d %d 0", limit, noon());
    snprintf(items[1], ITEM, "budget dollars %d %lld 24h 0", PRICE, (long long)limit * PRICE + PRICE - 1);
    snprintf(items[2], ITEM, "rate r 10000000000 %d 0", limit);
    snprintf(items[3], ITEM, "slot s %d 86400000 0", limit);
    for (int kind = 0; kind < 4; kind++) {
        char name[16];
        snprintf(name, sizeof name, "%d", kind);
        assert_int_equal(ask_in_processes(name, items[kind], asks), limit);
        assert_int_equal(used(items[kind]), kind == 1 ? (long long)limit * PRICE : limit);
    }
}

/* ---- Slots that come and go ---- */

typedef struct {
    atomic_int taken, most, failed, asks[3], unknown;
    atomic_bool last;
    atomic_llong limit;
} shared_state;

static shared_state *shared;

static void start_sharing(void) {
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
}

static void stop_sharing(void) {
    munmap(shared, sizeof *shared);
    shared = NULL;
}

static void hold_slots(int number, int rounds) {
    char words[CASE_TEXT];
    kp_store *s = redis_store_with(redis_url(), NULL);
    for (int i = 0; i < rounds; i++) {
        snprintf(words, sizeof words, "ADMIT %d.%d 0 slot s 3 3600000 0", number, i);
        const char *said = answer_of(s, words);
        if (strncmp(said, "no slot 0 0 ", 12) == 0)
            continue;
        int taken = atomic_fetch_add(&shared->taken, 1) + 1, most = atomic_load(&shared->most);
        while (taken > most && !atomic_compare_exchange_weak(&shared->most, &most, taken))
            continue;
        atomic_fetch_sub(&shared->taken, 1);
        snprintf(words, sizeof words, "SETTLE %d.%d %s", number, i, i % 2 ? "-" : "0");
        if (strcmp(said, "ok 0") != 0 || strcmp(answer_of(s, words), "ok") != 0)
            atomic_fetch_add(&shared->failed, 1);
    }
    kp_store_close(s);
}

static void test_g1_slots_are_never_more_than_the_limit(void **state) {
    (void)state;
    enum { HOLDERS = 8 };
    int rounds = chance_rounds(200);
    start_sharing();
    fflush(NULL);
    for (int i = 0; i < HOLDERS; i++)
        if (fork() == 0) {
            hold_slots(i, rounds);
            _exit(0);
        }
    for (int i = 0; i < HOLDERS; i++) {
        int status = -1;
        assert_true(wait(&status) > 0 && status == 0);
    }
    assert_int_equal(atomic_load(&shared->failed), 0);
    assert_in_range(atomic_load(&shared->most), 1, 3);
    assert_int_equal(used("slot s 3 1000 0"), 0);
    stop_sharing();
}

/* ---- G2: of three clients one is killed again and again ---- */

enum { CLIENTS = 3, MORE_ASKS = 40, WAIT_MS = 60000 };

/* The ledger of the service: a byte for each call that was paid for. */
static int open_ledger(void) {
    return open(scratch_path("ledger"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static long long ledger(void) {
    struct stat info;
    return stat(scratch_path("ledger"), &info) == 0 ? (long long)info.st_size * PRICE : 0;
}

/* One call: 1; refused: 0; unknown: -1. Every eighth fails before it is sent and is given back. */
static int spend(kp_store *s, const char *id, int zone, int paper, bool back) {
    char words[CASE_TEXT], reply[CASE_TEXT];
    snprintf(words, sizeof words, "ADMIT %s 0 budget b %d %lld %d 0 slot s 1000000 3600000 0", id, PRICE,
             (long long)atomic_load(&shared->limit), zone);
    if (store_do(s, words, reply, NULL) != 0)
        return -1;
    if (strncmp(reply, "ok", 2) != 0)
        return 0;
    if (!back && write(paper, "x", 1) != 1)
        _exit(1);
    snprintf(words, sizeof words, "SETTLE %s %s", id, back ? "0" : "-");
    return store_do(s, words, reply, NULL) == 0 ? 1 : -1;
}

/* Goes on until it is refused after the last raise. */
static void be_client(int number, int life, int zone) {
    char id[64];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    kp_store *s = redis_store_with(redis_url(), NULL);
    int paper = open_ledger();
    for (int i = 0;; i++) {
        bool last = atomic_load(&shared->last);
        snprintf(id, sizeof id, "%d.%d.%d", number, life, i);
        int became = spend(s, id, zone, paper, i % 8 == 7);
        atomic_fetch_add(&shared->unknown, became < 0);
        atomic_fetch_add(&shared->asks[number], 1);
        if (last && became == 0)
            _exit(0);
    }
}

static pid_t start_client(int number, int life, int zone) {
    pid_t child = fork();
    if (child == 0)
        be_client(number, life, zone);
    assert_true(child > 0);
    return child;
}

static void await_asks(int number, int more_than) {
    uint64_t until = kp_local_mono_ms() + WAIT_MS;
    while (atomic_load(&shared->asks[number]) <= more_than) {
        assert_true(kp_local_mono_ms() < until);
        nanosleep(&(struct timespec){0, 200000}, NULL);
    }
}

static void test_g2_clients_killed_at_any_moment(void **state) {
    (void)state;
    int kills = getenv("KP_LONG") ? 200 : 20, zone = noon(), status = -1;
    chance luck = {20261122};
    char item[ITEM];
    snprintf(item, sizeof item, "budget b 0 0 %d 0", zone);
    start_sharing();
    atomic_store(&shared->limit, (long long)MORE_ASKS * PRICE);
    fflush(NULL);
    pid_t others[] = {start_client(1, 0, zone), start_client(2, 0, zone)};
    for (int k = 0; k < kills; k++) {
        int asked = atomic_load(&shared->asks[0]);
        pid_t victim = start_client(0, k, zone);
        await_asks(0, asked);
        atomic_fetch_add(&shared->limit, (long long)MORE_ASKS * PRICE);
        nanosleep(&(struct timespec){0, (long)chance_below(&luck, 4000000)}, NULL);
        kill(victim, SIGKILL);
        assert_int_equal(waitpid(victim, &status, 0), victim);
        assert_true(WIFSIGNALED(status));
        long long paid = ledger();
        assert_in_range(used(item), paid, atomic_load(&shared->limit));
    }
    atomic_store(&shared->last, true);
    for (size_t i = 0; i < 2; i++)
        assert_true(waitpid(others[i], &status, 0) == others[i] && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    long long doubtful = kills + atomic_load(&shared->unknown), books = used(item), limit = atomic_load(&shared->limit);
    print_message("%d kills, %d unknown: ledger %lld, books %lld, limit %lld\n", kills, atomic_load(&shared->unknown),
                  ledger(), books, limit);
    assert_int_equal(books, limit);
    assert_in_range(ledger(), books - PRICE * doubtful, books);
    assert_in_range(used("slot s 1 1000 0"), 0, doubtful);
    stop_sharing();
}

/* ---- G4 ---- */

/* Asks for a call of the budget under this id. */
static const char *call_of(const char *id) {
    char words[CASE_TEXT];
    snprintf(words, sizeof words, "ADMIT %s 0 budget b 1 1000 24h 0 slot s 9 3600000 0 rate r 1000000000 50 1", id);
    return redis_again(the_store, words);
}

static const char all_items[] = "LOOK budget b 1 1000 24h 0 slot s 9 3600000 0 rate r 1000000000 50 1";

static void taken(int calls) {
    long long books = -1, slots = -1, rate = -1;
    const char *said = redis_again(the_store, all_items);
    if (sscanf(said, "ok %lld:%*d %lld:%*d %lld:", &books, &slots, &rate) != 3 || books != calls || slots != calls ||
        rate != calls)
        fail_msg("%d calls: %s", calls, said);
}

static void test_g4_stopped_restarted_and_flushed(void **state) {
    (void)state;
    assert_string_equal(call_of("1"), "ok 0 1 1");
    /* One that is stopped may do later what it was asked: the id is charged once. */
    kp_patience patience = {.until_ms = kp_local_mono_ms() + 200};
    kill(redis.pid, SIGSTOP);
    store_patience = &patience;
    assert_true(says(call_of("2"), "did not answer in the time"));
    store_patience = NULL;
    kill(redis.pid, SIGCONT);
    assert_memory_equal(call_of("2"), "ok 0", 4);
    taken(2);
    /* Away, and back with what it wrote to its disk. */
    redis_stop();
    assert_true(says(call_of("3"), "nobody answers there"));
    assert_true(redis_start(durable));
    assert_string_equal(call_of("2"), "ok 0");
    assert_string_equal(call_of("3"), "ok 0 3 3");
    redis_tell("SCRIPT FLUSH");
    assert_string_equal(call_of("4"), "ok 0 4 4");
    redis_tell("SCRIPT FLUSH");
    assert_string_equal(redis_again(the_store, "SETTLE 4 0"), "ok");
    taken(3);
}

static void test_g4_full_or_evicting(void **state) {
    (void)state;
    assert_string_equal(call_of("1"), "ok 0 1 1");
    redis_tell("CONFIG SET maxmemory 1");
    assert_true(says(call_of("2"), "its memory is full"));
    redis_tell("CONFIG SET maxmemory 0");
    taken(1);
    redis_tell("CONFIG SET maxmemory-policy volatile-lru\r\nCLIENT KILL TYPE normal SKIPME yes");
    assert_true(says(call_of("2"), "its maxmemory-policy is volatile-lru, with which it forgets lockouts and counts"));
    redis_tell("CONFIG SET maxmemory-policy noeviction");
    assert_string_equal(call_of("2"), "ok 0 2 2");
}

/* ---- Keys ---- */

/* Nothing else is left behind, and no slot that was freed. */
static void the_keys_it_writes(void **state) {
    (void)state;
    char out[8192] = "";
    assert_string_equal(call_of("1"), "ok 0 1 1");
    assert_string_equal(redis_again(the_store, "SETTLE 1 0"), "ok");
    assert_string_equal(call_of("2"), "ok 0 1 1");
    assert_string_equal(redis_again(the_store, "SETTLE 2 -"), "ok");
    assert_true(redis_say("KEYS *", out, sizeof out));
    static const char *const keys[] = {"{keyplate}:budget b\r\n", "{keyplate}:rate r\r\n", "{keyplate}:id 1\r\n",
                                       "{keyplate}:id 2\r\n"};
    for (size_t i = 0; i < 4; i++)
        assert_true(says(out, keys[i]));
    assert_null(strstr(out, "slot"));
    assert_memory_equal(out, "*4\r\n", 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_g1_processes_get_exactly_the_limit, begin, end),
        cmocka_unit_test_setup_teardown(test_g1_slots_are_never_more_than_the_limit, begin, end),
        cmocka_unit_test_setup_teardown(test_g2_clients_killed_at_any_moment, begin, end),
        cmocka_unit_test_setup_teardown(test_g4_stopped_restarted_and_flushed, begin_durable, end),
        cmocka_unit_test_setup_teardown(test_g4_full_or_evicting, begin, end),
        cmocka_unit_test_setup_teardown(the_keys_it_writes, begin, end),
    };
    return redis_is_missing() ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
